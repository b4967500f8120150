package catalog

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Problem is what is wrong with a call: which kind of rule it breaks, what was expected and seen, and where in the request.
type Problem struct{ Kind, Expected, Seen, Where string }

// Call is one call of the product.
type Call struct {
	Number           int
	Method           string
	URL              string
	Path             string
	RawQuery         string
	Query            url.Values
	Header, Response http.Header
	Body, Answer     []byte // their beginnings, where they are large
	Token            bool   // it asks for a token
	Scopes           []string
	Status           int
	Found            []int // numbers of the items that were given
	Offset, Total    int   // of the page that was given; Total -1: none was
	Started, Ended   time.Time
	Trouble          string // what was done to it
	Problems         []Problem
}

// Search tells whether it asked for items.
func (x Call) Search() bool { return x.Path == Base+"/resources" && x.Trouble != Elsewhere }

// Behaviour is how the catalogue behaves, other than plainly.
type Behaviour struct {
	// What any catalogue may do.
	Cap      int    `yaml:"cap,omitempty"`       // items a page at most
	NoLinks  bool   `yaml:"no_links,omitempty"`  // no Link headers
	NoTotals bool   `yaml:"no_totals,omitempty"` // no X-Total-Count
	Links    string `yaml:"links,omitempty"`     // relative, or elsewhere: the next page is said to be at another host
	Reversed bool   `yaml:"reversed,omitempty"`  // items in another order
	// What goes wrong.
	Trouble string        `yaml:"trouble,omitempty"`
	After   int           `yaml:"after,omitempty"` // searches before it
	Times   int           `yaml:"times,omitempty"` // how often; 0: always
	Delay   time.Duration `yaml:"delay,omitempty"` // how late a slow answer is
}

// What may go wrong with a search.
const (
	Refused    = "refused"     // 400
	Broken     = "error"       // 500
	Busy       = "busy"        // 429, and a second to wait
	TokenEnded = "token-ended" // the token is good no more
	Slow       = "slow"
	Truncated  = "truncated"
	Page       = "page" // a page for people, 200
	Moved      = "moved"
	Elsewhere  = "elsewhere" // what came to another host
)

// Troubles lists what may go wrong.
func Troubles() []string {
	return []string{Refused, Broken, Busy, TokenEnded, Slow, Truncated, Page, Moved}
}

// Wait is how long a busy catalogue says to wait.
const Wait = time.Second

type reply struct {
	status int
	header http.Header
	body   []byte
	delay  time.Duration
	cut    bool
}

func answer(status int, v any) reply {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false) // as most do
	_ = e.Encode(v)        // of texts, lists and maps
	return reply{status: status, header: http.Header{"Content-Type": {"application/json; charset=utf-8"}}, body: b.Bytes()}
}

func refusal(status int, minor, text string) reply {
	return answer(status, map[string]any{"imsx_codeMajor": "failure", "imsx_severity": "error", "imsx_description": text,
		"imsx_codeMinor": map[string]any{"imsx_codeMinorField": []any{map[string]any{"imsx_codeMinorFieldName": "TargetEndSystem",
			"imsx_codeMinorFieldValue": minor}}}})
}

func (a reply) send(w http.ResponseWriter) {
	for name, v := range a.header {
		w.Header()[name] = v
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(a.body)))
	w.WriteHeader(a.status)
	body := a.body
	if a.cut {
		body = body[:len(body)/2]
	}
	_, _ = w.Write(body) // the client may be gone
	if f, is := w.(http.Flusher); is && a.cut {
		f.Flush()
	}
}

func (x *Call) problem(kind, expected, seen, where string) {
	x.Problems = append(x.Problems, Problem{kind, expected, seen, where})
}

// reply answers a call, and notes what is wrong with it.
func (c *Catalog) reply(x *Call, r *http.Request, body []byte) reply {
	if x.Path == "/token" {
		return c.token(x, r, body)
	}
	if x.Query.Has("access_token") {
		x.problem("token-in-url", "the token in the header Authorization", "access_token in the address", "query")
	}
	if x.Path != Base+"/resources" && x.Path != Base+"/subjects" {
		x.problem("operation", Base+"/resources or "+Base+"/subjects", x.Path, "path")
		return refusal(http.StatusNotFound, "invaliddata", "There is nothing here.")
	}
	if x.Method != http.MethodGet {
		x.problem("operation", "GET", x.Method, "method")
		return refusal(http.StatusMethodNotAllowed, "invaliddata", "Only GET is answered here.")
	}
	if accept := x.Header.Get("Accept"); accept != "" && !takesJSON(accept) {
		x.problem("media", "a header Accept that takes application/json", accept, "header Accept")
	}
	token := bearer(x.Header.Get("Authorization"))
	switch {
	case token == "" && !x.Query.Has("access_token"):
		x.problem("unauthorized", "Authorization: Bearer, with a token", orNone(x.Header.Get("Authorization")), "header Authorization")
		return unauthorized("")
	case token != "" && !c.good(token):
		return unauthorized("invalid_token")
	}
	if x.Path == Base+"/subjects" {
		return answer(http.StatusOK, map[string]any{"subjects": []any{
			map[string]any{"identifier": 1, "name": "All", "parent": nil}, map[string]any{"identifier": 2, "name": "Art", "parent": 1},
			map[string]any{"identifier": 3, "name": "Geology", "parent": 1}}})
	}
	return c.search(x, token)
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	scheme, _, _ := strings.Cut(s, " ")
	return scheme + " …"
}

