package main

import (
	"context"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rollcall-edu/rollcall/reference/district"
	"github.com/rollcall-edu/rollcall/reference/fault/platformfault"
	"github.com/rollcall-edu/rollcall/reference/security"
	"github.com/rollcall-edu/rollcall/reports"
	"github.com/rollcall-edu/rollcall/suites/catalogue"
	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/harness/browser"
	"github.com/rollcall-edu/rollcall/suites/lti"
	ltiplatform "github.com/rollcall-edu/rollcall/suites/lti/platform"
)

// judgedPlatform runs the suite for platforms against the reference platform, in a
// browser, over https on two sites.
func judgedPlatform(t testing.TB, stance catalogue.Stance, focus []string, faults ...string) *reports.Report {
	t.Helper()
	return judgedPlatformBy(t, stance, focus, nil, faults...)
}

// judgedPlatformBy has a person open the launches, where one is given.
func judgedPlatformBy(t testing.TB, stance catalogue.Stance, focus []string, by func(*harness.Target, *security.SelfMade) func(task string), faults ...string) *reports.Report {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	text, own := servedPlatform(ctx, t, stance, faults...)
	o := harness.Options{Focus: focus}
	if by != nil {
		o = attended(t, o, text, own, by)
	}
	return judgedBy(ctx, t, text, o)
}

// attended has somebody open the launches who is told what to do.
func attended(t testing.TB, o harness.Options, text string, own judgesSide,
	by func(*harness.Target, *security.SelfMade) func(task string)) harness.Options {
	t.Helper()
	target, err := harness.ParseTarget("target.yaml", []byte(text), os.LookupEnv, sections()...)
	if err != nil {
		t.Fatal(err)
	}
	act := by(target, own.made)
	o.Interactive, o.Observe = true, func(p harness.Progress) {
		if p.Ask != "" {
			go act(p.Ask)
		}
	}
	return o
}

