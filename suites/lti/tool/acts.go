package tool

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/harness/browser"
	"github.com/rollcall-edu/rollcall/suites/lti/side"
)

// Call is one request that came from the tool, or from its browser, while an action was
// under way.
type Call struct {
	At       time.Time
	Token    bool   // it came to the token endpoint, otherwise below $services
	Method   string // of HTTP
	Path     string // below $services
	Query    string
	Header   http.Header
	Body     []byte
	Status   int         // with which it was answered; 0: it was broken off
	Response http.Header // of the answer
	Answer   []byte      // its body
	Exchange string      // its id among the evidence

	url string
}

// acting is an action under way, and what came of it.
type acting struct {
	origin string // of Rollcall's side
	serve  http.Handler
	tokens func(w http.ResponseWriter, r *http.Request) bool
	asked  func(Call) // told of each request of an access token

	mu    sync.Mutex
	calls []Call
}

// mostCalls bounds what is kept of a tool that asks without end.
const mostCalls = 500

// enact has the services of an action answer from now on. Those of actions before it with
// another address go on: a tool may come late.
func (p *platform) enact(a Action) *acting {
	under := &acting{origin: p.issuer, serve: a.Serve, tokens: a.Token, asked: p.note}
	if under.serve == nil {
		under.serve = http.NotFoundHandler()
	}
	if a.Services != "" {
		p.mu.Lock()
		p.acts[a.Services] = under
		p.mu.Unlock()
	}
	p.acting.Store(under)
	return under
}

// all gives what came so far.
func (a *acting) all() []Call {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.calls)
}

// await waits until all has come, the page is at rest and it has been quiet for a while; or for
// as long as an action may take.
func (a *acting) await(ctx context.Context, p *browser.Page, what Action, budget time.Duration, got *Acted) {
	begun := time.Now()
	if what.Patience > 0 {
		budget = what.Patience
	}
	quiet := max(what.Quiet, activeTime)
	for end := begun.Add(budget); ; {
		if err := p.Settle(ctx, activeTime, max(time.Until(end), activeTime), nil); errors.Is(err, browser.ErrGone) || ctx.Err() != nil {
			return
		}
		calls := a.all()
		last := begun
		if n := len(calls); n > 0 && calls[n-1].At.After(last) {
			last = calls[n-1].At
		}
		done := what.Done == nil || what.Done(calls)
		if done && (time.Since(last) >= quiet || what.Quiet == 0) {
			return
		}
		if time.Now().After(end) {
			if !done {
				got.Waited = time.Since(begun)
			}
			return
		}
		pass(ctx, activeTime/3)
	}
}

// note has a request answered, and keeps both.
func (a *acting) note(w http.ResponseWriter, r *http.Request, token bool, answer func(http.ResponseWriter, *http.Request)) {
	body, _ := io.ReadAll(r.Body) // what broke off is judged as it came
	r.Body = io.NopCloser(bytes.NewReader(body))
	c := Call{At: time.Now(), Token: token, Method: r.Method, Path: r.URL.Path, Query: r.URL.RawQuery, Header: r.Header.Clone(), Body: body,
		url: a.origin + r.RequestURI}
	seen := &answered{ResponseWriter: w}
	defer func() { // a connection that is broken off panics, and was a call too
		c.Status, c.Response, c.Answer = seen.status, w.Header().Clone(), seen.body.Bytes()
		if token {
			a.asked(c)
		}
		a.mu.Lock()
		defer a.mu.Unlock()
		if len(a.calls) < mostCalls {
			a.calls = append(a.calls, c)
		}
	}()
	answer(seen, r)
	if seen.status == 0 {
		seen.status = http.StatusOK
	}
}

// answered keeps what is answered.
type answered struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

func (a *answered) WriteHeader(status int) { a.status = status; a.ResponseWriter.WriteHeader(status) }

func (a *answered) Write(b []byte) (int, error) {
	if a.status == 0 {
		a.status = http.StatusOK
	}
	a.body.Write(b)
	return a.ResponseWriter.Write(b)
}

