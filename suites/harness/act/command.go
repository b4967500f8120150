package act

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// MostWords is how much of what a command or an answer says is kept: its end.
const MostWords = 2 << 10

// tail keeps the end of what is written to it, however much that is.
type tail struct {
	kept  []byte
	total int64
}

func (t *tail) Write(p []byte) (int, error) {
	t.total += int64(len(p))
	if len(p) >= MostWords {
		t.kept = append(t.kept[:0], p[len(p)-MostWords:]...)
		return len(p), nil
	}
	if over := len(t.kept) + len(p) - MostWords; over > 0 {
		t.kept = append(t.kept[:0], t.kept[over:]...)
	}
	t.kept = append(t.kept, p...)
	return len(p), nil
}

// String gives the end as a person can read it.
func (t *tail) String() string { return Readable(t.kept, t.total) }

// Readable makes one line of what somebody said: what is no text is told by its length.
func Readable(kept []byte, total int64) string {
	for len(kept) > 0 && !utf8.RuneStart(kept[0]) {
		kept = kept[1:] // the rest of a character whose beginning was let go
	}
	strange := 0
	for _, r := range string(kept) {
		if r == utf8.RuneError || unicode.IsControl(r) && !unicode.IsSpace(r) && r != 0x1B {
			strange++
		}
	}
	if strange*10 > len(kept) {
		return fmt.Sprintf("(%d bytes that are no text)", total)
	}
	text := strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && !unicode.IsSpace(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(string(kept), ""))
	text = strings.Join(strings.Fields(text), " ")
	if total > int64(len(kept)) && text != "" {
		text = "… " + text
	}
	return text
}

// Ran is what came of a command.
type Ran struct {
	Code  int
	Words string // the end of what it said on standard error, or on standard output
	Over  bool   // it was ended, for its time was over
}

// Run runs a command by the system's shell, with the variables of an occasion beside those of
// this process. Its standard output goes to out as well, where that isn't nil: an error that
// out gives ends it. What it has started goes with it. An error is a *harness.ConfigError, and
// says that there is no such command, or that out took no more.
func Run(ctx context.Context, where, command string, env []string, limit time.Duration, out io.Writer) (Ran, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	cmd := shell(command)
	cmd.Env = append(os.Environ(), env...)
	var said, failed tail
	took := &guarded{to: out, stop: cancel}
	cmd.Stdout, cmd.Stderr = io.MultiWriter(&said, took), &failed
	cmd.WaitDelay = time.Second // for those that it started and that hold on to its output
	group(cmd)
	if err := cmd.Start(); err != nil {
		return Ran{}, Fault(where, "the command can't be started: "+err.Error(), "write a command that this machine's shell knows")
	}
	ended := make(chan struct{})
	go func() {
		select {
		case <-ctx.Done():
			end(cmd)
		case <-ended:
		}
	}()
	err := cmd.Wait()
	close(ended)
	end(cmd) // what it has left behind
	r := Ran{Code: cmd.ProcessState.ExitCode(), Words: failed.String()}
	if r.Words == "" {
		r.Words = said.String()
	}
	var exit *exec.ExitError
	switch {
	case took.err != nil:
		return r, took.err
	case ctx.Err() != nil:
		r.Over = true
		return r, nil
	case err != nil && !errors.As(err, &exit) && !errors.Is(err, exec.ErrWaitDelay):
		return r, fmt.Errorf("%s: running %q: %w", where, Shortened(command), err)
	case r.Code == 126, r.Code == 127:
		return r, Fault(where, fmt.Sprintf("%q ends with %d (%s): %s", Shortened(command), r.Code, codes[r.Code], OrNothing(r.Words)),
			"see that it is there, that it may be run (chmod +x), and that the paths in it are right from the folder in which rollcall is run")
	}
	return r, nil
}

var codes = map[int]string{126: "it may not be run", 127: "a command was not found"}

// guarded hands on what is written until that fails once, and then ends who writes.
type guarded struct {
	to   io.Writer
	stop func()
	err  error
}

func (g *guarded) Write(p []byte) (int, error) {
	if g.to == nil || g.err != nil {
		return len(p), nil
	}
	if _, err := g.to.Write(p); err != nil {
		g.err = err
		g.stop()
	}
	return len(p), nil
}
