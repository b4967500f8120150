package main

import (
	"context"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-edu/rollcall/reference/district"
	"github.com/rollcall-edu/rollcall/reference/tool"
	"github.com/rollcall-edu/rollcall/reports"
	"github.com/rollcall-edu/rollcall/suites/catalogue"
	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/harness/browser"
	ltitool "github.com/rollcall-edu/rollcall/suites/lti/tool"
)

const staysUp = ltitool.Prefix + "launch.stays-up"

// dies ends the whole tool at a token without a signature.
const dies = "tool-refusal-dies"

// TestToolThatALaunchBringsDown: the launch is accused of it, once, and all that can't be
// looked at any more hangs on that: no run ends incomplete without a failure.
func TestToolThatALaunchBringsDown(t *testing.T) {
	if testing.Short() {
		t.Skip("browsers are left out with -short")
	}
	t.Parallel() // it waits more than it works
	focus := []string{"tool.instructor", "tool.alg-none", "tool.version-*", "tool.state-*", "tool.replay", "tool.two-tabs", "tool.unguessable", "tool.keys-bare", "tool.frame*", ltitool.Prefix + "claims.*"}
	if os.Getenv("ROLLCALL_MATRIX") != "" {
		focus = nil
	}
	report := judgedTool(t, catalogue.Strict, marked, focus, dies)
	blames(t, report)
	found := broken(report)
	if _, failed := found[staysUp]; !failed || len(found) != 1 || report.Outcome != reports.DoesNot {
		t.Errorf("%s: %d requirements are broken, want %s alone%s", report.Outcome, len(found), staysUp, told(report, staysUp))
	}
	if accusing := accusers(report); len(accusing) != 1 {
		t.Errorf("it is accused by %v: one launch did it", accusing)
	}
	for _, q := range report.Requirements {
		if q.Verdict == reports.Unknown || q.Verdict == reports.Error {
			t.Errorf("%s, though the tool is known to be down", story(q))
		}
	}
}

// TestToolThatALaunchBringsDownBeside: so it is where services are judged at the same time.
func TestToolThatALaunchBringsDownBeside(t *testing.T) {
	if testing.Short() {
		t.Skip("browsers are left out with -short")
	}
	t.Parallel() // it waits more than it works
	report := judgedBeside(t, catalogue.Strict, marked, []string{"tool.learner", "tool.alg-*", "tool.state-*", "nrps.*", "ags.*"}, dies)
	blames(t, report)
	if found := broken(report); len(found) != 1 || found[staysUp].ID != staysUp {
		t.Errorf("%d requirements are broken, want %s alone%s", len(found), staysUp, told(report, staysUp))
	}
	if accusing := accusers(report); len(accusing) != 1 || !strings.HasPrefix(accusing[0], "tool.alg-") {
		t.Errorf("it is accused by %v: one launch did it", accusing)
	}
}

// TestToolFaultBeside: a fault of a service is told where that is judged, and of nothing else.
func TestToolFaultBeside(t *testing.T) {
	if testing.Short() {
		t.Skip("browsers are left out with -short")
	}
	t.Parallel() // it waits more than it works
	report := judgedBeside(t, catalogue.Strict, marked, []string{"tool.learner", "tool.instructor", "nrps.*"}, "tool-roster-first-page")
	blames(t, report)
	found := broken(report)
	if len(found) == 0 {
		t.Error("nothing is broken")
	}
	for id, q := range found {
		if !strings.HasPrefix(id, "nrps20.tool.roster.") {
			t.Errorf("unrelated: %s", story(q))
		}
	}
}

// accusers lists the checks that say that the tool goes down.
func accusers(r *reports.Report) []string {
	var out []string
	for _, c := range r.Checks {
		if slices.ContainsFunc(c.Findings, func(f reports.Finding) bool { return f.Requirement == staysUp }) {
			out = append(out, c.ID)
		}
	}
	return out
}

// TestToolThatIsStartedAgain: where something watches over the tool the launch that brings
// it down each time is found, and everything else is looked at all the same.
func TestToolThatIsStartedAgain(t *testing.T) {
	if testing.Short() {
		t.Skip("browsers are left out with -short")
	}
	t.Parallel() // it waits more than it works
	if _, err := browser.Find(); err != nil {
		t.Skip(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	own := judgeSide(t, "platform.localhost")
	known := tool.Platform{Issuer: own.origin, ClientID: "rollcall-client", AuthURL: own.origin + "/auth", TokenURL: own.origin + "/token", JWKSURL: own.origin + "/jwks", Deployments: []string{"dep-1", "dep-2"}}
	o := district.ToolOptions{TLS: own.made, TrustPEM: own.made.AuthorityPEM, Faults: []string{dies}, Platforms: []tool.Platform{known}}
	first, err := district.StartTool(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	at, err := url.Parse(first.Origin)
	if err != nil {
		t.Fatal(err)
	}
	o.Listen = "127.0.0.1:" + at.Port()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for s := first; ; {
			_ = s.Wait() // why it went down is the fault's affair
			select {
			case <-ctx.Done():
				return
			case <-time.After(2 * time.Second): // to start takes a product a while
			}
			if again, err := district.StartTool(ctx, o); err == nil {
				s = again
			}
		}
	}()
	t.Cleanup(func() { cancel(); <-ended })
	focus := []string{"tool.alg-*", "tool.aud-*", "tool.state-*"}
	report := judgedBy(ctx, t, toolText(first, own, catalogue.Strict, marked, ""), harness.Options{Focus: focus})
	blames(t, report)
	for id, q := range broken(report) {
		if id != staysUp {
			t.Errorf("unrelated: %s", story(q))
		}
	}
	for _, q := range report.Requirements {
		switch {
		case q.ID == staysUp:
			if text := story(q); q.Verdict != reports.Fail || !strings.Contains(text, "a second time") {
				t.Error(text)
			}
		case q.ID == ltitool.Prefix+"refuse.alg-none":
		case q.Verdict != reports.Pass && q.Verdict != reports.NotApplicable:
			t.Errorf("not looked at: %s", story(q))
		}
	}
}
