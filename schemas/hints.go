package schemas

import (
	"fmt"
	"strings"
)

// hints are likely causes, read from hints.json: of members that are unknown, by
// definition or "*" for any, and of terms that are in no vocabulary, by
// definition or "Definition.member".
type hints struct {
	Members map[string]map[string]string `json:"members"`
	Values  map[string]map[string]string `json:"values"`
}

func readHints() (*hints, error) {
	data, err := files.ReadFile("hints.json")
	if err != nil {
		return nil, err
	}
	h := new(hints)
	if err := strictly(data, h); err != nil {
		return nil, fmt.Errorf("reading hints.json: %w", err)
	}
	return h, nil
}

// member gives the likely cause of an unknown member, "" if none is known. The
// hint may be for a name that is allowed elsewhere.
func (h *hints) member(n *node, member string) string {
	if hint := h.Members[n.name][member]; hint != "" {
		return hint
	}
	if hint := h.Members["*"][member]; hint != "" {
		return hint
	}
	for _, name := range n.names {
		if misspells(member, name) {
			return "Perhaps " + name + " is meant."
		}
	}
	return ""
}

func (h *hints) value(n *node, text string) string {
	return h.Values[n.name][text]
}

// misspells says whether a name differs from another by case, by underscores and
// hyphens, or by one letter added, dropped or changed. Short names are near to
// too much.
func misspells(name, right string) bool {
	if len(name) > 2*len(right) {
		return false
	}
	a, b := strings.ToLower(joints.Replace(name)), strings.ToLower(joints.Replace(right))
	if a == b {
		return true
	}
	if len(a) < len(b) {
		a, b = b, a
	}
	if len(b) < 4 || len(a)-len(b) > 1 {
		return false
	}
	i := 0
	for i < len(b) && a[i] == b[i] {
		i++
	}
	if len(a) == len(b) {
		return a[i+1:] == b[i+1:]
	}
	return a[i+1:] == b[i:]
}

var joints = strings.NewReplacer("_", "", "-", "")
