package main

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/oneroster"
)

// TestScript runs the scripts of testdata/script: what somebody at a terminal types, and
// what the program answers. `exits` is a command of ours: `exits 2 rollcall …` holds the
// program to that exit code.
func TestScript(t *testing.T) {
	testscript.Run(t, testscript.Params{Dir: "testdata/script", RequireUniqueNames: true,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"exits": exits, "waits": waits, "counts": counts, "silences": silences,
			"connects": connects}})
}

// waits waits until a file is there that holds something: what runs beside the script writes it.
func waits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: waits file")
	}
	for range 1200 {
		if text, err := os.ReadFile(ts.MkAbs(args[0])); err == nil && len(text) > 0 {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	ts.Fatalf("%s never came", args[0])
}

// counts asks the SIS of a target file how many active objects a collection of its assessments
// has, for a variable.
func counts(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: counts VARIABLE target collection")
	}
	of := oneroster.Of(targetOf(ts, args[1]))
	form := url.Values{"grant_type": {"client_credentials"}, "scope": {"https://purl.imsglobal.org/spec/or/v1p2/scope/assessment.readonly"}}
	asked, err := http.NewRequest(http.MethodPost, of.Auth.TokenURL, strings.NewReader(form.Encode()))
	ts.Check(err)
	asked.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	asked.SetBasicAuth(of.Auth.ClientID, of.Auth.ClientSecret)
	answer, err := http.DefaultClient.Do(asked)
	ts.Check(err)
	defer answer.Body.Close()
	var grant struct {
		Token string `json:"access_token"`
	}
	ts.Check(json.NewDecoder(answer.Body).Decode(&grant))
	asked, err = http.NewRequest(http.MethodGet, of.Assessments()+"/"+args[2]+"?limit=1&filter=status%3D%27active%27", nil)
	ts.Check(err)
	asked.Header.Set("Authorization", "Bearer "+grant.Token)
	answer, err = http.DefaultClient.Do(asked)
	ts.Check(err)
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		ts.Fatalf("%s is answered with %s", args[2], answer.Status)
	}
	ts.Setenv(args[0], answer.Header.Get("X-Total-Count"))
}

// connects puts where the SIS of a target file is into variables, for `rollcall sync`.
func connects(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: connects target")
	}
	of := oneroster.Of(targetOf(ts, args[0]))
	for name, value := range map[string]string{"ROSTERING": of.Rostering, "V1P1": of.V1P1, "TOKEN_URL": of.Auth.TokenURL,
		"CLIENT_ID": of.Auth.ClientID, "ROLLCALL_CLIENT_SECRET": of.Auth.ClientSecret} {
		ts.Setenv(name, value)
	}
}

func targetOf(ts *testscript.TestScript, name string) *harness.Target {
	target, err := harness.ParseTarget(name, []byte(ts.ReadFile(name)), func(string) (string, bool) { return "", false }, sections()...)
	ts.Check(err)
	return target
}

// silences stands before the provider of a target file, for another target file, and falls
// silent in the midst of what is pushed: it writes a third file then, and answers no more.
func silences(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: silences target other-target file")
	}
	base, err := url.Parse(oneroster.Of(targetOf(ts, args[0])).Gradebook)
	ts.Check(err)
	origin := base.Scheme + "://" + base.Host
	proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: base.Scheme, Host: base.Host})
	said := ts.MkAbs(args[2])
	var results atomic.Int32
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPut && strings.Contains(r.URL.Path, "/assessmentResults/") && results.Add(1) > 5 {
			_, _ = io.Copy(io.Discard, r.Body) // only then it is seen that the client has gone
			_ = os.WriteFile(said, []byte("silent\n"), 0o600)
			<-r.Context().Done()
			return
		}
		proxy.ServeHTTP(w, r)
	}))
	ts.Defer(front.Close)
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(strings.ReplaceAll(ts.ReadFile(args[0]), origin, front.URL)), 0o600))
}

func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits code program [argument…]")
	}
	err := ts.Exec(args[1], args[2:]...)
	code := 0
	var ended interface{ ExitCode() int }
	if errors.As(err, &ended) {
		code = ended.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if want, err := strconv.Atoi(args[0]); err != nil || code != want {
		ts.Fatalf("exit code %d, want %s", code, args[0])
	}
}
