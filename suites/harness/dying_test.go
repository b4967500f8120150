//go:build unix

package harness

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// runArgument makes the test binary a program that runs the toy suite; see TestMain.
const runArgument = "toy-run"

// pidFile names the file into which a check of the toy suite writes who runs it.
const pidFile = "TOY_PID"

func toyRun(name, base string) int {
	target, err := ParseTarget("target.yaml", []byte(toyText(base, "")), env("SECRET", "hush-hush"), newToySection)
	if err != nil {
		return 1
	}
	run, err := New(target, []Suite{toy()}, Options{Focus: []string{name}, SkipDoctor: true, Shards: 1})
	if err != nil {
		return 1
	}
	if _, err := run.Run(context.Background()); err != nil {
		return 1
	}
	return 0
}

// TestKilledParent kills a run as hard as can be: its child ends too, and what it left
// in the temporary folder is removed by the next run, but by no one while it lives.
func TestKilledParent(t *testing.T) {
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	t.Setenv(pidFile, filepath.Join(t.TempDir(), "pid"))
	cmd := exec.CommandContext(t.Context(), os.Args[0], runArgument, "toy.hang", "http://127.0.0.1:1")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var child int
	waitFor(t, func() bool {
		text, err := os.ReadFile(os.Getenv(pidFile))
		child, _ = strconv.Atoi(string(text))
		return err == nil && child > 0
	})
	left := func() []string {
		found, err := filepath.Glob(filepath.Join(temp, scratchPrefix+"*"))
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	if n := len(left()); n != 1 {
		t.Fatalf("%d folders of runs, want that of the run under way", n)
	}
	sweep(temp)
	if n := len(left()); n != 1 {
		t.Fatalf("the folder of a living run was removed")
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	waitFor(t, func() bool { return errors.Is(syscall.Kill(child, 0), syscall.ESRCH) || zombie(child) })
	if n := len(left()); n != 1 {
		t.Fatalf("%d folders are left by the dead run, so this test shows nothing", n)
	}
	dir, release, err := scratch()
	if err != nil {
		t.Fatal(err)
	}
	if now := left(); len(now) != 1 || now[0] != dir {
		t.Errorf("beside %s there are %v", dir, now)
	}
	release()
	if now := left(); len(now) != 0 {
		t.Errorf("an ended run leaves %v", now)
	}
}

// zombie tells a process that has ended and that nobody has asked after: where the
// tests run as the first process of a container nobody does.
func zombie(pid int) bool {
	status, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	_, after, _ := strings.Cut(string(status), ") ")
	return err == nil && strings.HasPrefix(after, "Z")
}

// waitFor waits until something is so; the limit of the whole test run is the only one.
func waitFor(t *testing.T, so func() bool) {
	t.Helper()
	for !so() {
		select {
		case <-t.Context().Done():
			t.Fatal("waited in vain")
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// TestSweepIsCareful: only folders that runs made and of which the owner is gone are
// removed.
func TestSweepIsCareful(t *testing.T) {
	temp := t.TempDir()
	make := func(name string, files ...string) string {
		dir := filepath.Join(temp, name)
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			if err := os.WriteFile(filepath.Join(dir, f), []byte("x"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		return dir
	}
	dead := make(scratchPrefix+"1", ownerFile, "users.jsonl")
	kept := []string{make(scratchPrefix+"2", "users.jsonl"), make("else", ownerFile), filepath.Join(temp, scratchPrefix+"link")}
	if err := os.Symlink(kept[1], kept[2]); err != nil {
		t.Fatal(err)
	}
	sweep(temp)
	if _, err := os.Lstat(dead); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("what a dead run left is still there: %v", err)
	}
	for _, path := range kept {
		if _, err := os.Lstat(path); err != nil {
			t.Errorf("%s was removed", path)
		}
	}
}

// TestHold: a folder of reports is one run's at a time, and free once that ends.
func TestHold(t *testing.T) {
	dir := t.TempDir()
	release, err := Hold(dir)
	if err != nil {
		t.Fatal(err)
	}
	_, err = Hold(dir)
	var config *ConfigError
	if !errors.As(err, &config) || !strings.Contains(config.Cause, strconv.Itoa(os.Getpid())) || !strings.Contains(config.Remedy, "--out") {
		t.Errorf("a second run is told %v", err)
	}
	release()
	release, err = Hold(dir)
	if err != nil {
		t.Fatalf("a lock that nobody holds is in the way: %v", err)
	}
	release()
}
