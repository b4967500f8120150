package tool

import (
	"context"
	"fmt"
	"mime"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/harness/browser"
)

// A launch in a browser costs a third of a second of a processor, and most launches are
// those that have to be refused. Where a plain good launch goes the same way without a
// browser, from redirect to form to page, a broken one can go it too: what the tool answers
// with 400 to 499, in a page without scripts, is refused in a browser as well. Whatever else
// comes of it is looked at in the browser.

// mostStops bounds the documents of a launch by wire.
const mostStops = 12

// mostVain is how many salvos by wire may show no plain refusal until they are given up: such a
// tool refuses with pages.
const mostVain = 2

// wires is what is known of launches by wire. Checks of the group run one after the other.
type wires struct {
	known, fit bool
	way        []string // how the plain good launch goes, in a browser too
	vain       int
}

// byWire makes launches that have to be refused between two unbroken ones, all without a
// browser, and keeps the plain refusals. It gives those that are to be made in the browser.
func (j *judge) byWire(ctx context.Context, t *harness.T, launches []Launch) (others []Launch) {
	if !j.wirable(ctx, t) || len(launches) == 0 {
		return launches
	}
	control := launches[0].unbroken()
	first := j.wire(ctx, t, control)
	if !j.goesWell(first) {
		return launches
	}
	seen := map[string]*sight{}
	for _, l := range launches {
		if !l.Frame && !l.Window && !l.Blocked && !l.Storage {
			s := j.wire(ctx, t, l)
			if s.fell {
				made := &trial{seen: s, control: first, fell: true}
				j.ahead[l.ID] = made
				if !made.back() { // its check will tell
					j.accused.Store(true)
				}
				return slices.DeleteFunc(slices.Clone(launches), func(x Launch) bool { return x.ID == l.ID })
			}
			if j.plainlyRefused(s) {
				seen[l.ID] = s
				continue
			}
		}
		others = append(others, l)
	}
	// What was refused proves something only where the tool opens others still.
	if len(seen) == 0 || !j.goesWell(j.wire(ctx, t, control)) {
		j.wires.vain++
		j.wires.fit = j.wires.vain < mostVain
		return launches
	}
	for id, s := range seen {
		j.ahead[id] = &trial{seen: s, control: first}
	}
	return others
}

// wirable tells whether launches can be made without a browser: the plain good one that
// opened in the browser goes the same way by wire.
func (j *judge) wirable(ctx context.Context, t *harness.T) bool {
	w := &j.wires
	if w.known || j.footing.first == nil || j.blind != "" {
		return w.fit
	}
	w.known = true
	w.way = way(j.footing.first)
	w.fit = j.goesWell(j.wire(ctx, t, Launch{ID: learningID + "wire", Title: "a plain good launch", User: "learner"}))
	return w.fit
}

// way lists the documents of a launch: to whom each went, and with what status it came.
func way(s *sight) (out []string) {
	for _, x := range s.log {
		if u, err := url.Parse(x.URL); err == nil && x.Document && !x.Started.Before(s.began) {
			out = append(out, fmt.Sprint(x.Method, " ", u.Host, " ", x.Status))
		}
	}
	return out
}

// goesWell tells whether a good launch by wire went the way that it goes in the browser.
func (j *judge) goesWell(s *sight) bool {
	return s.problem == nil && s.answered() && s.page.Status < 300 && slices.Equal(way(s), j.wires.way)
}

// soon are the statuses that say nothing of a launch: the same may do well a moment later.
var soon = []int{http.StatusProxyAuthRequired, http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests}

// plainlyRefused tells whether a launch by wire came to a page of the tool by which nobody
// would see anything else in a browser.
func (j *judge) plainlyRefused(s *sight) bool {
	u, err := url.Parse(s.page.URL)
	return s.problem == nil && err == nil && j.platform.known(u.Host) && (s.requested() || s.attempt.launch.Early) &&
		s.page.Status >= 400 && s.page.Status < 500 && !slices.Contains(soon, s.page.Status) &&
		s.page.Active == 0 && len(s.page.Text) > 2
}

