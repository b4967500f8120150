package resources

import (
	"github.com/rollcall-edu/rollcall/fixtures"
	"github.com/rollcall-edu/rollcall/reference/oneroster"
)

// resource is the object of the service as it stands on the wire (OneRoster 1.2
// information model; OpenAPI document, ResourceDType).
type resource struct {
	oneroster.Base
	Title            string   `json:"title,omitempty"`
	Roles            []string `json:"roles,omitempty"`
	Importance       string   `json:"importance,omitempty"`
	VendorResourceID string   `json:"vendorResourceId"`
	VendorID         string   `json:"vendorId,omitempty"`
	ApplicationID    string   `json:"applicationId,omitempty"`
}

// assignment is how a record is kept that assigns a resource, by the names of its columns
// in CSV.
type assignment struct {
	oneroster.Base
	Title    string `json:"title,omitempty"`
	Course   string `json:"courseSourcedId,omitempty"`
	Class    string `json:"classSourcedId,omitempty"`
	User     string `json:"userSourcedId,omitempty"`
	Org      string `json:"orgSourcedId,omitempty"`
	Resource string `json:"resourceSourcedId"`
}

// Encode gives the stored form of a resource, for oneroster.EncodeDocument.
func Encode(r fixtures.Resource) any {
	return resource{
		Base: oneroster.BaseOf(r.Base), Title: r.Title, Roles: r.Roles, Importance: r.Importance,
		VendorResourceID: r.VendorResourceID, VendorID: r.VendorID, ApplicationID: r.ApplicationID,
	}
}

// EncodeForCourse gives the stored form of what assigns a resource to a course.
func EncodeForCourse(r fixtures.CourseResource) any {
	return assignment{Base: oneroster.BaseOf(r.Base), Title: r.Title, Course: r.Course, Resource: r.Resource}
}

// EncodeForClass gives the stored form of what assigns a resource to a class.
func EncodeForClass(r fixtures.ClassResource) any {
	return assignment{Base: oneroster.BaseOf(r.Base), Title: r.Title, Class: r.Class, Resource: r.Resource}
}

// EncodeForUser gives the stored form of what assigns a resource to a user.
func EncodeForUser(r fixtures.UserResource) any {
	return assignment{Base: oneroster.BaseOf(r.Base), User: r.User, Org: r.Org, Class: r.Class, Resource: r.Resource}
}

// Stored is a stored resource, to be decoded.
type Stored struct{ resource }

// Row gives back what was encoded.
func (s Stored) Row() fixtures.Resource {
	return fixtures.Resource{
		Base: s.Base.Row(), Title: s.Title, Roles: s.Roles, Importance: s.Importance,
		VendorResourceID: s.VendorResourceID, VendorID: s.VendorID, ApplicationID: s.ApplicationID,
	}
}

// StoredAssignment is a stored record that assigns a resource, to be decoded.
type StoredAssignment struct{ assignment }

// ForCourse gives back what was encoded for a course.
func (s StoredAssignment) ForCourse() fixtures.CourseResource {
	return fixtures.CourseResource{Base: s.Base.Row(), Title: s.Title, Course: s.Course, Resource: s.Resource}
}

// ForClass gives back what was encoded for a class.
func (s StoredAssignment) ForClass() fixtures.ClassResource {
	return fixtures.ClassResource{Base: s.Base.Row(), Title: s.Title, Class: s.Class, Resource: s.Resource}
}

// ForUser gives back what was encoded for a user.
func (s StoredAssignment) ForUser() fixtures.UserResource {
	return fixtures.UserResource{Base: s.Base.Row(), User: s.User, Org: s.Org, Class: s.Class, Resource: s.Resource}
}
