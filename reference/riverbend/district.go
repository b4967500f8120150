package riverbend

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/rollcall-edu/rollcall/fixtures"
	"github.com/rollcall-edu/rollcall/fixtures/library"
	"github.com/rollcall-edu/rollcall/reference/catalog"
	"github.com/rollcall-edu/rollcall/reference/catalog/client"
	"github.com/rollcall-edu/rollcall/reference/district"
	"github.com/rollcall-edu/rollcall/reference/platform"
	"github.com/rollcall-edu/rollcall/reference/store"
	"github.com/rollcall-edu/rollcall/reference/sync"
	"github.com/rollcall-edu/rollcall/reference/sync/push"
	"github.com/rollcall-edu/rollcall/reference/sync/service"
	"github.com/rollcall-edu/rollcall/reference/tool"
	"github.com/rollcall-edu/rollcall/reference/web"
)

// District is the running whole. What was left out is nil, or not there.
type District struct {
	Origin     string // of the start page
	SIS        *district.SIS
	Case       *district.Case
	Platforms  []*LMS
	Tools      []*Tool
	Assessment *district.Assessment
	Catalog    *district.Catalog
	// School is how the consumers reach the SIS; nil where none is known.
	School *service.Connection
	// Offer is the name of an item of the catalogue that the reader opens; empty where there is none.
	Offer string
	// Cast are those whom the story is about.
	Cast Cast

	o       Options
	catalog atomic.Pointer[district.Catalog] // once it is up
	server  *web.Server
	closes  []func() error
}

// LMS is a platform with the consumer that keeps it in step with the SIS, and pushes its grades there.
type LMS struct {
	*district.Platform
	Name   string
	Sync   *district.Consumer
	mirror *sync.Mirror
}

// Account is the id by which somebody of the SIS is known to the platform: their own, or that of whoever is called so.
func (l *LMS) Account(who Person) string {
	if l.Platform.Name(who.ID) != "" {
		return who.ID
	}
	return cmp.Or(l.Called(who.Name), who.ID)
}

// Home is the id of the course that the class of the story is there: its own, or that of the one with its title.
func (l *LMS) Home(c Cast) string {
	if _, there := l.Course(c.Class); there {
		return c.Class
	}
	for _, x := range l.Courses() {
		if x.Title == c.ClassTitle {
			return x.ID
		}
	}
	return c.Class
}

// Tool is a tool; one that is rostered has a consumer of its own.
type Tool struct {
	*district.Tool
	Name string // its client id at the platforms as well
	Sync *district.Consumer
}

// Start brings the district up, and returns when everything is linked and has synced once. It is up until Close, or
// until ctx ends.
func Start(ctx context.Context, o Options) (*District, error) {
	o, err := o.filled()
	if err != nil {
		return nil, err
	}
	d := &District{o: o}
	for _, step := range []struct {
		what string
		do   func(context.Context) error
	}{
		{"the credentials", d.credentials},
		{"the SIS", d.startSIS},
		{"the CASE server", d.startCASE},
		{"the platforms", d.startPlatforms},
		{"the tools", d.startTools},
		{"the catalogue", d.startCatalog},
		{"the syncs", d.startSyncs},
		{"the assessment app", d.startAssessment},
		{"the start page", d.startPage},
	} {
		if err := step.do(ctx); err != nil {
			return nil, errors.Join(fmt.Errorf("starting %s: %w", step.what, err), d.Close())
		}
	}
	return d, nil
}

// part is the DSN of a system's part of the database.
func (d *District) part(name string) string {
	return store.Part(d.o.DB, strings.ReplaceAll(name, "-", ""))
}

// closing has something closed at the end, before what came earlier.
func (d *District) closing(end func() error) { d.closes = append(d.closes, end) }

// Close ends everything, last things first.
func (d *District) Close() error {
	var errs []error
	for _, end := range slices.Backward(d.closes) {
		errs = append(errs, end())
	}
	d.closes = nil
	return errors.Join(errs...)
}

// Wait returns when the start page has ended.
func (d *District) Wait() error { return d.server.Wait() }

// settingsKept is the collection in which the secret of the clients is, so that who was told it once needs no other
// after a restart, and whom the story is about, so that it goes on with the same.
const settingsKept store.Collection = "settings"

func (d *District) credentials(ctx context.Context) error {
	given := d.o.ClientSecret != ""
	d.o.ClientSecret = cmp.Or(d.o.ClientSecret, strings.ToLower(rand.Text()))
	if given || d.o.DB == "" {
		return nil
	}
	return d.remember(ctx, "secret", &d.o.ClientSecret)
}

