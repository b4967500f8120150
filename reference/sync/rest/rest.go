package rest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	stdsync "sync"
	"time"

	"github.com/rollcall-edu/rollcall/reference/gradebook"
	"github.com/rollcall-edu/rollcall/reference/oneroster"
	"github.com/rollcall-edu/rollcall/reference/oneroster/client"
	"github.com/rollcall-edu/rollcall/reference/resources"
	"github.com/rollcall-edu/rollcall/reference/sis"
	"github.com/rollcall-edu/rollcall/reference/store"
	"github.com/rollcall-edu/rollcall/reference/sync"
)

// Config says where a SIS is, and how the consumer is let in.
type Config struct {
	// Rostering, Gradebook and Resources are the base addresses of the services of OneRoster
	// 1.2; empty: it has none.
	Rostering, Gradebook, Resources string
	// V1P1 is that of OneRoster 1.1, in their place.
	V1P1 string

	TokenURL     string
	ClientID     string
	ClientSecret string
	Signed       bool // requests are signed by OAuth 1.0a instead of carrying tokens

	// CAFile has the authorities by which certificates are verified, as PEM; empty: those of
	// the system. Transport sends requests in its place; nil: by CAFile.
	CAFile    string
	Transport http.RoundTripper
	// AllowPlain lets credentials and rosters go over HTTP without TLS to other machines.
	AllowPlain bool

	PageSize int           // objects that are asked for at once; zero: DefaultPageSize
	Patience time.Duration // how long one request may wait; zero: client.DefaultPatience

	Rules   []Rule // what pages are held to; nil: Rules()
	Manners Manners
	Now     func() time.Time                                 // nil: time.Now
	Wait    func(ctx context.Context, d time.Duration) error // nil: for as long as it is told
}

// DefaultPageSize is between what all providers give and what makes few requests.
const DefaultPageSize = 1000

// Source reads a OneRoster service.
type Source struct {
	c       Config
	client  *client.Client
	v11     bool
	name    string
	offered []offer

	mu    stdsync.Mutex
	known map[string]string // what was looked up, see remember
}

// offer is a collection and where it is.
type offer struct {
	collection store.Collection
	base       string
	scopes     []string
	optional   bool // it may be left out: the rest is of use without it
}

// New makes a source. It says what of the configuration can't be, and calls nobody.
func New(c Config) (*Source, error) {
	s := &Source{v11: c.V1P1 != "", known: map[string]string{}}
	if s.v11 && c.Rostering+c.Gradebook+c.Resources != "" {
		return nil, errors.New("a source is of OneRoster 1.1 or of 1.2: either the one base address of 1.1, or those of the services of 1.2")
	}
	if c.Signed && !s.v11 {
		return nil, errors.New("signed requests are of OneRoster 1.1: 1.2 has access tokens")
	}
	if c.Transport == nil {
		t, err := client.Transport(c.CAFile)
		if err != nil {
			return nil, err
		}
		c.Transport = t
	}
	c.PageSize = cmp.Or(c.PageSize, DefaultPageSize)
	if c.Rules == nil {
		c.Rules = Rules()
	}
	c.Manners = c.Manners.filled()
	s.c = c
	for _, x := range []struct{ name, address string }{
		{"the address of Rostering", c.Rostering}, {"the address of Gradebook", c.Gradebook}, {"the address of Resources", c.Resources},
		{"the address of OneRoster 1.1", c.V1P1},
	} {
		if x.address == "" {
			continue
		}
		u, err := client.Address(x.name, x.address, c.AllowPlain)
		if err != nil {
			return nil, err
		}
		if u.RawQuery != "" {
			return nil, fmt.Errorf("%s may have no query", x.name)
		}
		s.name = cmp.Or(s.name, strings.TrimRight(x.address, "/"))
	}
	if s.name == "" {
		return nil, errors.New("there is no address of any service")
	}
	s.offer()
	var err error
	s.client, err = client.New(client.Config{
		TokenURL: c.TokenURL, ClientID: c.ClientID, ClientSecret: c.ClientSecret, Signed: c.Signed, Transport: c.Transport,
		Manners: c.Manners.Manners, Patience: c.Patience, AllowPlain: c.AllowPlain, Now: c.Now, Wait: c.Wait,
	})
	return s, err
}

