package harness

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/rollcall-edu/rollcall/reports"
	"github.com/rollcall-edu/rollcall/suites/harness/executor"
)

// Work is what a child process is told on its standard input. It holds the
// target with its secrets filled in: it travels through a pipe only.
type Work struct {
	Suite   string   `json:"suite"`
	Path    string   `json:"path"`   // of the target file, for errors
	Source  string   `json:"source"` // its text
	Values  []string `json:"values"` // NAME=value pairs its ${NAME} stand for
	Patch   Patch    `json:"patch"`
	Dir     string   `json:"dir"`
	Seed    uint64   `json:"seed"`
	Salt    []byte   `json:"salt"`
	Known   []string `json:"known,omitempty"` // secrets that the run came to hold
	Prefix  string   `json:"prefix"`
	Shards  int      `json:"shards"`  // children that run side by side
	Memory  int64    `json:"memory"`  // that the child may take
	Prepare bool     `json:"prepare"` // prepare for the checks instead of running them
	Checks  []string `json:"checks"`
	// KeepPersonal leaves personal data in the evidence.
	KeepPersonal bool `json:"keepPersonal,omitempty"`
	// Interactive says that a person is there to be asked.
	Interactive bool `json:"interactive,omitempty"`
	// Breath is how long the target has before a request is asked once more.
	Breath time.Duration `json:"breath,omitempty"`
}

// mostWaiting is how many times the patience for one request a check may wait in
// all, over and above its own time: a target that counts requests stretches a run,
// and may not stop it.
const mostWaiting = 6

// personTimeout bounds a check in which a person takes the steps.
const personTimeout = 4 * time.Hour

// Patch is what the command line, a started container and the doctor change in a target.
type Patch struct {
	Addresses []string `json:"addresses,omitempty"` // in the order of Target.addresses
	Stance    string   `json:"stance,omitempty"`
	Profiles  []string `json:"profiles,omitempty"`
	// TokenWays are Target.ways: what the doctor found once the children needn't find again.
	TokenWays map[string]string `json:"token_ways,omitempty"`
}

// ShardArgument is the hidden argument that makes a program which imports the
// harness act as a child process; see Child.
const ShardArgument = "__rollcall-shard"

// Child runs one shard: it reads Work from in and writes events to out. A
// program that runs the harness calls it first thing when its first argument is
// ShardArgument, and exits with what it returns. When in ends before the work is
// done the parent is gone: the work is broken off, and the process ends.
func Child(ctx context.Context, suites []Suite, in io.Reader, out io.Writer) int {
	events := &emitter{w: out}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	work := json.NewDecoder(in)
	if err := child(ctx, suites, work, events, func() { orphaned(in, cancel) }); err != nil {
		var config *ConfigError
		if !errors.As(err, &config) && errors.Is(err, syscall.ENOSPC) {
			first, _, _ := strings.Cut(err.Error(), "\n")
			config = &ConfigError{
				Key:    "scratch folder",
				Cause:  first,
				Remedy: "free some disk space, or point TMPDIR to a folder that has some; it takes about as much as the target's data as JSON",
			}
		}
		_ = events.emit(Event{Kind: EventFailed, Message: err.Error(), Config: config})
		return reports.ExitJudge
	}
	return 0
}

// orphaned waits until the parent is gone, which closes the pipe through which the
// work came, and ends the work: nobody would read what comes of it. A check that
// heeds nothing is given as long as any.
func orphaned(in io.Reader, cancel context.CancelFunc) {
	_, _ = io.Copy(io.Discard, in)
	cancel()
	time.Sleep(childGrace)
	os.Exit(reports.ExitJudge)
}

func child(ctx context.Context, suites []Suite, in *json.Decoder, events *emitter, watch func()) error {
	var w Work
	if err := in.Decode(&w); err != nil {
		return fmt.Errorf("reading the work of a child process: %w", err)
	}
	go watch()
	i := slices.IndexFunc(suites, func(s Suite) bool { return s.ID == w.Suite })
	if i < 0 {
		return fmt.Errorf("this program has no suite %s", w.Suite)
	}
	target, err := w.target(Sections(suites...))
	if err != nil {
		return err
	}
	limitMemory(w.Memory)
	return w.run(ctx, suites[i], target, events)
}

func (w Work) target(sections []func() Section) (*Target, error) {
	values := map[string]string{}
	for i := 0; i+1 < len(w.Values); i += 2 {
		values[w.Values[i]] = w.Values[i+1]
	}
	target, err := ParseTarget(w.Path, []byte(w.Source), func(name string) (string, bool) { v, ok := values[name]; return v, ok }, sections...)
	if err != nil {
		return nil, err
	}
	target.apply(w.Patch)
	return target, nil
}

