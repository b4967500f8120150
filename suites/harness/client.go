package harness

import (
	"bytes"
	"compress/zlib"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/klauspost/compress/gzip"
	"golang.org/x/time/rate"
)

// Budgets bound what a target may cost the judge. A hostile or broken target
// runs into them and fails a requirement; it never hangs or floods the judge.
type Budgets struct {
	Request   time.Duration // one exchange, from dialling to the last byte
	Body      int64         // decoded bytes of one response
	Redirects int           // followed in one request that asks for following
	Busy      time.Duration // how long to go on waiting after 429 answers
}

// DefaultBudgets allow a slow staging system to answer a page of 10,000 objects.
var DefaultBudgets = Budgets{Request: 30 * time.Second, Body: 64 << 20, Redirects: 5, Busy: 60 * time.Second}

// maxRatio bounds decompression: no roster compresses better than this, a bomb
// does. JSON of many like objects reaches about 60.
const maxRatio = 400

// Auth says which credentials a request carries.
type Auth int

// The session's access token, or none. A request with other credentials sets
// the Authorization header itself and AuthNone.
const (
	AuthSession Auth = iota
	AuthNone
)

// Request is one HTTP request of a check.
type Request struct {
	Method string // GET when empty
	URL    string
	Header http.Header
	Body   []byte
	Auth   Auth
	Follow bool // follow redirects, within the budget
	// Plain sends no Accept-Encoding header; otherwise gzip is offered.
	Plain bool
	// Secret marks a body that must never be kept as evidence, such as a
	// token request with the client secret in it.
	Secret bool
	// Quick lowers the request budget; 0 means the target's.
	Quick time.Duration
	// Owner is the requirement that governs the answer. What stands on an answer
	// that can't be used is blocked by it; empty leaves it to Suite.Owner.
	Owner string
}

// Response is what came of a Request. Body is decoded (gunzipped) and whole
// unless Problem says otherwise.
type Response struct {
	Request     Request
	URL         string // after redirects
	Status      int    // 0 when none came
	Proto       string
	Header      http.Header
	Body        []byte
	TLS         *tls.ConnectionState
	Redirects   []string // URLs gone through
	Duration    time.Duration
	Problem     string // why there is no whole response; empty when there is
	Unreachable bool   // Problem lies in the network or in 429s: nothing is held against the target
	Evidence    string // id of the exchange in the report

	line  string
	token string // the session's, where the request carried it
}

// Line renders the request as its first line, e.g. "GET https://…/users?limit=2".
func (r *Response) Line() string {
	if r == nil {
		return ""
	}
	return r.line
}

// Summary renders the response in a few words, e.g. "200 OK, application/json, 5120 bytes".
func (r *Response) Summary() string {
	if r.Problem != "" {
		if r.Status == 0 {
			return r.Problem
		}
		return fmt.Sprintf("%d %s, then %s", r.Status, http.StatusText(r.Status), r.Problem)
	}
	kind := r.Header.Get("Content-Type")
	if kind == "" {
		kind = "no Content-Type"
	}
	return fmt.Sprintf("%d %s, %s, %d bytes", r.Status, http.StatusText(r.Status), kind, len(r.Body))
}

// client sends requests within budgets and hands each exchange to the recorder.
type client struct {
	http     *http.Client
	budgets  Budgets
	headers  http.Header // added to every request, e.g. an API gateway's key
	token    func(context.Context) (string, error)
	renew    func(used string) // forgets the session's token, unless another took its place
	futile   atomic.Bool       // renewing never helped: the target refuses good tokens
	helped   atomic.Bool
	recorder *recorder
	limiter  *rate.Limiter // nil: no limit
	sent     atomic.Int64
}

// dial connects. Names below localhost are this machine, as browsers have it
// (RFC 6761 §6.3), whatever the resolver says.
func dial(ctx context.Context, network, address string) (net.Conn, error) {
	if host, port, err := net.SplitHostPort(address); err == nil && strings.HasSuffix(strings.ToLower(host), ".localhost") {
		address = net.JoinHostPort("127.0.0.1", port)
	}
	return (&net.Dialer{Timeout: 10 * time.Second}).DialContext(ctx, network, address)
}

func newTransport(config *tls.Config) *http.Transport {
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            dial,
		TLSClientConfig:        config,
		TLSHandshakeTimeout:    10 * time.Second,
		MaxIdleConnsPerHost:    32,
		IdleConnTimeout:        30 * time.Second,
		MaxResponseHeaderBytes: 256 << 10,
		DisableCompression:     true, // decoded below, so that the evidence shows what was negotiated
		ForceAttemptHTTP2:      true,
	}
}

// do sends r, waiting politely while the target answers 429.
func (c *client) do(ctx context.Context, r Request, keep *keeper) *Response {
	deadline := time.Now().Add(c.budgets.Busy)
	for wait := time.Second; ; wait = min(wait*2, 15*time.Second) {
		response := c.renewed(ctx, r, keep)
		if response.Status != http.StatusTooManyRequests {
			return response
		}
		pause := wait
		if seconds, err := strconv.Atoi(strings.TrimSpace(response.Header.Get("Retry-After"))); err == nil && seconds >= 0 {
			pause = time.Duration(seconds)*time.Second + 50*time.Millisecond
		}
		if time.Now().Add(pause).After(deadline) {
			response.Unreachable = true
			response.Problem = fmt.Sprintf("the target kept answering 429 (too many requests) for %s; lower limits.requests_per_second in target.yaml", c.budgets.Busy)
			return response
		}
		select {
		case <-ctx.Done():
			return response
		case <-time.After(pause):
		}
	}
}

