package service

import (
	"net/http"

	"github.com/rollcall-edu/rollcall/reference/oneroster/client"
	"github.com/rollcall-edu/rollcall/reference/sync"
	"github.com/rollcall-edu/rollcall/reference/sync/rest"
)

// Hooks are where a consumer may be changed from outside; nil leaves it as it is. Faults come
// in here.
type Hooks struct {
	// Transport is put around what sends requests to the SIS, those for tokens among them.
	Transport func(http.RoundTripper) http.RoundTripper
	// REST changes what a source over REST is made of: its rules and manners.
	REST func(*rest.Config)
	// Source is put around where rosters come from.
	Source func(sync.Source) sync.Source
	// Options changes how a sync is run: its rules, its mode. It is called before each.
	Options func(*sync.Options)
}

// Dial makes the source of a connection. It says what can't be, and calls nobody.
func Dial(c Connection, h Hooks) (sync.Source, error) {
	source, err := dial(c, h)
	if err == nil && h.Source != nil {
		source = h.Source(source)
	}
	return source, err
}

func dial(c Connection, h Hooks) (sync.Source, error) {
	if c.Bundle != "" {
		return openBundle(c.Bundle)
	}
	at := rest.Config{TokenURL: c.TokenURL, ClientID: c.ClientID, ClientSecret: c.ClientSecret, Signed: c.Signed}
	if c.V11() {
		at.V1P1 = c.V1P1
	} else {
		at.Rostering, at.Gradebook, at.Resources = c.Rostering, c.Gradebook, c.Resources
	}
	t, err := client.Transport(c.CAFile)
	if err != nil {
		return nil, err
	}
	at.Transport = t
	if h.Transport != nil {
		at.Transport = h.Transport(t)
	}
	if h.REST != nil {
		h.REST(&at)
	}
	return rest.New(at)
}
