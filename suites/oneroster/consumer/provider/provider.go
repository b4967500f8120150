// Package provider is the OneRoster provider that Rollcall is where it judges consumers: it serves a world as it is
// told to, right or wrong, and remembers every call.
package provider

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"maps"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/oneroster/consumer/world"
	"github.com/rollcall-edu/rollcall/suites/oneroster/service"
)

// Options say how the provider is reached.
type Options struct {
	Listen    string // 127.0.0.1:0 by default
	PublicURL string // origin under which the product reaches it, where that differs
	Version   string // 1.1 or 1.2
	ClientID  string // of the product; empty: made anew
	Secret    string
	Signed    bool   // requests of 1.1 are signed by OAuth 1.0a, and there are no tokens
	CertFile  string // certificate (PEM) by which it is reached; empty: plain http
	KeyFile   string
	Minted    func(token string) // told of each token that is granted, which is a secret; nil: nobody is
}

// Behaviour is how the provider behaves, other than plainly.
type Behaviour struct {
	// What any provider may do.
	Cap      int    `yaml:"cap"`       // objects a page at most
	NoLinks  bool   `yaml:"no_links"`  // no Link headers
	NoTotals bool   `yaml:"no_totals"` // no X-Total-Count
	Links    string `yaml:"links"`     // unquoted, relative or several (a header each)
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
	On      string        `yaml:"on"`      // the collection; empty: any
	Wait    int           `yaml:"wait"`    // seconds of Retry-After; 0: none
	Dated   bool          `yaml:"dated"`   // Retry-After is a date
	Delay   time.Duration `yaml:"delay"`   // how late a slow answer is
	Writes  bool          `yaml:"writes"`  // it happens to what is put
	Refused string        `yaml:"refused"` // a collection: the second object that is put into it is refused each time that it comes
}

// Impostor begins the sourcedIds of what only somebody else serves, to whom a call was redirected.
const Impostor = "rc-impostor"

// Connection is where the product reads from, and as whom.
type Connection struct {
	Rostering, Gradebook, Resources, V1P1, TokenURL, ClientID, ClientSecret, CAFile string
}

// Problem is what is wrong with a call: which kind of rule it breaks, what was expected and seen, and where in the request.
type Problem struct{ Kind, Expected, Seen, Where string }

// Call is one call of the product.
type Call struct {
	Number           int
	Method           string
	URL              string
	Path             string // below the base
	RawQuery         string
	Query            url.Values
	Header, Response http.Header
	Body, Answer     []byte
	Operation        string
	Token            bool     // it asks for a token
	Scopes           []string // that it asks for, in full
	Status           int
	Offset, Count    int // of the page that was answered
	Total            int // -1: no collection
	Started, Ended   time.Time
	Trouble          string // what was done to it
	Problems         []Problem

	fields   []string // that it asks for, of those that there are; none: all
	warnings []string // codes of what it asked for in vain
}

// Provider is a running provider.
type Provider struct {
	version   string
	origin    string
	client    string
	secret    string
	signed    bool
	authority string // file of its certificate; empty: plain http
	server    *http.Server
	other     *http.Server     // another host, to which calls are redirected
	elsewhere string           // its origin
	trust     *httptest.Server // one whose certificate nobody knows
	services  []*service.Service
	minted    func(string)

	mu        sync.Mutex
	world     *world.World
	behaviour Behaviour
	counted   int
	done      int
	tokens    map[string]token
	calls     []Call
	open      int
	last      time.Time
	objects   map[string][]map[string]any
	layer     layer    // what products wrote
	met       []string // sourcedIds that were put where one is refused, in order
}

type token struct {
	scopes []string
	ended  bool // it was good for some calls
}

