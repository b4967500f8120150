package ags

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-edu/rollcall/reference/platform"
	"github.com/rollcall-edu/rollcall/reference/security"
	"github.com/rollcall-edu/rollcall/reference/store"
)

// world is a platform with this service and two tools.
type world struct {
	t        *testing.T
	platform *platform.Platform
	service  *Service
	server   *httptest.Server
	keys     *security.Keys
	store    store.Store
	course   string
	teacher  string
	student  string
	tokens   int
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t}
	var err error
	if w.keys, err = security.NewKeys(); err != nil {
		t.Fatal(err)
	}
	published := httptest.NewServer(w.keys)
	t.Cleanup(published.Close)
	var handler http.Handler
	w.server = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { handler.ServeHTTP(rw, r) }))
	t.Cleanup(w.server.Close)
	if w.store, err = platform.OpenStore(t.Context(), "", Collections()...); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.store.Close() })
	registered := func(client string) platform.Registration {
		return platform.Registration{ClientID: client, JWKSURL: published.URL, Deployments: []string{"d/1", "d2"}, Scopes: Scopes()}
	}
	w.platform, err = platform.New(t.Context(), platform.Config{Origin: w.server.URL, Store: w.store,
		Tools: []platform.Registration{registered("quiz"), registered("other")},
		Services: []func(*platform.Platform) (platform.Service, error){func(p *platform.Platform) (platform.Service, error) {
			w.service = New(p)
			return w.service, nil
		}}})
	if err != nil {
		t.Fatal(err)
	}
	handler = w.platform.Handler()
	w.teacher, w.student, _, w.course = w.platform.People()
	return w
}

