package assessment

import (
	"fmt"
	"maps"
	"net/http/httptest"
	"testing"

	"github.com/rollcall-edu/rollcall/reports"
	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/oneroster/rest/resttest"
	"github.com/rollcall-edu/rollcall/suites/oneroster/service"
)

type object = resttest.Object

const standard = "5c9a1f2e-8a2b-4c1d-9e3f-0a1b2c3d4e5f"

// newFake starts a provider of two tests, with sections, questions, and what four students got
// in each, beside the rosters that they are of. It does right.
func newFake(t *testing.T) *resttest.Provider {
	t.Helper()
	of, book, rosters := service.Assessment(), service.Gradebook(), service.Rostering()
	p := resttest.NewProvider(of, book, rosters)
	server := httptest.NewServer(p)
	t.Cleanup(server.Close)
	p.Origin = server.URL
	roster := func(kind, collection, id string) object { return p.Reference(rosters, kind, collection, id) }
	item := func(id string) object { return p.Reference(of, "assessmentLineItem", "assessmentLineItems", id) }
	add := func(collection, id string, day int, members object) {
		o := object{"sourcedId": id, "status": "active", "dateLastModified": fmt.Sprintf("2026-02-%02dT03:04:05.%03dZ", day, day)}
		maps.Copy(o, members)
		p.Put(collection, o)
	}
	add("orgs", "school-1", 1, object{"name": "Harbor School", "type": "school", "identifier": "S1"})
	add("academicSessions", "fall", 1, object{"title": "Fall", "type": "term", "startDate": "2025-08-01", "endDate": "2026-06-30", "schoolYear": "2026"})
	add("courses", "course-1", 1, object{"title": "Algebra", "courseCode": "A1", "org": roster("org", "orgs", "school-1")})
	for _, id := range []string{"class-1", "class-2"} {
		add("classes", id, 1, object{"title": "Class " + id, "classType": "scheduled", "classCode": id, "course": roster("course", "courses", "course-1"),
			"school": roster("org", "orgs", "school-1"), "terms": []any{roster("academicSession", "academicSessions", "fall")}})
	}
	students := []string{"ann", "bob", "cem", "dee"}
	for i, id := range students {
		add("users", id, 1, object{"username": id, "enabledUser": "true", "givenName": "G" + id, "familyName": "Jones",
			"roles": []any{object{"roleType": "primary", "role": "student", "org": roster("org", "orgs", "school-1")}}})
		for _, class := range []string{"class-1", "class-2"} {
			add("enrollments", fmt.Sprintf("e-%d-%s", i, class), 1, object{"role": "student", "primary": "false", "user": roster("user", "users", id),
				"class": roster("class", "classes", class), "school": roster("org", "orgs", "school-1")})
		}
	}
	for i, x := range [][3]string{{"test-1", "", "Fractions Test"}, {"part-1", "test-1", "First Part"}, {"q-1", "part-1", "O'Brien's Question"},
		{"q/2", "part-1", "Müller's Question"}, {"test-2", "", "Graphs and Proofs"}, {"q-3", "test-2", "Draw it"}} {
		o := object{"title": x[2], "description": "Part " + fmt.Sprint(i), "resultValueMin": 0.0, "resultValueMax": 100.0,
			"class": roster("class", "classes", "class-1")}
		if x[1] != "" {
			o["parentAssessmentLineItem"] = item(x[1])
		}
		if x[0] == "q-1" {
			o["learningObjectiveSet"] = []any{object{"source": "case", "learningObjectiveIds": []any{standard}}}
		}
		add("assessmentLineItems", x[0], 2+i, o)
		for s, student := range students {
			r := object{"assessmentLineItem": item(x[0]), "student": roster("user", "users", student), "score": float64(10*s + i),
				"scorePercentile": float64(20 * (s + 1)), "scoreDate": fmt.Sprintf("2026-01-%02d", 10+i+s), "comment": "Seen " + student,
				"scoreStatus": []string{"fully graded", "partially graded"}[(i+s)%2], "late": []string{"true", "false"}[s%2], "missing": "false"}
			if x[0] == "q-1" && s == 0 {
				r["learningObjectiveSet"] = []any{object{"source": "case", "learningObjectiveResults": []any{object{"learningObjectiveId": standard, "score": 2.0}}}}
			}
			add("assessmentResults", fmt.Sprintf("r-%d-%d", i, s), 3+i+s, r)
		}
	}
	p.Find("assessmentResults", "r-4-3")["status"] = "tobedeleted"
	return p
}

// judged judges the fake: writes says whether the target file allows them.
func judged(t *testing.T, p *resttest.Provider, suite harness.Suite, profile string, writes bool,
	focus ...string) map[string]reports.RequirementResult {
	t.Helper()
	lines := []string{"gradebook: " + p.Base(service.Gradebook()), "rostering: " + p.Base(service.Rostering())}
	if writes {
		lines = append(lines, "writes: true", "writable: {class: class-1, student: ann}")
	}
	return resttest.Judge(t, resttest.Target(t, p.Target(t, []string{profile}, lines...)), "or12.assessment.", []harness.Suite{suite}, focus...)
}
