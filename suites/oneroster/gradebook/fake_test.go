package gradebook

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/rollcall-edu/rollcall/reports"
	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/oneroster/rest/resttest"
	"github.com/rollcall-edu/rollcall/suites/oneroster/service"
)

type object = resttest.Object

// newFake starts a provider of a small gradebook, beside the rosters that it is of. It does
// right.
func newFake(t *testing.T) *resttest.Provider {
	t.Helper()
	book, rosters := service.Gradebook(), service.Rostering()
	p := resttest.NewProvider(book, service.Assessment(), rosters)
	server := httptest.NewServer(p)
	t.Cleanup(server.Close)
	p.Origin = server.URL
	roster := func(kind, collection, id string) object { return p.Reference(rosters, kind, collection, id) }
	own := func(kind, collection, id string) object { return p.Reference(book, kind, collection, id) }
	add := func(collection, id string, day int, members object) object {
		o := object{"sourcedId": id, "status": "active", "dateLastModified": fmt.Sprintf("2026-02-%02dT03:04:05.%03dZ", day, day)}
		for name, value := range members {
			o[name] = value
		}
		p.Put(collection, o)
		return o
	}
	add("orgs", "school-1", 1, object{"name": "Harbor School", "type": "school", "identifier": "S1"})
	add("orgs", "school-2", 1, object{"name": "Hill School", "type": "school", "identifier": "S2"})
	add("academicSessions", "fall", 1, object{"title": "Fall", "type": "term", "startDate": "2025-08-01", "endDate": "2026-06-30", "schoolYear": "2026"})
	add("courses", "course-1", 1, object{"title": "Algebra", "courseCode": "A1", "org": roster("org", "orgs", "school-1")})
	for i, id := range []string{"class-1", "class-2", "class-3"} {
		add("classes", id, 1, object{"title": fmt.Sprintf("Class %d", i+1), "classType": "scheduled", "classCode": id, "course": roster("course", "courses", "course-1"),
			"school": roster("org", "orgs", "school-1"), "terms": []any{roster("academicSession", "academicSessions", "fall")}})
	}
	students := []string{"ann", "bob", "cem", "dee"}
	for i, id := range students {
		add("users", id, 1, object{"username": id, "enabledUser": "true", "givenName": strings.ToUpper(id), "familyName": "Jones",
			"roles": []any{object{"roleType": "primary", "role": "student", "org": roster("org", "orgs", "school-1")}}})
		for _, class := range []string{"class-1", "class-2"} {
			add("enrollments", fmt.Sprintf("e-%d-%s", i, class), 1, object{"role": "student", "primary": "false", "user": roster("user", "users", id),
				"class": roster("class", "classes", class), "school": roster("org", "orgs", "school-1")})
		}
	}
	for i, title := range []string{"Homework", "O'Brien's Quizzes", "Essays and Talks"} {
		add("categories", fmt.Sprintf("cat-%d", i), i+2, object{"title": title, "weight": float64(i)})
	}
	for _, class := range []string{"class-1", "class-2"} {
		add("scoreScales", "scale-"+class, 3, object{"title": "Letters of " + class, "type": "letters", "class": roster("class", "classes", class),
			"course": roster("course", "courses", "course-1"), "scoreScaleValue": []any{
				object{"itemValueLHS": "80-100", "itemValueRHS": "A"}, object{"itemValueLHS": "50-79.99", "itemValueRHS": "B"},
				object{"itemValueLHS": "0-49.99", "itemValueRHS": "F"}}})
	}
	titles := []string{"Warm up", "Müller's Quiz", "Fractions and More", "Graphs", "Proofs", "Final Essay"}
	for i, title := range titles {
		class, id := []string{"class-1", "class-2"}[i%2], fmt.Sprintf("item-%d", i)
		if i == 4 {
			id = "item/4"
		}
		add("lineItems", id, 3+i, object{"title": title, "description": "Work " + fmt.Sprint(i), "assignDate": fmt.Sprintf("2026-01-%02dT08:00:00.000Z", 2+i),
			"dueDate": fmt.Sprintf("2026-01-%02dT08:00:00.000Z", 12+i), "class": roster("class", "classes", class), "school": roster("org", "orgs", "school-1"),
			"category": own("category", "categories", fmt.Sprintf("cat-%d", i%3)), "academicSession": roster("academicSession", "academicSessions", "fall"),
			"resultValueMin": 0.0, "resultValueMax": 100.0})
		for s, student := range students {
			add("results", fmt.Sprintf("r-%d-%d", i, s), 4+i+s, object{"lineItem": own("lineItem", "lineItems", id), "student": roster("user", "users", student),
				"class": roster("class", "classes", class), "scoreStatus": []string{"fully graded", "partially graded"}[(i+s)%2], "score": float64(40 + 10*s + i),
				"scoreDate": fmt.Sprintf("2026-01-%02d", 15+i+s), "comment": "Well done " + student, "late": []string{"true", "false"}[s%2], "missing": "false"})
		}
	}
	// Two line items have score scales, and texts for scores; one is aligned to a standard.
	const standard = "5c9a1f2e-8a2b-4c1d-9e3f-0a1b2c3d4e5f"
	for i, id := range []string{"item-0", "item-1"} {
		scale := own("scoreScale", "scoreScales", []string{"scale-class-1", "scale-class-2"}[i])
		p.Find("lineItems", id)["scoreScale"] = scale
		for s := range students {
			r := p.Find("results", fmt.Sprintf("r-%d-%d", i, s))
			r["scoreScale"], r["textScore"] = scale, []string{"F", "B", "B", "B"}[s]
		}
	}
	p.Find("lineItems", "item-2")["learningObjectiveSet"] = []any{object{"source": "case", "learningObjectiveIds": []any{standard}}}
	p.Find("results", "r-2-0")["learningObjectiveSet"] = []any{object{"source": "case",
		"learningObjectiveResults": []any{object{"learningObjectiveId": standard, "score": 2.0}}}}
	exempt := p.Find("results", "r-2-1")
	exempt["scoreStatus"] = "exempt"
	delete(exempt, "score")
	p.Data["results"][7]["status"] = "tobedeleted"
	p.Among = func(op service.Operation, ids []string, o object) bool { return among(p, op, ids, o) }
	return p
}

