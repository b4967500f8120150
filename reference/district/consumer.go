package district

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/rollcall-edu/rollcall/reference/fault/consumerfault"
	"github.com/rollcall-edu/rollcall/reference/sync"
	"github.com/rollcall-edu/rollcall/reference/sync/service"
	"github.com/rollcall-edu/rollcall/reference/web"
)

// ConsumerOptions say how the reference consumer is run. The zero value listens on a free port
// of 127.0.0.1, has a mirror in memory, and waits to be told where to read from.
type ConsumerOptions struct {
	Listen string // zero: 127.0.0.1:0
	DB     string // store DSN of the mirror; empty: memory
	// Mirror is used instead of one of DB, and isn't closed by the consumer; nil: none.
	Mirror *sync.Mirror
	// AtOnce has the first sync be over before the consumer is up, whatever came of it.
	AtOnce bool
	// Connection is where it reads from; nil: nowhere until PUT /connection.
	Connection  *service.Connection
	Full, Delta time.Duration // how often it syncs by itself; zero: never
	Options     sync.Options  // of every sync
	Feeds       []service.Feed
	Told        func(service.Outcome) // of each sync
	// Hooks change what it does, from outside; Faults are ids of faults and variants, which do so too.
	Hooks  service.Hooks
	Faults []string
	// Classwork has it push grades that it makes up, of a class of the roster, when it is told to
	// (POST /push): it is for those who judge consumers.
	Classwork bool
	// Reset has it take POST /reset, which makes it empty: it is for those who judge consumers.
	Reset bool
	// Around is put around everything that is served; nil is nothing.
	Around func(http.Handler) http.Handler

	// Push is what POST /push does, where that isn't Classwork; nil: there is none.
	Push service.Pushing
	// forget has push forget what it has pushed.
	forget func(context.Context) error
}

// Consumer is a running reference consumer: a mirror that is kept in step with a SIS.
type Consumer struct {
	*service.Service
	Origin string
	Mirror *sync.Mirror

	given   bool // the mirror is somebody else's to close
	server  *web.Server
	closing func() error // closes what is remembered of classwork; nil where there is none
}

// OpenConsumer makes a consumer that serves nothing and doesn't sync by itself. Both that it
// gives are the caller's to close, the service first.
func OpenConsumer(ctx context.Context, o ConsumerOptions) (*sync.Mirror, *service.Service, error) {
	bent, err := consumerfault.Kind.Of(o.Faults...)
	if err != nil {
		return nil, nil, err
	}
	o.Hooks = bent.Bend(consumerfault.Config{Hooks: o.Hooks}).Hooks
	mirror := o.Mirror
	if mirror == nil {
		if mirror, err = sync.Open(ctx, o.DB); err != nil {
			return nil, nil, err
		}
	}
	s, err := service.New(service.Config{
		Mirror:  mirror,
		Options: o.Options,
		Full:    o.Full,
		Delta:   o.Delta,
		Hooks:   o.Hooks,
		Feeds:   o.Feeds,
		Told:    o.Told,
		Push:    o.Push,
		Reset:   o.Reset,
		Forget:  o.forget,
	})
	if err == nil && o.Connection != nil {
		err = s.Connect(*o.Connection)
	}
	if err != nil {
		if o.Mirror == nil {
			err = errors.Join(err, mirror.Close())
		}
		return nil, nil, err
	}
	return mirror, s, nil
}

// StartConsumer serves the reference consumer until Close, or until ctx ends.
func StartConsumer(ctx context.Context, o ConsumerOptions) (*Consumer, error) {
	var closing func() error
	if o.Classwork {
		bent, err := consumerfault.Kind.Of(o.Faults...)
		if err != nil {
			return nil, err
		}
		if o.Push, o.forget, closing, err = classworkOf(ctx, bent.Bend(consumerfault.Config{})); err != nil {
			return nil, err
		}
	}
	mirror, s, err := OpenConsumer(ctx, o)
	if err != nil {
		if closing != nil {
			err = errors.Join(err, closing())
		}
		return nil, err
	}
	c := &Consumer{Service: s, Mirror: mirror, given: o.Mirror != nil, closing: closing}
	c.server, err = bind(ctx, o.Listen, nil)
	if err == nil {
		c.Origin = c.server.Origin
		if o.AtOnce {
			s.Sync(ctx, sync.Auto) // what came of it is in the mirror's log, and is tried again by the schedule
		}
		err = s.Start()
	}
	if err != nil {
		return nil, errors.Join(err, c.Close())
	}
	handler := c.Handler()
	if o.Around != nil {
		handler = o.Around(handler)
	}
	c.server.Serve(ctx, handler)
	return c, nil
}

// Wait returns when the consumer has ended.
func (c *Consumer) Wait() error { return c.server.Wait() }

// Close ends the consumer and its mirror.
func (c *Consumer) Close() (err error) {
	if c.server != nil {
		err = c.server.Close()
	}
	err = errors.Join(err, c.Service.Close())
	if !c.given {
		err = errors.Join(err, c.Mirror.Close())
	}
	if c.closing != nil {
		err = errors.Join(err, c.closing())
	}
	return err
}
