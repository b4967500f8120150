package main

import (
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/rollcall-edu/rollcall/reference/fault/platformfault"
	"github.com/rollcall-edu/rollcall/reports"
	"github.com/rollcall-edu/rollcall/suites/catalogue"
	ltiplatform "github.com/rollcall-edu/rollcall/suites/lti/platform"
)

// platformBystanders are judged with every fault and variant of a platform.
var platformBystanders = []string{"login.iss", "token.kid", "response.token", "refuse.redirect-unregistered"}

// TestPlatformMatrix holds the suite for platforms to the faults: each is caught by
// what it breaks and by nothing else, and no variant is minded.
func TestPlatformMatrix(t *testing.T) {
	if testing.Short() {
		t.Skip("browsers are left out with -short")
	}
	faults, err := platformfault.Faults()
	if err != nil {
		t.Fatal(err)
	}
	variants, err := platformfault.Variants()
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	proved := map[string]bool{}
	t.Run("each", func(t *testing.T) {
		for i, f := range faults {
			if !chosen(i) {
				continue
			}
			t.Run("fault/"+f.ID, func(t *testing.T) {
				t.Parallel()
				sideBySide <- struct{}{}
				defer func() { <-sideBySide }()
				report := judgedPlatform(t, catalogue.Strict, focusFor(ltiplatform.Prefix, f.Breaks, platformBystanders), f.ID)
				found := broken(report)
				for _, id := range f.Breaks {
					if _, caught := found[id]; !caught {
						t.Errorf("%s was not caught%s", id, told(report, id))
						continue
					}
					mu.Lock()
					proved[id] = true
					mu.Unlock()
				}
				for id, q := range found {
					if !expected(id, f.Breaks) && !expected(id, f.May) {
						t.Errorf("%s", story(q))
					}
				}
			})
		}
		for i, v := range variants {
			if !chosen(i) {
				continue
			}
			t.Run("variant/"+v.ID, func(t *testing.T) {
				t.Parallel()
				sideBySide <- struct{}{}
				defer func() { <-sideBySide }()
				report := judgedPlatform(t, catalogue.Strict, focusFor(ltiplatform.Prefix, []string{"message.*", "response.*", "stable.*", "distinct.*", "roles.*", "keys.*", "access.*", "error.*"}, platformBystanders), v.ID)
				for _, q := range report.Requirements {
					if q.Verdict == reports.Fail || q.Verdict == reports.Warning || q.Verdict == reports.Error || q.Verdict == reports.Unknown {
						t.Errorf("%s %s", story(q), q.Reason)
					}
				}
			})
		}
	})
	if t.Failed() || len(proved) < 60 {
		return // only some faults were run
	}
	for _, c := range ltiplatform.Suite().Checks {
		for _, id := range c.Requirements {
			if !proved[id] && id != ltiplatform.Prefix+"login.storage-target" { // MAY: a note
				t.Errorf("%s is proved by no fault", id)
			}
		}
	}
}

func focusFor(prefix string, lists ...[]string) []string {
	if os.Getenv("ROLLCALL_MATRIX") == "whole" {
		return nil
	}
	var out []string
	for _, l := range lists {
		for _, id := range l {
			if !strings.HasPrefix(id, prefix) {
				id = prefix + id
			}
			out = append(out, id)
		}
	}
	return out
}
