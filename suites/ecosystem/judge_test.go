package ecosystem

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-edu/rollcall/suites/catalogue"
	"github.com/rollcall-edu/rollcall/suites/harness"
)

const membershipRole = "http://purl.imsglobal.org/vocab/lis/v2/membership#"

// person makes somebody of the SIS.
func person(id, given string) object {
	return object{"sourcedId": id, "userMasterIdentifier": "m-" + id, "givenName": given, "familyName": "Of " + id,
		"email":    id + "@example.org",
		"username": "user." + id, "status": "active"}
}

// token makes the claims of a launch of somebody of the SIS, as a platform that carries all ids sends them.
func token(u object, role string) object {
	return object{"sub": "lms-" + u.text("sourcedId"), "email": u.text("email"), "given_name": u.text("givenName"),
		"family_name":         u.text("familyName"),
		claimPrefix + "roles": []any{membershipRole + role}, claimPrefix + "context": map[string]any{"id": "c1", "label": "Garden"},
		claimPrefix + "lis": map[string]any{"person_sourcedid": u.text("sourcedId"), "course_section_sourcedid": "c1",
			"course_offering_sourcedid": "k1"},
		claimPrefix + "custom": map[string]any{"resource_id": "9"}, claimPrefix + "target_link_uri": "https://quiz.example.org/q/9",
		claimPrefix + "resource_link": map[string]any{"id": "l1",
			"title": "Quiz 9"}, agsClaim: map[string]any{"lineitem": "https://lms.example.org/i/1"}}
}

func listed(u object, role string) object {
	return object{"user_id": "lms-" + u.text("sourcedId"), "lis_person_sourcedid": u.text("sourcedId"), "given_name": u.text("givenName"),
		"family_name": u.text("familyName"), "email": u.text("email"), "roles": []any{membershipRole + role}, "status": "Active"}
}

// story is what is seen of a district in which all is well, and its section.
type story struct {
	seen    *Sightings
	section *Section
	target  *harness.Target
}

func (s *story) user(part string) object { return s.seen.People[part].User }

func (s *story) launches(part, when, place string) (out []*Launch) {
	for i := range s.seen.Launches {
		if l := &s.seen.Launches[i]; l.Part == part && (l.When == when || when == "") && (l.Place == place || place == "") {
			out = append(out, l)
		}
	}
	return out
}

// claim changes a claim of launches.
func (s *story) claim(part, name string, v any) {
	for _, l := range s.launches(part, "", "") {
		if l.Claims != nil {
			if head, rest, has := strings.Cut(name, "."); has && !strings.HasPrefix(name, "http") {
				l.Claims.in(claimPrefix + head)[rest] = v
			} else {
				l.Claims[name] = v
			}
		}
	}
}

// member changes one of the class list.
func (s *story) member(part, name string, v any) {
	for _, r := range s.seen.Rosters {
		for _, m := range r.Members {
			if m.text("user_id") == "lms-"+s.user(part).text("sourcedId") {
				m[name] = v
			}
		}
	}
}

// drop takes somebody out of the class list.
func (s *story) drop(ids ...string) {
	for i := range s.seen.Rosters {
		r := &s.seen.Rosters[i]
		r.Members = slices.DeleteFunc(r.Members, func(m object) bool {
			return slices.Contains(ids, strings.TrimPrefix(m.text("user_id"),
				"lms-"))
		})
	}
}

// gone takes away somebody's launches.
func (s *story) gone(part string) {
	for _, l := range s.launches(part, Before, "") {
		l.Claims, l.Status, l.Problem = nil, 0, "the link isn't there"
	}
}

