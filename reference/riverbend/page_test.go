package riverbend

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-edu/rollcall/fixtures"
)

// visit asks the start page, and gives status and text.
func visit(t *testing.T, method, address string, header ...string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
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

// The start page shows the nine flows and does what its buttons say; programs change the SIS where the district
// is judged, and nowhere else.
func TestStartPage(t *testing.T) {
	d, err := Start(t.Context(), Options{Every: time.Hour, Judged: true, Without: []string{Catalog, CASE}})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	c, at := d.Cast, d.Address()
	_, home := visit(t, http.MethodGet, at+"/")
	for _, want := range []string{`id="flow-1"`, `id="flow-9"`, c.Teacher.Name, d.SIS.BaseURL, d.Platforms[0].Origin, d.Tools[1].LoginURL(), "/?as=" + c.Learner.ID} {
		if !strings.Contains(home, want) {
			t.Errorf("the start page lacks %s", want)
		}
	}
	if strings.Contains(home, d.SIS.Main.Secret) {
		t.Error("the start page tells a secret")
	}
	in := func(user, class string) bool {
		t.Helper()
		roster, err := d.SIS.Roster(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for e := range roster.Enrollments() {
			if e.User == user && e.Class == class && e.Status == fixtures.Active {
				return true
			}
		}
		return false
	}
	press := func(what string) {
		t.Helper()
		if status, page := visit(t, http.MethodPost, at+"/do?what="+what); status != http.StatusOK || !strings.Contains(page, done[what]) {
			t.Errorf("%s: %d", what, status)
		}
	}
	press("enroll")
	press("withdraw")
	press("add")
	if !in(c.Newcomer.ID, c.Class) || in(c.Leaver.ID, c.Class) {
		t.Error("the buttons change nothing")
	}
	press("sync")
	if d.Platforms[0].Roles(c.Class, c.Newcomer.ID) == nil || d.Platforms[0].Roles(c.Class, c.Leaver.ID) != nil {
		t.Error("the platform isn't in step")
	}
	press("restore")
	press("take")
	if in(c.Newcomer.ID, c.Class) || !in(c.Leaver.ID, c.Class) {
		t.Error("the class isn't as it was")
	}
	press("sync")
	if _, page := visit(t, http.MethodGet, at+"/sis"); !strings.Contains(page, "Robin Newman") || !strings.Contains(page, "until withdrawn") {
		t.Error("the page of the SIS doesn't show what changed")
	}
	if status, _ := visit(t, http.MethodPost, at+"/do?what=sync", "Sec-Fetch-Site", "cross-site"); status != http.StatusForbidden {
		t.Errorf("a page from elsewhere is answered with %d", status)
	}
	change := func(what string, more ...string) (int, string) {
		t.Helper()
		v := url.Values{"person": {c.Newcomer.ID}, "class": {c.Class}}
		for i := 0; i < len(more); i += 2 {
			v.Set(more[i], more[i+1])
		}
		return visit(t, http.MethodPost, at+"/changes/"+what+"?"+v.Encode())
	}
	for _, x := range []struct {
		what   string
		more   []string
		status int
	}{
		{"enroll", []string{"role", "student"}, http.StatusOK},
		{"move", []string{"to", c.Other}, http.StatusOK},
		{"withdraw", nil, http.StatusUnprocessableEntity}, // moved already
		{"rename", []string{"familyName", "Otherwise"}, http.StatusOK},
		{"add", []string{"givenName", "Ada", "familyName", "New"}, http.StatusOK},
		{"add", nil, http.StatusUnprocessableEntity},
		{"leave", nil, http.StatusOK},
		{"close", []string{"class", c.Other}, http.StatusOK},
		{"enroll", []string{"person", "nobody"}, http.StatusUnprocessableEntity},
		{"nothing", nil, http.StatusNotFound},
	} {
		if status, text := change(x.what, x.more...); status != x.status {
			t.Errorf("%s is answered with %d: %s", x.what, status, text)
		}
	}
	// The assessment app takes a test and pushes its results when it is told to, and says what it has.
	tests := d.Assessment.Origin + "/tests"
	for query, want := range map[string]int{"?class=" + c.Class + "&student=" + c.Learner.ID + "&push=now": http.StatusNoContent, "": http.StatusBadRequest} {
		if status, text := visit(t, http.MethodPost, tests+query); status != want {
			t.Errorf("a test is answered with %d: %s", status, text)
		}
	}
	if _, text := visit(t, http.MethodGet, tests); !strings.Contains(text, c.Learner.ID) {
		t.Errorf("who took the test is %s", text)
	}
	if _, text := visit(t, http.MethodGet, d.Assessment.Origin+"/results"); !strings.Contains(text, `"collection":"assessmentResults"`) {
		t.Errorf("the app has no results: %s", text)
	}
	other, err := Start(t.Context(), Options{Every: time.Hour, Without: []string{Platform, "tool", Assessment, Catalog, CASE}})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if status, _ := visit(t, http.MethodPost, other.Address()+"/changes/close?class="+c.Class); status != http.StatusNotFound {
		t.Errorf("who doesn't judge is answered with %d", status)
	}
	if _, page := visit(t, http.MethodGet, other.Address()+"/"); !strings.Contains(page, "a place that is left for your own") {
		t.Error("the start page says nothing of places that were left")
	}
}
