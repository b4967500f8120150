package provider

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"io"
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
	Path             string // below the base
	RawQuery         string
	Query            url.Values
	Header, Response http.Header
	Body, Answer     []byte // their beginnings, where they are large
	Size             int    // bytes that were sent
	Sum              string // SHA-256 of them in hexadecimal digits, where the body is cut
	Operation        string
	Token            bool     // it asks for a token
	Scopes           []string // that it asks for, in full
	Status           int
	Offset, Count    int // of the page that was answered
	Total            int // -1: no collection
	Started, Ended   time.Time
	Trouble          string // what was done to it
	Taken            bool   // what it put was taken, though the answer doesn't say so
	Problems         []Problem

	fields   []string // that it asks for, of those that there are; none: all
	warnings []string // codes of what it asked for in vain
}

// Cut tells whether not all of the body is kept.
func (c Call) Cut() bool { return c.Size > len(c.Body) }

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

// What is remembered of an answer, of a body that was sent, and of the bodies of a run together; and how much may be sent
// at once. All in bytes.
const (
	kept       = 8 << 10
	keptBody   = 256 << 10
	keptBodies = 64 << 20
	mostSent   = 8 << 20
)

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
	body, _ := io.ReadAll(io.LimitReader(r.Body, mostSent+1))
	c := Call{Method: r.Method, URL: origin + r.URL.RequestURI(), RawQuery: r.URL.RawQuery, Query: r.URL.Query(), Header: r.Header.Clone(),
		Body: body, Size: len(body), Total: -1, Started: time.Now(), Path: r.URL.Path}
	p.mu.Lock()
	p.open++
	p.mu.Unlock()
	a := p.answer(&c, r)
	for k, v := range a.header {
		w.Header()[k] = v
	}
	c.Status, c.Response = a.status, a.header
	c.Answer = bytes.Clone(a.body[:min(len(a.body), kept)])
	number := p.remember(c)
	if a.delay > 0 { // remembered before: who doesn't wait for so long has called all the same
		time.Sleep(a.delay)
	}
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
	if left := max(0, keptBodies-p.bodies); len(c.Body) > min(keptBody, left) {
		sum := sha256.Sum256(c.Body)
		c.Sum = hex.EncodeToString(sum[:])
		c.Body = bytes.Clone(c.Body[:min(kept, left)])
	}
	p.bodies += len(c.Body)
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
