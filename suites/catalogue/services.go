package catalogue

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Service is one of those for which a statement that holds for several stands.
type Service struct {
	ID string `yaml:"id"` // what the ids of its requirements begin with, as or12.rostering
	// Fill is what its texts have in place of {names}.
	Fill map[string]string `yaml:"fill"`
	// Operations are those for which a {name} among the operations of a requirement stands.
	Operations map[string][]string `yaml:"operations"`
}

// ofEach begins the id of a requirement that stands once for every service.
const ofEach = "{service}."

// gap is a place in a text that a service fills.
var gap = regexp.MustCompile(`\{[a-z-]+\}`)

// spread makes of each requirement that stands for all services one for each of them, with
// what differs filled in; the requirements of one service stay together.
func spread(list []Requirement, services []Service) ([]Requirement, error) {
	var out []Requirement
	for i := 0; i < len(list); {
		if !strings.HasPrefix(list[i].ID, ofEach) {
			if len(list[i].Lacking)+len(list[i].Only) > 0 {
				return nil, fmt.Errorf("%s is one service's, and can't be lacking in another", list[i].ID)
			}
			out = append(out, list[i])
			i++
			continue
		}
		end := i
		for end < len(list) && strings.HasPrefix(list[end].ID, ofEach) {
			end++
		}
		if len(services) == 0 {
			return nil, fmt.Errorf("%s stands for services, and none is named before it", list[i].ID)
		}
		for _, r := range list[i:end] {
			if err := r.lacks(services); err != nil {
				return nil, err
			}
		}
		for _, s := range services {
			for _, r := range list[i:end] {
				if slices.Contains(r.Lacking, s.ID) || len(r.Only) > 0 && !slices.Contains(r.Only, s.ID) {
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
	var unknown string
	in := func(text string) string {
		return gap.ReplaceAllStringFunc(text, func(name string) string {
			word, known := s.Fill[strings.Trim(name, "{}")]
			if !known {
				unknown = name
			}
			return word
		})
	}
	var operations []string
	for _, name := range r.Operations {
		group, known := s.Operations[strings.Trim(name, "{}")]
		if !known || !strings.HasPrefix(name, "{") {
			return r, fmt.Errorf("requirement %s names the operation %s, which is one service's", r.ID, name)
		}
		operations = append(operations, group...)
	}
	r.ID, r.Lacking, r.Only, r.Operations = s.ID+"."+strings.TrimPrefix(r.ID, ofEach), nil, nil, operations
	r.Title, r.Statement, r.Causes, r.Untestable = in(r.Title), in(r.Statement), in(r.Causes), in(r.Untestable)
	citations := make([]Citation, len(r.Citations))
	for i, c := range r.Citations {
		citations[i] = Citation{Document: in(c.Document), Section: in(c.Section), URL: in(c.URL)}
	}
	r.Citations = citations
	if unknown != "" {
		return r, fmt.Errorf("requirement %s: the service fills in nothing for %s", r.ID, unknown)
	}
	return r, nil
}
