package catalog

import (
	"encoding/json"

	"github.com/rollcall-edu/rollcall/fixtures/library"
)

// subjectsBody writes the tree of subjects. It is the same in each answer.
func subjectsBody(tree []library.Subject, root Root) any {
	set := subjectSet{[]Subject{}}
	for _, s := range tree {
		if s.Parent == 0 && root == RootLeft {
			continue
		}
		out := Subject{Identifier: s.ID, Name: s.Name}
		if s.Parent != 0 {
			out.Parent = &s.Parent
		}
		set.Subjects = append(set.Subjects, out)
	}
	if root != RootAbsent {
		return set
	}
	var bare struct {
		Subjects []map[string]any `json:"subjects"`
	}
	text, _ := json.Marshal(set)    // numbers and texts
	_ = json.Unmarshal(text, &bare) // as it was written
	for _, s := range bare.Subjects {
		if s["parent"] == nil {
			delete(s, "parent")
		}
	}
	return bare
}
