// Package killtest kills a test's own program in the midst of what it writes, so that the test can look
// at what is left. It is imported by tests only.
package killtest

import (
	"bufio"
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"
)

// Times says how often a test kills: what the environment variable says, else all, and fewer where tests
// are short.
func Times(t testing.TB, variable string, all, short int) int {
	t.Helper()
	text := os.Getenv(variable)
	switch {
	case text != "":
		n, err := strconv.Atoi(text)
		if err != nil {
			t.Fatalf("%s: %v", variable, err)
		}
		return n
	case testing.Short():
		return short
	default:
		return all
	}
}

// Child runs the test's program once more, with more in its environment by which its TestMain knows what
// to write. Each line of its output goes to take. When take is true of one it is killed a moment later, by
// SIGKILL; take then hears what it had written until then, and isn't asked again. Child tells whether it
// was killed: one that wasn't has to end well by itself.
func Child(t testing.TB, environment []string, moment time.Duration, take func(line string) bool) (killed bool) {
	t.Helper()
	child := exec.CommandContext(t.Context(), os.Args[0])
	child.Env = append(os.Environ(), environment...)
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for !killed && lines.Scan() {
		killed = take(lines.Text())
	}
	if killed {
		time.Sleep(moment)
		_ = child.Process.Kill() // that it has ended shows below
		for lines.Scan() {
			take(lines.Text())
		}
	}
	if err := child.Wait(); (err == nil) == killed {
		t.Fatalf("the child that was to write by %v ended with %v", environment, err)
	}
	return killed
}
