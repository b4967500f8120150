package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rollcall-edu/rollcall/reference/district"
	"github.com/rollcall-edu/rollcall/reference/fault/catalogfault"
	"github.com/rollcall-edu/rollcall/reference/tool"
	"github.com/rollcall-edu/rollcall/reports"
	"github.com/rollcall-edu/rollcall/suites/catalogue"
	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/harness/browser"
	"github.com/rollcall-edu/rollcall/suites/resourcesearch"
)

// catalogItems are as many resources as the matrix needs: more than come on one page.
const catalogItems = 230

// judgedCatalog judges the reference's catalogue with some faults on.
func judgedCatalog(c cell) (*reports.Report, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Minute)
	defer cancel()
	s, err := district.StartCatalog(ctx, district.CatalogOptions{Faults: c.Faults, Items: catalogItems,
		CASE: "https://case.example/ims/case/v1p1", Tool: "https://tool.example"})
	if err != nil {
		return nil, err
	}
	defer s.Close()
	text := fmt.Sprintf("rollcall: 1\nname: Reference catalogue\nprofiles: [rs10-catalog]\nresource_search:\n  url: %s\n"+
		"  auth: {token_url: %q, client_id: %q, client_secret: %q}\nstance: %s\nlimits: {request_timeout: %s, max_body_mib: 8}\n",
		s.BaseURL, s.TokenURL, s.Main.ID, s.Main.Secret, c.Stance, patienceWith(c.Faults))
	return judgedFor(ctx, text, harness.Options{Shards: 1, InProcess: true, Focus: c.Focus})
}

