package driver

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rollcall-edu/rollcall/suites/harness/browser"
)

// calls counts what a product calls.
type calls struct {
	mu   sync.Mutex
	n    int
	last time.Time
}

func (c *calls) call() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n++
	c.last = time.Now()
}

func (c *calls) Mark() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.n
}

func (c *calls) Idle() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Since(c.last)
}

// later calls some times, after a while.
func (c *calls) later(after time.Duration, times int) {
	go func() {
		time.Sleep(after)
		for range times {
			c.call()
			time.Sleep(20 * time.Millisecond)
		}
	}()
}

// TestWaits: a product that doesn't tell when it has ended is waited for, by what it calls or by what a
// command says.
func TestWaits(t *testing.T) {
	product := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusAccepted) }))
	t.Cleanup(product.Close) // the tests go on side by side
	webhook := "webhook: {url: '" + product.URL + "'}"
	for name, test := range map[string]struct {
		sync     string
		acts     func(*calls)
		told     Telling
		timedOut bool
		idle     bool
		calls    int // that must have come
	}{
		"a webhook that begins only":         {webhook + ", done: {quiet: 300ms}", func(c *calls) { c.later(300*time.Millisecond, 10) }, Success, false, false, 1},
		"one that begins nothing":            {webhook + ", done: {quiet: 100ms, begins: 300ms}", nil, Success, false, true, 0},
		"one that never comes to rest":       {webhook + ", timeout: 3s, done: {quiet: 2900ms}", func(c *calls) { c.later(0, 500) }, Success, true, false, 1},
		"a schedule":                         {"schedule: 2s, done: {quiet: 200ms}", func(c *calls) { c.later(500*time.Millisecond, 3) }, Silent, false, false, 1},
		"a schedule that isn't kept":         {"schedule: 200ms, timeout: 200ms, done: {quiet: 100ms}", nil, Silent, true, true, 0},
		"a person":                           {"person: true, done: {quiet: 200ms}", func(c *calls) { c.later(400*time.Millisecond, 3) }, Silent, false, false, 1},
		"a person who does nothing":          {"person: true, timeout: 300ms, done: {quiet: 100ms}", nil, Silent, true, true, 0},
		"a command that knows":               {"command: 'true', done: {command: 'exit 0'}", nil, Success, false, true, 0},
		"a command that knows that it fails": {"command: 'true', done: {command: 'echo lost >&2; exit 2'}", nil, Failure, false, true, 0},
		"a command that never says so":       {"command: 'true', timeout: 1s, done: {command: 'exit 1'}", nil, Success, true, true, 0},
		"a command that hangs":               {"command: 'true', timeout: 1s, done: {command: 'sleep 60'}", nil, Success, true, true, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := &calls{}
			d := driven(t, "consumer: {sync: {"+test.sync+"}}", c)
			if test.acts != nil {
				test.acts(c)
			}
			out := d.Sync(t.Context(), occasion)
			if out.Fault != nil || out.Told != test.told || out.TimedOut != test.timedOut || out.Idle != test.idle || c.Mark() < test.calls {
				t.Errorf("%+v after %d calls", out, c.Mark())
			}
		})
	}
	t.Run("a command that isn't there", func(t *testing.T) {
		out := driven(t, "consumer: {sync: {command: 'true', done: {command: ./no-such}}}", &calls{}).Sync(t.Context(), occasion)
		if out.Fault == nil || !strings.Contains(out.Fault.Error(), "consumer.sync.done.command") {
			t.Errorf("%+v", out)
		}
	})
	t.Run("nothing is said", func(t *testing.T) {
		d := driven(t, "", nil)
		if out := d.Sync(t.Context(), occasion); out.Fault == nil || !strings.Contains(out.Fault.Error(), "add one of command, webhook, steps, schedule and person") {
			t.Errorf("%+v", out)
		}
		if out := d.Connect(t.Context(), occasion); out.Fault != nil || out.Told != Silent {
			t.Errorf("%+v", out)
		}
	})
}

func TestAsking(t *testing.T) {
	d := driven(t, "consumer: {sync: {person: true, tell: 'Administration, Rosters, Sync now.', timeout: 5m}}", nil)
	o := occasion
	o.What = "sync all of its roster"
	want := "Have the product sync all of its roster from http://127.0.0.1:9/ims?a=b&c: Administration, Rosters, Sync now. Rollcall waits for 5m0s, and goes on by itself."
	if got := d.asking(d.section.Sync, o); got != want {
		t.Errorf("%s", got)
	}
}

