package main

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rollcall-edu/rollcall/reference/district"
	"github.com/rollcall-edu/rollcall/reports"
)

// call runs the program as a user would.
func call(t *testing.T, in string, args ...string) (code int, out, errs string) {
	t.Helper()
	var o, e bytes.Buffer
	code = run(context.Background(), args, strings.NewReader(in), &o, &e)
	for _, text := range []string{o.String(), e.String()} {
		if strings.Contains(text, "goroutine ") || strings.Contains(text, "panic:") {
			t.Errorf("a stack trace reaches the user:\n%s", text)
		}
	}
	return code, o.String(), e.String()
}

func targetFile(t *testing.T, base, token string, more string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "target.yaml")
	text := "rollcall: 1\nname: Test\nprofiles: [or12-rostering-core-provider]\nlimits: {request_timeout: 5s}\noneroster:\n  rostering: " + base +
		"\n  auth: {token_url: " + token + ", client_id: rollcall, client_secret: 0123456789}\n" + more
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestBadSetUp holds every way to begin wrongly that needs somebody to talk to to one clear
// error and exit code 2, with a remedy; the others stand in testdata/script.
func TestBadSetUp(t *testing.T) {
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.Write([]byte("<h1>It works</h1>"))
	}))
	defer page.Close()
	secure := httptest.NewTLSServer(http.NotFoundHandler())
	defer secure.Close()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := "http://" + l.Addr().String()
	l.Close()
	sis, err := district.StartSIS(t.Context(), district.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer sis.Close()
	file := filepath.Join(t.TempDir(), "a-file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	out := func() string { return filepath.Join(t.TempDir(), "out") }
	for name, test := range map[string]struct {
		args []string
		say  string
	}{
		"closed port":       {[]string{"run", "--target", targetFile(t, closed, closed+"/token", ""), "--out", out()}, "nothing answers"},
		"unknown host":      {[]string{"run", "--target", targetFile(t, "http://no-such-host.invalid/x", closed, ""), "--out", out()}, "resolved"},
		"html for a token":  {[]string{"run", "--target", targetFile(t, page.URL, page.URL+"/token", ""), "--out", out()}, "token"},
		"unknown authority": {[]string{"run", "--target", targetFile(t, secure.URL, secure.URL+"/token", ""), "--out", out()}, "ca_file"},
		"http for https":    {[]string{"run", "--target", targetFile(t, strings.Replace(page.URL, "http:", "https:", 1), page.URL, ""), "--out", out()}, "http://"},
		"wrong secret":      {[]string{"run", "--target", targetFile(t, sis.BaseURL, sis.TokenURL, ""), "--out", out()}, "client_secret"},
		"unwritable folder": {[]string{"run", "--target", targetFile(t, sis.BaseURL, sis.TokenURL, ""), "--out", filepath.Join(file, "sub")}, "--out"},
		"no such focus":     {[]string{"run", "--target", targetFile(t, sis.BaseURL, sis.TokenURL, ""), "--out", out(), "--focus", "nothing-like-it"}, "list checks"},
		"nothing to resume": {[]string{"run", "--target", targetFile(t, sis.BaseURL, sis.TokenURL, ""), "--out", out(), "--resume"}, "resume"},
		"a misspelt focus":  {[]string{"run", "--target", targetFile(t, sis.BaseURL, sis.TokenURL, ""), "--out", out(), "--focus", "pagin"}, "did you mean paging"},
		"nothing there":     {[]string{"run", "--target", targetFile(t, sis.BaseURL+"/wrong", sis.TokenURL, ""), "--out", out()}, "client_secret"},
	} {
		t.Run(name, func(t *testing.T) {
			code, stdout, stderr := call(t, "", test.args...)
			if code != reports.ExitConfiguration {
				t.Errorf("exit code %d\n%s%s", code, stdout, stderr)
			}
			if !strings.Contains(stderr, test.say) {
				t.Errorf("the error does not name %q:\n%s", test.say, stderr)
			}
			if strings.Contains(stdout+stderr, "0123456789") {
				t.Errorf("the secret is shown:\n%s%s", stdout, stderr)
			}
		})
	}
}

// TestOneMessage holds `run` against a wrong address to one message: no summary, no report
// of what was never looked at.
func TestOneMessage(t *testing.T) {
	sis, err := district.StartSIS(t.Context(), district.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer sis.Close()
	dir := t.TempDir()
	target, out := filepath.Join(dir, "target.yaml"), filepath.Join(dir, "out")
	t.Setenv("HUSH", sis.Main.Secret)
	text := "rollcall: 1\nname: Test\nprofiles: [or12-rostering-core-provider]\noneroster:\n  rostering: " + sis.BaseURL +
		"/v2\n  auth: {token_url: " + sis.TokenURL + ", client_id: " + sis.Main.ID + ", client_secret: \"${HUSH}\"}\n"
	if err := os.WriteFile(target, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	code, stdout, stderr := call(t, "", "run", "--target", target, "--out", out)
	want := "Target file " + target + ": or12-rostering-core-provider\nrollcall: " + target + ": service: every collection answers 404 Not Found ("
	if code != reports.ExitConfiguration || stdout != "" || !strings.HasPrefix(stderr, want) || strings.Count(stderr, "\n") != 3 || !strings.Contains(stderr, "does it end in /ims/oneroster/rostering/v1p2?") {
		t.Errorf("exit code %d, output %q\n%s", code, stdout, stderr)
	}
	if _, err := os.Stat(filepath.Join(out, "report.json")); err == nil {
		t.Error("there is a report")
	}
	code, stdout, _ = call(t, "", "doctor", "--target", target, "--out", out)
	if code != reports.ExitConfiguration || strings.Count(stdout, "STOP") != 1 || strings.Contains(stdout, "look  ") || strings.Contains(stdout, "can begin") {
		t.Errorf("exit code %d\n%s", code, stdout)
	}
}

// TestJourney walks the README's way: init, doctor, run, explain, report.
func TestJourney(t *testing.T) {
	sis, err := district.StartSIS(t.Context(), district.Options{Faults: []string{"total-missing"}})
	if err != nil {
		t.Fatal(err)
	}
	defer sis.Close()
	dir := t.TempDir()
	target, out := filepath.Join(dir, "target.yaml"), filepath.Join(dir, "out")
	t.Setenv("ROLLCALL_CLIENT_SECRET", sis.Main.Secret)
	answers := "\nExample SIS\n" + sis.BaseURL + "\n" + sis.TokenURL + "\n" + sis.Main.ID + "\n"
	if code, o, e := call(t, answers, "init", "--target", target); code != 0 {
		t.Fatalf("init: exit code %d\n%s%s", code, o, e)
	}
	if code, o, e := call(t, "", "doctor", "--target", target, "--out", out); code != 0 || !strings.Contains(o, "A run can begin") {
		t.Fatalf("doctor: exit code %d\n%s%s", code, o, e)
	}
	code, o, e := call(t, "", "run", "--target", target, "--out", out, "--stance", "strict", "--focus", "or12.rostering.paging.*", "--seed", "3")
	if code != reports.ExitFailed {
		t.Fatalf("run: exit code %d\n%s%s", code, o, e)
	}
	part := filepath.Join(out, "partial")
	for _, name := range []string{"report.json", "report.html", "junit.xml", "evidence.har", "events.jsonl"} {
		text, err := os.ReadFile(filepath.Join(part, name))
		if err != nil || len(text) == 0 {
			t.Errorf("%s: %v", name, err)
		}
		if bytes.Contains(text, []byte(sis.Main.Secret)) {
			t.Errorf("%s holds the client secret", name)
		}
	}
	text, err := os.ReadFile(filepath.Join(part, "report.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := reports.Validate(text); err != nil {
		t.Errorf("the report breaks its own schema: %v", err)
	}
	if !strings.Contains(o, "partial: ") {
		t.Errorf("nothing says that this is a part:\n%s", o)
	}
	if code, o, _ := call(t, "", "report", "render", filepath.Join(part, "report.json"), "--format", "junit"); code != 0 || !strings.Contains(o, "<testsuite") {
		t.Errorf("render: exit code %d", code)
	}
}

// A fault belongs to the role that it makes misbehave.
func TestSortFaults(t *testing.T) {
	got, err := sortFaults([]string{"tool-window-shut", "page-overlap", "platform-access-201", "tool-consent"})
	if err != nil || !slices.Equal(got["sis"], []string{"page-overlap"}) || !slices.Equal(got["tool"], []string{"tool-window-shut", "tool-consent"}) || !slices.Equal(got["platform"], []string{"platform-access-201"}) {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := sortFaults([]string{"no-such-fault"}); err == nil || !strings.Contains(err.Error(), "list faults") {
		t.Errorf("%v", err)
	}
}
