package alignment

import (
	"bytes"
	"fmt"

	"github.com/rollcall-edu/rollcall/suites/oneroster/rest"
)

// Holder is a collection whose objects name learning objectives.
type Holder struct {
	Collection string
	// Items is the collection of the line items of results, and Item the member that refers
	// to one; both are empty of line items themselves.
	Items, Item string
}

// Gradebook are the holders of the Gradebook service, Assessment those of the Assessment
// Results Profile.
func Gradebook() []Holder {
	return []Holder{{Collection: "lineItems"}, {Collection: "results", Items: "lineItems", Item: "lineItem"}}
}

func Assessment() []Holder {
	return []Holder{
		{Collection: "assessmentLineItems"},
		{Collection: "assessmentResults", Items: "assessmentLineItems", Item: "assessmentLineItem"},
	}
}

// use is one place where an object names a learning objective.
type use struct {
	holder    *Holder
	index     int // of the object in the crawl
	sourcedID string
	pointer   string
	key       string // the identifier
	scored    string // the scoreDate of a result
	item      string // the line item of a result
}

// where says in a word where it stands.
func (u use) where() string { return u.sourcedID + " " + u.pointer }

// set is the learning objectives of one source: those of a line item are identifiers, those
// of a result have scores.
type set struct {
	Source  string   `json:"source"`
	IDs     []string `json:"learningObjectiveIds"`
	Results []struct {
		ID string `json:"learningObjectiveId"`
	} `json:"learningObjectiveResults"`
}

// aligned is what is read of a line item or a result. What has another type is the schema's
// to report.
type aligned struct {
	rest.Base
	ScoreDate string   `json:"scoreDate"`
	LineItem  rest.Ref `json:"lineItem"`
	AssessRef rest.Ref `json:"assessmentLineItem"`
	Sets      []set    `json:"learningObjectiveSet"`
}

// ofCASE is the source whose identifiers are CASE's. One that is misspelt is the schema's to
// report.
const ofCASE = "case"

// member is what an object has to hold to be read: most results hold none, and a million are
// soon passed over.
var member = []byte(`"learningObjectiveSet"`)

// read gives the places where an object names learning objectives of CASE. An identifier that
// is no UUID is judged as that.
func read(h *Holder, index int, object []byte) (uses []use) {
	if !bytes.Contains(object, member) {
		return nil
	}
	o := rest.Read[aligned](object)
	if o.Status == "tobedeleted" { // it counts for nothing
		return nil
	}
	at := use{
		holder: h, index: index, sourcedID: o.SourcedID, scored: o.ScoreDate,
		item: map[string]string{"lineItem": o.LineItem.SourcedID, "assessmentLineItem": o.AssessRef.SourcedID}[h.Item],
	}
	add := func(id, pointer string) {
		var is bool
		if at.key, is = Key(id); is {
			at.pointer = pointer
			uses = append(uses, at)
		}
	}
	for i, s := range o.Sets {
		if s.Source != ofCASE {
			continue
		}
		for j, id := range s.IDs {
			add(id, fmt.Sprintf("/learningObjectiveSet/%d/learningObjectiveIds/%d", i, j))
		}
		for j, r := range s.Results {
			add(r.ID, fmt.Sprintf("/learningObjectiveSet/%d/learningObjectiveResults/%d/learningObjectiveId", i, j))
		}
	}
	return uses
}
