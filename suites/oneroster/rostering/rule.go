package rostering

import "github.com/rollcall-edu/rollcall/suites/oneroster/rest"

// rule is one statement about the data itself, judged from the crawl alone.
type rule struct {
	name        string // of the check, below the service
	title       string
	requirement string   // below the service
	needs       []string // collections that must have been crawled whole
	holder      string   // the collection whose objects are looked at, for evidence
	remedy      string   // what to load when nothing was looked at
	scan        func(r *Roster, see verdictOn)
}

// verdictOn takes one thing looked at: whether it is right, where it stands, and if it is
// wrong what was expected and seen.
type verdictOn func(ok bool, at place, expected, seen string)

// place says which object, by index in its collection and sourcedId, and where in it.
type place struct {
	index   int
	id      string
	pointer string
}

func rules(list ...rule) []rest.Check {
	var out []rest.Check
	for _, u := range list {
		out = append(out, rest.Rule[*Roster]{
			Name: u.name, Title: u.title, Requirement: u.requirement, Needs: u.needs, Holder: u.holder, Remedy: u.remedy,
			Scan: func(r *Roster, see rest.See) {
				u.scan(r, func(ok bool, at place, expected, seen string) {
					see(ok, rest.Place{Index: at.index, ID: at.id, Pointer: at.pointer}, expected, seen)
				})
			},
		}.Check())
	}
	return out
}

// idOf gives the sourcedId of an optional reference.
func idOf(r *Ref) string { return r.ID() }

func names(list []Ref, id string) bool {
	for _, r := range list {
		if r.SourcedID == id {
			return true
		}
	}
	return false
}
