package main

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/rollcall-edu/rollcall/reference/riverbend"
	"github.com/rollcall-edu/rollcall/reference/store/pgtest"
)

// startedDistrict is `rollcall serve district` within this process.
type startedDistrict struct {
	t       *testing.T
	printed string
	end     func()
}

// output gathers what a command prints until it says that it is ready.
type output struct {
	mu    sync.Mutex
	text  strings.Builder
	ready chan struct{}
	once  sync.Once
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.text.Write(p)
	if strings.Contains(o.text.String(), "Ctrl-C ends it") {
		o.once.Do(func() { close(o.ready) })
	}
	return len(p), nil
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

func serveTheDistrict(t *testing.T, args ...string) *startedDistrict {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	root, out, ended := newRoot(), &output{ready: make(chan struct{})}, make(chan error, 1)
	root.SetArgs(append([]string{"serve", "district", "--plain"}, args...))
	root.SetOut(out)
	root.SetErr(io.Discard)
	go func() { ended <- root.ExecuteContext(ctx) }()
	select {
	case <-out.ready:
	case err := <-ended:
		cancel()
		t.Fatalf("the district ended: %v", err)
	}
	return &startedDistrict{t, out.String(), func() {
		cancel()
		<-ended
	}}
}

// says gives what was printed behind a word, the first of them.
func (d *startedDistrict) says(word string) string {
	d.t.Helper()
	m := regexp.MustCompile(`(?m)^  ` + word + ` +(\S+)`).FindStringSubmatch(d.printed)
	if m == nil {
		d.t.Fatalf("nothing is said of %s: %s", word, d.printed)
	}
	return m[1]
}

// askLocal does a request and gives status and body. Addresses of names below localhost are of this
// machine.
func askLocal(t *testing.T, method, address, token, body string) (int, string) {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	u.Host = net.JoinHostPort("127.0.0.1", u.Port())
	r, err := http.NewRequestWithContext(t.Context(), method, u.String(), strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	if strings.HasPrefix(body, "grant_type") {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if token != "" {
		r.Header.Set("Authorization", token)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(text)
}

// token asks the SIS for one.
func (d *startedDistrict) token() string {
	d.t.Helper()
	const scope = "https://purl.imsglobal.org/spec/or/v1p2/scope/"
	form := url.Values{"scope": {scope + "gradebook.readonly " + scope + "gradebook.createput"},
		"client_id": {d.says("client id")}, "client_secret": {d.says("client secret")}}
	body := "grant_type=client_credentials&" + form.Encode()
	_, text := askLocal(d.t, http.MethodPost, d.says("token URL"), "", body)
	m := regexp.MustCompile(`"access_token":\s*"([^"]+)"`).FindStringSubmatch(text)
	if m == nil {
		d.t.Fatalf("no token: %s", text)
	}
	return "Bearer " + m[1]
}

// synced has the consumer sync, and counts what it holds then.
func (d *startedDistrict) synced() map[string]int {
	d.t.Helper()
	at := d.says("how it stands")
	if status, text := askLocal(d.t, http.MethodPost, at+"sync", "", ""); status != http.StatusOK {
		d.t.Fatalf("syncing: %d %s", status, text)
	}
	_, text := askLocal(d.t, http.MethodGet, at+"held", "", "")
	out := map[string]int{}
	for _, m := range regexp.MustCompile(`(?m)^{"collection":"(\w+)"`).FindAllStringSubmatch(text, -1) {
		out[m[1]]++
	}
	return out
}

// A district that is started again on its database goes on: what was written to the SIS is
// there, platform and tool sign with the keys that they had, under the same addresses.
func TestDistrictGoesOn(t *testing.T) {
	if testing.Short() {
		t.Skip("servers on ports of their own are left out with -short")
	}
	for name, dsn := range map[string]func(t *testing.T) string{
		"SQLite":     func(t *testing.T) string { return filepath.Join(t.TempDir(), "district.db") },
		"PostgreSQL": func(t *testing.T) string { return pgtest.Start(t) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("ROLLCALL_CLIENT_SECRET", "")
			db, port := dsn(t), freePorts(t)
			d := serveTheDistrict(t, "--db", db, "--listen", "127.0.0.1:"+strconv.Itoa(port))
			category := d.says("gradebook URL") + "/categories/kept-1"
			status, text := askLocal(t, http.MethodPut, category, d.token(), `{"category":{"sourcedId":"kept-1","status":"active",`+
				`"dateLastModified":"2026-01-15T08:00:00.000Z","title":"Kept"}}`)
			if status != http.StatusCreated {
				t.Fatalf("%d %s", status, text)
			}
			if state := d.synced(); state["categories"] == 0 || state["users"] == 0 {
				t.Errorf("the consumer holds %v", state)
			}
			addresses := []string{d.says("issuer"), d.says("JWKS URL"), d.says("login URL"), d.says("base URL"), d.says("how it stands")}
			keys := []string{d.says("JWKS URL"), strings.Replace(d.says("login URL"), "/login", "/jwks", 1)}
			var before []string
			for _, address := range keys {
				_, text := askLocal(t, http.MethodGet, address, "", "")
				before = append(before, text)
			}
			d.end()

			d = serveTheDistrict(t, "--db", db, "--listen", "127.0.0.1:"+strconv.Itoa(port))
			defer d.end()
			if status, text := askLocal(t, http.MethodGet, category, d.token(), ""); status != http.StatusOK || !strings.Contains(text, "Kept") {
				t.Errorf("what was written to the SIS: %d %s", status, text)
			}
			for i, what := range []string{"issuer", "JWKS URL", "login URL", "base URL", "how it stands"} {
				if now := d.says(what); now != addresses[i] {
					t.Errorf("%s was %s, and is %s", what, addresses[i], now)
				}
			}
			for i, address := range keys {
				if _, text := askLocal(t, http.MethodGet, address, "", ""); text != before[i] || !strings.Contains(text, `"kid"`) {
					t.Errorf("the keys at %s were %s, and are %s", address, before[i], text)
				}
			}
			if info, err := os.Stat(db); err == nil && info.Mode().Perm()&0o077 != 0 {
				t.Errorf("the database, which holds private keys, is open to others: %v", info.Mode())
			}
		})
	}
}

// freePorts finds a port on which nobody listens, nor on those behind it that a district has.
func freePorts(t *testing.T) int {
	t.Helper()
	for range 100 {
		_, text, _ := net.SplitHostPort(freePort(t))
		first, err := strconv.Atoi(text)
		if err != nil {
			t.Fatal(err)
		}
		free := true
		for port := first + 1; port < first+int(riverbend.Ports); port++ {
			l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
			if free = err == nil; !free {
				break
			}
			l.Close()
		}
		if free {
			return first
		}
	}
	t.Fatal("there are not enough free ports in a row")
	return 0
}
