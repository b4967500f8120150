package rest

import (
	"context"
	"fmt"
	"maps"
	"net"
	"net/url"
	"slices"
	"strings"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/oneroster/service"
)

// referenceChecks judge GUIDRefs: their form from what the crawl noted, their
// targets by the crawl and by following some.
func referenceChecks() []Check {
	const at = "references."
	checks := []Check{
		{ID: "references.form", Title: "Every reference has an absolute href, a sourcedId and the type of its target",
			Requirements: []string{at + "members", at + "type", at + "href-absolute"}, Labels: []string{DataLabel, "references"},
			Needs: inBody("objects that refer to others"), Body: referenceForm},
		{ID: "references.follow", Title: "The href of a reference leads to the object it names",
			Requirements: []string{at + "href-resolves", at + "href-object"}, Labels: []string{"references"},
			Needs: []Need{readableBase(), {Text: "objects that refer to others"}}, Body: followReferences},
	}
	return checks
}

func referenceForm(_ context.Context, t *T) {
	const members, kind, absolute = "references.members", "references.type", "references.href-absolute"
	met := false
	for _, c := range t.Service.Collections {
		if c.Derived() != "" || crawl(t).Raw(c.Name) == nil {
			continue
		}
		facts := crawl(t).Facts(c.Name)
		for _, u := range facts.Refs {
			met = true
			judgeRefUse(t, c, facts, u, members, kind, absolute)
		}
	}
	if !met {
		t.Lacks("no object refers to another", t.Service.Words.ReferencesLoad)
	}
}

func judgeRefUse(t *T, c service.Collection, facts CrawlFacts, u RefUse, members, kind, absolute string) {
	where := "/" + c.Name + "/*" + u.At
	lacking, malformed, outside := 0, Fault{}, Fault{}
	for _, f := range facts.Faults {
		switch {
		case f.Keyword == "format" && f.Pointer == u.At+"/href":
			malformed = f
		case f.Keyword == "enum" && f.Pointer == u.At+"/type" && strings.HasPrefix(f.Seen, "string"):
			outside = f
		}
		if f.Keyword != "required" || f.Severity != "error" {
			continue
		}
		for _, m := range []string{"/href", "/sourcedId", "/type"} {
			if f.Pointer == u.At+m {
				lacking += f.Count
				t.Fail(members, harness.Finding{Sent: "GET /" + c.Name + " (the crawl)", Expected: "href, sourcedId and type in every reference",
					Seen: fmt.Sprintf("%s is missing in %d of %d", m[1:], f.Count, u.Count), Where: where, Exchanges: t.CrawlEvidence(c.Name, f.Object)})
			}
		}
	}
	if lacking == 0 {
		t.Examined(members, u.Count)
	}
	for _, seen := range slices.Sorted(maps.Keys(u.Types)) {
		n := u.Types[seen]
		if seen == u.Want || seen == "" && outside.Count == 0 { // absence is judged above
			t.Examined(kind, n)
			continue
		}
		t.Fail(kind, harness.Finding{Sent: "GET /" + c.Name + " (the crawl)", Expected: fmt.Sprintf("type %q", u.Want),
			Seen: fmt.Sprintf("type %q in %d of %d", seen, n, u.Count), Where: where,
			Exchanges: t.CrawlEvidence(c.Name, u.First[seen])})
	}
	odd := 0
	for _, e := range u.Odd {
		if strings.Contains(e.Why, "absolute") {
			odd++
			t.Fail(absolute, harness.Finding{Sent: "GET /" + c.Name + " (the crawl)", Expected: "an absolute URI", Seen: t.Show("href", e.Ref.Href),
				Where: e.Holder + " " + u.At + "/href", Exchanges: t.CrawlEvidence(c.Name, e.Object)})
			break
		}
	}
	if odd == 0 && malformed.Count > 0 {
		odd++
		t.Fail(absolute, harness.Finding{Sent: "GET /" + c.Name + " (the crawl)", Expected: malformed.Expected,
			Seen:  fmt.Sprintf("%s, in %d of %d", malformed.Seen, malformed.Count, u.Count),
			Where: malformed.SourceID + " " + malformed.Pointer, Cause: malformed.Message, Exchanges: t.CrawlEvidence(c.Name, malformed.Object)})
	}
	if odd == 0 {
		t.Examined(absolute, u.Count)
	}
}

// The requirements of what an href leads to.
const hrefResolves, hrefObject = "references.href-resolves", "references.href-object"

// followReferences gets some hrefs of every kind of reference.
func followReferences(ctx context.Context, t *T) {
	base, err := url.Parse(t.Session().Base)
	if err != nil {
		return // it was read before
	}
	h := &hrefTrial{t: t, base: base}
	for _, c := range t.Service.Collections {
		if c.Derived() != "" || crawl(t).Raw(c.Name) == nil {
			continue
		}
		for _, u := range crawl(t).Facts(c.Name).Refs {
			if u.Want != "resource" { // it lives in another service
				h.follow(ctx, c, u)
			}
		}
	}
	t.Absent("no reference has an absolute href within this service", hrefResolves, hrefObject)
}

// hrefTrial follows hrefs. Two of a kind are enough, and two answers that never came.
type hrefTrial struct {
	t        *T
	base     *url.URL
	problems int
}