// renewals is how often a request that is refused with 401 is sent again with a
// new token: two processes of a run may end each other's.
const renewals = 3

// renewed sends r, again with a new token when the session's own is refused:
// some providers let a new token end the older ones (which token.independent
// judges), others end them early. Where that never helps it isn't tried again.
func (c *client) renewed(ctx context.Context, r Request, keep *keeper) *Response {
	response := c.once(ctx, r, keep)
	if r.Auth != AuthSession || c.renew == nil {
		return response
	}
	for range renewals {
		if response.Status != http.StatusUnauthorized || c.futile.Load() || ctx.Err() != nil {
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

func (c *client) once(ctx context.Context, r Request, keep *keeper) *Response {
	if r.Method == "" {
		r.Method = http.MethodGet
	}
	response := &Response{Request: r, URL: r.URL, Header: http.Header{}, line: r.Method + " " + c.recorder.redactor.URL(r.URL)}
	if c.limiter != nil {
		if err := c.limiter.Wait(ctx); err != nil {
			response.Problem, response.Unreachable = "the run ended before the request was sent", true
			return response
		}
	}
	c.sent.Add(1)
	budget := c.budgets.Request
	if r.Quick > 0 {
		budget = min(budget, r.Quick)
	}
	limited, cancel := context.WithTimeout(ctx, budget)
	defer cancel()
	started := time.Now()
	var wire *http.Request
	response.run(limited, c, r, &wire)
	response.Duration = time.Since(started)
	if response.Problem != "" && ctx.Err() != nil {
		response.Problem, response.Unreachable = "the run was interrupted during this request", true
	} else if response.Problem != "" && limited.Err() != nil {
		response.Problem = fmt.Sprintf("no whole response within %s", budget)
	}
	response.Evidence = c.recorder.record(started, wire, r, response, keep)
	return response
}

// run performs the exchange and fills the response.
func (response *Response) run(ctx context.Context, c *client, r Request, wire **http.Request) {
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
	if r.Auth == AuthSession && c.token != nil {
		token, err := c.token(ctx)
		if err != nil {
			response.Problem, response.Unreachable = "no access token: "+err.Error(), true
			return
		}
		request.Header.Set("Authorization", "Bearer "+token)
		response.token = token
	}
	one := *c.http
	one.CheckRedirect = func(next *http.Request, via []*http.Request) error {
		if !r.Follow {
			return http.ErrUseLastResponse
		}
		response.Redirects = append(response.Redirects, next.URL.String())
		if len(via) > c.budgets.Redirects {
			return fmt.Errorf("more than %d redirects", c.budgets.Redirects)
		}
		return nil
	}
	got, err := one.Do(request)
	if err != nil {
		response.Problem, response.Unreachable = transportProblem(err)
		return
	}
	defer got.Body.Close()
	response.Status, response.Proto, response.Header, response.TLS = got.StatusCode, got.Proto, got.Header, got.TLS
	if got.Request != nil {
		response.URL = got.Request.URL.String()
	}
	response.Body, err = readBody(got, c.budgets.Body)
	if err != nil {
		response.Problem = err.Error()
	}
}

// transportProblem words a transport error, and tells whether it means that the
// target is gone rather than that it answers wrongly.
func transportProblem(err error) (string, bool) {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	var op *net.OpError
	if errors.As(err, &op) && op.Op == "dial" {
		return "the target can't be reached: " + err.Error(), true
	}
	var dns *net.DNSError
	if errors.As(err, &dns) {
		return "the host name can't be resolved: " + err.Error(), true
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return "the connection was closed before a response came", false
	}
	return err.Error(), false
}

// readBody decodes and reads a body within the budget.
func readBody(got *http.Response, budget int64) ([]byte, error) {
	counted := &countingReader{r: got.Body}
	var r io.Reader = counted
	coding := strings.ToLower(strings.TrimSpace(got.Header.Get("Content-Encoding")))
	switch coding {
	case "", "identity":
		coding = ""
	case "gzip", "x-gzip":
		z, err := gzip.NewReader(counted)
		if errors.Is(err, io.EOF) {
			return nil, nil // HEAD, 204 and 304 may name a coding and hold no body
		}
		if err != nil {
			return nil, fmt.Errorf("the body is announced as gzip but is not: %w", err)
		}
		r = z
	case "deflate":
		z, err := zlib.NewReader(counted)
		if err != nil {
			return nil, fmt.Errorf("the body is announced as deflate but is not: %w", err)
		}
		r = z
	default:
		return nil, fmt.Errorf("the body has Content-Encoding %q, which was not offered", coding)
	}
	var out bytes.Buffer
	if n := got.ContentLength; n > 0 && n < budget && coding == "" {
		out.Grow(int(n) + bytes.MinRead)
	}
	for {
		n, err := io.CopyN(&out, r, 1<<20)
		switch {
		case int64(out.Len()) > budget:
			return out.Bytes(), fmt.Errorf("the body is longer than %d MiB", budget>>20)
		case coding != "" && int64(out.Len()) > 1<<20 && int64(out.Len()) > counted.n*maxRatio:
			return out.Bytes(), fmt.Errorf("the body unpacks to more than %d times its size", maxRatio)
		case errors.Is(err, io.EOF):
			return out.Bytes(), nil
		case err != nil:
			return out.Bytes(), fmt.Errorf("the body broke off after %d bytes: %w", out.Len(), err)
		case n == 0:
			return out.Bytes(), nil
		}
	}
}

type countingReader struct {
	r io.Reader
	n int64
}

func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}