// remember makes a value what it was when it was remembered first: now, where that is never.
func (d *District) remember(ctx context.Context, name string, value any) error {
	kept, err := store.Open(ctx, d.part("district"), settingsKept)
	if err != nil {
		return err
	}
	defer kept.Close()
	return kept.Update(ctx, func(tx store.Tx) error {
		_, body, err := tx.Get(settingsKept, name)
		if errors.Is(err, store.ErrNotFound) {
			if body, err = json.Marshal(value); err == nil {
				_, err = tx.Put(settingsKept, store.Document{SourcedID: name, Body: body})
			}
			return err
		}
		if err == nil {
			err = json.Unmarshal(body, value)
		}
		return err
	})
}

func (d *District) startSIS(ctx context.Context) (err error) {
	if d.School = d.o.School; !d.o.has(SIS) {
		return nil
	}
	d.SIS, err = district.StartSIS(ctx, district.Options{
		Data:         d.o.Data,
		DataSeed:     d.o.DataSeed,
		DB:           d.o.DB,
		Resume:       d.o.DB != "",
		Listen:       d.o.listen(atSIS),
		BaseURL:      d.o.public(SIS, atSIS),
		ClientID:     d.o.ClientID,
		ClientSecret: d.o.ClientSecret,
		Faults:       d.o.Faults.SIS,
		Around:       d.serving(SIS),
	})
	if err != nil {
		return err
	}
	d.closing(d.SIS.Close)
	d.School = &service.Connection{
		Rostering:    d.SIS.BaseURL,
		Gradebook:    d.SIS.GradebookURL,
		Resources:    d.SIS.ResourcesURL,
		TokenURL:     d.SIS.TokenURL,
		ClientID:     d.SIS.Main.ID,
		ClientSecret: d.SIS.Main.Secret,
	}
	roster, err := d.SIS.Roster(ctx)
	if err != nil {
		return err
	}
	d.Cast = castOf(roster)
	if err := roster.Err(); err != nil || d.o.DB == "" {
		return err
	}
	return d.remember(ctx, "cast", &d.Cast)
}

func (d *District) startCASE(ctx context.Context) (err error) {
	if !d.o.has(CASE) {
		return nil
	}
	d.Case, err = district.StartCase(ctx, district.CaseOptions{
		Listen:  d.o.listen(atCASE),
		BaseURL: d.o.public(CASE, atCASE),
		Faults:  d.o.Faults.CASE,
		Around:  d.serving(CASE),
	})
	if err == nil {
		d.closing(d.Case.Close)
	}
	return err
}

// startPlatforms begins them with the roster that their mirrors hold: none at first.
func (d *District) startPlatforms(ctx context.Context) error {
	if !d.o.has(Platform) {
		return nil
	}
	for i := range d.o.Platforms {
		name, place := Platform, atPlatform
		if i == 1 {
			name, place = Second, atSecond
		}
		mirror, err := sync.Open(ctx, d.part(name))
		if err != nil {
			return err
		}
		d.closing(mirror.Close)
		p, err := district.StartPlatform(ctx, district.PlatformOptions{
			Listen:   d.o.listen(place),
			Host:     name + "." + d.o.Host,
			Tools:    slices.Clone(d.o.Tools),
			Faults:   d.o.Faults.Platform,
			TLS:      d.o.TLS,
			TrustPEM: d.o.TrustPEM,
			DB:       d.part(name + "own"),
			Mirror:   mirror,
			Search:   d.searched,
			Bend: func(c *platform.Config) {
				if d.o.Seams.Roster != nil {
					c.District = d.o.Seams.Roster(name, c.District)
				}
				if d.o.Seams.Platform != nil {
					d.o.Seams.Platform(name, c)
				}
			},
			Around: d.serving(name),
		})
		if err != nil {
			return err
		}
		d.closing(p.Close)
		d.Platforms = append(d.Platforms, &LMS{Platform: p, Name: name, mirror: mirror})
	}
	return nil
}

// deployments are those of each tool at each platform.
func deployments() []string { return []string{"riverbend-1", "riverbend-2"} }