func whole(t *testing.T) *story {
	teacher, learner, leaver, other, newcomer := person("t1", "Tess"), person("u1", "Lee"), person("u2", "Wim"), person("u3",
		"Ola"), person("n1", "Nia")
	s := &Sightings{
		Systems: []SystemSeen{{Name: "sis", Role: SIS}, {Name: "lms", Role: Platform, Within: time.Minute}, {Name: "quiz", Role: Tool},
			{Name: "reader", Role: Tool, Within: time.Minute, Holds: true}, {Name: "tests", Role: Assessment}, {Name: "library", Role: Catalog}},
		SIS: Register{Class: object{"sourcedId": "c1", "title": "Garden 1", "course": map[string]any{"sourcedId": "k1"},
			"resources": []any{map[string]any{"sourcedId": "r1"}}}, Course: object{"sourcedId": "k1"},
			Students: []object{learner, leaver,
				other}, Teachers: []object{teacher}, StudentsAt: "s2", TeachersAt: "s3", Exchanges: []string{"s1", "s2", "s3"},
			Resources: map[string]object{"r1": {"sourcedId": "r1", "vendorResourceId": "v1", "roles": []any{"student"}}}},
		People: map[string]PersonSeen{Teacher: {User: teacher}, Learner: {User: learner}, Withdrawn: {User: leaver}, Newcomer: {User: newcomer}},
	}
	open := func(part, when, place, tool, resource, role string) {
		s.Launches = append(s.Launches, Launch{Place: place, Platform: "lms", Tool: tool, Resource: resource, Part: part, When: when,
			Claims: token(s.People[part].User, role), Status: 200})
	}
	for part, role := range map[string]string{Teacher: "Instructor", Learner: "Learner", Withdrawn: "Learner"} {
		open(part, Before, "own", "", "", role)
		open(part, Before, "a quiz", "quiz", "", role)
	}
	open(Learner, Before, "a reader", "reader", "r1", "Learner")
	s.Launches = append(s.Launches, Launch{Place: "a reader", Platform: "lms", Tool: "reader", Resource: "r1", Part: Teacher, When: Before,
		Problem: "it is not there"})
	open(Newcomer, After, "a quiz", "quiz", "", "Learner")
	s.Launches = append(s.Launches, Launch{Place: "a quiz", Platform: "lms", Tool: "quiz", Part: Withdrawn, When: After,
		Problem: "it is not there"})
	s.Rosters = []Roster{{Platform: "lms", When: Before, Members: []object{listed(teacher, "Instructor"), listed(learner, "Learner"),
		listed(leaver, "Learner"),
		listed(other, "Learner"), {"user_id": "p9", "roles": []any{membershipRole + "Mentor"}}}}}
	for _, y := range []string{"lms", "reader"} {
		for _, what := range []string{Newcomer, Withdrawn} {
			s.Changed = append(s.Changed, Change{System: y, What: what, Known: true, After: time.Second, Within: time.Minute})
		}
	}
	s.Holdings = []Holding{holding("reader", s)}
	item := object{"title": "Quiz 9", "url": "https://quiz.example.org/q/9", "custom": map[string]any{"resource_id": "9"},
		"lineItem": map[string]any{"scoreMaximum": 10.0}}
	opened := Launch{Place: "a pick", Platform: "lms", Part: Learner, When: Before, Claims: token(learner, "Learner"), Status: 200}
	found := Launch{Place: "an item", Platform: "lms", Part: Learner, When: Before, Claims: token(learner, "Learner"), Status: 200}
	s.Picks = []Picked{{Name: "a pick", Platform: "lms", From: "quiz", Role: Tool, Items: []object{item}, Request: "d1", Answer: "d2",
		Title: "Quiz 9", Launch: &opened},
		{Name: "an item", Platform: "lms", From: "library", Role: Catalog, Title: "Quiz 9", Launch: &found,
			Found: []object{{"name": "Quiz 9", "ltiLink": map[string]any{"launch_url": "https://quiz.example.org/q/9",
				"custom": map[string]any{"properties": []any{map[string]any{"name": "resource_id", "value": "9"}}}}}}}}
	made := object{"id": "https://lms.example.org/i/7", "label": "Rollcall 1", "resourceId": "rc-1", "tag": "grade",
		"scoreMaximum": scoreMaximum}
	s.Grades = []Graded{{Platform: "lms", Asked: object{"label": "Rollcall 1", "resourceId": "rc-1", "tag": "grade"}, Made: made,
		Listed: []object{made}, User: "lms-u1",
		Given: scoreGiven, Result: object{"userId": "lms-u1", "resultScore": 6.0, "resultMaximum": 10.0}, Override: scoreOverride,
		After:    object{"userId": "lms-u1", "resultScore": 9.0, "resultMaximum": 10.0},
		Register: []object{{"sourcedId": "li1", "title": "Rollcall 1"}},
		Scores:   []object{{"student": map[string]any{"sourcedId": "u1"}, "score": 9.0, "lineItemMax": 10.0}},
		Worked: []Worked{{Place: "a quiz", Tool: "quiz", Title: "Quiz 9", Titles: []string{"Quiz 9"}}, {Place: "a reader", Tool: "reader",
			Title: "R", Titles: []string{"R"}}}}}
	s.Results = Results{System: "tests", HeldAny: true, Held: map[string]object{"ar1": {"student": map[string]any{"sourcedId": "u1"},
		"score": 3.0}},
		Results: []object{{"sourcedId": "ar1", "score": 3.0, "assessmentLineItem": map[string]any{"sourcedId": "q1"},
			"student": map[string]any{"sourcedId": "u1"}}},
		Items: map[string]object{"q1": {"parentAssessmentLineItem": map[string]any{"sourcedId": "a1"},
			"learningObjectiveSet": []any{map[string]any{"source": "case", "learningObjectiveIds": []any{"lo1"}}}}, "a1": {}},
		Resolved: map[string]string{"lo1": ""}}
	section := &Section{Class: "c1", Places: []Place{{Name: "own", Platform: "lms"}, {Name: "a quiz", Platform: "lms", Tool: "quiz"},
		{Name: "a reader", Platform: "lms", Tool: "reader", Resource: "r1"}}}
	for _, y := range s.Systems {
		section.Systems = append(section.Systems, System{Name: y.Name, Role: y.Role})
	}
	target, err := written(t, systems)
	if err != nil {
		t.Fatal(err)
	}
	return &story{copied(t, s), section, target}
}

