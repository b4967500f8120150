package platform

import (
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"

	"github.com/rollcall-edu/rollcall/reference/lti"
)

// Whoever teaches a course changes who is in it; others don't.
func TestPeopleOfACourse(t *testing.T) {
	w := newWorld(t)
	teacher, student, parent, course := w.platform.People()
	outside := ""
	for _, id := range w.platform.school().order {
		if w.platform.school().roles(course, id) == nil {
			outside = id
			break
		}
	}
	path := "/courses/" + url.PathEscape(course) + "/people"
	w.signIn(teacher)
	if _, page := w.get("/courses/" + url.PathEscape(course)); !strings.Contains(page, `href="`+path+`"`) {
		t.Error("the course doesn't lead to its people")
	}
	_, page := w.get(path)
	token := fields(page).Get("token")
	do := func(v url.Values) int {
		t.Helper()
		v.Set("token", token)
		return w.post(path, v)
	}
	if status := do(url.Values{"do": {"enroll"}, "user": {outside}, "role": {"student"}}); status != http.StatusOK || w.platform.Roles(course, outside) == nil {
		t.Fatalf("enrolling: %d", status)
	}
	if status := do(url.Values{"do": {"suspend"}, "user": {student}}); status != http.StatusOK {
		t.Fatalf("suspending: %d", status)
	}
	if status := do(url.Values{"do": {"leave"}, "user": {outside}}); status != http.StatusOK || w.platform.Roles(course, outside) != nil {
		t.Fatalf("leaving: %d", status)
	}
	for name, v := range map[string]url.Values{
		"leaving twice":   {"do": {"leave"}, "user": {outside}},
		"nobody":          {"do": {"enroll"}, "user": {"x"}, "role": {"student"}},
		"no such role":    {"do": {"enroll"}, "user": {outside}, "role": {"king"}},
		"nothing to do":   {"user": {outside}},
		"pausing outside": {"do": {"suspend"}, "user": {outside}},
	} {
		if status := do(v); status != http.StatusBadRequest {
			t.Errorf("%s: %d", name, status)
		}
	}
	if status := w.post(path, url.Values{"do": {"leave"}, "user": {student}, "token": {"x"}}); status != http.StatusForbidden {
		t.Errorf("a form from elsewhere: %d", status)
	}
	link := w.platform.Links(course, client)[0].ID
	w.browser.Jar, _ = cookiejar.New(nil)
	w.signIn(student)
	if status, _ := w.get("/links/" + link + "/begin"); status != http.StatusForbidden {
		t.Errorf("somebody who is suspended opens a link: %d", status)
	}
	for _, who := range []string{student, parent} {
		w.browser.Jar, _ = cookiejar.New(nil)
		w.signIn(who)
		if status, _ := w.get(path); status != http.StatusNotFound {
			t.Errorf("%s sees the people: %d", who, status)
		}
	}

	// A parent whose children left has none to accompany, and never null.
	for _, child := range w.platform.school().mentors[parent] {
		_ = w.platform.Leave(t.Context(), course, child) // who wasn't there needn't leave
	}
	tool, _ := w.platform.tool(client)
	claims := w.platform.claims(&Pending{User: parent, Link: Link{Course: course}, Tool: tool}, "n")
	if scope := claims[lti.Namespace+"role_scope_mentor"].([]string); scope == nil || len(scope) != 0 {
		t.Errorf("the parent accompanies %v", scope)
	}
}

// What was changed is there when the platform is started again on its store.
func TestPeopleStay(t *testing.T) {
	kept, err := OpenStore(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	open := func() *Platform {
		p, err := New(t.Context(), Config{Origin: "https://platform.example", Store: kept})
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	p := open()
	_, student, _, course := p.People()
	if err := p.Leave(t.Context(), course, student); err != nil {
		t.Fatal(err)
	}
	again := open()
	if again.Roles(course, student) != nil {
		t.Error("whoever left is back")
	}
	if changes, at := again.Changes(course, Registration{}, 0); len(changes) != 1 || changes[0].Status != "Deleted" || at != 1 {
		t.Errorf("%d changes, the last is %d", len(changes), at)
	}
}
