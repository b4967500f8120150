package district

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/rollcall-edu/rollcall/fixtures"
	"github.com/rollcall-edu/rollcall/reference/catalog/client"
	"github.com/rollcall-edu/rollcall/reference/fault/platformfault"
	"github.com/rollcall-edu/rollcall/reference/lti"
	"github.com/rollcall-edu/rollcall/reference/platform"
	"github.com/rollcall-edu/rollcall/reference/platform/ags"
	"github.com/rollcall-edu/rollcall/reference/platform/deeplinking"
	"github.com/rollcall-edu/rollcall/reference/platform/gradebook"
	"github.com/rollcall-edu/rollcall/reference/platform/nrps"
	"github.com/rollcall-edu/rollcall/reference/platform/search"
	"github.com/rollcall-edu/rollcall/reference/security"
	"github.com/rollcall-edu/rollcall/reference/store"
	mirror "github.com/rollcall-edu/rollcall/reference/sync"
	"github.com/rollcall-edu/rollcall/reference/sync/push"
	"github.com/rollcall-edu/rollcall/reference/web"
)

// PlatformOptions say how the reference platform is run. The zero value listens on
// a free port of 127.0.0.1 and is seen as platform.localhost.
type PlatformOptions struct {
	Listen   string
	Host     string // name under which browsers see it; platform.localhost by default
	Origin   string // as browsers see it, where that differs altogether
	Data     fixtures.Size
	DataSeed uint64
	Tools    []platform.Registration
	Faults   []string
	TLS      *security.SelfMade // nil: plain http
	TrustPEM []byte             // authorities of tools
	DB       string             // store DSN; empty: memory
	// Roster is the DSN of a mirror whose school this is (see FollowMirror), instead of Data.
	Roster string
	// Mirror is one that is open, whose school this is instead, and which the platform doesn't close; nil: none.
	Mirror *mirror.Mirror `json:"-"`
	// Search gives the catalogue in which those who teach can search, once there is one; nil: there is none.
	Search func() (c client.Catalog, known bool) `json:"-"`
	// Bend changes what the platform is made of, Around is put around everything that is served; nil is nothing.
	Bend   func(*platform.Config)          `json:"-"`
	Around func(http.Handler) http.Handler `json:"-"`
}

// services are what the reference platform offers beside launches. The gradebook is given to
// who asks for it.
func services(grades **ags.Service) []func(*platform.Platform) (platform.Service, error) {
	return []func(*platform.Platform) (platform.Service, error){nrps.New, func(p *platform.Platform) (platform.Service, error) {
		*grades = ags.New(p)
		return *grades, nil
	}, func(p *platform.Platform) (platform.Service, error) { return gradebook.New(p, *grades), nil }}
}

// declared has what deep linking brings of line items stand in the gradebook, which is made
// later than it is named here.
type declared struct{ grades **ags.Service }

// Declare makes the line item of a link.
func (d declared) Declare(ctx context.Context, link platform.Link, item lti.LineItem) error {
	_, err := (*d.grades).Couple(ctx, link, ags.LineItem{
		Label:          cmp.Or(item.Label, link.Title),
		ScoreMaximum:   item.ScoreMaximum,
		ResourceID:     item.ResourceID,
		Tag:            item.Tag,
		GradesReleased: item.GradesReleased,
	})
	return err
}

// Withdraw removes what came with a link.
func (d declared) Withdraw(ctx context.Context, link platform.Link) error {
	return (*d.grades).Decouple(ctx, link)
}

// Platform is a running reference platform.
type Platform struct {
	*platform.Platform
	Origin string
	Grades *ags.Service // the gradebook
	server *web.Server
	store  store.Store

	options   PlatformOptions
	roster    int64          // version of the mirror that it follows
	rotations sync.WaitGroup // what writes to the store by itself
	ended     chan struct{}
	closing   sync.Once
}

// StartPlatform serves the reference platform until Close, or until ctx ends.
func StartPlatform(ctx context.Context, o PlatformOptions) (*Platform, error) {
	if o.Host == "" {
		o.Host = "platform.localhost"
	}
	if o.Data == 0 {
		o.Data = fixtures.Small
	}
	if o.DataSeed == 0 {
		o.DataSeed = fixtures.DefaultSeed
	}
	bent, err := platformfault.Kind.Of(o.Faults...)
	if err != nil {
		return nil, err
	}
	kept, err := platform.OpenStore(ctx, o.DB, slices.Concat(ags.Collections(), deeplinking.Collections(), []store.Collection{push.Kept})...)
	if err != nil {
		return nil, err
	}
	server, err := bind(ctx, o.Listen, o.TLS)
	if err != nil {
		kept.Close()
		return nil, err
	}
	if o.Origin == "" {
		o.Origin = server.Named(o.Host)
	}
	p := &Platform{Origin: o.Origin, options: o, server: server, store: kept, ended: make(chan struct{})}
	c := platform.Config{
		Origin:   o.Origin,
		Tools:    o.Tools,
		HTTP:     security.LoopbackClient(o.TrustPEM),
		Store:    kept,
		Services: append(services(&p.Grades), p.content(ctx)...),
	}
	begin := func(d fixtures.District) (err error) {
		c.District = d
		made := bent.Bend(c)
		if o.Bend != nil {
			o.Bend(&made)
		}
		p.Platform, err = platform.New(ctx, made)
		return err
	}
	if o.Mirror != nil {
		err = readOpen(ctx, o.Mirror, begin)
	} else if o.Roster != "" {
		p.roster, err = readMirror(ctx, o.Roster, -1, begin)
	} else {
		var d fixtures.District
		if d, err = fixtures.New(o.Data, o.DataSeed); err == nil {
			err = begin(d)
		}
	}
	if err != nil {
		server.Close()
		kept.Close()
		return nil, err
	}
	handler := bent.Wrap(p.Handler())
	if o.Around != nil {
		handler = o.Around(handler)
	}
	server.Serve(ctx, handler)
	return p, nil
}

// content are the services by which content comes to courses.
func (p *Platform) content(ctx context.Context) []func(*platform.Platform) (platform.Service, error) {
	var picked *deeplinking.Service
	all := []func(*platform.Platform) (platform.Service, error){func(of *platform.Platform) (platform.Service, error) {
		s, err := deeplinking.New(ctx, deeplinking.Options{LineItems: declared{&p.Grades}})(of)
		if err == nil {
			picked = s.(*deeplinking.Service)
		}
		return s, err
	}}
	if p.options.Search != nil {
		all = append(all, search.New(search.Options{Catalog: p.options.Search, Content: func() search.Content { return picked }}))
	}
	return all
}

// RotateKeys has the platform sign with a new key each time, until ctx ends or the platform
// does; the former ones stay published for a while. Nothing happens when every is zero.
func (p *Platform) RotateKeys(ctx context.Context, every time.Duration) {
	if every <= 0 {
		return
	}
	ctx = p.living(ctx)
	p.rotations.Go(func() { p.Keys().RotateEvery(ctx, every) })
}

// Wait returns when the platform has ended.
func (p *Platform) Wait() error { return p.server.Wait() }

// Close ends the platform and its store.
func (p *Platform) Close() error {
	err := p.server.Close()
	p.closing.Do(func() { close(p.ended) })
	p.rotations.Wait()
	return errors.Join(err, p.store.Close())
}
