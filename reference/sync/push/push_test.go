package push_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-edu/rollcall/fixtures"
	"github.com/rollcall-edu/rollcall/reference/district"
	"github.com/rollcall-edu/rollcall/reference/platform/ags"
	"github.com/rollcall-edu/rollcall/reference/store"
	"github.com/rollcall-edu/rollcall/reference/sync/push"
)

// plain is a sender without patience; what it is told to refuse it does.
type plain struct {
	t      *testing.T
	sis    *district.SIS
	sent   []string // method and place
	refuse func(method, address string) (status int)
}

func (p *plain) token(scope string) string {
	p.t.Helper()
	form := url.Values{"grant_type": {"client_credentials"}, "scope": {scope}}
	r, _ := http.NewRequest(http.MethodPost, p.sis.TokenURL, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(p.sis.Main.ID, p.sis.Main.Secret)
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	defer response.Body.Close()
	var grant struct {
		Token string `json:"access_token"`
	}
	if err := json.NewDecoder(response.Body).Decode(&grant); err != nil {
		p.t.Fatal(err)
	}
	return grant.Token
}

func (p *plain) Send(ctx context.Context, method, address, scope string, body []byte) (int, string, error) {
	status, answer, err := p.send(ctx, method, address, scope, body)
	if status == http.StatusForbidden {
		answer = []byte("no")
	}
	return status, string(answer), err
}

func (p *plain) send(ctx context.Context, method, address, scope string, body []byte) (int, []byte, error) {
	if p.refuse != nil {
		if status := p.refuse(method, address); status > 0 {
			return status, nil, nil
		}
	}
	r, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	r.Header.Set("Authorization", "Bearer "+p.token(scope))
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, nil, err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if method != http.MethodGet {
		p.sent = append(p.sent, method+" "+strings.TrimPrefix(strings.TrimPrefix(address, p.sis.GradebookURL), p.sis.V1P1URL))
		if response.StatusCode > 299 {
			p.t.Errorf("%s %s: %s: %s: %s", method, address, response.Status, answer, body)
		}
	}
	return response.StatusCode, answer, err
}

// get reads an object of the SIS; nil: it isn't there.
func (p *plain) get(place string) map[string]any {
	p.t.Helper()
	scopes := "https://purl.imsglobal.org/spec/or/v1p2/scope/gradebook.readonly https://purl.imsglobal.org/spec/or/v1p2/scope/assessment.readonly"
	status, answer, err := p.send(p.t.Context(), http.MethodGet, p.sis.GradebookURL+place, scopes, nil)
	if err != nil || status != http.StatusOK {
		return nil
	}
	var wrapped map[string]map[string]any
	if err := json.Unmarshal(answer, &wrapped); err != nil {
		p.t.Fatalf("%s: %v", place, err)
	}
	for _, o := range wrapped {
		return o
	}
	return nil
}

// world is a SIS, and the platform of the same district.
type world struct {
	*plain
	platform        *district.Platform
	student, course string
	teacher         string
	pusher          *push.Pusher
	grades          push.Grades
}

func newWorld(t *testing.T) *world {
	t.Helper()
	sis, err := district.StartSIS(t.Context(), district.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sis.Close() })
	p, err := district.StartPlatform(t.Context(), district.PlatformOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	kept, err := store.Open(t.Context(), "", push.Kept)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { kept.Close() })
	roster, err := fixtures.New(fixtures.Small, fixtures.DefaultSeed)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{plain: &plain{t: t, sis: sis}, platform: p}
	w.teacher, w.student, _, w.course = p.People()
	to := push.SIS{Gradebook: sis.GradebookURL, Rostering: sis.BaseURL, Sender: w.plain}
	w.pusher = &push.Pusher{To: to, Store: kept, Now: time.Now}
	w.grades = push.Grades{Platform: p.Platform, Book: p.Grades, Roster: roster}
	return w
}

func (w *world) push(from push.From, sent, deleted, refused int) {
	w.t.Helper()
	w.sent = nil
	got, err := w.pusher.Push(w.t.Context(), from)
	if err != nil || got.Sent != sent || got.Deleted != deleted || len(got.Refused) != refused {
		w.t.Fatalf("pushed were %+v, %v; want %d sent, %d deleted, %d refused; %v", got, err, sent, deleted, refused, w.sent)
	}
}

// place finds where something was put that was sent last, of a collection.
func (w *world) place(collection string) string {
	w.t.Helper()
	for _, s := range w.sent {
		if _, place, _ := strings.Cut(s, " "); strings.HasPrefix(place, "/"+collection+"/") {
			return place
		}
	}
	w.t.Fatalf("nothing of %s was sent: %v", collection, w.sent)
	return ""
}

