package service

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	gosync "sync"
	"time"

	"github.com/go-co-op/gocron/v2"

	"github.com/rollcall-edu/rollcall/fixtures"
	"github.com/rollcall-edu/rollcall/reference/sis"
	"github.com/rollcall-edu/rollcall/reference/sync"
)

// Config is what a service is made of.
type Config struct {
	Mirror *sync.Mirror // the service does not close it
	// Options are those of every sync, but for its mode.
	Options sync.Options
	// Full and Delta are how often it syncs by itself in these modes; 0: never.
	Full, Delta time.Duration
	// Hooks change what it does, from outside.
	Hooks Hooks
	// Feeds are given the roster after each sync, in this order.
	Feeds []Feed
	// Told is called with what came of each sync; nil: nobody is told.
	Told func(Outcome)
	// Push is what POST /push does; nil: there is none.
	Push Pushing
	// Reset has it take POST /reset, which makes it as it was before its first sync, but for where it reads from. It is
	// for those who put it to the test.
	Reset bool
	// Forget is what else a reset does, such as to what Push remembers; nil: nothing.
	Forget func(context.Context) error
	Now    func() time.Time // nil: time.Now
}

// Feed is something that goes by the mirror's roster.
type Feed struct {
	Name string // for people, such as "the platform"
	// Always has it run after syncs too that changed nothing.
	Always bool
	// Do takes the roster, and says in a few words what came of it.
	Do func(ctx context.Context, roster fixtures.District) (says string, err error)
}

// Service keeps one mirror in step. It is safe for concurrent use.
type Service struct {
	c         Config
	metrics   *metrics
	scheduler gocron.Scheduler
	turn      chan struct{} // holds a value while nobody syncs

	life       context.Context // of what runs by itself
	end        context.CancelFunc
	background gosync.WaitGroup

	mu      gosync.Mutex
	from    *dialled      // nil: nowhere yet
	at      Connection    // what from was made of
	running sync.Progress // of the sync under way
	busy    bool
	fed     []Fed
	sated   bool // all feeds have the roster as it is
	jobs    []job
}

type job struct {
	mode sync.Mode
	gocron.Job
}

// errNowhere says that it isn't known yet where to read from.
var errNowhere = errors.New("it isn't known yet where to read from")

// New makes a service. Nothing runs by itself before Start.
func New(c Config) (*Service, error) {
	if c.Now == nil {
		c.Now = time.Now
	}
	s := &Service{c: c, metrics: newMetrics(), turn: make(chan struct{}, 1)}
	s.turn <- struct{}{}
	s.life, s.end = context.WithCancel(context.Background())
	var err error
	if s.scheduler, err = gocron.NewScheduler(gocron.WithStopTimeout(endsWithin)); err != nil {
		return nil, fmt.Errorf("making the schedule: %w", err)
	}
	return s, nil
}

// endsWithin is how long a sync may take to end once it is broken off: it ends between two
// pages, or when a commit is over.
const endsWithin = time.Minute

// Start has it sync by its schedule, for the first time at once, until Close.
func (s *Service) Start() error {
	for _, x := range []struct {
		mode  sync.Mode
		every time.Duration
	}{{sync.Full, s.c.Full}, {sync.Delta, s.c.Delta}} {
		if x.every <= 0 {
			continue
		}
		mode := x.mode
		options := []gocron.JobOption{gocron.WithName(string(mode)), gocron.WithContext(s.life),
			gocron.WithSingletonMode(gocron.LimitModeReschedule)}
		if mode == sync.Delta || s.c.Delta <= 0 {
			options = append(options, gocron.WithStartAt(gocron.WithStartImmediately()))
		}
		if mode == sync.Delta {
			mode = sync.Auto // the first one is full, and one now and then
		}
		made, err := s.scheduler.NewJob(gocron.DurationJob(x.every), gocron.NewTask(func(ctx context.Context) {
			s.Sync(ctx, mode) // what comes of it is in the mirror's log
		}), options...)
		if err != nil {
			return fmt.Errorf("scheduling a %s sync every %s: %w", x.mode, x.every, err)
		}
		s.jobs = append(s.jobs, job{x.mode, made})
	}
	s.scheduler.Start()
	return nil
}

// Close ends the schedule. A sync under way is broken off, and goes on the next time.
func (s *Service) Close() error {
	s.end()
	err := s.scheduler.Shutdown()
	s.background.Wait()
	<-s.turn // and nobody begins another one
	return err
}