// offer lists what the services have. The smallest scope that opens a collection is asked for first.
func (s *Source) offer() {
	prefix := oneroster.ScopePrefix
	if s.v11 {
		prefix = oneroster.ScopePrefixV1P1
	}
	add := func(base string, optional bool, scopes []string, collections ...store.Collection) {
		if base == "" {
			return
		}
		var full []string
		for _, name := range scopes {
			full = append(full, prefix+name)
		}
		if s.v11 {
			full = append(full, "") // scopes came late in its life: some providers know none
		}
		for _, c := range collections {
			s.offered = append(s.offered, offer{c, strings.TrimRight(base, "/"), full, optional})
		}
	}
	rostering, ofResources, marks := s.c.Rostering, s.c.Resources, s.c.Gradebook
	if s.v11 {
		rostering, ofResources, marks = s.c.V1P1, s.c.V1P1, s.c.V1P1
	}
	add(rostering, false, []string{"roster-core.readonly", "roster.readonly"},
		sis.Orgs, sis.AcademicSessions, sis.Courses, sis.Classes, sis.Users, sis.Enrollments)
	add(rostering, true, []string{"roster-demographics.readonly"}, sis.Demographics)
	if s.v11 {
		add(ofResources, true, []string{"resource.readonly"}, resources.Resources)
		add(marks, true, []string{"gradebook.readonly"}, gradebook.Categories, gradebook.LineItems, gradebook.Results)
	} else {
		add(ofResources, true, []string{"resource-core.readonly", "resource.readonly"}, resources.Resources)
		add(marks, true, []string{"gradebook-core.readonly", "gradebook.readonly"},
			gradebook.Categories, gradebook.ScoreScales, gradebook.LineItems, gradebook.Results)
		add(marks, true, []string{"assessment.readonly"}, gradebook.AssessmentLineItems, gradebook.AssessmentResults)
	}
	order := sis.Collections()
	slices.SortStableFunc(s.offered, func(a, b offer) int {
		return cmp.Compare(slices.Index(order, a.collection), slices.Index(order, b.collection))
	})
}

// Name is the address of its main service.
func (s *Source) Name() string { return s.name }

// Collections lists what there may be.
func (s *Source) Collections() []store.Collection {
	var out []store.Collection
	for _, o := range s.offered {
		out = append(out, o.collection)
	}
	return out
}

// Client is what it calls the services by, for whoever writes to them too.
func (s *Source) Client() *client.Client { return s.client }

func (s *Source) find(c store.Collection) (offer, bool) {
	i := slices.IndexFunc(s.offered, func(o offer) bool { return o.collection == c })
	if i < 0 {
		return offer{}, false
	}
	return s.offered[i], true
}

// Read reads a collection; see sync.Source.
func (s *Source) Read(ctx context.Context, r sync.Reading, yield func(sync.Page) error) error {
	o, offered := s.find(r.Collection)
	if !offered {
		return sync.ErrNotOffered
	}
	at, err := s.begin(o, r)
	if err != nil {
		return err
	}
	err = s.pages(ctx, o, at, yield)
	var refused *client.StatusError
	if errors.As(err, &refused) && refused.Status == http.StatusBadRequest && r.From == "" && !r.Since.IsZero() {
		// It can't filter by dateLastModified. What changed is among everything, too.
		r.Since = time.Time{}
		if at, err = s.begin(o, r); err == nil {
			err = s.pages(ctx, o, at, yield)
		}
	}
	if err != nil && o.optional && r.From == "" && unavailable(err) {
		return fmt.Errorf("%w: %w", sync.ErrNotOffered, err)
	}
	return err
}

// unavailable tells whether an error says that a collection isn't there for this client. In the
// midst of a collection it is none of these: a laterPage.
func unavailable(err error) bool {
	var refused *client.StatusError
	if errors.As(err, new(*laterPage)) {
		return false
	}
	return errors.As(err, new(*client.ScopeError)) || errors.As(err, &refused) && slices.Contains([]int{http.StatusForbidden,
		http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusGone, http.StatusNotImplemented}, refused.Status)
}

// laterPage marks what went wrong behind the first page.
type laterPage struct{ err error }

func (e *laterPage) Error() string { return e.err.Error() }
func (e *laterPage) Unwrap() error { return e.err }

// begin finds where a reading begins.
func (s *Source) begin(o offer, r sync.Reading) (place, error) {
	if r.From != "" {
		return readPlace(r.From)
	}
	query := []Parameter{{"limit", fmt.Sprint(s.c.PageSize)}, {"offset", "0"}}
	if filter := s.c.Manners.Since(r.Since); !r.Since.IsZero() && filter != "" {
		query = append(query, Parameter{"filter", filter})
	}
	first := o.base + "/" + url.PathEscape(string(o.collection)) + "?" + s.c.Manners.Query(query)
	return place{First: first, URL: first, Total: -1}, nil
}
