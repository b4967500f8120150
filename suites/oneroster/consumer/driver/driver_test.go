package driver

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-edu/rollcall/suites/harness"
)

// driven makes the driver of a target with a section of these lines.
func driven(t *testing.T, section string, watch Watch) *Driver {
	t.Helper()
	target, err := target(t, section)
	if err != nil {
		t.Fatal(err)
	}
	s, err := harness.NewSession(target, harness.Suite{ID: "oneroster.consumer"}, harness.SessionOptions{Interactive: true, Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	d := New(s, watch)
	t.Cleanup(d.Close)
	return d
}

var occasion = Occasion{Mode: Delta, Connection: Connection{Version: "1.2", Rostering: "http://127.0.0.1:9/ims?a=b&c", TokenURL: "http://127.0.0.1:9/token",
	ClientID: "lms", ClientSecret: "se\"cret&more"}}

func TestCommand(t *testing.T) {
	for name, test := range map[string]struct {
		command  string
		told     Telling
		words    string
		timedOut bool
		fault    string
	}{
		"it succeeds":           {"echo synced $ROLLCALL_MODE from $ROLLCALL_ROSTERING as $ROLLCALL_CLIENT_ID", Success, "synced delta from http://127.0.0.1:9/ims?a=b&c as lms", false, ""},
		"it fails":              {"echo no roster >&2; exit 3", Failure, "exit code 3. no roster", false, ""},
		"it tells the secret":   {`echo "I am $ROLLCALL_CLIENT_SECRET"`, Success, "I am ***", false, ""},
		"it isn't there":        {"./no-such-hook", Silent, "", false, "a command was not found"},
		"it may not be run":     {"/dev/null", Silent, "", false, "it may not be run"},
		"it never ends":         {"sleep 600", Silent, "", true, ""},
		"it is deaf":            {"trap '' TERM INT HUP; while :; do sleep 1; done", Silent, "", true, ""},
		"it prints without end": {"yes", Silent, "… y y", true, ""},
		"it prints no text":     {"head -c 100000 /dev/urandom; exit 1", Failure, "exit code 1. (100000 bytes that are no text)", false, ""},
		"it leaves a child":     {"sleep 600 & echo done", Success, "done", false, ""},
		"it dies":               {"kill -9 $$", Failure, "exit code -1.", false, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := driven(t, "consumer: {sync: {command: './hook', timeout: 2s, modes: [full, delta]}}", nil)
			d.section.Sync.Command = test.command
			out := d.Sync(t.Context(), occasion)
			if out.Told != test.told || out.TimedOut != test.timedOut || !strings.HasPrefix(out.Words, test.words) {
				t.Errorf("%+v", out)
			}
			if test.fault == "" && out.Fault != nil || test.fault != "" && (out.Fault == nil || !strings.Contains(out.Fault.Error(), test.fault) || !strings.Contains(out.Fault.Error(), "remedy: ")) {
				t.Errorf("%v", out.Fault)
			}
		})
	}
}

// TestCommandChildren: what a hook has started doesn't outlive it.
func TestCommandChildren(t *testing.T) {
	file := filepath.Join(t.TempDir(), "pid")
	d := driven(t, "consumer: {sync: {command: './hook', timeout: 1s}}", nil)
	d.section.Sync.Command = "sh -c 'echo $$ >" + file + "; exec sleep 600' & sleep 600"
	if out := d.Sync(t.Context(), occasion); !out.TimedOut {
		t.Fatalf("%+v", out)
	}
	pid, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for range 200 {
		if _, err := os.Stat("/proc/" + strings.TrimSpace(string(pid)) + "/exe"); err != nil {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Error("the child lives on")
}

func TestWebhook(t *testing.T) {
	var body, header, query string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(r.Body)
		body, header, query = string(text), r.Header.Get("X-As"), r.URL.Query().Get("from")
		switch r.URL.Path {
		case "/fails":
			http.Error(w, "the roster is short", http.StatusBadGateway)
		case "/redirects":
			http.Redirect(w, r, "/login?secret=1", http.StatusFound)
		case "/denies":
			w.WriteHeader(http.StatusForbidden)
		case "/hangs":
			<-r.Context().Done()
		case "/endless":
			for {
				if _, err := w.Write(make([]byte, 1<<16)); err != nil {
					return
				}
			}
		}
	}))
	defer server.Close()
	for name, test := range map[string]struct {
		path, more string
		told       Telling
		timedOut   bool
		fault      string
	}{
		"it succeeds":                   {"/works?from=$rostering", "", Success, false, ""},
		"it fails":                      {"/fails", "", Failure, false, ""},
		"it redirects":                  {"/redirects", "", Silent, false, "answers 302 and points to"},
		"a redirect that means success": {"/redirects", ", expect: [302]", Success, false, ""},
		"it wants a header":             {"/denies", "", Silent, false, "answers 403"},
		"it hangs":                      {"/hangs", "", Silent, true, ""},
		"it answers without end":        {"/endless", "", Success, false, ""},
	} {
		t.Run(name, func(t *testing.T) {
			d := driven(t, "consumer: {sync: {webhook: {url: '"+server.URL+test.path+`', header: {X-As: $client_id}, body: '{"mode": "$mode", "secret": "$client_secret", "all": $connection}'`+test.more+"}, timeout: 2s}}", nil)
			out := d.Sync(t.Context(), occasion)
			if out.Told != test.told || out.TimedOut != test.timedOut {
				t.Errorf("%+v", out)
			}
			if test.fault == "" && out.Fault != nil || test.fault != "" && (out.Fault == nil || !strings.Contains(out.Fault.Error(), test.fault)) {
				t.Errorf("%v", out.Fault)
			}
			if out.Fault != nil && strings.Contains(out.Fault.Error(), "secret=1") {
				t.Errorf("%v", out.Fault)
			}
			if name == "it succeeds" {
				if query != occasion.Connection.Rostering || header != "lms" || !strings.HasPrefix(body, `{"mode": "delta", "secret": "se\"cret\u0026more", "all": {"version":"1.2"`) {
					t.Errorf("%q %q %q", query, header, body)
				}
			}
		})
	}
	t.Run("nobody is there", func(t *testing.T) {
		d := driven(t, "consumer: {sync: {webhook: {url: 'http://127.0.0.1:1/sync'}}}", nil)
		out := d.Sync(t.Context(), occasion)
		if out.Fault == nil || !strings.Contains(out.Fault.Error(), "nothing answers at http://127.0.0.1:1/sync") {
			t.Errorf("%+v", out)
		}
	})
	t.Run("connect", func(t *testing.T) {
		d := driven(t, "consumer: {connect: {webhook: {url: '"+server.URL+"/works', method: PUT}}}", &calls{})
		if out := d.Connect(t.Context(), occasion); out.Told != Success || !strings.HasPrefix(body, `{"version":"1.2","rostering":"http`) {
			t.Errorf("%+v %s", out, body)
		}
	})
}

