package consumer

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-edu/rollcall/suites/oneroster/consumer/driver"
)

// small is a roster of six people of three roles in two classes, with ids of capitals and small letters.
func small() driver.Objects {
	to := func(id string) map[string]any { return map[string]any{"sourcedId": id} }
	out := driver.Objects{"orgs": {}, "users": {}, "classes": {}, "enrollments": {}, "lineItems": {}, "results": {}}
	put := func(collection, id string, members map[string]any) {
		members["sourcedId"], members["status"] = id, "active"
		out[collection][id] = members
	}
	put("orgs", "Sch-1", map[string]any{"name": "Ash", "type": "school"})
	for i, role := range []string{"student", "student", "student", "teacher", "guardian", "guardian"} {
		put("users", fmt.Sprintf("Usr-%d", i), map[string]any{"givenName": fmt.Sprintf("Name %d", i), "familyName": fmt.Sprintf("Family %d", i),
			"roles": []any{map[string]any{"roleType": "primary", "role": role, "org": to("Sch-1")}}})
	}
	for i := range 2 {
		put("classes", fmt.Sprintf("Cls-%d", i), map[string]any{"title": fmt.Sprintf("Class %d", i), "school": to("Sch-1")})
	}
	for i := range 3 {
		user := fmt.Sprintf("Usr-%d", i)
		put("enrollments", fmt.Sprintf("Enr-%d", i), map[string]any{"user": to(user), "class": to("Cls-0"), "role": "student"})
		put("results", fmt.Sprintf("Res-%d", i), map[string]any{"lineItem": to("Itm-0"), "student": to(user), "score": fmt.Sprint(i),
			"scoreStatus": "fully graded"})
	}
	put("lineItems", "Itm-0", map[string]any{"title": "Test", "class": to("Cls-0")})
	return out
}

// spelled writes all sourcedIds in another way, those of references too.
func spelled(all driver.Objects, change func(string) string) driver.Objects {
	var walk func(v any) any
	walk = func(v any) any {
		switch x := v.(type) {
		case map[string]any:
			out := map[string]any{}
			for k, v := range x {
				if id, is := v.(string); is && k == "sourcedId" {
					out[k] = change(id)
				} else {
					out[k] = walk(v)
				}
			}
			return out
		case []any:
			out := make([]any, 0, len(x))
			for _, v := range x {
				out = append(out, walk(v))
			}
			return out
		}
		return v
	}
	out := driver.Objects{}
	for collection, objects := range all {
		out[collection] = map[string]map[string]any{}
		for id, object := range objects {
			out[collection][change(id)] = walk(object).(map[string]any)
		}
	}
	return out
}

func asItIs(id string) string { return id }

// accused lists what is accused.
func accused(list []difference) string {
	var out []string
	for _, d := range list {
		out = append(out, strings.TrimSuffix(d.what+" "+d.collection+"/"+d.id+"/"+d.member, "/"))
	}
	slices.Sort(out)
	return strings.Join(out, ", ")
}

// TestMadeUp: whom nobody has told of is accused, and what the product had before, writes in its own way, or may hold
// under another id, isn't.
func TestMadeUp(t *testing.T) {
	stranger := func(o driver.Objects) {
		o["users"]["nobody"] = map[string]any{"sourcedId": "nobody", "givenName": "N."}
	}
	for name, test := range map[string]struct {
		spelled func(string) string
		change  func(held, before driver.Objects)
		want    string
	}{
		"nobody else":      {asItIs, func(_, _ driver.Objects) {}, ""},
		"somebody made up": {asItIs, func(held, _ driver.Objects) { stranger(held) }, "lingering users/nobody"},
		"somebody made up beside ids in capitals": {strings.ToUpper, func(held, _ driver.Objects) { stranger(held) },
			"lingering users/nobody"},
		"ids in capitals":        {strings.ToUpper, func(_, _ driver.Objects) {}, ""},
		"ids with a prefix":      {func(id string) string { return "lms:" + id }, func(_, _ driver.Objects) {}, ""},
		"somebody who was there": {asItIs, func(held, before driver.Objects) { stranger(held); stranger(before) }, ""},
		"somebody made up, flagged": {asItIs, func(held, _ driver.Objects) {
			stranger(held)
			held["users"]["nobody"]["status"] = "tobedeleted"
		}, ""},
		"somebody under another id": {asItIs, func(held, _ driver.Objects) { stranger(held); delete(held["users"], "Usr-2") }, ""},
		"something of what isn't kept": {asItIs, func(held, _ driver.Objects) {
			held["courses"] = map[string]map[string]any{"own": {"sourcedId": "own", "title": "Own"}}
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			truth, before := small(), driver.Objects{"users": {}}
			held := spelled(truth, test.spelled)
			test.change(held, before)
			was, is := &driver.Held{Objects: before}, &driver.Held{Objects: held}
			m := learn(driver.Holder{}, truth, is, was, time.Now())
			if got := accused(m.madeUp(truth, is, was)); got != test.want {
				t.Errorf("%q, not %q", got, test.want)
			}
		})
	}
}