// Start begins to serve.
func Start(ctx context.Context, o Options) (*Provider, error) {
	if o.Listen == "" {
		o.Listen = "127.0.0.1:0"
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", o.Listen)
	if err != nil {
		return nil, err
	}
	scheme := "http://"
	if o.CertFile != "" {
		pair, err := tls.LoadX509KeyPair(o.CertFile, o.KeyFile)
		if err != nil {
			return nil, errors.Join(&harness.ConfigError{Key: "consumer.cert_file", Cause: err.Error(),
				Remedy: "give the paths of a certificate and of its private key, both PEM"}, l.Close())
		}
		l, scheme = tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}), "https://"
	}
	p := &Provider{version: o.Version, origin: o.PublicURL, client: o.ClientID, secret: o.Secret, authority: o.CertFile, minted: o.Minted,
		signed: o.Signed && o.Version == "1.1", tokens: map[string]token{}, last: time.Now()}
	if p.origin == "" {
		p.origin = scheme + l.Addr().String()
	}
	if p.client == "" {
		p.client, p.secret = "rollcall-"+rand.Text()[:8], rand.Text()
	}
	if o.Version == "1.1" {
		p.services = []*service.Service{service.Rostering11(), service.Resources11(), service.Gradebook11()}
	} else {
		p.services = []*service.Service{service.Rostering(), service.Resources(), service.Gradebook(), service.Assessment()}
	}
	p.server = &http.Server{Handler: p, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = p.server.Serve(l) }()
	host, _, _ := net.SplitHostPort(l.Addr().String()) // of a listener
	away, err := (&net.ListenConfig{}).Listen(ctx, "tcp", net.JoinHostPort(host, "0"))
	if err != nil {
		return nil, errors.Join(err, p.server.Close())
	}
	_, port, _ := net.SplitHostPort(away.Addr().String()) // as above
	p.elsewhere = "http://" + net.JoinHostPort("localhost", port)
	p.other = &http.Server{Handler: http.HandlerFunc(p.impostor), ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = p.other.Serve(away) }()
	p.trust = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { p.serve(w, r, p.trust.URL) }))
	p.trust.Config.ErrorLog = log.New(io.Discard, "", 0) // who refuses the certificate does right
	p.trust.StartTLS()
	return p, nil
}

// Close ends the provider.
func (p *Provider) Close() error {
	p.trust.Close()
	return errors.Join(p.server.Close(), p.other.Close())
}

// Untrusted is the connection to the same provider by a certificate of an authority that nobody knows.
func (p *Provider) Untrusted() Connection {
	c := p.Connection()
	for _, address := range []*string{&c.Rostering, &c.Gradebook, &c.Resources, &c.V1P1, &c.TokenURL} {
		*address = strings.Replace(*address, p.origin, p.trust.URL, 1)
	}
	return c
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

// Connection tells where it is.
func (p *Provider) Connection() Connection {
	c := Connection{TokenURL: p.origin + "/token", ClientID: p.client, ClientSecret: p.secret, CAFile: p.authority}
	if p.signed {
		c.TokenURL = ""
	}
	if p.version == "1.1" {
		c.V1P1 = p.origin + p.services[0].Path
		return c
	}
	c.Rostering, c.Resources, c.Gradebook = p.origin+p.services[0].Path, p.origin+p.services[1].Path, p.origin+p.services[2].Path
	return c
}

// Serve serves a world in a way from now on.
func (p *Provider) Serve(w *world.World, b Behaviour) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if was := p.behaviour.Trouble; was == "scopes-partly" && b.Trouble != was {
		p.tokens = map[string]token{} // nobody is left with less than what is granted now
	}
	p.world, p.behaviour, p.counted, p.done, p.met, p.objects = w, b, 0, 0, nil, map[string][]map[string]any{}
	if b.Trouble == "scopes-partly" || b.Trouble == "token-refused" || b.Trouble == "token-ended" {
		p.tokens = map[string]token{}
	}
	for _, c := range world.Collections() {
		p.objects[c] = p.layer.over(c, w.All(c, p.version))
	}
}

// Mark counts the calls so far.
func (p *Provider) Mark() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.calls)
}

// Calls gives those since a mark.
func (p *Provider) Calls(since int) []Call {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.calls[min(since, len(p.calls)):])
}

// Idle is how long ago the last call ended.
func (p *Provider) Idle() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.open > 0 {
		return 0
	}
	return time.Since(p.last)
}

