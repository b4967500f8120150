package driver

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

// maxWords is how much of what a command or an answer says is kept: its end.
const maxWords = 2 << 10

// tail keeps the end of what is written to it, however much that is.
type tail struct {
	kept  []byte
	total int64
}

func (t *tail) Write(p []byte) (int, error) {
	t.total += int64(len(p))
	if len(p) >= maxWords {
		t.kept = append(t.kept[:0], p[len(p)-maxWords:]...)
		return len(p), nil
	}
	if over := len(t.kept) + len(p) - maxWords; over > 0 {
		t.kept = append(t.kept[:0], t.kept[over:]...)
	}
	t.kept = append(t.kept, p...)
	return len(p), nil
}

// String gives the end as a person can read it.
func (t *tail) String() string { return readable(t.kept, t.total) }

// readable makes one line of what somebody said: what is no text is told by its length.
func readable(kept []byte, total int64) string {
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

// ran is what came of a command.
type ran struct {
	code  int
	words string // the end of what it said on standard error, or on standard output
	over  bool   // it was ended, for its time was over
}

// run runs a command by the system's shell, with the variables of an occasion beside those of
// this process. Its standard output goes to out as well, where that isn't nil: an error that
// out gives ends it. What it has started goes with it. An error is a *harness.ConfigError, and
// says that there is no such command, or that out took no more.
func run(ctx context.Context, where, command string, env []string, limit time.Duration, out io.Writer) (ran, error) {
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
		return ran{}, fault(where, "the command can't be started: "+err.Error(), "write a command that this machine's shell knows")
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
	r := ran{code: cmd.ProcessState.ExitCode(), words: failed.String()}
	if r.words == "" {
		r.words = said.String()
	}
	var exit *exec.ExitError
	switch {
	case took.err != nil:
		return r, took.err
	case ctx.Err() != nil:
		r.over = true
		return r, nil
	case err != nil && !errors.As(err, &exit) && !errors.Is(err, exec.ErrWaitDelay):
		return r, fmt.Errorf("%s: running %q: %w", where, shortened(command), err)
	case r.code == 126, r.code == 127:
		return r, fault(where, fmt.Sprintf("%q ends with %d (%s): %s", shortened(command), r.code, codes[r.code], orNothing(r.words)),
			"see that it is there, that it may be run (chmod +x), and that the paths in it are right from the folder in which rollcall is run")
	}
	return r, nil
}

var codes = map[int]string{126: "it may not be run", 127: "a command was not found"}

func orNothing(words string) string {
	if words == "" {
		return "it says nothing"
	}
	return words
}

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