// TestRecased: ids in another case are those of the provider, through all that becomes of an object; two that differ
// by case alone are two.
func TestRecased(t *testing.T) {
	for name, test := range map[string]struct {
		change func(truth, held driver.Objects, gone map[place]bool)
		want   string
	}{
		"nothing":             {func(_, _ driver.Objects, _ map[place]bool) {}, ""},
		"somebody is lacking": {func(_, held driver.Objects, _ map[place]bool) { delete(held["users"], "USR-4") }, "missing users/Usr-4"},
		"somebody is gone": {func(truth, held driver.Objects, gone map[place]bool) {
			delete(truth["users"], "Usr-4")
			delete(held["users"], "USR-4")
			gone[place{collection: "users", id: "Usr-4"}] = true
		}, ""},
		"somebody who is gone lingers": {func(truth, _ driver.Objects, gone map[place]bool) {
			delete(truth["users"], "Usr-4")
			gone[place{collection: "users", id: "Usr-4"}] = true
		}, "lingering users/Usr-4"},
		"somebody is renamed": {func(truth, held driver.Objects, _ map[place]bool) {
			truth["users"]["Usr-4"]["givenName"] = "New"
			held["users"]["USR-4"]["givenName"] = "New"
		}, ""},
		"a name is lost": {func(truth, _ driver.Objects, _ map[place]bool) { truth["users"]["Usr-4"]["givenName"] = "New" },
			"value users/Usr-4/givenName"},
		"a seat is in another class": {func(_, held driver.Objects, _ map[place]bool) {
			held["enrollments"]["ENR-0"]["class"] = map[string]any{"sourcedId": "CLS-1"}
		}, "value enrollments/Enr-0/class"},
		"somebody comes who differs by case": {func(truth, held driver.Objects, _ map[place]bool) {
			truth["users"]["usr-4"] = map[string]any{"sourcedId": "usr-4", "status": "active", "givenName": "Other", "familyName": "Other",
				"roles": truth["users"]["Usr-4"]["roles"]}
			held["users"]["usr-4"] = truth["users"]["usr-4"]
		}, "missing users/Usr-4"},
	} {
		t.Run(name, func(t *testing.T) {
			truth := small()
			held := &driver.Held{Objects: spelled(truth, strings.ToUpper)}
			m := learn(driver.Holder{}, truth, held, nil, time.Now())
			if !slices.Contains(m.learned.Recased, "users") || !m.has(held.Objects, "users", "Usr-1") {
				t.Fatalf("recased are %v", m.learned.Recased)
			}
			gone := map[place]bool{}
			test.change(truth, held.Objects, gone)
			if got := accused(m.compare(truth, held, gone)); got != test.want {
				t.Errorf("%q, not %q", got, test.want)
			}
		})
	}
}

