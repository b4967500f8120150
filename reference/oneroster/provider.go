package oneroster

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"time"

	"github.com/rollcall-edu/rollcall/reference/security"
	"github.com/rollcall-edu/rollcall/reference/store"
	"github.com/rollcall-edu/rollcall/reference/web"
)

// Config describes a provider.
type Config struct {
	// Store holds the objects of the services, opened by OpenStore. It may be written
	// while the provider serves; the provider does not close it.
	Store store.Store

	// Services are what is served; at least one.
	Services []Service

	// Clients may ask for tokens; at least one.
	Clients []security.Client

	// TokenTTL is how long an access token is good; security.DefaultTokenTTL
	// when zero. It is not used with Tokens.
	TokenTTL time.Duration

	// Tokens issues and inspects access tokens; those of package security when
	// nil. A wrapper comes in here.
	Tokens security.Tokens

	// Clock tells the time by which tokens expire; time.Now when nil.
	Clock func() time.Time

	// BaseURL is the origin and path under which clients reach the provider,
	// where that differs from the address on which it listens, for instance behind
	// a gateway: https://sis.example/tenant1. It replaces scheme, host and
	// PathPrefix in every URL that is sent. Empty: the address on which a request
	// came in; what the client says of it counts only where it names this machine.
	BaseURL string

	// Seed turns the knobs that are not set; the zero value is the plain one.
	Seed uint64
	Knobs
}

// Provider is a running provider without a listener: handlers to be served, or to be
// wrapped and then served. Its methods may be called from several goroutines.
type Provider struct {
	knobs    Knobs
	baseURL  string
	services []*service
	tokens   security.Tokens
	endpoint *security.TokenEndpoint
	selector *selector // of what is as it is stored
	signed   *security.Signatures
	now      func() time.Time

	// Of all services, by which what is written is held to what it may be.
	objects      map[store.Collection]reflect.Type
	referrals    []Referral
	links        []Link
	vocabularies map[store.Collection]map[string]Vocabulary
}

// New makes a provider of the data in the store.
func New(_ context.Context, config Config) (*Provider, error) {
	if config.Store == nil {
		return nil, errors.New("starting the provider: it needs a store")
	}
	if len(config.Services) == 0 {
		return nil, errors.New("starting the provider: it needs a service to offer")
	}
	if len(config.Clients) == 0 {
		return nil, errors.New("starting the provider: it needs a client, or nobody could ask for a token")
	}
	knobs := config.Knobs.merge(KnobsFor(config.Seed))
	if knobs.PathPrefix != "" && !strings.HasPrefix(knobs.PathPrefix, "/") {
		return nil, fmt.Errorf("starting the provider: the path prefix %q does not begin with a slash", knobs.PathPrefix)
	}
	if config.BaseURL != "" {
		base, err := url.Parse(config.BaseURL)
		if err != nil || base.Host == "" || base.RawQuery != "" || base.Fragment != "" {
			return nil, fmt.Errorf("starting the provider: the base URL %q is not of the form https://host/path", config.BaseURL)
		}
	}
	clients, err := security.NewClients(config.Clients...)
	if err != nil {
		return nil, fmt.Errorf("starting the provider: %w", err)
	}
	tokens := config.Tokens
	if tokens == nil {
		tokens = security.NewTokens(security.TokenOptions{TTL: config.TokenTTL, Form: knobs.TokenForm, Now: config.Clock})
	}
	p := &Provider{
		knobs:    knobs,
		baseURL:  strings.TrimRight(config.BaseURL, "/"),
		selector: newSelector(config.Store, native(config.Services)),
		tokens:   tokens,
		signed:   security.NewSignatures(clients, config.Clock),
		now:      config.Clock,
		objects:  map[store.Collection]reflect.Type{}, vocabularies: map[store.Collection]map[string]Vocabulary{},
		endpoint: &security.TokenEndpoint{
			Clients: clients, Tokens: tokens, KnownScopes: KnownScopes(), Now: config.Clock,
		},
	}
	if p.now == nil {
		p.now = time.Now
	}
	for i := range config.Services {
		s := &service{Service: &config.Services[i], selector: p.selector}
		if s.Dialect != nil {
			s.selector = newSelector(config.Store, config.Services[i:i+1])
		} else {
			p.describe(s.Service)
		}
		if s.operations, err = s.Service.operations(); err != nil {
			return nil, fmt.Errorf("starting the provider: %w", err)
		}
		p.services = append(p.services, s)
	}
	return p, nil
}

// describe gathers what is known of the objects of a service.
func (p *Provider) describe(s *Service) {
	maps.Copy(p.objects, s.Objects)
	maps.Copy(p.vocabularies, s.Vocabularies)
	p.referrals = append(p.referrals, s.Referrals...)
	p.links = append(p.links, s.Links...)
}

// Knobs returns the choices in force.
func (p *Provider) Knobs() Knobs { return p.knobs }

// TokenPath is the path of the token endpoint, prefix included.
func (p *Provider) TokenPath() string { return p.knobs.PathPrefix + p.knobs.TokenPath }

// ServiceHandler serves everything below the paths of the services. It expects the
// whole path in a request, and answers any other with 404 and imsx_StatusInfo.
func (p *Provider) ServiceHandler() http.Handler { return http.HandlerFunc(p.serveService) }

// TokenHandler serves the token endpoint, at whatever path it is mounted.
func (p *Provider) TokenHandler() http.Handler { return p.endpoint }

// Handler serves the services and the token endpoint.
func (p *Provider) Handler() http.Handler {
	return Mux(p.TokenPath(), p.TokenHandler(), p.ServiceHandler())
}

// Mux sends requests for the token path to one handler and all others to the
// other. Either may be a wrapper around the provider's own. Unlike http.ServeMux it
// leaves the path as it is, so that a sourcedId may hold "//" or "..".
func Mux(tokenPath string, token, service http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == tokenPath {
			token.ServeHTTP(w, r)
			return
		}
		service.ServeHTTP(w, r)
	})
}

// publicBase is the scheme, host and prefix of every URL that is sent: those that were
// configured, or those of the address on which the client reached us.
func (p *Provider) publicBase(r *http.Request) string {
	return p.Base(web.Origin(r))
}

// Base is the scheme, host and prefix of every URL of the provider when it is served at
// an origin: the path of a service is put behind it.
func (p *Provider) Base(origin string) string {
	if p.baseURL != "" {
		return p.baseURL
	}
	return origin + p.knobs.PathPrefix
}

// TokenURL is where clients ask for tokens when the provider is served at an origin.
func (p *Provider) TokenURL(origin string) string { return p.Base(origin) + p.knobs.TokenPath }
