// Package district composes the reference roles into one running school
// district, Riverbend Unified: data, store, provider, faults, listener. It is what
// `rollcall serve` and `rollcall demo` start. It owns how the roles are put
// together, not how they behave.
package district

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/rollcall-edu/rollcall/fixtures"
	"github.com/rollcall-edu/rollcall/reference/fault/onerosterfault"
	"github.com/rollcall-edu/rollcall/reference/oneroster"
	"github.com/rollcall-edu/rollcall/reference/resources"
	"github.com/rollcall-edu/rollcall/reference/security"
	"github.com/rollcall-edu/rollcall/reference/sis"
	"github.com/rollcall-edu/rollcall/reference/store"
)

// Options say what to run. The zero value is the small district in memory on a
// free port of 127.0.0.1, without TLS.
type Options struct {
	Data     fixtures.Size // zero: small
	DataSeed uint64        // zero: fixtures.DefaultSeed
	DB       string        // store DSN; empty: memory
	Keep     bool          // serve what DB holds already, load nothing
	Resume   bool          // serve what DB holds already, and load only where it holds nothing
	Listen   string        // zero: 127.0.0.1:0
	Seed     uint64        // of the provider's knobs; 0 is the plain provider
	Knobs    oneroster.Knobs
	Faults   []string // ids of faults and variants
	TokenTTL time.Duration
	TLS      bool   // with a self-made certificate unless CertFile is set
	CertFile string // PEM; implies TLS
	KeyFile  string
	CAFile   string // where to write the self-made authority, for clients to trust
	BaseURL  string // as clients see it, where that differs
	// Around is put around everything that is served; nil is nothing.
	Around func(http.Handler) http.Handler
	// Case has a CASE server run beside it, of which alignments are resolved; nil: none.
	Case *CaseOptions
	// ClientID and ClientSecret fix the credentials of the main client; random
	// when empty.
	ClientID, ClientSecret string

	signed bool // a fault or variant is about signed requests
	oldTLS bool // a fault: accept TLS 1.0 too
}

// Client is one pair of credentials.
type Client struct{ ID, Secret string }

// SIS is a running reference provider.
type SIS struct {
	sis.Endpoints
	Origin string
	Main   Client // may have every scope
	Core   Client // may only have roster-core.readonly and resource-core.readonly
	Knobs  oneroster.Knobs
	// Signed says that a fault or variant shows in requests that are signed.
	Signed bool
	CAPEM  []byte // of the self-made authority; nil without one
	Class  string // the sourcedId of a class with line items; empty where none was loaded

	// Case is the CASE server beside it; nil without one.
	Case *Case

	server *oneroster.Server
	store  store.Store
}

// StartSIS loads the data and serves the provider until Close, or until ctx ends.
func StartSIS(ctx context.Context, o Options) (*SIS, error) {
	o, err := o.filled()
	if err != nil {
		return nil, err
	}
	s := &SIS{Signed: o.signed, Main: Client{o.ClientID, o.ClientSecret}, Core: Client{o.ClientID + "-core", secret()}}
	if s.store, err = sis.OpenStore(ctx, o.DB); err != nil {
		return nil, err
	}
	if err := s.start(ctx, o); err != nil {
		s.store.Close()
		return nil, err
	}
	if o.Case != nil {
		if s.Case, err = StartCase(ctx, *o.Case); err != nil {
			s.Close()
			return nil, err
		}
	}
	return s, nil
}

func (o Options) filled() (Options, error) {
	if o.Data == 0 {
		o.Data = fixtures.Small
	}
	if o.DataSeed == 0 {
		o.DataSeed = fixtures.DefaultSeed
	}
	if o.ClientID == "" {
		o.ClientID = "rollcall"
	}
	chosen := o.ClientSecret != ""
	if !chosen {
		o.ClientSecret = secret()
	}
	for _, id := range o.Faults {
		setup, err := onerosterfault.Lookup(id)
		if err != nil {
			return o, err
		}
		if ttl := setup.TokenTTL.Duration(); ttl > 0 {
			o.TokenTTL = ttl
		}
		o.TLS, o.signed = o.TLS || setup.TLS, o.signed || setup.Signed
		o.oldTLS = o.oldTLS || setup.OldTLS
		if setup.PathPrefix != "" {
			o.Knobs.PathPrefix = setup.PathPrefix
		}
		if setup.ClientSecret != "" && !chosen {
			o.ClientSecret = setup.ClientSecret
		}
		if setup.MaxLimit > 0 {
			o.Knobs.MaxLimit = setup.MaxLimit
		}
	}
	o.TLS = o.TLS || o.CertFile != ""
	return o, nil
}