func unauthorized(code string) reply {
	a := refusal(http.StatusUnauthorized, "unauthorisedrequest", "A token is needed.")
	a.header.Set("WWW-Authenticate", "Bearer")
	if code != "" {
		a.header.Set("WWW-Authenticate", `Bearer error="`+code+`"`)
	}
	return a
}

func takesJSON(accept string) bool {
	for part := range strings.SplitSeq(accept, ",") {
		kind, _, _ := strings.Cut(strings.TrimSpace(strings.ToLower(part)), ";")
		if slices.Contains([]string{"*/*", "application/*", "application/json", "text/json"}, strings.TrimSpace(kind)) ||
			strings.HasSuffix(kind, "+json") {
			return true
		}
	}
	return false
}

// token grants one to the product (1EdTech Security Framework 1.0, OAuth 2.0 client credentials).
func (c *Catalog) token(x *Call, r *http.Request, body []byte) reply {
	x.Token = true
	form, _ := url.ParseQuery(string(body)) // what it can't read it doesn't have
	x.Scopes = strings.Fields(form.Get("scope"))
	id, secret := credentials(r, form)
	oauth := func(status int, code string) reply { return answer(status, map[string]any{"error": code}) }
	switch {
	case r.Method != http.MethodPost || form.Get("grant_type") != "client_credentials":
		x.problem("token", "a POST of a form with grant_type=client_credentials", r.Method+" with grant_type="+form.Get("grant_type"), "body")
		return oauth(http.StatusBadRequest, "unsupported_grant_type")
	case id != c.client || secret != c.secret:
		x.problem("token", "the client's id and secret", "others", "header Authorization")
		a := oauth(http.StatusUnauthorized, "invalid_client")
		a.header.Set("WWW-Authenticate", `Basic realm="Rollcall"`)
		return a
	}
	if !slices.Contains(x.Scopes, Scope) {
		x.problem("scope", Scope, strings.Join(x.Scopes, " "), "scope")
	}
	given := c.mint()
	if c.minted != nil {
		c.minted(given)
	}
	a := answer(http.StatusOK, map[string]any{"access_token": given, "token_type": "Bearer", "expires_in": 3600, "scope": Scope})
	a.header.Set("Cache-Control", "no-store")
	return a
}

// mostLimit is the largest page, and what stands for none (parameter limit).
const mostLimit = 100

func (c *Catalog) search(x *Call, token string) reply {
	limit, offset := mostLimit, 0
	for _, p := range []struct {
		name        string
		into        *int
		least, most int
	}{{"limit", &limit, 1, mostLimit}, {"offset", &offset, 0, 1 << 30}} {
		if !x.Query.Has(p.name) {
			continue
		}
		n, err := strconv.Atoi(x.Query.Get(p.name))
		if err != nil || n < p.least || n > p.most {
			x.problem("parameter", fmt.Sprintf("%s from %d to %d", p.name, p.least, p.most), x.Query.Get(p.name), p.name)
			if err != nil || n < p.least {
				return refusal(http.StatusBadRequest, "invalidqueryparameter", "The parameter "+p.name+" is no such number.")
			}
			n = p.most
		}
		*p.into = n
	}
	if order := x.Query.Get("orderBy"); x.Query.Has("orderBy") && order != "asc" && order != "desc" {
		x.problem("parameter", "orderBy as asc or desc", order, "orderBy")
	}
	if sort := x.Query.Get("sort"); x.Query.Has("sort") && sort != "relevance" && sort != "search" && !knownField(sort) {
		x.problem("name", "a member of a resource to sort by", sort, "sort")
	}
	var fields []string
	if x.Query.Has("fields") {
		for f := range strings.SplitSeq(strings.Join(x.Query["fields"], ","), ",") {
			if f = strings.TrimSpace(f); f == "" || !slices.Contains(Members(), f) {
				x.problem("name", "members of a resource", f, "fields")
				continue
			}
			fields = append(fields, f)
		}
	}
	for name := range x.Query {
		if !slices.Contains([]string{"limit", "offset", "filter", "sort", "orderBy", "fields", "access_token"}, name) {
			x.problem("parameter", "limit, offset, filter, sort, orderBy and fields", name, name)
		}
	}
	encoding(x)
	e := expression{none: true}
	if f := x.Query.Get("filter"); x.Query.Has("filter") {
		var problems []Problem
		var broken string
		if e, problems, broken = readFilter(f); len(problems) > 0 {
			x.Problems = append(x.Problems, problems...)
		}
		if broken != "" {
			return refusal(http.StatusBadRequest, "invalidqueryparameter", "The filter can't be read.")
		}
	}
	var found []Item
	for _, i := range c.items {
		if e.finds(i) {
			found = append(found, i)
		}
	}
	if name := x.Query.Get("sort"); name != "" && name != "relevance" && name != "search" {
		slices.SortStableFunc(found, func(a, b Item) int {
			return strings.Compare(strings.Join(textsOf(a.object[name]), ","), strings.Join(textsOf(b.object[name]), ","))
		})
		if x.Query.Get("orderBy") == "desc" {
			slices.Reverse(found)
		}
	} else if c.behaviour.Reversed {
		slices.Reverse(found)
	}
	if c.behaviour.Cap > 0 {
		limit = min(limit, c.behaviour.Cap)
	}
	page := found[min(offset, len(found)):min(offset+limit, len(found))]
	x.Offset, x.Total = offset, len(found)
	resources := []json.RawMessage{}
	for _, i := range page {
		x.Found = append(x.Found, i.Number)
		resources = append(resources, i.wire(fields))
	}
	a := answer(http.StatusOK, map[string]any{"resources": resources})
	if !c.behaviour.NoTotals {
		a.header.Set("X-Total-Count", strconv.Itoa(len(found)))
	}
	if links := c.links(x, limit, offset, len(found)); links != "" && !c.behaviour.NoLinks {
		a.header.Set("Link", links)
	}
	return c.trouble(x, token, a)
}

