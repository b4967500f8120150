package harness

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/gofrs/flock"
)

// The crawl of a run lies in the temporary folder, with the target's data in clear.
// Its owner holds a lock on a file in it: the system gives a lock back when its
// process is gone, however that died, so the next run can tell what nobody needs
// any more.
const (
	scratchPrefix = "rollcall-run-"
	unborn        = "rollcall-new-" // until it is locked; empty
	ownerFile     = "owner"
)

// scratch makes the folder of a run, and removes those that dead ones left. The
// second value ends it.
func scratch() (string, func(), error) {
	sweep(os.TempDir())
	problem := func(err error) error {
		return &ConfigError{Key: "scratch folder", Cause: err.Error(), Remedy: "free some disk space, or point TMPDIR to a writable folder"}
	}
	young, err := os.MkdirTemp("", unborn)
	if err != nil {
		return "", nil, problem(err)
	}
	lock := flock.New(filepath.Join(young, ownerFile), flock.SetPermissions(0o600))
	if held, err := lock.TryLock(); err != nil || !held {
		os.RemoveAll(young)
		return "", nil, problem(fmt.Errorf("locking %s: %v", lock.Path(), err))
	}
	// Under its own name it is never seen without its lock.
	dir := filepath.Join(filepath.Dir(young), scratchPrefix+strings.TrimPrefix(filepath.Base(young), unborn))
	if err := os.Rename(young, dir); err != nil {
		_ = lock.Close()
		os.RemoveAll(young)
		return "", nil, problem(err)
	}
	return dir, func() {
		os.RemoveAll(dir)
		_ = lock.Close()
	}, nil
}

// sweep removes what runs of this user left in a temporary folder whose process is
// gone. What can't be removed stays: it isn't this run's business.
func sweep(temp string) {
	left, err := filepath.Glob(filepath.Join(temp, scratchPrefix+"*"))
	if err != nil {
		return
	}
	for _, dir := range left {
		owner := filepath.Join(dir, ownerFile)
		if info, err := os.Lstat(dir); err != nil || !info.IsDir() || !mine(info) {
			continue
		}
		if info, err := os.Lstat(owner); err != nil || !info.Mode().IsRegular() {
			continue
		}
		lock := flock.New(owner, flock.SetPermissions(0o600))
		if held, err := lock.TryLock(); err == nil && held {
			os.RemoveAll(dir)
		}
		_ = lock.Close()
	}
}

// holdFile is the lock on a folder of reports.
const holdFile = ".rollcall.lock"

// Hold keeps a folder of reports for this process, so that two runs don't write into
// each other's. The lock of a process that is gone counts for nothing. The function
// that it returns gives the folder free.
func Hold(dir string) (func(), error) {
	path := filepath.Join(dir, holdFile)
	lock := flock.New(path, flock.SetPermissions(0o600))
	held, err := lock.TryLock()
	if err != nil {
		return nil, &ConfigError{Key: "--out", Cause: fmt.Sprintf("%s can't be locked: %v", dir, err), Remedy: "name another folder with --out"}
	}
	if !held {
		other := "another run"
		if pid, err := os.ReadFile(path); err == nil && len(pid) > 0 {
			other += " (process " + strings.TrimSpace(string(pid)) + ")"
		}
		return nil, &ConfigError{
			Key:    "--out",
			Cause:  other + " is writing into " + dir,
			Remedy: "wait until it ends, or name another folder with --out",
		}
	}
	_ = os.WriteFile(path, []byte(strconv.Itoa(os.Getpid())+"\n"), 0o600) // for people; the lock is what counts
	return func() { _ = lock.Close() }, nil
}