// servedPlatform serves the reference platform and gives the target file by which it is
// judged, and Rollcall's side.
func servedPlatform(ctx context.Context, t testing.TB, stance catalogue.Stance, faults ...string) (string, judgesSide) {
	t.Helper()
	if _, err := browser.Find(); err != nil {
		t.Skip(err)
	}
	own := judgeSide(t, "tool.localhost")
	p, err := district.StartPlatform(ctx, district.PlatformOptions{TLS: own.made, TrustPEM: own.made.AuthorityPEM, Faults: faults, Tools: ownRegistrations(own.origin)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	text := platformText(p, own, stance)
	if slices.Contains(faults, "platform-access-audience") {
		text = strings.Replace(text, "    users:\n", "    audience: "+platformfault.Audience+"\n    users:\n", 1)
	}
	return text, own
}

// platformText is the target file by which the reference platform is judged.
func platformText(p *district.Platform, own judgesSide, stance catalogue.Stance) string {
	section := platformSection(p, own.listen, own.origin, own.cert, own.key)
	section.LaunchTimeout = harness.Duration(6 * time.Second)
	text, err := harness.WriteTarget(harness.Target{
		Name:     "Rollcall reference platform",
		Profiles: platformSuite().Profiles,
		Stance:   stance,
		TLS:      harness.TLS{CAFile: own.ca},
	}, section)
	if err != nil {
		panic(err) // a struct of our own can be written
	}
	return string(text)
}

// TestPlatformConformance holds the clean reference platform to every requirement.
func TestPlatformConformance(t *testing.T) {
	if testing.Short() {
		t.Skip("browsers are left out with -short")
	}
	t.Parallel() // it waits more than it works
	report := judgedPlatform(t, catalogue.Strict, nil)
	for _, q := range report.Requirements {
		unmoved := q.ID == ltiplatform.Prefix+"message.migration" && q.Verdict == reports.NotApplicable // it never was of LTI 1.1
		if q.Verdict != reports.Pass && !unmoved {
			t.Errorf("%s %s", story(q), q.Reason)
		}
	}
	t.Logf("%d checks, %s", len(report.Checks), report.Run.Finished.Sub(report.Run.Started))
}

// TestPlatformWords holds what a report says beside its verdicts to what was seen.
func TestPlatformWords(t *testing.T) {
	if testing.Short() {
		t.Skip("browsers are left out with -short")
	}
	for _, test := range []struct {
		fault   string
		focus   string
		verdict reports.Verdict
		says    string // a finding, the reason or a note
		blamed  string // the requirement that it hangs on, or that is broken beside it
		silent  bool   // there is no note
	}{
		{fault: "platform-login-short", focus: "login.deployment", verdict: reports.NotApplicable, says: "deployment_id, which tools don't look at"},
		{fault: "platform-token-none", focus: "response.form-post", verdict: reports.Pass, silent: true},
		{fault: "platform-custom-number", focus: "message.custom", verdict: reports.Fail, says: "part is the number 1"},
		{fault: "platform-answer-unframed", focus: "response.frame", verdict: reports.NotTested, says: "X-Frame-Options: DENY", blamed: "response.framing"},
		{fault: "platform-auth-breaks", focus: "refuse.redirect-unregistered", verdict: reports.Pass, says: "broke down with 500", blamed: "error.status"},
		{fault: "platform-access-breaks", focus: "access.get", verdict: reports.Pass, blamed: "access.status"},
	} {
		t.Run(test.fault, func(t *testing.T) {
			t.Parallel()
			sideBySide <- struct{}{}
			defer func() { <-sideBySide }()
			report := judgedPlatform(t, catalogue.Strict, []string{ltiplatform.Prefix + test.focus}, test.fault)
			if test.blamed != "" || test.verdict == reports.Fail {
				blames(t, report)
			}
			said, blamed := false, test.blamed == ""
			for _, q := range report.Requirements {
				switch q.ID {
				case ltiplatform.Prefix + test.blamed:
					blamed = q.Verdict == reports.Fail || q.Verdict == reports.Warning
				case ltiplatform.Prefix + test.focus:
					said = true
					all := q.Reason + strings.Join(q.Notes, "; ")
					for _, f := range q.Findings {
						all += "; " + f.Seen
					}
					if q.Verdict != test.verdict || !strings.Contains(all, test.says) || test.silent && len(q.Notes) > 0 {
						t.Errorf("%s is %s: %s", q.ID, q.Verdict, all)
					}
				}
			}
			if !said || !blamed {
				t.Errorf("%s is in the report: %t; %q is broken: %t", test.focus, said, test.blamed, blamed)
			}
		})
	}
}

// TestPlatformConformanceInteractive has somebody open the launches who is told what to do, in
// a browser that isn't the judge's.
func TestPlatformConformanceInteractive(t *testing.T) {
	if testing.Short() {
		t.Skip("browsers are left out with -short")
	}
	t.Parallel() // it waits more than it works
	focus := []string{"login.*", "response.token", "response.state", "token.*", "stable.*", "distinct.*", "refuse.scope-wrong", "refuse.signed-out", "refuse.hint-replay", "error.state"}
	for i := range focus {
		focus[i] = ltiplatform.Prefix + focus[i]
	}
	var asked atomic.Int32
	person := func(target *harness.Target, made *security.SelfMade) func(string) {
		b, err := browser.New(browser.Options{TrustPEM: made.AuthorityPEM})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(b.Close)
		return func(task string) {
			asked.Add(1)
			ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
			t.Cleanup(cancel)
			page, err := b.Open(ctx, browser.PageOptions{})
			if err != nil {
				t.Error(err)
				return
			}
			defer page.Close()
			steps, err := taskOf(lti.Of(target).Platform, task)
			if err != nil {
				t.Error(err)
				return
			}
			if err := page.Run(ctx, steps); err != nil && ctx.Err() == nil { // else the run has ended
				t.Errorf("%s: %v", task, err)
			}
			if strings.Contains(task, "sign out") {
				if err := page.Run(ctx, []browser.Step{{Wait: "#go"}}); err != nil {
					t.Error(err)
				}
				if err := page.Forget(); err != nil {
					t.Error(err)
				}
				if err := page.Run(ctx, []browser.Step{{Click: "#go"}}); err != nil {
					t.Error(err)
				}
			}
			_ = page.Settle(ctx, 500*time.Millisecond, 5*time.Second, nil) // whatever it shows
		}
	}
	report := judgedPlatformBy(t, catalogue.Strict, focus, person)
	passed := 0
	for _, q := range report.Requirements {
		switch q.Verdict {
		case reports.Pass:
			passed++
		case reports.Fail, reports.Warning, reports.Error, reports.NotTested:
			t.Errorf("%s %s", story(q), q.Reason)
		}
	}
	t.Logf("%d launches by hand, %d requirements, %s", asked.Load(), passed, report.Run.Finished.Sub(report.Run.Started))
	if passed < 20 {
		t.Errorf("only %d requirements passed", passed)
	}
}
