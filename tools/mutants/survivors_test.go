package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestSurvivorsAreThere holds survivors.yaml to the source: a reason for what isn't there any
// more is a reason for nothing.
func TestSurvivorsAreThere(t *testing.T) {
	known, err := survivors()
	if err != nil {
		t.Fatal(err)
	}
	made := map[string][]Mutant{}
	for name, s := range known {
		file, _, _ := strings.Cut(name, " ")
		if _, read := made[file]; !read {
			source, err := os.ReadFile(filepath.Join("..", "..", file))
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			in, err := instrument(file, source, 1, map[string]bool{})
			if err != nil {
				t.Fatal(err)
			}
			made[file] = in.mutants
		}
		i := slices.IndexFunc(made[file], func(m Mutant) bool { return m.Name == name })
		if i < 0 {
			t.Errorf("survivors.yaml has a reason for %q, which is no mutant any more", name)
		} else if what := made[file][i].What; what != s.What {
			t.Errorf("survivors.yaml has a reason for %q, which was %s and is %s now", name, s.What, what)
		}
	}
}
