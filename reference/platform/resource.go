package platform

import (
	"slices"

	"github.com/rollcall-edu/rollcall/fixtures"
	"github.com/rollcall-edu/rollcall/reference/lti"
)

// Resource names what a tool is among the resources of a district (OneRoster 1.2 Resources
// service, Resource): by the vendor's own name of it, and where two vendors might have the same
// name by the vendor and the application too.
type Resource struct {
	VendorResourceID string `yaml:"vendor_resource_id"`
	VendorID         string `yaml:"vendor_id,omitempty"`
	ApplicationID    string `yaml:"application_id,omitempty"`
}

func (r Resource) is(x fixtures.Resource) bool {
	return r.VendorResourceID == x.VendorResourceID && (r.VendorID == "" || r.VendorID == x.VendorID) &&
		(r.ApplicationID == "" || r.ApplicationID == x.ApplicationID)
}

// assigned is which resources there are, and to which classes, courses and users they are
// assigned. Over REST that is told by classes, courses and users themselves, in CSV by
// records of their own: either counts.
type assigned struct {
	resources        map[string]fixtures.Resource // by sourcedId, active ones
	classes, courses map[string][]string          // to resources
	users            map[string][]userResource
}

// userResource is a resource of a user: everywhere, or in a class or in those of an org alone.
type userResource struct{ resource, class, org string }

func readAssigned(d fixtures.District) assigned {
	a := assigned{map[string]fixtures.Resource{}, map[string][]string{}, map[string][]string{}, map[string][]userResource{}}
	for r := range d.Resources() {
		if r.Status == fixtures.Active {
			a.resources[r.SourcedID] = r
		}
	}
	for c := range d.Classes() {
		a.classes[c.SourcedID] = append(a.classes[c.SourcedID], c.Resources...)
	}
	for c := range d.Courses() {
		a.courses[c.SourcedID] = append(a.courses[c.SourcedID], c.Resources...)
	}
	scoped := map[[2]string]bool{} // a record says more than the member of the user that mirrors it
	for r := range d.UserResources() {
		if r.Status == fixtures.Active {
			scoped[[2]string{r.User, r.Resource}] = true
			a.users[r.User] = append(a.users[r.User], userResource{r.Resource, r.Class, r.Org})
		}
	}
	for u := range d.Users() {
		for _, r := range u.Resources {
			if !scoped[[2]string{u.SourcedID, r}] {
				a.users[u.SourcedID] = append(a.users[u.SourcedID], userResource{resource: r})
			}
		}
	}
	for r := range d.ClassResources() {
		if r.Status == fixtures.Active {
			a.classes[r.Class] = append(a.classes[r.Class], r.Resource)
		}
	}
	for r := range d.CourseResources() {
		if r.Status == fixtures.Active {
			a.courses[r.Course] = append(a.courses[r.Course], r.Resource)
		}
	}
	return a
}

// offers tells whether a tool is there for somebody in a course: always, where it is no
// resource of the district; else where its resource is assigned to the class, to its course or
// to that person, and is for one of their roles if it says for which.
func (s *school) offers(t Registration, courseID, user string) bool {
	if t.Resource == nil {
		return true
	}
	c, there := s.course(courseID)
	if !there {
		return false
	}
	suits := func(id string) bool {
		r, there := s.resources.resources[id]
		return there && t.Resource.is(r) && s.isFor(r, courseID, user)
	}
	return slices.ContainsFunc(s.resources.classes[c.id], suits) || slices.ContainsFunc(s.resources.courses[c.course], suits) ||
		slices.ContainsFunc(s.resources.users[user], func(r userResource) bool {
			return suits(r.resource) && (r.class == "" || r.class == c.id) && (r.org == "" || r.class != "" || r.org == c.school)
		})
}

// isFor tells whether a resource is for somebody by what they are in the course, or in an org
// where its role is none of courses (OneRoster 1.2 information model, Resource.roles). An aide is
// a teacher too, as in launches.
func (s *school) isFor(r fixtures.Resource, course, user string) bool {
	if len(r.Roles) == 0 {
		return true
	}
	in := s.roles(course, user)
	return slices.ContainsFunc(r.Roles, func(role string) bool {
		switch role {
		case "parent", "guardian", "relative":
			return slices.Contains(in, lti.Membership+"Mentor")
		}
		if of, is := contextRoles[role]; is {
			return slices.Contains(in, of[0])
		}
		return slices.Contains(s.people[user].roles, role)
	})
}

// Offers tells whether a tool is there for somebody in a course (Registration.Resource).
func (p *Platform) Offers(t Registration, course, user string) bool {
	return p.school().offers(t, course, user)
}