func TestGrades(t *testing.T) {
	w := newWorld(t)
	column, err := w.platform.Grades.Couple(t.Context(), platformLink(w.course), ags.LineItem{Label: "Essay", ScoreMaximum: 20})
	if err != nil {
		t.Fatal(err)
	}
	w.push(w.grades, 2, 0, 0) // the category, the line item
	item := w.place("lineItems")
	if got := w.get(item); got["title"] != "Essay" || got["resultValueMax"] != 20.0 || got["academicSession"] == nil {
		t.Errorf("the line item is %v", got)
	}
	w.push(w.grades, 0, 0, 0)
	if err := w.platform.Grades.Override(t.Context(), column.ID, w.student, w.teacher, 17, "Well done"); err != nil {
		t.Fatal(err)
	}
	w.push(w.grades, 1, 0, 0)
	result := w.place("results")
	got := w.get(result)
	meta, _ := got["metadata"].(map[string]any)
	if got["score"] != 17.0 || got["comment"] != "Well done" || got["scoreStatus"] != "fully graded" || meta[push.Overridden] != "true" {
		t.Errorf("the result is %v", got)
	}
	w.push(w.grades, 0, 0, 0)
	// Another mark takes the place of the one before.
	if err := w.platform.Grades.Override(t.Context(), column.ID, w.student, w.teacher, 12, ""); err != nil {
		t.Fatal(err)
	}
	w.push(w.grades, 1, 0, 0)
	if again := w.place("results"); again != result || w.get(result)["score"] != 12.0 {
		t.Errorf("%s is %v", again, w.get(again))
	}
	// What was told once stays when the learner leaves, or marks are held back.
	if err := w.platform.Leave(t.Context(), w.course, w.student); err != nil {
		t.Fatal(err)
	}
	w.push(w.grades, 0, 0, 0)
	if w.get(result) == nil {
		t.Error("the result of whoever left is gone")
	}
	// What is deleted here is deleted there, with its results.
	if err := w.platform.Grades.Decouple(t.Context(), platformLink(w.course)); err != nil {
		t.Fatal(err)
	}
	w.push(w.grades, 0, 3, 0)
	if w.get(item) != nil || w.get(result) != nil {
		t.Error("they are still there")
	}
}

// What the SIS refuses is sent again by the next push, and what hangs on it waits.
func TestRefused(t *testing.T) {
	w := newWorld(t)
	column, err := w.platform.Grades.Couple(t.Context(), platformLink(w.course), ags.LineItem{Label: "Essay", ScoreMaximum: 20})
	if err == nil {
		err = w.platform.Grades.Override(t.Context(), column.ID, w.student, w.teacher, 17, "")
	}
	if err != nil {
		t.Fatal(err)
	}
	w.refuse = func(_, address string) int {
		if strings.Contains(address, "/lineItems/") {
			return http.StatusForbidden
		}
		return 0
	}
	got, err := w.pusher.Push(t.Context(), w.grades)
	var refused *push.Refused
	if err != nil || got.Sent != 1 || len(got.Refused) != 2 || !errors.As(got.Refused[0], &refused) || refused.Status != http.StatusForbidden {
		t.Fatalf("pushed were %+v, %v", got, err)
	}
	if text := refused.Error(); !strings.Contains(text, "403 Forbidden: no") {
		t.Errorf("it says %q", text)
	}
	w.refuse = nil
	w.push(w.grades, 2, 0, 0)
	if err := w.pusher.Forget(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.push(w.grades, 3, 0, 0) // what was forgotten is sent again
	// Where nothing is taken, the rest is given up.
	w.refuse = func(string, string) int { return http.StatusForbidden }
	many := objects{}
	for _, id := range strings.Split("abcdefghijklmnop", "") {
		many = append(many, push.Object{Collection: "categories", Wrapper: "category", SourcedID: id, Body: map[string]any{"title": id}})
	}
	if got, err := w.pusher.Push(t.Context(), many); err == nil || len(got.Refused) != 10 {
		t.Errorf("pushed were %+v, %v", got, err)
	}
}

type objects []push.Object

func (objects) Name() string                                               { return "objects" }
func (o objects) Objects(context.Context, push.SIS) ([]push.Object, error) { return o, nil }

// A test of a class stands in the SIS, by what the roster says of who is in the class.
func TestAssessment(t *testing.T) {
	w := newWorld(t)
	from := push.Assessment{Class: w.course, Roster: w.grades.Roster, Taken: time.Date(2027, 1, 12, 9, 0, 0, 0, time.UTC)}
	got, err := w.pusher.Push(t.Context(), from)
	if err != nil || len(got.Refused) > 0 || got.Sent < 20 {
		t.Fatalf("pushed were %+v, %v", got, err)
	}
	if r := w.get(w.place("assessmentResults")); r == nil || r["scoreDate"] != "2027-01-12" {
		t.Errorf("a result is %v", r)
	}
	w.push(from, 0, 0, 0)
	from.Class = "nobody"
	if _, err := w.pusher.Push(t.Context(), from); err == nil {
		t.Error("a class without students was pushed")
	}
}
