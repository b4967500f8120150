package harness

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"

	"github.com/rollcall-edu/rollcall/suites/catalogue"
)

// childGrace is how long a child may take to hand in its last lines after it
// was told to stop.
const childGrace = 5 * time.Second

// child does the work in a child process, or in this one, and hands on each
// event. It returns why the child failed, if it did.
func (r *Run) child(ctx context.Context, w Work, handle func(Event) error) error {
	handle = r.heard(handle)
	if r.o.InProcess {
		return r.inProcess(ctx, w, handle)
	}
	program := r.o.Executable
	if program == "" {
		var err error
		if program, err = os.Executable(); err != nil {
			return fmt.Errorf("finding this program to run it as a child: %w", err)
		}
	}
	input, err := json.Marshal(w)
	if err != nil {
		return fmt.Errorf("writing the work of a child process: %w", err)
	}
	cmd := exec.CommandContext(ctx, program, ShardArgument)
	in, err := cmd.StdinPipe()
	if err != nil {
		return fmt.Errorf("starting a child process: %w", err)
	}
	defer in.Close()
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = childGrace
	ownGroup(cmd)
	// Whatever the child keeps in files (crawled data, the profile of a browser) lies
	// in the folder of the run, and goes with it.
	cmd.Env = append(os.Environ(), "TMPDIR="+w.Dir)
	var noise tail
	cmd.Stderr = &noise
	out, err := cmd.StdoutPipe()
	if err != nil {
		return fmt.Errorf("starting a child process: %w", err)
	}
	runtime.LockOSThread() // see endWithParent
	defer runtime.UnlockOSThread()
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("starting a child process: %w", err)
	}
	yield(cmd.Process.Pid, r.o.Niceness)
	// The pipe stays open: its end tells the child that its parent is gone. A child
	// that dies before it has read its work is reported below.
	go func() { _, _ = in.Write(input) }()
	var told error
	readErr := readEvents(out, func(e Event) error {
		if e.Kind == EventFailed {
			told = errors.New(e.Message)
			if e.Config != nil {
				told = e.Config
			}
			return nil
		}
		return handle(e)
	})
	if readErr != nil {
		_ = cmd.Process.Kill()
	}
	waitErr := cmd.Wait()
	switch {
	case told != nil:
		return told
	case readErr != nil:
		return readErr
	case waitErr != nil && ctx.Err() == nil:
		return fmt.Errorf("a child process died (%w): %s", waitErr, strings.TrimSpace(noise.String()))
	}
	return nil
}

func (r *Run) inProcess(ctx context.Context, w Work, handle func(Event) error) error {
	in, out := io.Pipe()
	failed := make(chan error, 1)
	go func() {
		err := w.run(ctx, r.plan.suite(w.Suite), r.target, &emitter{w: out})
		out.Close()
		failed <- err
	}()
	err := readEvents(in, handle)
	in.CloseWithError(err)
	return errors.Join(err, <-failed)
}

// tail keeps the last part of what a child printed before it died.
type tail struct{ b []byte }

func (t *tail) Write(p []byte) (int, error) {
	const most = 4 << 10
	t.b = append(t.b, p...)
	if len(t.b) > most {
		t.b = append(t.b[:0], t.b[len(t.b)-most:]...)
	}
	return len(p), nil
}

func (t *tail) String() string { return string(t.b) }

// values lists the NAME, value pairs that the target's ${NAME} stood for.
func (t *Target) values() []string {
	var out []string
	for _, m := range variable.FindAllStringSubmatch(t.source, -1) {
		out = append(out, m[1], t.lookedUp[m[1]])
	}
	return out
}

func (t *Target) patch() Patch {
	p := Patch{Stance: string(t.Stance), Profiles: t.Profiles, TokenWays: t.ways}
	for _, address := range t.addresses() {
		p.Addresses = append(p.Addresses, *address)
	}
	return p
}

// apply puts a patch onto a target as read from its file.
func (t *Target) apply(p Patch) {
	for i, address := range t.addresses() {
		if i < len(p.Addresses) {
			*address = p.Addresses[i]
		}
	}
	t.Profiles, t.ways = p.Profiles, p.TokenWays
	t.Stance = catalogue.Stance(p.Stance)
}
