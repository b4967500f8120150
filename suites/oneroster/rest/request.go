package rest

import (
	"context"
	"encoding/json"
	"net/url"
	"strconv"
	"strings"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/oneroster/service"
	"github.com/rollcall-edu/rollcall/suites/weblink"
)

// Query builds a query string in the order given: name, value, name, value…
// Values are percent-encoded, blanks as %20.
func Query(pairs ...string) string {
	var parts []string
	for i := 0; i+1 < len(pairs); i += 2 {
		parts = append(parts, pairs[i]+"="+escape(pairs[i+1]))
	}
	return strings.Join(parts, "&")
}

// escape encodes a query value the way every server understands.
func escape(v string) string { return strings.ReplaceAll(url.QueryEscape(v), "+", "%20") }

// address joins base, path (escaped already) and query.
func address(base, path, query string) string {
	if query == "" {
		return base + path
	}
	return base + path + "?" + query
}

// Get requests a path of the service with the session's token.
func (t *T) Get(ctx context.Context, path, query string) *harness.Response {
	return t.Do(ctx, harness.Request{URL: address(t.Session().Base, path, query)})
}

// Page is one page of a collection, taken apart.
type Page struct {
	*harness.Response
	Objects []json.RawMessage
	IDs     []string
	Total   int               // X-Total-Count; -1 when absent or no integer
	Links   map[string]string // rel to absolute URL; nil when there is no Link header
	Fault   string            // why the page could not be taken apart; empty when it could
}

// OK tells whether the page came whole, with 200, and could be taken apart.
func (p *Page) OK() bool { return p.Fault == "" && p.Problem == "" && p.Status == 200 }

// Why says in words why the page is not usable.
func (p *Page) Why() string {
	if p.Problem != "" || p.Status != 200 {
		return p.Summary()
	}
	return p.Fault
}

// List requests one page of a collection.
func (t *T) List(ctx context.Context, path, wrapper, query string) *Page {
	return t.apart(t.Get(ctx, path, query), wrapper)
}

// follow requests the absolute URL of a Link header.
func follow(ctx context.Context, t *T, link, wrapper string) *Page {
	return t.apart(t.Do(ctx, harness.Request{URL: link, Owner: beyond(t, link, pagingAt+"link-same-service")}), wrapper)
}

// beyond gives owner as the requirement that governs what a URL answers, where it
// leaves the path of the service; else its address tells.
func beyond(t *T, link, owner string) string {
	if strings.HasPrefix(link, t.Session().Base+"/") {
		return ""
	}
	return t.Service.Requirement(owner)
}

// Single takes the object out of the answer to a single read; fault says why it can't be.
func (t *T) Single(r *harness.Response, wrapper string) (object json.RawMessage, fault string) {
	if r.Problem != "" || r.Status != 200 {
		return nil, r.Summary()
	}
	return takeSingle(r, wrapper)
}

// TakeApart takes an answer apart as a page of a collection of OneRoster.
func TakeApart(r *harness.Response, wrapper string) *Page { return apart(r, wrapper, SourcedID) }

// takeApart does so for whatever service.
func takeApart(of *service.Service, r *harness.Response, wrapper string) *Page {
	return apart(r, wrapper, func(object []byte) string { return identify(of, object) })
}

func apart(r *harness.Response, wrapper string, id func(object []byte) string) *Page {
	p := &Page{Response: r, Total: -1}
	if n, err := strconv.Atoi(strings.TrimSpace(r.Header.Get("X-Total-Count"))); err == nil && n >= 0 {
		p.Total = n
	}
	if lines := r.Header.Values("Link"); strings.Join(lines, "") != "" { // an empty list is none (RFC 9110 §5.6.1)
		p.Links = weblink.Targets(lines, r.URL)
	}
	if r.Problem != "" || r.Status != 200 {
		return p
	}
	p.Objects, p.Fault = takeList(r, wrapper)
	for _, o := range p.Objects {
		p.IDs = append(p.IDs, id(o))
	}
	return p
}

// SourcedID gives the identifier of an object; empty where it has none.
func SourcedID(object []byte) string {
	var b struct {
		SourcedID string `json:"sourcedId"`
	}
	_ = decode(object, &b)
	return b.SourcedID
}

// quote writes a filter value: in single quotes, quotes inside doubled.
func quote(v string) string { return "'" + strings.ReplaceAll(v, "'", "''") + "'" }
