package executor

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/extensions/globals"
	"github.com/onsi/ginkgo/v2/formatter"
	"github.com/onsi/ginkgo/v2/types"
)

// State says how a spec ended.
type State string

// How a spec may end.
const (
	Done        State = "done"
	TimedOut    State = "timed-out"
	Panicked    State = "panicked"
	Interrupted State = "interrupted"
	NotRun      State = "not-run"
)

// Spec is one thing to run.
type Spec struct {
	ID      string
	Group   string // specs of one group run in order, in one container
	Timeout time.Duration
	// Patience is how long the body may wait in all without that counting against
	// Timeout: see Pause.
	Patience time.Duration
	Body     func(ctx context.Context)
}

// Result is what became of a spec.
type Result struct {
	ID       string
	State    State
	Message  string
	Started  time.Time
	Duration time.Duration
}

const (
	// grace is how long a spec may go on after its context ended before it is
	// left behind. Ginkgo's default of 30 s would dominate a run against a
	// target that hangs; bodies end within one request of their context.
	grace = 3 * time.Second
	// perContainer keeps Ginkgo's tree quick: its cost grows with the square of
	// the siblings in one container.
	perContainer = 100
)

var running sync.Mutex

type verdict struct{ failed bool }

// Fail satisfies Ginkgo's idea of a testing.T.
func (v *verdict) Fail() { v.failed = true }

// Run runs the specs one after another and calls report as each ends. Ginkgo's
// state is global, so only one Run is under way in a process at a time; others
// wait. Specs not reached because ctx ended are reported as NotRun.
func Run(ctx context.Context, specs []Spec, seed int64, report func(Result)) error {
	if len(specs) == 0 {
		return nil
	}
	running.Lock()
	defer running.Unlock()
	// Ginkgo refuses a second run in one process unless told otherwise; a
	// library user may judge several targets, and our own tests do.
	globals.Reset()
	formatter.ColorableStdOut, formatter.ColorableStdErr = io.Discard, io.Discard
	ginkgo.GinkgoWriter.ClearTeeWriters()

	reported, late := map[string]bool{}, map[string]bool{}
	var mu sync.Mutex
	tell := func(r Result) {
		mu.Lock()
		defer mu.Unlock()
		if !reported[r.ID] {
			reported[r.ID] = true
			report(r)
		}
	}
	for _, container := range grow(specs) {
		ginkgo.Describe(container.name, container.decoration, func() {
			for _, spec := range container.specs {
				ginkgo.It(spec.ID, func(sc ginkgo.SpecContext) {
					if ctx.Err() != nil {
						ginkgo.Skip(string(NotRun))
					}
					body, cancel := context.WithCancel(sc)
					defer cancel()
					stop := context.AfterFunc(ctx, cancel)
					defer stop()
					late[spec.ID] = bounded(body, spec)
				})
			}
		})
	}
	ginkgo.ReportAfterEach(func(r types.SpecReport) {
		state := state(ctx, r)
		if late[r.LeafNodeText] && state == Done {
			state = TimedOut
		}
		tell(Result{ID: r.LeafNodeText, State: state, Message: message(r), Started: r.StartTime, Duration: r.RunTime})
	})
	suite, reporter := ginkgo.GinkgoConfiguration()
	suite.RandomSeed = seed
	suite.GracePeriod = grace
	suite.Timeout = 365 * 24 * time.Hour // each spec has its own limit
	reporter.Succinct, reporter.NoColor = true, true
	ginkgo.RunSpecs(&verdict{}, "Rollcall", suite, reporter)
	for _, s := range specs {
		tell(Result{ID: s.ID, State: NotRun, Message: "the run ended before this check began"})
	}
	return nil
}

type container struct {
	name       string
	decoration any
	specs      []Spec
}

// grow splits the specs into containers: one a group, the rest by the hundred.
func grow(specs []Spec) []container {
	var out []container
	byGroup := map[string]int{}
	loose := -1
	for _, s := range specs {
		if s.Group != "" {
			i, known := byGroup[s.Group]
			if !known {
				i = len(out)
				byGroup[s.Group] = i
				out = append(out, container{s.Group, []any{ginkgo.Ordered, ginkgo.ContinueOnFailure}, nil})
			}
			out[i].specs = append(out[i].specs, s)
			continue
		}
		if loose < 0 || len(out[loose].specs) >= perContainer {
			loose = len(out)
			out = append(out, container{fmt.Sprintf("checks %d", loose), []any{}, nil})
		}
		out[loose].specs = append(out[loose].specs, s)
	}
	return out
}

// state maps Ginkgo's states to ours; the only place that knows them.
func state(ctx context.Context, r types.SpecReport) State {
	switch r.State {
	case types.SpecStatePassed:
		if ctx.Err() != nil {
			return Interrupted // its requests were cut off: what it says is worth nothing
		}
		return Done
	case types.SpecStateTimedout:
		return TimedOut
	case types.SpecStatePanicked, types.SpecStateFailed:
		return Panicked
	case types.SpecStateInterrupted, types.SpecStateAborted:
		return Interrupted
	default:
		return NotRun
	}
}

func message(r types.SpecReport) string {
	if r.Failure.ForwardedPanic != "" {
		return r.Failure.ForwardedPanic
	}
	return r.Failure.Message
}
