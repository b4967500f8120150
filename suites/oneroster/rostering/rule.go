package rostering

import (
	"context"
	"fmt"
	"strings"

	"github.com/rollcall-edu/rollcall/suites/harness"
)

// rule is one statement about the data itself, judged from the crawl alone.
type rule struct {
	name        string // of the check, below the service
	title       string
	requirement string   // below ""
	needs       []string // collections that must have been crawled whole
	holder      string   // the collection whose objects are looked at, for evidence
	remedy      string   // what to load when nothing was looked at
	scan        func(r *Roster, see verdictOn)
}

// verdictOn takes one thing looked at: where it stands (sourcedId of the holder
// and its index in the collection), whether it is right, and if not what was
// expected and seen.
type verdictOn func(ok bool, at place, expected, seen string)

// place says which object, and where in it.
type place struct {
	index   int
	id      string
	pointer string
}

// ruleLabel marks the checks that need no further request.
const ruleLabel = "data"

func (u rule) check() Check {
	id := u.requirement
	return Check{
		ID: u.name, Title: u.title, Requirements: []string{id}, Labels: []string{ruleLabel, topicOf(u.requirement)},
		Needs: u.remedy,
		Body: func(ctx context.Context, t *T) {
			if !need(t, []string{id}, u.needs...) {
				return
			}
			looked, shown := 0, 0
			u.scan(roster(t), func(ok bool, at place, expected, seen string) {
				looked++
				if ok {
					t.Examined(id, 1)
					return
				}
				finding := harness.Finding{
					Sent:     fmt.Sprintf("GET %s/%s (the crawl)", t.Session().Base, u.holder),
					Expected: expected, Seen: seen, Where: fmt.Sprintf("%s %s", at.id, at.pointer),
				}
				// Finding the page an object came on costs a pass over the pages.
				if shown++; shown <= 3 {
					finding.Exchanges = exhibit(t, u.holder, at.index)
				}
				t.Fail(id, finding)
			})
			if looked == 0 {
				u.idle(t, id)
			}
		},
	}
}

// idle says of a rule that there was nothing to hold it against: an empty collection
// is a lack, one whose objects have no such member is as it may be.
func (u rule) idle(t *T, id string) {
	if roster(t).Raw(u.holder).Len() == 0 {
		t.NotTested(harness.NoData("/"+u.holder+" is empty", "Load "+u.remedy+"."), id)
		return
	}
	t.NotApplicable(id, "nothing in the data is of that kind; it would be "+u.remedy)
}

func topicOf(requirement string) string {
	topic, _, _ := strings.Cut(requirement, ".")
	return topic
}

func rules(list ...rule) []Check {
	var out []Check
	for _, u := range list {
		out = append(out, u.check())
	}
	return out
}

// idOf gives the sourcedId of an optional reference.
func idOf(r *Ref) string {
	if r == nil {
		return ""
	}
	return r.SourcedID
}

func names(list []Ref, id string) bool {
	for _, r := range list {
		if r.SourcedID == id {
			return true
		}
	}
	return false
}
