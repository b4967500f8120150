package catalog

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rollcall-edu/rollcall/suites/harness"
)

// Options say how the catalogue is reached.
type Options struct {
	Listen    string // 127.0.0.1:0 by default
	PublicURL string // origin under which the product and browsers reach it, where that differs
	ClientID  string // of the product; empty: made anew
	Secret    string
	CertFile  string // certificate (PEM) by which it is reached; empty: plain http
	KeyFile   string
	Tool      string             // origin of the tool that its links open; empty: it has no links
	Minted    func(token string) // told of each token that is granted, which is a secret; nil: nobody is
}

// Base is what stands before /resources.
const Base = "/ims/rs/v1p0"

// Scope is that of searches (LTI Resource Search 1.0, security).
const Scope = "http://www.imsglobal.org/ltirs"

// Connection is where the product searches, and as whom.
type Connection struct {
	URL          string `json:"url"`
	TokenURL     string `json:"token_url"`
	ClientID     string `json:"client_id"`
	ClientSecret string `json:"client_secret"`
}

// Catalog is a running catalogue.
type Catalog struct {
	origin, elsewhere string
	client, secret    string
	items             []Item
	minted            func(string)
	servers           []*http.Server

	mu        sync.Mutex
	behaviour Behaviour
	counted   int
	done      int
	ended     map[string]bool // tokens that are good no more
	calls     []Call
	visits    []Visit
	open      int
	last      time.Time
}

// Visit is somebody who came to a page that an item leads to, or something that a text of an item brought about (canary).
type Visit struct {
	URL string
	At  time.Time
}

// Start begins to serve. The error is a *harness.ConfigError where the set-up is at fault.
func Start(ctx context.Context, o Options) (*Catalog, error) {
	if o.Listen == "" {
		o.Listen = "127.0.0.1:0"
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", o.Listen)
	if err != nil {
		return nil, &harness.ConfigError{Key: "searcher.listen", Cause: "Rollcall's catalogue can't listen on " + o.Listen + ": " + err.Error(),
			Remedy: "end what listens there (another run?), or name a free address, such as 127.0.0.1:0"}
	}
	scheme := "http://"
	if o.CertFile != "" {
		pair, err := tls.LoadX509KeyPair(o.CertFile, o.KeyFile)
		if err != nil {
			return nil, errors.Join(&harness.ConfigError{Key: "searcher.cert_file", Cause: err.Error(),
				Remedy: "give the paths of a certificate and of its private key, both PEM"}, l.Close())
		}
		l, scheme = tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}), "https://"
	}
	c := &Catalog{origin: o.PublicURL, client: o.ClientID, secret: o.Secret, minted: o.Minted, ended: map[string]bool{}, last: time.Now()}
	if c.origin == "" {
		c.origin = scheme + l.Addr().String()
	}
	if c.client == "" {
		c.client, c.secret = "rollcall-"+rand.Text()[:8], rand.Text()
	}
	if c.items, err = shelf(c.origin, o.Tool); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	host, _, _ := net.SplitHostPort(l.Addr().String()) // of a listener
	away, err := (&net.ListenConfig{}).Listen(ctx, "tcp", net.JoinHostPort(host, "0"))
	if err != nil {
		return nil, errors.Join(err, l.Close())
	}
	_, port, _ := net.SplitHostPort(away.Addr().String()) // as above
	c.elsewhere = "http://" + net.JoinHostPort("localhost", port)
	for _, s := range []struct {
		at net.Listener
		h  http.HandlerFunc
	}{{l, c.serve}, {away, c.impostor}} {
		server := &http.Server{Handler: s.h, ReadHeaderTimeout: 10 * time.Second}
		c.servers = append(c.servers, server)
		go func() { _ = server.Serve(s.at) }() // until it is closed
	}
	return c, nil
}

// Close ends the catalogue.
func (c *Catalog) Close() error {
	var all error
	for _, s := range c.servers {
		all = errors.Join(all, s.Close())
	}
	return all
}

// Origin is where it lies.
func (c *Catalog) Origin() string { return c.origin }

// Connection tells where it is.
func (c *Catalog) Connection() Connection {
	return Connection{URL: c.origin + Base, TokenURL: c.origin + "/token", ClientID: c.client, ClientSecret: c.secret}
}

// Items are all that it has.
func (c *Catalog) Items() []Item { return c.items }

// With gives the items that a word finds.
func (c *Catalog) With(word string) (out []Item) {
	for _, i := range c.items {
		if i.Word == word {
			out = append(out, i)
		}
	}
	return out
}

// Aligned gives the items of a learning standard.
func (c *Catalog) Aligned(standard string) (out []Item) {
	for _, i := range c.items {
		if i.Objective == standard {
			out = append(out, i)
		}
	}
	return out
}

// Mark counts the calls so far, and Visits those who came to what items lead to.
func (c *Catalog) Mark() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.calls)
}

// Calls gives those since a mark.
func (c *Catalog) Calls(since int) []Call {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.calls[min(since, len(c.calls)):])
}

