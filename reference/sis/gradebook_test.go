package sis_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/rollcall-edu/rollcall/fixtures"
	"github.com/rollcall-edu/rollcall/reference/gradebook"
	"github.com/rollcall-edu/rollcall/reference/sis"
	"github.com/rollcall-edu/rollcall/reference/store/pgtest"
)

// gradebook gives the same provider, asked for its Gradebook service.
func (p *provider) gradebook() *provider {
	other := *p
	other.base = strings.Replace(p.base, sis.BasePath, gradebook.BasePath, 1)
	return &other
}

// The Gradebook service: what belongs to a class follows from its line items.
func TestGradebookService(t *testing.T) {
	onEachStore(t, func(t *testing.T, p *provider) {
		p = p.gradebook()
		for path, want := range map[string][]string{
			"/categories":                      {"cat1", "cat2", "cat3"},
			"/scoreScales":                     {"sc1", "sc2", "sc3"},
			"/lineItems":                       {"l1", "l2", "l3", "l4", "l5"},
			"/results":                         {"m4", "m1", "m2", "m3", "m5", "m6", "m7"},
			"/results?limit=2&offset=1":        {"m1", "m2"},
			"/assessmentLineItems":             {"a1", "a0", "a2", "a3"},
			"/assessmentResults":               {"b1", "b2", "b3"},
			"/classes/k1/categories":           {"cat1", "cat2"},
			"/classes/k2/categories":           {"cat1"},
			"/classes/k4/categories":           nil,
			"/classes/k1/lineItems":            {"l1", "l2"},
			"/classes/k4/lineItems":            nil,
			"/classes/k1/results":              {"m1", "m2", "m5", "m7"},
			"/classes/k2/results":              {"m3"},
			"/classes/k4/results":              nil,
			"/classes/k1/scoreScales":          {"sc1"},
			"/classes/k2/scoreScales":          nil,
			"/schools/s1/scoreScales":          {"sc1"},
			"/schools/s%2F2/scoreScales":       {"sc2"},
			"/classes/k1/lineItems/l1/results": {"m1", "m5", "m7"},
			"/classes/k1/lineItems/l2/results": {"m2"},
			"/classes/k1/students/ann/results": {"m1", "m2"},
			"/classes/k2/students/ann/results": {"m3"},
			"/classes/k1/students/ben/results": {"m5"},
			"/classes/k3/students/cat/results": {"m4"},
			"/classes/k1/students/ann/results?sort=score&orderBy=desc": {"m1", "m2"},
			"/classes/k1/students/ann/results?limit=1&offset=1":        {"m2"},
			"/results?sort=score":              {"m5", "m2", "m7", "m1", "m4", "m6", "m3"},
			"/results?sort=score&orderBy=desc": {"m3", "m6", "m4", "m1", "m7", "m2", "m5"},
			"/categories?sort=weight":          {"cat3", "cat2", "cat1"},
		} {
			wrapper := path[strings.LastIndexByte(strings.Split(path, "?")[0], '/')+1:]
			p.get(path).wantIDs(strings.Split(wrapper, "?")[0], want...)
		}
		for path, want := range map[string][]string{
			filtered("/results", "score>'9'"):                                       {"m4", "m3", "m6"},
			filtered("/results", "score='10'"):                                      {"m4", "m6"},
			filtered("/results", "score='10.0'"):                                    {"m4", "m6"},
			filtered("/results", "score!='10'"):                                     {"m1", "m2", "m3", "m5", "m7"},
			filtered("/results", "score<='0'"):                                      {"m2", "m7"},
			filtered("/results", "score~'.5'"):                                      {"m2"},
			filtered("/results", "lineItem.sourcedId='l1'"):                         {"m1", "m5", "m7"},
			filtered("/results", "lineItem.sourcedId='nowhere'"):                    {"m6"},
			filtered("/results", "student.sourcedId='ann' AND score>'8'"):           {"m1", "m3", "m6"},
			filtered("/classes/k1/results", "student.sourcedId='ann'"):              {"m1", "m2"},
			filtered("/classes/k1/students/ann/results", "lineItem.sourcedId='l2'"): {"m2"},
			filtered("/classes/k1/students/ann/results", "status='tobedeleted'"):    nil,
		} {
			p.get(path).wantIDs("results", want...)
		}
		p.get(filtered("/assessmentLineItems", "parentAssessmentLineItem.sourcedId='a0'")).wantIDs("assessmentLineItems", "a1", "a2")
		p.get(filtered("/assessmentResults", "student.sourcedId='ann'")).wantIDs("assessmentResults", "b1", "b2")
		p.get(filtered("/assessmentResults", "assessmentLineItem.sourcedId='a1'")).wantIDs("assessmentResults", "b1", "b3")
		p.get(filtered("/lineItems", "class.sourcedId='k1'")).wantIDs("lineItems", "l1", "l2")
		p.get(filtered("/lineItems", "dueDate>'2026-03-02'")).wantIDs("lineItems", "l1", "l2", "l3", "l4", "l5")
		p.get(filtered("/scoreScales", "scoreScaleValue.itemValueRHS='A'")).wantIDs("scoreScales", "sc1", "sc2", "sc3")
		p.get(filtered("/results", "score>'many'")).wantFailure(http.StatusBadRequest, "invalid_filter_field")
		p.get(filtered("/results", "points='1'")).wantFailure(http.StatusBadRequest, "invalid_filter_field")
		if got := p.get("/results/m2").object("result"); got["score"] != -1.5 || got["class"] != nil {
			t.Errorf("%v", got)
		}
		if got := p.get("/assessmentResults/b1").object("assessmentResult"); got["scorePercentile"] != 99.5 {
			t.Errorf("%v", got)
		}
		for _, path := range []string{"/results/none", "/lineItems/m1", "/classes/none/results", "/classes/none/lineItems/l1/results",
			"/classes/k2/lineItems/l1/results", "/classes/k1/lineItems/none/results", "/classes/k1/students/eve/results",
			"/classes/k1/students/fay/results", "/classes/k1/students/cat/results", "/classes/k2/students/ben/results",
			"/schools/d/scoreScales", "/schools/none/scoreScales", "/classes", "/classes/k1", "/classes/k1/students", "/schools",
			"/orgs", "/assessmentLineItems/none"} {
			p.get(path).wantFailure(http.StatusNotFound, "unknownobject")
		}
		for _, path := range []string{"/lineItems/l1/results", "/classes/k1/academicSessions/t1/results", "/schools/s1/lineItems"} {
			p.get(path).wantFailure(http.StatusMethodNotAllowed, "forbidden")
		}
	})
}

