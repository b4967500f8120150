package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rollcall-edu/rollcall/reference/district"
	gradebook "github.com/rollcall-edu/rollcall/reference/platform/ags"
	"github.com/rollcall-edu/rollcall/reports"
	"github.com/rollcall-edu/rollcall/suites/catalogue"
	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/harness/browser"
	"github.com/rollcall-edu/rollcall/suites/lti/ags"
	"github.com/rollcall-edu/rollcall/suites/lti/nrps"
)

// TestPlatformGrades holds the clean reference platform to what is asked of grades, and the
// judge to leaving nothing behind.
func TestPlatformGrades(t *testing.T) {
	if testing.Short() {
		t.Skip("browsers are left out with -short")
	}
	t.Parallel() // it waits more than it works
	p, text := gradesBehind(t, odd{})
	report := judgedBy(t.Context(), t, text, harness.Options{Focus: grades})
	if len(report.Requirements) < 90 {
		t.Errorf("only %d requirements were judged", len(report.Requirements))
	}
	for _, q := range report.Requirements {
		if q.Verdict != reports.Pass {
			t.Errorf("%s %s", story(q), q.Reason)
		}
	}
	if left := columnsOf(t, p); len(left) > 0 {
		t.Errorf("%d line items were left behind: %v", len(left), left)
	}
	t.Logf("%d checks, %s", len(report.Checks), report.Run.Finished.Sub(report.Run.Started))
}

// grades is all that is asked of them.
var grades = []string{ags.PlatformPrefix + "*"}