// Connect has it read from another SIS from now on. What the mirror holds stays until the next
// sync.
func (s *Service) Connect(c Connection) error {
	if err := c.Check(); err != nil {
		return fmt.Errorf("that is no connection: %w", err)
	}
	from, err := dial(c, s.hooks())
	if err != nil {
		return fmt.Errorf("that connection can't be used: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.from, s.at = from, c
	return nil
}

// hooks are those of the configuration, and the counting of requests.
func (s *Service) hooks() Hooks {
	h := s.c.Hooks
	around := h.Transport
	h.Transport = func(next http.RoundTripper) http.RoundTripper {
		next = counter{next, s.metrics.requests}
		if around != nil {
			next = around(next)
		}
		return next
	}
	return h
}

// Sync runs one sync, once the one before has ended, and gives the roster on.
func (s *Service) Sync(ctx context.Context, mode sync.Mode) Outcome {
	return s.once(ctx, mode, func(ctx context.Context, from *dialled, o sync.Options) (r *sync.Report, err error) {
		if from == nil {
			return nil, errNowhere
		}
		source, done, err := from.open(s.c.Now())
		if err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, done()) }()
		if l, is := source.(sync.Limited); is && l.Only() == sync.Delta {
			if state, err := s.c.Mirror.State(ctx); err != nil || state.LastSync.IsZero() {
				return nil, cmp.Or(err, errNotFirst)
			}
		}
		return sync.Run(ctx, s.c.Mirror, source, o)
	})
}

// Confirm takes the roster in that waits under an id.
func (s *Service) Confirm(ctx context.Context, id string) Outcome {
	return s.once(ctx, s.c.Options.Mode, func(ctx context.Context, _ *dialled, o sync.Options) (*sync.Report, error) {
		return s.c.Mirror.Confirm(ctx, id, o)
	})
}

// forget makes everything empty, once no sync is under way.
func (s *Service) forget(ctx context.Context) error {
	if err := s.begin(ctx); err != nil {
		return err
	}
	defer s.over()
	err := s.c.Mirror.Reset(ctx)
	if err == nil && s.c.Forget != nil {
		err = s.c.Forget(ctx)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fed, s.sated = nil, false
	return err
}

// begin waits until nobody syncs; over has the next one begin.
func (s *Service) begin(ctx context.Context) error {
	select {
	case <-s.turn:
		return nil
	case <-ctx.Done():
		return errors.New("another sync runs, and did not end in time")
	case <-s.life.Done():
		return errors.New("the service has ended")
	}
}

func (s *Service) over() { s.turn <- struct{}{} }

func (s *Service) once(ctx context.Context, mode sync.Mode,
	run func(context.Context, *dialled, sync.Options) (*sync.Report, error)) Outcome {
	if err := s.begin(ctx); err != nil {
		return Outcome{err: err, status: http.StatusServiceUnavailable}
	}
	defer s.over()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(s.life, cancel)()
	s.mu.Lock()
	from := s.from
	s.busy, s.running = true, sync.Progress{Total: -1}
	s.mu.Unlock()
	s.metrics.busy.Set(1)
	o := s.c.Options
	o.Mode = mode
	if s.c.Hooks.Options != nil {
		s.c.Hooks.Options(&o)
	}
	told := o.Progress
	o.Progress = func(p sync.Progress) {
		s.mu.Lock()
		s.running = p
		s.mu.Unlock()
		if told != nil {
			told(p)
		}
	}
	began := s.c.Now()
	report, err := run(ctx, from, o)
	out := Outcome{Report: report, err: err, status: statusOf(err)}
	s.metrics.ran(report, err, s.c.Now().Sub(began), s.c.Now())
	if err == nil {
		out.Fed = s.feed(ctx, report.Changed() > 0)
	}
	s.metrics.busy.Set(0)
	s.mu.Lock()
	s.busy = false
	s.mu.Unlock()
	if s.c.Told != nil {
		s.c.Told(out)
	}
	return out
}

// feed gives the roster on.
func (s *Service) feed(ctx context.Context, changed bool) []Fed {
	s.mu.Lock()
	hungry := changed || !s.sated
	s.mu.Unlock()
	var out []Fed
	sated := true
	for _, f := range s.c.Feeds {
		if !hungry && !f.Always {
			continue
		}
		fed := Fed{Name: f.Name, At: s.c.Now()}
		roster, err := sis.Unload(ctx, s.c.Mirror.Store())
		if err == nil {
			fed.Says, err = f.Do(ctx, roster)
		}
		if err == nil {
			err = roster.Err()
		}
		end := "ok"
		if err != nil {
			fed.Error, sated, end = err.Error(), false, "failed"
		}
		s.metrics.feeds.WithLabelValues(f.Name, end).Inc()
		out = append(out, fed)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sated = sated; len(out) > 0 {
		s.fed = out
	}
	return out
}
