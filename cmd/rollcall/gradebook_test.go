package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-edu/rollcall/reference/district"
	"github.com/rollcall-edu/rollcall/reference/lti"
	"github.com/rollcall-edu/rollcall/reference/platform"
	"github.com/rollcall-edu/rollcall/reference/platform/ags"
	"github.com/rollcall-edu/rollcall/reference/security"
	"github.com/rollcall-edu/rollcall/reference/store/pgtest"
	"github.com/rollcall-edu/rollcall/suites/harness/browser"
)

// bookWorld is a platform with a tool that sends scores, and a browser.
type bookWorld struct {
	*testing.T
	ctx     context.Context
	own     judgesSide
	tool    platform.Registration
	keys    *security.Keys
	dsn     string
	listen  string
	p       *district.Platform
	browser *browser.Browser
	http    *http.Client
	course  platform.Course
	token   string
}

func newBook(t *testing.T, dsn string) *bookWorld {
	t.Helper()
	if _, err := browser.Find(); err != nil {
		t.Skip(err)
	}
	keys, err := security.NewKeys()
	if err != nil {
		t.Fatal(err)
	}
	published := httptest.NewServer(keys)
	t.Cleanup(published.Close)
	w := &bookWorld{T: t, ctx: t.Context(), own: judgeSide(t, "tool.localhost"), keys: keys, dsn: dsn, listen: freePort(t)}
	w.tool = platform.Registration{ClientID: "quiz", Name: "Quiz", LoginURL: "https://tool.localhost/login", RedirectURIs: []string{"https://tool.localhost/callback"},
		TargetURI: "https://tool.localhost/quiz", JWKSURL: published.URL, Deployments: []string{"d"}, Scopes: ags.Scopes()}
	w.http = security.LoopbackClient(w.own.made.AuthorityPEM)
	w.start()
	t.Cleanup(func() { _ = w.p.Close() })
	w.browser, err = browser.New(browser.Options{TrustPEM: w.own.made.AuthorityPEM})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.browser.Close)
	_, _, _, course := w.p.People()
	w.course, _ = w.p.Course(course)
	now := time.Now().Unix()
	assertion, err := keys.Sign(map[string]any{"iss": "quiz", "sub": "quiz", "aud": w.p.TokenURL(), "iat": now, "exp": now + 60, "jti": lti.Random()})
	if err != nil {
		t.Fatal(err)
	}
	r, err := w.http.PostForm(w.p.TokenURL(), url.Values{"grant_type": {"client_credentials"}, "client_assertion": {assertion}, "scope": {strings.Join(ags.Scopes(), " ")},
		"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	var granted struct {
		Token string `json:"access_token"`
	}
	if err := json.NewDecoder(r.Body).Decode(&granted); err != nil || granted.Token == "" {
		t.Fatalf("no token: %s, %v", r.Status, err)
	}
	w.token = granted.Token
	return w
}

// start brings the platform up, on what it kept.
func (w *bookWorld) start() {
	w.Helper()
	p, err := district.StartPlatform(w.ctx, district.PlatformOptions{TLS: w.own.made, TrustPEM: w.own.made.AuthorityPEM, Listen: w.listen, DB: w.dsn,
		Tools: []platform.Registration{w.tool}})
	if err != nil {
		w.Fatal(err)
	}
	w.p = p
}

// send sends what a tool would.
func (w *bookWorld) send(address, kind, body string) map[string]any {
	w.Helper()
	r, err := http.NewRequestWithContext(w.ctx, http.MethodPost, address, strings.NewReader(body))
	if err != nil {
		w.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+w.token)
	r.Header.Set("Content-Type", kind)
	got, err := w.http.Do(r)
	if err != nil {
		w.Fatal(err)
	}
	defer got.Body.Close()
	var out map[string]any
	if err := json.NewDecoder(got.Body).Decode(&out); err != nil || got.StatusCode > 299 {
		w.Fatalf("%s %s: %s %v %v", kind, body, got.Status, out, err)
	}
	return out
}

func (w *bookWorld) score(item, user string, minute int, grading, more string) {
	w.Helper()
	w.send(item+"/scores", ags.TypeScore, fmt.Sprintf(`{"userId":%q,"timestamp":"2027-01-01T08:%02d:00.5Z","activityProgress":"Completed","gradingProgress":%q%s}`,
		w.p.Subject(user), minute, grading, more))
}

// page opens a page as somebody.
func (w *bookWorld) page(user string) *bookPage {
	w.Helper()
	page, err := w.browser.Open(w.ctx, browser.PageOptions{})
	if err != nil {
		w.Fatal(err)
	}
	w.Cleanup(page.Close)
	b := &bookPage{w, page}
	b.run(browser.Step{Open: w.p.Origin + "/"}, browser.Step{Select: "#user", Value: user}, browser.Step{Click: "#signin"}, browser.Step{Wait: "#courses"})
	return b
}

type bookPage struct {
	w    *bookWorld
	page *browser.Page
}