// Visits gives all so far.
func (c *Catalog) Visits() []Visit {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.visits)
}

// Idle is how long ago the last call ended.
func (c *Catalog) Idle() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.open > 0 {
		return 0
	}
	return time.Since(c.last)
}

// Behave has it answer in a way from now on.
func (c *Catalog) Behave(b Behaviour) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.behaviour, c.counted, c.done = b, 0, 0
}

// Remember makes tokens good again that are good no more.
func (c *Catalog) Remember() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.ended)
}

// mostCalls are answered and remembered in a run; mostKept bytes are kept of a body and of an answer.
const (
	mostCalls = 20_000
	mostKept  = 16 << 10
	mostSent  = 64 << 10
)

func (c *Catalog) serve(w http.ResponseWriter, r *http.Request) {
	path := r.URL.Path
	if path == "/token" || strings.HasPrefix(path, Base+"/") || !strings.HasPrefix(path, "/content/") && !strings.HasPrefix(path, "/canary/") {
		c.answered(w, r)
		return
	}
	c.mu.Lock()
	c.visits = append(c.visits, Visit{URL: c.origin + r.URL.RequestURI(), At: time.Now()})
	c.mu.Unlock()
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Access-Control-Allow-Origin", "*")
	_, _ = io.WriteString(w, "<!doctype html><html lang=en><title>Rollcall</title><h1>Content</h1><p>This is where the item leads.</p></html>")
}

// answered answers a call, and remembers it.
func (c *Catalog) answered(w http.ResponseWriter, r *http.Request) {
	if c.Mark() >= mostCalls {
		http.Error(w, "Rollcall remembers no more calls in this run.", http.StatusServiceUnavailable)
		return
	}
	body, _ := io.ReadAll(io.LimitReader(r.Body, mostSent)) // what broke off is judged by what came
	x := Call{Method: r.Method, URL: c.origin + r.URL.RequestURI(), Path: r.URL.Path, RawQuery: r.URL.RawQuery, Query: r.URL.Query(),
		Header: r.Header.Clone(), Body: body[:min(len(body), mostKept)], Total: -1, Started: time.Now()}
	c.mu.Lock()
	c.open++
	a := c.reply(&x, r, body)
	x.Status, x.Response, x.Ended = a.status, a.header, time.Now()
	x.Answer = a.body[:min(len(a.body), mostKept)]
	number := len(c.calls)
	x.Number = number
	c.calls = append(c.calls, x)
	c.mu.Unlock()
	if a.delay > 0 { // remembered before: who doesn't wait for so long has called all the same
		time.Sleep(a.delay)
	}
	a.send(w)
	c.mu.Lock()
	c.open--
	c.last = time.Now()
	c.calls[number].Ended = c.last
	c.mu.Unlock()
	if a.cut {
		panic(http.ErrAbortHandler) // the connection ends in the midst of the answer
	}
}

// impostor is another host, to which nobody who was let in here is to carry a token.
func (c *Catalog) impostor(w http.ResponseWriter, r *http.Request) {
	x := Call{Method: r.Method, URL: c.elsewhere + r.URL.RequestURI(), Path: r.URL.Path, Query: r.URL.Query(), Header: r.Header.Clone(),
		Total:   -1,
		Started: time.Now(), Trouble: Elsewhere, Status: http.StatusOK}
	a := answer(http.StatusOK, map[string]any{"resources": []any{}})
	x.Response, x.Answer, x.Ended = a.header, a.body, time.Now()
	c.mu.Lock()
	x.Number, c.last = len(c.calls), x.Ended
	c.calls = append(c.calls, x)
	c.mu.Unlock()
	a.send(w)
}

// mint makes a token: one that every catalogue of the same client knows, for the doctor's is another one than the run's, and
// a product may keep what it got.
func (c *Catalog) mint() string {
	nonce := rand.Text()
	return nonce + "." + c.seal(nonce)
}

func (c *Catalog) seal(nonce string) string {
	h := hmac.New(sha256.New, []byte(c.client+"\n"+c.secret))
	h.Write([]byte(nonce))
	return hex.EncodeToString(h.Sum(nil))
}

// good tells whether a token was made here, and not ended since.
func (c *Catalog) good(token string) bool {
	nonce, seal, _ := strings.Cut(token, ".")
	return hmac.Equal([]byte(seal), []byte(c.seal(nonce))) && !c.ended[token]
}

// bearer is the token of a header; the name of its scheme has no case (RFC 9110 §11.1).
func bearer(header string) string {
	scheme, given, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(given)
}

func credentials(r *http.Request, form url.Values) (id, secret string) {
	if a, b, is := r.BasicAuth(); is {
		// RFC 6749 §2.3.1 has both encoded as in a form; not everybody does so
		if x, err := url.QueryUnescape(a); err == nil {
			a = x
		}
		if x, err := url.QueryUnescape(b); err == nil {
			b = x
		}
		return a, b
	}
	return form.Get("client_id"), form.Get("client_secret")
}
