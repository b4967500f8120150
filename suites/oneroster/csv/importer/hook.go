package importer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// Hook is a command that imports one bundle into the product and says by its
// exit code what became of it: 0 accepted, 1 refused, 2 accepted with the error
// reported, anything else that the product broke. The path of the bundle is its
// last argument and in ROLLCALL_BUNDLE; its last line of output is the remark.
type Hook struct {
	Command string
	Timeout time.Duration
}

// remarkLength bounds what is kept of a hook's output.
const remarkLength = 200

// Try imports one set of the folder.
func (h Hook) Try(ctx context.Context, dir string, s Set) (Answer, error) {
	ctx, cancel := context.WithTimeout(ctx, h.Timeout)
	defer cancel()
	path, err := filepath.Abs(filepath.Join(dir, filepath.FromSlash(s.File)))
	if err != nil {
		return Answer{}, fmt.Errorf("finding the set %s: %w", s.File, err)
	}
	cmd := exec.CommandContext(ctx, "/bin/sh", "-c", h.Command+` "$0"`, path)
	cmd.Env = append(os.Environ(), "ROLLCALL_BUNDLE="+path, "ROLLCALL_EXPECT="+string(s.Expect))
	cmd.WaitDelay = 5 * time.Second
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err = cmd.Run()
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	remark := lines[len(lines)-1]
	remark = remark[:min(len(remark), remarkLength)]
	var failed *exec.ExitError
	switch {
	case err == nil:
		return Answer{Accepted, remark}, nil
	case ctx.Err() != nil:
		return Answer{Crashed, fmt.Sprintf("it did not end within %s", h.Timeout)}, nil
	case !errors.As(err, &failed):
		return Answer{}, fmt.Errorf("running the hook: %w", err)
	case failed.ExitCode() == 1:
		return Answer{Refused, remark}, nil
	case failed.ExitCode() == 2:
		return Answer{Reported, remark}, nil
	case failed.ExitCode() == 126 || failed.ExitCode() == 127:
		return Answer{}, fmt.Errorf("the hook can't be run: %s", remark)
	}
	return Answer{Crashed, remark}, nil
}