func (d *District) startTools(ctx context.Context) error {
	for _, x := range []struct {
		name  string
		place int
	}{{Quiz, atQuiz}, {Reader, atReader}} {
		if !d.o.has(x.name) {
			continue
		}
		known := slices.Clone(d.o.Known)
		for _, p := range d.Platforms {
			for _, client := range d.clients(x.name) {
				known = append(known, tool.Platform{
					Issuer:      p.Issuer(),
					ClientID:    client,
					AuthURL:     p.AuthURL(),
					TokenURL:    p.TokenURL(),
					JWKSURL:     p.JWKSURL(),
					Deployments: deployments(),
				})
			}
		}
		made, err := district.StartTool(ctx, district.ToolOptions{
			Listen:    d.o.listen(x.place),
			Host:      x.name + "." + d.o.Host,
			Platforms: known,
			Faults:    d.o.Faults.Tool,
			TLS:       d.o.TLS,
			TrustPEM:  d.o.TrustPEM,
			DB:        d.part(x.name + "own"),
			Bend: func(c *tool.Config) {
				if d.o.Seams.Tool != nil {
					d.o.Seams.Tool(x.name, c)
				}
			},
			Around: d.serving(x.name),
		})
		if err != nil {
			return err
		}
		d.closing(made.Close)
		t := &Tool{Tool: made, Name: x.name}
		d.Tools = append(d.Tools, t)
		for _, p := range d.Platforms {
			for _, client := range d.clients(x.name) {
				p.Register(d.registered(p.Name, t, client))
			}
		}
	}
	return nil
}

// searched is the catalogue in which platforms search: the district's own, once it is up, or the one that was named.
func (d *District) searched() (c client.Catalog, known bool) {
	if s := d.catalog.Load(); s != nil {
		return client.Catalog{BaseURL: s.BaseURL, TokenURL: s.TokenURL, ClientID: s.Main.ID, Secret: s.Main.Secret}, true
	}
	if d.o.Search != nil {
		return *d.o.Search, true
	}
	return c, false
}

// clients are the client ids of a tool: the reader is two resources.
func (d *District) clients(name string) []string {
	if name == Reader && d.Cast.Guide != nil {
		return []string{Reader, Guide}
	}
	return []string{name}
}

// registered is how a platform knows a tool by one of its client ids.
func (d *District) registered(at string, t *Tool, client string) platform.Registration {
	r := platform.Registration{
		ClientID:     client,
		Name:         strings.ToUpper(client[:1]) + client[1:],
		LoginURL:     t.LoginURL(),
		RedirectURIs: []string{t.RedirectURL()},
		TargetURI:    t.TargetURL("quiz"),
		PickerURI:    t.TargetURL("deep-linking"),
		JWKSURL:      t.JWKSURL(),
		Deployments:  deployments(),
		Custom:       map[string]string{"who": "$User.id"},
		Scopes:       scopes(),
	}
	switch client {
	case Reader:
		r.Resource, r.Titles = d.Cast.Reader, []string{"Reader"}
	case Guide:
		r.Resource, r.Titles, r.PickerURI = d.Cast.Guide, []string{"Guide"}, ""
	}
	if d.o.Seams.Registered != nil {
		d.o.Seams.Registered(at, &r)
	}
	return r
}

// scopes are what a tool may do at a platform (NRPS 2.0 §3.1, AGS 2.0 §3.1).
func scopes() []string {
	return []string{
		"https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly",
		"https://purl.imsglobal.org/spec/lti-ags/scope/result.readonly",
		"https://purl.imsglobal.org/spec/lti-ags/scope/lineitem",
		"https://purl.imsglobal.org/spec/lti-ags/scope/lineitem.readonly",
		"https://purl.imsglobal.org/spec/lti-ags/scope/score",
	}
}

func (d *District) startCatalog(ctx context.Context) (err error) {
	if !d.o.has(Catalog) {
		return nil
	}
	o := district.CatalogOptions{
		Listen:       d.o.listen(atCatalog),
		BaseURL:      d.o.public(Catalog, atCatalog),
		Items:        library.DefaultCount,
		DB:           d.o.DB,
		Faults:       d.o.Faults.Catalog,
		ClientID:     d.o.ClientID,
		ClientSecret: d.o.ClientSecret,
		Bend: func(c *catalog.Config) {
			if d.o.Seams.Catalog != nil {
				d.o.Seams.Catalog(c)
			}
		},
		Around: d.serving(Catalog),
	}
	for _, t := range d.Tools { // the last one: the reader, where there is one
		o.Tool = t.Origin
	}
	if d.Case != nil {
		o.CASE = d.Case.URL
	}
	content, err := library.New(o.Items, library.DefaultSeed)
	if err != nil {
		return err
	}
	d.Catalog, err = district.StartCatalog(ctx, o)
	if err == nil {
		if o.Tool != "" {
			d.Offer = offerOf(content)
		}
		d.closing(d.Catalog.Close)
		d.catalog.Store(d.Catalog)
	}
	return err
}

