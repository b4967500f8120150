package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	gradebook "github.com/rollcall-edu/rollcall/reference/platform/ags"
	"github.com/rollcall-edu/rollcall/reports"
	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/lti/ags"
	"github.com/rollcall-edu/rollcall/suites/lti/nrps"
)

// hasty rewrites answers of a token endpoint: tokens are told to be good for as long as it takes
// to use them, so that each request needs one of its own.
func hasty(back http.Handler, w http.ResponseWriter, r *http.Request) {
	recorded := httptest.NewRecorder()
	back.ServeHTTP(recorded, r)
	var m map[string]any
	if json.Unmarshal(recorded.Body.Bytes(), &m) == nil && m["expires_in"] != nil {
		m["expires_in"] = 5
		recorded.Body.Reset()
		_ = json.NewEncoder(recorded.Body).Encode(m) // of what was JSON
	}
	passOn(w, recorded)
}

// passOn sends what was recorded.
func passOn(w http.ResponseWriter, recorded *httptest.ResponseRecorder) {
	for name, values := range recorded.Header() {
		if name != "Content-Length" {
			w.Header()[name] = values
		}
	}
	w.WriteHeader(recorded.Code)
	_, _ = io.Copy(w, recorded.Body) // the client may be gone
}

// TestPlatformServicesWithoutTokens takes the token endpoint away in the midst of checks, where
// tokens are soon over: no service is blamed for what it was asked without one.
func TestPlatformServicesWithoutTokens(t *testing.T) {
	if testing.Short() {
		t.Skip("browsers are left out with -short")
	}
	for _, prefix := range []string{nrps.PlatformPrefix, ags.PlatformPrefix} {
		t.Run(prefix, func(t *testing.T) {
			t.Parallel() // it waits more than it works
			var asked atomic.Int64
			var back http.Handler
			p, text := gradesBehind(t, odd{"goes away", func(w http.ResponseWriter, r *http.Request) {
				if asked.Add(1) > 25 {
					http.Error(w, "the tokens are away", http.StatusServiceUnavailable)
					return
				}
				hasty(back, w, r)
			}}, "/token")
			back = p.Handler()
			report := judgedBy(t.Context(), t, hurried(text), harness.Options{Focus: []string{prefix + "*"}})
			sound(t, report)
			looked := 0
			for _, q := range report.Requirements {
				switch {
				case !strings.HasPrefix(q.ID, prefix):
				case strings.Contains(q.ID, "expired"): // the tokens are told to be over sooner than they are
				case q.Verdict == reports.Fail || q.Verdict == reports.Warning:
					t.Errorf("%s, for the token endpoint is away", story(q))
				case q.Verdict == reports.Pass:
					looked++
				}
			}
			if left := columnsOf(t, p); len(left) > 0 && !tellsOf(report, left) {
				t.Errorf("%d line items were left behind, and none is named: %v", len(left), left)
			}
			if looked == 0 || report.Exit != reports.ExitFailed && report.Exit != reports.ExitIncomplete {
				t.Errorf("%d requirements passed before, exit %d", looked, report.Exit)
			}
			t.Logf("exit %d, %d passed, %s", report.Exit, looked, untested(report))
		})
	}
}

// tellsOf tells whether a report names all line items that were left behind.
func tellsOf(r *reports.Report, left []gradebook.Column) bool {
	var text strings.Builder
	for _, q := range r.Requirements {
		fmt.Fprintln(&text, q.Notes)
	}
	return !slices.ContainsFunc(left, func(c gradebook.Column) bool {
		return !strings.Contains(text.String(), "/"+c.ID) && !strings.Contains(text.String(), c.Item.Label)
	})
}

// TestPlatformMembersWithoutEnd judges a platform whose pages of members go on for ever, with
// somebody new on each: that can't be told from a course that is too large.
func TestPlatformMembersWithoutEnd(t *testing.T) {
	if testing.Short() {
		t.Skip("browsers are left out with -short")
	}
	t.Parallel()
	var page atomic.Int64
	_, text := gradesBehind(t, odd{"goes on", func(w http.ResponseWriter, r *http.Request) {
		n := page.Add(1)
		at := "https://" + r.Host + r.URL.Path
		w.Header().Set("Content-Type", "application/vnd.ims.lti-nrps.v2.membershipcontainer+json")
		w.Header().Set("Link", fmt.Sprintf(`<%s?page=%d>; rel="next"`, at, n))
		fmt.Fprintf(w, `{"id":%q,"context":{"id":"c"},"members":[{"user_id":"u%d","roles":["http://purl.imsglobal.org/vocab/lis/v2/membership#Learner"],"status":"Active"}]}`, at, n)
	}}, "/nrps")
	began := time.Now()
	report := judgedBy(t.Context(), t, text, harness.Options{Focus: []string{nrps.PlatformPrefix + "role.*", nrps.PlatformPrefix + "limit.*", nrps.PlatformPrefix + "page.*", nrps.PlatformPrefix + "diff.*", nrps.PlatformPrefix + "change.*"}})
	sound(t, report)
	for _, q := range report.Requirements {
		if !strings.HasPrefix(q.ID, nrps.PlatformPrefix) {
			continue
		}
		switch {
		case q.ID == nrps.PlatformPrefix+"limit.invalid": // each page has one member
		case q.Verdict != reports.NotTested || !strings.Contains(q.Reason, "more than 60 pages") || q.Remedy == "":
			t.Errorf("%s %s", story(q), q.Reason)
		}
	}
	if report.Exit != reports.ExitIncomplete {
		t.Errorf("exit %d", report.Exit)
	}
	t.Logf("exit %d, %d pages, %s", report.Exit, page.Load(), time.Since(began).Round(time.Second))
}