// holding is what a system holds that has taken in the whole class.
func holding(system string, s *Sightings) Holding {
	h := Holding{System: system, When: Before, From: "consumer.holds", Objects: map[string]map[string]object{"users": {}, "enrollments": {},
		"classes": {"c1": {"sourcedId": "c1", "title": "Garden 1"}}, "resources": {"r1": {"sourcedId": "r1", "vendorResourceId": "v1"}}}}
	for i, u := range slices.Concat(s.SIS.Teachers, s.SIS.Students) {
		id, role := u.text("sourcedId"), "student"
		if i < len(s.SIS.Teachers) {
			role = "teacher"
		}
		h.Objects["users"][id] = maps.Clone(u)
		h.Objects["enrollments"]["e-"+id] = object{"user": map[string]any{"sourcedId": id}, "class": map[string]any{"sourcedId": "c1"},
			"role": role}
	}
	return h
}

// copied is as another process reads it.
func copied(t *testing.T, s *Sightings) *Sightings {
	t.Helper()
	text, err := json.Marshal(s)
	var out Sightings
	if err == nil {
		err = json.Unmarshal(text, &out)
	}
	if err != nil {
		t.Fatal(err)
	}
	return &out
}

func (s *story) judged() []*ruling {
	return judged(s.seen, s.section, s.target, func(_, v string) string { return v })
}

