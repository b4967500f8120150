package driver

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// objects reads objects, a collection a key.
func objects(t *testing.T, text string) Objects {
	t.Helper()
	var lists map[string][]map[string]any
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&lists); err != nil {
		t.Fatal(err)
	}
	out := Objects{}
	for collection, list := range lists {
		for _, o := range list {
			out.put(collection, o["sourcedId"].(string), o)
		}
	}
	return out
}

const roster = `{
"orgs": [
  {"sourcedId": "d-1", "status": "active", "dateLastModified": "2026-09-01T00:00:00Z", "name": "Riverbend", "type": "district", "children": [{"sourcedId": "s-1"}]},
  {"sourcedId": "s-1", "status": "active", "dateLastModified": "2026-09-01T00:00:00Z", "name": "Ash", "type": "school", "identifier": "007", "parent": {"sourcedId": "d-1", "type": "org", "href": "http://127.0.0.1/orgs/d-1"}}],
"academicSessions": [
  {"sourcedId": "y-1", "title": "2026", "type": "schoolYear", "startDate": "2026-08-01", "endDate": "2027-06-30", "schoolYear": "2027"},
  {"sourcedId": "t-1", "title": "Fall", "type": "term", "startDate": "2026-08-01", "endDate": "2026-12-20", "schoolYear": "2027", "parent": {"sourcedId": "y-1"}}],
"classes": [
  {"sourcedId": "c-1", "title": "Algebra", "classType": "scheduled", "course": {"sourcedId": "co-1"}, "school": {"sourcedId": "s-1"}, "terms": [{"sourcedId": "t-1"}, {"sourcedId": "y-1"}], "grades": ["09", "10"], "subjects": ["Math", "Algebra"], "periods": ["1"]},
  {"sourcedId": "c-2", "title": "Homeroom", "classType": "homeroom", "course": {"sourcedId": "co-1"}, "school": {"sourcedId": "s-1"}, "terms": [{"sourcedId": "t-1"}], "grades": ["09"], "subjects": ["None"], "periods": ["2"]}],
"users": [
  {"sourcedId": "u-1", "status": "active", "enabledUser": "true", "username": "Ada.L", "givenName": "Ada", "familyName": "Lovelace", "middleName": "", "email": "Ada@example.org", "phone": "+1 555 0100", "userIds": [{"type": "sis", "identifier": "9"}], "grades": ["09"], "primaryOrg": {"sourcedId": "s-1"}, "roles": [{"roleType": "primary", "role": "student", "org": {"sourcedId": "s-1"}, "beginDate": "2026-08-01"}], "agents": [{"sourcedId": "u-3"}], "metadata": {"bus": "7"}},
  {"sourcedId": "u-2", "status": "active", "enabledUser": "true", "username": "zoe", "givenName": "Zoë", "familyName": "Núñez", "email": "zoe@example.org", "phone": "555 0101", "userIds": [{"type": "sis", "identifier": "10"}], "primaryOrg": {"sourcedId": "s-1"}, "roles": [{"roleType": "primary", "role": "teacher", "org": {"sourcedId": "s-1"}}, {"roleType": "secondary", "role": "guardian", "org": {"sourcedId": "d-1"}}], "metadata": {"bus": "8"}},
  {"sourcedId": "u-3", "status": "active", "enabledUser": "false", "username": "eve", "givenName": "Eve", "familyName": "Lovelace", "email": "eve@example.org", "phone": "5550102", "roles": [{"roleType": "primary", "role": "guardian", "org": {"sourcedId": "s-1"}}]},
  {"sourcedId": "u-4", "status": "tobedeleted", "enabledUser": "true", "username": "bob", "givenName": "Bob", "familyName": "Gone", "roles": [{"roleType": "primary", "role": "student", "org": {"sourcedId": "s-1"}}]}],
"enrollments": [
  {"sourcedId": "e-1", "user": {"sourcedId": "u-1"}, "class": {"sourcedId": "c-1"}, "school": {"sourcedId": "s-1"}, "role": "student", "primary": "false", "beginDate": "2026-08-20"},
  {"sourcedId": "e-2", "user": {"sourcedId": "u-2"}, "class": {"sourcedId": "c-1"}, "school": {"sourcedId": "s-1"}, "role": "teacher", "primary": "true"}],
"lineItems": [
  {"sourcedId": "l-1", "title": "Test", "assignDate": "2026-09-01T00:00:00Z", "dueDate": "2026-09-08T23:30:00Z", "class": {"sourcedId": "c-1"}, "academicSession": {"sourcedId": "t-1"}, "resultValueMin": 0.0, "resultValueMax": 10.0}]
}`