// kept is what is remembered of an answer.
const kept = 8 << 10

// The calls that are answered and remembered in a run, and of how many it is remembered what was answered.
const (
	mostCalls = 100_000
	mostShown = 20_000
)

// ServeHTTP answers a call as it is behaved now, and remembers it.
func (p *Provider) ServeHTTP(w http.ResponseWriter, r *http.Request) { p.serve(w, r, p.origin) }

// serve answers a request that was sent to an origin.
func (p *Provider) serve(w http.ResponseWriter, r *http.Request, origin string) {
	if p.Mark() >= mostCalls {
		http.Error(w, "Rollcall remembers no more calls in this run.", http.StatusServiceUnavailable)
		return
	}
	body, _ := io.ReadAll(io.LimitReader(r.Body, 8<<20))
	c := Call{Method: r.Method, URL: origin + r.URL.RequestURI(), RawQuery: r.URL.RawQuery, Query: r.URL.Query(), Header: r.Header.Clone(),
		Body: body, Total: -1, Started: time.Now(), Path: r.URL.Path}
	p.mu.Lock()
	p.open++
	p.mu.Unlock()
	a := p.answer(&c, r)
	for k, v := range a.header {
		w.Header()[k] = v
	}
	if a.delay > 0 {
		time.Sleep(a.delay)
	}
	c.Status, c.Response = a.status, a.header
	c.Answer = bytes.Clone(a.body[:min(len(a.body), kept)])
	number := p.remember(c)
	switch {
	case p.odd().Chunked:
		p.transfer(w, r, a)
	case a.cut:
		w.Header().Set("Content-Length", strconv.Itoa(len(a.body)))
		w.WriteHeader(a.status)
		_, _ = w.Write(a.body[:len(a.body)/2])
	default:
		if len(a.body) > 0 {
			w.Header().Set("Content-Length", strconv.Itoa(len(a.body)))
		}
		w.WriteHeader(a.status)
		_, _ = w.Write(a.body)
	}
	p.mu.Lock()
	p.open--
	p.last = time.Now()
	p.calls[number].Ended = p.last
	p.mu.Unlock()
	if a.cut {
		panic(http.ErrAbortHandler)
	}
}

// remember keeps a call, before its answer goes out: who has read the answer to its end, a product or a test, may look at
// the calls at once. It returns its number.
func (p *Provider) remember(c Call) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	c.Number, c.Ended = len(p.calls), time.Now()
	if c.Number >= mostShown { // such a crowd needs no more proof
		c.Answer = nil
	}
	p.calls = append(p.calls, c)
	return c.Number
}

func (p *Provider) odd() Behaviour {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.behaviour
}

// transfer sends an answer in chunks, compressed where that was asked for, with names of headers in another case.
func (p *Provider) transfer(w http.ResponseWriter, r *http.Request, a reply) {
	for k, v := range a.header {
		delete(w.Header(), k)
		w.Header()[strings.ToLower(k)] = v
	}
	body := a.body
	if a.cut {
		body = body[:len(body)/2]
	}
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") && len(body) > 0 {
		var small bytes.Buffer
		z := gzip.NewWriter(&small)
		_, _ = z.Write(body) // to memory
		_ = z.Close()        // as above
		body = small.Bytes()
		w.Header().Set("Content-Encoding", "gzip")
	}
	w.WriteHeader(a.status)
	for part := range slices.Chunk(body, 500) {
		_, _ = w.Write(part) // the client may be gone
		w.(http.Flusher).Flush()
	}
}

type reply struct {
	status int
	header http.Header
	body   []byte
	cut    bool
	delay  time.Duration
}

func (p *Provider) say(status int, v any) reply {
	text, _ := json.Marshal(v)
	if v == nil {
		text = nil
	}
	return reply{status: status, header: http.Header{"Content-Type": {"application/json"}}, body: text}
}

// unstored says that an answer isn't to be kept by anybody (RFC 6749 §5.1).
func unstored(a reply) reply {
	a.header.Set("Cache-Control", "no-store")
	a.header.Set("Pragma", "no-cache")
	return a
}