func (b *bookPage) run(steps ...browser.Step) {
	b.w.Helper()
	if err := b.page.Run(b.w.ctx, steps); err != nil {
		b.w.Fatal(err)
	}
}

func (b *bookPage) open(path string) {
	b.w.Helper()
	b.run(browser.Step{Open: b.w.p.Origin + path}, browser.Step{Wait: "main"})
	b.usable()
}

// eval runs an expression in the page.
func (b *bookPage) eval(expression string) string {
	b.w.Helper()
	frames, err := b.page.Look(b.w.ctx)
	if err != nil || len(frames) == 0 {
		b.w.Fatalf("the page can't be read: %v", err)
	}
	text, err := b.page.Eval(b.w.ctx, frames[0].ID, expression)
	if err != nil {
		b.w.Fatal(err)
	}
	return text
}

// shows holds the page to say something.
func (b *bookPage) shows(selector, text string) {
	b.w.Helper()
	if got := b.eval(`(document.querySelector(` + fmt.Sprintf("%q", selector) + `)||{innerText:"(nothing)"}).innerText`); !strings.Contains(got, text) {
		b.w.Errorf("%s says %q, and not %q", selector, got, text)
	}
}

// heard holds the page to parts that a screen reader tells of, by role and name.
func (b *bookPage) heard(parts ...string) {
	b.w.Helper()
	all, err := b.page.Heard(b.w.ctx)
	if err != nil {
		b.w.Fatal(err)
	}
	for _, p := range parts {
		if !slices.Contains(all, p) {
			b.w.Errorf("a screen reader doesn't tell of %q, but of\n%s", p, strings.Join(all, "\n"))
		}
	}
}

// usable holds the page to what people need who see nothing of it, or have no mouse.
func (b *bookPage) usable() {
	b.w.Helper()
	const look = `(() => {
  const wrong = [], name = e => (e.getAttribute("aria-label") || e.innerText || "").trim();
  if (!document.documentElement.lang) wrong.push("no language");
  if (document.querySelectorAll("h1").length !== 1) wrong.push("not one heading of the first rank");
  if (document.querySelectorAll("main").length !== 1) wrong.push("no main part");
  for (const e of document.querySelectorAll("a, button")) if (!name(e)) wrong.push("without a name: " + e.outerHTML);
  for (const e of document.querySelectorAll("input:not([type=hidden]), textarea, select")) if (!(e.labels && e.labels.length) && !e.getAttribute("aria-label")) wrong.push("without a label: " + e.outerHTML);
  for (const e of document.querySelectorAll("th")) if (!e.scope) wrong.push("of nothing: " + e.outerHTML);
  for (const e of document.querySelectorAll("table")) if (!e.caption && !e.getAttribute("aria-labelledby")) wrong.push("a table without a name: " + e.id);
  for (const e of document.querySelectorAll("[tabindex]")) if (e.tabIndex > 0) wrong.push("out of order: " + e.outerHTML);
  for (const e of document.querySelectorAll("[aria-labelledby], [aria-describedby]"))
    for (const id of ((e.getAttribute("aria-labelledby") || "") + " " + (e.getAttribute("aria-describedby") || "")).trim().split(/\s+/))
      if (!document.getElementById(id)) wrong.push("named by nothing: " + id);
  return wrong.join("\n");
})()`
	if wrong := b.eval(look); wrong != "" {
		b.w.Errorf("the page can't be used by everybody: %s", wrong)
	}
}

// tabTo presses Tab until the focus is on what a selector finds, as somebody without a mouse does.
func (b *bookPage) tabTo(selector string) {
	b.w.Helper()
	for range 200 {
		if err := b.page.Press(browser.Tab); err != nil {
			b.w.Fatal(err)
		}
		if b.eval(`String(document.activeElement && document.activeElement.matches(`+fmt.Sprintf("%q", selector)+`))`) == "true" {
			return
		}
	}
	b.w.Fatalf("%s can't be reached by the keyboard", selector)
}

func (b *bookPage) press(k browser.Key, then string) {
	b.w.Helper()
	if err := b.page.Press(k); err != nil {
		b.w.Fatal(err)
	}
	b.run(browser.Step{Wait: then})
	b.usable()
}

// TestGradebookPage goes through the gradebook as a teacher and a learner do, by the keyboard
// where something is changed; what was given by hand stands until it is let go, and a restart
// loses nothing.
func TestGradebookPage(t *testing.T) {
	if testing.Short() {
		t.Skip("browsers are left out with -short")
	}
	t.Run("SQLite", func(t *testing.T) { testGradebookPage(t, filepath.Join(t.TempDir(), "platform.db")) })
	t.Run("PostgreSQL", func(t *testing.T) { testGradebookPage(t, pgtest.Start(t)) })
}

