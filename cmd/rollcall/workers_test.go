package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/rollcall-edu/rollcall/reference/district"
	"github.com/rollcall-edu/rollcall/reference/fault/casefault"
	"github.com/rollcall-edu/rollcall/reference/fault/onerosterfault"
	"github.com/rollcall-edu/rollcall/reports"
	"github.com/rollcall-edu/rollcall/suites/catalogue"
	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/resourcesearch"
)

// cell is one run of the suites against a reference that something was done to.
type cell struct {
	Faults   []string
	Stance   catalogue.Stance
	Profiles []string // none: those of all services, in one run
	Focus    []string // none: everything
	Consumer string   // what is done to a consumer, where one is judged
}

// asWorker is set in the environment of a test binary that judges cells. The matrix
// has hundreds, and starting two children for each costs as much as judging it;
// Ginkgo can't run two suites side by side in one process.
const asWorker = "ROLLCALL_TEST_AS_WORKER"

// worker reads cells and writes reports, until its input ends.
func worker(in io.Reader, out io.Writer) int {
	cells, reported := json.NewDecoder(in), json.NewEncoder(out)
	for {
		var c cell
		if err := cells.Decode(&c); err != nil {
			return 0
		}
		var answer struct {
			Report *reports.Report
			Error  string
		}
		var err error
		if answer.Report, err = c.judge(); err != nil {
			answer.Error = err.Error()
		}
		if reported.Encode(answer) != nil {
			return 1
		}
	}
}

func (c cell) judge() (*reports.Report, error) {
	dir, err := os.MkdirTemp("", "rollcall-cell")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	switch {
	case c.Consumer != "":
		return c.life(dir)
	case slices.Equal(c.Profiles, resourcesearch.Suite().Profiles):
		return judgedCatalog(c)
	}
	return judgedIn(dir, district.Options{Faults: c.Faults}, c.Stance, harness.Options{Shards: 1, InProcess: true, Focus: c.Focus}, c.Profiles...)
}

// judgedIn runs the suites of some profiles, of all services where none are named, against a
// reference over real sockets.
func judgedIn(dir string, o district.Options, stance catalogue.Stance, how harness.Options, profiles ...string) (*reports.Report, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Minute)
	defer cancel()
	for _, id := range o.Faults {
		if setup, err := onerosterfault.Lookup(id); err == nil && setup.TLS {
			o.TLS = true
		}
	}
	if o.TLS {
		o.CAFile = filepath.Join(dir, "ca.pem")
	}
	waits := patienceWith(o.Faults)
	o.Case = &district.CaseOptions{}
	o.Faults = slices.DeleteFunc(slices.Clone(o.Faults), func(id string) bool {
		_, known, _ := casefault.Kind.Setup(id)
		if known {
			o.Case.Faults = append(o.Case.Faults, id)
		}
		return known
	})
	s, err := district.StartSIS(ctx, o)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	if len(profiles) == 0 {
		profiles = allProfiles()
	}
	text, err := targetFor(s, o.CAFile, profiles)
	if err != nil {
		return nil, err
	}
	return judgedFor(ctx, string(text)+fmt.Sprintf("stance: %s\nlimits: {request_timeout: %s, max_body_mib: 8}\n", stance, waits), how)
}

// judgedFor runs the suites against the target that a target file names.
func judgedFor(ctx context.Context, text string, how harness.Options) (*reports.Report, error) {
	target, err := harness.ParseTarget("target.yaml", []byte(text), os.LookupEnv, sections()...)
	if err != nil {
		return nil, err
	}
	how.Seed, how.Judge, how.SkipDoctor, how.Shards = 1, judge(), true, max(how.Shards, 1)
	run, err := harness.New(target, suites(), how)
	if err != nil {
		return nil, err
	}
	return run.Run(ctx)
}

// workers hands cells to processes that stay for the next.
var workers struct {
	mu   sync.Mutex
	idle []*workerProcess
}

type workerProcess struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *json.Decoder
}

func hire() (*workerProcess, error) {
	workers.mu.Lock()
	defer workers.mu.Unlock()
	if n := len(workers.idle); n > 0 {
		w := workers.idle[n-1]
		workers.idle = workers.idle[:n-1]
		return w, nil
	}
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(program)
	cmd.Env = append(os.Environ(), asWorker+"=1")
	cmd.Stderr = os.Stderr
	w := &workerProcess{cmd: cmd}
	if w.in, err = cmd.StdinPipe(); err != nil {
		return nil, err
	}
	from, to, err := os.Pipe() // standard output is for whatever else is said
	if err != nil {
		return nil, err
	}
	defer to.Close()
	cmd.ExtraFiles = []*os.File{to}
	w.out = json.NewDecoder(bufio.NewReader(from))
	return w, cmd.Start()
}

// judgedCell runs every suite against a reference over real sockets, in a process of
// the pool.
func judgedCell(t *testing.T, c cell) *reports.Report {
	t.Helper()
	w, err := hire()
	if err != nil {
		t.Fatal(err)
	}
	var answer struct {
		Report *reports.Report
		Error  string
	}
	if err := errors.Join(json.NewEncoder(w.in).Encode(c), w.out.Decode(&answer)); err != nil {
		w.in.Close()
		t.Fatalf("the process that judged ended: %v, %v", err, w.cmd.Wait())
	}
	workers.mu.Lock()
	workers.idle = append(workers.idle, w)
	workers.mu.Unlock()
	if answer.Error != "" {
		t.Fatal(answer.Error)
	}
	return answer.Report
}