// consumer are the options of the consumer of a system.
func (d *District) consumer(system string, place int, o district.ConsumerOptions) district.ConsumerOptions {
	o.Listen, o.Connection, o.Faults, o.AtOnce = d.o.listen(place), d.School, d.o.Faults.Consumer, true
	o.Delta = d.o.Every
	if d.o.Seams.Every != nil {
		o.Delta = d.o.Seams.Every(system, o.Delta)
	}
	if d.o.Seams.Hooks != nil {
		o.Hooks = d.o.Seams.Hooks(system, o.Hooks)
	}
	return o
}

// startSyncs starts the consumers that keep platforms and the rostered tool in step.
func (d *District) startSyncs(ctx context.Context) error {
	for i, p := range d.Platforms {
		place := atPlatformSync
		if i == 1 {
			place = atSecondSync
		}
		var itself *district.Consumer
		o := d.consumer(p.Name, place, district.ConsumerOptions{Mirror: p.mirror, Push: p.GradesPushing(d.pushes(p.Name), d.sends(p.Name))})
		o.Feeds = []service.Feed{
			{Name: "the platform", Do: func(ctx context.Context, roster fixtures.District) (string, error) {
				if d.o.Seams.Roster != nil {
					roster = d.o.Seams.Roster(p.Name, roster)
				}
				f, err := p.Follow(ctx, roster)
				return fmt.Sprintf("%d courses, %d people, %d came to a course, %d left one", f.Courses, f.People, f.Came, f.Left), err
			}},
			district.PushFeed("grades", func() *district.Consumer { return itself }),
		}
		var err error
		if p.Sync, err = district.StartConsumer(ctx, o); err != nil {
			return err
		}
		d.closing(p.Sync.Close)
		itself = p.Sync
	}
	for _, t := range d.Tools {
		if t.Name != Reader {
			continue
		}
		var err error
		o := d.consumer(t.Name, atReaderSync, district.ConsumerOptions{DB: d.part(t.Name)})
		if t.Sync, err = district.StartConsumer(ctx, o); err != nil {
			return err
		}
		d.closing(t.Sync.Close)
	}
	return nil
}

func (d *District) startAssessment(ctx context.Context) (err error) {
	if !d.o.has(Assessment) {
		return nil
	}
	c := d.consumer(Assessment, atAssessment, district.ConsumerOptions{})
	c.Around = d.serving(Assessment)
	d.Assessment, err = district.StartAssessment(ctx, district.AssessmentOptions{
		ConsumerOptions: c,
		DB:              d.part(Assessment),
		From:            d.pushes(Assessment),
		Sender:          d.sends(Assessment),
	})
	if err != nil {
		return err
	}
	d.closing(d.Assessment.Close)
	if d.Cast.Class == "" || d.o.Judged { // who judges has it take the test
		return nil
	}
	// The class of the story took the test before; what can't be pushed now is with the next sync.
	if err := d.Assessment.Take(ctx, d.Cast.Class, ""); err != nil {
		return err
	}
	_, _ = d.Assessment.Push(ctx)
	return nil
}

// serving, pushes and sends are the seams of a system, nil where there are none.
func (d *District) serving(system string) func(http.Handler) http.Handler {
	if d.o.Seams.Serve == nil {
		return nil
	}
	return func(h http.Handler) http.Handler { return d.o.Seams.Serve(system, h) }
}

func (d *District) pushes(system string) func(push.From) push.From {
	if d.o.Seams.Push == nil {
		return nil
	}
	return func(f push.From) push.From { return d.o.Seams.Push(system, f) }
}

func (d *District) sends(system string) func(push.Sender) push.Sender {
	if d.o.Seams.Send == nil {
		return nil
	}
	return func(s push.Sender) push.Sender { return d.o.Seams.Send(system, s) }
}

// Sync has every system sync now and give on what it has, one after the other, and gives what came of each.
func (d *District) Sync(ctx context.Context) map[string]service.Outcome {
	out := map[string]service.Outcome{}
	for _, p := range d.Platforms {
		out[p.Name] = p.Sync.Sync(ctx, sync.Auto)
	}
	for _, t := range d.Tools {
		if t.Sync != nil {
			out[t.Name] = t.Sync.Sync(ctx, sync.Auto)
		}
	}
	if d.Assessment != nil {
		out[Assessment] = d.Assessment.Sync(ctx, sync.Auto)
	}
	return out
}

// Address is that of the start page for programs, which needn't know names below localhost.
func (d *District) Address() string { return d.server.Origin }

// IDs are what the district declares of ids.
func (d *District) IDs() []ID { return d.o.Seams.IDs }

// Every is how often the systems sync.
func (d *District) Every() time.Duration { return d.o.Every }