func (p *Provider) refuse(status int, minor, why string) reply {
	if p.version == "1.1" {
		return p.say(status, map[string]any{"statusInfoSet": []any{map[string]any{"imsx_codeMajor": "failure", "imsx_severity": "error",
			"imsx_codeMinor": minor, "imsx_description": why}}})
	}
	return p.say(status, map[string]any{"imsx_codeMajor": "failure", "imsx_severity": "error", "imsx_description": why,
		"imsx_CodeMinor": map[string]any{"imsx_codeMinorField": []any{map[string]any{"imsx_codeMinorFieldName": "TargetEndSystem", "imsx_codeMinorFieldValue": minor}}}})
}

func (p *Provider) answer(c *Call, r *http.Request) reply {
	p.mu.Lock()
	defer p.mu.Unlock()
	if r.URL.Path == "/token" {
		return p.token(c, r)
	}
	var s *service.Service
	var op service.Operation
	var methods []string // that the path has
	for _, one := range p.services {
		below, in := strings.CutPrefix(r.URL.Path, one.Path)
		if !in {
			continue
		}
		for _, o := range slices.Concat(one.Operations, one.Writes) {
			method := o.Method
			if method == "" {
				method = http.MethodGet
			}
			if !fits(o, below) {
				continue
			}
			methods = append(methods, method)
			if method == r.Method {
				s, op, c.Path = one, o, below
			}
		}
	}
	if s == nil {
		c.Problems = append(c.Problems, Problem{"operation", "an operation of OneRoster " + p.version, r.Method + " " + r.URL.Path, "path"})
		if len(methods) > 0 {
			slices.Sort(methods)
			a := p.refuse(http.StatusMethodNotAllowed, "invaliddata", "There is no such operation: its path has others.")
			a.header.Set("Allow", strings.Join(slices.Compact(methods), ", "))
			return a
		}
		return p.refuse(http.StatusNotFound, p.minor("unknownobject"), "There is no such operation.")
	}
	c.Operation = op.ID
	if p.signed {
		if refusal, ok := p.unsigned(c); !ok {
			return refusal
		}
		return p.opened(c, s, op)
	}
	given := bearer(r.Header.Get("Authorization"))
	t, known := p.tokens[given]
	if !known || given == "" || t.ended {
		if given == "" {
			c.Problems = append(c.Problems, Problem{"unauthorized", "a token", "none", "header Authorization"})
		}
		if known {
			c.Trouble = "token-ended"
		} else if given != "" { // maybe of an earlier run: who asks for another one then does right
			c.Problems = append(c.Problems, Problem{"stale-token", "a token that was granted in this run", "another one", "header Authorization"})
		}
		return p.noToken()
	}
	allowed := slices.ContainsFunc(op.Scopes, func(scope string) bool { return slices.Contains(t.scopes, s.Scopes.Prefix+scope) })
	if !allowed {
		if p.behaviour.Trouble == "scopes-partly" {
			c.Trouble = "scopes-partly"
		}
		return p.refuse(http.StatusForbidden, "forbidden", "The token doesn't open this.")
	}
	return p.opened(c, s, op)
}

// opened answers a call that may be made.
func (p *Provider) opened(c *Call, s *service.Service, op service.Operation) reply {
	if c.Method != http.MethodGet {
		return p.write(c, s, op)
	}
	return p.read(c, s, op)
}

func (p *Provider) noToken() reply {
	a := p.refuse(http.StatusUnauthorized, p.minor("unauthorisedrequest"), "A token is needed.")
	a.header.Set("WWW-Authenticate", "Bearer")
	return a
}

func fits(o service.Operation, path string) bool {
	a, b := o.Segments(), strings.Split(strings.Trim(path, "/"), "/")
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !strings.HasPrefix(a[i], "{") && a[i] != b[i] {
			return false
		}
	}
	return true
}

