package tool

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rollcall-edu/rollcall/reference/lti"
	"github.com/rollcall-edu/rollcall/reference/tool/client"
)

// gradebook is the services of a platform, as far as a tool calls them.
type gradebook struct {
	*httptest.Server
	mu     sync.Mutex
	scores []map[string]any // with "at", the path
	made   []map[string]any
	busy   bool
	roster string
}

func newGradebook(t *testing.T) *gradebook {
	g := &gradebook{roster: `{"members":[{"user_id":"u1","name":"Ann Lee","roles":["http://purl.imsglobal.org/vocab/lis/v2/membership#Learner"]},{"user_id":"u2","roles":[]},{"user_id":"u3","name":"Gone","status":"Inactive","roles":[]}]}`}
	g.Server = httptest.NewServer(http.HandlerFunc(g.serve))
	t.Cleanup(g.Close)
	return g
}

func (g *gradebook) serve(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	defer g.mu.Unlock()
	var body map[string]any
	_ = json.NewDecoder(r.Body).Decode(&body) // a form, or nothing
	switch {
	case r.URL.Path == "/token":
		_, _ = io.WriteString(w, `{"access_token":"t","token_type":"Bearer","expires_in":3600}`)
	case strings.HasSuffix(r.URL.Path, "/scores"):
		if g.busy {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		body["at"] = r.URL.Path
		g.scores = append(g.scores, body)
		w.WriteHeader(http.StatusNoContent)
	case r.URL.Path == "/members":
		_, _ = io.WriteString(w, g.roster)
	case r.Method == http.MethodPost:
		body["id"] = g.URL + fmt.Sprintf("/items/%d", len(g.made)+1)
		g.made = append(g.made, body)
		w.WriteHeader(http.StatusCreated)
		_ = json.NewEncoder(w).Encode(body)
	default:
		_ = json.NewEncoder(w).Encode(append([]map[string]any{}, g.made...))
	}
}

// launched makes a launch with services, by a role, and gives its id.
func (w *world) launched(g *gradebook, role string, changes map[string]any) string {
	w.t.Helper()
	w.tool.c.Platforms[0].TokenURL = g.URL + "/token"
	_, q := w.login(nil)
	claims := w.claims(q.Get("nonce"))
	claims[lti.Namespace+"roles"] = []string{lti.Membership + role}
	claims[membersClaim] = map[string]any{"context_memberships_url": g.URL + "/members", "service_versions": []string{"2.0"}}
	claims[gradesClaim] = client.Endpoint{Scope: []string{client.ScopeLineItem, client.ScopeScore}, LineItems: g.URL + "/items?course=1"}
	maps.Copy(claims, changes)
	status, body, r := w.post(url.Values{"state": {q.Get("state")}, "id_token": {w.sign(claims)}})
	if status != http.StatusSeeOther {
		w.t.Fatalf("%d %s", status, rule(body))
	}
	_, id, _ := strings.Cut(r.Header.Get("Location"), "launch=")
	return id
}

// does posts a form, nil: opens a page, and gives what it shows in the end.
func (w *world) does(path, launch string, form url.Values) (int, string) {
	w.t.Helper()
	address := w.server.URL + path + "?launch=" + launch
	var r *http.Response
	var err error
	if form != nil {
		if r, err = w.browser.PostForm(address, form); err == nil && r.StatusCode == http.StatusSeeOther {
			r.Body.Close()
			r, err = w.browser.Get(w.server.URL + r.Header.Get("Location"))
		}
	} else {
		r, err = w.browser.Get(address)
	}
	if err != nil {
		w.t.Fatal(err)
	}
	defer r.Body.Close()
	b, _ := io.ReadAll(r.Body) // a short page fails where it is looked at
	return r.StatusCode, string(b)
}

// answers works through the quiz.
func (w *world) answers(launch string, answers ...string) string {
	w.t.Helper()
	w.does("/quiz", launch, url.Values{"step": {"begin"}})
	page := ""
	for i, a := range answers {
		_, page = w.does("/quiz", launch, url.Values{"step": {"answer"}, "question": {fmt.Sprint(i + 1)}, "answer": {a}})
	}
	return page
}

// The platform is told of each step, and later each time; a score of nothing is told as 0.
func TestQuizTells(t *testing.T) {
	w, g := newWorld(t), newGradebook(t)
	launch := w.launched(g, "Learner", nil)
	if page := w.answers(launch, "1", "10"); !strings.Contains(page, "You have 0 of 10 points") {
		t.Error(page)
	}
	w.answers(w.launched(g, "Learner", nil), "4", "18") // again, by another launch
	want := []string{"Initialized NotReady <nil>", "InProgress NotReady <nil>", "Submitted Pending <nil>", "Completed FullyGraded 0",
		"Initialized NotReady <nil>", "InProgress NotReady <nil>", "Submitted Pending <nil>", "Completed FullyGraded 10"}
	if len(g.scores) != len(want) || len(g.made) != 1 {
		t.Fatalf("%v, line items %v", g.scores, g.made)
	}
	last := ""
	for i, s := range g.scores {
		if got := fmt.Sprint(s["activityProgress"], " ", s["gradingProgress"], " ", s["scoreGiven"]); got != want[i] || s["userId"] != "u1" || s["at"] != "/items/1/scores" {
			t.Errorf("%v, want %s", s, want[i])
		}
		if at := fmt.Sprint(s["timestamp"]); at <= last {
			t.Errorf("%s is not later than %s", at, last)
		} else {
			last = at
		}
	}
	if m := g.made[0]; m["resourceLinkId"] != "l1" || m["scoreMaximum"] != 10.0 || m["label"] == "" {
		t.Errorf("%v", m)
	}
}

// A launch that names a line item has no other made for the quiz; a task that is graded by hand
// is told of when it is handed in, and when it is graded, with the time when it was handed in.
func TestTaskIsGradedByHand(t *testing.T) {
	w, g := newWorld(t), newGradebook(t)
	grades := client.Endpoint{Scope: []string{client.ScopeLineItem, client.ScopeScore}, LineItems: g.URL + "/items", LineItem: g.URL + "/given?type_id=3"}
	learner := w.launched(g, "Learner", map[string]any{gradesClaim: grades})
	w.answers(learner, "4")
	if len(g.made) != 0 || g.scores[0]["at"] != "/given/scores" {
		t.Errorf("%v, %v", g.made, g.scores)
	}
	if status, page := w.does("/task", learner, url.Values{"text": {"A <b>balance</b>."}}); status != http.StatusOK || !strings.Contains(page, "not graded yet") {
		t.Errorf("%d %s", status, page)
	}
	teacher := w.launched(g, "Instructor", map[string]any{"sub": "t1", gradesClaim: grades})
	if _, page := w.does("/tasks", teacher, nil); !strings.Contains(page, "A &lt;b&gt;balance") {
		t.Error(page)
	}
	w.does("/tasks", teacher, url.Values{"user": {"u1"}, "points": {"0"}, "comment": {"Why?"}})
	handed, graded := g.scores[len(g.scores)-2], g.scores[len(g.scores)-1]
	if handed["gradingProgress"] != "PendingManual" || handed["scoreGiven"] != nil || graded["scoreGiven"] != 0.0 || graded["scoringUserId"] != "t1" ||
		graded["userId"] != "u1" || graded["comment"] != "Why?" || fmt.Sprint(graded["submission"]) != fmt.Sprint(handed["submission"]) || graded["at"] != "/items/1/scores" {
		t.Errorf("%v\n%v", handed, graded)
	}
	if m := g.made; len(m) != 1 || m[0]["resourceLinkId"] != nil || m[0]["tag"] != "task" {
		t.Errorf("%v", m)
	}
	for path, form := range map[string]url.Values{"/tasks": {"user": {"u1"}, "points": {"21"}}, "/roster": nil} {
		status, _ := w.does(path, learner, form)
		if status != http.StatusForbidden {
			t.Errorf("%s by a learner: %d", path, status)
		}
	}
	for _, points := range []string{"-1", "NaN", "x", "20.5"} {
		if status, _ := w.does("/tasks", teacher, url.Values{"user": {"u1"}, "points": {points}}); status != http.StatusBadRequest {
			t.Errorf("%s points: %d", points, status)
		}
	}
}

// What the platform could not be told is owed, and told when a person asks for it.
func TestNothingIsLost(t *testing.T) {
	w, g := newWorld(t), newGradebook(t)
	g.busy = true
	launch := w.launched(g, "Learner", nil)
	if page := w.answers(launch, "4", "18"); !strings.Contains(page, `id="owed"`) || !strings.Contains(page, "10 of 10") {
		t.Error(page)
	}
	g.busy = false
	if _, page := w.does("/quiz/again", launch, url.Values{}); strings.Contains(page, `id="owed"`) || len(g.scores) != 1 || g.scores[0]["scoreGiven"] != 10.0 {
		t.Errorf("%v %s", g.scores, page)
	}
}

// Nobody is told of test users, of people without an id, or where nothing is offered.
func TestNothingCounts(t *testing.T) {
	for name, changes := range map[string]map[string]any{
		"a test user": {lti.Namespace + "roles": []string{lti.TestUser, lti.Membership + "Learner"}},
		"nobody":      {"sub": nil, "name": nil},
		"no service":  {gradesClaim: nil},
		"odd service": {gradesClaim: "x", membersClaim: 5},
	} {
		w, g := newWorld(t), newGradebook(t)
		if page := w.answers(w.launched(g, "Learner", changes), "4", "18"); !strings.Contains(page, "10 of 10") || len(g.scores) != 0 {
			t.Errorf("%s: %v %s", name, g.scores, page)
		}
	}
}

func TestRosterPage(t *testing.T) {
	w, g := newWorld(t), newGradebook(t)
	teacher := w.launched(g, "Instructor", nil)
	if status, page := w.does("/roster", teacher, nil); status != http.StatusOK || !strings.Contains(page, "2 people") || !strings.Contains(page, "(u2)") || strings.Contains(page, "Gone") {
		t.Errorf("%d %s", status, page)
	}
	g.roster = `{}`
	if status, page := w.does("/roster", teacher, nil); status != http.StatusBadGateway || strings.Contains(page, "Ann") {
		t.Errorf("%d %s", status, page)
	}
}

// A desk has room for so many, and the oldest goes.
func TestDeskIsBounded(t *testing.T) {
	d := desk{Works: map[string]*work{}}
	for i := range mostAtDesk {
		d.Works[fmt.Sprint(i)] = &work{Begun: time.Unix(int64(1000+i), 0)}
	}
	d.Works["7"].Begun, d.Works["8"].HandedIn = time.Time{}, time.Unix(5000, 0)
	d.makeRoom()
	if _, there := d.Works["7"]; there || len(d.Works) != mostAtDesk-1 {
		t.Errorf("%d, %t", len(d.Works), there)
	}
}
