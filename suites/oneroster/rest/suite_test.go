package rest

import (
	"strings"
	"testing"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/oneroster/service"
)

// TestAnyService makes the suite of a service that is like Rostering and has another name:
// no check and no requirement is called by the old one.
func TestAnyService(t *testing.T) {
	of := *service.Rostering()
	of.Name, of.Checks, of.Requirements = "resources", "resources", "or12.resources"
	suite := Suite(Provider{Service: &of, Title: "Another", Address: func(*harness.Target) string { return "https://sis.invalid" },
		Own: []Check{{ID: "own.check", Title: "Its own", Requirements: []string{"own.requirement"}}}})
	named := map[string]bool{}
	for _, c := range suite.Checks {
		named[c.ID] = true
		if !strings.HasPrefix(c.ID, "resources.") {
			t.Errorf("check %s", c.ID)
		}
		for _, id := range c.Requirements {
			named[id] = true
			if !strings.HasPrefix(id, "or12.resources.") {
				t.Errorf("check %s: requirement %s", c.ID, id)
			}
		}
	}
	for _, id := range []string{"resources.paging.limit", "or12.resources.paging.limit", "resources.own.check",
		"or12.resources.own.requirement"} {
		if !named[id] {
			t.Errorf("nothing is called %s", id)
		}
	}
	r := &harness.Response{Status: 404}
	r.Request.URL = "https://elsewhere.invalid/x"
	if got := suite.Owner(session(t), r); got != "or12.resources.errors.unknown-route" {
		t.Errorf("an unknown address is governed by %s", got)
	}
}
