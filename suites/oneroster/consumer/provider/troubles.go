package provider

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Behaviour is how the provider behaves, other than plainly.
type Behaviour struct {
	// What any provider may do.
	Cap      int    `yaml:"cap"`       // objects a page at most
	NoLinks  bool   `yaml:"no_links"`  // no Link headers
	NoTotals bool   `yaml:"no_totals"` // no X-Total-Count
	Links    string `yaml:"links"`     // unquoted, relative or several (two headers, of two links at most)
	Dates    string `yaml:"dates"`     // zero, offset or whole: how dateLastModified is written
	Minimal  bool   `yaml:"minimal"`   // required members alone
	Unknown  bool   `yaml:"unknown"`   // members that the standard doesn't have
	Reversed bool   `yaml:"reversed"`  // objects in another order
	Chunked  bool   `yaml:"chunked"`   // answers in chunks, without length
	Still    bool   `yaml:"still"`     // nothing has changed since whenever it is asked
	// What goes wrong. Where a call is counted it is one of a page of a collection.
	Trouble string        `yaml:"trouble"` // what goes wrong: see trouble
	After   int           `yaml:"after"`   // calls before it
	Times   int           `yaml:"times"`   // how often; 0: always
	Every   int           `yaml:"every"`   // from there on to each second (2) or third (3) of the calls alone; 0 and 1: to each
	On      string        `yaml:"on"`      // the collection; empty: any
	Wait    int           `yaml:"wait"`    // seconds of Retry-After; 0: none
	Dated   bool          `yaml:"dated"`   // Retry-After is a date
	Delay   time.Duration `yaml:"delay"`   // how late a slow answer is
	Writes  bool          `yaml:"writes"`  // it happens to what is put
	Refused string        `yaml:"refused"` // a collection: the second object that is put into it is refused each time that it comes
	// Broken is a collection: the third object that is put into it is answered 500 each time that it comes, and the fourth
	// once, though it was taken.
	Broken string `yaml:"broken"`
}

// Impostor begins the sourcedIds of what only somebody else serves, to whom a call was redirected.
const Impostor = "rc-impostor"

// due counts a call that trouble may come to, and tells whether it comes to this one.
func (p *Provider) due() bool {
	b := p.behaviour
	p.counted++
	beyond := p.counted - b.After - 1
	return beyond >= 0 && beyond%max(1, b.Every) == 0 && (b.Times == 0 || p.done < b.Times)
}

// trouble has a call go wrong as the behaviour has it: a is what would have been answered.
func (p *Provider) trouble(c *Call, a reply) reply {
	b := p.behaviour
	c.Trouble = b.Trouble
	switch b.Trouble {
	case "busy":
		a = p.refuse(http.StatusTooManyRequests, "server_busy", "Too many calls.")
		if b.Wait > 0 {
			a.header.Set("Retry-After", strconv.Itoa(b.Wait))
			if b.Dated { // of whole seconds: the one after
				at := time.Now().Add(time.Duration(b.Wait+1) * time.Second)
				a.header.Set("Retry-After", at.UTC().Format(http.TimeFormat))
			}
		}
		c.Total, c.Count = -1, 0
	case "error":
		a = p.broke()
		c.Total, c.Count = -1, 0
	case "token-ended":
		given := bearer(c.Header.Get("Authorization"))
		t := p.tokens[given]
		t.ended = true
		p.tokens[given] = t
		a = p.noToken()
		c.Total, c.Count = -1, 0
	case "token-stale": // as of a provider that was started again (RFC 6750 §3.1)
		clear(p.tokens)
		a = p.noToken()
		a.header.Set("WWW-Authenticate", `Bearer error="invalid_token"`)
		c.Total, c.Count = -1, 0
	case "truncated":
		a.cut = true
	case "slow":
		a.delay = b.Delay
	case "redirect":
		a = reply{status: http.StatusTemporaryRedirect, header: http.Header{"Location": {p.elsewhere + strings.TrimPrefix(c.URL, p.origin)}}}
		c.Total, c.Count = -1, 0
	}
	return a
}

// impostor answers what was redirected to another host, with somebody whom the provider doesn't have.
func (p *Provider) impostor(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := Call{Method: r.Method, URL: p.elsewhere + r.URL.RequestURI(), Path: r.URL.Path, Query: r.URL.Query(), RawQuery: r.URL.RawQuery,
		Header: r.Header.Clone(), Started: time.Now(), Total: -1, Trouble: "elsewhere", Status: http.StatusOK, Number: len(p.calls)}
	a := p.say(http.StatusOK, map[string]any{"users": []any{map[string]any{"sourcedId": Impostor, "status": "active",
		"dateLastModified": "2026-01-01T00:00:00.000Z", "givenName": "Nobody", "familyName": "Atall", "username": "nobody", "enabledUser": "true",
		"roles": []any{map[string]any{"roleType": "primary", "role": "student", "org": map[string]any{"sourcedId": "x", "type": "org"}}},
		"role":  "student", "orgs": []any{}}}})
	a.header.Set("X-Total-Count", "1")
	for k, v := range a.header {
		w.Header()[k] = v
	}
	c.Response, c.Answer, c.Ended = a.header, a.body, time.Now()
	p.last = c.Ended
	p.calls = append(p.calls, c)
	_, _ = w.Write(a.body) // the client may be gone
}