func (p *Provider) token(c *Call, r *http.Request) reply {
	c.Token = true
	form, _ := url.ParseQuery(string(c.Body))
	c.Scopes = strings.Fields(form.Get("scope"))
	id, secret, basic := basicOf(r.Header.Get("Authorization"))
	if !basic {
		id, secret = form.Get("client_id"), form.Get("client_secret")
	}
	oauth := func(status int, code string) reply {
		a := unstored(p.say(status, map[string]any{"error": code}))
		if status == http.StatusUnauthorized {
			a.header.Set("WWW-Authenticate", `Basic realm="Rollcall"`)
		}
		return a
	}
	switch {
	case r.Method != http.MethodPost || form.Get("grant_type") != "client_credentials":
		c.Problems = append(c.Problems, Problem{"token", "a POST of a form with grant_type=client_credentials", r.Method, "body"})
		return oauth(http.StatusBadRequest, "unsupported_grant_type")
	case id != p.client || secret != p.secret:
		c.Problems = append(c.Problems, Problem{"token", "the client's id and secret", "others", "header Authorization"})
		return oauth(http.StatusUnauthorized, "invalid_client")
	case p.behaviour.Trouble == "token-refused":
		c.Trouble = "token-refused"
		return oauth(http.StatusUnauthorized, "invalid_client")
	}
	var granted []string
	for _, scope := range c.Scopes {
		known := slices.ContainsFunc(p.services, func(s *service.Service) bool {
			return slices.ContainsFunc(s.Scopes.All(), func(one string) bool { return s.Scopes.Prefix+one == scope })
		})
		if !known {
			c.Problems = append(c.Problems, Problem{"scope", "a scope of OneRoster " + p.version, scope, "scope"})
			continue
		}
		granted = append(granted, scope)
	}
	if p.behaviour.Trouble == "scopes-partly" {
		granted = slices.DeleteFunc(granted, func(s string) bool {
			return strings.Contains(s, "/roster.readonly") || strings.Contains(s, "/roster-core.readonly")
		})
	}
	if len(c.Scopes) > 0 && len(granted) == 0 && p.behaviour.Trouble == "" {
		return oauth(http.StatusBadRequest, "invalid_scope")
	}
	life := 3600
	if p.behaviour.Trouble == "scopes-partly" {
		life = 1
	}
	given := rand.Text()
	if p.minted != nil {
		p.minted(given)
	}
	p.tokens[given] = token{scopes: granted}
	return unstored(p.say(http.StatusOK, map[string]any{"access_token": given, "token_type": "Bearer", "expires_in": life,
		"scope": strings.Join(granted, " ")}))
}

// bearer is the token of a header; the name of its scheme has no case (RFC 9110 §11.1).
func bearer(header string) string {
	scheme, given, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(given)
}

func basicOf(header string) (id, secret string, is bool) {
	text, is := strings.CutPrefix(header, "Basic ")
	if !is {
		return "", "", false
	}
	plain, _ := base64.StdEncoding.DecodeString(text)
	a, b, _ := strings.Cut(string(plain), ":")
	id, _ = url.QueryUnescape(a)
	secret, _ = url.QueryUnescape(b)
	return id, secret, true
}