// TestFirstKinds: of a kind of which the first sync brought none nobody is asked for later; of one of which it did, and
// of kinds that are new to a product that kept all, everybody is.
func TestFirstKinds(t *testing.T) {
	of := func(role string) func(truth driver.Objects) {
		return func(truth driver.Objects) {
			truth["users"]["new"] = map[string]any{"sourcedId": "new", "status": "active", "givenName": "New", "familyName": "New",
				"roles": []any{map[string]any{"role": role, "roleType": "primary", "org": map[string]any{"sourcedId": "Sch-1"}}}}
		}
	}
	for name, test := range map[string]struct {
		without []string // whom it doesn't keep from the first sync on
		change  func(truth driver.Objects)
		want    string
	}{
		"everybody, and a guardian comes":                {nil, of("guardian"), "missing users/new"},
		"everybody, and a proctor comes":                 {nil, of("proctor"), "missing users/new"},
		"no guardians, and a guardian comes":             {[]string{"Usr-4", "Usr-5"}, of("guardian"), ""},
		"no guardians, and a proctor comes":              {[]string{"Usr-4", "Usr-5"}, of("proctor"), ""},
		"no guardians, and a student comes":              {[]string{"Usr-4", "Usr-5"}, of("student"), "missing users/new"},
		"one guardian of two is lost, and a third comes": {[]string{"Usr-4"}, of("guardian"), "missing users/Usr-4, missing users/new"},
	} {
		t.Run(name, func(t *testing.T) {
			truth := small()
			held := &driver.Held{Objects: spelled(truth, asItIs)}
			for _, id := range test.without {
				delete(held.Objects["users"], id)
			}
			m := learn(driver.Holder{}, truth, held, nil, time.Now())
			test.change(truth)
			if got := accused(m.compare(truth, held, nil)); got != test.want {
				t.Errorf("%q, not %q", got, test.want)
			}
		})
	}
}

// TestLeavers: results of who left a class may be flagged or left out, and no others; what is held of them has their values.
func TestLeavers(t *testing.T) {
	for name, test := range map[string]struct {
		change func(truth, held driver.Objects)
		want   string
	}{
		"who is there loses a result": {func(_, held driver.Objects) { delete(held["results"], "Res-0") }, "missing results/Res-0"},
		"who left loses one": {func(truth, held driver.Objects) {
			truth["enrollments"]["Enr-0"]["status"], held["enrollments"]["Enr-0"]["status"] = "tobedeleted", "tobedeleted"
			delete(held["results"], "Res-0")
		}, ""},
		"that of who left is flagged": {func(truth, held driver.Objects) {
			truth["enrollments"]["Enr-0"]["endDate"] = "2020-01-01"
			held["enrollments"]["Enr-0"]["endDate"], held["results"]["Res-0"]["status"] = "2020-01-01", "tobedeleted"
		}, ""},
		"who left has another score": {func(truth, held driver.Objects) {
			truth["enrollments"]["Enr-0"]["status"], held["enrollments"]["Enr-0"]["status"] = "tobedeleted", "tobedeleted"
			held["results"]["Res-0"]["score"] = "17"
		}, "value results/Res-0/score"},
	} {
		t.Run(name, func(t *testing.T) {
			truth := small()
			held := &driver.Held{Objects: spelled(truth, asItIs)}
			m := learn(driver.Holder{}, truth, held, nil, time.Now())
			test.change(truth, held.Objects)
			if got := accused(m.compare(truth, held, nil)); got != test.want {
				t.Errorf("%q, not %q", got, test.want)
			}
		})
	}
}

// TestSwitchedOff: a product that keeps nobody who is switched off keeps no enrollments of theirs, from its first sync on.
func TestSwitchedOff(t *testing.T) {
	truth := small()
	truth["users"]["Usr-0"]["enabledUser"] = "false"
	held := &driver.Held{Objects: spelled(truth, asItIs)}
	delete(held.Objects["users"], "Usr-0")
	delete(held.Objects["enrollments"], "Enr-0")
	m := learn(driver.Holder{}, truth, held, nil, time.Now())
	if got := accused(m.compare(truth, held, nil)); got != "" {
		t.Error(got)
	}
	delete(held.Objects["enrollments"], "Enr-1")
	if got := accused(m.compare(truth, held, nil)); got != "missing enrollments/Enr-1" {
		t.Error(got)
	}
}