// each changes every object of a collection.
func each(collection string, change func(id string, o map[string]any)) func(Objects) {
	return func(all Objects) {
		for id, o := range all[collection] {
			change(id, o)
		}
	}
}

// TestCompareTolerates: how a product writes what it holds is none of its failures, neither when
// it is learned what it keeps nor later.
func TestCompareTolerates(t *testing.T) {
	prefixed := func(before, after string) func(Objects) {
		return func(all Objects) {
			var walk func(v any)
			walk = func(v any) {
				switch x := v.(type) {
				case map[string]any:
					if id, is := x["sourcedId"].(string); is {
						x["sourcedId"] = before + id + after
					}
					for _, v := range x {
						walk(v)
					}
				case []any:
					for _, v := range x {
						walk(v)
					}
				}
			}
			for c, list := range all {
				moved := map[string]map[string]any{}
				for id, o := range list {
					walk(o)
					moved[before+id+after] = o
				}
				all[c] = moved
			}
		}
	}
	tests := map[string]func(Objects){
		"as it is": func(Objects) {},
		"the order of lists": each("classes", func(_ string, o map[string]any) {
			for _, m := range []string{"terms", "grades", "subjects"} {
				slices.Reverse(o[m].([]any))
			}
		}),
		"an item twice": each("classes", func(_ string, o map[string]any) {
			o["subjects"] = append(o["subjects"].([]any), o["subjects"].([]any)[0])
		}),
		"numbers as texts": each("lineItems", func(_ string, o map[string]any) { o["resultValueMin"], o["resultValueMax"] = "0", "10.00" }),
		"numbers as numbers": func(all Objects) {
			each("lineItems", func(_ string, o map[string]any) { o["resultValueMin"], o["resultValueMax"] = json.Number("0"), 10.0 })(all)
			each("academicSessions", func(_ string, o map[string]any) { o["schoolYear"] = json.Number("2027") })(all)
		},
		"truth as truth": func(all Objects) {
			each("users", func(_ string, o map[string]any) { o["enabledUser"] = o["enabledUser"] == "true" })(all)
			each("enrollments", func(_ string, o map[string]any) {
				o["primary"] = map[any]any{"true": json.Number("1"), "false": json.Number("0")}[o["primary"]]
			})(all)
		},
		"what is false is left out": each("enrollments", func(_ string, o map[string]any) {
			if o["primary"] == "false" {
				delete(o, "primary")
			}
		}),
		"offsets": each("lineItems", func(_ string, o map[string]any) {
			o["assignDate"], o["dueDate"] = "2026-09-01T02:00:00+02:00", "2026-09-08T16:30:00.000-07:00"
		}),
		"days of instants": each("lineItems", func(_ string, o map[string]any) { o["assignDate"], o["dueDate"] = "2026-09-01", "2026-09-08" }),
		"instants of days": each("academicSessions", func(_ string, o map[string]any) {
			o["startDate"], o["endDate"] = o["startDate"].(string)+"T00:00:00+09:00", o["endDate"].(string)+" 00:00:00"
		}),
		"what is empty is null": each("users", func(_ string, o map[string]any) {
			o["middleName"], o["sms"], o["metadata2"] = nil, "", map[string]any{}
		}),
		"no dates of change, no links, no children": func(all Objects) {
			for _, list := range all {
				for _, o := range list {
					delete(o, "dateLastModified")
					delete(o, "children")
				}
			}
		},
		"no status of what is active": each("users", func(id string, o map[string]any) {
			if id != "u-4" {
				delete(o, "status")
			}
		}),
		"what is flagged is removed":  func(all Objects) { delete(all["users"], "u-4") },
		"what is flagged is inactive": func(all Objects) { all["users"]["u-4"]["status"] = "inactive" },
		"what is gone is kept with a flag": func(all Objects) {
			all.put("users", "u-9", map[string]any{"sourcedId": "u-9", "status": "tobedeleted"})
		},
		"references as ids": each("enrollments", func(_ string, o map[string]any) {
			for _, m := range []string{"user", "class", "school"} {
				o[m] = o[m].(map[string]any)["sourcedId"]
			}
		}),
		"names of columns": func(all Objects) {
			each("enrollments", func(_ string, o map[string]any) {
				for _, m := range []string{"user", "class", "school"} {
					o[m+"SourcedId"] = o[m].(map[string]any)["sourcedId"]
					delete(o, m)
				}
			})(all)
			each("classes", func(_ string, o map[string]any) {
				o["termSourcedIds"] = []any{"t-1", "y-1"}
				if o["sourcedId"] == "c-2" {
					o["termSourcedIds"] = "t-1"
				}
				delete(o, "terms")
			})(all)
		},
		"names with underscores": each("users", func(_ string, o map[string]any) {
			o["given_name"], o["FAMILYNAME"] = o["givenName"], o["familyName"]
			delete(o, "givenName")
			delete(o, "familyName")
		}),
		"names of 1.1": func(all Objects) {
			each("users", func(_ string, o map[string]any) {
				roles := o["roles"].([]any)
				orgs := []any{}
				for _, r := range roles {
					orgs = append(orgs, r.(map[string]any)["org"])
				}
				o["role"], o["orgs"] = roles[0].(map[string]any)["role"], orgs
				delete(o, "roles")
				delete(o, "primaryOrg")
			})(all)
			each("lineItems", func(_ string, o map[string]any) {
				o["gradingPeriod"] = o["academicSession"]
				delete(o, "academicSession")
			})(all)
		},
		"prefixes of ids": prefixed("rollcall:", ""),
		"suffixes of ids": prefixed("", "@riverbend"),
		"ids in capitals": func(all Objects) {
			for c, list := range all {
				text, _ := json.Marshal(list)
				for _, collection := range Collections() {
					for id := range objectsOf(roster)[collection] {
						text = []byte(strings.ReplaceAll(string(text), `"`+id+`"`, `"`+strings.ToUpper(id)+`"`))
					}
				}
				var upper map[string]map[string]any
				_ = json.Unmarshal(text, &upper)
				all[c] = upper
			}
		},
		"names to sign in with in small letters": each("users", func(_ string, o map[string]any) {
			o["username"] = strings.ToLower(o["username"].(string))
			if o["email"] != nil {
				o["email"] = strings.ToLower(o["email"].(string))
			}
		}),
		"numbers to call without blanks": each("users", func(_ string, o map[string]any) {
			if o["phone"] != nil {
				o["phone"] = strings.NewReplacer(" ", "", "+", "").Replace(o["phone"].(string))
			}
		}),
		"accents apart": each("users", func(_ string, o map[string]any) {
			o["givenName"] = strings.ReplaceAll(o["givenName"].(string), "ë", "e\u0308")
		}),
		"blanks around": each("users", func(_ string, o map[string]any) { o["givenName"] = " " + o["givenName"].(string) + "\t" }),
		"grades without zeros": each("classes", func(_ string, o map[string]any) {
			for i, g := range o["grades"].([]any) {
				o["grades"].([]any)[i] = strings.TrimLeft(g.(string), "0")
			}
		}),
		"lists in one text": each("classes", func(_ string, o map[string]any) { o["subjects"] = strings.Join(textsOf(o["subjects"]), ",") }),
		"words of vocabularies in capitals": func(all Objects) {
			each("orgs", func(_ string, o map[string]any) { o["type"] = strings.ToUpper(o["type"].(string)) })(all)
			each("enrollments", func(_ string, o map[string]any) { o["role"] = strings.ToUpper(o["role"].(string)) })(all)
		},
		"a collection that it doesn't keep": func(all Objects) { delete(all, "lineItems") },
		"a member that it doesn't keep":     each("users", func(_ string, o map[string]any) { delete(o, "email"); delete(o, "metadata") }),
		"a member of its own":               each("users", func(_ string, o map[string]any) { o["lastLogin"] = "2026-11-30" }),
		"a member in its own words":         each("classes", func(_ string, o map[string]any) { o["title"] = "LMS course " + o["sourcedId"].(string) }),
		"a member that it fills in":         each("users", func(_ string, o map[string]any) { o["middleName"] = "-" }),
		"a kind that it doesn't keep": func(all Objects) {
			delete(all["orgs"], "d-1")
			delete(all["academicSessions"], "y-1")
		},
		"roles without their types and dates": each("users", func(_ string, o map[string]any) {
			for _, r := range o["roles"].([]any) {
				delete(r.(map[string]any), "roleType")
				delete(r.(map[string]any), "beginDate")
			}
		}),
	}
	for name, writes := range tests {
		t.Run(name, func(t *testing.T) {
			expected := objects(t, roster)
			held := objects(t, roster)
			writes(held)
			h := Holder{}
			l := h.Learn(expected, &Held{Objects: held}, nil)
			if found := h.Compare(expected, &Held{Objects: held}, l); len(found) > 0 {
				t.Errorf("%v", found)
			}
			if len(l.Otherwise) > 0 && name != "a member in its own words" {
				t.Errorf("it is said to hold something else: %v", l.Otherwise)
			}
			if !strings.Contains(name, "keep") && len(l.Without) > 0 && name != "names of 1.1" && !strings.HasPrefix(name, "a member") && !strings.HasPrefix(name, "roles without") && name != "no status of what is active" {
				t.Errorf("it is said not to keep %v", l.Without)
			}
		})
	}
}

