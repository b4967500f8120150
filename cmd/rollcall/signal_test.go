//go:build unix

package main

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/rollcall-edu/rollcall/reference/district"
	"github.com/rollcall-edu/rollcall/reports"
)

// TestSignals ends a run by each signal that asks for it, with nobody left to read its
// words: the report is written, valid, and says that the run was interrupted.
func TestSignals(t *testing.T) {
	if testing.Short() {
		t.Skip("real processes are left out with -short")
	}
	sis, err := district.StartSIS(t.Context(), district.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer sis.Close()
	base, err := url.Parse(sis.BaseURL)
	if err != nil {
		t.Fatal(err)
	}
	for _, sent := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		t.Run(sent.String(), func(t *testing.T) {
			if sent == syscall.SIGHUP && signal.Ignored(sent) {
				t.Skip("these tests run under nohup, and so would the judge, which then outlives a hangup on purpose")
			}
			// The target falls silent in the middle of the checks.
			proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: base.Scheme, Host: base.Host})
			silent, once := make(chan struct{}), sync.Once{}
			front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if strings.Contains(r.URL.RawQuery, "filter=") {
					once.Do(func() { close(silent) })
					<-r.Context().Done()
					return
				}
				proxy.ServeHTTP(w, r)
			}))
			defer front.Close()
			out := t.TempDir()
			target := filepath.Join(out, "target.yaml")
			text := strings.ReplaceAll(string(servedText(t, sis, "", []string{"or12-rostering-core-provider"})), sis.Origin, front.URL)
			if err := os.WriteFile(target, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			cmd := exec.CommandContext(t.Context(), os.Args[0], "run", target, "--out", out, "--shards", "1")
			cmd.Env = append(os.Environ(), asProgram+"=1")
			words, err := cmd.StderrPipe()
			if err != nil {
				t.Fatal(err)
			}
			listen, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			ended := make(chan error, 1)
			select {
			case <-silent:
			case <-t.Context().Done():
				t.Fatal("the run never filtered")
			}
			words.Close() // the terminal is gone
			listen.Close()
			if err := cmd.Process.Signal(sent); err != nil {
				t.Fatal(err)
			}
			go func() { ended <- cmd.Wait() }()
			err = <-ended
			var code *exec.ExitError
			if !errors.As(err, &code) || code.ExitCode() != reports.ExitIncomplete {
				t.Errorf("it ended with %v, want exit code %d", err, reports.ExitIncomplete)
			}
			written, err := os.ReadFile(filepath.Join(out, "report.json"))
			if err != nil {
				t.Fatal(err)
			}
			if err := reports.Validate(written); err != nil {
				t.Error(err)
			}
			r, err := reports.Read(filepath.Join(out, "report.json"))
			if err != nil || !r.Run.Interrupted || r.Run.Done == 0 || r.Run.Done == r.Run.Planned {
				t.Errorf("%v, %+v", err, r.Run)
			}
		})
	}
}