// links are those to the pages around this one (RFC 8288).
func (c *Catalog) links(x *Call, limit, offset, total int) string {
	var all []string
	add := func(rel string, at int) {
		q := url.Values{}
		for name, v := range x.Query {
			q[name] = v
		}
		q.Set("limit", strconv.Itoa(limit))
		q.Set("offset", strconv.Itoa(at))
		base := c.origin
		switch c.behaviour.Links {
		case "relative":
			base = ""
		case "elsewhere":
			if rel == "next" {
				base = c.elsewhere
			}
		}
		all = append(all, fmt.Sprintf("<%s%s?%s>; rel=\"%s\"", base, x.Path, strings.ReplaceAll(q.Encode(), "+", "%20"), rel))
	}
	if offset+limit < total {
		add("next", offset+limit)
		add("last", (total-1)/limit*limit)
	}
	if offset > 0 {
		add("first", 0)
		add("prev", max(0, offset-limit))
	}
	return strings.Join(all, ", ")
}

// trouble has a search go wrong as the behaviour has it: a is what would have been answered.
func (c *Catalog) trouble(x *Call, token string, a reply) reply {
	b := c.behaviour
	if b.Trouble == "" {
		return a
	}
	c.counted++
	if c.counted <= b.After || b.Times > 0 && c.done >= b.Times {
		return a
	}
	c.done++
	x.Trouble = b.Trouble
	if b.Trouble != Slow {
		x.Found, x.Total = nil, -1
	}
	switch b.Trouble {
	case Refused:
		return refusal(http.StatusBadRequest, "invalidqueryparameter", "The query can't be answered.")
	case Broken:
		return refusal(http.StatusInternalServerError, "internal_server_error", "Something went wrong.")
	case Busy:
		a = refusal(http.StatusTooManyRequests, "server_busy", "Too many searches.")
		a.header.Set("Retry-After", strconv.Itoa(int(Wait/time.Second)))
		return a
	case TokenEnded:
		c.ended[token] = true
		return unauthorized("invalid_token")
	case Slow:
		a.delay = b.Delay
	case Truncated:
		a.cut = true
	case Page:
		return reply{status: http.StatusOK, header: http.Header{"Content-Type": {"text/html; charset=utf-8"}},
			body: []byte("<!doctype html><title>Sign in</title><h1>Sign in</h1><form><input name=user></form>")}
	case Moved:
		return reply{status: http.StatusTemporaryRedirect, header: http.Header{"Location": {c.elsewhere + strings.TrimPrefix(x.URL, c.origin)}}}
	}
	return a
}

// encoding notes what stands in a query that has to be percent-encoded there (RFC 3986 §3.4), and what is no UTF-8.
func encoding(x *Call) {
	for i := range len(x.RawQuery) {
		if b := x.RawQuery[i]; b <= ' ' || b >= 0x7F || strings.IndexByte("\"<>`{}|\\^", b) >= 0 {
			x.problem("encoding", "a query that is percent-encoded", fmt.Sprintf("%q as it is", rune(b)), "query")
			return
		}
	}
	for name, values := range x.Query {
		for _, v := range values {
			if strings.ToValidUTF8(v, "") != v {
				x.problem("encoding", "texts in UTF-8", name+" in another encoding", "query")
				return
			}
		}
	}
}
