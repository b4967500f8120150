package sis_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/rollcall-edu/rollcall/reference/sis"
)

// v1p1 gives the same provider, asked for its OneRoster 1.1.
func (p *provider) v1p1() *provider {
	other := *p
	other.base = strings.Replace(p.base, sis.BasePath, sis.V1P1Path, 1)
	return &other
}

func (p *provider) delete(path string, want int) {
	p.t.Helper()
	if a := p.do(p.request(http.MethodDelete, path)); a.status != want {
		p.t.Errorf("DELETE %s: %d %s, want %d", path, a.status, a.body, want)
	}
}

const aBase = `"status":"active","dateLastModified":"2026-04-01T00:00:00.000Z"`

// refer makes a reference by the sourcedId, which is all that a client has to tell.
func refer(id string) string { return `{"sourcedId":"` + id + `"}` }

// A gradebook of 1.1 has what can say all that 1.1 requires. What is written by one version is
// seen by both.
func TestGradebookOfV1P1(t *testing.T) {
	onEachStore(t, func(t *testing.T, p *provider) {
		now, old := p.gradebook(), p.v1p1()
		item := func(more string) string {
			return `{"lineItem":{"sourcedId":"new",` + aBase + `,"title":"New","assignDate":"2026-03-01T00:00:00.000Z","dueDate":"2026-03-02T00:00:00.000Z","class":` +
				refer("k1") + `,"category":` + refer("cat1") + more + `}}`
		}
		result := func(more string) string {
			return `{"result":{"sourcedId":"mine",` + aBase + `,"lineItem":` + refer("new") + `,"student":` + refer("ann") +
				`,"scoreStatus":"fully graded","scoreDate":"2026-03-03"` + more + `}}`
		}
		const bounds = `,"resultValueMin":0,"resultValueMax":10`
		period := `,"gradingPeriod":` + refer("gp1")

		// Those of the hamlet have a session and no grading period.
		old.get("/lineItems").wantIDs("lineItems")
		old.get("/results").wantIDs("results")
		old.get("/classes/k1/lineItems").wantIDs("lineItems")
		old.get("/classes/k1/results").wantIDs("results")
		old.get("/lineItems/l1").wantFailure11(http.StatusNotFound)
		old.get("/results/m1").wantFailure11(http.StatusNotFound)
		old.get("/classes/k1/lineItems/l1/results").wantFailure11(http.StatusNotFound)
		old.delete("/results/m1", http.StatusNotFound)
		for _, path := range []string{"/scoreScales", "/assessmentLineItems", "/classes/k1/categories", "/schools/s1/lineItems"} {
			old.get(path).wantFailure11(http.StatusNotFound)
		}

		// 1.1 has rules of its own.
		for _, more := range []string{bounds, period, period + `,"resultValueMin":0`, period + bounds + `,"school":` + refer("s1"),
			period + bounds + `,"academicSession":` + refer("t1")} {
			old.put("/lineItems/new", item(more), http.StatusUnprocessableEntity)
		}
		old.put("/lineItems/new", item(`,"gradingPeriod":`+refer("nowhere")+bounds), http.StatusUnprocessableEntity)
		old.put("/lineItems/new", item(period+bounds), http.StatusCreated)
		for _, more := range []string{``, `,"score":9,"textScore":"A"`, `,"score":9,"late":"true"`, `,"score":"9"`} {
			old.put("/results/mine", result(more), http.StatusUnprocessableEntity)
		}
		old.put("/results/mine", result(`,"score":9`), http.StatusCreated)

		got := now.get("/lineItems/new").object("lineItem")
		if school, _ := got["school"].(map[string]any); school["sourcedId"] != "s1" || !strings.Contains(school["href"].(string), sis.BasePath) {
			t.Errorf("the school of the line item is %v", got["school"])
		}
		if got := old.get("/lineItems/new").object("lineItem"); got["school"] != nil || !strings.HasPrefix(
			got["gradingPeriod"].(map[string]any)["href"].(string), old.base) {
			t.Errorf("a line item of 1.1 is %v", got)
		}
		now.get("/classes/k1/lineItems/new/results").wantIDs("results", "mine")
		old.get("/classes/k1/students/ann/results").wantIDs("results", "mine")
		old.get(filtered("/results", "score>'8'")).wantIDs("results", "mine")
		old.get("/results?sort=score").wantIDs("results", "mine")
		old.get(filtered("/lineItems", "school.sourcedId='s1'")).wantFailure11(http.StatusBadRequest)

		// What 1.2 alone can say is not seen, and what 1.1 has no word for stays.
		now.put("/lineItems/new", item(period+bounds+`,"school":`+refer("s1")+`,"scoreScale":`+refer("sc1")+`,"academicSession":`+refer("t1")),
			http.StatusCreated)
		old.put("/lineItems/new", strings.Replace(item(period+bounds), "New", "Newer", 1), http.StatusCreated)
		got = now.get("/lineItems/new").object("lineItem")
		if got["title"] != "Newer" || got["scoreScale"] == nil || got["academicSession"] == nil {
			t.Errorf("after a write of 1.1 it is %v", got)
		}
		now.put("/categories/cat9", `{"category":{"sourcedId":"cat9",`+aBase+`,"title":"Essays","weight":0.25}}`, http.StatusCreated)
		old.put("/categories/cat9", `{"category":{"sourcedId":"cat9",`+aBase+`,"title":"Papers"}}`, http.StatusCreated)
		if got := now.get("/categories/cat9").object("category"); got["weight"] != 0.25 || got["title"] != "Papers" {
			t.Errorf("the category is %v", got)
		}
		if got := old.get("/categories/cat9").object("category"); got["weight"] != nil {
			t.Errorf("a category of 1.1 has a weight: %v", got)
		}

		// Without a score it isn't there, and with one it is again; so with what it hangs on.
		now.put("/results/mine", result(``), http.StatusCreated)
		old.get("/results").wantIDs("results")
		old.get("/results/mine").wantFailure11(http.StatusNotFound)
		now.put("/results/mine", result(`,"score":0,"textScore":"A"`), http.StatusCreated)
		old.get("/results").wantIDs("results", "mine")
		now.put("/lineItems/new", item(bounds+`,"school":`+refer("s1")), http.StatusCreated)
		old.get("/results").wantIDs("results")
		old.get(filtered("/results", "score='0'")).wantIDs("results")
		old.put("/lineItems/new", item(period+bounds), http.StatusCreated)
		old.get(filtered("/results", "score='0'")).wantIDs("results", "mine")

		old.delete("/lineItems/new", http.StatusUnprocessableEntity)
		old.delete("/results/mine", http.StatusNoContent)
		old.delete("/lineItems/new", http.StatusNoContent)
		now.get("/lineItems/new").wantFailure(http.StatusNotFound, "unknownobject")
		old.get("/lineItems").wantIDs("lineItems")
	})
}