// TestPlatformGradesRemovedByAnother has somebody else delete line items in the midst of checks:
// there is nothing to hold against the platform that a look at the same item wouldn't show, and
// nothing is left behind.
func TestPlatformGradesRemovedByAnother(t *testing.T) {
	if testing.Short() {
		t.Skip("browsers are left out with -short")
	}
	t.Parallel()
	var asked atomic.Int64
	var last atomic.Pointer[http.Request] // deletes the line item that was made last
	var back http.Handler
	p, text := gradesBehind(t, odd{"loses line items", func(w http.ResponseWriter, r *http.Request) {
		if gone := last.Load(); gone != nil && asked.Add(1)%11 == 0 {
			back.ServeHTTP(httptest.NewRecorder(), gone)
		}
		if r.Method != http.MethodPost || !strings.HasSuffix(r.URL.Path, "/lineitems") {
			back.ServeHTTP(w, r)
			return
		}
		recorded := httptest.NewRecorder()
		back.ServeHTTP(recorded, r)
		var made gradebook.LineItem
		if json.Unmarshal(recorded.Body.Bytes(), &made) == nil && made.ID != "" {
			gone := httptest.NewRequest(http.MethodDelete, made.ID, nil)
			gone.Header = r.Header.Clone()
			last.Store(gone)
		}
		passOn(w, recorded)
	}}, "/ags")
	back = p.Handler()
	report := judgedBy(t.Context(), t, text, harness.Options{Focus: grades})
	sound(t, report)
	gone := 0
	for _, q := range report.Requirements {
		if strings.Contains(q.Reason, "was there and is gone") {
			gone++
		}
	}
	if found := broken(report); len(found) > 3 || // what is gone before anybody saw it could not be made
		gone == 0 || report.Exit == reports.ExitConforms {
		t.Errorf("%d requirements are broken, and of %d it is said what is gone, exit %d", len(found), gone, report.Exit)
		for _, q := range found {
			t.Log(story(q))
		}
	}
	if left := columnsOf(t, p); len(left) > 0 {
		t.Errorf("%d line items were left behind: %v", len(left), left)
	}
	t.Logf("exit %d, %d broken, %s", report.Exit, len(broken(report)), untested(report))
}

// TestPlatformResultsWithoutEnd judges a platform whose results go on for ever.
func TestPlatformResultsWithoutEnd(t *testing.T) {
	if testing.Short() {
		t.Skip("browsers are left out with -short")
	}
	t.Parallel()
	var page atomic.Int64
	var back http.Handler
	p, text := gradesBehind(t, odd{"goes on", func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasSuffix(r.URL.Path, "/results") {
			back.ServeHTTP(w, r)
			return
		}
		at := "https://" + r.Host + r.URL.Path
		link := fmt.Sprintf(`<%s?page=%d>; rel="next"`, at, page.Add(1))
		if !r.URL.Query().Has("page") {
			recorded := httptest.NewRecorder()
			if back.ServeHTTP(recorded, r); recorded.Code == http.StatusOK {
				recorded.Header().Set("Link", link)
			}
			passOn(w, recorded)
			return
		}
		w.Header().Set("Content-Type", gradebook.TypeResults)
		w.Header().Set("Link", link)
		_, _ = io.WriteString(w, "[]") // the client may be gone
	}}, "/ags")
	back = p.Handler()
	began := time.Now()
	report := judgedBy(t.Context(), t, text, harness.Options{Focus: []string{ags.PlatformPrefix + "result.*", ags.PlatformPrefix + "score.zero"}})
	sound(t, report)
	const endless = ags.PlatformPrefix + "result.pages"
	for id, q := range broken(report) {
		if id != endless {
			t.Errorf("%s, for pages don't end", story(q))
		}
	}
	if q, there := broken(report)[endless]; !there || !strings.Contains(story(q), "no end after") {
		t.Errorf("pages that don't end: %s", story(q))
	}
	if left := columnsOf(t, p); len(left) > 0 {
		t.Errorf("%d line items were left behind: %v", len(left), left)
	}
	t.Logf("exit %d, %d pages, %s", report.Exit, page.Load(), time.Since(began).Round(time.Second))
}
