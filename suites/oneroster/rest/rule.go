package rest

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/rollcall-edu/rollcall/suites/harness"
)

// Rule is one statement about the data itself, judged from the crawl alone. M is the model
// of the service.
type Rule[M Model] struct {
	Name        string // of the check, below the service
	Title       string
	Requirement string   // below the service
	Needs       []string // collections that must have been crawled whole
	Beside      []string // those of services beside
	Holder      string   // the collection whose objects are looked at, for evidence
	Remedy      string   // what to load when nothing was looked at
	Scan        func(m M, see See)
}

// See takes one thing looked at: whether it is right, where it stands, and if it is wrong
// what was expected and seen.
type See func(ok bool, at Place, expected, seen string)

// Place says which object, by sourcedId and index in its collection, and where in it.
type Place struct {
	Index      int
	ID         string
	Pointer    string
	Collection string // where the rule looks at several; else its Holder
}

// DataLabel marks the checks that need no further request.
const DataLabel = "data"

// Check makes a check of the rule.
func (u Rule[M]) Check() Check {
	id := u.Requirement
	return Check{
		ID: u.Name, Title: u.Title, Requirements: []string{id}, Labels: []string{DataLabel, topicOf(u.Requirement)},
		Needs: u.needs(),
		Body: func(_ context.Context, t *T) {
			looked, shown := 0, 0
			u.Scan(model(t).(M), func(ok bool, at Place, expected, seen string) {
				looked++
				if ok {
					t.Examined(id, 1)
					return
				}
				holder := cmp.Or(at.Collection, u.Holder)
				finding := harness.Finding{
					Sent:     fmt.Sprintf("GET %s/%s (the crawl)", t.Session().Base, holder),
					Expected: expected, Seen: seen, Where: fmt.Sprintf("%s %s", at.ID, at.Pointer),
				}
				// Finding the page an object came on costs a pass over the pages.
				if shown++; shown <= 3 {
					finding.Exchanges = t.CrawlEvidence(holder, at.Index)
				}
				t.Fail(id, finding)
			})
			if looked == 0 {
				t.NotApplicable(id, "nothing in the data is of that kind; it would be "+u.Remedy)
			}
		},
	}
}

func (u Rule[M]) needs() []Need {
	out := []Need{Whole(u.Needs...)}
	if len(u.Beside) > 0 {
		out = append(out, Known(u.Beside...))
	}
	return append(out, u.held(), Need{Text: u.Remedy})
}

// held needs an object to hold the rule against: an empty collection is a lack, one whose
// objects have no such member is as it may be.
func (u Rule[M]) held() Need {
	return Need{
		Text: "an object in /" + u.Holder,
		Unmet: func(_ context.Context, t *T) (harness.Obstacle, bool) {
			raw := crawl(t).Raw(u.Holder)
			return harness.NoData("/"+u.Holder+" is empty", "Load "+u.Remedy+"."), raw != nil && raw.Len() == 0
		},
	}
}

func topicOf(requirement string) string {
	topic, _, _ := strings.Cut(requirement, ".")
	return topic
}
