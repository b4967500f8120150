package resources

import (
	"maps"
	"slices"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/oneroster/rest"
	"github.com/rollcall-edu/rollcall/suites/oneroster/service"
)

// Resource of OneRoster 1.2. Decoding is lenient: a member of the wrong type is left empty
// here, and is the schema's to report.
type Resource struct {
	rest.Base
	Roles            []string `json:"roles"`
	VendorResourceID string   `json:"vendorResourceId"`
	VendorID         *string  `json:"vendorId"`
	ApplicationID    *string  `json:"applicationId"`
}

// holder is what a class, course or user says of its resources.
type holder struct {
	rest.Base
	Course    *rest.Ref  `json:"course"` // of a class
	Resources []rest.Ref `json:"resources"`
}

// Catalogue is the crawl as the checks of resources read it. It is read-only.
type Catalogue struct {
	*rest.Corpus

	Resources []Resource
	// holders are those that refer to resources, by the collection in which they stand and
	// their sourcedId; bare is one of each collection that refers to none.
	holders map[string]map[string]holder
	bare    map[string]string
	within  map[string][]string // course to the resources of its classes
	course  map[string]string   // class to its course
}

// open reads the crawl of a session, and what the crawl of rosters says of resources.
func open(of *service.Service, rosters []*rest.Beside, s *harness.Session) (*Catalogue, error) {
	c := &Catalogue{
		holders: map[string]map[string]holder{},
		bare:    map[string]string{},
		within:  map[string][]string{},
		course:  map[string]string{},
	}
	var err error
	c.Corpus, err = rest.Open(of, rosters, s, func(_ string, object []byte) {
		c.Resources = append(c.Resources, rest.Read[Resource](object))
	})
	if err != nil {
		return nil, err
	}
	for _, name := range holding(of) {
		if err := c.hold(name); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// hold takes in who refers to resources, of one collection. What is flagged for deletion
// counts for nothing: what stands below it is not settled.
func (c *Catalogue) hold(name string) error {
	raw := c.Beside(name)
	if raw == nil {
		return nil
	}
	c.holders[name] = map[string]holder{}
	return raw.Each(func(_ int, id string, object []byte) bool {
		h := rest.Read[holder](object)
		if id == "" || h.Status != "active" {
			return true
		}
		if len(h.Resources) > 0 {
			c.holders[name][id] = h
		} else if c.bare[name] == "" {
			c.bare[name] = id
		}
		if course := h.Course.ID(); course != "" {
			c.course[id] = course
			for _, r := range h.Resources {
				c.within[course] = append(c.within[course], r.SourcedID)
			}
		}
		return true
	})
}

// Parents gives a class, course or user that has an active resource.
func (c *Catalogue) Parents(op service.Operation) (ids []string, ok bool) {
	for _, id := range c.parents(op.Root()) {
		if len(c.members(op.Root(), id).Must) > 0 {
			return []string{id}, true
		}
	}
	return nil, false
}

// parents lists those of a collection that refer to resources, in order.
func (c *Catalogue) parents(collection string) []string {
	return slices.Sorted(maps.Keys(c.holders[collection]))
}

// Stands is never asked: no collection of resources is a part of another.
func (c *Catalogue) Stands(service.Collection, int) (may, must bool) { return false, false }

// Members lists what the resources of each class are.
func (c *Catalogue) Members() []rest.Members {
	var out []rest.Members
	for _, id := range c.parents("classes") {
		out = append(out, c.members("classes", id))
	}
	return out
}

// members says what a class, course or user holds: what it refers to, as far as that is served
// and active. What its course, or a course's classes, refer to may stand there as well; what
// is available to a user can't be told to its end.
func (c *Catalogue) members(collection, id string) rest.Members {
	m := rest.Members{Parent: id, Must: map[string]bool{}, May: map[string]bool{}}
	h := c.holders[collection][id]
	for _, r := range h.Resources {
		i := c.Index("resource", r.SourcedID)
		if i < 0 {
			m.May[r.SourcedID] = true // judged with the references
			continue
		}
		m.May[r.SourcedID] = true
		if c.Resources[i].Status == "active" {
			m.Must[r.SourcedID] = true
		}
	}
	switch collection {
	case "classes":
		for _, r := range c.holders["courses"][c.course[id]].Resources {
			m.May[r.SourcedID] = true
		}
	case "courses":
		for _, r := range c.within[id] {
			m.May[r] = true
		}
	case "users":
		for _, of := range []string{"classes", "courses"} {
			for _, h := range c.holders[of] {
				for _, r := range h.Resources {
					m.May[r.SourcedID] = true
				}
			}
		}
	}
	return m
}

// read gives the crawl to a check.
func read(t *rest.T) *Catalogue { return t.Session().Shared.(*Catalogue) }
