package resourcesearch

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/lti"
	"github.com/rollcall-edu/rollcall/suites/lti/tool"
	"github.com/rollcall-edu/rollcall/suites/oneroster/rest"
)

// LinksProfile is what a catalogue claims whose LTI links can be launched.
const LinksProfile = "rs10-links"

const (
	linkAnswers = "rs10.links.answers"
	linkOpens   = "rs10.links.opens"
)

// The bounds of what is tried: links lead to systems of others, who are asked no more than a person who
// follows a few of them would ask.
const (
	mostPages    = 50 // that are read to find links
	linksOfOne   = 3  // of one origin whose addresses are tried
	mostOrigins  = 5
	mostLaunched = 3
)

// LinkSuite judges where the LTI links of a catalogue lead. They are launched with Rollcall as the
// platform, where the target file says of a tool (lti.tool) how it is launched.
func LinkSuite() harness.Suite {
	of := Service()
	return harness.Suite{
		ID:       "resourcesearch.links",
		Title:    of.Standard + " Links",
		Role:     "catalog",
		Profiles: []string{LinksProfile},
		Section:  New,
		Access:   Access(),
		Service:  harness.ServiceURL(of.Key, func(t *harness.Target) string { return Of(t).URL }),
		Open: func(ctx context.Context, s *harness.Session) (any, error) {
			if !launchable(s.Target) {
				return nil, nil
			}
			return tool.Open(ctx, s)
		},
		Checks: []harness.Check{
			{ID: "links.answers", Title: "The addresses of LTI links are there", Requirements: []string{linkAnswers}, Labels: []string{"links"},
				Group: linkGroup, Needs: []harness.Need{harness.InBody("items with links of LTI")}, Body: linksAnswer},
			{ID: "links.opens", Title: "LTI links open at their tool", Requirements: []string{linkOpens}, Labels: []string{"links", "launch"},
				Group: linkGroup, Timeout: 3 * time.Minute, Needs: []harness.Need{aTool(), harness.InBody("links that lead to this tool")},
				Body: linksOpen},
		},
	}
}

// linkGroup has the checks share one browser.
const linkGroup = "catalog-links"

// launchable tells whether the target file says how a tool is launched.
func launchable(t *harness.Target) bool {
	l := lti.Of(t)
	return l.Tool.LoginURL != "" && l.Tool.TargetLinkURI != ""
}

func aTool() harness.Need {
	unmet := func(_ context.Context, t *harness.T) (harness.Obstacle, bool) {
		return harness.Unconfigured("the target file doesn't say how the tool of the links is launched",
				"Register Rollcall as a platform at the tool that opens the links (`rollcall registration` prints by what), and set lti.tool.login_url, lti.tool.target_link_uri, lti.client_id and lti.deployments."),
			!launchable(t.Session().Target)
	}
	return harness.Need{Text: "a tool in the section lti of the target file", Unmet: unmet}
}

// aLink is an LTI link that the catalogue gave, with the answer that has it.
type aLink struct {
	item    string
	address string // the secure one, where there are two
	plain   string // the other one; empty: there is none
	origin  string
	title   string
	custom  map[string]string
	from    *harness.Response
}

// linksOf reads the catalogue until enough links are met that wanted tells of, at most so many of one
// origin. Where it can't be read o says so.
func linksOf(ctx context.Context, t *harness.T, wanted func(l aLink) bool, ofOne, origins int) (out []aLink, o harness.Obstacle, ok bool) {
	base, of := t.Session().Base, Service()
	counts, met := map[string]int{}, 0
	for n := 0; n < mostPages; n++ {
		r := t.Do(ctx, harness.Request{URL: fmt.Sprintf("%s/resources?limit=%d&offset=%d", base, mostItems, met), Auth: harness.AuthSession,
			Scopes: []string{of.Scopes.Prefix + of.Scopes.Full}})
		var body struct {
			Resources []json.RawMessage `json:"resources"`
		}
		if r.Problem != "" || r.Status != http.StatusOK || json.Unmarshal(r.Body, &body) != nil {
			if len(out) > 0 {
				break // what came before is enough to judge
			}
			return nil, harness.Unconfigured("the items of the catalogue can't be read: "+r.Summary(),
				"Judge the catalogue by the profile rs10-catalog first; it says why.").Seen(r.Evidence), false
		}
		for _, raw := range body.Resources {
			l, has := linkOf(raw)
			if !has || !wanted(l) || counts[l.origin] >= ofOne || counts[l.origin] == 0 && len(counts) >= origins ||
				slices.ContainsFunc(out, func(x aLink) bool { return x.address == l.address }) {
				continue
			}
			l.from = r
			counts[l.origin]++
			out = append(out, l)
		}
		if met += len(body.Resources); len(body.Resources) == 0 || len(out) >= ofOne*origins {
			break
		}
	}
	return out, harness.Obstacle{}, true
}

