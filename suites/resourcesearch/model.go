package resourcesearch

import (
	"encoding/json"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/oneroster/rest"
	"github.com/rollcall-edu/rollcall/suites/oneroster/service"
)

// Item is a resource of the catalogue. Decoding is lenient: a member of the wrong type is left empty
// here, and is the schema's to report.
type Item struct {
	Name               string       `json:"name"`
	Description        string       `json:"description"`
	Publisher          string       `json:"publisher"`
	Subject            []string     `json:"subject"`
	URL                string       `json:"url"`
	Link               *Link        `json:"ltiLink"`
	Language           []string     `json:"language"`
	AgeRange           string       `json:"typicalAgeRange"`
	TimeRequired       string       `json:"timeRequired"`
	TextComplexity     []Complexity `json:"textComplexity"`
	LearningObjectives []Objective  `json:"learningObjectives"`
}

// Link is an LTI link.
type Link struct {
	Title     string `json:"title"`
	Launch    string `json:"launch_url"`
	SecureURL string `json:"secure_launch_url"`
}

// Complexity is how hard a text is by one measure.
type Complexity struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Objective is a learning objective.
type Objective struct {
	Framework   string `json:"educationalFramework"`
	Description string `json:"targetDescription"`
	Name        string `json:"targetName"`
	URL         string `json:"targetURL"`
	CaseURI     string `json:"caseItemUri"`
	CaseGUID    string `json:"caseItemGUID"`
}

// Subject is a node of the tree of subjects. Its numbers are kept as they are written.
type Subject struct {
	Identifier json.RawMessage `json:"identifier"`
	Name       string          `json:"name"`
	Parent     json.RawMessage `json:"parent"`
}

// Catalog is the crawl as the checks read it. It is read-only.
type Catalog struct {
	*rest.Corpus

	Items    []Item
	Subjects []Subject
}

func open(of *service.Service, s *harness.Session) (*Catalog, error) {
	c := &Catalog{}
	var err error
	c.Corpus, err = rest.Open(of, nil, s, func(kind string, object []byte) {
		if kind == "subject" {
			c.Subjects = append(c.Subjects, rest.Read[Subject](object))
		} else {
			c.Items = append(c.Items, rest.Read[Item](object))
		}
	})
	return c, err
}

// Parents is never asked: there are no sub-collections.
func (c *Catalog) Parents(service.Operation) (ids []string, ok bool) { return nil, false }

// Stands is never asked: no collection is a part of another.
func (c *Catalog) Stands(service.Collection, int) (may, must bool) { return false, false }

// Members are none.
func (c *Catalog) Members() []rest.Members { return nil }

// read gives the crawl to a check.
func read(t *rest.T) *Catalog { return t.Session().Shared.(*Catalog) }
