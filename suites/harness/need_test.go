package harness

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/rollcall-edu/rollcall/reports"
)

// in is a need that an obstacle is in the way of.
func in(o Obstacle) Need {
	return Need{Text: "something", Unmet: func(context.Context, *T) (Obstacle, bool) { return o, true }}
}

// there is a need that is met; it counts how often it was asked for.
func there(asked *int) Need {
	return Need{Text: "something", Unmet: func(context.Context, *T) (Obstacle, bool) { *asked++; return Obstacle{}, false }}
}

// TestNeeds holds what the kernel says of needs before a body, and whether that is run.
func TestNeeds(t *testing.T) {
	var (
		noData    = NoData("nothing there", "Load some.")
		unset     = Unconfigured("not said", "Say it.")
		broken    = BlockedBy("owner", "it broke off")
		away      = Unreached("nobody answered")
		beside    = Unclaimed("there is none, and need not be")
		shouldBe  = Finding{Expected: "a launch that opens", Seen: "one that doesn't"}
		ownBroken = BlockedBy("a", "a launch was not opened").Failing(shouldBe)
	)
	var asked int
	for name, x := range map[string]struct {
		needs []Need
		a, b  reports.Verdict
		why   string // of b
		kind  reports.BlameKind
		ran   bool
	}{
		"none":                             {nil, reports.Pass, reports.Pass, "", "", true},
		"all met":                          {[]Need{there(&asked), InBody("data")}, reports.Pass, reports.Pass, "", "", true},
		"unmet for one":                    {[]Need{in(noData).For("b")}, reports.Pass, reports.NotTested, "nothing there", reports.NoData, true},
		"unmet for all":                    {[]Need{in(unset)}, reports.NotTested, reports.NotTested, "not said", reports.Configuration, false},
		"one each":                         {[]Need{in(unset).For("a"), in(noData).For("b")}, reports.NotTested, reports.NotTested, "nothing there", reports.NoData, false},
		"the first that is missing":        {[]Need{in(unset), in(noData)}, reports.NotTested, reports.NotTested, "not said", reports.Configuration, false},
		"broken after missing":             {[]Need{in(unset), in(broken)}, reports.NotTested, reports.NotTested, "it broke off", reports.BlockedBy, false},
		"missing after broken":             {[]Need{in(broken), in(unset)}, reports.NotTested, reports.NotTested, "it broke off", reports.BlockedBy, false},
		"broken for one, missing for both": {[]Need{in(broken).For("b"), in(unset)}, reports.NotTested, reports.NotTested, "it broke off", reports.BlockedBy, false},
		"unreached after missing":          {[]Need{in(unset), in(away)}, reports.Unknown, reports.Unknown, "nobody answered", "", false},
		"not claimed":                      {[]Need{in(beside), in(broken)}, reports.NotApplicable, reports.NotApplicable, "there is none, and need not be", "", false},
		"missing, and not claimed":         {[]Need{in(unset), in(beside)}, reports.NotTested, reports.NotTested, "not said", reports.Configuration, false},
		"the owner is the check's":         {[]Need{in(ownBroken)}, reports.Fail, reports.NotTested, "a launch was not opened", reports.BlockedBy, false},
	} {
		t.Run(name, func(t *testing.T) {
			ran := false
			h := NewT(&Session{redactor: testRedactor(t)}, Check{ID: "c", Requirements: []string{"a", "b"}, Needs: x.needs,
				Body: func(_ context.Context, t *T) {
					ran = true
					for _, id := range []string{"a", "b"} {
						if t.Met(id) {
							t.Examined(id, 1)
						}
					}
				}})
			h.perform(t.Context())
			results, findings := h.result()
			if ran != x.ran {
				t.Errorf("the body ran: %v", ran)
			}
			if results[0].Verdict != x.a || results[1].Verdict != x.b || results[1].Reason != x.why {
				t.Errorf("said %+v", results)
			}
			if blame := results[1].Blame; x.kind == "" && blame != nil || x.kind != "" && (blame == nil || blame.Kind != x.kind) {
				t.Errorf("blamed %+v", blame)
			}
			if x.a == reports.Fail && (len(findings) != 1 || findings[0].Expected != shouldBe.Expected || findings[0].Seen != shouldBe.Seen) {
				t.Errorf("found %+v", findings)
			}
		})
	}
	if asked != 1 {
		t.Errorf("a need was decided %d times", asked)
	}
}

// TestNeedsAskNoMore holds that what is broken or doesn't apply isn't asked about again.
func TestNeedsAskNoMore(t *testing.T) {
	for name, first := range map[string]Obstacle{"broken": BlockedBy("owner", "it broke off"), "not claimed": Unclaimed("there is none")} {
		asked := 0
		h := NewT(&Session{redactor: testRedactor(t)}, Check{ID: "c", Requirements: []string{"a"}, Needs: []Need{in(first), there(&asked)}, Body: pass})
		if h.perform(t.Context()); asked != 0 {
			t.Errorf("%s: the next need was decided", name)
		}
	}
}

// TestNeedsAsValues holds the texts of needs to plain phrases, and their requirements to the
// check's.
func TestNeedsAsValues(t *testing.T) {
	check := func(n Need) error { return Check{ID: "c", Requirements: []string{"a"}, Needs: []Need{n}}.needs() }
	for _, text := range []string{"at least two orgs", "a second user in lti.platform.users", "Rollcall registered as a tool", "/orgs, read to the end"} {
		if err := check(InBody(text).For("a")); err != nil {
			t.Error(err)
		}
	}
	for text, why := range map[string]string{"": "nothing", "Load two orgs": "begin", "at least two orgs.": "sentence", " two orgs": "blanks"} {
		if err := check(InBody(text)); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%q: %v", text, err)
		}
	}
	if err := check(InBody("two orgs").For("b")); err == nil {
		t.Error("a need may be of a requirement that the check doesn't decide")
	}
	c := Check{Requirements: []string{"a", "b"}, Needs: []Need{InBody("an org"), InBody("a user").For("b"), InBody("an org")}}
	for id, want := range map[string][]string{"a": {"an org"}, "b": {"an org", "a user"}} {
		if got := c.Needed(id); !slices.Equal(got, want) {
			t.Errorf("%q needs %q", id, got)
		}
	}
}
