package main

import (
	"strings"
	"testing"

	"github.com/rollcall-edu/rollcall/suites/catalogue"
)

// TestNeeds holds the needs of every check: their texts are plain phrases, their requirements
// the check's, and `rollcall explain` shows them, for a requirement those that concern it.
func TestNeeds(t *testing.T) {
	cat, err := catalogue.Load()
	if err != nil {
		t.Fatal(err)
	}
	shown := func(id string) string {
		var out strings.Builder
		if code := run(t.Context(), []string{"explain", id}, strings.NewReader(""), &out, &out); code != 0 {
			t.Fatalf("explain %s ended with %d", id, code)
		}
		return out.String()
	}
	for _, s := range known() {
		if err := s.Validate(cat); err != nil {
			t.Error(err)
		}
		for _, c := range s.Checks {
			text := shown(c.ID)
			for _, need := range c.Needs {
				if !strings.Contains(text, "\nneeds: "+need.Text+forWhat(need)+"\n") {
					t.Errorf("explain %s doesn't say that it needs %s", c.ID, need.Text)
				}
			}
		}
	}
	const only = "  needs: a token endpoint in the target file\n"
	if !strings.Contains(shown("or12.rostering.discovery.token-url"), only) || strings.Contains(shown("or12.rostering.discovery.valid"), only) {
		t.Error("a need of one requirement is shown for others, or not for it")
	}
}
