package sis

import (
	"context"
	"slices"

	"github.com/rollcall-edu/rollcall/reference/gradebook"
	"github.com/rollcall-edu/rollcall/reference/oneroster"
	"github.com/rollcall-edu/rollcall/reference/resources"
	"github.com/rollcall-edu/rollcall/reference/store"
)

// The collections of the Rostering service, by the names of their endpoints.
// Students, schools, terms and the like are lists within these.
const (
	Orgs             store.Collection = "orgs"
	AcademicSessions store.Collection = "academicSessions"
	Courses          store.Collection = "courses"
	Classes          store.Collection = "classes"
	Users            store.Collection = "users"
	Enrollments      store.Collection = "enrollments"
	Demographics     store.Collection = "demographics"

	// CSVRows holds rows of CSV files that no service here has objects for,
	// under the name of the file and their sourcedId (results/123): carried from
	// import to export, and served nowhere.
	CSVRows store.Collection = "csvRows"
)

// Collections lists the collections that a provider needs in its store, in the order
// of loading.
func Collections() []store.Collection {
	roster := []store.Collection{Orgs, AcademicSessions, Courses, Classes, Users, Enrollments, Demographics}
	return slices.Concat(roster, resources.Collections(), gradebook.Collections(), []store.Collection{CSVRows})
}

// OpenStore opens a store for a provider, by a DSN as store.Open takes it.
func OpenStore(ctx context.Context, dsn string) (store.Store, error) {
	return oneroster.OpenStore(ctx, dsn, Services(), Collections()...)
}
