package versions_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-edu/rollcall/reports"
	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/oneroster"
	"github.com/rollcall-edu/rollcall/suites/oneroster/rostering"
)

const (
	of11 = "/ims/oneroster/v1p1"
	of12 = "/ims/oneroster/rostering/v1p2"
)

// product answers by both versions with the same orgs, unless it is bent. name gives the name
// of an org, "" where a version doesn't list it; it is told how often its list was read.
type product struct {
	name   func(version, id string, lists int, single bool) string
	status func(version, path string) int
	lists  map[string]int
}

func (p *product) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	version, path := of11, ""
	if rest, is := strings.CutPrefix(r.URL.Path, of12); is {
		version, path = of12, rest
	} else {
		path = strings.TrimPrefix(r.URL.Path, of11)
	}
	if code := p.status(version, path); code != 200 {
		w.WriteHeader(code)
		return
	}
	object := func(id string, single bool) map[string]any {
		name := p.name(version, id, p.lists[version], single)
		if name == "" {
			return nil
		}
		return map[string]any{"sourcedId": id, "status": "active", "dateLastModified": "2026-08-01T00:00:00.000Z", "name": name,
			"type": "school", "identifier": id}
	}
	w.Header().Set("Content-Type", "application/json")
	if id, single := strings.CutPrefix(path, "/orgs/"); single {
		if o := object(id, true); o != nil {
			_ = json.NewEncoder(w).Encode(map[string]any{"org": o})
			return
		}
		w.WriteHeader(http.StatusNotFound)
		return
	}
	list := []any{}
	if path == "/orgs" {
		p.lists[version]++
		for i := range 10 {
			if o := object(fmt.Sprint("o", i), false); o != nil {
				list = append(list, o)
			}
		}
	}
	w.Header().Set("X-Total-Count", strconv.Itoa(len(list)))
	offset, _ := strconv.Atoi(r.URL.Query().Get("offset"))
	_ = json.NewEncoder(w).Encode(map[string]any{strings.TrimPrefix(path, "/"): list[min(offset, len(list)):]})
}

const requirement = "or11.rostering.versions.orgs"

// compared judges the orgs of a product.
func compared(t *testing.T, p *product, profiles ...string) reports.RequirementResult {
	t.Helper()
	p.lists = map[string]int{}
	if p.name == nil {
		p.name = func(_, id string, _ int, _ bool) string { return "Org " + id }
	}
	if p.status == nil {
		p.status = func(string, string) int { return 200 }
	}
	server := httptest.NewServer(p)
	defer server.Close()
	text := fmt.Sprintf("rollcall: 1\nname: Fake\nprofiles: [%s]\nlimits: {request_timeout: 2s, patience: 1s}\n"+
		"oneroster:\n  rostering: %s\n  v1p1: %s\n  auth: {bearer: \"${TOKEN}\"}\n", strings.Join(profiles, ", "), server.URL+of12, server.URL+of11)
	target, err := harness.ParseTarget("target.yaml", []byte(text), func(string) (string, bool) { return "hush-hush", true }, oneroster.New)
	if err != nil {
		t.Fatal(err)
	}
	run, err := harness.New(target, []harness.Suite{rostering.Suite(), rostering.Suite11()}, harness.Options{
		InProcess: true, Shards: 1, Seed: 1, Focus: []string{requirement}, Breath: 10 * time.Millisecond, SkipDoctor: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	report, err := run.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(report.Requirements, func(q reports.RequirementResult) bool { return q.ID == requirement })
	return report.Requirements[i]
}

var both = []string{"or12-rostering-core-provider", "or11-rostering-core-provider"}

func TestCompared(t *testing.T) {
	only := func(version string) func(string, string, int, bool) string {
		return func(v, id string, _ int, _ bool) string {
			if v != version && id == "o3" {
				return ""
			}
			return "Org " + id
		}
	}
	for name, test := range map[string]struct {
		product  product
		profiles []string
		verdict  reports.Verdict
		says     string // the finding, the reason or a note
	}{
		"the same":     {profiles: both, verdict: reports.Pass},
		"1.1 alone":    {profiles: both[1:], verdict: reports.NotApplicable, says: "judges OneRoster 1.1 Rostering, and not OneRoster 1.2 Rostering"},
		"only 1.1 has": {product: product{name: only(of11)}, profiles: both, verdict: reports.Warning, says: "OneRoster 1.1 lists 1 of 10 that OneRoster 1.2 doesn't, such as o3"},
		"only 1.2 has": {product: product{name: only(of12)}, profiles: both, verdict: reports.Warning, says: "OneRoster 1.2 lists 1 of 10 that OneRoster 1.1 doesn't, such as o3"},
		"another name": {product: product{name: func(v, id string, _ int, _ bool) string { return v[len(v)-1:] + id }}, profiles: both,
			verdict: reports.Warning, says: "1o0 by OneRoster 1.1, 2o0 by OneRoster 1.2; 10 of 10 differ, such as o0, o1, o2, o3, o4"},
		"changed between the crawls": {product: product{name: func(_, id string, lists int, single bool) string {
			if id == "o3" && (single || lists > 1) { // the crawl of 1.1 reads it later
				return "Another"
			}
			return "Org " + id
		}}, profiles: both, verdict: reports.Pass},
		"renamed between the crawls": {product: product{name: func(v, id string, _ int, single bool) string {
			if id == "o3" && (single || v == of11) {
				return "Another"
			}
			return "Org " + id
		}}, profiles: both, verdict: reports.Pass, says: "name of 1 objects changed while both versions were read"},
		"removed between the crawls": {product: product{name: func(v, id string, _ int, single bool) string {
			if id == "o3" && (single || v == of11) {
				return ""
			}
			return "Org " + id
		}}, profiles: both, verdict: reports.Pass, says: "gone meanwhile"},
		"1.2 can't be read": {product: product{status: func(v, path string) int {
			if v == of12 {
				return 500
			}
			return 200
		}}, profiles: both, verdict: reports.NotTested, says: "the crawl of /orgs of OneRoster 1.2 Rostering broke off"},
		"single objects can't be read": {product: product{
			name: func(v, id string, _ int, _ bool) string { return v[len(v)-1:] + id },
			status: func(_, path string) int {
				if strings.HasPrefix(path, "/orgs/") {
					return 500
				}
				return 200
			}}, profiles: both, verdict: reports.Warning, says: "10 of 10 differ"},
	} {
		t.Run(name, func(t *testing.T) {
			q := compared(t, &test.product, test.profiles...)
			said := q.Reason + strings.Join(q.Notes, " ")
			for _, f := range q.Findings {
				said += f.Seen
				if len(f.Exchanges) != 2 {
					t.Errorf("it is shown by %q", f.Exchanges)
				}
			}
			if q.Verdict != test.verdict || !strings.Contains(said, test.says) {
				t.Errorf("it is %s: %s", q.Verdict, said)
			}
		})
	}
}