// token gets one for scopes.
func (w *world) token(client string, scopes ...string) string {
	w.t.Helper()
	w.tokens++
	now := time.Now().Unix()
	assertion, err := w.keys.Sign(map[string]any{"iss": client, "sub": client, "aud": w.platform.TokenURL(), "iat": now, "exp": now + 60, "jti": fmt.Sprint(w.tokens)})
	if err != nil {
		w.t.Fatal(err)
	}
	r, err := http.PostForm(w.server.URL+"/token", url.Values{"grant_type": {"client_credentials"}, "scope": {strings.Join(scopes, " ")},
		"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}, "client_assertion": {assertion}})
	if err != nil {
		w.t.Fatal(err)
	}
	defer r.Body.Close()
	var got struct {
		Token string `json:"access_token"`
	}
	if err := json.NewDecoder(r.Body).Decode(&got); err != nil || got.Token == "" {
		w.t.Fatalf("no token: %s %v", r.Status, err)
	}
	return got.Token
}

type answered struct {
	status int
	header http.Header
	text   string
}

func (a answered) object() (m map[string]any) {
	_ = json.Unmarshal([]byte(a.text), &m)
	return m
}

func (a answered) list() (m []map[string]any) {
	_ = json.Unmarshal([]byte(a.text), &m)
	return m
}

func (w *world) ask(method, address, token, kind, body string) answered {
	w.t.Helper()
	r, err := http.NewRequestWithContext(w.t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	got, err := http.DefaultClient.Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer got.Body.Close()
	text, err := io.ReadAll(got.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return answered{got.StatusCode, got.Header, string(text)}
}

// link is the first link of a tool in the course.
func (w *world) link(client string) platform.Link { return w.platform.Links(w.course, client)[0] }

func (w *world) claim(client string, n int) map[string]any {
	w.t.Helper()
	l := w.platform.Links(w.course, client)[n]
	t, _ := w.platform.Tool(client)
	name, claim := w.service.Claim(&platform.Pending{User: w.student, Link: l, Tool: t})
	if name != Claim {
		w.t.Fatalf("the claim is %q", name)
	}
	return claim.(map[string]any)
}

// item makes a line item and gives its address.
func (w *world) item(token, body string) string {
	w.t.Helper()
	got := w.ask(http.MethodPost, w.claim("quiz", 0)["lineitems"].(string), token, TypeLineItem, body)
	id, _ := got.object()["id"].(string)
	if got.status != http.StatusCreated || id == "" {
		w.t.Fatalf("making %s: %d %s", body, got.status, got.text)
	}
	return id
}

// Who has a token for one thing can't do another, and sees nothing of others.
func TestScopes(t *testing.T) {
	w := newWorld(t)
	all := w.token("quiz", Scopes()...)
	items := w.claim("quiz", 0)["lineitems"].(string)
	const body = `{"label":"Column","scoreMaximum":10}`
	id := w.item(all, body)
	score := fmt.Sprintf(`{"userId":%q,"timestamp":"2027-01-01T00:00:00Z","activityProgress":"Completed","gradingProgress":"FullyGraded"}`, w.platform.Subject(w.student))
	for _, x := range []struct {
		method, address, kind, body string
		may                         []string
	}{
		{http.MethodGet, items, "", "", []string{ScopeLineItem, ScopeLineItemRead}},
		{http.MethodPost, items, TypeLineItem, body, []string{ScopeLineItem}},
		{http.MethodGet, id, "", "", []string{ScopeLineItem, ScopeLineItemRead}},
		{http.MethodPut, id, TypeLineItem, body, []string{ScopeLineItem}},
		{http.MethodGet, id + "/results", "", "", []string{ScopeResult}},
		{http.MethodPost, id + "/scores", TypeScore, score, []string{ScopeScore}},
		{http.MethodDelete, id, "", "", nil},
	} {
		for _, scope := range Scopes() {
			if x.method == http.MethodDelete && scope == ScopeLineItem {
				continue // it would be gone
			}
			got := w.ask(x.method, x.address, w.token("quiz", scope), x.kind, x.body)
			if ok := got.status < 300; ok != slices.Contains(x.may, scope) || !ok && got.status != http.StatusForbidden {
				t.Errorf("%s %s with %s: %d", x.method, x.address, scope, got.status)
			}
		}
		for _, token := range []string{"", "nobody's"} {
			if got := w.ask(x.method, x.address, token, x.kind, x.body); got.status != http.StatusUnauthorized || got.header.Get("WWW-Authenticate") == "" {
				t.Errorf("%s %s with the token %q: %d", x.method, x.address, token, got.status)
			}
		}
		if got := w.ask(x.method, x.address, w.token("other", Scopes()...), x.kind, x.body); x.address != items && got.status != http.StatusNotFound {
			t.Errorf("%s %s by another tool: %d", x.method, x.address, got.status)
		}
	}
	if got := w.ask(http.MethodGet, w.claim("other", 0)["lineitems"].(string), w.token("other", ScopeLineItem), "", ""); strings.Contains(got.text, id) {
		t.Errorf("another tool sees %s", got.text)
	}
	if got := w.ask(http.MethodGet, w.claim("quiz", 1)["lineitems"].(string), all, "", ""); got.status != http.StatusOK || got.text != "[]" {
		t.Errorf("another deployment sees %s", got.text)
	}
	if got := w.ask(http.MethodDelete, id, w.token("quiz", ScopeLineItem), "", ""); got.status != http.StatusNoContent {
		t.Errorf("deleting: %d", got.status)
	}
	if got := w.ask(http.MethodGet, id, all, "", ""); got.status != http.StatusNotFound {
		t.Errorf("deleted: %d", got.status)
	}
	for address, method := range map[string]string{items: http.MethodPut, id: http.MethodPatch, id + "/scores": http.MethodGet, id + "/results": http.MethodPost} {
		if got := w.ask(method, address, all, "", ""); got.status != http.StatusMethodNotAllowed || got.header.Get("Allow") == "" {
			t.Errorf("%s %s: %d", method, address, got.status)
		}
	}
}

func TestLineItems(t *testing.T) {
	w := newWorld(t)
	token := w.token("quiz", ScopeLineItem)
	items := w.claim("quiz", 0)["lineitems"].(string)
	long := strings.Repeat("ä", 257)
	for body, want := range map[string]int{
		`{"scoreMaximum":10}`:                                                          400,
		`{"label":" ","scoreMaximum":10}`:                                              400,
		`{"label":7,"scoreMaximum":10}`:                                                400,
		`{"label":"A"}`:                                                                400,
		`{"label":"A","scoreMaximum":0}`:                                               400,
		`{"label":"A","scoreMaximum":-1}`:                                              400,
		`{"label":"A","scoreMaximum":"10"}`:                                            400,
		`{"label":"A","scoreMaximum":1e999}`:                                           400,
		`{"label":"A","scoreMaximum":1,"tag":"` + long + `"}`:                          400,
		`{"label":"A","scoreMaximum":1,"resourceId":"` + long + `"}`:                   400,
		`{"label":"A","scoreMaximum":1,"startDateTime":"2027-01-01"}`:                  400,
		`{"label":"A","scoreMaximum":1,"endDateTime":"2027-01-01T00:00:00"}`:           400,
		`{"label":"A","scoreMaximum":1,"gradesReleased":"yes"}`:                        400,
		`{"label":"A","scoreMaximum":1,"resourceLinkId":"nowhere"}`:                    404,
		`{"label":"A","scoreMaximum":1,"resourceLinkId":"` + w.link("other").ID + `"}`: 404,
		`[]`:   400,
		`{`:    400,
		`null`: 400,
		`{"label":"A","scoreMaximum":1,"tag":null,"startDateTime":"2027-01-01T00:00:00.5+0100"}`: 201,
	} {
		if got := w.ask(http.MethodPost, items, token, TypeLineItem, body); got.status != want {
			t.Errorf("%s: %d %s", body, got.status, got.text)
		}
	}
	if got := w.ask(http.MethodPost, items, token, "application/json", `{"label":"A","scoreMaximum":1}`); got.status != http.StatusUnsupportedMediaType {
		t.Errorf("another media type: %d", got.status)
	}
	const whole = `{"label":"B","scoreMaximum":12.5,"tag":"grade","resourceId":"r 1","gradesReleased":false,"submissionReview":{"reviewableStatus":["Submitted"]},"https://vendor.example/x":{"a":[1]},"vendor":1}`
	id := w.item(token, whole)
	want := map[string]any{}
	_ = json.Unmarshal([]byte(whole), &want) // the constant is right
	delete(want, "vendor")
	want["id"] = id
	if got := w.ask(http.MethodGet, id, token, "", ""); !strings.HasPrefix(got.header.Get("Content-Type"), TypeLineItem) || fmt.Sprint(got.object()) != fmt.Sprint(want) {
		t.Errorf("read back: %s", got.text)
	}
	if got := w.ask(http.MethodPut, id, token, TypeLineItem, `{"label":"C","scoreMaximum":3,"id":"https://elsewhere.example/"}`); got.status != http.StatusBadRequest {
		t.Errorf("another id: %d", got.status)
	}
	if got := w.ask(http.MethodPut, id, token, TypeLineItem, `{"label":"C","scoreMaximum":3}`); got.status != http.StatusOK || len(got.object()) != 3 {
		t.Errorf("replaced: %d %s", got.status, got.text)
	}
}

func TestFiltersAndPages(t *testing.T) {
	w := newWorld(t)
	token := w.token("quiz", ScopeLineItem)
	link := w.link("quiz").ID
	var made []string
	for i, body := range []string{`"tag":"a"`, `"tag":"a","resourceId":"r"`, `"resourceId":"r","resourceLinkId":"` + link + `"`, `"tag":"b & c/d"`} {
		made = append(made, w.item(token, fmt.Sprintf(`{"label":"%d","scoreMaximum":1,%s}`, i, body)))
	}
	items := w.claim("quiz", 0)["lineitems"].(string)
	for query, want := range map[string][]int{"": {0, 1, 2, 3}, "tag=a": {0, 1}, "tag=b+%26+c%2Fd": {3}, "resource_id=r": {1, 2}, "tag=a&resource_id=r": {1},
		"resource_link_id=" + link: {2}, "resource_link_id=" + link + "&tag=a": {}, "tag=none": {}} {
		for _, limit := range []string{"", "&limit=1", "&limit=3"} {
			var got []string
			pages := 0
			for next := items + "?" + query + limit; next != ""; pages++ {
				a := w.ask(http.MethodGet, next, token, "", "")
				if a.status != http.StatusOK || !strings.HasPrefix(a.header.Get("Content-Type"), TypeLineItems) {
					t.Fatalf("%s: %d", next, a.status)
				}
				for _, x := range a.list() {
					got = append(got, x["id"].(string))
				}
				next, _, _ = strings.Cut(strings.TrimPrefix(a.header.Get("Link"), "<"), ">")
			}
			var ids []string
			for _, i := range want {
				ids = append(ids, made[i])
			}
			if !slices.Equal(got, ids) || limit == "&limit=1" && pages != max(1, len(want)) {
				t.Errorf("%s%s: %v on %d pages", query, limit, got, pages)
			}
		}
	}
	for _, limit := range []string{"0", "-1", "x", "1.5"} {
		if got := w.ask(http.MethodGet, items+"?limit="+limit, token, "", ""); got.status != http.StatusBadRequest {
			t.Errorf("limit=%s: %d", limit, got.status)
		}
	}
}

// The claim names a line item where the link has one, and no more.
func TestClaim(t *testing.T) {
	w := newWorld(t)
	token, bound := w.token("quiz", ScopeLineItem), `{"label":"A","scoreMaximum":1,"resourceLinkId":"`+w.link("quiz").ID+`"}`
	w.item(token, `{"label":"A","scoreMaximum":1}`)
	if c := w.claim("quiz", 0); c["lineitem"] != nil || fmt.Sprint(c["scope"]) != fmt.Sprint(Scopes()) {
		t.Errorf("of none: %v", c)
	}
	first := w.item(token, bound)
	if c := w.claim("quiz", 0); c["lineitem"] != first {
		t.Errorf("of one: %v", c)
	}
	second := w.item(token, bound)
	if c := w.claim("quiz", 0); c["lineitem"] != nil {
		t.Errorf("of two: %v", c)
	}
	w.ask(http.MethodDelete, first, token, "", "")
	if c := w.claim("quiz", 0); c["lineitem"] != second {
		t.Errorf("of one again: %v", c)
	}
	if c := w.claim("other", 0); c["lineitem"] != nil {
		t.Errorf("of another tool: %v", c)
	}
	_, claim := w.service.Claim(&platform.Pending{Link: w.link("quiz"), Tool: platform.Registration{ClientID: "quiz", Scopes: []string{"https://other.example/scope"}}})
	if claim != nil {
		t.Errorf("without a scope: %v", claim)
	}
	coupled, err := w.service.Couple(t.Context(), w.link("other"), LineItem{Label: "Coupled", ScoreMaximum: 5})
	if err != nil {
		t.Fatal(err)
	}
	told, _ := w.claim("other", 0)["lineitem"].(string)
	if !strings.HasSuffix(told, coupled.ID) {
		t.Errorf("of a coupled one: %q", told)
	}
	if got := w.ask(http.MethodDelete, told, w.token("other", ScopeLineItem), "", ""); got.status != http.StatusForbidden {
		t.Errorf("deleting a coupled one: %d", got.status)
	}
	if err := w.service.Decouple(t.Context(), w.link("other")); err != nil {
		t.Fatal(err)
	}
	if _, err := w.service.Column(t.Context(), coupled.ID); !errors.Is(err, ErrNoColumn) {
		t.Errorf("after its link is gone it is still there: %v", err)
	}
}

// scored posts a score of the student, made of a right one.
func (w *world) scored(id, token string, change map[string]any) answered {
	w.t.Helper()
	m := map[string]any{"userId": w.platform.Subject(w.student), "timestamp": "2027-01-01T00:00:00.000Z", "activityProgress": Completed, "gradingProgress": FullyGraded,
		"scoreGiven": 8, "scoreMaximum": 10}
	maps.Copy(m, change)
	maps.DeleteFunc(m, func(_ string, v any) bool { return v == "absent" })
	body, err := json.Marshal(m)
	if err != nil {
		w.t.Fatal(err)
	}
	return w.ask(http.MethodPost, id+"/scores", token, TypeScore, string(body))
}

func TestScoresThatAreRefused(t *testing.T) {
	w := newWorld(t)
	token := w.token("quiz", Scopes()...)
	id := w.item(token, `{"label":"A","scoreMaximum":50}`)
	for _, x := range []struct {
		change map[string]any
		want   int
	}{
		{map[string]any{"userId": "absent"}, 400},
		{map[string]any{"userId": 7}, 400},
		{map[string]any{"userId": "nobody"}, 404},
		{map[string]any{"userId": w.platform.Subject(w.teacher)}, 404},
		{map[string]any{"timestamp": "absent"}, 400},
		{map[string]any{"timestamp": "2027-01-01T00:00:00"}, 400},
		{map[string]any{"timestamp": "1.1.2027"}, 400},
		{map[string]any{"activityProgress": "absent"}, 400},
		{map[string]any{"activityProgress": "completed"}, 400},
		{map[string]any{"gradingProgress": "Graded"}, 400},
		{map[string]any{"gradingProgress": "absent"}, 400},
		{map[string]any{"scoreMaximum": "absent"}, 400},
		{map[string]any{"scoreMaximum": 0}, 400},
		{map[string]any{"scoreGiven": -1}, 400},
		{map[string]any{"scoreGiven": "8"}, 400},
		{map[string]any{"comment": 8}, 400},
		{map[string]any{"submission": "yesterday"}, 400},
		{map[string]any{"submission": map[string]any{"submittedAt": "yesterday"}}, 400},
		{map[string]any{"submission": map[string]any{"startedAt": "2027-01-02T00:00:00Z", "submittedAt": "2027-01-01T00:00:00Z"}}, 400},
	} {
		if got := w.scored(id, token, x.change); got.status != x.want || got.object()["error"] == "" {
			t.Errorf("%v: %d %s", x.change, got.status, got.text)
		}
	}
	if got := w.ask(http.MethodPost, id+"/scores", token, "application/json", "{}"); got.status != http.StatusUnsupportedMediaType {
		t.Errorf("another media type: %d", got.status)
	}
	if got := w.ask(http.MethodPost, id+"/scores", token, TypeScore, "[1"); got.status != http.StatusBadRequest {
		t.Errorf("no JSON: %d", got.status)
	}
	if got := w.ask(http.MethodGet, id+"/results", token, "", ""); got.text != "[]" {
		t.Errorf("what was refused left %s", got.text)
	}
	w.ask(http.MethodDelete, id, token, "", "")
	if got := w.scored(id, token, nil); got.status != http.StatusNotFound {
		t.Errorf("in a line item that is gone: %d", got.status)
	}
}

// result is the one of the student, as tools are told.
func (w *world) result(id, token string) map[string]any {
	w.t.Helper()
	got := w.ask(http.MethodGet, id+"/results?user_id="+url.QueryEscape(w.platform.Subject(w.student)), token, "", "")
	list := got.list()
	if got.status != http.StatusOK || len(list) != 1 || !strings.HasPrefix(got.header.Get("Content-Type"), TypeResults) {
		w.t.Fatalf("results: %d %s", got.status, got.text)
	}
	if one := w.ask(http.MethodGet, list[0]["id"].(string), token, "", ""); one.status != http.StatusOK || fmt.Sprint(one.object()) != fmt.Sprint(list[0]) {
		w.t.Errorf("by its id: %d %s", one.status, one.text)
	}
	return list[0]
}

func TestScores(t *testing.T) {
	w := newWorld(t)
	token := w.token("quiz", Scopes()...)
	id := w.item(token, `{"label":"A","scoreMaximum":50}`)
	at := func(s string) string { return "2027-01-01T00:00:00" + s }
	for i, x := range []struct {
		change map[string]any
		status int
		score  any // resultScore then
	}{
		{map[string]any{"activityProgress": Started, "gradingProgress": NotReady, "scoreGiven": "absent", "scoreMaximum": "absent"}, 200, nil},
		{map[string]any{"timestamp": at(".001Z"), "gradingProgress": PendingManual}, 200, nil},
		{map[string]any{"timestamp": at(".002Z"), "scoreGiven": 0}, 200, 0.0},
		{map[string]any{"timestamp": at(".0021Z"), "scoreGiven": 8, "comment": "well done"}, 200, 40.0},
		{map[string]any{"timestamp": at(".0021Z"), "scoreGiven": 8, "comment": "well done"}, 200, 40.0},
		{map[string]any{"timestamp": at(".002099Z"), "scoreGiven": 1}, 409, 40.0},
		{map[string]any{"timestamp": "2027-01-01T01:00:00.003+01:00", "scoreGiven": 12}, 200, 60.0},
		{map[string]any{"timestamp": at(".004Z"), "activityProgress": InProgress, "gradingProgress": Pending, "scoreGiven": "absent"}, 200, 60.0},
		{map[string]any{"timestamp": at(".005Z"), "scoreGiven": "absent", "scoreMaximum": "absent"}, 200, nil},
		{map[string]any{"timestamp": at(".006Z"), "scoreGiven": 1, "scoreMaximum": 4, "comment": "", "scoringUserId": "t",
			"submission": map[string]any{"submittedAt": "2026-01-01T00:00:00Z"}}, 200, 12.5},
	} {
		if got := w.scored(id, token, x.change); got.status != x.status {
			t.Errorf("%d: %d %s", i, got.status, got.text)
		}
		if got := w.result(id, token); got["resultScore"] != x.score || got["resultMaximum"] != 50.0 || got["scoreOf"] != id {
			t.Errorf("%d: the result is %v", i, got)
		}
	}
	if got := w.ask(http.MethodGet, id+"/results?user_id=nobody", token, "", ""); got.text != "[]" {
		t.Errorf("of nobody: %s", got.text)
	}
	column := id[strings.LastIndex(id, "/")+1:]
	g, err := w.service.Grade(t.Context(), column, w.student)
	if err != nil || len(g.History) != 9 || g.Submission.SubmittedAt == "" || g.Activity != Completed {
		t.Errorf("%d events, %+v %v", len(g.History), g, err)
	}
}

// What a teacher gave by hand stands until it is let go, and is told once it is released.
func TestOverride(t *testing.T) {
	w := newWorld(t)
	token := w.token("quiz", Scopes()...)
	id := w.item(token, `{"label":"A","scoreMaximum":50,"gradesReleased":false}`)
	column := id[strings.LastIndex(id, "/")+1:]
	w.scored(id, token, nil)
	done := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	done(w.service.Override(t.Context(), column, w.student, w.teacher, 45, "by hand"))
	if got := w.result(id, token); got["resultScore"] != 40.0 {
		t.Errorf("before it is released: %v", got)
	}
	done(w.service.Release(t.Context(), column, true))
	if got := w.result(id, token); got["resultScore"] != 45.0 || got["comment"] != "by hand" || got["scoringUserId"] != w.platform.Subject(w.teacher) {
		t.Errorf("released: %v", got)
	}
	w.scored(id, token, map[string]any{"timestamp": "2027-01-02T00:00:00Z", "scoreGiven": 9})
	if got := w.result(id, token); got["resultScore"] != 45.0 {
		t.Errorf("the tool has posted again: %v", got)
	}
	done(w.service.LetGo(t.Context(), column, w.student, w.teacher))
	if got := w.result(id, token); got["resultScore"] != 45.0 || got["comment"] != nil {
		t.Errorf("let go, the tool says 9 of 10: %v", got)
	}
	g, err := w.service.Grade(t.Context(), column, w.student)
	done(err)
	var kinds []string
	for _, e := range g.History {
		kinds = append(kinds, e.Kind)
	}
	if fmt.Sprint(kinds) != "[score override score let go]" {
		t.Errorf("the history is %v", kinds)
	}
	columns, err := w.service.Columns(t.Context(), w.course)
	if err != nil || len(columns) != 1 || !columns[0].Released() {
		t.Errorf("columns: %v %v", columns, err)
	}
	if err := w.service.Override(t.Context(), column, w.teacher, w.teacher, 1, ""); err != ErrNoLearner && !strings.Contains(fmt.Sprint(err), ErrNoLearner.Error()) {
		t.Errorf("a mark for a teacher: %v", err)
	}
	w.ask(http.MethodDelete, id, token, "", "")
	if n, err := w.store.Count(t.Context(), gradesKept); err != nil || n != 0 {
		t.Errorf("%d grades are left behind: %v", n, err)
	}
}