func (p *Provider) read(c *Call, s *service.Service, op service.Operation) reply {
	kind := s.Kinds[op.Kind]
	if a, wrong := p.parameters(c); wrong {
		return a
	}
	fields, unknown := fieldsOf(c.Query["fields"], kind)
	if unknown != "" && (p.version != "1.1" || c.Query.Get("fields") == "") {
		c.Problems = append(c.Problems, Problem{"parameter", "properties of the objects for fields", unknown, "fields"})
		return p.refuse(http.StatusBadRequest, p.minor("invalid_selection_field"), "There is no such property: "+unknown)
	}
	c.fields = fields
	if unknown != "" {
		c.warnings = append(c.warnings, "invalid_selection_field")
	}
	collection := s.CollectionOf(op.Kind).Name
	segments, pattern := strings.Split(strings.Trim(c.Path, "/"), "/"), op.Segments()
	ids := map[string]string{}
	for i, seg := range pattern {
		if strings.HasPrefix(seg, "{") {
			id, _ := url.PathUnescape(segments[i])
			ids[pattern[i-1]] = id
		}
	}
	if op.Single {
		name := pattern[len(pattern)-2]
		for _, o := range p.derived(p.objects[collection], name, collection) {
			if o["sourcedId"] == ids[name] {
				return p.say(http.StatusOK, map[string]any{op.Wrapper: p.shaped(o, fields)})
			}
		}
		return p.refuse(http.StatusNotFound, p.minor("unknownobject"), "Unknown Object: there is no such object.")
	}
	list := p.objects[collection]
	if len(ids) == 0 || collection != "users" { // who is taught in a class is told by enrollments alone
		list = p.derived(list, pattern[len(pattern)-1], collection)
	}
	if len(ids) > 0 {
		parents, there := p.parents(ids)
		if !there {
			return p.refuse(http.StatusNotFound, p.minor("unknownobject"), "Unknown Object: what this lies below isn't there.")
		}
		list = p.below(list, op, parents)
	}
	if filter := c.Query.Get("filter"); filter != "" {
		chosen, why := parse(filter, kind)
		if why != "" {
			c.Problems = append(c.Problems, Problem{"filter", "a filter of the grammar", why, "filter"})
			return p.refuse(http.StatusBadRequest, p.minor("invalid_filter_field"), why)
		}
		for _, one := range slices.Concat(chosen...) {
			if one.kind != service.DateTime || one.name == "dateLastModified" {
				continue // see parameters
			}
			if _, err := time.Parse(time.RFC3339Nano, one.value); err != nil {
				c.Problems = append(c.Problems, Problem{"date", "a date-time with its offset", one.value, "filter"})
			}
		}
		list = chosen.left(list)
	}
	if by := c.Query.Get("sort"); by != "" {
		switch of, known := typeOf(kind, by); {
		case known:
			list = sorted(list, by, of, c.Query.Get("orderBy") == "desc")
		case p.version == "1.1":
			c.warnings = append(c.warnings, "invalid_sort_field")
		default:
			c.Problems = append(c.Problems, Problem{"parameter", "a property of the objects for sort", by, "sort"})
			return p.refuse(http.StatusBadRequest, p.minor("invalid_sort_field"), "There is no such property: "+by)
		}
	}
	if p.behaviour.Reversed {
		list = slices.Clone(list)
		slices.Reverse(list)
	}
	return p.page(c, op, list)
}

// minor is a code as the version writes it: 1.1 has blanks in some of them.
func (p *Provider) minor(code string) string {
	if p.version != "1.1" {
		return code
	}
	switch code {
	case "unknownobject":
		return "unknown object"
	case "unauthorisedrequest":
		return "unauthorized"
	}
	return code
}

// warning is what 1.1 says beside the data of what was asked for in vain.
func warning(code string) any {
	return []any{map[string]any{"imsx_codeMajor": "success", "imsx_severity": "warning", "imsx_codeMinor": code,
		"imsx_description": "There is no such property."}}
}

// single are parameters that come once at most.
var single = []string{"limit", "offset", "sort", "orderBy", "filter"}

func (p *Provider) parameters(c *Call) (reply, bool) {
	wrong := func(kind, expected, seen, where string) (reply, bool) {
		c.Problems = append(c.Problems, Problem{kind, expected, seen, where})
		return p.refuse(http.StatusBadRequest, "invaliddata", expected), true
	}
	if c.Header.Get("Accept") != "" && !strings.Contains(c.Header.Get("Accept"), "json") && !strings.Contains(c.Header.Get("Accept"), "*/*") {
		c.Problems = append(c.Problems, Problem{"media", "application/json", c.Header.Get("Accept"), "header Accept"})
	}
	if strings.ContainsAny(c.RawQuery, " \"<>’") {
		c.Problems = append(c.Problems, Problem{"encoding", "percent-encoded values", "a sign as it is", "query"})
	}
	if f := c.Query.Get("filter"); strings.Contains(f, "dateLastModified") {
		if v := f[strings.Index(f, "dateLastModified"):]; strings.Contains(v, "'") {
			v = strings.Split(v, "'")[1]
			if _, err := time.Parse(time.RFC3339Nano, v); err != nil {
				c.Problems = append(c.Problems, Problem{"date", "a date-time with its offset", v, "filter"})
			}
		}
	}
	for name, values := range c.Query {
		if len(values) > 1 && slices.Contains(single, name) {
			return wrong("parameter", "the parameter "+name+" once", fmt.Sprintf("%d times", len(values)), name)
		}
		switch name {
		case "limit", "offset":
			n, err := strconv.Atoi(values[0])
			if err != nil || n < 0 || name == "limit" && n == 0 {
				return wrong("parameter", "a whole number for "+name, values[0], name)
			}
		case "orderBy":
			if values[0] != "asc" && values[0] != "desc" {
				return wrong("parameter", "asc or desc for orderBy", values[0], name)
			}
		case "sort", "filter", "fields":
		case "access_token":
			c.Problems = append(c.Problems, Problem{"token-in-url", "no token in the address", "access_token", name})
		default:
			c.Problems = append(c.Problems, Problem{"parameter", "a parameter of the standard", name, name})
		}
	}
	return reply{}, false
}