func objectsOf(text string) Objects {
	var lists map[string][]map[string]any
	_ = json.Unmarshal([]byte(text), &lists)
	out := Objects{}
	for collection, list := range lists {
		for _, o := range list {
			out.put(collection, o["sourcedId"].(string), o)
		}
	}
	return out
}

func textsOf(v any) (out []string) {
	for _, x := range v.([]any) {
		out = append(out, x.(string))
	}
	return out
}

// TestCompareFinds: what is wrong is found, and once.
func TestCompareFinds(t *testing.T) {
	for name, test := range map[string]struct {
		h       Holder
		change  func(Objects)
		want    string
		changes bool // of what it is to hold, not of what it holds
	}{
		"somebody is missing":            {Holder{}, func(o Objects) { delete(o["users"], "u-1") }, "missing: users/u-1", false},
		"somebody is there still":        {Holder{}, func(o Objects) { delete(o["users"], "u-2") }, "extra: users/u-2", true},
		"somebody is flagged":            {Holder{}, func(o Objects) { o["users"]["u-1"]["status"] = "tobedeleted" }, "changed: users/u-1 /status", false},
		"a flag is passed over":          {Holder{}, func(o Objects) { o["users"]["u-1"]["status"] = "tobedeleted" }, "extra: users/u-1", true},
		"a flag is passed over, kept":    {Holder{Flagged: Kept}, func(o Objects) { o["users"]["u-1"]["status"] = "tobedeleted" }, "changed: users/u-1 /status", true},
		"what is kept isn't":             {Holder{Flagged: Kept}, func(o Objects) { delete(o["users"], "u-4") }, "missing: users/u-4", false},
		"what is removed isn't":          {Holder{Flagged: Removed}, func(Objects) {}, "extra: users/u-4", false},
		"a name is another":              {Holder{}, func(o Objects) { o["users"]["u-1"]["givenName"] = "Eda" }, "changed: users/u-1 /givenName", false},
		"a name lost its accent":         {Holder{}, func(o Objects) { o["users"]["u-2"]["givenName"] = "Zoe" }, "changed: users/u-2 /givenName", false},
		"a name in capitals":             {Holder{}, func(o Objects) { o["users"]["u-2"]["givenName"] = "ZOË" }, "changed: users/u-2 /givenName", false},
		"a text stays":                   {Holder{}, func(o Objects) { delete(o["users"]["u-1"], "phone") }, "changed: users/u-1 /phone", true},
		"a text is gone":                 {Holder{}, func(o Objects) { delete(o["users"]["u-1"], "email") }, "changed: users/u-1 /email", false},
		"zeros are gone":                 {Holder{}, func(o Objects) { o["orgs"]["d-1"]["identifier"] = "0042" }, "changed: orgs/d-1 /identifier", true},
		"a term stays":                   {Holder{}, func(o Objects) { o["classes"]["c-1"]["terms"] = []any{map[string]any{"sourcedId": "t-1"}} }, "changed: classes/c-1 /terms", true},
		"a class moved":                  {Holder{}, func(o Objects) { o["enrollments"]["e-1"]["class"] = map[string]any{"sourcedId": "c-2"} }, "changed: enrollments/e-1 /class", true},
		"a day later":                    {Holder{}, func(o Objects) { o["academicSessions"]["t-1"]["endDate"] = "2026-12-21" }, "changed: academicSessions/t-1 /endDate", false},
		"an instant as if it were local": {Holder{}, func(o Objects) { o["lineItems"]["l-1"]["dueDate"] = "2026-09-08T23:30:00+02:00" }, "changed: lineItems/l-1 /dueDate", false},
		"a score more":                   {Holder{}, func(o Objects) { o["lineItems"]["l-1"]["resultValueMax"] = 100.0 }, "changed: lineItems/l-1 /resultValueMax", true},
		"a role is gone":                 {Holder{}, func(o Objects) { o["users"]["u-2"]["roles"] = o["users"]["u-2"]["roles"].([]any)[:1] }, "changed: users/u-2 /roles", false},
		"a role more is passed over": {Holder{}, func(o Objects) {
			o["users"]["u-3"]["roles"] = append(o["users"]["u-3"]["roles"].([]any), map[string]any{"role": "teacher", "org": map[string]any{"sourcedId": "s-1"}})
		}, "changed: users/u-3 /roles", true},
		"somebody is let in":                 {Holder{}, func(o Objects) { o["users"]["u-1"]["enabledUser"] = "false" }, "changed: users/u-1 /enabledUser", true},
		"another bus":                        {Holder{}, func(o Objects) { o["users"]["u-1"]["metadata"] = map[string]any{"bus": "9"} }, "changed: users/u-1 /metadata/bus", true},
		"an enrollment is in another school": {Holder{}, func(o Objects) { o["enrollments"]["e-1"]["school"] = map[string]any{"sourcedId": "d-1"} }, "changed: enrollments/e-1 /school", false},
		"everybody is gone":                  {Holder{}, func(o Objects) { clear(o["users"]) }, "missing: users/u-1 missing: users/u-2 missing: users/u-3", false},
		"somebody new is missing": {Holder{}, func(o Objects) {
			o.put("users", "u-7", map[string]any{"sourcedId": "u-7", "givenName": "New", "roles": []any{map[string]any{"role": "student", "org": map[string]any{"sourcedId": "s-1"}}}})
		}, "missing: users/u-7", true},
		"somebody new who is known by another id": {Holder{}, func(o Objects) {
			o.put("users", "u-77", map[string]any{"sourcedId": "u-77"})
		}, "extra: users/u-77", false},
	} {
		t.Run(name, func(t *testing.T) {
			expected, held := objects(t, roster), objects(t, roster)
			if test.h.Flagged == Removed && name != "what is removed isn't" {
				delete(held["users"], "u-4")
			}
			l := test.h.Learn(expected, &Held{Objects: held}, nil)
			if test.changes {
				test.change(expected)
			} else {
				test.change(held)
			}
			var got []string
			for _, d := range test.h.Compare(expected, &Held{Objects: held}, l) {
				got = append(got, d.String())
			}
			if strings.Join(got, " ") != test.want {
				t.Errorf("%v, not %s", got, test.want)
			}
		})
	}
}

