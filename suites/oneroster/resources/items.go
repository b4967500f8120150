package resources

import (
	"slices"
	"strings"

	"github.com/rollcall-edu/rollcall/suites/oneroster/rest"
)

type rule = rest.Rule[*Catalogue]

// itemChecks judge what resources say of themselves.
func itemChecks() []rest.Check {
	of := func(name, title, remedy string, scan func(c *Catalogue, see rest.See)) rest.Check {
		return rule{Name: "resources." + name, Title: title, Requirement: "resources." + name, Needs: []string{"resources"},
			Holder: "resources", Remedy: remedy, Scan: scan}.Check()
	}
	return []rest.Check{
		of("vendor-unique", "No two resources of a vendor have the same vendorResourceId", "resources that name their vendor", vendorUnique),
		of("identifiers", "Identifiers of vendors have no blanks around them and are not empty", "a resource", identifiers),
		of("roles-once", "No role of a resource is named twice", "resources with roles", rolesOnce),
	}
}

// vendorUnique compares active resources that say whose they are: without that, equal ids may
// be of different vendors.
func vendorUnique(c *Catalogue, see rest.See) {
	type identity struct{ vendor, resource string }
	first := map[identity]string{}
	for i, r := range c.Resources {
		if r.Status != "active" || r.VendorID == nil || *r.VendorID == "" || r.VendorResourceID == "" {
			continue
		}
		id := identity{*r.VendorID, r.VendorResourceID}
		other, twice := first[id]
		if !twice || other == r.SourcedID { // the same object twice is judged as that
			first[id] = r.SourcedID
		}
		see(!twice || other == r.SourcedID, rest.Place{Index: i, ID: r.SourcedID, Pointer: "/vendorResourceId"},
			"a vendorResourceId that no other resource of the vendor has", "the one of "+other)
	}
}

func identifiers(c *Catalogue, see rest.See) {
	for i, r := range c.Resources {
		for _, x := range []struct {
			at    string
			value *string
		}{{"/vendorResourceId", &r.VendorResourceID}, {"/vendorId", r.VendorID}, {"/applicationId", r.ApplicationID}} {
			if x.value == nil || *x.value == "" && x.at == "/vendorResourceId" {
				continue // that it is required, and not empty, is judged by itself
			}
			seen := "an empty text"
			if *x.value != "" {
				seen = "blanks before or behind it"
			}
			see(*x.value != "" && strings.TrimSpace(*x.value) == *x.value, rest.Place{Index: i, ID: r.SourcedID, Pointer: x.at},
				"an identifier without blanks around it, or none", seen)
		}
	}
}

func rolesOnce(c *Catalogue, see rest.See) {
	for i, r := range c.Resources {
		if len(r.Roles) == 0 {
			continue
		}
		roles := slices.Sorted(slices.Values(r.Roles))
		see(len(slices.Compact(roles)) == len(r.Roles), rest.Place{Index: i, ID: r.SourcedID, Pointer: "/roles"},
			"each role once", strings.Join(r.Roles, ", "))
	}
}