// run does the work in this process.
func (w Work) run(ctx context.Context, suite Suite, target *Target, events *emitter) error {
	s, err := NewSession(target, suite, SessionOptions{
		Prefix:       w.Prefix,
		Shards:       w.Shards,
		Memory:       w.Memory,
		Dir:          filepath.Join(w.Dir, suite.ID),
		Seed:         w.Seed,
		Salt:         w.Salt,
		KeepPersonal: w.KeepPersonal,
		Breath:       w.Breath,
		Interactive:  w.Interactive,
	})
	if err != nil {
		return err
	}
	defer s.Close()
	s.redactor.Secret(w.Known...)
	s.redactor.tell(events)
	if err := s.redactor.loadPeople(w.Dir); err != nil {
		return err
	}
	s.ask = func(text string) { _ = events.emit(Event{Kind: EventAsk, Message: text}) } // the parent is gone, then
	s.Checks = w.Checks
	if w.Prepare {
		held := 0
		s.progress = func(done, total int, unit string) { // one call at a time
			held = max(held, done)
			_ = events.emit(Event{Kind: EventProgress, Done: done, Total: total, Unit: unit})
		}
		if suite.Prepare != nil {
			if err := suite.Prepare(ctx, s); err != nil {
				return fmt.Errorf("preparing %s: %w", suite.ID, err)
			}
		}
		if err := s.redactor.savePeople(w.Dir); err != nil {
			return err
		}
		return events.emit(Event{
			Kind:         EventPrepared,
			Message:      fmt.Sprint(s.client.sent.Load()),
			Done:         held,
			Observations: s.client.observed.take(),
		})
	}
	if suite.Open != nil {
		if s.Shared, err = suite.Open(ctx, s); err != nil {
			return fmt.Errorf("opening what was prepared for %s: %w", suite.ID, err)
		}
	}
	return w.checks(ctx, suite, s, events)
}

func (w Work) checks(ctx context.Context, suite Suite, s *Session, events *emitter) error {
	handles := map[string]*T{}
	var specs []executor.Spec
	for _, id := range w.Checks {
		i := slices.IndexFunc(suite.Checks, func(c Check) bool { return c.ID == id })
		if i < 0 {
			return fmt.Errorf("suite %s has no check %s", suite.ID, id)
		}
		check := suite.Checks[i]
		t := NewT(s, check)
		handles[id] = t
		timeout := check.Timeout
		if timeout == 0 {
			timeout = DefaultCheckTimeout
		}
		if w.Interactive {
			timeout = max(timeout, personTimeout) // people are slow
		}
		specs = append(specs, executor.Spec{ID: id, Group: check.Group, Timeout: timeout, Patience: mostWaiting * s.Budgets().Patience,
			Body: t.perform})
	}
	var failure error
	err := executor.Run(ctx, specs, int64(w.Seed>>1), func(r executor.Result) {
		if r.State == executor.NotRun {
			return // the parent finds it missing and calls it unknown
		}
		if err := events.emit(handles[r.ID].event(r)); err != nil && failure == nil {
			failure = err
		}
	})
	return errors.Join(err, failure)
}

// event words what became of a check.
func (t *T) event(r executor.Result) Event {
	results, findings := t.result()
	c := &reports.CheckResult{ID: r.ID, Title: t.check.Title, Labels: t.check.Labels, Requirements: t.check.Requirements,
		State: string(r.State), Message: t.session.redactor.Text(r.Message), Started: r.Started.UTC(), Milliseconds: r.Duration.Milliseconds(),
		Results: results, Findings: findings}
	needed := map[string]bool{}
	for _, f := range findings {
		for _, id := range f.Exchanges {
			needed[id] = true
		}
	}
	observed := t.session.client.observed.take()
	for _, o := range observed {
		for _, id := range o.Exchanges {
			needed[id] = true
		}
	}
	exchanges, _ := t.kept.exchanges(needed)
	for _, e := range exchanges {
		c.Exchanges = append(c.Exchanges, e.ID)
	}
	if r.State != executor.Done {
		spoil(c.Results, r.State, c.Message)
	}
	t.mu.Lock()
	c.Attachments = t.attached
	t.mu.Unlock()
	boundCheck(c, exchanges)
	return Event{Kind: EventCheck, Check: c, Exchanges: exchanges, Observations: observed}
}
