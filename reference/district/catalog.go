package district

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/rollcall-edu/rollcall/fixtures/library"
	"github.com/rollcall-edu/rollcall/reference/catalog"
	"github.com/rollcall-edu/rollcall/reference/catalog/shelf"
	"github.com/rollcall-edu/rollcall/reference/fault/catalogfault"
	"github.com/rollcall-edu/rollcall/reference/security"
	"github.com/rollcall-edu/rollcall/reference/web"
)

// CatalogOptions say how the reference's learning object repository is run. The zero value has
// 5,000 resources in memory, on a free port of 127.0.0.1, without TLS.
type CatalogOptions struct {
	Listen   string // zero: 127.0.0.1:0
	BaseURL  string // what addresses begin with, where clients reach it by another name
	BasePath string // what operations stand below; zero: catalog.DefaultBasePath
	Items    int    // zero: library.DefaultCount
	DataSeed uint64 // zero: library.DefaultSeed
	DB       string // SQLite file or PostgreSQL DSN; empty: memory
	// Tool is the origin of the tool that opens LTI links; empty: resources have pages alone.
	Tool string
	// CASE is what stands before /CFItems of the server that has the learning objectives. Where
	// it is empty, Case has one run beside the catalogue; nil: none.
	CASE     string
	Case     *CaseOptions
	Faults   []string
	TokenTTL time.Duration
	TLS      *security.SelfMade // nil: plain http
	// Bend changes what the catalogue is made of, Around is put around everything that is served; nil is nothing.
	Bend   func(*catalog.Config)
	Around func(http.Handler) http.Handler
	// ClientID and ClientSecret fix the credentials of the main client; "rollcall" and random when
	// empty.
	ClientID, ClientSecret string
}

// Catalog is a running learning object repository.
type Catalog struct {
	catalog.Endpoints
	Origin string
	Main   Client // may search
	Other  Client // gets tokens, which are for nothing here
	Case   *Case  // the CASE server beside it; nil without one

	server *web.Server
	shelf  *shelf.Shelf
}

// StartCatalog loads the resources and serves them until Close, or until ctx ends.
func StartCatalog(ctx context.Context, o CatalogOptions) (*Catalog, error) {
	o.Listen = cmp.Or(o.Listen, "127.0.0.1:0")
	o.ClientID, o.ClientSecret = cmp.Or(o.ClientID, "rollcall"), cmp.Or(o.ClientSecret, secret())
	c := &Catalog{Main: Client{o.ClientID, o.ClientSecret}, Other: Client{o.ClientID + "-other", secret()}}
	if err := c.start(ctx, o); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

func (c *Catalog) start(ctx context.Context, o CatalogOptions) error {
	bent, err := catalogfault.Kind.Of(o.Faults...)
	if err != nil {
		return err
	}
	for _, id := range o.Faults {
		setup, _, err := catalogfault.Kind.Setup(id)
		if err != nil {
			return err
		}
		o.TokenTTL = cmp.Or(setup.TokenTTL.Duration(), o.TokenTTL)
		if setup.PathPrefix != "" {
			o.BasePath = setup.PathPrefix + cmp.Or(o.BasePath, catalog.DefaultBasePath)
		}
	}
	content, err := library.New(cmp.Or(o.Items, library.DefaultCount), cmp.Or(o.DataSeed, library.DefaultSeed))
	if err != nil {
		return err
	}
	if o.CASE == "" && o.Case != nil {
		if c.Case, err = StartCase(ctx, *o.Case); err != nil {
			return err
		}
		o.CASE = c.Case.URL
	}
	if c.server, err = bind(ctx, o.Listen, o.TLS); err != nil {
		return err
	}
	c.Origin = c.server.Origin
	if c.shelf, err = shelf.Open(ctx, o.DB); err != nil {
		return err
	}
	rules := catalog.NewRules()
	config := bent.Bend(catalog.Config{
		Shelf:    c.shelf,
		Subjects: content.Subjects(),
		Clients: []security.Client{
			{ID: c.Main.ID, Secret: c.Main.Secret, Scopes: []string{catalog.Scope}},
			{ID: c.Other.ID, Secret: c.Other.Secret},
		},
		TokenTTL: o.TokenTTL,
		BasePath: o.BasePath,
		BaseURL:  o.BaseURL,
		Rules:    &rules,
	})
	if o.Bend != nil {
		o.Bend(&config)
	}
	server, err := catalog.New(ctx, config)
	if err != nil {
		return err
	}
	places := catalog.Places{Catalog: cmp.Or(o.BaseURL, c.Origin), Tool: o.Tool, CASE: o.CASE}
	if err := catalog.Seed(ctx, c.shelf, content, places); err != nil {
		return err
	}
	c.Endpoints = server.Endpoints(c.Origin)
	handler := bent.Wrap(server.Handler())
	if o.Around != nil {
		handler = o.Around(handler)
	}
	c.server.Serve(ctx, handler)
	return nil
}

// Wait returns when the server has ended.
func (c *Catalog) Wait() error { return c.server.Wait() }

// Close ends the server and its shelf.
func (c *Catalog) Close() error {
	var errs []error
	if c.server != nil {
		errs = append(errs, c.server.Close())
	}
	if c.Case != nil {
		errs = append(errs, c.Case.Close())
	}
	if c.shelf != nil {
		errs = append(errs, c.shelf.Close())
	}
	return errors.Join(errs...)
}