func TestQuery(t *testing.T) {
	const user = `{"collection":"users","sourcedId":"u-1","givenName":"Ada"}`
	for name, test := range map[string]struct {
		prints string
		users  int
		twice  int
		fault  string
	}{
		"lines":                  {user + "\n" + strings.Replace(user, "u-1", "u-2", 1) + "\n", 2, 0, ""},
		"nothing":                {"", 0, 0, ""},
		"a list":                 {" [" + user + "]", 1, 0, ""},
		"an empty list":          {"[]", 0, 0, ""},
		"over several lines":     {strings.ReplaceAll(user, ",", ",\n  "), 1, 0, ""},
		"with a mark before":     {"\xEF\xBB\xBF" + user, 1, 0, ""},
		"an id twice":            {user + "\n" + user, 1, 1, ""},
		"a singular":             {strings.Replace(user, "users", "Student", 1), 1, 0, ""},
		"another collection":     {strings.Replace(user, "users", "gremlins", 1) + user, 1, 0, ""},
		"cut off":                {user + "\n" + user[:20], 0, 0, "what comes after 1 objects is no JSON"},
		"an error page":          {"<html>", 0, 0, "what comes after 0 objects is no JSON"},
		"binary":                 {"\x00\x01\x02\x03", 0, 0, "no JSON"},
		"packed":                 {"\x1f\x8b\x08\x00\x00", 0, 0, "packed"},
		"a number":               {"17", 0, 0, "value 1 is no object"},
		"null":                   {"null", 0, 0, "value 1 is no object"},
		"no collection":          {`{"sourcedId":"u-1"}`, 0, 0, "object 1 has no collection; it has sourcedId"},
		"no id":                  {`{"collection":"users","id":7}`, 0, 0, "object 1 has no sourcedId"},
		"an id that is a number": {`{"collection":"users","sourcedId":7}`, 1, 0, ""},
		"an object without end":  {`{"collection":"` + strings.Repeat("x", 5<<20), 0, 0, "is longer than 1 MiB"},
		"many levels":            {strings.Repeat(`{"a":`, 20000), 0, 0, "no JSON"},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "held")
			if err := os.WriteFile(file, []byte(test.prints), 0o600); err != nil {
				t.Fatal(err)
			}
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, file) }))
			defer server.Close()
			for _, q := range []string{"command: 'cat " + file + "'", "url: '" + server.URL + "'"} {
				held, err := driven(t, "consumer: {holds: {query: {"+q+"}}}", nil).Holdings(t.Context(), nil)
				if test.fault != "" {
					if err == nil || !strings.Contains(err.Error(), test.fault) || !strings.Contains(err.Error(), "remedy: ") {
						t.Errorf("%s: %v", q, err)
					}
					continue
				}
				if err != nil {
					t.Errorf("%s: %v", q, err)
				} else if len(held.Objects["users"]) != test.users || len(held.Twice) != test.twice {
					t.Errorf("%s: %+v", q, held)
				}
			}
		})
	}
	for name, test := range map[string]struct{ query, fault string }{
		"it fails":       {"command: 'echo no database >&2; exit 2'", "it ends with 2: no database"},
		"it isn't there": {"command: ./no-such", "a command was not found"},
		"without end":    {`command: 'yes "{\"collection\":\"users\",\"sourcedId\":\"u-1\"}"'`, "objects"},
		"never":          {"command: 'sleep 600'}, timeout: 1s, keeps: [users], export: {", "was not read within 1s"},
		"nobody there":   {"url: 'http://127.0.0.1:1/held'", "nothing answers at http://127.0.0.1:1/held"},
	} {
		t.Run(name, func(t *testing.T) {
			d := driven(t, "consumer: {holds: {query: {"+strings.Replace(test.query, ", export: {", "", 1)+map[bool]string{true: "}}", false: "}}}"}[strings.Contains(test.query, "export: {")], nil)
			if _, err := d.Holdings(t.Context(), nil); err == nil || !strings.Contains(err.Error(), test.fault) {
				t.Errorf("%v", err)
			}
		})
	}
}
