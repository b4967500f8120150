package harness

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"
)

// Budgets bound what a target may cost the judge. A hostile or broken target
// runs into them and fails a requirement; it never hangs or floods the judge.
type Budgets struct {
	Request   time.Duration // one exchange, from dialling to the last byte
	Body      int64         // decoded bytes of one response
	Redirects int           // followed in one request that asks for following
	Patience  time.Duration // how long one request waits for a target that is busy
}

// DefaultBudgets allow a slow staging system to answer a page of 10,000 objects. A
// request waits as long as a whole check may take: quotas by the minute are waited
// out, and a longer wait is for the target file to allow.
var DefaultBudgets = Budgets{Request: 30 * time.Second, Body: 32 << 20, Redirects: 5, Patience: DefaultCheckTimeout}

// client sends requests within budgets and hands each exchange to the recorder.
type client struct {
	http     *http.Client
	budgets  Budgets
	headers  http.Header     // added to every request, e.g. an API gateway's key
	origins  map[string]bool // that may see credentials; nil: any
	token    func(ctx context.Context, scopes []string) (string, error)
	sign     func(method, address string) string // the Authorization of a request, where requests are signed; nil: they have tokens
	renew    func(used string)                   // forgets the session's token, unless another took its place
	futile   atomic.Bool                         // renewing never helped: the target refuses good tokens
	helped   atomic.Bool
	recorder *recorder
	limiter  *rate.Limiter // of the target file; nil: no limit
	paces    paces         // of the target itself
	breath   time.Duration // before a request is asked once more; 0: see breath
	observed observed
	sent     atomic.Int64
}

// do sends r, waiting politely while the target answers 429, and once more where the
// answer got lost on its way.
func (c *client) do(ctx context.Context, r Request, keep *keeper) *Response {
	return c.patient(ctx, r, func() *Response { return c.again(ctx, r, keep) })
}

// renewals is how often a request that is refused with 401 is sent again with a
// new token: two processes of a run may end each other's.
const renewals = 6

// turnTaking bounds, with the number of the renewal, how long a process waits before
// it asks for a further token: two that end each other's must get out of step.
const turnTaking = 60 * time.Millisecond

// renewed sends r, again with a new token when the session's own is refused:
// some providers let a new token end the older ones (which token.independent
// judges), others end them early. Where that never helps it isn't tried again.
func (c *client) renewed(ctx context.Context, r Request, keep *keeper) *Response {
	response := c.once(ctx, r, keep)
	if r.Auth != AuthSession || c.renew == nil || response.Withheld {
		return response
	}
	for tried := range renewals {
		if response.Status != http.StatusUnauthorized || c.futile.Load() || ctx.Err() != nil {
			return response
		}
		// Another process that was refused for our token takes its turn meanwhile.
		if tried > 0 && !pause(ctx, rand.N(time.Duration(tried)*turnTaking)) {
			return response
		}
		c.renew(response.token)
		if response = c.once(ctx, r, keep); response.Status != http.StatusUnauthorized {
			c.helped.Store(true)
			return response
		}
	}
	if !c.helped.Load() {
		c.futile.Store(true)
	}
	return response
}

// blank is a response to which nothing has come yet.
func (c *client) blank(r Request) *Response {
	if r.Method == "" {
		r.Method = http.MethodGet
	}
	return &Response{Request: r, URL: r.URL, Header: http.Header{}, line: r.Method + " " + c.recorder.redactor.URL(r.URL)}
}

// unsent is the response to a request that was not sent.
func (c *client) unsent(r Request, why string) *Response {
	response := c.blank(r)
	response.Problem, response.Unreachable = why, true
	return response
}