// Unwrap has whoever breaks a connection off find it.
func (a *answered) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// watched is a call as evidence.
func (c Call) watched() harness.Watched {
	out := harness.Watched{Started: c.At, Ended: c.At, Method: c.Method, URL: c.url, Request: c.Header, Body: string(c.Body), Form: c.Token,
		Status: c.Status, Response: c.Response, Answer: c.Answer}
	if c.Token {
		out.Answer = nil // it is a secret, and of our own making
	}
	if c.Status == 0 {
		out.Problem = "the connection was broken off, as this action has it"
	}
	return out
}

// act is where the services of actions answer.
func (p *platform) act(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	p.mu.Lock()
	under := p.acts[name]
	a := p.attempts[name]
	p.mu.Unlock()
	if under == nil && a != nil { // services of one action alone
		under = p.acting.Load()
	}
	if under == nil {
		http.NotFound(w, r)
		return
	}
	http.StripPrefix("/acts/"+name, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		under.note(w, r, false, under.serve.ServeHTTP)
	})).ServeHTTP(w, r)
}

// tokenEndpoint is where access tokens are had; an action under way may answer there.
func (p *platform) tokenEndpoint(w http.ResponseWriter, r *http.Request) {
	under := p.acting.Load()
	if under == nil {
		under = &acting{origin: p.issuer, asked: p.note}
	}
	under.note(w, r, true, func(w http.ResponseWriter, r *http.Request) {
		if under.tokens == nil || !under.tokens(w, r) {
			p.services.token(w, r)
		}
	})
}

// note keeps a request of an access token.
func (p *platform) note(c Call) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.asked) < mostCalls {
		p.asked = append(p.asked, c)
	}
}

// Asked gives the requests of access tokens that came in this run so far, as evidence of a
// check: a tool that has a token asks for no other.
func Asked(t *harness.T) []Call {
	p := judgeOf(t).platform
	p.mu.Lock()
	out := slices.Clone(p.asked)
	p.mu.Unlock()
	for i := range out {
		out[i].Exchange = t.Watch(out[i].watched())
	}
	return out
}

// Grant is how an access token is given.
type Grant struct {
	Status int           // of the answer; 0: 200
	Type   string        // token_type; empty: Bearer
	Life   time.Duration // until its end; 0: an hour
}

// Give answers a request of an access token in a way of its own.
func Give(t *harness.T, w http.ResponseWriter, r *http.Request, g Grant) {
	judgeOf(t).platform.services.grant(w, r, g)
}

// Revoke has no token that was given be good any more: the tool is told so by 401. restore has
// them be good again, for a tool that keeps its token would call nothing else in this run.
func Revoke(t *harness.T) (restore func()) {
	s := &judgeOf(t).platform.services
	until := func(at time.Time) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.revoked = at
	}
	until(time.Now())
	return func() { until(time.Time{}) }
}

// Admit answers a request that has no token for one of the scopes, as a platform does: 401
// where there is none that is good, 403 where it is for something else. It tells whether there
// was one.
func Admit(t *harness.T, w http.ResponseWriter, r *http.Request, scopes ...string) (admitted bool) {
	judgeOf(t).platform.services.allowed(func(http.ResponseWriter, *http.Request) { admitted = true }, scopes...)(w, r)
	return admitted
}

// Issued tells whether a request brings an access token that was given out by Rollcall, in this
// run or in one before, be it good or not any more; end is when it ends.
func Issued(h http.Header) (end time.Time, issued bool) {
	a, issued := readAccess(bearer(h))
	return a.end(), issued
}

// bearer gives the token of a header, whose scheme may be in any case (RFC 9110 §11.1).
func bearer(h http.Header) string {
	scheme, token, _ := strings.Cut(h.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}

// Answer answers with JSON of a media type.
func Answer(w http.ResponseWriter, status int, media string, v any) { give(w, status, media, v) }

// Fresh makes a text that no run has had before: an id of somebody, or of a link.
func Fresh() string { return side.Random()[:12] }
