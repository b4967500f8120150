package resources

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/oneroster/rest"
	"github.com/rollcall-edu/rollcall/suites/oneroster/service"
)

// holding lists the collections of rosters whose objects refer to resources: those that have
// sub-collections of them.
func holding(of *service.Service) []string {
	var out []string
	for _, op := range of.Operations {
		if name, foreign := of.Foreign(op); foreign {
			out = append(out, name)
		}
	}
	return out
}

// rosterChecks judge what rosters and resources say of each other.
func rosterChecks(of *service.Service) []rest.Check {
	needs := []rest.Need{
		rest.Covered("getResourcesForClass", "what rosters refer to"),
		rest.Known(holding(of)...),
		rest.Whole("resources"),
		{Text: "classes, courses or users that refer to resources"},
	}
	return []rest.Check{
		{ID: "references.roster-resources", Title: "The resources that rosters refer to exist",
			Requirements: []string{"references.roster-resources"}, Labels: []string{rest.DataLabel, "references"}, Needs: needs, Body: referred},
		{ID: "references.roster-href", Title: "The href of a reference of rosters leads to its resource",
			Requirements: []string{"references.roster-href-resolves", "references.roster-href-object"}, Labels: []string{"references"},
			Needs: needs, Body: followed},
		{ID: "resources.associated", Title: "Every active resource is referred to by rosters",
			Requirements: []string{"resources.associated"}, Labels: []string{rest.DataLabel, "resources"}, Needs: needs, Body: associated},
	}
}

// eachReference visits the references of rosters to resources, in order, until visit says
// that it has seen enough.
func (c *Catalogue) eachReference(visit func(collection, holder string, r rest.Ref) (more bool)) {
	for _, name := range holding(c.Service) {
		for _, id := range c.parents(name) {
			for _, r := range c.holders[name][id].Resources {
				if !visit(name, id, r) {
					return
				}
			}
		}
	}
}

func referred(_ context.Context, t *rest.T) {
	const id = "references.roster-resources"
	c := read(t)
	shown := 0
	c.eachReference(func(collection, holder string, r rest.Ref) bool {
		switch {
		case r.SourcedID == "": // the form is Rostering's
		case c.Has("resource", r.SourcedID):
			t.Examined(id, 1)
		default:
			shown++
			var crawled []string
			if shown <= 3 { // finding the page an object came on costs a pass over the pages
				crawled = t.BesideEvidence(collection, holder)
			}
			t.Fail(id, harness.Finding{Sent: "GET /" + collection + " (the crawl of Rostering)", Expected: "a resource that /resources lists",
				Seen: r.SourcedID + ", which it doesn't", Where: holder + " /resources", Exchanges: crawled})
		}
		return true
	})
	t.Absent("nothing in rosters refers to a resource", id)
}

// followed gets some of the hrefs by which rosters refer to resources.
func followed(ctx context.Context, t *rest.T) {
	const resolves, object = "references.roster-href-resolves", "references.roster-href-object"
	const each = 2 // of classes, courses and users
	c, tried := read(t), map[string]int{}
	c.eachReference(func(collection, holder string, r rest.Ref) bool {
		u, err := url.Parse(r.Href)
		if err != nil || !u.IsAbs() || tried[collection] >= each || !c.Has("resource", r.SourcedID) {
			return true // form and dangling references are judged by themselves
		}
		base, err := url.Parse(t.Session().Base)
		if err != nil || !strings.EqualFold(base.Host, u.Host) || base.Scheme != u.Scheme {
			t.Note(resolves, "the href %s lies outside of this service and was not followed", r.Href)
			return true
		}
		tried[collection]++
		response := t.Do(ctx, harness.Request{URL: r.Href, Owner: t.Service.Requirement(resolves)})
		where := fmt.Sprintf("%s of /%s: /resources/*/href", holder, collection)
		page, fault := t.Single(response, "resource")
		right := fault == "" && rest.SourcedID(page) == r.SourcedID
		// The very address that the standard gives the resource is right, whatever it answers.
		if standard := t.Session().Base + t.Service.Operation("getResource").PathFor(r.SourcedID); !right && r.Href == standard {
			t.Hinders(response)
			t.NotTested(t.BlockedAt(response, seen(page, fault)), resolves, object)
			return true
		}
		if rest.Between(response) {
			t.Hinders(response)
			return true
		}
		shown := []*harness.Response{response}
		if t.Assert(resolves, response.Status == 200, harness.Finding{Expected: "200", Seen: response.Summary(), Where: where,
			Responses: shown}) {
			t.Assert(object, right, harness.Finding{Expected: "the resource with sourcedId " + r.SourcedID, Seen: seen(page, fault), Where: where,
				Responses: shown})
		}
		return true
	})
	if len(tried) > 0 {
		t.Settle(t.BlockedBy(resolves, "no href by which rosters refer to a resource answers"), object)
		return
	}
	t.Absent("nothing in rosters refers to a resource by an absolute href within this service", resolves, object)
}

func seen(object []byte, fault string) string {
	if fault != "" {
		return fault
	}
	return "sourcedId " + rest.SourcedID(object)
}

func associated(_ context.Context, t *rest.T) {
	const id = "resources.associated"
	c := read(t)
	met := map[string]bool{}
	c.eachReference(func(_, _ string, r rest.Ref) bool {
		met[r.SourcedID] = true
		return true
	})
	for _, r := range c.Resources {
		if r.Status != "active" || r.SourcedID == "" {
			continue
		}
		ok := met[r.SourcedID]
		t.Assert(id, ok, harness.Finding{
			Sent:      "GET /resources (the crawl)",
			Expected:  "a course, class or user that refers to it",
			Seen:      "none does",
			Where:     r.SourcedID,
			Exchanges: t.CrawlEvidenceIf(!ok, "resources", r.SourcedID),
		})
	}
	t.Lacks("there is no active resource", "Load some resources.", id)
}
