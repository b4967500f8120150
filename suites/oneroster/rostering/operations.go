package rostering

import "github.com/rollcall-edu/rollcall/suites/oneroster/service"

// What the service is, is data (suites/oneroster/service).
type (
	// Operation is one operation of the service.
	Operation = service.Operation
	// collection is one that the crawl reads.
	collection = service.Collection
)

// rosterService is the service that this package judges.
func rosterService() *service.Service { return service.Rostering() }

// Operations lists the 41 operations, ordered by path.
func Operations() []Operation { return rosterService().Operations }

// operation finds one by operationId.
func operation(id string) Operation { return rosterService().Operation(id) }

// collectionNamed finds one by name.
func collectionNamed(name string) collection { return rosterService().Collection(name) }

// collectionOf finds the root collection of a kind of object.
func collectionOf(kind string) collection { return rosterService().CollectionOf(kind) }
