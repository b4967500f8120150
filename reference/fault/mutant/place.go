package mutant

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/rollcall-edu/rollcall/reference/oneroster"
)

// place is where answers are changed: an operation of a service, by its path, in which a
// star is any one segment, with the members that its objects may have.
type place struct {
	base    string // where the service begins in a path, whatever stands before
	path    string
	members []string
}

// collection tells whether the operation gives a list.
func (p place) collection() bool { return len(strings.Split(p.path, "/"))%2 == 0 }

func (p place) matches(r *http.Request) bool {
	_, rest, service := strings.Cut(r.URL.EscapedPath(), p.base)
	want, have := strings.Split(p.path, "/"), strings.Split(rest, "/")
	return service && slices.EqualFunc(want, have, func(a, b string) bool { return a == b || a == "*" && b != "" })
}

// placesOf are the operations of a service, as it describes them.
func placesOf(s oneroster.Service) ([]place, error) {
	var operations []struct {
		Path string `json:"path"`
	}
	if err := json.Unmarshal(s.Operations, &operations); err != nil {
		return nil, fmt.Errorf("reading the operations of %s: %w", s.Name, err)
	}
	var all []place
	for _, o := range operations {
		segments, last := strings.Split(o.Path, "/"), ""
		for i, segment := range segments {
			if strings.HasPrefix(segment, "{") {
				segments[i] = "*"
			} else {
				last = segment
			}
		}
		e := slices.IndexFunc(s.Endpoints, func(e oneroster.Endpoint) bool { return e.Name == last })
		if e < 0 || s.Objects[s.Endpoints[e].Collection] == nil {
			return nil, fmt.Errorf("%s doesn't say what %s gives", s.Name, o.Path)
		}
		all = append(all, place{s.Path, strings.Join(segments, "/"), membersOf(s.Objects[s.Endpoints[e].Collection])})
	}
	return all, nil
}

// membersOf are the names of an object's members on the wire.
func membersOf(object reflect.Type) (names []string) {
	for _, field := range reflect.VisibleFields(object) {
		if name, _, _ := strings.Cut(field.Tag.Get("json"), ","); name != "" {
			names = append(names, name)
		}
	}
	return names
}