// derived keeps what belongs into a part of a collection.
func (p *Provider) derived(list []map[string]any, name, collection string) []map[string]any {
	has := func(o map[string]any, role string) bool {
		if p.version == "1.1" {
			return o["role"] == role
		}
		roles, _ := o["roles"].([]any)
		return slices.ContainsFunc(roles, func(r any) bool { return r.(map[string]any)["role"] == role })
	}
	var fits func(map[string]any) bool
	switch {
	case collection == "orgs" && name == "schools":
		fits = func(o map[string]any) bool { return o["type"] == "school" }
	case collection == "academicSessions" && name == "terms":
		fits = func(o map[string]any) bool { return o["type"] == "term" || o["type"] == "semester" }
	case collection == "academicSessions" && name == "gradingPeriods":
		fits = func(o map[string]any) bool { return o["type"] == "gradingPeriod" }
	case collection == "users" && name == "students":
		fits = func(o map[string]any) bool { return has(o, "student") }
	case collection == "users" && name == "teachers":
		fits = func(o map[string]any) bool { return has(o, "teacher") }
	default:
		return list
	}
	return slices.DeleteFunc(slices.Clone(list), func(o map[string]any) bool { return !fits(o) })
}

// collectionOf names the collection of the objects that an operation gives.
func collectionOf(op service.Operation) string {
	return map[string]string{"org": "orgs", "academicSession": "academicSessions", "course": "courses", "class": "classes", "user": "users",
		"enrollment": "enrollments", "demographics": "demographics", "resource": "resources", "category": "categories",
		"scoreScale": "scoreScales", "lineItem": "lineItems", "result": "results",
		"assessmentLineItem": "assessmentLineItems", "assessmentResult": "assessmentResults"}[op.Kind]
}

// required are the members that some kind of object must have.
var required = []string{"sourcedId", "status", "dateLastModified", "name", "type", "identifier", "title", "startDate", "endDate",
	"schoolYear",
	"classType", "course", "school", "terms", "enabledUser", "givenName", "familyName", "roles", "role", "orgs", "username", "user", "class",
	"vendorResourceId", "assignDate", "dueDate", "category", "lineItem", "student", "scoreStatus", "scoreDate", "scoreScaleValue", "score",
	"gradingPeriod", "resultValueMin", "resultValueMax", "org"}

func (p *Provider) shaped(o map[string]any, fields []string) map[string]any {
	o, _ = p.linked(o).(map[string]any)
	b := p.behaviour
	if b.Dates != "" {
		at, _ := time.Parse(time.RFC3339Nano, fmt.Sprint(o["dateLastModified"]))
		switch b.Dates {
		case "offset":
			o["dateLastModified"] = at.In(time.FixedZone("", 2*3600)).Format("2006-01-02T15:04:05.000-07:00")
		case "zero":
			o["dateLastModified"] = at.UTC().Format("2006-01-02T15:04:05.000") + "+00:00"
		case "whole":
			o["dateLastModified"] = at.Add(999 * time.Millisecond).Truncate(time.Second).Format(time.RFC3339)
		}
	}
	if b.Unknown {
		o["vendorExtension"] = map[string]any{"a": []any{1, nil, true}}
	}
	if b.Minimal {
		for k := range o {
			if !slices.Contains(required, k) {
				delete(o, k)
			}
		}
	}
	if len(fields) > 0 {
		for k := range o {
			if !slices.ContainsFunc(fields, func(f string) bool { return f == k || strings.HasPrefix(f, k+".") }) {
				delete(o, k)
			}
		}
	}
	return o
}

