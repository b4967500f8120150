package harness

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/rollcall-edu/rollcall/reports"
)

// optional is a MAY of the real catalogue.
const optional = "or12.rostering.token.form-auth"

// blaming is a suite in which one requirement is blocked by another.
func blaming(checks map[string]func(context.Context, *T)) Suite {
	s := Suite{ID: "blaming", Title: "Blaming", Role: "provider", Profiles: []string{toyClaim}, Service: toy().Service}
	for id, body := range checks {
		s.Checks = append(s.Checks, Check{ID: id, Title: id, Requirements: []string{id}, Body: body})
	}
	order := []string{must, another, third, should, optional}
	slices.SortFunc(s.Checks, func(a, b Check) int { return slices.Index(order, a.ID) - slices.Index(order, b.ID) })
	return s
}

func judgeBlaming(t *testing.T, checks map[string]func(context.Context, *T), focus ...string) *reports.Report {
	t.Helper()
	if focus == nil {
		for id := range checks {
			focus = append(focus, id)
		}
	}
	run, err := New(toyTarget(t, ""), []Suite{blaming(checks)}, Options{Focus: focus, SkipDoctor: true, InProcess: true})
	if err != nil {
		t.Fatal(err)
	}
	report, err := run.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func pass(_ context.Context, t *T) { t.Examined(t.Check().ID, 1) }

func fails(_ context.Context, t *T) {
	t.Fail(t.Check().ID, Finding{Expected: "one thing", Seen: "another"})
}

func blockedBy(owner string) func(context.Context, *T) {
	return func(ctx context.Context, t *T) {
		r := t.Do(ctx, Request{URL: t.Session().Base + "/users", Auth: AuthNone})
		t.NotTested(BlockedBy(owner, "the list broke off", r))
	}
}

// TestBlameIsConserved holds "blocked by" to its word: whoever blocks is failed in
// the same report.
func TestBlameIsConserved(t *testing.T) {
	type body = func(context.Context, *T)
	for _, test := range []struct {
		name   string
		checks map[string]body
		focus  []string
		broken string // must be failed
		blocks []string
	}{
		{"the owner has failed", map[string]body{must: fails, another: blockedBy(must)}, nil, must, []string{another}},
		{"the owner passed", map[string]body{must: pass, another: blockedBy(must)}, nil, must, []string{another}},
		{"the owner was not run", map[string]body{must: pass, another: blockedBy(must)}, []string{another}, must, []string{another}},
		{"a chain ends at its first link", map[string]body{must: fails, another: blockedBy(must), third: blockedBy(another)}, nil, must, []string{another, third}},
		{"the first link had no data", map[string]body{
			must:    func(_ context.Context, t *T) { t.NotTested(NoData("nothing there", "load some")) },
			another: blockedBy(must), third: blockedBy(another)}, nil, must, []string{another, third}},
		{"it stands on itself", map[string]body{must: blockedBy(must)}, nil, must, nil},
		{"they block each other", map[string]body{must: blockedBy(another), another: blockedBy(must)}, nil, another, []string{must}},
	} {
		t.Run(test.name, func(t *testing.T) {
			report := judgeBlaming(t, test.checks, test.focus...)
			q := verdict(t, report, test.broken)
			if q.Verdict != reports.Fail || len(q.Findings) == 0 {
				t.Fatalf("%s is %s (%s), want a failure with a finding", q.ID, q.Verdict, q.Reason)
			}
			if !slices.Equal(q.Blocks, test.blocks) {
				t.Errorf("it blocks %v, want %v", q.Blocks, test.blocks)
			}
			for _, id := range test.blocks {
				if b := verdict(t, report, id); b.Verdict != reports.NotTested || b.Blame == nil || b.Blame.Requirement != test.broken {
					t.Errorf("%s is %s, blamed on %+v", id, b.Verdict, b.Blame)
				}
			}
			if report.Exit != reports.ExitFailed {
				t.Errorf("exit code is %d, want %d", report.Exit, reports.ExitFailed)
			}
		})
	}
}

// TestAccusationCarriesTheExchange: what fails for it blocked shows by what.
func TestAccusationCarriesTheExchange(t *testing.T) {
	report := judgeBlaming(t, map[string]func(context.Context, *T){must: pass, another: blockedBy(must)})
	f := verdict(t, report, must).Findings[0]
	if len(f.Exchanges) != 1 || !slices.ContainsFunc(report.Exchanges, func(x reports.Exchange) bool { return x.ID == f.Exchanges[0] }) {
		t.Errorf("the finding names %v, which the report doesn't hold", f.Exchanges)
	}
}

// TestPartlyBlocked: a requirement of which a part was examined passes, and what
// blocked the rest is failed all the same.
func TestPartlyBlocked(t *testing.T) {
	report := judgeBlaming(t, map[string]func(context.Context, *T){must: pass, another: func(ctx context.Context, t *T) {
		t.Examined(another, 1)
		t.NotTested(BlockedBy(must, "the rest could not be read"), another)
	}})
	if q := verdict(t, report, another); q.Verdict != reports.Pass {
		t.Errorf("%s is %s, want pass", q.ID, q.Verdict)
	}
	if q := verdict(t, report, must); q.Verdict != reports.Fail {
		t.Errorf("%s is %s, want fail", q.ID, q.Verdict)
	}
}

// TestNotApplicableIsNotBlocked: what doesn't apply owes nothing to what blocks the rest of
// its check.
func TestNotApplicableIsNotBlocked(t *testing.T) {
	report := judgeBlaming(t, map[string]func(context.Context, *T){must: pass, another: func(ctx context.Context, t *T) {
		t.NotApplicable(another, "it is optional")
		t.NotTested(BlockedBy(must, "the rest could not be read"))
	}})
	for id, want := range map[string]reports.Verdict{must: reports.Pass, another: reports.NotApplicable} {
		if q := verdict(t, report, id); q.Verdict != want {
			t.Errorf("%s is %s, want %s", q.ID, q.Verdict, want)
		}
	}
}

// TestSilenceIsExplained: a check that gave up on an answer without a word blames
// the requirement that governs it, never Rollcall.
func TestSilenceIsExplained(t *testing.T) {
	gone := func(ctx context.Context, t *T) {
		t.Do(ctx, Request{URL: t.Session().Base + "/users", Auth: AuthNone, Owner: must})
	}
	s := blaming(map[string]func(context.Context, *T){must: gone, another: gone})
	target := toyTarget(t, "")
	toyOf(target).First += "/teapot"
	run, err := New(target, []Suite{s}, Options{Focus: []string{must, another}, SkipDoctor: true, InProcess: true})
	if err != nil {
		t.Fatal(err)
	}
	report, err := run.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if q := verdict(t, report, must); q.Verdict != reports.Fail {
		t.Errorf("%s is %s (%s), want fail", q.ID, q.Verdict, q.Reason)
	}
	if q := verdict(t, report, another); q.Verdict != reports.NotTested || q.Blame == nil || q.Blame.Requirement != must {
		t.Errorf("%s is %s, blamed on %+v", q.ID, q.Verdict, q.Blame)
	}
}

// TestOptionalBlocks: what a target may leave out is no accusation, nor is what
// stands on it.
func TestOptionalBlocks(t *testing.T) {
	report := judgeBlaming(t, map[string]func(context.Context, *T){another: pass, optional: fails, third: blockedBy(optional)})
	if q := verdict(t, report, optional); q.Verdict != reports.Pass {
		t.Errorf("%s is %s, want pass with a note", q.ID, q.Verdict)
	}
	if q := verdict(t, report, third); q.Verdict != reports.NotApplicable {
		t.Errorf("%s is %s, want not-applicable", q.ID, q.Verdict)
	}
}

// TestDisclaimedBlocks: what the target file disclaims isn't accused for standing in
// the way, and what stands on it doesn't apply.
func TestDisclaimedBlocks(t *testing.T) {
	const disclaimed = "or12.rostering.endpoint.get-all-demographics"
	target := toyTarget(t, "disclaims: [demographics]\n")
	checks := map[string]func(context.Context, *T){must: pass, third: blockedBy(disclaimed)}
	run, err := New(target, []Suite{blaming(checks)}, Options{Focus: []string{must, third}, SkipDoctor: true, InProcess: true})
	if err != nil {
		t.Fatal(err)
	}
	report, err := run.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if q := verdict(t, report, third); q.Verdict != reports.NotApplicable {
		t.Errorf("%s is %s, want not-applicable", q.ID, q.Verdict)
	}
	if report.Exit != reports.ExitConforms {
		t.Errorf("exit code is %d, want %d", report.Exit, reports.ExitConforms)
	}
}

// TestOwnLimitsAccuseNobody has an answer that is more than Rollcall reads, and says of
// it whatever a check can say: nothing is failed, and the setting is named.
func TestOwnLimitsAccuseNobody(t *testing.T) {
	long := func(status int) *Response {
		return &Response{Status: status, Beyond: true, Problem: ownBound{"the body is longer than 32 MiB"}.Error(), line: "GET /users"}
	}
	for name, say := range map[string]func(*T){
		"failed":                  func(t *T) { t.Fail(must, Finding{Expected: "a page", Responses: []*Response{long(200)}}) },
		"asserted":                func(t *T) { t.Assert(must, false, Finding{Expected: "a page", Responses: []*Response{long(200)}}) },
		"not ready":               func(t *T) { t.Ready(long(200), 200, must) },
		"blocked by another":      func(t *T) { t.NotTested(BlockedBy(another, "it broke off", long(200)), must) },
		"blocked by itself":       func(t *T) { t.NotTested(BlockedBy(must, "it broke off", long(200)), must) },
		"nothing said, hindered":  func(t *T) { t.Hinders(long(200)) },
		"nothing said, the last":  func(t *T) { t.unusable = long(200) },
		"failed beside one whole": func(t *T) { t.Fail(must, Finding{Responses: []*Response{{Status: 200}, long(200)}}) },
	} {
		t.Run(name, func(t *testing.T) {
			report := judgeBlaming(t, map[string]func(context.Context, *T){must: func(_ context.Context, h *T) { say(h) }})
			q := verdict(t, report, must)
			if q.Verdict != reports.NotTested || q.Blame == nil || q.Blame.Kind != reports.Configuration || !strings.Contains(q.Remedy, BodyLimit) || !strings.Contains(q.Reason, "the most that Rollcall reads") {
				t.Errorf("%s: %s %s, %+v", q.Verdict, q.Reason, q.Remedy, q.Blame)
			}
		})
	}
	report := judgeBlaming(t, map[string]func(context.Context, *T){must: func(_ context.Context, h *T) {
		h.Fail(must, Finding{Expected: "200", Seen: "500", Responses: []*Response{long(500)}})
	}})
	if q := verdict(t, report, must); q.Verdict != reports.Fail {
		t.Errorf("a server error with a long body: %s", q.Verdict)
	}
}

// TestAccusationSaysWhatWasExpected reads what an accused requirement was expected to do:
// what the check says, or else its own statement.
func TestAccusationSaysWhatWasExpected(t *testing.T) {
	blocks := func(o Obstacle) func(context.Context, *T) {
		return func(_ context.Context, t *T) { t.NotTested(o) }
	}
	report := judgeBlaming(t, map[string]func(context.Context, *T){must: pass, another: blocks(BlockedBy(must, "it broke off").Expecting("ten objects")), third: blocks(BlockedBy(must, "no page came"))}, another, must)
	if q := verdict(t, report, must); len(q.Findings) != 1 || q.Findings[0].Expected != "ten objects" {
		t.Errorf("said by the check: %+v", q.Findings)
	}
	for name, bodies := range map[string]map[string]func(context.Context, *T){
		"accused by another": {must: pass, another: blocks(BlockedBy(must, "no page came"))},
		"accused by itself":  {must: blocks(BlockedBy(must, "no page came"))},
	} {
		q := verdict(t, judgeBlaming(t, bodies), must)
		if len(q.Findings) != 1 || q.Findings[0].Expected != q.Statement || q.Statement == "" {
			t.Errorf("%s: %+v", name, q.Findings)
		}
	}
}

// TestMessagesHoldWhatCanBeSeen lets a target's text into messages: no NUL and no blank
// at the end stays in any.
func TestMessagesHoldWhatCanBeSeen(t *testing.T) {
	const odd = "a\x00b \t\n"
	report := judgeBlaming(t, map[string]func(context.Context, *T){
		must: func(_ context.Context, t *T) {
			t.Fail(must, Finding{Sent: odd, Expected: odd, Seen: odd, Where: odd, Cause: odd, Required: odd})
		},
		another: func(_ context.Context, t *T) { t.NotTested(NoData(odd, odd)) },
		should:  func(_ context.Context, t *T) { t.NotApplicable(should, odd); t.Note(should, "%s", odd) },
	})
	var texts []string
	for _, q := range report.Requirements {
		texts = append(append(texts, q.Reason, q.Remedy), q.Notes...)
		for _, f := range q.Findings {
			texts = append(texts, f.Required, f.Sent, f.Expected, f.Seen, f.Where, f.Cause)
		}
	}
	seen := 0
	for _, text := range texts {
		if strings.ContainsRune(text, 0) || strings.TrimSpace(text) != text {
			t.Errorf("%q", text)
		}
		if strings.Contains(text, "⟨U+0000⟩") {
			seen++
		}
	}
	if seen < 9 {
		t.Errorf("the character is shown in %d texts only: %q", seen, texts)
	}
}