// Each scope of 1.1 opens what it is for.
func TestGradebookScopesOfV1P1(t *testing.T) {
	p := newProvider(t, nil).v1p1()
	for scope, want := range map[string][3]int{
		"gradebook.readonly":  {http.StatusOK, http.StatusForbidden, http.StatusForbidden},
		"gradebook.createput": {http.StatusForbidden, http.StatusCreated, http.StatusForbidden},
		"gradebook.delete":    {http.StatusForbidden, http.StatusForbidden, http.StatusNoContent},
		"roster.readonly":     {http.StatusForbidden, http.StatusForbidden, http.StatusForbidden},
	} {
		p.token = p.grant("all", "open sesame", "https://purl.imsglobal.org/spec/or/v1p1/scope/gradebook.createput")
		p.put("/categories/mine", `{"category":{"sourcedId":"mine",`+aBase+`,"title":"Mine"}}`, http.StatusCreated)
		p.token = p.grant("all", "open sesame", "https://purl.imsglobal.org/spec/or/v1p1/scope/"+scope)
		if a := p.get("/categories"); a.status != want[0] {
			t.Errorf("GET with %s: %d", scope, a.status)
		}
		p.put("/categories/yours", `{"category":{"sourcedId":"yours",`+aBase+`,"title":"Yours"}}`, want[1])
		p.delete("/categories/mine", want[2])
	}
}

// wantFailure11 holds an answer to the form that a failure has in 1.1.
func (a answer) wantFailure11(status int) {
	a.t.Helper()
	if a.status != status || !strings.Contains(string(a.body), `"statusInfoSet":[{"imsx_codeMajor":"failure"`) {
		a.t.Errorf("%d %s, want %d", a.status, a.body, status)
	}
}
