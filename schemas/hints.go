package schemas

import (
	"fmt"
	"strings"

	"github.com/agnivade/levenshtein"
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
	if name := nearest(member, n.names); name != "" {
		return "Perhaps " + name + " is meant."
	}
	return ""
}

func (h *hints) value(n *node, text string) string {
	return h.Values[n.name][text]
}

// longestName bounds what is compared: no member of the standards is longer, and the
// work grows with the square.
const longestName = 120

// nearest gives the name among those known for which another may stand: one that
// differs by case, underscores and hyphens, by one letter in five, or by a part left
// out or added. It is empty where none is near. Short names are near to too much.
func nearest(name string, known []string) string {
	best, least := "", longestName
	if len(name) > longestName {
		return ""
	}
	a := plain(name)
	for _, right := range known {
		b := plain(right)
		far := levenshtein.ComputeDistance(a, b)
		short := min(len(a), len(b))
		near := far == 0 || short >= 4 && far <= max(1, short/5)
		if !near && short >= longPart && (strings.Contains(a, b) || strings.Contains(b, a)) {
			near = true
		}
		if near && far < least {
			best, least = right, far
		}
	}
	return best
}

// longPart is how long a name is at least that is known again as a part of another.
const longPart = 8

func plain(name string) string { return strings.ToLower(joints.Replace(name)) }

var joints = strings.NewReplacer("_", "", "-", "")