func (p *Provider) page(c *Call, op service.Operation, list []map[string]any) reply {
	limit, offset := 100, 0
	if n, err := strconv.Atoi(c.Query.Get("limit")); err == nil {
		limit = n
	}
	offset, _ = strconv.Atoi(c.Query.Get("offset"))
	limit, offset = min(limit, math.MaxInt32), min(offset, math.MaxInt32) // their sum is a number too, whatever is asked for
	b := p.behaviour
	if b.Cap > 0 {
		limit = min(limit, b.Cap)
	}
	if b.Still && strings.Contains(c.Query.Get("filter"), "dateLastModified") {
		list = nil
	}
	total := len(list)
	troubled := false
	if b.Trouble != "" && !b.Writes && !(p.signed && b.Trouble == "token-ended") && (b.On == "" || collectionOf(op) == b.On) {
		p.counted++
		troubled = p.counted > b.After && (b.Times == 0 || p.done < b.Times)
	}
	begin, end := min(offset, total), min(offset+limit, total)
	shown := list[begin:end]
	if troubled {
		switch b.Trouble {
		case "empty":
			shown, total = nil, 0
		case "lost-page":
			shown = nil
		case "twice":
			shown = list[max(0, begin-limit):max(0, min(begin-limit+limit, len(list)))]
		}
	}
	objects := []any{}
	for _, o := range shown {
		objects = append(objects, p.shaped(o, c.fields))
	}
	c.Offset, c.Count, c.Total = begin, len(objects), total
	body := map[string]any{op.Wrapper: objects}
	if len(c.warnings) > 0 {
		body["statusInfoSet"] = warning(c.warnings[0])
	}
	a := p.say(http.StatusOK, body)
	if !b.NoTotals {
		a.header["X-Total-Count"] = []string{strconv.Itoa(total)}
	}
	if !b.NoLinks {
		p.link(c, a, offset, limit, total)
	}
	if troubled {
		p.done++
		return p.trouble(c, a)
	}
	return a
}

func (p *Provider) link(c *Call, a reply, offset, limit, total int) {
	address := func(offset int) string {
		u, _ := url.Parse(c.URL)
		q := u.Query()
		q.Set("limit", strconv.Itoa(limit))
		q.Set("offset", strconv.Itoa(max(0, offset)))
		u.RawQuery = strings.ReplaceAll(q.Encode(), "+", "%20")
		if p.behaviour.Links == "relative" {
			return "?" + u.RawQuery
		}
		return u.String()
	}
	links := map[string]int{"first": 0, "last": max(0, (total-1)/max(1, limit)*limit)}
	if offset+limit < total {
		links["next"] = offset + limit
	}
	if offset > 0 {
		links["prev"] = offset - limit
	}
	var all []string
	for _, rel := range slices.Sorted(maps.Keys(links)) {
		form := `<%s>; rel="%s"`
		if p.behaviour.Links == "unquoted" {
			form = `<%s>; title=x;REL=%s`
		}
		all = append(all, fmt.Sprintf(form, address(links[rel]), rel))
	}
	if a.header["Link"] = []string{strings.Join(all, ", ")}; p.behaviour.Links == "several" {
		a.header["Link"] = all
	}
}

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
		a = p.refuse(http.StatusInternalServerError, "internal_server_error", "Something broke.")
		c.Total, c.Count = -1, 0
	case "token-ended":
		given := bearer(c.Header.Get("Authorization"))
		t := p.tokens[given]
		t.ended = true
		p.tokens[given] = t
		a = p.noToken()
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
