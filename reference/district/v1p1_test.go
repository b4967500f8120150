package district_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-edu/rollcall/reference/district"
	"github.com/rollcall-edu/rollcall/reference/fault/onerosterfault"
	"github.com/rollcall-edu/rollcall/reference/gradebook"
	"github.com/rollcall-edu/rollcall/reference/resources"
	"github.com/rollcall-edu/rollcall/reference/sis"
	"github.com/rollcall-edu/rollcall/reference/store"
	"github.com/rollcall-edu/rollcall/reference/sync"
	"github.com/rollcall-edu/rollcall/reference/sync/rest"
	"github.com/rollcall-edu/rollcall/tools/daily"
)

func v1p1(s *district.SIS, c rest.Config) rest.Config {
	c.Rostering, c.Gradebook, c.Resources, c.V1P1 = "", "", "", s.V1P1URL
	return c
}

// comparable takes off what a district loses by passing through OneRoster 1.1.
func comparable(r roster) roster {
	for _, u := range r[sis.Users] {
		for _, name := range []string{"userMasterIdentifier", "preferredFirstName", "preferredMiddleName", "preferredLastName", "pronouns",
			"roles", "userProfiles", "primaryOrg", "resources", "username"} {
			delete(u, name)
		}
	}
	for _, d := range r[sis.Demographics] {
		if d["sex"] != "male" && d["sex"] != "female" {
			delete(d, "sex")
		}
	}
	return r
}

func TestOneRoster11IsTheSameRoster(t *testing.T) {
	want := comparable(loaded(t))
	roles := map[string]map[string]any{}
	s, c := serve(t, district.Options{})
	for _, signed := range []bool{false, true} {
		c := v1p1(s, c)
		c.Signed = signed
		c.PageSize = 60
		got, err := read(t, source(t, c), time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		for id, u := range got[sis.Users] {
			roles[id] = map[string]any{"roles": u["roles"]}
		}
		compare(t, want, comparable(got), sis.Orgs, sis.AcademicSessions, sis.Courses, sis.Classes, sis.Users, sis.Enrollments, sis.Demographics,
			resources.Resources)
		for _, x := range []store.Collection{gradebook.Categories, gradebook.LineItems, gradebook.Results} {
			if len(got[x]) == 0 {
				t.Errorf("no %s came", x)
			}
		}
		for id, l := range got[gradebook.LineItems] {
			if a, b := id+text(l["school"]), id+text(want[gradebook.LineItems][id]["school"]); a != b {
				t.Errorf("the school of a line item is %s, not %s", a, b)
			}
		}
	}
	seen := map[string]bool{}
	for id, u := range roles {
		list, _ := u["roles"].([]any)
		if len(list) == 0 {
			t.Errorf("user %s has no role", id)
		}
		for _, r := range list {
			name, _ := r.(map[string]any)["role"].(string)
			seen[name] = true
		}
	}
	if seen["administrator"] || !seen["districtAdministrator"] || !seen["siteAdministrator"] || !seen["student"] {
		t.Errorf("the roles are not those of 1.2: %v", seen)
	}
}

func text(v any) string {
	b, _ := json.Marshal(v)
	return string(b)
}

// What objects of 1.1 need of others is asked for where an earlier process read these.
func TestOneRoster11GoesOnInTheMidst(t *testing.T) {
	s, c := serve(t, district.Options{})
	c = v1p1(s, c)
	for _, collection := range []store.Collection{sis.Users, gradebook.LineItems} {
		whole, parts := map[string]string{}, map[string]string{}
		collect := func(into map[string]string) func(p sync.Page) error {
			return func(p sync.Page) error {
				for _, o := range p.Objects {
					into[o.SourcedID] = string(o.Body)
				}
				return nil
			}
		}
		all := source(t, c)
		for _, before := range all.Collections() {
			if err := all.Read(t.Context(), sync.Reading{Collection: before}, collect(map[string]string{})); err != nil {
				t.Fatal(err)
			}
		}
		if err := all.Read(t.Context(), sync.Reading{Collection: collection}, collect(whole)); err != nil {
			t.Fatal(err)
		}
		if err := source(t, c).Read(t.Context(), sync.Reading{Collection: collection}, collect(parts)); err != nil {
			t.Fatal(err)
		}
		for id, body := range whole {
			if parts[id] != body {
				t.Errorf("%s\n%s\n%s", collection, body, parts[id])
			}
		}
	}
}

func TestEveryVariantOf11CanBeRead(t *testing.T) {
	variants, err := onerosterfault.V1P1.Variants()
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range variants {
		t.Run(v.ID, func(t *testing.T) {
			if !strings.HasPrefix(v.ID, "v1p1") {
				daily.Share(t, 8)
			}
			s, c := serve(t, district.Options{Faults: []string{v.ID}})
			got, err := read(t, source(t, v1p1(s, c)), time.Time{})
			if err != nil {
				t.Fatal(err)
			}
			for _, x := range []store.Collection{sis.Orgs, sis.Users, sis.Classes, sis.Enrollments} {
				if len(got[x]) == 0 {
					t.Errorf("no %s came", x)
				}
			}
		})
	}
}