// TestCompareProbed: of pages only those count who were looked for.
func TestCompareProbed(t *testing.T) {
	expected, h := objects(t, roster), Holder{Pages: &Pages{}}
	seen := &Held{Objects: Objects{}, Probed: map[string][]string{"users": {"u-1", "u-2"}}}
	for _, id := range []string{"u-1", "u-2"} {
		u := expected["users"][id]
		seen.Objects.put("users", id, map[string]any{"sourcedId": id, "givenName": u["givenName"], "familyName": u["familyName"]})
	}
	l := h.Learn(expected, seen, nil)
	if found := h.Compare(expected, seen, l); len(found) > 0 || fmt.Sprint(l.Members) != "map[users:[familyname givenname]]" {
		t.Errorf("%v %v", found, l.Members)
	}
	delete(seen.Objects["users"], "u-2")
	if found := h.Compare(expected, seen, l); len(found) != 1 || found[0].String() != "missing: users/u-2" {
		t.Errorf("%v", found)
	}
}

// TestLearn: what was there before is not ours, and what the target file says to be kept is kept though
// nothing came.
func TestLearn(t *testing.T) {
	expected, held := objects(t, roster), objects(t, roster)
	before := &Held{Objects: Objects{}}
	for _, o := range []Objects{held, before.Objects} {
		o.put("users", "admin", map[string]any{"sourcedId": "admin"})
	}
	clear(held["enrollments"])
	h := Holder{Keeps: []string{"users", "enrollments"}}
	l := h.Learn(expected, &Held{Objects: held}, before)
	if !slices.Equal(l.Collections, []string{"users", "enrollments"}) || !slices.Equal(l.Foreign, []string{"users/admin"}) {
		t.Errorf("%+v", l)
	}
	found := h.Compare(expected, &Held{Objects: held}, l)
	if len(found) != 2 || found[0].String() != "missing: enrollments/e-1" {
		t.Errorf("%v", found)
	}
	if len(l.Kinds) > 0 {
		t.Errorf("no kind is left out, and only %v are kept", l.Kinds)
	}
}