// judgedLinks judges where the links of the reference's catalogue lead, with some faults on: the reference tool
// opens them, and a browser follows.
func judgedLinks(t *testing.T, faults ...string) *reports.Report {
	t.Helper()
	if _, err := browser.Find(); err != nil {
		t.Skip(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	own := judgeSide(t, "platform.localhost")
	opens, err := district.StartTool(ctx, district.ToolOptions{TLS: own.made, TrustPEM: own.made.AuthorityPEM, Platforms: []tool.Platform{{
		Issuer: own.origin, ClientID: "rollcall-client", AuthURL: own.origin + "/auth", TokenURL: own.origin + "/token",
		JWKSURL: own.origin + "/jwks", Deployments: []string{"dep-1"}}}})
	if err != nil {
		t.Fatal(err)
	}
	defer opens.Close()
	s, err := district.StartCatalog(ctx, district.CatalogOptions{Faults: faults, Items: 60, CASE: "https://case.example/ims/case/v1p1",
		Tool: opens.Origin})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	return judgedBy(ctx, t, fmt.Sprintf(`rollcall: 1
name: Reference catalogue
profiles: [%s]
stance: strict
tls: {ca_file: %q}
resource_search:
  url: %s
  auth: {token_url: %q, client_id: %q, client_secret: %q}
lti:
  listen: %s
  public_url: %s
  cert_file: %q
  key_file: %q
  client_id: rollcall-client
  deployments: [dep-1]
  launch_timeout: 20s
  tool: {login_url: %s, target_link_uri: %s, redirect_uris: [%s]}
`, resourcesearch.LinksProfile, own.ca, s.BaseURL, s.TokenURL, s.Main.ID, s.Main.Secret, own.listen, own.origin, own.cert, own.key,
		opens.LoginURL(), opens.TargetURL("quiz"), opens.RedirectURL()), harness.Options{Shards: 1})
}

// TestCatalogLinks launches links of the reference's catalogue, as a platform would.
func TestCatalogLinks(t *testing.T) {
	if testing.Short() {
		t.Skip("browsers are left out with -short")
	}
	for _, q := range judgedLinks(t).Requirements {
		if q.Verdict != reports.Pass {
			t.Error(story(q))
		}
	}
}

// ofLinks tells whether a fault is one of where links lead.
func ofLinks(breaks []string) bool {
	return slices.ContainsFunc(breaks, func(id string) bool { return strings.HasPrefix(id, "rs10.links.") })
}

// catalogCell is one run of the suite against the catalogue with some faults on.
func catalogCell(stance catalogue.Stance, faults ...string) cell {
	return cell{Faults: faults, Stance: stance, Profiles: resourcesearch.Suite().Profiles}
}

// TestCatalogConformance holds the clean catalogue to every requirement: nothing fails, and what isn't
// tested says why.
func TestCatalogConformance(t *testing.T) {
	t.Parallel()
	for _, stance := range []catalogue.Stance{catalogue.Strict, catalogue.Certification} {
		t.Run(string(stance), func(t *testing.T) {
			if testing.Short() && stance != catalogue.Strict {
				t.Skip("one run is enough under the race detector")
			}
			report := judgedCell(t, catalogCell(stance))
			passed := 0
			for _, q := range report.Requirements {
				switch q.Verdict {
				case reports.Pass:
					passed++
				case reports.NotApplicable:
				default:
					t.Error(story(q))
				}
			}
			if least := 150; passed < least {
				t.Errorf("%d of %d requirements pass, fewer than %d", passed, len(report.Requirements), least)
			}
			sound(t, report)
		})
	}
}

// TestCatalogMatrix proves the judge of catalogues: each fault is found, and nothing unrelated accused;
// each variant passes. A third of both, another one each day, is tried where not all are asked for.
func TestCatalogMatrix(t *testing.T) {
	if testing.Short() {
		t.Skip("the matrix runs by itself: make matrix")
	}
	tables, err := catalogfault.Kind.Tables()
	if err != nil {
		t.Fatal(err)
	}
	cat, err := catalogue.Load()
	if err != nil {
		t.Fatal(err)
	}
	if len(tables.Faults) < 60 || len(tables.Variants) < 20 {
		t.Errorf("%d faults and %d variants; at least 60 and 20 are wanted", len(tables.Faults), len(tables.Variants))
	}
	recorded, err := readMatrix()
	if err != nil {
		t.Fatal(err)
	}
	all := os.Getenv("ROLLCALL_MATRIX") != "" || *update
	var mu sync.Mutex
	seen := map[string]caught{}
	record := func(id string, report *reports.Report) map[string]reports.RequirementResult {
		found := broken(report)
		mu.Lock()
		defer mu.Unlock()
		seen[id] = caughtBy(id, report, found)
		return found
	}
	today := func(n int) map[int]bool {
		out := map[int]bool{}
		for _, i := range (sample{n, n / 8}).of(t, n) {
			out[i] = true
		}
		return out
	}
	faults, variants := today(len(tables.Faults)), today(len(tables.Variants))
	t.Run("each", func(t *testing.T) {
		for i, f := range tables.Faults {
			if !all && !faults[i] {
				continue
			}
			t.Run("fault/"+f.ID, func(t *testing.T) {
				t.Parallel()
				var report *reports.Report
				if ofLinks(f.Breaks) {
					report = judgedLinks(t, f.ID)
				} else {
					report = judgedCell(t, catalogCell(catalogue.Strict, f.ID))
				}
				found := record(f.ID, report)
				if sound(t, report); !onlyNoted(cat, f) {
					blames(t, report)
				}
				if len(f.Breaks) == 0 {
					t.Error("the fault breaks no requirement")
				}
				for _, id := range f.Breaks {
					if _, known := cat.Requirement(id); !known {
						t.Errorf("breaks %s, which the catalogue doesn't hold", id)
					} else if _, caught := found[id]; !caught && !noted(report)[id] {
						t.Errorf("%s was not caught", id)
					}
				}
				for id, q := range found {
					if !expected(id, f.Breaks) && !expected(id, f.May) {
						t.Errorf("unrelated: %s", story(q))
					}
				}
			})
		}
		for i, v := range tables.Variants {
			if !all && !variants[i] {
				continue
			}
			t.Run("variant/"+v.ID, func(t *testing.T) {
				t.Parallel()
				report := judgedCell(t, catalogCell(catalogue.Strict, v.ID))
				record(v.ID, report)
				for _, q := range report.Requirements {
					if slices.Contains([]reports.Verdict{reports.Fail, reports.Warning, reports.Error, reports.Unknown}, q.Verdict) {
						t.Error(story(q))
					}
				}
			})
		}
	})
	if *update {
		kept := map[string]caught{}
		for _, f := range tables.Faults {
			if c, is := recorded[f.ID]; is {
				kept[f.ID] = c
			}
		}
		for _, v := range tables.Variants {
			if c, is := recorded[v.ID]; is {
				kept[v.ID] = c
			}
		}
		for id, c := range seen {
			kept[id] = c
		}
		if err := writeMatrix("data/matrix-catalog.json", kept); err != nil {
			t.Fatal(err)
		}
		recorded = kept
	}
	proved := map[string]bool{}
	for _, f := range tables.Faults {
		if _, is := recorded[f.ID]; !is {
			t.Errorf("%s is not in the recorded matrix; run `ROLLCALL_MATRIX=all go test ./cmd/rollcall -run TestCatalogMatrix -update`", f.ID)
		}
		for _, check := range recorded[f.ID].Checks {
			proved[check] = true
		}
	}
	serviceMatrix{suite: resourcesearch.Suite(), unproved: "testdata/unproved-catalog.txt"}.holdUnproved(t, cat, proved)
}
