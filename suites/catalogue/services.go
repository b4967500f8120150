package catalogue

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Service is one of those for which a statement that holds for several stands.
type Service struct {
	ID string `yaml:"id"` // what the ids of its requirements begin with, as or12.rostering
	// Families are what it has in common with some others: being one service in several
	// versions, such as rostering, or of one version, such as v1p1. What holds for all of
	// them has an id that begins with that name in braces.
	Families []string `yaml:"families"`
	// Fill is what its texts have in place of {names}.
	Fill map[string]string `yaml:"fill"`
	// Operations are those for which a {name} among the operations of a requirement stands.
	Operations map[string][]string `yaml:"operations"`
	// Lacking are the requirements of which it has nothing of the kind, below the service;
	// those that end in * stand for all that begin so.
	Lacking []string `yaml:"lacking"`
	// Confidence is the most that can be said of any of its requirements; empty for what
	// these say.
	Confidence Confidence `yaml:"confidence"`
	// Sources are its documents, by section of the report, in place of those of OneRoster
	// that a statement cites; empty where the statement's own are right.
	Sources map[string]Citation `yaml:"sources"`
	// Differences are what it has in place of parts of a requirement, by id below the service.
	Differences map[string]Difference `yaml:"differences"`
}

// Difference is what one service has in place of parts of a requirement; what is empty is as
// for all.
type Difference struct {
	Title      string     `yaml:"title"`
	Statement  string     `yaml:"statement"`
	Causes     string     `yaml:"causes"`
	Level      Level      `yaml:"level"`
	Cert       Level      `yaml:"certification"`
	Confidence Confidence `yaml:"confidence"`
	Citations  []Citation `yaml:"citations"`
}

// ofEach begins the id of a requirement that stands once for every service, or for every one
// of a family.
var ofEach = regexp.MustCompile(`^\{([a-z0-9-]+)\}\.`)

// everyService is the family of all.
const everyService = "service"

// family names the services for which a requirement stands; empty where it is one service's.
func (r Requirement) family() string {
	if m := ofEach.FindStringSubmatch(r.ID); m != nil {
		return m[1]
	}
	return ""
}

// below is the id without what stands for the service.
func (r Requirement) below() string { return ofEach.ReplaceAllString(r.ID, "") }

// gap is a place in a text that a service fills; the parameter of a path is none.
var gap = regexp.MustCompile(`(^|[^/])\{([a-z-]+)\}`)

// spread makes of each requirement that stands for several services one for each of them, with
// what differs filled in; the requirements of one service stay together.
func spread(list []Requirement, services []Service) ([]Requirement, error) {
	var out []Requirement
	for i := 0; i < len(list); {
		family := list[i].family()
		if family == "" {
			if len(list[i].Lacking)+len(list[i].Only) > 0 {
				return nil, fmt.Errorf("%s is one service's, and can't be lacking in another", list[i].ID)
			}
			out = append(out, list[i])
			i++
			continue
		}
		end := i
		for end < len(list) && list[end].family() == family {
			end++
		}
		those := slices.DeleteFunc(slices.Clone(services), func(s Service) bool {
			return family != everyService && !slices.Contains(s.Families, family)
		})
		if len(those) == 0 {
			return nil, fmt.Errorf("%s stands for services, and none is named before it", list[i].ID)
		}
		for _, r := range list[i:end] {
			if err := r.lacks(services); err != nil {
				return nil, err
			}
		}
		for _, s := range those {
			for _, r := range list[i:end] {
				if slices.Contains(r.Lacking, s.ID) || len(r.Only) > 0 && !slices.Contains(r.Only, s.ID) || s.lacks(r.below()) {
					continue
				}
				filled, err := s.fill(r)
				if err != nil {
					return nil, err
				}
				out = append(out, filled)
			}
		}
		i = end
	}
	return out, nil
}

// lacks tells whether the service has nothing of what a requirement is about.
func (s Service) lacks(below string) bool {
	return slices.ContainsFunc(s.Lacking, func(pattern string) bool {
		prefix, open := strings.CutSuffix(pattern, "*")
		return below == pattern || open && strings.HasPrefix(below, prefix)
	})
}

// lacks holds the services that have nothing of the kind, or alone have it, to those that
// there are.
func (r Requirement) lacks(services []Service) error {
	for _, id := range slices.Concat(r.Lacking, r.Only) {
		if !slices.ContainsFunc(services, func(s Service) bool { return s.ID == id }) {
			return fmt.Errorf("%s is lacking in %s, or stands for it, which is no service", r.ID, id)
		}
	}
	return nil
}

// fill gives the requirement as the service has it.
func (s Service) fill(r Requirement) (Requirement, error) {
	family := r.family()
	if d, differs := s.Differences[r.below()]; differs {
		r = d.apply(r)
	}
	var unknown string
	in := func(text string) string {
		if !strings.Contains(text, "{") {
			return text
		}
		return gap.ReplaceAllStringFunc(text, func(place string) string {
			before, name, _ := strings.Cut(place, "{")
			word, known := s.Fill[strings.TrimSuffix(name, "}")]
			if !known {
				unknown = "{" + name
			}
			return before + word
		})
	}
	var operations []string
	for _, name := range r.Operations {
		group, known := s.Operations[strings.Trim(name, "{}")]
		if family != everyService && !strings.HasPrefix(name, "{") {
			group, known = []string{name}, true // what is of one family has the same operations
		} else if !strings.HasPrefix(name, "{") {
			known = false
		}
		if !known {
			return r, fmt.Errorf("requirement %s names the operation %s, which is one service's", r.ID, name)
		}
		operations = append(operations, group...)
	}
	r.ID, r.Lacking, r.Only, r.Operations = s.ID+"."+r.below(), nil, nil, operations
	r.Title, r.Statement, r.Causes, r.Untestable = in(r.Title), in(r.Statement), in(r.Causes), in(r.Untestable)
	citations := make([]Citation, len(r.Citations))
	for i, c := range r.Citations {
		citations[i] = Citation{Document: in(c.Document), Section: in(c.Section), URL: in(c.URL)}
	}
	r.Citations = s.sources(r.Section, citations)
	if s.Confidence != "" && r.Confidence == Confirmed {
		r.Confidence = s.Confidence
	}
	if unknown != "" {
		return r, fmt.Errorf("requirement %s: the service fills in nothing for %s", r.ID, unknown)
	}
	return r, nil
}

// apply puts what differs in place.
func (d Difference) apply(r Requirement) Requirement {
	r.Title, r.Statement, r.Causes = cmp.Or(d.Title, r.Title), cmp.Or(d.Statement, r.Statement), cmp.Or(d.Causes, r.Causes)
	r.Confidence = cmp.Or(d.Confidence, r.Confidence)
	if d.Level != "" {
		r.Level, r.Cert = d.Level, d.Cert
	}
	if len(d.Citations) > 0 {
		r.Citations = d.Citations
	}
	return r
}

// sources puts the service's own document in place of those of OneRoster, once.
func (s Service) sources(section string, cited []Citation) []Citation {
	own, has := s.Sources[section]
	if !has {
		return cited
	}
	out := []Citation{own}
	for _, c := range cited {
		if !strings.HasPrefix(c.Document, "OneRoster 1.2") && !strings.HasPrefix(c.Document, "1EdTech Security Framework") {
			out = append(out, c)
		}
	}
	return out
}