// refers gives the sourcedId of a reference.
func refers(o object, name string) string {
	r, _ := o[name].(object)
	id, _ := r["sourcedId"].(string)
	return id
}

// among tells what is below a class, a school, a student or a line item.
func among(p *resttest.Provider, op service.Operation, ids []string, o object) bool {
	classOf := func(o object) string {
		if item := p.Find("lineItems", refers(o, "lineItem")); item != nil {
			return refers(item, "class")
		}
		return refers(o, "class")
	}
	switch id := o["sourcedId"]; op.ID {
	case "getCategoriesForClass":
		for _, x := range p.Data["lineItems"] {
			if refers(x, "class") == ids[0] && refers(x, "category") == id {
				return true
			}
		}
		return false
	case "getScoreScalesForSchool":
		class := p.Find("classes", refers(o, "class"))
		return class != nil && refers(class, "school") == ids[0]
	case "getResultsForLineItemForClass":
		return classOf(o) == ids[0] && refers(o, "lineItem") == ids[1]
	case "getResultsForStudentForClass":
		return classOf(o) == ids[0] && refers(o, "student") == ids[1]
	}
	return classOf(o) == ids[0]
}

// judged judges the fake: writes says whether the target file allows them.
func judged(t *testing.T, p *resttest.Provider, suite harness.Suite, profile string, writes bool,
	focus ...string) map[string]reports.RequirementResult {
	t.Helper()
	of := service.Gradebook()
	lines := []string{"gradebook: " + p.Base(of), "rostering: " + p.Base(service.Rostering())}
	if writes {
		lines = append(lines, "writes: true", "writable: {class: class-1, school: school-1, student: ann}")
	}
	return resttest.Judge(t, resttest.Target(t, p.Target(t, []string{profile}, lines...)), "or12.gradebook.", []harness.Suite{suite}, focus...)
}