func (c *client) once(ctx context.Context, r Request, keep *keeper) *Response {
	if r.Method == "" {
		r.Method = http.MethodGet
	}
	p := c.paces.of(door(r))
	if !c.turn(ctx, p) {
		return c.unsent(r, "the check ended before the request was sent")
	}
	response := c.blank(r)
	c.sent.Add(1)
	budget := c.budgets.Request
	if r.Quick > 0 {
		budget = min(budget, r.Quick)
	}
	limited, cancel := context.WithTimeout(ctx, budget)
	defer cancel()
	started := time.Now()
	var wire *http.Request
	c.run(limited, response, r, &wire)
	response.Duration = time.Since(started)
	p.hear(response.Header, time.Now())
	if response.Problem != "" && ctx.Err() != nil {
		response.Problem, response.Unreachable = "the run was interrupted during this request", true
	} else if response.Problem != "" && limited.Err() != nil {
		response.Problem = fmt.Sprintf("no whole response within %s", budget)
	}
	response.Evidence = c.recorder.record(started, wire, r, response, keep)
	if response.askedAgain > 0 && response.Status != 0 {
		if keep != nil {
			keep.pin(response.Evidence)
		}
		for range response.askedAgain {
			c.observed.add(observedFlaky, fmt.Sprintf("%s: first a broken connection, then %d %s", response.Line(), response.Status,
				http.StatusText(response.Status)), response.Evidence)
		}
	}
	return response
}

// run performs the exchange and fills the response.
func (c *client) run(ctx context.Context, response *Response, r Request, wire **http.Request) {
	var body io.Reader
	if r.Body != nil {
		body = bytes.NewReader(r.Body)
	}
	request, err := http.NewRequestWithContext(ctx, r.Method, r.URL, body)
	if err != nil {
		response.Problem = "the URL can't be requested: " + err.Error()
		return
	}
	*wire = request
	request.Header.Set("Accept", "application/json")
	request.Header.Set("User-Agent", "Rollcall (OneRoster and LTI conformance harness)")
	if !r.Plain {
		request.Header.Set("Accept-Encoding", "gzip")
	}
	for name, values := range c.headers {
		request.Header[name] = values
	}
	for name, values := range r.Header {
		request.Header[http.CanonicalHeaderKey(name)] = values
	}
	foreign := !r.Told && c.foreign(request.URL)
	if foreign {
		response.Withheld = c.secretive(r)
		c.withhold(request)
	}
	if r.Auth == AuthSession && c.sign != nil && !foreign {
		request.Header.Set("Authorization", c.sign(r.Method, r.URL))
	}
	if r.Auth == AuthSession && c.token != nil && !foreign {
		token, err := c.token(ctx, r.Scopes)
		if err != nil {
			response.Problem, response.Unreachable = "no access token: "+err.Error(), true
			return
		}
		request.Header.Set("Authorization", "Bearer "+token)
		response.token = token
	}
	if r.Cut != CutNever {
		c.breakOff(ctx, response, request, r)
		return
	}
	connections := &keptConnections{}
	one := *c.http
	one.CheckRedirect = func(next *http.Request, via []*http.Request) error {
		if !r.Follow {
			return http.ErrUseLastResponse
		}
		if c.foreign(next.URL) {
			if r.Secret {
				return http.ErrUseLastResponse // 307 and 308 send the body along
			}
			response.Withheld = response.Withheld || c.secretive(r)
			c.withhold(next)
		}
		connections.next()
		response.Redirects = append(response.Redirects, next.URL.String())
		if len(via) > c.budgets.Redirects {
			return fmt.Errorf("more than %d redirects", c.budgets.Redirects)
		}
		return nil
	}
	got, err := one.Do(request.WithContext(httptrace.WithClientTrace(ctx, connections.trace())))
	response.askedAgain = connections.broken()
	if err != nil {
		response.Problem, response.Unreachable = transportProblem(err)
		response.lost = !response.Unreachable && lost(err)
		return
	}
	defer got.Body.Close()
	response.Status, response.Proto, response.Header, response.TLS = got.StatusCode, got.Proto, got.Header, got.TLS
	if got.Request != nil {
		response.URL = got.Request.URL.String()
	}
	response.Room = int(c.budgets.room())
	response.Body, err = readBody(got, c.bound(r, got), drained*c.budgets.Body)
	if err != nil {
		response.Problem = err.Error()
		response.Beyond = errors.As(err, new(ownBound))
	}
}