// wire makes one launch without a browser.
func (j *judge) wire(ctx context.Context, t *harness.T, l Launch) *sight {
	ctx, cancel := context.WithTimeout(ctx, j.budget)
	defer cancel()
	a, address := j.begin(l)
	s := &sight{attempt: a, began: time.Now(), wired: true}
	jar, _ := cookiejar.New(nil) // it never fails
	method, body := http.MethodGet, ""
	for n := 0; ; n++ {
		at, err := url.Parse(address)
		if err != nil || n == mostStops {
			s.problem = fmt.Errorf("a launch by wire came to no end at %s", browser.Bare(address))
			return s
		}
		x := browser.Exchange{Started: time.Now(), Method: method, URL: address, Request: j.headers(n), Body: body, Document: true}
		if body != "" {
			x.Request.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		if cookies := jar.Cookies(at); len(cookies) > 0 {
			var all []string
			for _, c := range cookies {
				all = append(all, c.Name+"="+c.Value)
			}
			x.Request.Set("Cookie", strings.Join(all, "; "))
		}
		r := t.Session().Do(ctx, harness.Request{Method: method, URL: address, Header: x.Request, Body: []byte(body),
			Auth: harness.AuthNone, Secret: true, Once: true, Told: true})
		x.Ended, x.Status, x.Response, x.Problem = time.Now(), r.Status, r.Header, r.Problem
		s.log = append(s.log, x)
		if r.Status == 0 && j.platform.known(at.Host) && deserted(ctx, at) && reached(s, at.Host) {
			s.page = browser.Frame{URL: address, Failed: true, Why: cutOff[0]}
			j.fall(ctx, s, at)
			return s
		}
		if r.Status == 0 || r.Problem != "" {
			s.problem = fmt.Errorf("a launch by wire: %s", r.Problem)
			return s
		}
		jar.SetCookies(at, (&http.Response{Header: r.Header}).Cookies())
		if to := r.Header.Get("Location"); r.Status >= 300 && r.Status < 400 && to != "" {
			next, err := at.Parse(to)
			if err != nil {
				s.problem = fmt.Errorf("a launch by wire was sent to no address: %w", err)
				return s
			}
			address = next.String()
			if r.Status != http.StatusTemporaryRedirect && r.Status != http.StatusPermanentRedirect {
				method, body = http.MethodGet, ""
			}
			continue
		}
		if next, form, posts := j.posts(a, address); posts && r.Status == http.StatusOK {
			address, method, body = next, http.MethodPost, form.Encode()
			continue
		}
		s.page = pageOf(address, r)
		return s
	}
}

// reached tells whether the tool has answered in this launch.
func reached(s *sight, host string) bool {
	return slices.ContainsFunc(s.log, func(x browser.Exchange) bool {
		to, err := url.Parse(x.URL)
		return err == nil && to.Host == host && x.Status > 0
	})
}

// headers are those of a document that the browser asked for in the plain good launch: some tools look at
// them. What belongs to that one launch is left out.
func (j *judge) headers(n int) http.Header {
	var documents []browser.Exchange
	for _, x := range j.footing.first.log {
		if x.Document {
			documents = append(documents, x)
		}
	}
	out := http.Header{}
	if len(documents) == 0 {
		return out
	}
	for name, values := range documents[min(n, len(documents)-1)].Request {
		switch http.CanonicalHeaderKey(name) {
		case "User-Agent", "Accept", "Accept-Language", "Upgrade-Insecure-Requests", "Origin",
			"Sec-Fetch-Site", "Sec-Fetch-Mode", "Sec-Fetch-Dest", "Sec-Fetch-User":
			out[http.CanonicalHeaderKey(name)] = slices.Clone(values)
		}
	}
	return out
}

// posts gives the form that a page of Rollcall's own posts by itself: the login, or the answer.
func (j *judge) posts(a *attempt, address string) (to string, form url.Values, is bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case sameAddress(address, j.platform.issuer+"/auth") && !a.hold && a.redirect != "":
		return a.redirect, a.form, true
	case strings.HasPrefix(address, j.platform.issuer+"/courses/") && a.launch.Login.Post && a.sent != nil:
		return j.platform.login, a.sent, true
	}
	return "", nil, false
}

// pageOf reads the page that a launch by wire ended with. What may look otherwise in a
// browser counts as active.
func pageOf(address string, r *harness.Response) browser.Frame {
	f := browser.Frame{URL: address, Href: address, Status: r.Status}
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || r.Header.Get("Content-Disposition") != "" || r.Header.Get("Refresh") != "" {
		f.Active++
		return f
	}
	switch media {
	case "text/plain", "application/json", "application/problem+json":
		f.Text = strings.TrimSpace(string(r.Body))
		return f
	case "text/html":
	default:
		f.Active++
		return f
	}
	root, err := html.Parse(strings.NewReader(string(r.Body)))
	if err != nil {
		f.Active++
		return f
	}
	var words []string
	for n := range root.Descendants() {
		switch {
		case n.Type == html.TextNode && n.Parent.DataAtom == atom.Title:
			f.Title = strings.TrimSpace(n.Data)
		case n.Type == html.TextNode && n.Parent.DataAtom != atom.Noscript && n.Parent.DataAtom != atom.Style:
			words = append(words, strings.Fields(n.Data)...)
		case n.Type == html.ElementNode && slices.Contains(lively, n.DataAtom), // may change what is seen
			n.Type == html.ElementNode && slices.ContainsFunc(n.Attr, func(a html.Attribute) bool {
				return a.Key == "hidden" || a.Key == "http-equiv" || strings.HasPrefix(a.Key, "on") ||
					a.Key == "style" && (strings.Contains(a.Val, "none") || strings.Contains(a.Val, "hidden"))
			}):
			f.Active++
		}
	}
	f.Text = strings.Join(words, " ")
	return f
}

// lively are the elements by which a page may show something else than its text.
var lively = []atom.Atom{atom.Script, atom.Iframe, atom.Frame, atom.Frameset, atom.Object, atom.Embed, atom.Template, atom.Base}