// linkOf takes the link of an item apart; has is false where there is none that a browser can follow.
func linkOf(raw json.RawMessage) (l aLink, has bool) {
	item := rest.Read[struct {
		Name string `json:"name"`
		Link struct {
			Title  string `json:"title"`
			Launch string `json:"launch_url"`
			Secure string `json:"secure_launch_url"`
			Custom struct {
				Properties []struct {
					Name  string `json:"name"`
					Value string `json:"value"`
				} `json:"properties"`
			} `json:"custom"`
		} `json:"ltiLink"`
	}](raw)
	address := item.Link.Secure
	if address == "" {
		address = item.Link.Launch
	}
	l = aLink{item: item.Name, address: address, origin: originOf(address), title: item.Link.Title, custom: map[string]string{}}
	if originOf(item.Link.Launch) != "" && item.Link.Launch != address {
		l.plain = item.Link.Launch
	}
	for _, p := range item.Link.Custom.Properties {
		l.custom[p.Name] = p.Value
	}
	return l, l.origin != ""
}

// originOf gives the origin of a web address; "" for what is none.
func originOf(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return ""
	}
	scheme := strings.ToLower(u.Scheme)
	if scheme != "http" && scheme != "https" {
		return ""
	}
	return scheme + "://" + strings.ToLower(u.Host)
}

const noLinks = "Load items with an ltiLink, or judge the catalogue without the profile " + LinksProfile + "."

func linksAnswer(ctx context.Context, t *harness.T) {
	links, o, ok := linksOf(ctx, t, func(aLink) bool { return true }, linksOfOne, mostOrigins)
	if !ok {
		t.NotTested(o, linkAnswers)
		return
	}
	if len(links) == 0 {
		t.NotTested(harness.NoData("no item that was read has an LTI link", noLinks), linkAnswers)
		return
	}
	var last *harness.Response // that didn't come
	tried := 0
	var all []aLink
	for _, l := range links {
		all = append(all, l)
		if l.plain != "" {
			l.address = l.plain
			all = append(all, l)
		}
	}
	for _, l := range all {
		r, there := answers(ctx, t, l)
		if r.Problem != "" {
			last = r
			continue
		}
		tried++
		t.Assert(linkAnswers, there, harness.Finding{Expected: "an answer other than 404, 410 or a server error", Seen: r.Summary(),
			Where: l.item + ": " + l.address, Responses: []*harness.Response{r, l.from}})
	}
	if tried == 0 {
		t.NotTested(unreached(last), linkAnswers)
	}
}

// unreached is the obstacle of a link that can't be followed from here, which says nothing of who can.
func unreached(r *harness.Response) harness.Obstacle {
	return harness.Unconfigured("the addresses of the links can't be reached from here: "+r.Problem,
		"Run Rollcall where the tools of the links can be reached.").Seen(r.Evidence)
}

// answers follows a link without a launch. A tool may refuse whoever comes so in any way, and know its
// address by POST alone; but it is there.
func answers(ctx context.Context, t *harness.T, l aLink) (r *harness.Response, there bool) {
	fine := func(r *harness.Response) bool {
		return r.Problem == "" && r.Status != http.StatusNotFound && r.Status != http.StatusGone && r.Status < http.StatusInternalServerError
	}
	r = t.Elsewhere(ctx, harness.Request{URL: l.address})
	if fine(r) || r.Problem != "" {
		return r, fine(r)
	}
	posted := t.Elsewhere(ctx, harness.Request{Method: http.MethodPost, URL: l.address,
		Header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}})
	return posted, fine(posted)
}

func linksOpen(ctx context.Context, t *harness.T) {
	l := lti.Of(t.Session().Target)
	own := []string{originOf(l.Tool.TargetLinkURI)}
	for _, address := range l.Tool.RedirectURIs {
		own = append(own, originOf(address))
	}
	links, o, ok := linksOf(ctx, t, func(l aLink) bool { return slices.Contains(own, l.origin) }, mostLaunched, len(own))
	if !ok {
		t.NotTested(o, linkOpens)
		return
	}
	if len(links) == 0 {
		t.NotTested(harness.Unconfigured("no link of the items that were read leads to the tool of the target file ("+strings.Join(own, ", ")+")",
			"Name in lti.tool the tool that opens the catalogue's links."), linkOpens)
		return
	}
	for _, one := range links[:min(len(links), mostLaunched)] {
		if !launched(ctx, t, one) {
			return
		}
	}
}

// launched has a learner open a link; false: there is no use in trying another.
func launched(ctx context.Context, t *harness.T, l aLink) bool {
	switch r, there := answers(ctx, t, l); {
	case r.Problem != "":
		t.NotTested(unreached(r), linkOpens)
		return true
	case !there:
		t.NotTested(harness.BlockedBy(linkAnswers, "the address of the link isn't there", r), linkOpens)
		return true
	}
	custom := map[string]any{}
	for name, value := range l.custom {
		custom[name] = value
	}
	link := map[string]any{"id": tool.Fresh()}
	if l.title != "" {
		link["title"] = l.title
	}
	got, o, ok := tool.Act(ctx, t, tool.Action{Title: "opens " + l.item, User: "learner", Target: l.address,
		Claims: map[string]any{"resource_link": link, "custom": custom}})
	seen := got.Refused
	if ok {
		seen = got.Broken()
	}
	if !ok && seen == "" { // no plain launch opens either
		t.NotTested(o, linkOpens)
		return false
	}
	t.Assert(linkOpens, seen == "", harness.Finding{Sent: "a launch of " + l.address, Expected: "the page of " + l.item,
		Seen: seen, Where: l.item + " /ltiLink", Responses: []*harness.Response{l.from}, Exchanges: got.Exchanges})
	return true
}
