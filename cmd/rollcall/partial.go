package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rollcall-edu/rollcall/reports"
	"github.com/rollcall-edu/rollcall/suites/harness"
)

// partialFolder is the folder of --out for reports of a part: they never take the
// place of the report of the whole.
const partialFolder = "partial"

// narrowed lists what is asked for where that isn't everything: the focus, and what
// was not kept in the report that --only-failed names.
func (f *runFlags) narrowed(out io.Writer) ([]string, error) {
	focus := slices.Clone(f.focus)
	if f.onlyFailed == "" {
		return focus, nil
	}
	old, err := reports.Read(f.onlyFailed)
	if err != nil {
		return nil, &harness.ConfigError{
			File:   f.onlyFailed,
			Key:    "--only-failed",
			Cause:  err.Error(),
			Remedy: "name a report.json that rollcall wrote",
		}
	}
	if old.Partial() {
		return nil, &harness.ConfigError{File: f.onlyFailed, Key: "--only-failed",
			Cause:  "this is the report of a part, " + old.Part() + "; what failed beyond it is not in there",
			Remedy: "name the report of the whole" + wholeBeside(f.onlyFailed)}
	}
	failed := old.ToRepeat()
	if len(failed) == 0 {
		fmt.Fprintf(out, "Nothing failed in %s, which ended with exit code %d: there is nothing to repeat.\n", f.onlyFailed, old.Exit)
		if old.Exit != reports.ExitConforms {
			fmt.Fprintln(out, "It is not complete all the same; its report says what to load or to set. Then run the whole.")
		}
		return nil, exit(old.Exit)
	}
	return append(focus, failed...), nil
}

// wholeBeside names the report of the whole that a partial one lies beside.
func wholeBeside(path string) string {
	dir, name := filepath.Split(filepath.Clean(path))
	if filepath.Base(dir) != partialFolder {
		return ""
	}
	whole := filepath.Join(filepath.Dir(filepath.Clean(dir)), name)
	if _, err := os.Stat(whole); err != nil {
		return ", which a run without --focus writes"
	}
	return ": " + whole
}

// repeat words the command that repeats the run or, with a focus, one requirement.
func (f *runFlags) repeat(focus string, seed uint64) string {
	parts := []string{f.demo}
	if f.demo == "" {
		parts = []string{"rollcall run --target", quoteArg(f.target)}
		if f.stance != "" {
			parts = append(parts, "--stance", f.stance)
		}
		if f.out != defaultOut {
			parts = append(parts, "--out", quoteArg(f.out))
		}
		if f.interactive {
			parts = append(parts, "--interactive")
		}
		if f.keepPersonal {
			parts = append(parts, "--keep-personal-data")
		}
	}
	if focus != "" {
		parts = append(parts, "--focus", quoteArg(focus))
	} else {
		for _, x := range f.focus {
			parts = append(parts, "--focus", quoteArg(x))
		}
		if f.onlyFailed != "" {
			parts = append(parts, "--only-failed", quoteArg(f.onlyFailed))
		}
		if f.shard != "" {
			parts = append(parts, "--shard", f.shard)
		}
		if f.baseline != "" {
			parts = append(parts, "--baseline", quoteArg(f.baseline))
		}
		if f.failFast {
			parts = append(parts, "--fail-fast")
		}
	}
	if f.demo == "" || f.seed != 0 { // without one the demo's reference is the plain one
		parts = append(parts, "--seed", fmt.Sprint(seed))
	}
	return strings.Join(parts, " ")
}

// repeatCSV words the same of a command that judges files.
func repeatCSV(command, stance string, own []string) func(string, uint64) string {
	if stance != "" {
		command += " --stance " + stance
	}
	return func(focus string, _ uint64) string {
		asked := own
		if focus != "" {
			asked = []string{focus}
		}
		out := command
		for _, x := range asked {
			out += " --focus " + quoteArg(x)
		}
		return out
	}
}

func quoteArg(s string) string {
	if strings.ContainsAny(s, " '\"$&;|<>*?()\\") {
		return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
	}
	return s
}
