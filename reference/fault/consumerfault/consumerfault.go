// Package consumerfault makes the reference consumer wrong on purpose, and odd within the law: what
// it sends and gets is bent on the way, rules are forgotten, what a source gives is changed before it
// is staged, and what is pushed before it is sent. What each breaks is data.
package consumerfault

import (
	"context"
	"embed"
	"fmt"
	"net/http"
	"slices"

	"github.com/rollcall-edu/rollcall/reference/fault"
	"github.com/rollcall-edu/rollcall/reference/oneroster/client"
	"github.com/rollcall-edu/rollcall/reference/sync"
	"github.com/rollcall-edu/rollcall/reference/sync/bundle/intake"
	"github.com/rollcall-edu/rollcall/reference/sync/push"
	"github.com/rollcall-edu/rollcall/reference/sync/rest"
	"github.com/rollcall-edu/rollcall/reference/sync/service"
)

// Config is where a consumer may be changed.
type Config struct {
	service.Hooks
	// From is put around what is pushed, and Sender around what sends it; nil is nothing.
	From   func(push.From) push.From
	Sender func(push.Sender) push.Sender
}

//go:embed *.yaml
var tables embed.FS

type behaviour = fault.Behaviour[Config]

// Kind is the faults and variants of a consumer. What they drop are rules of sync.Rules, of
// rest.Rules and of intake.Rules.
var Kind = fault.NewKind("consumer", func() (fault.Tables, error) {
	var rules []string
	for _, r := range sync.Rules() {
		rules = append(rules, r.ID)
	}
	for _, r := range rest.Rules() {
		rules = append(rules, r.ID)
	}
	for _, r := range intake.Rules() {
		rules = append(rules, string(r))
	}
	faults, err := fault.Table(tables, "faults.yaml")
	if err != nil {
		return fault.Tables{}, fmt.Errorf("reading the faults of a consumer: %w", err)
	}
	variants, err := fault.Table(tables, "variants.yaml")
	if err != nil {
		return fault.Tables{}, fmt.Errorf("reading the variants of a consumer: %w", err)
	}
	return fault.ReadTables("consumer", faults, variants, behaviours(), rules, nil)
}, behaviours, func(c *Config, f fault.Fault) {
	if len(f.Drop) == 0 {
		return
	}
	options(func(o *sync.Options) {
		if o.Rules == nil {
			o.Rules = sync.Rules()
		}
		o.Rules = slices.DeleteFunc(slices.Clone(o.Rules), func(r sync.Rule) bool { return slices.Contains(f.Drop, r.ID) })
	}).Bend(c)
	held(f.Drop...).Bend(c)
	reading(func(at *rest.Config) {
		if at.Rules == nil {
			at.Rules = rest.Rules()
		}
		at.Rules = slices.DeleteFunc(slices.Clone(at.Rules), func(r rest.Rule) bool { return slices.Contains(f.Drop, r.ID) })
	}).Bend(c)
})

func behaviours() map[string]behaviour {
	return fault.Gather(pagingFaults(), filterFaults(), deltaFaults(), callFaults(), tokenFaults(), objectFaults(), strictFaults(),
		changeFaults(), troubleFaults(), gradeFaults(), pushFaults(), dropFaults(), dropVariants(), variants())
}

// together is several behaviours as one.
func together(all ...behaviour) behaviour {
	return behaviour{Bend: func(c *Config) {
		for _, b := range all {
			if b.Bend != nil {
				b.Bend(c)
			}
		}
	}}
}

// held has bundles not held to some rules.
func held(without ...string) behaviour {
	return behaviour{Bend: func(c *Config) {
		former := c.Intake
		c.Intake = func(rules []intake.Rule) []intake.Rule {
			if former != nil {
				rules = former(rules)
			}
			return slices.DeleteFunc(slices.Clone(rules), func(r intake.Rule) bool { return slices.Contains(without, string(r)) })
		}
	}}
}

// options changes how a sync is run.
func options(change func(*sync.Options)) behaviour {
	return behaviour{Bend: func(c *Config) {
		former := c.Options
		c.Options = func(o *sync.Options) {
			if former != nil {
				former(o)
			}
			change(o)
		}
	}}
}

// reading changes what a source over REST is made of.
func reading(change func(*rest.Config)) behaviour {
	return behaviour{Bend: func(c *Config) {
		former := c.REST
		c.REST = func(at *rest.Config) {
			if former != nil {
				former(at)
			}
			change(at)
		}
	}}
}

// pausing changes after which answers a request is made again.
func pausing(pause func(client.Try) (again bool)) behaviour {
	return reading(func(at *rest.Config) {
		former := at.Manners.Pause
		if former == nil {
			former = client.Pause
		}
		at.Manners.Pause = func(t client.Try) (wait pauseTime, again bool) {
			if !pause(t) {
				return 0, false
			}
			return former(t)
		}
	})
}

// sending puts something around what sends requests, those for tokens among them.
func sending(wrap func(r *http.Request, next http.RoundTripper) (*http.Response, error)) behaviour {
	return around(func(next http.RoundTripper) http.RoundTripper {
		return sender(func(r *http.Request) (*http.Response, error) { return wrap(r, next) })
	})
}

func around(wrap func(http.RoundTripper) http.RoundTripper) behaviour {
	return behaviour{Bend: func(c *Config) {
		former := c.Transport
		c.Transport = func(next http.RoundTripper) http.RoundTripper {
			if former != nil {
				next = former(next)
			}
			return wrap(next)
		}
	}}
}

type sender func(*http.Request) (*http.Response, error)

func (s sender) RoundTrip(r *http.Request) (*http.Response, error) { return s(r) }

// forToken tells whether a request asks for an access token.
func forToken(r *http.Request) bool {
	return r.Header.Get("Content-Type") == "application/x-www-form-urlencoded"
}

// asking changes the reads of collections before they are sent.
func asking(change func(r *http.Request)) behaviour {
	return sending(func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
		if r.Method == http.MethodGet && !forToken(r) {
			r = r.Clone(r.Context())
			change(r)
		}
		return next.RoundTrip(r)
	})
}

// reader reads one collection of a source.
type reader func(ctx context.Context, next sync.Source, r sync.Reading, yield func(sync.Page) error) error

// source puts a reader around where rosters come from.
func source(read reader) behaviour {
	return behaviour{Bend: func(c *Config) {
		former := c.Source
		c.Source = func(next sync.Source) sync.Source {
			if former != nil {
				next = former(next)
			}
			return bent{next, read}
		}
	}}
}

type bent struct {
	sync.Source
	read reader
}

func (b bent) Read(ctx context.Context, r sync.Reading, yield func(sync.Page) error) error {
	return b.read(ctx, b.Source, r, yield)
}

// Only is that of what it stands before.
func (b bent) Only() sync.Mode {
	if l, is := b.Source.(sync.Limited); is {
		return l.Only()
	}
	return sync.Auto
}

// inner is the source over REST itself.
func inner(s sync.Source) *rest.Source {
	for {
		switch at := s.(type) {
		case *rest.Source:
			return at
		case bent:
			s = at.Source
		case ordered:
			s = at.Source
		default:
			return nil
		}
	}
}
