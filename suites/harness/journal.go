package harness

import (
	"fmt"
	"os"
	"slices"
)

// journal keeps the events of a run in a file, so that one that broke off can
// go on. A journal without a file keeps nothing.
type journal struct {
	file *os.File
	out  *emitter
	err  error
}

// events opens the journal; a resumed run adds to what it holds.
func (r *Run) events() (*journal, error) {
	if r.o.Events == "" {
		return &journal{}, nil
	}
	flags := os.O_CREATE | os.O_WRONLY | os.O_APPEND
	if !r.o.Resume {
		flags |= os.O_TRUNC
	}
	f, err := os.OpenFile(r.o.Events, flags, 0o600)
	if err != nil {
		return nil, &ConfigError{Key: "--out", Cause: "the output folder can't be written: " + err.Error(), Remedy: "name another with --out, or free some disk space"}
	}
	return &journal{file: f, out: &emitter{w: f, redactor: r.redactor}}, nil
}

// resume takes in the checks that an earlier run finished. Those that ended
// early, and those whose requirements were left unknown, are run again.
func (r *Run) resume() error {
	f, err := os.Open(r.o.Events)
	if err != nil {
		return &ConfigError{Key: "--resume", Cause: "there is nothing to resume: " + err.Error(), Remedy: "give the --out folder of the run that broke off"}
	}
	defer f.Close()
	return readEvents(f, func(e Event) error {
		if e.Kind != EventCheck || e.Check == nil || e.Check.State != "done" ||
			!slices.ContainsFunc(r.plan.Checks, func(c Check) bool { return c.ID == e.Check.ID }) {
			return nil
		}
		for _, c := range e.Check.Results {
			if c.Verdict == "unknown" || c.Verdict == "error" {
				return nil
			}
		}
		r.take(e)
		return nil
	})
}

func (j *journal) write(e Event) {
	if j.out == nil || j.err != nil {
		return
	}
	if err := j.out.emit(e); err != nil {
		// The run goes on in memory: evidence gathered so far is worth more
		// than the journal. The caller learns of it at the end.
		j.err = &ConfigError{Key: "--out", Cause: fmt.Sprintf("the journal can't be written: %v", err), Remedy: "free some disk space and run again with --resume"}
	}
}

func (j *journal) close() {
	if j.file != nil {
		_ = j.file.Close()
	}
}
