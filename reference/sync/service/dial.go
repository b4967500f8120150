package service

import (
	"errors"
	"net/http"
	"os"
	"time"

	"github.com/rollcall-edu/rollcall/reference/oneroster/client"
	"github.com/rollcall-edu/rollcall/reference/sync"
	"github.com/rollcall-edu/rollcall/reference/sync/bundle/intake"
	"github.com/rollcall-edu/rollcall/reference/sync/rest"
)

// Hooks are where a consumer may be changed from outside; nil leaves it as it is. Faults come
// in here.
type Hooks struct {
	// Transport is put around what sends requests to the SIS, those for tokens among them.
	Transport func(http.RoundTripper) http.RoundTripper
	// REST changes what a source over REST is made of: its rules and manners.
	REST func(*rest.Config)
	// Source is put around where rosters come from, for each sync.
	Source func(sync.Source) sync.Source
	// Bundle gives the file that is read in place of the one that was dropped, and what is done when it was read; nil is
	// nothing.
	Bundle func(path string) (read string, done func() error)
	// Intake changes what a bundle is held to before anything of it is taken.
	Intake func([]intake.Rule) []intake.Rule
	// Options changes how a sync is run: its rules, its mode. It is called before each.
	Options func(*sync.Options)
}

// dialled is where rosters are read from.
type dialled struct {
	name string // for people
	// open gives the source for one sync, which closes it.
	open func(now time.Time) (source sync.Source, close func() error, err error)
}

// dial says what of a connection can't be, and calls nobody.
func dial(c Connection, h Hooks) (*dialled, error) {
	around := h.Source
	if around == nil {
		around = func(s sync.Source) sync.Source { return s }
	}
	if c.Bundle != "" {
		if _, err := os.Stat(c.Bundle); err != nil {
			return nil, err
		}
		return &dialled{c.Bundle, func(now time.Time) (sync.Source, func() error, error) {
			b, err := openBundle(c.Bundle, now, h)
			if err != nil {
				return nil, nil, err
			}
			return around(b), b.Close, nil
		}}, nil
	}
	s, err := overREST(c, h)
	if err != nil {
		return nil, err
	}
	return &dialled{s.Name(), func(time.Time) (sync.Source, func() error, error) {
		return around(s), func() error { return nil }, nil
	}}, nil
}

func overREST(c Connection, h Hooks) (*rest.Source, error) {
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

// errNotFirst says that there is nothing yet that a bundle of changes could change.
var errNotFirst = errors.New("the bundle is a delta, and the mirror has no roster yet that it could change: sync from a bulk bundle first")