// gradesBehind serves the reference platform behind a server that answers some paths in its
// own way, and gives the target file by which it is judged.
func gradesBehind(t *testing.T, o odd, below ...string) (p *district.Platform, text string) {
	t.Helper()
	if _, err := browser.Find(); err != nil {
		t.Skip(err)
	}
	own := judgeSide(t, "tool.localhost")
	f := inFront(t, own, "platform.localhost", o, below...)
	listen := freePort(t)
	p, err := district.StartPlatform(context.WithoutCancel(t.Context()), district.PlatformOptions{Listen: listen, Origin: f.origin,
		TrustPEM: own.made.AuthorityPEM, Tools: ownRegistrations(own.origin)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	f.listensAt(t, listen)
	return p, platformText(p, own, catalogue.Strict)
}

// columnsOf lists the line items of all courses.
func columnsOf(t *testing.T, p *district.Platform) (out []gradebook.Column) {
	t.Helper()
	for _, c := range p.Courses() {
		columns, err := p.Grades.Columns(t.Context(), c.ID)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, columns...)
	}
	return out
}

// TestPlatformGradesOdd feeds every check of grades a service that answers in ways nobody
// scripted.
func TestPlatformGradesOdd(t *testing.T) {
	passes := []string{ags.PlatformPrefix + "claim.*", ags.PlatformPrefix + "list.*"} // an empty list is one
	oddly(t, sampled(t, []string{"grades"}, 3), func(t *testing.T, c oddCase) *reports.Report {
		_, text := gradesBehind(t, c.odd, "/ags")
		return judgedBy(t.Context(), t, hurried(text), harness.Options{Focus: grades})
	}, map[string][]string{"grades": passes})
}

// TestPlatformGradesWithoutEnd judges a platform whose line items go on for ever.
func TestPlatformGradesWithoutEnd(t *testing.T) {
	if testing.Short() {
		t.Skip("browsers are left out with -short")
	}
	t.Parallel()
	var page atomic.Int64
	endless := odd{"goes on", func(w http.ResponseWriter, r *http.Request) {
		n := page.Add(1)
		at := "https://" + r.Host + r.URL.Path
		w.Header().Set("Content-Type", gradebook.TypeLineItems)
		w.Header().Set("Link", fmt.Sprintf(`<%s?page=%d>; rel="next"`, at, n))
		_ = json.NewEncoder(w).Encode([]gradebook.LineItem{{ID: fmt.Sprintf("%s/%d", at, n), Label: "More", ScoreMaximum: 1}}) // the client may be gone
	}}
	_, text := gradesBehind(t, endless, "/ags")
	report := judgedBy(t.Context(), t, text, harness.Options{Focus: []string{ags.PlatformPrefix + "filter.*", ags.PlatformPrefix + "page.*"}})
	sound(t, report)
	for _, q := range report.Requirements {
		if q.Verdict == reports.Pass && strings.HasPrefix(q.ID, ags.PlatformPrefix) {
			t.Errorf("%s passed", q.ID)
		}
	}
}

// TestPlatformGradesWithoutTokens takes the token endpoint away in the midst of a run: nothing
// is held against the grades, and nothing is left behind, or it is named.
func TestPlatformGradesWithoutTokens(t *testing.T) {
	if testing.Short() {
		t.Skip("browsers are left out with -short")
	}
	t.Parallel()
	var asked atomic.Int64
	var back http.Handler
	p, text := gradesBehind(t, odd{"goes away", func(w http.ResponseWriter, r *http.Request) {
		if asked.Add(1) > 6 {
			http.Error(w, "the tokens are away", http.StatusServiceUnavailable)
			return
		}
		back.ServeHTTP(w, r)
	}}, "/token")
	back = p.Handler()
	report := judgedBy(t.Context(), t, hurried(text), harness.Options{Focus: grades})
	sound(t, report)
	for _, q := range report.Requirements {
		if strings.HasPrefix(q.ID, ags.PlatformPrefix) && (q.Verdict == reports.Fail || q.Verdict == reports.Warning) {
			t.Errorf("%s, for the token endpoint is away", story(q))
		}
	}
	if left := columnsOf(t, p); len(left) > 0 {
		t.Errorf("%d line items were left behind: %v", len(left), left)
	}
}

// TestPlatformGradesUnwritten has nothing made where the target file says so: what needs it
// is not tested, and what is there is read.
func TestPlatformGradesUnwritten(t *testing.T) {
	if testing.Short() {
		t.Skip("browsers are left out with -short")
	}
	t.Parallel()
	p, text := gradesBehind(t, odd{})
	_, _, _, course := p.People()
	links := p.Links(course, ownClient)
	if _, err := p.Grades.Couple(t.Context(), links[0], gradebook.LineItem{Label: "Its own", ScoreMaximum: 5}); err != nil {
		t.Fatal(err)
	}
	text = strings.Replace(text, "    users:\n", "    writes: false\n    users:\n", 1)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	report := judgedBy(ctx, t, text, harness.Options{Focus: grades})
	passed := 0
	for _, q := range report.Requirements {
		reads := slices.ContainsFunc([]string{"claim.present", "claim.form", "claim.lineitems", "claim.scopes", "list.", "item."}, func(begins string) bool {
			return strings.HasPrefix(q.ID, ags.PlatformPrefix+begins)
		})
		switch {
		case !strings.HasPrefix(q.ID, ags.PlatformPrefix):
		case reads && q.Verdict == reports.Pass:
			passed++
		case reads, q.Verdict != reports.NotTested, !strings.Contains(q.Remedy, "lti.platform."):
			t.Errorf("%s %s %s", story(q), q.Reason, q.Remedy)
		}
	}
	if left := columnsOf(t, p); len(left) != 1 || passed != 12 {
		t.Errorf("%d line items, %d requirements passed", len(left), passed)
	}
}

// TestPlatformGradesUnconfigured: a target file that claims the service and names no scopes is no
// platform that conforms: what can't be asked for is not tested, and the remedy says what to write.
func TestPlatformGradesUnconfigured(t *testing.T) {
	if testing.Short() {
		t.Skip("browsers are left out with -short")
	}
	t.Parallel()
	_, text := gradesBehind(t, odd{})
	text = regexp.MustCompile(`(?m)^    scopes:\n(?: +- .*\n)+`).ReplaceAllString(text, "")
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	members := []string{nrps.PlatformPrefix + "container.readable", nrps.PlatformPrefix + "access.scope"}
	report := judgedBy(ctx, t, text, harness.Options{Focus: append(members, grades...)})
	untested := 0
	for _, q := range report.Requirements {
		if slices.Contains(members, q.ID) && (q.Verdict != reports.NotTested || !strings.Contains(q.Remedy, "lti.platform.scopes")) {
			t.Errorf("%s %s %s", story(q), q.Reason, q.Remedy)
		}
		launched := slices.Contains([]string{"claim.present", "claim.form", "claim.lineitems"}, strings.TrimPrefix(q.ID, ags.PlatformPrefix))
		switch {
		case !strings.HasPrefix(q.ID, ags.PlatformPrefix) || launched && q.Verdict == reports.Pass:
		case launched, q.Verdict != reports.NotTested, !strings.Contains(q.Remedy, "lti.platform.scopes"):
			t.Errorf("%s %s %s", story(q), q.Reason, q.Remedy)
		default:
			untested++
		}
	}
	if untested < 90 || report.Exit != reports.ExitIncomplete {
		t.Errorf("%d requirements are not tested, and the exit code is %d", untested, report.Exit)
	}
}

// TestServicesWithoutLaunch: where the steps to the first link lead nowhere the target file is to be
// corrected, and no service of the platform is accused of what no launch could tell.
func TestServicesWithoutLaunch(t *testing.T) {
	if testing.Short() {
		t.Skip("browsers are left out with -short")
	}
	t.Parallel()
	_, text := gradesBehind(t, odd{})
	const click = "#links li:nth-child(1) a.as-same"
	if !strings.Contains(text, click) {
		t.Fatal("the target file has no such step")
	}
	text = strings.Replace(text, click, "#nothing-here", 1)
	focus := []string{ags.PlatformPrefix + "claim.present", ags.PlatformPrefix + "list.answers", ags.PlatformPrefix + "score.zero",
		nrps.PlatformPrefix + "claim.present", nrps.PlatformPrefix + "container.readable", nrps.PlatformPrefix + "limit.kept"}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	met := 0
	for _, q := range judgedBy(ctx, t, text, harness.Options{Focus: focus}).Requirements {
		if !slices.Contains(focus, q.ID) {
			continue
		}
		met++
		if q.Verdict != reports.NotTested || q.Blame == nil || q.Blame.Kind != reports.Configuration || !strings.Contains(q.Remedy, "Correct the steps") {
			t.Errorf("%s %s %s", story(q), q.Reason, q.Remedy)
		}
	}
	if met != len(focus) {
		t.Errorf("%d requirements were to be judged, and %d were", len(focus), met)
	}
}