// Assessments have scopes of their own, and neither opens what the other does.
func TestGradebookScopes(t *testing.T) {
	p := newProvider(t, nil).gradebook()
	core := []string{"/categories", "/categories/cat1", "/scoreScales", "/scoreScales/sc1", "/lineItems", "/lineItems/l1", "/results", "/results/m1"}
	rest := []string{"/classes/k1/results", "/classes/k1/lineItems", "/classes/k1/categories", "/classes/k1/scoreScales",
		"/schools/s1/scoreScales", "/classes/k1/lineItems/l1/results", "/classes/k1/students/ann/results"}
	tests := []string{"/assessmentLineItems", "/assessmentLineItems/a0", "/assessmentResults", "/assessmentResults/b1"}
	for scope, opens := range map[string][3]bool{
		gradebook.ScopeAll:              {true, true, false},
		gradebook.ScopeCore:             {true, false, false},
		gradebook.ScopeAssessment:       {false, false, true},
		gradebook.ScopePut:              {},
		gradebook.ScopePost:             {},
		gradebook.ScopeDelete:           {},
		gradebook.ScopeAssessmentPut:    {},
		gradebook.ScopeAssessmentDelete: {},
		sis.ScopeRoster:                 {},
	} {
		p.token = p.grant("all", "open sesame", scope)
		for i, paths := range [][]string{core, rest, tests} {
			for _, path := range paths {
				if a := p.get(path); opens[i] != (a.status == http.StatusOK) || !opens[i] && a.status != http.StatusForbidden {
					t.Errorf("%s with %s: %d", path, scope, a.status)
				}
			}
		}
	}
}

// What gradebooks refer to is there, where the reference leads, and each class's
// sub-collections hold what refers to it.
func TestGradebookRefersToRosters(t *testing.T) {
	district, err := fixtures.New(fixtures.Small, fixtures.DefaultSeed)
	if err != nil {
		t.Fatal(err)
	}
	for name, dsn := range map[string]string{"SQLite": "memory", "PostgreSQL": ""} {
		t.Run(name, func(t *testing.T) {
			if dsn == "" {
				dsn = pgtest.Start(t)
			}
			data, err := sis.OpenStore(t.Context(), dsn)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { data.Close() })
			p := serve(t, data, district, nil).gradebook()
			resolved := map[string]bool{}
			follow := func(ref map[string]any) {
				href, kind := ref["href"].(string), ref["type"].(string)
				if resolved[href] {
					return
				}
				resolved[href] = true
				request, err := http.NewRequest(http.MethodGet, href, nil)
				if err != nil {
					t.Fatal(err)
				}
				request.Header.Set("Authorization", "Bearer "+p.token)
				if got := p.do(request).object(kind); got["sourcedId"] != ref["sourcedId"] {
					t.Errorf("%v leads to %v", ref, got)
				}
			}
			for _, endpoint := range []string{"scoreScales", "lineItems", "results", "assessmentLineItems", "assessmentResults"} {
				for _, object := range p.get("/" + endpoint + "?limit=1000").list(endpoint) {
					for _, member := range object {
						if ref, is := member.(map[string]any); is && ref["href"] != nil {
							follow(ref)
						}
					}
				}
			}
			if len(resolved) < 100 {
				t.Errorf("%d references", len(resolved))
			}
			total := 0
			for class := range district.Classes() {
				total += len(p.get("/classes/" + class.SourcedID + "/results?limit=1000").list("results"))
			}
			if all := len(p.get("/results?limit=1000").list("results")); total != all {
				t.Errorf("%d results of classes, %d of all", total, all)
			}
		})
	}
}
