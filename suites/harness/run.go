package harness

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rollcall-edu/rollcall/reports"
	"github.com/rollcall-edu/rollcall/suites/catalogue"
)

// Options are what a run may be told besides its target. The zero value runs
// everything, in child processes when the program can be one (see Child).
type Options struct {
	Focus    []string // check ids, requirement ids, prefixes ending in *, labels
	FailFast bool     // stop at the first broken MUST
	Shards   int      // child processes; 0: one a core, at most four, and fewer for a large target
	Seed     uint64   // 0: random, and named in the report
	// InProcess runs the checks in this process instead of children. A panic
	// outside a check's own goroutine then ends the program.
	InProcess bool
	// Executable is the program to run as a child; empty: this one.
	Executable string
	// Events is the file that gets one line a finished check, and from which
	// Resume goes on. Empty: none is kept.
	Events string
	Resume bool
	Judge  reports.Judge
	// Repeat words the command that repeats this run with a seed or, with a focus,
	// just that requirement. Nil: the report names none.
	Repeat  func(focus string, seed uint64) string
	Observe func(Progress)
	// Starter starts targets that come as containers; nil: none can be.
	Starter Starter
	// KeepPersonal leaves personal data in the evidence: for systems whose people
	// are made up.
	KeepPersonal bool
	// Breath is how long the target has before what got lost on its way is asked for once
	// more; 0: a quarter of a second. A target of the project's own tests needs less.
	Breath time.Duration
	// Interactive says that a person is there to be asked: what they are to do
	// comes to Observe.
	Interactive bool
	// Niceness is by how many steps the child processes give way to others of this machine,
	// as nice has it: for one of several runs side by side, of which another takes longer.
	Niceness int
	// Share is the part that this machine judges, of several; its report is merged with those
	// of the others by Merge.
	Share Share
	// Baseline is the report of an earlier run: what was broken or not tested then spares the
	// exit code. Nil: everything counts.
	Baseline *reports.Report
	// SkipDoctor begins at once; for the project's own tests.
	SkipDoctor bool
}

// Progress is what an onlooker is told while a run is under way.
type Progress struct {
	Phase     string // doctor, prepare, check
	Done      int
	Total     int
	Unit      string
	Check     *reports.CheckResult // set when a check has just ended
	Diagnosis *Diagnosis
	Ask       string // what a person is to do now
	Broken    int    // requirements that are failures already: broken MUSTs
}

// Run is one run against one target.
type Run struct {
	target *Target
	plan   *Plan
	o      Options
	cat    *catalogue.Catalogue

	mu        sync.Mutex
	checks    map[string]reports.CheckResult
	exchanges map[string]reports.Exchange
	facts     []reports.Fact
	failures  []string // why children failed
	observed  []reports.Observation
	broken    map[string]bool // requirements that are failures already
	absent    string          // which machines brought no report, in words
	identity  string          // of what is judged, as the journal has it
	held      int             // objects that were prepared for the checks
	gained    map[string]bool // requirements that the report holds for they block others
	redactor  *Redactor       // knows what all processes of the run hold
}

// New plans a run: it picks the suites that judge the target's profiles.
func New(target *Target, suites []Suite, o Options) (*Run, error) {
	c, err := catalogue.Load()
	if err != nil {
		return nil, err
	}
	chosen, err := judging(target, suites)
	if err != nil {
		return nil, err
	}
	for _, s := range chosen {
		if err := s.Validate(c); err != nil {
			return nil, err
		}
		if !target.knows(s) {
			return nil, fmt.Errorf("the target file was read without the section %s, which the suite %s stands on", s.Section().Key(), s.ID)
		}
	}
	plan, err := planFor(target, chosen, c, o.Focus)
	if err != nil {
		return nil, err
	}
	if err := o.Share.keep(plan); err != nil {
		return nil, err
	}
	redactor, err := redactorFor(target, nil, o.KeepPersonal)
	if err != nil {
		return nil, err
	}
	r := &Run{
		target:    target,
		plan:      plan,
		o:         o,
		cat:       c,
		redactor:  redactor,
		checks:    map[string]reports.CheckResult{},
		exchanges: map[string]reports.Exchange{},
		broken:    map[string]bool{},
		identity:  target.identity(),
	}
	if err := r.validBaseline(); err != nil {
		return nil, err
	}
	if o.Resume {
		if err := r.resume(); err != nil {
			return nil, err
		}
	}
	if r.o.Seed == 0 {
		r.o.Seed = rand.Uint64()>>12 | 1 // readable in JSON by every language
	}
	return r, nil
}

// Run judges the target. The report is there whenever the run began, also when
// ctx ended or a child died: what was not reached is unknown in it. An error is
// a *ConfigError where the set-up is at fault; where that keeps the run from beginning
// there is no report.
func (r *Run) Run(ctx context.Context) (*reports.Report, error) {
	report, err := r.run(ctx)
	return report, r.redactor.leavingError(err)
}

