package harness

import (
	"crypto/sha256"
	"fmt"
	"os"
	"slices"
	"strings"
)

// journal keeps the events of a run in a file, so that one that broke off can
// go on. A journal without a file keeps nothing.
type journal struct {
	file *os.File
	out  *emitter
	err  error
}

// journalHead says what run a journal is of, so that it is resumed as it began.
type journalHead struct {
	Target   string `json:"target"`   // its name
	Identity string `json:"identity"` // see Target.identity
	Seed     uint64 `json:"seed"`
}

// identity tells one target from another, by its name and by where it lies, as a hash:
// an address may hold a secret. Waivers, limits and the like may change between a run
// and its resumption.
func (t *Target) identity() string {
	where := []string{t.Name}
	for _, section := range t.sections {
		where = append(where, section.Key())
		where = append(where, section.Identity()...)
	}
	return fmt.Sprintf("%x", sha256.Sum256([]byte(strings.Join(where, "\n"))))
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
		return nil, &ConfigError{
			Key:    "--out",
			Cause:  "the output folder can't be written: " + err.Error(),
			Remedy: "name another with --out, or free some disk space",
		}
	}
	j := &journal{file: f, out: &emitter{w: f, redactor: r.redactor}}
	if !r.o.Resume {
		j.write(Event{Kind: EventRun, Run: &journalHead{Target: r.target.Name, Identity: r.identity, Seed: r.o.Seed}})
	}
	return j, nil
}

// resume takes in the checks that an earlier run finished, and its seed. Checks that
// ended early, and those whose requirements were left unknown, are run again.
func (r *Run) resume() error {
	f, err := os.Open(r.o.Events)
	if err != nil {
		return &ConfigError{
			Key:    "--resume",
			Cause:  "there is nothing to resume: " + err.Error(),
			Remedy: "give the --out folder of the run that broke off, and its --focus if it had one",
		}
	}
	defer f.Close()
	return readEvents(f, func(e Event) error {
		if e.Kind == EventRun && e.Run != nil {
			return r.takeHead(*e.Run)
		}
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

// takeHead holds a run to the one that it resumes.
func (r *Run) takeHead(head journalHead) error {
	if head.Identity != r.identity {
		return &ConfigError{
			File:   r.o.Events,
			Key:    "--resume",
			Cause:  fmt.Sprintf("the run that broke off judged %s, at another address than %s of the target file", head.Target, r.target.Name),
			Remedy: "run without --resume, or give the target file of that run",
		}
	}
	if r.o.Seed != 0 && r.o.Seed != head.Seed {
		return &ConfigError{
			File:   r.o.Events,
			Key:    "--resume",
			Cause:  fmt.Sprintf("the run that broke off had the seed %d", head.Seed),
			Remedy: "leave out --seed: a resumed run has the one that it began with",
		}
	}
	r.o.Seed = head.Seed
	return nil
}

func (j *journal) write(e Event) {
	if j.out == nil || j.err != nil {
		return
	}
	if err := j.out.emit(e); err != nil {
		// The run goes on in memory: evidence gathered so far is worth more
		// than the journal. The caller learns of it at the end.
		j.err = &ConfigError{
			Key:    "--out",
			Cause:  fmt.Sprintf("the journal can't be written: %v", err),
			Remedy: "free some disk space and run again with --resume",
		}
	}
}

func (j *journal) close() {
	if j.file != nil {
		_ = j.file.Close()
	}
}