// lms is a product with pages: who signs in can have it sync, and look for people.
func lms(c *calls) http.Handler {
	mux := http.NewServeMux()
	page := func(pattern, body string) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			fmt.Fprint(w, "<!doctype html><html lang=en><title>LMS</title><body>"+body)
		})
	}
	page("/login", `<form action=/home><input id=user name=user><input id=password name=password type=password><button>Sign in</button></form>`)
	page("/home", `<h1>Administration</h1><a href=/synced>Sync now</a>`)
	mux.HandleFunc("/synced", func(w http.ResponseWriter, _ *http.Request) {
		c.later(0, 3)
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, "<!doctype html><title>LMS</title>The sync has begun")
	})
	mux.HandleFunc("/users", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(w, "<!doctype html><title>LMS</title>")
		if r.URL.Query().Get("search") == "ada@riverbend" {
			fmt.Fprint(w, `<table><tr><td id=first>Ada <td>Zoë  Lovelace</table>`)
			return
		}
		fmt.Fprint(w, "Nobody was found")
	})
	return mux
}

func TestPages(t *testing.T) {
	if _, err := browser.Find(); err != nil {
		t.Skip(err)
	}
	c := &calls{}
	server := httptest.NewServer(lms(c))
	t.Cleanup(server.Close)
	signIn := "[{open: '" + server.URL + "/login'}, {fill: '#user', value: admin}, {fill: '#password', value: '${PASSWORD}'}, {click: 'text=Sign in'}, {wait: 'text=Administration'}"
	d := driven(t, "consumer: {sync: {steps: "+signIn+", {click: 'text=Sync now'}, {wait: 'text=has begun'}], done: {quiet: 300ms}}, holds: {pages: {sign_in: "+signIn+
		"], steps: [{open: '"+server.URL+"/users?search=$username'}], shows: ['$givenName', '$familyName']}}}", c)
	if out := d.Sync(t.Context(), occasion); out.Fault != nil || out.TimedOut || out.Idle {
		t.Fatalf("%+v after %d calls", out, c.Mark())
	}
	held, err := d.Holdings(t.Context(), []Probe{
		{"sourcedId": "u-1", "username": "ada@riverbend", "givenName": "Ada Zoe\u0308", "familyName": "Lovelace"},
		{"sourcedId": "u-2", "username": "eve@riverbend", "givenName": "Eve", "familyName": "Lovelace"}})
	if err != nil {
		t.Fatal(err)
	}
	if u := held.Objects["users"]; len(u) != 1 || u["u-1"]["familyName"] != "Lovelace" || !held.Sees("users", "u-2") || held.Sees("users", "u-3") || held.Sees("classes", "c-1") {
		t.Errorf("%+v", held)
	}
	for name, test := range map[string]struct{ section, fault string }{
		"a step of the sync": {"sync: {timeout: 20s, steps: " + signIn + ", {click: '#nothing'}]}", "consumer.sync.steps: step 6 (click #nothing)"},
		"signing in":         {"holds: {pages: {sign_in: [{open: '" + server.URL + "/login'}, {fill: '#nobody', value: x}], steps: [{open: '" + server.URL + "/users'}]}}", "consumer.holds.pages.sign_in: step 2"},
		"a step to people":   {"holds: {pages: {steps: [{open: '" + server.URL + "/users'}, {click: '#nothing'}]}}", "consumer.holds.pages.steps: step 2"},
		"nobody is there":    {"sync: {steps: [{open: 'http://127.0.0.1:1/'}]}", "consumer.sync.steps: step 1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // they wait for what doesn't come
			d := driven(t, "consumer: {"+test.section+"}", c)
			err := d.Sync(t.Context(), occasion).Fault
			if d.section.Holds.Set() {
				_, err = d.Holdings(t.Context(), []Probe{{"sourcedId": "u-1", "username": "x", "givenName": "x", "familyName": "y"}})
			}
			if err == nil || !strings.Contains(err.Error(), test.fault) || strings.Contains(err.Error(), "value-of-PASSWORD") {
				t.Errorf("%v", err)
			}
		})
	}
}