func testGradebookPage(t *testing.T, dsn string) {
	w := newBook(t, dsn)
	teacher, student, parent, _ := w.p.People()
	book := "/courses/" + url.PathEscape(w.course.ID) + "/gradebook"
	made := w.send(w.p.Origin+"/ags/"+w.course.Context+"/d/lineitems", ags.TypeLineItem, `{"label":"Fractions <b>","scoreMaximum":20}`)
	item := made["id"].(string)
	w.score(item, student, 1, "PendingManual", `,"submission":{"startedAt":"2027-01-01T07:00:00Z","submittedAt":"2027-01-01T07:30:00Z"}`)
	cell := book + "/" + item[strings.LastIndex(item, "/")+1:] + "/" + url.PathEscape(student)
	link := `a[href="` + cell + `"]`

	at := w.page(teacher)
	at.open("/courses/" + url.PathEscape(w.course.ID) + "/gradebook")
	at.shows(link, "to be graded by hand")
	at.shows("#book thead", "Fractions <b>")
	w.score(item, student, 2, "FullyGraded", `,"scoreGiven":8,"scoreMaximum":10,"comment":"A good start"`)
	at.open(book)
	at.shows(link, "16")
	at.heard("region: Learners by line items. A mark leads to how it came about, where you can give another by hand.", "rowheader: "+w.p.Name(student),
		"link: "+w.p.Name(student)+", Fractions <b>: 16, completed", "button: Hide the marks of Fractions <b>", "table: Line items", "heading: Gradebook of "+w.course.Title)
	at.tabTo(link)
	at.press(browser.Enter, "#override")
	at.heard("heading: Fractions <b>: "+w.p.Name(student), "region: Attempts", "table: Attempts", "textbox: Points (of 20)", "textbox: Comment for the learner",
		"button: Give this mark", "table: What happened", "link: Back to the gradebook")
	at.shows("#history", "8 of 10")
	at.shows("#history", "A good start")
	at.shows("#history", "to be graded by hand")
	at.shows("#attempts", "1 Jan 2027, 07:30:00 UTC")
	at.shows("#attempts", "8 of 10")

	// What is no number is said where it was written.
	at.tabTo("#points")
	_ = at.page.Type("lots")
	at.press(browser.Enter, "#problem-text")
	at.shows("#problem-text", "number")
	at.run(browser.Step{Wait: "#points:focus"}) // a browser sees to autofocus when it has drawn the page
	if at.eval(`document.activeElement.id + " " + document.activeElement.getAttribute("aria-invalid") + " " + document.activeElement.value`) != "points true lots" {
		t.Error("the focus is not where something is wrong, or what was written is lost")
	}
	at.open(cell)
	at.tabTo("#points")
	_ = at.page.Type("19,5")
	at.tabTo("#comment")
	_ = at.page.Type("Well argued")
	at.tabTo("#override button")
	at.press(browser.Enter, "#done")
	at.shows("#done", "by hand")
	at.shows("#stands", "19.5 of 20, by hand")

	// The learner begins again, and the tool sends another score: the mark by hand stands, and both are seen.
	w.send(item+"/scores", ags.TypeScore, fmt.Sprintf(`{"userId":%q,"timestamp":"2027-01-01T08:02:30Z","activityProgress":"Initialized","gradingProgress":"NotReady"}`, w.p.Subject(student)))
	w.score(item, student, 3, "FullyGraded", `,"scoreGiven":10,"scoreMaximum":10`)
	at.open(cell)
	at.shows("#stands", "19.5 of 20, by hand")
	at.shows("#from-tool", "20")
	at.shows("#attempts tbody tr:nth-child(1)", "8 of 10")
	at.shows("#attempts tbody tr:nth-child(2)", "10 of 10")
	at.shows("#attempts tbody tr:nth-child(2)", "1 Jan 2027, 08:02:30 UTC")
	at.open(book)
	at.shows(link, "19.5 by hand")
	at.shows(link, "completed, attempt 2")

	// Hidden marks are nobody's but the teacher's.
	at.tabTo("#items button")
	at.press(browser.Enter, "#done")
	at.shows("#done", "hidden")
	learner := w.page(student)
	learner.open(book)
	learner.shows("#own", "not released yet")
	if strings.Contains(learner.eval(`document.body.innerText`), "19.5") {
		t.Error("a learner sees a mark that is hidden")
	}
	for who, path := range map[string]string{student: cell, parent: book} {
		at := w.page(who)
		at.run(browser.Step{Open: w.p.Origin + path}, browser.Step{Wait: "#problem"})
		at.shows("#problem", "Error 403")
	}

	if err := w.p.Close(); err != nil {
		t.Fatal(err)
	}
	w.start()
	at.open(cell)
	at.shows("#stands", "19.5 of 20, by hand")
	at.shows("#history", "Well argued")
	at.open(book)
	at.tabTo("#items button")
	at.press(browser.Enter, "#done")
	learner.open(book)
	learner.shows("#own", "19.5")
	learner.shows("#own", "Well argued")
	at.open(cell)
	at.tabTo("#letgo button")
	at.press(browser.Enter, "#done")
	at.shows("#stands", "20")
	at.shows("#history", "let the mark given by hand go")
	learner.open(book)
	learner.shows("#own", "20")
}
