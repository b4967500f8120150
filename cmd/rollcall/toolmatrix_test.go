package main

import (
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/rollcall-edu/rollcall/reference/fault/toolfault"
	"github.com/rollcall-edu/rollcall/reports"
	"github.com/rollcall-edu/rollcall/suites/catalogue"
	ltitool "github.com/rollcall-edu/rollcall/suites/lti/tool"
)

// bystanders are requirements that are judged with every fault and variant, so
// that an accusation of the innocent shows. ROLLCALL_MATRIX=whole judges all.
var bystanders = []string{"launch.learner", "launch.instructor", "refuse.link-missing"}

// oddityFocus is what variants are judged by.
var oddityFocus = append([]string{"launch.blank-role", "refuse.version", "refuse.replay", "response.error", "browser.frame", "browser.blocked-storage", "login.post", "auth.*"}, bystanders...)

// marked is the marker of an opened launch of the reference tool.
const marked = `    launched: {selector: "#launched"}`

// steps are what a person does on the pages of a variant.
var steps = map[string]string{"tool-consent": `    steps: [{click: "#agree"}]`}

// chosen thins out the faults: they take minutes, so a part of them is run each
// time. ROLLCALL_MATRIX=all or whole runs all, and whole judges everything.
func chosen(i int) bool { return os.Getenv("ROLLCALL_MATRIX") != "" || i%8 == 0 }

// sideBySide is how many browsers run at once.
var sideBySide = make(chan struct{}, 2)

// TestToolMatrix holds the suite for tools to the faults: each is caught by what
// it breaks and by nothing else, and no variant is minded.
func TestToolMatrix(t *testing.T) {
	if testing.Short() {
		t.Skip("browsers are left out with -short")
	}
	faults, err := toolfault.Faults()
	if err != nil {
		t.Fatal(err)
	}
	variants, err := toolfault.Variants()
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
				report := judgedTool(t, catalogue.Strict, marked, focusFor(ltitool.Prefix, f.Breaks, bystanders), f.ID)
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
				report := judgedTool(t, catalogue.Strict, steps[v.ID], focusFor(ltitool.Prefix, oddityFocus), v.ID)
				for _, q := range report.Requirements {
					if q.Verdict != reports.Pass && q.Verdict != reports.NotApplicable && q.ID != ltitool.Prefix+"refuse.sub-missing" {
						t.Errorf("%s %s", story(q), q.Reason)
					}
				}
			})
		}
	})
	if t.Failed() || os.Getenv("ROLLCALL_MATRIX") == "" || len(proved) < 60 {
		return // only some faults were run
	}
	for _, c := range ltitool.Suite().Checks {
		for _, id := range c.Requirements {
			if !proved[id] && !unprovedTool[strings.TrimPrefix(id, ltitool.Prefix)] {
				t.Errorf("%s is proved by no fault", id)
			}
		}
	}
}

// unprovedTool are requirements whose breach no fault can show, with why.
var unprovedTool = map[string]bool{
	"refuse.old":         true, // MAY: a note
	"claims.aud-several": true, // MAY: a note
	"refuse.sub-missing": true, // MAY in the strict stance; the reference takes anonymous launches
}

// told words what became of a requirement that should have failed.
func told(r *reports.Report, id string) string {
	for _, q := range r.Requirements {
		if q.ID == id {
			return ": it is " + string(q.Verdict) + " " + q.Reason
		}
	}
	return ": it was not judged"
}

// expected tells whether a list names a requirement, by itself or by a prefix.
func expected(id string, list []string) bool {
	for _, x := range list {
		if prefix, open := strings.CutSuffix(x, "*"); open && strings.HasPrefix(id, prefix) || x == id {
			return true
		}
	}
	return false
}