// follow gets some hrefs of one kind of reference.
func (h *hrefTrial) follow(ctx context.Context, c service.Collection, u RefUse) {
	t, tried := h.t, 0
	for _, e := range slices.Concat(u.Examples, u.Odd) {
		if tried >= 2 || h.problems >= 2 {
			return
		}
		target, err := url.Parse(e.Ref.Href)
		if err != nil || !target.IsAbs() || !crawl(t).Has(u.Want, e.Ref.SourcedID) {
			continue // form and dangling references are judged by themselves
		}
		if why := innerAddress(h.base, target); why != "" {
			tried++
			t.Fail(hrefResolves, harness.Finding{Sent: "GET /" + c.Name + " (the crawl)",
				Expected: "an address that answers whoever reads the service", Seen: why,
				Where: fmt.Sprintf("%s %s/href", e.Holder, u.At), Exchanges: t.CrawlEvidence(c.Name, e.Object)})
			continue
		}
		if scheme := strings.ToLower(target.Scheme); scheme != "http" && scheme != "https" {
			tried++
			t.Fail(hrefResolves, harness.Finding{Sent: "GET /" + c.Name + " (the crawl)",
				Expected: "an address that a client can get, by http or https", Seen: t.Show("href", e.Ref.Href),
				Where: fmt.Sprintf("%s %s/href", e.Holder, u.At), Exchanges: t.CrawlEvidence(c.Name, e.Object)})
			continue
		}
		if !sameService(t, target) {
			t.Note(hrefResolves, "the href %s lies outside of this service and was not followed", e.Ref.Href)
			continue
		}
		tried++
		if !h.get(ctx, u, e, target) {
			return
		}
	}
}

// get follows one href. It tells whether others of the kind are worth a look: they aren't
// where the address is right, and no object of the kind can be read alone.
func (h *hrefTrial) get(ctx context.Context, u RefUse, e RefExample, target *url.URL) bool {
	t := h.t
	response := t.Do(ctx, harness.Request{URL: e.Ref.Href, Owner: beyond(t, e.Ref.Href, hrefResolves)})
	if response.Problem != "" {
		h.problems++
	}
	at := fmt.Sprintf("%s %s/href", e.Holder, u.At)
	id, found := singleID(t.Service, response.Body)
	if right := response.Status == 200 && found && id == e.Ref.SourcedID; !right &&
		standardAddress(t.Service, h.base, target, u.Want, e.Ref.SourcedID) && !singlesWork(ctx, t, u.Want) {
		by := t.Service.CollectionOf(u.Want).Read
		governs := endpointRequirement(by)
		if response.Status == 200 && !found {
			governs = bodyOwner(t.Service, by, response.Body)
		}
		t.NotTested(t.BlockedBy(governs, "single reads don't work: "+response.Line()+": "+response.Summary(), response))
		return false
	}
	if t.Assert(hrefResolves, response.Status == 200 && response.Problem == "",
		harness.Finding{Expected: "200", Seen: response.Summary(), Where: at, Responses: []*harness.Response{response}}) {
		t.Assert(hrefObject, found && id == e.Ref.SourcedID,
			harness.Finding{Expected: "the object with sourcedId " + e.Ref.SourcedID, Seen: describeID(id, found), Where: at,
				Responses: []*harness.Response{response}})
	}
	return true
}

// standardAddress tells whether an href is the very address that the standard
// gives an object: then the reference is right, whatever that address answers.
func standardAddress(of *service.Service, base, href *url.URL, kind, id string) bool {
	below, ok := strings.CutPrefix(href.Path, base.Path)
	return ok && slices.ContainsFunc(of.Collections, func(c service.Collection) bool { return c.Kind == kind && below == "/"+c.Name+"/"+id })
}

// singlesWork tells whether the first object of a kind can be read singly.
func singlesWork(ctx context.Context, t *T, kind string) bool {
	op := t.Service.CollectionOf(kind).Read
	ids, ok := parentIDs(t, op)
	if !ok || !t.Session().Covers(op.ID) {
		return false
	}
	response := t.Get(ctx, op.PathFor(ids...), "")
	object, fault := takeSingle(response, op.Wrapper)
	return response.Status == 200 && response.Problem == "" && fault == "" && SourcedID(object) == ids[0]
}

func describeID(id string, found bool) string {
	if !found {
		return "no object with a sourcedId"
	}
	return "sourcedId " + id
}

// singleID takes the sourcedId out of a single payload, whatever its wrapper.
func singleID(of *service.Service, body []byte) (string, bool) {
	for _, c := range of.Whole() {
		if object, fault := unwrapSingle(body, c.Read.Wrapper); fault == "" {
			id := SourcedID(object)
			return id, id != ""
		}
	}
	id := SourcedID(body)
	return id, id != ""
}

// sameService tells whether a URL belongs to the service under test: the token
// must not be sent anywhere else.
func sameService(t *T, u *url.URL) bool {
	base, err := url.Parse(t.Session().Base)
	return err == nil && strings.EqualFold(base.Host, u.Host) && base.Scheme == u.Scheme
}

// innerAddress says why an href can't be followed from outside of the provider's
// own network: it names this service by plain HTTP, or a machine that only its
// neighbours can reach. The token is not sent there to find out. Empty: it can.
func innerAddress(base, u *url.URL) string {
	switch {
	case u.Scheme == "http" && base.Scheme == "https" && strings.EqualFold(u.Hostname(), base.Hostname()):
		return "a plain http address of a service that is read over https"
	case loopback(base) || inner(base):
		return "" // a provider within the network may name its neighbours
	case loopback(u) || inner(u):
		return "the inner address " + u.Host
	}
	return ""
}

// inner tells whether a URL names a machine of a private network.
func inner(u *url.URL) bool {
	if ip := net.ParseIP(u.Hostname()); ip != nil {
		return ip.IsPrivate() || ip.IsLinkLocalUnicast() || ip.IsUnspecified()
	}
	host := strings.ToLower(u.Hostname())
	return !strings.Contains(host, ".") || strings.HasSuffix(host, ".local") || strings.HasSuffix(host, ".internal")
}
