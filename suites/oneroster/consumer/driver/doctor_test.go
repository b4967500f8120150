package driver

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/rollcall-edu/rollcall/suites/harness"
)

// product is told of a roster by its webhooks, and tells it again.
type product struct {
	calls  *calls
	roster Objects
	held   Objects
	mood   string
}

func (p *product) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/sync":
		switch p.mood {
		case "lazy":
			return
		case "broken":
			p.calls.call()
			http.Error(w, "no token", http.StatusBadGateway)
			return
		case "forgetful":
			p.calls.call()
			return
		}
		p.calls.call()
		p.held = maps.Clone(p.roster)
		delete(p.held, "lineItems")
	case "/reset":
		switch p.mood {
		case "stubborn":
		case "afraid":
			http.Error(w, "not in production", http.StatusConflict)
		default:
			p.held = nil
		}
	case "/held":
		fmt.Fprintln(w, `{"collection":"users","sourcedId":"admin"}`)
		for collection, list := range p.held {
			for _, o := range list {
				line := maps.Clone(o)
				line["collection"] = collection
				_ = json.NewEncoder(w).Encode(line)
			}
		}
	}
}

func worded(list []harness.Diagnosis) string {
	var out []string
	for _, x := range list {
		mark := map[bool]string{true: "ok", false: "not ok"}[x.OK]
		if x.Fatal {
			mark = "fatal"
		}
		if !x.OK && x.Remedy == "" {
			mark += " without a remedy"
		}
		out = append(out, fmt.Sprintf("%s %s: %s", mark, x.Name, x.Detail))
	}
	return strings.Join(out, "\n")
}

func TestTry(t *testing.T) {
	for mood, want := range map[string][]string{
		"":          {"ok consumer.connect", "ok consumer.sync: the product synced in", "and called Rollcall's provider 1 times", "users: 4 of 4", "ok consumer.holds: it doesn't keep lineItems"},
		"lazy":      {"fatal consumer.sync: the product was made to sync, and called nothing of http://127.0.0.1:9/ims"},
		"broken":    {"not ok consumer.sync: the product says that it failed: 502 Bad Gateway. no token", "not ok consumer.holds: after the sync the product holds 1 objects, none of which"},
		"forgetful": {"ok consumer.sync", "fatal consumer.holds: after the sync the product holds 1 objects, none of which"},
	} {
		c := &calls{}
		server := httptest.NewServer(&product{calls: c, roster: objects(t, roster), mood: mood})
		defer server.Close()
		d := driven(t, "consumer: {connect: {webhook: {url: '"+server.URL+"/connection', method: PUT}}, sync: {webhook: {url: '"+server.URL+"/sync'}}, holds: {query: {url: '"+server.URL+"/held'}}}", c)
		got := worded(d.Try(t.Context(), occasion, objects(t, roster), nil))
		for _, text := range want {
			if !strings.Contains(got, text) {
				t.Errorf("%s: %s\nis not in\n%s", mood, text, got)
			}
		}
		if strings.Contains(got, "without a remedy") {
			t.Error(got)
		}
	}
}

// The product is made empty where the doctor is asked to, and it is seen whether it is.
func TestTryReset(t *testing.T) {
	for mood, want := range map[string]string{
		"":         "ok consumer.reset: the product was made empty in ",
		"stubborn": "fatal consumer.reset: the product was made empty, and still holds of the roster ",
		"afraid":   "fatal consumer.reset: the product says that it failed: 409 Conflict. not in production",
		"spared":   "ok consumer.reset: is not tried, for the product would be empty then; with --reset it is",
		"unable":   "not ok consumer.reset: nothing says how the product is made empty",
	} {
		p := &product{calls: &calls{}, roster: objects(t, roster), held: objects(t, roster), mood: mood}
		server := httptest.NewServer(p)
		defer server.Close()
		section := "consumer: {sync: {webhook: {url: '" + server.URL + "/sync'}}, holds: {query: {url: '" + server.URL + "/held'}}"
		if mood != "unable" {
			section += ", reset: {webhook: {url: '" + server.URL + "/reset'}}"
		}
		target, err := target(t, section+"}")
		if err != nil {
			t.Fatal(err)
		}
		s, err := harness.NewSession(target, harness.Suite{ID: "oneroster.consumer"}, harness.SessionOptions{Reset: mood != "spared"})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		d := New(s, p.calls)
		defer d.Close()
		got := worded([]harness.Diagnosis{d.TryReset(t.Context(), occasion, objects(t, roster), nil)})
		if !strings.HasPrefix(got, want) || strings.Contains(got, "without a remedy") {
			t.Errorf("%s: %s", mood, got)
		}
		if mood == "" && !strings.HasSuffix(got, "and holds nothing of the roster, and 1 objects of its own") {
			t.Error(got)
		}
	}
}

func TestExamine(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	for section, want := range map[string][]string{
		"":                           {"fatal consumer.sync: nothing says how"},
		"sync: {command: ./no-such}": {"fatal consumer.sync.command: ./no-such is no command here", "not ok consumer.holds: nothing says how"},
		"sync: {command: 'MODE=$ROLLCALL_MODE ./no-such'}":                                              {"ok consumer.sync.command"},
		"sync: {command: 'true'}, holds: {query: {command: 'cat held'}}":                                {"ok consumer.sync.command: true", "ok consumer.holds.query.command"},
		"sync: {webhook: {url: '" + server.URL + "/a'}}, holds: {query: {url: '" + server.URL + "/b'}}": {"ok consumer.sync.webhook.url: 127.0.0.1:"},
		"sync: {webhook: {url: 'http://127.0.0.1:1/a'}}":                                                {"fatal consumer.sync.webhook.url: nobody listens at 127.0.0.1:1"},
		"sync: {schedule: 15m}": {"ok consumer.sync.schedule: each sync is waited for, 15m0s at most"},
		"listen: '0.0.0.0:9480', public_url: 'https://rollcall.example.org', sync: {command: 'true'}": {"not ok exposure"},
		"drop: {folder: /no/such/folder}":       {"fatal consumer.drop.folder: nothing can be put there"},
		"drop: {folder: '" + t.TempDir() + "'}": {"ok consumer.drop.folder: ", "can be written to"},
		"drop: {sftp: {address: '127.0.0.1:1', user: a, password: b, host_key: 'SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU'}}": {"fatal consumer.drop.sftp.address: nobody at 127.0.0.1:1"},
	} {
		d := driven(t, "consumer: {"+section+"}", nil)
		got := worded(d.Examine(t.Context()))
		for _, text := range want {
			if !strings.Contains(got, text) {
				t.Errorf("%s: %s\nis not in\n%s", section, text, got)
			}
		}
		if strings.Contains(got, "without a remedy") {
			t.Error(got)
		}
	}
	target, err := target(t, "consumer: {sync: {person: true}}")
	if err != nil {
		t.Fatal(err)
	}
	s, err := harness.NewSession(target, harness.Suite{ID: "oneroster.consumer"}, harness.SessionOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	d := New(s, nil)
	defer d.Close()
	if got := worded(d.Examine(t.Context())); !strings.Contains(got, "fatal consumer.sync.person") {
		t.Error(got)
	}
	if out := d.Sync(t.Context(), occasion); out.Fault == nil || !strings.Contains(out.Fault.Error(), "run with --interactive") {
		t.Errorf("%+v", out)
	}
}
