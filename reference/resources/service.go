package resources

import (
	_ "embed"
	"reflect"

	"github.com/rollcall-edu/rollcall/reference/oneroster"
	"github.com/rollcall-edu/rollcall/reference/store"
)

// BasePath is the path of the Resources service below the provider's own prefix (OpenAPI
// document, servers).
const BasePath = "/ims/oneroster/resources/v1p2"

// The collections of the service. What assigns resources has none of its own over REST;
// the records are kept, by the names of their CSV files, for whoever wants the data out
// again.
const (
	Resources       store.Collection = "resources"
	CourseResources store.Collection = "courseResources"
	ClassResources  store.Collection = "classResources"
	UserResources   store.Collection = "userResources"
)

// Collections lists them in the order of loading.
func Collections() []store.Collection {
	return []store.Collection{Resources, CourseResources, ClassResources, UserResources}
}

// Owners are the collections of the roster whose objects have resources.
const (
	courses store.Collection = "courses"
	classes store.Collection = "classes"
	users   store.Collection = "users"
)

// The relations from an owner to its resources.
const (
	OfCourse = "course.resources"
	OfClass  = "class.resources"
	OfUser   = "user.resources"
)

// The scopes of the Resources service (OpenAPI document, securitySchemes).
const (
	ScopeAll  = oneroster.ScopePrefix + "resource.readonly"
	ScopeCore = oneroster.ScopePrefix + "resource-core.readonly"
)

//go:embed operations.json
var operations []byte

// Service describes the Resources service.
func Service() oneroster.Service {
	return oneroster.Service{
		Name:       "Resources",
		Path:       BasePath,
		Operations: operations,
		Endpoints: []oneroster.Endpoint{
			{Name: "resources", Collection: Resources, Plural: "resources", Singular: "resource"},
			{Name: "courses", Collection: courses},
			{Name: "classes", Collection: classes},
			{Name: "users", Collection: users},
		},
		Objects:   map[store.Collection]reflect.Type{Resources: reflect.TypeFor[resource]()},
		Relations: []string{OfCourse, OfClass, OfUser},
		Scopes: []oneroster.Scope{
			{Name: ScopeAll, Description: "All reads of resources."},
			{Name: ScopeCore, Description: "The core reads: all resources and each single one."},
		},
		Discovery: DiscoveryNames(),
	}
}

// DiscoveryNames are the file names of the service's own OpenAPI document.
func DiscoveryNames() []string { return oneroster.DiscoveryNames("resources", "resources") }

// Refer makes a reference to a resource, for objects of another service of the provider.
func Refer(sourcedID string) oneroster.Reference {
	return oneroster.ReferAcross(BasePath, "resource", "resources", sourcedID)
}
