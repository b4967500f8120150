package scores

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/oneroster/rest"
	"github.com/rollcall-edu/rollcall/suites/oneroster/service"
)

// inRosters are the kinds of objects of the Rostering service to which items and results refer,
// with the collections in which they stand.
var inRosters = map[string]string{"class": "classes", "user": "users"}

const (
	hrefResolves = "references.rosters-href-resolves"
	hrefObject   = "references.rosters-href-object"
)

// hrefChecks follow references into the rosters.
func hrefChecks(t Terms) []rest.Check {
	return []rest.Check{{
		ID: "references.rosters-href", Title: "The href of a reference into the rosters leads to its object",
		Requirements: []string{hrefResolves, hrefObject}, Labels: []string{"references"},
		Needs: []rest.Need{rest.Known("classes", "users"), {Text: "a " + t.Words + " of a class, or a result"}},
		Body:  followRosters,
	}}
}

// each of the places where references stand is tried so often.
const hrefsEach = 2

func followRosters(ctx context.Context, t *rest.T) {
	b := of(t)
	problems := 0
	for _, collection := range []string{b.Terms.Items, b.Terms.Results} {
		if b.Raw(collection) == nil {
			continue
		}
		for _, use := range b.Facts(collection).Refs {
			home, foreign := inRosters[use.Want]
			tried := 0
			for _, e := range slices.Concat(use.Examples, use.Odd) {
				if !foreign || tried >= hrefsEach || problems > 1 {
					break
				}
				asked, answered := followOne(ctx, t, b, collection, home, use.At, e)
				if asked {
					tried++
				}
				if asked && !answered {
					problems++
				}
			}
		}
	}
	if t.Looked(hrefResolves) {
		t.Settle(t.BlockedBy(hrefResolves, "no href of a reference into the rosters answers"), hrefObject)
	}
	t.Absent("nothing refers to rosters by an absolute href on the same host", hrefResolves, hrefObject)
}

// followOne gets an href, with a token for rosters.
func followOne(ctx context.Context, t *rest.T, b *Book, collection, home, at string, e rest.RefExample) (asked, answered bool) {
	u, err := url.Parse(e.Ref.Href)
	if err != nil || !u.IsAbs() || !b.InRosters(home)(e.Ref.SourcedID) {
		return false, false // form and dangling references are judged by themselves
	}
	base, err := url.Parse(t.Session().Base)
	if err != nil || !strings.EqualFold(base.Host, u.Host) || base.Scheme != u.Scheme {
		t.Note(hrefResolves, "the href %s lies on another host and was not followed", e.Ref.Href)
		return false, false
	}
	kind := map[string]string{"classes": "class", "users": "user"}[home]
	response := t.Do(ctx, harness.Request{URL: e.Ref.Href, Scopes: b.Corpus.Scopes(home), Owner: t.Service.Requirement(hrefResolves)})
	if rest.Between(response) {
		t.Hinders(response)
		return true, response.Problem == ""
	}
	object, fault := t.Single(response, kind)
	right := fault == "" && rest.SourcedID(object) == e.Ref.SourcedID
	// The very address that the standard gives the object is right, whatever it answers.
	if below := strings.TrimSuffix(u.EscapedPath(), "/"+home+"/"+service.EscapeSegment(e.Ref.SourcedID)); !right &&
		strings.HasSuffix(below, b.BesidePath(home)) {
		t.NotTested(harness.Unconfigured("the Rostering service answers "+response.Line()+": "+response.Summary(),
			"Judge the Rostering service first, and mend what that finds."), hrefResolves, hrefObject)
		return true, true
	}
	where := fmt.Sprintf("%s of /%s: %s/href", e.Holder, collection, at)
	shown := []*harness.Response{response}
	if t.Assert(hrefResolves, response.Status == 200, harness.Finding{Expected: "200", Seen: response.Summary(), Where: where,
		Responses: shown}) {
		seen := "sourcedId " + rest.SourcedID(object)
		if fault != "" {
			seen = fault
		}
		t.Assert(hrefObject, right, harness.Finding{Expected: "the object with sourcedId " + e.Ref.SourcedID, Seen: seen, Where: where,
			Responses: shown})
	}
	return true, true
}