func (r *Run) run(ctx context.Context) (*reports.Report, error) {
	report := &reports.Report{Format: reports.FormatVersion, Judge: r.o.Judge, Run: reports.Run{
		ID: time.Now().UTC().Format("20060102T150405Z"), Started: time.Now().UTC(), Seed: r.o.Seed, Stance: string(r.target.Stance),
		StanceText: stanceText[r.target.Stance], Profiles: r.target.Profiles, Focus: r.o.Focus,
		Planned: len(r.plan.Checks), Resumed: r.o.Resume, PersonalKept: r.o.KeepPersonal,
	}}
	report.Run.Shard = r.o.Share.String()
	if len(r.o.Focus) > 0 || r.o.Share.Of > 1 {
		report.Run.Whole = len(r.plan.Asked)
	}
	report.Run.Repeat = r.repeatOf("")
	stop, err := r.target.start(ctx, r.o.Starter)
	if err != nil {
		return nil, err
	}
	defer stop()
	if err := r.describe(report); err != nil {
		return nil, err
	}
	if !r.o.SkipDoctor {
		diagnoses, err := r.Doctor(ctx, DoctorOptions{Interactive: r.o.Interactive, Redactor: r.redactor}, nil)
		if err != nil {
			return nil, err
		}
		for _, d := range diagnoses {
			report.Diagnoses = append(report.Diagnoses, d)
			if d.Fatal && !d.OK {
				// Nothing was judged: a report would only say so of every requirement.
				return nil, &ConfigError{File: r.target.path, Key: d.Name, Cause: d.Detail, Remedy: d.Remedy}
			}
		}
		// Only now: where the run can't begin, the reason is all that is to be said.
		for _, d := range diagnoses {
			r.observe(Progress{Phase: "doctor", Diagnosis: &d})
		}
	}
	err = r.work(ctx, report)
	if unclean := r.redactor.cleanJournal(r.o.Events); err == nil {
		err = unclean
	}
	report.Run.Finished = time.Now().UTC()
	report.Run.Interrupted = ctx.Err() != nil
	r.merge(report)
	return report, err
}

var stanceText = map[catalogue.Stance]string{
	catalogue.Certification: "Levels follow what is publicly known of the official certification suite, which is laxer than the standard in places.",
	catalogue.Strict:        "Levels follow the standard as written.",
}

func (r *Run) observe(p Progress) {
	if r.o.Observe != nil {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.o.Observe(p)
	}
}

// work prepares and runs the checks, and gathers their events.
func (r *Run) work(ctx context.Context, report *reports.Report) error {
	if !r.o.InProcess {
		debug.FreeOSMemory() // what the doctor read is the children's to use now
	}
	keep, err := r.events()
	if err != nil {
		return err
	}
	defer keep.close()
	var todo []Check
	for _, c := range r.plan.Checks {
		if _, done := r.checks[c.ID]; !done {
			todo = append(todo, c)
		}
	}
	if len(todo) == 0 {
		return nil
	}
	dir, release, err := scratch()
	if err != nil {
		return err
	}
	defer release() // it holds the target's data in clear
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	base := Work{Path: r.target.path, Source: r.target.source, Values: r.target.values(), Patch: r.target.patch(),
		Dir: dir, Seed: r.o.Seed, KeepPersonal: r.o.KeepPersonal, Interactive: r.o.Interactive, Breath: r.o.Breath, Salt: r.redactor.salt}
	for i, suite := range r.plan.Suites {
		mine := slices.DeleteFunc(slices.Clone(todo), func(c Check) bool { return !suite.has(c.ID) })
		if len(mine) == 0 {
			continue
		}
		p := part{suite: suite, todo: mine, base: base}
		p.base.Suite = suite.ID
		if i > 0 {
			p.mark = string(rune('a' + i))
		}
		if err := r.part(ctx, p, keep, cancel, report); err != nil {
			return err
		}
		if ctx.Err() != nil {
			break
		}
	}
	return keep.err
}

// part is what one suite has to do of a run. Suites come one after the other: what one has
// prepared another may read.
type part struct {
	suite Suite
	todo  []Check
	base  Work
	mark  string // begins the ids of exchanges; empty for the first
}

// part prepares and runs the checks of one suite.
func (r *Run) part(ctx context.Context, p part, keep *journal, cancel context.CancelFunc, report *reports.Report) error {
	r.held = 0
	if p.suite.Prepare != nil {
		w := p.base
		w.Prepare, w.Prefix, w.Memory = true, r.prefix("p"+p.mark), r.memory(1)
		for _, c := range p.todo {
			w.Checks = append(w.Checks, c.ID)
		}
		if err := r.child(ctx, w, func(e Event) error { return r.prepared(e, p.suite) }); err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return fmt.Errorf("preparing the run: %w", err)
		}
		if err := r.redactor.loadPeople(w.Dir); err != nil {
			return err
		}
	}
	p.base.Known = r.redactor.known()
	split := shards(p.todo, r.shards())
	report.Run.Shards = max(report.Run.Shards, len(split))
	var group sync.WaitGroup
	var failures = make([]error, len(split))
	for i, ids := range split {
		w := p.base
		w.Shards, w.Memory = len(split), r.memory(len(split))
		w.Checks, w.Prefix = ids, r.prefix(p.mark+string(rune('a'+i)))
		group.Go(func() {
			failures[i] = r.child(ctx, w, func(e Event) error { return r.checked(e, keep, cancel) })
		})
	}
	group.Wait()
	if err := errors.Join(failures...); err != nil && ctx.Err() == nil {
		var config *ConfigError
		if errors.As(err, &config) {
			return config // such as a disk that is full
		}
		r.failures = append(r.failures, err.Error())
	}
	return nil
}

