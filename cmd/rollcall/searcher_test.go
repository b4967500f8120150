package main

import (
	"context"
	"net"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-edu/rollcall/reports"
	"github.com/rollcall-edu/rollcall/suites/catalogue"
	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/harness/browser"
	"github.com/rollcall-edu/rollcall/suites/resourcesearch/searcher"
)

// judgedSearcher judges the reference platform as one that searches, in a browser, over https.
func judgedSearcher(t testing.TB, stance catalogue.Stance, focus []string, faults ...string) *reports.Report {
	t.Helper()
	if _, err := browser.Find(); err != nil {
		t.Skip(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	own := judgeSide(t, "tool.localhost")
	by := searchedBy{made: own.made, cert: own.cert, key: own.key, catalog: freePort(t), toolOrigin: own.origin, toolListens: own.listen}
	_, port, _ := net.SplitHostPort(by.catalog) // of ours
	by.catalogOrigin = "https://tool.localhost:" + port
	p, sections, err := startSearching(ctx, by, faults...)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	text, err := harness.WriteTarget(harness.Target{Name: "Rollcall reference platform", Profiles: searcher.Suite().Profiles, Stance: stance,
		TLS: harness.TLS{CAFile: own.ca}}, sections...)
	if err != nil {
		t.Fatal(err)
	}
	return judgedBy(ctx, t, string(text), harness.Options{Focus: focus, Shards: 1})
}

// TestSearcherConformance holds the clean reference platform to all that is asked of products that search.
func TestSearcherConformance(t *testing.T) {
	if testing.Short() {
		t.Skip("browsers are left out with -short")
	}
	t.Parallel()
	report := judgedSearcher(t, catalogue.Strict, nil)
	for _, q := range report.Requirements {
		if q.Verdict != reports.Pass && !(q.ID == "rs10.searcher.calls.names" && q.Verdict == reports.NotApplicable) {
			t.Errorf("%s %s", story(q), q.Reason)
		}
	}
	sound(t, report)
	t.Logf("%d checks, %s", len(report.Checks), report.Run.Finished.Sub(report.Run.Started))
}

// TestSearcherConformanceOfCommand holds `rollcall search` to what is asked of products that search and have no pages.
func TestSearcherConformanceOfCommand(t *testing.T) {
	t.Parallel()
	text, err := harness.WriteTarget(harness.Target{Name: "rollcall search", Profiles: searcher.Suite().Profiles, Stance: catalogue.Strict},
		&searcher.Section{Search: searcher.Search{By: []string{searcher.ByWords, searcher.ByStandard},
			Command: asProgram + `=1 ROLLCALL_CATALOG_SECRET="$ROLLCALL_CLIENT_SECRET" ` + os.Args[0] + ` search --catalog "$ROLLCALL_URL" ` +
				`--catalog-token-url "$ROLLCALL_TOKEN_URL" --catalog-client-id "$ROLLCALL_CLIENT_ID" --words "$ROLLCALL_WORDS" --standard "$ROLLCALL_STANDARD"`}})
	if err != nil {
		t.Fatal(err)
	}
	report := judgedBy(t.Context(), t, string(text), harness.Options{Shards: 1})
	for _, q := range report.Requirements {
		switch {
		case q.Verdict == reports.Pass:
		case strings.HasPrefix(q.ID, "rs10.searcher.chosen.") && q.Verdict == reports.NotTested: // nothing is chosen by a command
		case slices.Contains([]string{"calls.names", "items.inert", "token.reused"}, strings.TrimPrefix(q.ID, "rs10.searcher.")) &&
			q.Verdict == reports.NotApplicable:
		default:
			t.Errorf("%s %s", story(q), q.Reason)
		}
	}
	sound(t, report)
}
