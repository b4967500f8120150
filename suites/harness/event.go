package harness

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/rollcall-edu/rollcall/reports"
)

// Event is one line that a child process sends to its parent, and that the
// parent keeps in events.jsonl: enough to resume a run that broke off.
type Event struct {
	// Kind is check (one ended), prepared, progress, ask (a person is needed),
	// failed (the child can't go on) or, at the head of a journal, run.
	Kind      string               `json:"kind"`
	Run       *journalHead         `json:"run,omitempty"`
	Check     *reports.CheckResult `json:"check,omitempty"`
	Exchanges []reports.Exchange   `json:"exchanges,omitempty"`
	Facts     []reports.Fact       `json:"facts,omitempty"`
	// Observations are what was newly seen of the target as a whole.
	Observations []reports.Observation `json:"observations,omitempty"`
	Done         int                   `json:"done,omitempty"`
	Total        int                   `json:"total,omitempty"`
	Unit         string                `json:"unit,omitempty"`
	Message      string                `json:"message,omitempty"`
	Config       *ConfigError          `json:"config,omitempty"` // the set-up is at fault
	// Secrets are what a child came to hold, such as a token: the parent looks for them in
	// what other children saw. They are never written down.
	Secrets []string `json:"secrets,omitempty"`
}

// The kinds of events.
const (
	EventCheck    = "check"
	EventPrepared = "prepared"
	EventProgress = "progress"
	EventAsk      = "ask"
	EventFailed   = "failed"
	EventSecret   = "secret" // from child to parent only
	EventRun      = "run"
)

// emitter writes events as JSON lines; safe for concurrent use.
type emitter struct {
	mu sync.Mutex
	w  io.Writer
	// redactor cleans whatever is written; nil: nothing of a target is known yet.
	redactor *Redactor
}

func (e *emitter) emit(ev Event) error {
	if e.redactor != nil {
		e.redactor.Clean(&ev)
	}
	line, err := json.Marshal(ev)
	if err != nil {
		return fmt.Errorf("writing an event: %w", err)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if _, err := e.w.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("writing an event: %w", err)
	}
	return nil
}

// readEvents reads JSON lines until the stream ends. A last line that broke off
// is what a killed process leaves: it is skipped, not an error.
func readEvents(r io.Reader, handle func(Event) error) error {
	lines := bufio.NewReaderSize(r, 1<<16)
	for {
		line, err := lines.ReadBytes('\n')
		if line = bytes.TrimSpace(line); len(line) > 0 {
			var ev Event
			if json.Unmarshal(line, &ev) == nil && ev.Kind != "" {
				if err := handle(ev); err != nil {
					return err
				}
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("reading events: %w", err)
		}
	}
}
