// Package provider is the OneRoster provider that Rollcall is where it judges consumers: it serves a world as it is
// told to, right or wrong, and remembers every call.
package provider

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
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

// Connection is where the product reads from, and as whom.
type Connection struct {
	Rostering, Gradebook, Resources, V1P1, TokenURL, ClientID, ClientSecret, CAFile string
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
	behaviour Behaviour
	counted   int
	done      int
	tokens    map[string]token
	calls     []Call
	bodies    int // bytes of bodies that are kept
	open      int
	last      time.Time
	objects   map[string][]map[string]any
	layer     layer               // what products wrote
	met       map[string][]string // sourcedIds that were put since the behaviour began, in order, by collection
	halved    bool                // a write was taken and answered 500
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

// Untrusted is the connection to the same provider by a certificate of an authority that nobody knows.
func (p *Provider) Untrusted() Connection {
	c := p.Connection()
	for _, address := range []*string{&c.Rostering, &c.Gradebook, &c.Resources, &c.V1P1, &c.TokenURL} {
		*address = strings.Replace(*address, p.origin, p.trust.URL, 1)
	}
	return c
}

// Serve serves a world in a way from now on.
func (p *Provider) Serve(w *world.World, b Behaviour) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.behave(b)
	p.objects = map[string][]map[string]any{}
	for _, c := range world.Collections() {
		p.objects[c] = p.layer.over(c, w.All(c, p.version))
	}
}

// Behave serves what it serves in another way from now on.
func (p *Provider) Behave(b Behaviour) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.behave(b)
}

func (p *Provider) behave(b Behaviour) {
	if was := p.behaviour.Trouble; was == "scopes-partly" && b.Trouble != was {
		p.tokens = map[string]token{} // nobody is left with less than what is granted now
	}
	p.behaviour, p.counted, p.done, p.met, p.halved = b, 0, 0, nil, false
	if b.Trouble == "scopes-partly" {
		p.tokens = map[string]token{}
	}
}
