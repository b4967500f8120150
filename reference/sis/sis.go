package sis

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/rollcall-edu/rollcall/reference/security"
	"github.com/rollcall-edu/rollcall/reference/store"
	"github.com/rollcall-edu/rollcall/reference/web"
)

// Config describes a provider.
type Config struct {
	// Store holds the data, already loaded (see Load), with Collections. It may be
	// written while the provider serves; the provider does not close it.
	Store store.Store

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

// SIS is a running provider without a listener: handlers to be served, or to be
// wrapped and then served. Its methods may be called from several goroutines.
type SIS struct {
	knobs      Knobs
	baseURL    string
	operations []operation
	selector   *selector
	tokens     security.Tokens
	endpoint   *security.TokenEndpoint
}

// New makes a provider of the data in the store.
func New(_ context.Context, config Config) (*SIS, error) {
	if config.Store == nil {
		return nil, errors.New("starting the SIS: it needs a store")
	}
	if len(config.Clients) == 0 {
		return nil, errors.New("starting the SIS: it needs a client, or nobody could ask for a token")
	}
	knobs := config.Knobs.merge(KnobsFor(config.Seed))
	if knobs.PathPrefix != "" && !strings.HasPrefix(knobs.PathPrefix, "/") {
		return nil, fmt.Errorf("starting the SIS: the path prefix %q does not begin with a slash", knobs.PathPrefix)
	}
	if config.BaseURL != "" {
		base, err := url.Parse(config.BaseURL)
		if err != nil || base.Host == "" || base.RawQuery != "" || base.Fragment != "" {
			return nil, fmt.Errorf("starting the SIS: the base URL %q is not of the form https://host/path", config.BaseURL)
		}
	}
	clients, err := security.NewClients(config.Clients...)
	if err != nil {
		return nil, fmt.Errorf("starting the SIS: %w", err)
	}
	tokens := config.Tokens
	if tokens == nil {
		tokens = security.NewTokens(security.TokenOptions{TTL: config.TokenTTL, Form: knobs.TokenForm, Now: config.Clock})
	}
	operations, err := operations()
	if err != nil {
		return nil, fmt.Errorf("starting the SIS: %w", err)
	}
	return &SIS{
		knobs:      knobs,
		baseURL:    strings.TrimRight(config.BaseURL, "/"),
		operations: operations,
		selector:   newSelector(config.Store),
		tokens:     tokens,
		endpoint: &security.TokenEndpoint{
			Clients: clients, Tokens: tokens, KnownScopes: knownScopes(), Now: config.Clock,
		},
	}, nil
}

// Knobs returns the choices in force.
func (s *SIS) Knobs() Knobs { return s.knobs }

// ServicePath is the path of the Rostering service, prefix included, without a
// slash at the end.
func (s *SIS) ServicePath() string { return s.knobs.PathPrefix + BasePath }

// TokenPath is the path of the token endpoint, prefix included.
func (s *SIS) TokenPath() string { return s.knobs.PathPrefix + s.knobs.TokenPath }

// ServiceHandler serves everything below ServicePath. It expects the whole path
// in a request, and answers any other with 404 and imsx_StatusInfo.
func (s *SIS) ServiceHandler() http.Handler { return http.HandlerFunc(s.serveService) }

// TokenHandler serves the token endpoint, at whatever path it is mounted.
func (s *SIS) TokenHandler() http.Handler { return s.endpoint }

// Handler serves the service and the token endpoint.
func (s *SIS) Handler() http.Handler {
	return Mux(s.TokenPath(), s.TokenHandler(), s.ServiceHandler())
}

// Mux sends requests for the token path to one handler and all others to the
// other. Either may be a wrapper around the SIS's own. Unlike http.ServeMux it
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
func (s *SIS) publicBase(r *http.Request) string {
	if s.baseURL != "" {
		return s.baseURL
	}
	return web.Origin(r) + s.knobs.PathPrefix
}