func (s *SIS) start(ctx context.Context, o Options) error {
	load := !o.Keep
	if o.Resume {
		label, err := s.store.Label(ctx)
		if err != nil {
			return err
		}
		load = label == ""
	}
	if load || o.Resume {
		d, err := fixtures.New(o.Data, o.DataSeed)
		if err != nil {
			return err
		}
		if d, err = onerosterfault.Reshape(d, o.Faults...); err != nil {
			return err
		}
		if load {
			if err := sis.Load(ctx, s.store, d); err != nil {
				return err
			}
		}
		for item := range d.LineItems() {
			s.Class = item.Class
			break
		}
	}
	provider, err := sis.New(ctx, sis.Config{
		Store: s.store, Seed: o.Seed, Knobs: o.Knobs, TokenTTL: o.TokenTTL, BaseURL: o.BaseURL,
		Clients: []security.Client{
			{ID: s.Main.ID, Secret: s.Main.Secret, Scopes: sis.Scopes()},
			{ID: s.Core.ID, Secret: s.Core.Secret, Scopes: []string{sis.ScopeRosterCore, resources.ScopeCore, sis.V1P1ScopeRosterCore}},
		},
	})
	if err != nil {
		return err
	}
	s.Knobs = provider.Knobs()
	handler, err := onerosterfault.Wrap(provider.Handler(), o.Faults...)
	if err != nil {
		return err
	}
	if o.Around != nil {
		handler = o.Around(handler)
	}
	config, err := s.tls(o)
	if err != nil {
		return err
	}
	if s.server, err = oneroster.Listen(ctx, o.Listen, config, handler); err != nil {
		return err
	}
	s.Origin = s.server.Origin
	s.Endpoints = provider.Endpoints(s.server.Origin)
	return nil
}

func (s *SIS) tls(o Options) (*tls.Config, error) {
	if !o.TLS {
		return nil, nil
	}
	if o.CertFile != "" {
		return security.LoadTLS(o.CertFile, o.KeyFile)
	}
	made, err := security.NewSelfMade(time.Now())
	if err != nil {
		return nil, err
	}
	s.CAPEM = made.AuthorityPEM
	if o.CAFile != "" {
		if err := os.WriteFile(o.CAFile, made.AuthorityPEM, 0o644); err != nil {
			return nil, fmt.Errorf("writing the certificate authority for clients: %w", err)
		}
	}
	config := security.ServerTLS(made.Certificate)
	if o.oldTLS {
		config.MinVersion = tls.VersionTLS10
	}
	return config, nil
}

// Registrar changes what the SIS has, as the office of a school does.
func (s *SIS) Registrar() *sis.Registrar { return sis.NewRegistrar(s.store) }

// Roster reads what the SIS has now.
func (s *SIS) Roster(ctx context.Context) (*sis.Stored, error) { return sis.Unload(ctx, s.store) }

// Wait returns when the provider has ended, with the reason if it was neither
// Close nor the context.
func (s *SIS) Wait() error { return s.server.Wait() }

// Close ends the provider and its store.
func (s *SIS) Close() error {
	err := s.server.Close()
	if s.Case != nil {
		err = errors.Join(err, s.Case.Close())
	}
	if closed := s.store.Close(); err == nil && closed != nil {
		err = closed
	}
	return err
}

// secret makes a client secret that is different in every run, so that nobody
// comes to rely on one.
func secret() string {
	b := make([]byte, 18)
	rand.Read(b)
	return hex.EncodeToString(b)
}
