package oneroster

import (
	"context"
	"maps"
	"reflect"

	"github.com/rollcall-edu/rollcall/reference/store"
)

// Service is what the engine has to be told of a OneRoster service. It says what is
// there; how that is asked for and answered is the same for all.
type Service struct {
	// Name is what the standard calls it, such as Rostering.
	Name string

	// Path is its base path below the provider's own prefix (OpenAPI document,
	// servers).
	Path string

	// Operations is the table of its operations, as JSON: operationId, path, relation
	// and scopes of each (see operation).
	Operations []byte

	// Endpoints are the first-level collections that its paths go through.
	Endpoints []Endpoint

	// Objects are structs that tell how the objects of each collection stand on the
	// wire: their members by the tags of encoding/json, with Date and DateTime where
	// a member is one.
	Objects map[store.Collection]reflect.Type

	// Relations are those that lead from the last object of a path to a
	// sub-collection.
	Relations []string

	// Links are the lists that follow from a reference that an object carries.
	Links []Link

	// Composed are the relations that no list is kept of, for they follow from others.
	Composed []Composed

	// Shortcuts are the references by which consumers filter most.
	Shortcuts []Shortcut

	// Referrals are the references of objects that are written, each of which leads
	// somewhere.
	Referrals []Referral

	// Vocabularies are the terms that members of written objects may have, by the
	// dotted path.
	Vocabularies map[store.Collection]map[string]Vocabulary

	// Scopes open its operations.
	Scopes []Scope

	// Dialect is what an older version of the standard has otherwise; nil for 1.2.
	Dialect *Dialect

	// Discovery are the file names of its own OpenAPI document below Path/discovery/.
	Discovery []string
}

// Endpoint is a first-level collection of a service: the stored collection that it
// shows, the relation that spans its part of it, and the names of its payloads (OpenAPI
// document, the ...SetDType and Single...DType schemas), which a service that only goes
// through it on its way to a sub-collection doesn't need.
type Endpoint struct {
	Name       string
	Collection store.Collection
	Subset     string // empty when the endpoint shows the whole collection
	Where      string // in place of Subset: a filter that those fulfil which it shows
	Plural     string
	Singular   string
	Owner      string // the word for its object in the names of relations; Singular when empty
}

// Link is a relation that follows from one reference: what refers by Path to an object of
// Target is in that object's list. Where it leads Forward, what is referred to is in the
// list of what refers.
type Link struct {
	Relation   string
	Collection store.Collection // of the objects that refer
	Path       string           // the member that is the reference, such as class
	Target     store.Collection // of the objects that are referred to
	Forward    bool
}

// Composed is a relation that goes by way of others: the results of a class are those of
// its line items.
type Composed struct {
	Relation string
	Steps    []Step
}

// Step is one relation on the way, and the collection to which it leads.
type Step struct {
	Relation   string
	Collection store.Collection
}

// Shortcut is a relation that answers a filter without reading the collection: what
// refers by Path to an object of Owners is in that object's list.
type Shortcut struct {
	Collection store.Collection
	Path       string
	Owners     store.Collection
	Relation   string
}

// Scope is one scope of OAuth and what it opens, for people.
type Scope struct{ Name, Description string }

// OpenStore opens a store that has columns for the objects of some services, by a DSN as
// store.Open takes it.
func OpenStore(ctx context.Context, dsn string, services []Service, collections ...store.Collection) (store.Store, error) {
	return store.OpenColumns(ctx, dsn, columns(objectProperties(native(services))), collections...)
}

// objectProperties returns the property tree of each collection's objects.
func objectProperties(services []Service) map[store.Collection]*property {
	properties := map[store.Collection]*property{}
	for _, s := range services {
		for c, object := range s.Objects {
			properties[c] = describe(object)
		}
	}
	return properties
}

// views gathers the forms of objects that aren't stored so.
func views(services []Service) map[store.Collection]View {
	all := map[store.Collection]View{}
	for _, s := range services {
		if s.Dialect != nil {
			maps.Copy(all, s.Dialect.Views)
		}
	}
	return all
}

// composed gathers the relations that follow from others, of all services.
func composed(services []Service) map[string][]Step {
	all := map[string][]Step{}
	for _, s := range services {
		for _, c := range s.Composed {
			all[c.Relation] = c.Steps
		}
	}
	return all
}

// shortcuts gathers those of all services.
func shortcuts(services []Service) []Shortcut {
	var all []Shortcut
	for _, s := range services {
		all = append(all, s.Shortcuts...)
	}
	return all
}
