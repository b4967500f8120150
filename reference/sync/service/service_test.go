package service_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	gosync "sync"
	"testing"
	"time"

	"github.com/rollcall-edu/rollcall/fixtures"
	"github.com/rollcall-edu/rollcall/reference/sis"
	"github.com/rollcall-edu/rollcall/reference/store"
	"github.com/rollcall-edu/rollcall/reference/sync"
	"github.com/rollcall-edu/rollcall/reference/sync/service"
)

// school is a source that has orgs and users.
type school struct {
	mu    gosync.Mutex
	users []string
	fails error
	gate  chan struct{} // each reading takes a value; nil: none is needed
}

func (s *school) Name() string { return "a school" }

func (s *school) Collections() []store.Collection { return []store.Collection{sis.Orgs, sis.Users} }

func (s *school) Read(ctx context.Context, r sync.Reading, yield func(sync.Page) error) error {
	if s.gate != nil {
		select {
		case <-s.gate:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fails != nil {
		return s.fails
	}
	at := time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC)
	object := func(id, members string) sync.Object {
		body := fmt.Sprintf(`{"sourcedId":%q,"status":"active","dateLastModified":%q,%s}`, id, at.Format("2006-01-02T15:04:05.000Z"), members)
		return sync.Object{Collection: r.Collection, SourcedID: id, Status: sync.Active, Modified: at, Body: []byte(body)}
	}
	var page sync.Page
	if r.Collection == sis.Orgs {
		page.Objects = append(page.Objects, object("school", `"name":"A school","type":"school"`))
	} else {
		for _, id := range s.users {
			page.Objects = append(page.Objects, object(id, fmt.Sprintf(`"enabledUser":"true","givenName":%q,"familyName":"Doe","roles":[`+
				`{"roleType":"primary","role":"student","org":{"href":"https://sis.example/orgs/school","sourcedId":"school","type":"org"}}]`, id)))
		}
	}
	page.Total = len(page.Objects)
	return yield(page)
}

func (s *school) change(users ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.users = users
}

// running is a service over HTTP.
type running struct {
	t    *testing.T
	s    *service.Service
	from *school
	at   string
}

func start(t *testing.T, c service.Config) *running {
	t.Helper()
	mirror, err := sync.Open(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { mirror.Close() })
	from := &school{}
	for i := range 20 {
		from.users = append(from.users, fmt.Sprintf("user-%02d", i))
	}
	c.Mirror = mirror
	c.Hooks.Source = func(sync.Source) sync.Source { return from }
	s, err := service.New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	server := httptest.NewServer(s.Handler())
	t.Cleanup(server.Close)
	return &running{t, s, from, server.URL}
}

func (r *running) connect() {
	r.t.Helper()
	body := `{"version":"1.2","rostering":"https://sis.example/rostering","token_url":"https://sis.example/token","client_id":"me","client_secret":"s3cret"}`
	if status, answer := r.do(http.MethodPut, "/connection", body); status != http.StatusNoContent {
		r.t.Fatalf("connecting: %d %s", status, answer)
	}
}

func (r *running) do(method, path, body string) (int, string) {
	r.t.Helper()
	request, err := http.NewRequestWithContext(r.t.Context(), method, r.at+path, strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	return r.send(request)
}

func (r *running) send(request *http.Request) (int, string) {
	r.t.Helper()
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		r.t.Fatal(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return response.StatusCode, string(answer)
}

// held counts what is held, by collection.
func (r *running) held() map[string]int {
	r.t.Helper()
	status, text := r.do(http.MethodGet, "/held", "")
	if status != http.StatusOK {
		r.t.Fatalf("what is held: %d", status)
	}
	out := map[string]int{}
	lines := bufio.NewScanner(strings.NewReader(text))
	for lines.Scan() {
		var o struct {
			Collection string `json:"collection"`
			SourcedID  string `json:"sourcedId"`
		}
		if err := json.Unmarshal(lines.Bytes(), &o); err != nil || o.SourcedID == "" {
			r.t.Fatalf("a line is %s: %v", lines.Text(), err)
		}
		out[o.Collection]++
	}
	return out
}

func (r *running) sees(texts ...string) {
	r.t.Helper()
	_, page := r.do(http.MethodGet, "/", "")
	for _, text := range texts {
		if !strings.Contains(page, text) {
			r.t.Errorf("the page doesn't say %q:\n%s", text, page)
		}
	}
}

// A sync on request ends in the mirror, and everything that tells of it does.
func TestSync(t *testing.T) {
	r := start(t, service.Config{})
	r.sees("Not synced yet", "nowhere yet")
	if status, answer := r.do(http.MethodPost, "/sync", ""); status != http.StatusConflict || !strings.Contains(answer, "where to read from") {
		t.Errorf("syncing from nowhere: %d %s", status, answer)
	}
	r.connect()
	status, answer := r.do(http.MethodPost, "/sync?mode=full", "")
	var report sync.Report
	if err := json.Unmarshal([]byte(answer), &report); err != nil || status != http.StatusOK || report.Changed() != 21 {
		t.Fatalf("syncing: %d %s: %v", status, answer, err)
	}
	if got := r.held(); got["orgs"] != 1 || got["users"] != 20 {
		t.Errorf("held are %v", got)
	}
	r.sees("In step", "users: 20 added", "https://sis.example/rostering")
	if _, text := r.do(http.MethodGet, "/metrics", ""); !strings.Contains(text, `rollcall_sync_runs_total{end="ok",mode="full"} 1`) ||
		!strings.Contains(text, `rollcall_sync_changes_total{change="added",collection="users"} 20`) ||
		!strings.Contains(text, `rollcall_sync_objects{collection="users"} 20`) {
		t.Errorf("the metrics are %s", text)
	}
	if status, zip := r.do(http.MethodGet, "/export.zip", ""); status != http.StatusOK || !strings.HasPrefix(zip, "PK") {
		t.Errorf("the bundle: %d", status)
	}
	r.from.fails = errors.New("the SIS is down")
	if status, answer := r.do(http.MethodPost, "/sync?mode=full", ""); status != http.StatusBadGateway || !strings.Contains(answer, "the SIS is down") {
		t.Errorf("syncing from a SIS that is down: %d %s", status, answer)
	}
	if got := r.held(); got["users"] != 20 {
		t.Errorf("held are %v", got)
	}
	r.sees("Out of step", "the SIS is down")
}

// What would delete too much waits for a person, and is taken in when one says so.
func TestConfirm(t *testing.T) {
	r := start(t, service.Config{})
	r.connect()
	r.do(http.MethodPost, "/sync?mode=full", "")
	if status, _ := r.do(http.MethodPost, "/confirm", ""); status != http.StatusConflict {
		t.Errorf("confirming nothing: %d", status)
	}
	r.from.change("user-00")
	status, answer := r.do(http.MethodPost, "/sync?mode=full", "")
	if status != http.StatusConflict {
		t.Fatalf("deleting nearly everybody: %d %s", status, answer)
	}
	if got := r.held(); got["users"] != 20 {
		t.Errorf("held are %v", got)
	}
	r.sees("Waiting for you", "Yes, take it in")
	if _, text := r.do(http.MethodGet, "/metrics", ""); !strings.Contains(text, "rollcall_sync_waiting 1") {
		t.Error("the metrics don't tell that it waits")
	}
	if status, _ := r.do(http.MethodPost, "/confirm?waiting=another", ""); status != http.StatusConflict {
		t.Errorf("confirming another: %d", status)
	}
	if status, answer := r.do(http.MethodPost, "/confirm", ""); status != http.StatusOK {
		t.Fatalf("confirming: %d %s", status, answer)
	}
	if got := r.held(); got["users"] != 1 {
		t.Errorf("held are %v", got)
	}
}

// Nothing that isn't right is taken, and no secret is told.
// Who is put to the test may be made empty; nobody else may.
func TestReset(t *testing.T) {
	r := start(t, service.Config{})
	if status, _ := r.do(http.MethodPost, "/reset", ""); status != http.StatusNotFound {
		t.Errorf("without being asked to it answers %d", status)
	}
	forgot := 0
	r = start(t, service.Config{Reset: true, Forget: func(context.Context) error { forgot++; return nil }})
	r.connect()
	r.do(http.MethodPost, "/sync?mode=full", "")
	foreign, err := http.NewRequestWithContext(t.Context(), http.MethodPost, r.at+"/reset", nil)
	if err != nil {
		t.Fatal(err)
	}
	foreign.Header.Set("Sec-Fetch-Site", "cross-site")
	if status, _ := r.send(foreign); status != http.StatusForbidden || r.held()["users"] != 20 {
		t.Errorf("a page of somebody else's is answered %d, and %v are held", status, r.held())
	}
	if status, answer := r.do(http.MethodPost, "/reset", ""); status != http.StatusNoContent || forgot != 1 || len(r.held()) > 0 {
		t.Errorf("%d %s; %d times; %v are held", status, answer, forgot, r.held())
	}
	r.sees("Not synced yet", "sis.example")
	if status, answer := r.do(http.MethodPost, "/sync?mode=delta", ""); status != http.StatusOK || r.held()["users"] != 20 {
		t.Errorf("syncing again: %d %s", status, answer)
	}
}

func TestBadRequests(t *testing.T) {
	r := start(t, service.Config{})
	for name, test := range map[string]struct {
		method, path, body string
		want               int
	}{
		"no such mode":     {http.MethodPost, "/sync?mode=half", "", http.StatusBadRequest},
		"no JSON":          {http.MethodPut, "/connection", `{"client_secret":"s3cret"`, http.StatusBadRequest},
		"unknown members":  {http.MethodPut, "/connection", `{"client_secret":"s3cret","password":"x"}`, http.StatusBadRequest},
		"no rosters":       {http.MethodPut, "/connection", `{"client_secret":"s3cret"}`, http.StatusBadRequest},
		"no address":       {http.MethodPut, "/connection", `{"rostering":"x","client_secret":"s3cret"}`, http.StatusBadRequest},
		"no such version":  {http.MethodPut, "/connection", `{"version":"2.0","client_secret":"s3cret"}`, http.StatusBadRequest},
		"too long":         {http.MethodPut, "/connection", `{"client_secret":"` + strings.Repeat("s", 1<<17) + `"}`, http.StatusBadRequest},
		"another method":   {http.MethodGet, "/sync", "", http.StatusMethodNotAllowed},
		"no such place":    {http.MethodGet, "/x", "", http.StatusNotFound},
		"no such version ": {http.MethodGet, "/export.zip?version=3", "", http.StatusBadRequest},
	} {
		if status, answer := r.do(test.method, test.path, test.body); status != test.want || strings.Contains(answer, "s3cret") {
			t.Errorf("%s: %d %s", name, status, answer)
		}
	}
	// Pages of others can neither send anything here nor read what is here.
	request, _ := http.NewRequest(http.MethodPost, r.at+"/sync", nil)
	request.Header.Set("Sec-Fetch-Site", "cross-site")
	if status, _ := r.send(request); status != http.StatusForbidden {
		t.Errorf("from a page of others: %d", status)
	}
	request, _ = http.NewRequest(http.MethodGet, r.at+"/held", nil)
	request.Host = "evil.example"
	if status, _ := r.send(request); status != http.StatusMisdirectedRequest {
		t.Errorf("under a name of others: %d", status)
	}
}

// Feeds are given the roster when it changed, or where they could not be told before.
func TestFeeds(t *testing.T) {
	var mu gosync.Mutex
	var log []string
	broken := true
	feed := func(name string, always bool) service.Feed {
		return service.Feed{Name: name, Always: always, Do: func(_ context.Context, roster fixtures.District) (string, error) {
			n := 0
			for range roster.Users() {
				n++
			}
			mu.Lock()
			defer mu.Unlock()
			log = append(log, fmt.Sprintf("%s %d", name, n))
			if name == "platform" && broken {
				return "", errors.New("it is down")
			}
			return "told", nil
		}}
	}
	r := start(t, service.Config{Feeds: []service.Feed{feed("platform", false), feed("grades", true)}})
	r.connect()
	sync := func(want string) {
		t.Helper()
		mu.Lock()
		log = nil
		mu.Unlock()
		if status, answer := r.do(http.MethodPost, "/sync?mode=full", ""); status != http.StatusOK {
			t.Fatalf("%d %s", status, answer)
		}
		mu.Lock()
		defer mu.Unlock()
		if got := strings.Join(log, ", "); got != want {
			t.Errorf("fed were %s, want %s", got, want)
		}
	}
	sync("platform 20, grades 20")
	r.sees("not passed on", "it is down")
	broken = false
	sync("platform 20, grades 20") // it is told what it could not be told
	sync("grades 20")
	r.from.change(append(r.from.users, "user-new")...)
	sync("platform 21, grades 21")
}

// One sync at a time: who asks meanwhile waits, as long as they like.
func TestTurns(t *testing.T) {
	r := start(t, service.Config{})
	r.from.gate = make(chan struct{})
	r.connect()
	first := make(chan int)
	go func() {
		status, _ := r.do(http.MethodPost, "/sync?mode=full", "")
		first <- status
	}()
	r.from.gate <- struct{}{} // it reads the first collection
	r.sees("A sync runs.")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if o := r.s.Sync(ctx, sync.Full); o.Err() == nil {
		t.Error("two syncs run")
	}
	close(r.from.gate)
	if status := <-first; status != http.StatusOK {
		t.Errorf("the first ended with %d", status)
	}
	// The page doesn't wait.
	if status, _ := r.do(http.MethodPost, "/sync?"+url.Values{"mode": {"full"}, "page": {"yes"}}.Encode(), ""); status != http.StatusSeeOther {
		t.Errorf("from the page: %d", status)
	}
}

// By a schedule it syncs by itself, the first time at once.
func TestSchedule(t *testing.T) {
	told := make(chan service.Outcome, 10)
	r := start(t, service.Config{Delta: time.Millisecond, Told: func(o service.Outcome) {
		select {
		case told <- o:
		default:
		}
	}})
	r.connect()
	if err := r.s.Start(); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		select {
		case o := <-told:
			if o.Err() != nil {
				t.Error(o.Err())
			}
		case <-t.Context().Done():
			t.Fatal("nothing was synced")
		}
	}
	r.sees("Next delta sync")
}