// broken lists what fails, as requirement at hop, and holds the rest to be said of.
func (s *story) broken(t *testing.T) (out []string) {
	t.Helper()
	rulings := s.judged()
	failed := map[string]bool{}
	for _, r := range rulings {
		if len(r.faults) > 0 {
			failed[r.requirement] = true
			out = append(out, r.requirement+" at "+r.hop)
			for _, f := range r.faults {
				if f.expected == "" || f.seen == "" || f.where == "" {
					t.Errorf("%s: a finding that says too little: %+v", r.requirement, f)
				}
			}
		}
	}
	for _, r := range rulings {
		if r.examined == 0 && len(r.faults) == 0 && r.grey == nil {
			t.Errorf("%s at %s: nothing is said of it", r.requirement, r.hop)
		}
		if r.grey != nil && r.grey.blocked != "" && !failed[r.grey.blocked] {
			t.Errorf("%s at %s is blocked by %s, which isn't broken", r.requirement, r.hop, r.grey.blocked)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// With all well everything is looked at and nothing is broken, whether or not the platform tells what it holds.
func TestWholeDistrict(t *testing.T) {
	for _, tells := range []bool{false, true} {
		s := whole(t)
		if tells {
			s.seen.Systems[1].Holds = true
			s.seen.Holdings = append(s.seen.Holdings, holding("lms", s.seen))
		}
		if broken := s.broken(t); len(broken) > 0 {
			t.Errorf("%v", broken)
		}
		met := map[string]bool{}
		for _, r := range s.judged() {
			met[r.requirement] = met[r.requirement] || r.examined > 0
		}
		for _, f := range Flows() {
			for _, q := range requirementsOf[f.Name] {
				if !met[q] && (tells || q != "resourcing.resource-id") {
					t.Errorf("%s is not looked at (holds: %t)", q, tells)
				}
			}
		}
	}
}

// bent are districts in each of which one thing is wrong; want is what is accused of it, and nothing else may be.
var bent = []struct {
	name, want string
	held       bool // the platform tells what it holds
	bend       func(s *story)
}{
	{"a person is lost at rostering", "rostering.person-kept at 1 sis>lms", false, func(s *story) { s.drop("u3") }},
	{"the learner is lost at rostering", "rostering.person-kept at 1 sis>lms", false,
		func(s *story) { s.drop("u1"); s.gone(Learner); s.ungraded() }},
	{"a person is lost at a tool", "rostering.person-kept at 1 sis>reader", false, func(s *story) { s.unhold("reader", "u3") }},
	{"a person is known and not in the class", "rostering.person-kept at 1 sis>lms", true,
		func(s *story) { delete(s.holding("lms").Objects["enrollments"], "e-u3") }},
	{"people have ids of the platform's own", "rostering.person-id at 1 sis>lms", false, func(s *story) {
		s.rename("99", Learner, Teacher,
			Withdrawn)
	}},
	{"people are mapped by mail address", "rostering.person-id at 1 sis>lms", false, func(s *story) { s.renameBy("email") }},
	{"nobody's id is carried at all", "rostering.person-id at 1 sis>lms", false, func(s *story) { s.renameBy("none") }},
	{"a tool numbers people anew", "rostering.person-id at 1 sis>reader", false, func(s *story) { s.renumber("reader", "u3", "7") }},
	{"a held id is another's", "rostering.person-mixed at 1 sis>lms", true, func(s *story) {
		u := s.holding("lms").Objects["users"]["u3"]
		u["givenName"], u["familyName"], u["email"] = "Some", "Body", "else@example.org"
	}},
	{"two people are mixed up at rostering", "rostering.person-mixed at 1 sis>lms", false, func(s *story) {
		s.claim(Learner, "lis.person_sourcedid", "u3")
		s.member(Learner, "lis_person_sourcedid", "u3")
	}},
	{"the class is split", "rostering.class-kept at 1 sis>lms", false, func(s *story) { s.claim(Withdrawn, "context.id", "c1-2") }},
	{"the class is split at a tool", "rostering.class-kept at 1 sis>reader", false, func(s *story) {
		h := s.holding("reader")
		h.Objects["classes"]["c1-2"] = object{"sourcedId": "c1-2", "title": "Garden 1"}
		h.Objects["enrollments"]["e-u3"]["class"] = map[string]any{"sourcedId": "c1-2"}
	}},
	{"a role is widened at rostering", "rostering.role-kept at 1 sis>lms", false, func(s *story) {
		s.claim(Learner, claimPrefix+"roles", []any{membershipRole + "Learner", membershipRole + "Instructor"})
		s.member(Learner, "roles", []any{membershipRole + "Learner", membershipRole + "Instructor"})
	}},
	{"a held role is widened", "rostering.role-kept at 1 sis>reader", false,
		func(s *story) { s.holding("reader").Objects["enrollments"]["e-u3"]["role"] = "teacher" }},
	{"somebody is in the course whom the SIS hasn't there", "rostering.nobody-else at 1 sis>lms", false, func(s *story) {
		s.seen.Rosters[0].Members = append(s.seen.Rosters[0].Members, listed(person("x9", "Xan"), "Learner"))
	}},
	{"an enrollment is stale", "rostering.nobody-else at 1 sis>reader", false, func(s *story) {
		s.holding("reader").Objects["enrollments"]["e9"] = object{"user": map[string]any{"sourcedId": "x9"},
			"class": map[string]any{"sourcedId": "c1"}, "role": "student"}
	}},
	{"who is enrolled never arrives", "rostering.newcomer at 1 sis>lms", false, func(s *story) {
		s.changed("lms",
			Newcomer).Known = false
		s.refuse(Newcomer)
	}},
	{"who is withdrawn never leaves", "rostering.withdrawn at 1 sis>lms", false, func(s *story) {
		s.changed("lms",
			Withdrawn).Known = false
		s.admit(Withdrawn)
	}},
	{"a tool never hears of a withdrawal", "rostering.withdrawn at 1 sis>reader", false, func(s *story) {
		s.changed("reader",
			Withdrawn).Known = false
	}},
	{"a change comes late", "rostering.in-time at 1 sis>reader", false, func(s *story) {
		s.changed("reader",
			Newcomer).After = 2 * time.Minute
	}},
	{"who is assigned a resource can't open it", "resourcing.assigned at 2 sis>lms", false, func(s *story) {
		l := s.launches(Learner, Before, "a reader")[0]
		l.Claims, l.Problem = nil, "it is not there"
	}},
	{"who isn't assigned a resource opens it", "resourcing.not-assigned at 2 sis>lms", false, func(s *story) {
		l := s.launches(Teacher, Before, "a reader")[0]
		l.Claims, l.Status = token(s.user(Teacher), "Instructor"), 200
	}},
	{"a resource has another id", "resourcing.resource-id at 2 sis>lms", true, func(s *story) {
		h := s.holding("lms")
		h.Objects["resources"]["x1"] = h.Objects["resources"]["r1"]
		delete(h.Objects["resources"], "r1")
	}},
	{"an item opens a tool that isn't assigned to who is to have it", "resourcing.assigned at 2 sis>lms", false, func(s *story) {
		l := s.launches(Learner, Before, "a reader")[0]
		l.Claims, l.Problem = nil, "it is not there"
		s.section.Picks = []Pick{{Name: "an item", Platform: "lms", From: "library", Tool: "reader"}}
		s.seen.Picks[1].Problem = "step 3: it is not there"
	}},
	{"a result doesn't come to the SIS, nor does a tool's", "gradebook.score at 9 lms>sis", false, func(s *story) {
		s.seen.Grades[0].Scores = nil
		s.unearned()
	}},
	{"a class list has other ids than launches", "names-roles.person-id at 3 lms>quiz", false, func(s *story) {
		s.member(Learner,
			"lis_person_sourcedid", "zz")
	}},
	{"a class list means another person", "names-roles.same-person at 3 lms>quiz", false, func(s *story) {
		s.member(Learner, "user_id",
			"lms-other")
	}},
	{"a class list lacks who can launch", "names-roles.complete at 3 lms>quiz", false, func(s *story) { s.drop("u1", "u3") }},
	{"a class list lacks who is held", "names-roles.complete at 3 lms>quiz", true, func(s *story) { s.drop("u3") }},
	{"a class list widens a role", "names-roles.role at 3 lms>quiz", false, func(s *story) {
		s.member(Learner, "roles",
			[]any{membershipRole + "Instructor"})
	}},
	{"a class list tells demographics", "names-roles.personal at 3 lms>quiz", false, func(s *story) {
		s.member(Learner, "birth_date",
			"2010-01-01")
	}},
	{"a catalogue doesn't find its item", "search.found at 4 library>lms", false, func(s *story) { s.seen.Picks[1].Found = nil }},
	{"a platform doesn't offer an item", "search.offered at 4 library>lms", false,
		func(s *story) { s.seen.Picks[1].Problem = "step 3: it is not there" }},
	{"another item opens", "search.same-item at 4 library>lms", false,
		func(s *story) { s.seen.Picks[1].Launch.Claims.in(claimPrefix + "custom")["resource_id"] = "8" }},
	{"an item opens elsewhere", "search.same-item at 4 library>lms", false, func(s *story) {
		s.seen.Picks[1].Launch.Claims[claimPrefix+"target_link_uri"] = "https://quiz.example.org/"
	}},
	{"a picker's answer is lost", "deep-linking.answered at 5 quiz>lms", false, func(s *story) {
		s.seen.Picks[0].Items,
			s.seen.Picks[0].Answer = nil, ""
	}},
	{"a content item loses its custom parameters", "deep-linking.item-kept at 5 quiz>lms", false, func(s *story) {
		delete(s.seen.Picks[0].Launch.Claims.in(claimPrefix+"custom"), "resource_id")
	}},
	{"a content item loses its address", "deep-linking.item-kept at 5 quiz>lms", false, func(s *story) {
		s.seen.Picks[0].Launch.Claims[claimPrefix+"target_link_uri"] = "https://quiz.example.org/"
	}},
	{"a content item loses its title", "deep-linking.item-kept at 5 quiz>lms", false, func(s *story) {
		s.seen.Picks[0].Launch.Claims.in(claimPrefix + "resource_link")["title"] = "Link 1"
	}},
	{"a content item loses its line item", "deep-linking.line-item at 5 quiz>lms", false,
		func(s *story) { delete(s.seen.Picks[0].Launch.Claims, agsClaim) }},
	{"a line item loses its resource", "assignment.line-item at 6 quiz>lms", false,
		func(s *story) { s.seen.Grades[0].Made["resourceId"] = "" }},
	{"a line item is found twice", "assignment.line-item at 6 quiz>lms", false,
		func(s *story) { s.seen.Grades[0].Listed = append(s.seen.Grades[0].Listed, object{}) }},
	{"a score is another's", "assignment.score at 6 quiz>lms", false, func(s *story) {
		s.seen.Grades[0].Result, s.seen.Grades[0].Override, s.seen.Grades[0].Scores = nil, 0, nil
		s.seen.Grades[0].OverrideProblem = "there is no score"
	}},
	{"a score is scaled", "assignment.score at 6 quiz>lms", false, func(s *story) { s.seen.Grades[0].Result["resultScore"] = 3.0 }},
	{"a score strays to another line item", "assignment.right-item at 6 quiz>lms", false,
		func(s *story) { s.seen.Grades[0].Others = []object{{"userId": "lms-u1"}} }},
	{"a teacher's score doesn't stand", "assignment.overridden at 6 quiz>lms", false, func(s *story) {
		s.seen.Grades[0].After["resultScore"], s.seen.Grades[0].Scores[0]["score"] = 6.0, 6.0
	}},
	{"a tool's score is lost", "assignment.tool-score at 6 quiz>lms", false, func(s *story) { s.seen.Grades[0].Worked[0].Titles = nil }},
	{"a tool refuses a launch", "launch.opens at 7 lms>quiz", false, func(s *story) { s.launches(Learner, Before, "a quiz")[0].Status = 500 }},
	{"a launch loses the id of the person", "launch.person-id at 7 lms>quiz", false, func(s *story) {
		delete(s.launches(Learner, Before, "a quiz")[0].Claims.in(claimPrefix+"lis"), "person_sourcedid")
	}},
	{"a launch has another id of the person", "launch.person-id at 7 lms>reader", false, func(s *story) {
		s.launches(Learner, Before, "a reader")[0].Claims.in(claimPrefix + "lis")["person_sourcedid"] = "4711"
	}},
	{"a launch has somebody else's id", "launch.person-mixed at 7 lms>quiz", false, func(s *story) {
		s.launches(Learner, Before, "a quiz")[0].Claims.in(claimPrefix + "lis")["person_sourcedid"] = "u3"
	}},
	{"two people launch as one", "launch.person-mixed at 7 lms>quiz", false, func(s *story) {
		s.launches(Newcomer, After, "a quiz")[0].Claims["sub"] = "lms-u1"
	}},
	{"a launch loses the class", "launch.class-id at 7 lms>quiz", false, func(s *story) {
		for _, part := range []string{Teacher, Learner, Withdrawn} {
			for _, l := range s.launches(part, Before, "") {
				if l.Claims != nil && l.Place != "a reader" {
					l.Claims.in(claimPrefix + "context")["id"] = "4"
					delete(l.Claims.in(claimPrefix+"lis"), "course_section_sourcedid")
				}
			}
		}
		s.launches(Learner, Before, "a reader")[0].Claims.in(claimPrefix + "context")["id"] = "4"
	}},
	{"a launch has another course", "launch.course-id at 7 lms>quiz", false, func(s *story) {
		s.launches(Learner, Before, "a quiz")[0].Claims.in(claimPrefix + "lis")["course_offering_sourcedid"] = "term-3"
	}},
	{"a launch widens a role", "launch.role at 7 lms>quiz", false, func(s *story) {
		s.launches(Learner, Before, "a quiz")[0].Claims[claimPrefix+"roles"] = []any{membershipRole + "Learner",
			"http://purl.imsglobal.org/vocab/lis/v2/institution/person#Administrator"}
	}},
	{"who was enrolled can't launch", "launch.newcomer at 7 lms>quiz", false, func(s *story) { s.refuse(Newcomer) }},
	{"who was withdrawn launches", "launch.withdrawn at 7 lms>quiz", false, func(s *story) { s.admit(Withdrawn) }},
	{"a launch tells demographics", "launch.personal at 7 lms>quiz", false, func(s *story) {
		s.launches(Learner, Before, "a quiz")[0].Claims.in(claimPrefix + "custom")["birthDate"] = "2010-01-01"
	}},
	{"an address tells who somebody is", "launch.personal at 7 lms>quiz", false, func(s *story) {
		s.launches(Learner, Before, "a quiz")[0].Exchanges = []string{"w1"}
		s.seen.Leaks = []Leak{{"the parameter login_hint has the mail address", "w1"}}
	}},
	{"what is picked loses the same as what is found", "deep-linking.item-kept at 5 quiz>lms", false, func(s *story) {
		for _, k := range s.seen.Picks {
			if k.Launch != nil && k.Launch.Claims != nil {
				k.Launch.Claims[claimPrefix+"target_link_uri"] = "https://other.example/"
			}
		}
	}},
	{"no line item of a result is there", "assessment.line-item at 8 tests>sis", false, func(s *story) {
		s.seen.Results.Items = map[string]object{}
	}},
	{"a platform keeps no score, of real tools either", "assignment.score at 6 quiz>lms", false, func(s *story) {
		s.seen.Grades[0].Result["resultScore"] = 3.0
		s.unearned()
	}},
	{"no result arrives", "assessment.arrives at 8 tests>sis", false, func(s *story) { s.seen.Results.Results = nil }},
	{"a result has no line item", "assessment.line-item at 8 tests>sis", false, func(s *story) {
		s.seen.Results.Results = append(s.seen.Results.Results, object{"sourcedId": "ar2",
			"assessmentLineItem": map[string]any{"sourcedId": "q9"}})
	}},
	{"results are of the whole alone", "assessment.items at 8 tests>sis", false, func(s *story) {
		delete(s.seen.Results.Items["q1"],
			"parentAssessmentLineItem")
	}},
	{"results are about nothing", "assessment.objectives at 8 tests>sis", false, func(s *story) {
		delete(s.seen.Results.Items["q1"],
			"learningObjectiveSet")
	}},
	{"a learning objective isn't found", "assessment.resolved at 8 tests>sis", false,
		func(s *story) { s.seen.Results.Resolved["lo1"] = "404" }},
	{"a result has another score", "assessment.same at 8 tests>sis", false, func(s *story) { s.seen.Results.Results[0]["score"] = 1.0 }},
	{"a line item isn't pushed", "gradebook.line-item at 9 lms>sis", false, func(s *story) {
		s.seen.Grades[0].Register,
			s.seen.Grades[0].Scores = nil, nil
		s.unearned()
	}},
	{"a line item is pushed twice", "gradebook.line-item at 9 lms>sis", false, func(s *story) {
		s.seen.Grades[0].Register = append(s.seen.Grades[0].Register, object{})
	}},
	{"a result is somebody else's", "gradebook.person at 9 lms>sis", false, func(s *story) {
		s.seen.Grades[0].Scores[0]["student"] = map[string]any{"sourcedId": "u3"}
	}},
	{"a result is lost", "gradebook.score at 9 lms>sis", false, func(s *story) { s.seen.Grades[0].Scores = nil }},
	{"a result is scaled", "gradebook.score at 9 lms>sis", false, func(s *story) { s.seen.Grades[0].Scores[0]["score"] = 0.9 }},
	{"a result strays to another line item", "gradebook.right-item at 9 lms>sis", false, func(s *story) {
		s.seen.Grades[0].Stray, s.seen.Grades[0].Scores = s.seen.Grades[0].Scores, nil
	}},
	{"a teacher's score isn't pushed", "gradebook.overridden at 9 lms>sis", false,
		func(s *story) { s.seen.Grades[0].Scores[0]["score"] = 6.0 }},
}

func (s *story) holding(system string) *Holding {
	for i := range s.seen.Holdings {
		if s.seen.Holdings[i].System == system {
			return &s.seen.Holdings[i]
		}
	}
	return nil
}

func (s *story) unhold(system, id string) {
	h := s.holding(system)
	delete(h.Objects["users"], id)
	delete(h.Objects["enrollments"], "e-"+id)
}

func (s *story) renumber(system, id, to string) {
	h := s.holding(system)
	u := h.Objects["users"][id]
	u["sourcedId"] = to
	delete(u, "userMasterIdentifier")
	delete(h.Objects["users"], id)
	h.Objects["users"][to] = u
	h.Objects["enrollments"]["e-"+id]["user"] = map[string]any{"sourcedId": to}
}

// rename gives people one id of the platform's own, everywhere.
func (s *story) rename(to string, parts ...string) {
	for _, part := range parts {
		s.claim(part, "lis.person_sourcedid", to+part)
		s.member(part, "lis_person_sourcedid", to+part)
	}
	for _, m := range s.seen.Rosters[0].Members {
		if m.text("lis_person_sourcedid") == "u3" {
			m["lis_person_sourcedid"] = to + "u3"
		}
	}
}

// renameBy has the platform know people by another member of the SIS.
func (s *story) renameBy(member string) {
	for _, part := range []string{Teacher, Learner, Withdrawn} {
		s.claim(part, "lis.person_sourcedid", s.user(part).text(member))
		s.member(part, "lis_person_sourcedid", s.user(part).text(member))
	}
	for _, m := range s.seen.Rosters[0].Members {
		if m.text("lis_person_sourcedid") == "u3" {
			m["lis_person_sourcedid"] = map[string]string{"email": "u3@example.org"}[member]
		}
	}
	if member != "email" { // who came later is known the same way
		s.claim(Newcomer, "lis.person_sourcedid", "")
	}
}

func (s *story) changed(system, what string) *Change {
	for i := range s.seen.Changed {
		if c := &s.seen.Changed[i]; c.System == system && c.What == what {
			return c
		}
	}
	return nil
}

func (s *story) refuse(part string) {
	for _, l := range s.launches(part, After, "") {
		l.Claims, l.Problem = nil, "it is not there"
	}
}

func (s *story) admit(part string) {
	for _, l := range s.launches(part, After, "") {
		l.Claims, l.Status = token(s.user(part), "Learner"), 200
	}
}

// ungraded is a story in which the learner can't be graded, as they launch nothing.
func (s *story) ungraded() {
	s.seen.Grades = []Graded{{Platform: "lms", Problem: "Rollcall was not launched there"}}
	s.seen.Picks = nil
}

func (s *story) unearned() {
	for i := range s.seen.Grades[0].Worked {
		s.seen.Grades[0].Worked[i].Titles = nil
	}
}

// Each requirement is broken by a district that is bent in one place, at the hop where it is, and nothing else is accused.
func TestBentDistricts(t *testing.T) {
	caught := map[string]bool{}
	for _, b := range bent {
		s := whole(t)
		if b.held {
			s.seen.Systems[1].Holds = true
			s.seen.Holdings = append(s.seen.Holdings, holding("lms", s.seen))
		}
		b.bend(s)
		broken := s.broken(t)
		if !slices.Equal(broken, []string{b.want}) {
			t.Errorf("%s: accused is %v", b.name, broken)
		}
		name, _, _ := strings.Cut(b.want, " ")
		caught[name] = true
	}
	c, err := catalogue.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range Flows() {
		for _, q := range requirementsOf[f.Name] {
			if _, known := c.Requirement(prefix + q); !known || !caught[q] {
				t.Errorf("%s is shown to fail by nothing (in the catalogue: %t)", q, known)
			}
		}
	}
	if left := Suite().Uncovered(c); len(left) > 0 {
		t.Errorf("no check decides %v", left)
	}
	if err := Suite().Validate(c); err != nil {
		t.Error(err)
	}
}

// legal are districts that do it in another way, which is as good.
var legal = []struct {
	name string
	do   func(t *testing.T, s *story)
}{
	{"ids with a declared prefix", func(_ *testing.T, s *story) {
		s.section.IDs = []Mapping{{Kind: PersonID, At: "lms", SIS: "sourcedId", Prefix: "lms:"}}
		s.carry(func(u object) string { return "lms:" + u.text("sourcedId") })
	}},
	{"ids by a declared table", func(t *testing.T, s *story) {
		path := filepath.Join(t.TempDir(), "people.csv")
		if err := os.WriteFile(path, []byte("sis,lms\nt1,1\nu1,2\nu2,3\nu3,4\nn1,5\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		s.section.IDs = []Mapping{{Kind: PersonID, At: "lms", SIS: "sourcedId", Table: path}}
		s.carry(func(u object) string {
			return map[string]string{"t1": "1", "u1": "2", "u2": "3", "u3": "4", "n1": "5"}[u.text("sourcedId")]
		})
	}},
	{"the userMasterIdentifier, undeclared", func(_ *testing.T,
		s *story) {
		s.carry(func(u object) string { return u.text("userMasterIdentifier") })
	}},
	{"a declared member", func(_ *testing.T, s *story) {
		s.section.IDs = []Mapping{{Kind: PersonID, At: "lms", SIS: "sourcedId", In: "user_id", Prefix: "lms-"}}
		s.carry(func(object) string { return "" })
	}},
	{"the id in sub alone", func(_ *testing.T, s *story) {
		s.carry(func(object) string { return "" })
		for i := range s.seen.Launches {
			if c := s.seen.Launches[i].Claims; c != nil {
				c["sub"] = strings.TrimPrefix(c.text("sub"), "lms-")
			}
		}
		for _, m := range s.seen.Rosters[0].Members {
			m["user_id"] = strings.TrimPrefix(m.text("user_id"), "lms-")
		}
	}},
	{"no mail addresses and no names", func(_ *testing.T, s *story) {
		for _, m := range s.seen.Rosters[0].Members {
			delete(m, "email")
			delete(m, "given_name")
			delete(m, "family_name")
		}
		for i := range s.seen.Launches {
			for _, n := range []string{"email", "given_name", "family_name"} {
				delete(s.seen.Launches[i].Claims, n)
			}
		}
	}},
	{"a class by its declared label", func(_ *testing.T, s *story) {
		s.seen.SIS.Class["classCode"] = "Garden"
		s.section.IDs = []Mapping{{Kind: ClassID, At: "lms", SIS: "classCode", In: "context.label"}}
		for i := range s.seen.Launches {
			if c := s.seen.Launches[i].Claims; c != nil {
				c.in(claimPrefix + "context")["id"] = "77"
				delete(c.in(claimPrefix+"lis"), "course_section_sourcedid")
				delete(c.in(claimPrefix+"lis"), "course_offering_sourcedid")
			}
		}
	}},
	{"a tool that keeps the id of the SIS beside its own", func(_ *testing.T, s *story) {
		s.renumber("reader", "u3", "7")
		s.holding("reader").Objects["users"]["7"]["identifier"] = "u3"
	}},
	{"an enrollment that has ended by its date, and is held still", func(_ *testing.T, s *story) {
		s.seen.SIS.Between = []string{"x9"}
		s.holding("reader").Objects["enrollments"]["e9"] = object{"user": map[string]any{"sourcedId": "x9"},
			"class": map[string]any{"sourcedId": "c1"}, "role": "student"}
		s.seen.Rosters[0].Members = append(s.seen.Rosters[0].Members, listed(person("x9", "Xan"), "Learner"))
	}},
	{"refined roles", func(_ *testing.T, s *story) {
		s.claim(Teacher, claimPrefix+"roles", []any{"http://purl.imsglobal.org/vocab/lis/v2/membership/Instructor#PrimaryInstructor",
			membershipRole + "Instructor"})
		s.claim(Learner, claimPrefix+"roles", []any{membershipRole + "Learner",
			"http://purl.imsglobal.org/vocab/lis/v2/institution/person#Student"})
	}},
	{"a refusal by the tool", func(_ *testing.T, s *story) {
		s.admit(Withdrawn)
		for _, l := range s.launches(Withdrawn, After, "") {
			l.Status = 403
		}
	}},
	{"scores of another maximum in the SIS", func(_ *testing.T, s *story) {
		s.seen.Grades[0].Scores[0]["score"], s.seen.Grades[0].Scores[0]["lineItemMax"] = 90.0, 100.0
	}},
}

// carry has the platform tell people's ids in another way, everywhere.
func (s *story) carry(id func(u object) string) {
	of := map[string]object{}
	for _, u := range slices.Concat(s.seen.SIS.Teachers, s.seen.SIS.Students, []object{s.user(Newcomer)}) {
		of["lms-"+u.text("sourcedId")] = u
	}
	set := func(o object, name, v string) {
		if o[name] = v; v == "" {
			delete(o, name)
		}
	}
	for i := range s.seen.Launches {
		if c := s.seen.Launches[i].Claims; c != nil {
			set(c.in(claimPrefix+"lis"), "person_sourcedid", id(of[c.text("sub")]))
		}
	}
	for _, m := range s.seen.Rosters[0].Members {
		if u := of[m.text("user_id")]; u != nil {
			set(m, "lis_person_sourcedid", id(u))
		}
	}
}

func TestLegalDistricts(t *testing.T) {
	for _, v := range legal {
		s := whole(t)
		v.do(t, s)
		if broken := s.broken(t); len(broken) > 0 {
			t.Errorf("%s: accused is %v", v.name, broken)
		}
	}
}

// Where a system is away, or tells nothing, its hops are grey, and say what to set.
func TestMissingSystems(t *testing.T) {
	for _, y := range []string{"lms", "quiz", "tests", "library"} {
		s := whole(t)
		role := s.seen.system(y).Role
		s.seen.Systems = slices.DeleteFunc(s.seen.Systems, func(x SystemSeen) bool { return x.Role == role })
		s.section.Systems = slices.DeleteFunc(s.section.Systems, func(x System) bool { return x.Role == role })
		if role == Platform || role == Tool {
			s.section.Places = nil
		}
		if broken := s.broken(t); len(broken) > 0 {
			t.Errorf("without %s: %v", y, broken)
		}
		grey := 0
		for _, r := range s.judged() {
			if (r.from == "("+role+")" || r.to == "("+role+")") && r.examined == 0 && r.grey != nil && r.grey.remedy != "" {
				grey++
			}
		}
		if grey == 0 {
			t.Errorf("without %s nothing is grey", y)
		}
	}
	s := whole(t) // of a platform at which nobody can sign in nothing is said but that
	for i := range s.seen.Launches {
		l := &s.seen.Launches[i]
		l.Claims, l.Status, l.Unsigned, l.Problem = nil, 0, true, "signing in: it is not there"
	}
	for i := range s.seen.Picks {
		s.seen.Picks[i] = Picked{Name: s.seen.Picks[i].Name, Platform: "lms", From: s.seen.Picks[i].From, Role: s.seen.Picks[i].Role,
			Unsigned: true, Problem: "signing in"}
	}
	s.seen.Rosters[0] = Roster{Platform: "lms", When: Before, Problem: "Rollcall was not launched"}
	s.seen.Grades = []Graded{{Platform: "lms", Problem: "Rollcall was not launched"}}
	if broken := s.broken(t); len(broken) > 0 {
		t.Errorf("where nobody can sign in: %v", broken)
	}
	s = whole(t)
	s.seen = &Sightings{Systems: s.seen.Systems, SIS: Register{Problem: "it answers 500"}, People: map[string]PersonSeen{}}
	if broken := s.broken(t); len(broken) > 0 {
		t.Errorf("with nothing seen: %v", broken)
	}
	for _, r := range s.judged() {
		if r.examined > 0 {
			t.Errorf("%s passes though nothing was seen", r.requirement)
		}
	}
}
