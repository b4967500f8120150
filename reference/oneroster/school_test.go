package oneroster

import (
	"iter"
	"reflect"
	"slices"
	"testing"

	"github.com/rollcall-edu/rollcall/fixtures"
	"github.com/rollcall-edu/rollcall/reference/store"
)

// A service in miniature, for tests of the engine's inside.
const (
	people   store.Collection = "people"
	seats    store.Collection = "seats"
	students                  = "students" // of people, those with a role student
)

type person struct {
	Base
	GivenName  string    `json:"givenName"`
	FamilyName string    `json:"familyName"`
	MiddleName string    `json:"middleName,omitempty"`
	Email      string    `json:"email,omitempty"`
	Grades     []string  `json:"grades,omitempty"`
	Roles      []part    `json:"roles"`
	Profiles   []profile `json:"userProfiles,omitempty"`
}

type part struct {
	Role string    `json:"role"`
	Org  Reference `json:"org"`
}

type profile struct {
	ProfileID string `json:"profileId"`
	Type      string `json:"profileType"`
}

type seat struct {
	Base
	User      Reference `json:"user"`
	Role      string    `json:"role"`
	Primary   string    `json:"primary,omitempty"`
	BeginDate Date      `json:"beginDate,omitempty"`
	EndDate   Date      `json:"endDate,omitempty"`
}

func miniature() []Service {
	return []Service{{Name: "Miniature", Objects: map[store.Collection]reflect.Type{
		people: reflect.TypeFor[person](), seats: reflect.TypeFor[seat](),
	}}}
}

func openMiniature(t *testing.T) store.Store {
	t.Helper()
	s, err := OpenStore(t.Context(), "", miniature(), people, seats)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// loadMiniature puts the people of a district into a store.
func loadMiniature(t *testing.T, s store.Store, d fixtures.District) {
	t.Helper()
	var studying []store.Key
	key := store.Key(0)
	err := s.Load(t.Context(), store.Dataset{
		Documents: func(c store.Collection) iter.Seq2[store.Document, error] {
			if c == seats {
				return stored(d.Enrollments(), func(e fixtures.Enrollment) (string, any) {
					return e.SourcedID, seat{Base: BaseOf(e.Base), User: ReferTo("user", "users", e.User), Role: e.Role, Primary: e.Primary,
						BeginDate: Date(e.BeginDate), EndDate: Date(e.EndDate)}
				})
			}
			return stored(d.Users(), func(u fixtures.User) (string, any) {
				p := person{Base: BaseOf(u.Base), GivenName: u.GivenName, FamilyName: u.FamilyName, MiddleName: u.MiddleName, Email: u.Email, Grades: u.Grades}
				for _, r := range u.Roles {
					p.Roles = append(p.Roles, part{r.Role, ReferTo("org", "orgs", r.Org)})
				}
				for _, x := range u.UserProfiles {
					p.Profiles = append(p.Profiles, profile{x.ProfileID, x.ProfileType})
				}
				if slices.ContainsFunc(u.Roles, func(r fixtures.Role) bool { return r.Role == "student" }) {
					studying = append(studying, key)
				}
				key++
				return u.SourcedID, p
			})
		},
		Lists: func(yield func(store.List) bool) {
			yield(store.List{Relation: students, Owner: store.Whole, Members: studying})
		},
	})
	if err != nil {
		t.Fatal(err)
	}
}

func stored[Row any](rows iter.Seq[Row], encode func(Row) (string, any)) iter.Seq2[store.Document, error] {
	return func(yield func(store.Document, error) bool) {
		for row := range rows {
			id, object := encode(row)
			body, err := EncodeDocument(object)
			if !yield(store.Document{SourcedID: id, Body: body}, err) {
				return
			}
		}
	}
}