// shards says how many child processes share the checks: one a core, and fewer where
// not all of them have the memory to hold what was prepared.
func (r *Run) shards() int {
	if r.o.Shards > 0 {
		return r.o.Shards
	}
	return r.target.fit(min(runtime.NumCPU(), 4), r.held)
}

// memory gives what each of n children may take; one that is no process of its own
// takes what it likes.
func (r *Run) memory(n int) int64 {
	if r.o.InProcess {
		return 0
	}
	return r.target.memory(n)
}

// prefix makes exchange ids unique even over a resumed run, and over several machines.
func (r *Run) prefix(letter string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.o.Share.Of > 1 {
		letter = fmt.Sprintf("m%d%s", r.o.Share.Number, letter)
	}
	if n := len(r.checks); n > 0 {
		return fmt.Sprintf("%s%d-", letter, n)
	}
	return letter
}

func (r *Run) prepared(e Event, suite Suite) error {
	switch e.Kind {
	case EventProgress:
		r.observe(Progress{Phase: "prepare", Done: e.Done, Total: e.Total, Unit: e.Unit})
	case EventAsk:
		r.observe(Progress{Phase: "prepare", Ask: e.Message})
	case EventPrepared:
		r.held = e.Done
		r.observed = addObservations(r.observed, e.Observations...)
		name := "requests of the crawl"
		if len(r.plan.Suites) > 1 {
			name += " (" + suite.ID + ")"
		}
		r.facts = append(r.facts, reports.Fact{Name: name, Value: e.Message})
	}
	r.facts = append(r.facts, e.Facts...)
	return nil
}

// checked takes in one finished check.
func (r *Run) checked(e Event, keep *journal, stop context.CancelFunc) error {
	if e.Kind == EventAsk {
		r.observe(Progress{Phase: "check", Ask: e.Message})
		return nil
	}
	if e.Kind != EventCheck || e.Check == nil {
		return nil
	}
	r.mu.Lock()
	_, twice := r.checks[e.Check.ID]
	if !twice {
		r.take(e)
		keep.write(e)
	}
	done, broken := len(r.checks), len(r.broken)
	r.mu.Unlock()
	if twice {
		return fmt.Errorf("check %s came back twice", e.Check.ID)
	}
	r.observe(Progress{Phase: "check", Done: done, Total: len(r.plan.Checks), Unit: "checks", Check: e.Check, Broken: broken})
	if r.o.FailFast && slices.ContainsFunc(e.Check.Results, r.breaks) {
		stop()
	}
	return nil
}

// breaks tells whether what a check says will be a failure in the report: a MUST of
// the run, and of no feature that the target disclaims.
func (r *Run) breaks(c reports.CheckRequirement) bool {
	q, _ := r.cat.Requirement(c.Requirement)
	return c.Verdict == reports.Fail && r.plan.Levels[c.Requirement] == catalogue.Must && !r.target.Disclaimed(q.Feature)
}

// take must be called with the lock held.
func (r *Run) take(e Event) {
	r.checks[e.Check.ID] = *e.Check
	r.observed = addObservations(r.observed, e.Observations...)
	for _, c := range e.Check.Results {
		if r.breaks(c) {
			r.broken[c.Requirement] = true
		}
	}
	for _, x := range e.Exchanges {
		r.exchanges[x.ID] = x
	}
}

// describe fills in who is judged.
func (r *Run) describe(report *reports.Report) error {
	urls := map[string]string{}
	var roles []string
	for _, suite := range r.plan.Suites {
		s, err := NewSession(r.target, suite, SessionOptions{Redactor: r.redactor})
		if err != nil {
			return err
		}
		name := "service"
		if len(r.plan.Suites) > 1 {
			name = suite.ID
		}
		urls[name] = r.redactor.secretText(s.Base)
		urls["token"] = cmp.Or(urls["token"], r.redactor.secretText(s.credentials().TokenURL))
		if !slices.Contains(roles, suite.Role) {
			roles = append(roles, suite.Role)
		}
	}
	report.Target = reports.Target{Name: r.target.Name, Vendor: r.target.Vendor, Product: r.target.Product, Version: r.target.Version,
		Role: strings.Join(roles, ", "), Config: r.redactor.secretText(r.target.source), Disclaims: r.target.Disclaims,
		URLs: urls}
	maps.DeleteFunc(report.Target.URLs, func(_, v string) bool { return v == "" })
	return nil
}

// EventsFile is the usual name of Options.Events beside a report.
func EventsFile(reportDir string) string { return filepath.Join(reportDir, "events.jsonl") }
