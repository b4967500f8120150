package gradestory_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"html"
	"image/png"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-edu/rollcall/cmd/rollcall/gradestory"
	"github.com/rollcall-edu/rollcall/reference/district"
	"github.com/rollcall-edu/rollcall/reference/platform"
	"github.com/rollcall-edu/rollcall/reference/platform/ags"
	"github.com/rollcall-edu/rollcall/reference/security"
	"github.com/rollcall-edu/rollcall/reference/tool"
	"github.com/rollcall-edu/rollcall/suites/harness/browser"
)

// stage is a platform with a tool, a browser, and who plays.
func stage(t *testing.T, faults ...string) (*browser.Browser, gradestory.Cast) {
	t.Helper()
	if testing.Short() {
		t.Skip("browsers are left out with -short")
	}
	if _, err := browser.Find(); err != nil {
		t.Skip(err)
	}
	made, err := security.NewSelfMade(time.Now(), "tool.localhost", "platform.localhost", "127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	p, err := district.StartPlatform(t.Context(), district.PlatformOptions{TLS: made, TrustPEM: made.AuthorityPEM, Faults: faults})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	tl, err := district.StartTool(t.Context(), district.ToolOptions{TLS: made, TrustPEM: made.AuthorityPEM, Platforms: []tool.Platform{{Issuer: p.Issuer(), ClientID: "quizzes",
		AuthURL: p.AuthURL(), TokenURL: p.TokenURL(), JWKSURL: p.JWKSURL(), Deployments: []string{"d"}}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tl.Close() })
	p.Register(platform.Registration{ClientID: "quizzes", Name: "Reference tool", LoginURL: tl.LoginURL(), RedirectURIs: []string{tl.RedirectURL()}, TargetURI: tl.TargetURL("quiz"),
		PickerURI: tl.TargetURL("deep-linking"), JWKSURL: tl.JWKSURL(), Deployments: []string{"d"}, Scopes: ags.Scopes()})
	b, err := browser.New(browser.Options{TrustPEM: made.AuthorityPEM})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	teacher, student, _, course := p.People()
	c, _ := p.Course(course)
	return b, gradestory.Cast{Origin: p.Origin, Course: course, Title: c.Title, Tool: "quizzes",
		Teacher: gradestory.Person{ID: teacher, Name: p.Name(teacher)}, Learner: gradestory.Person{ID: student, Name: p.Name(student)}}
}

// page is the story as it is written.
func page(t *testing.T, told gradestory.Told) string {
	t.Helper()
	var b bytes.Buffer
	if err := told.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestStory plays the story: each of its steps says what it has to, there is a picture of it, and
// the page needs nothing else, is read by everybody, and fits a narrow window.
func TestStory(t *testing.T) {
	b, cast := stage(t)
	told := gradestory.Play(t.Context(), b, cast)
	if err := told.Err(); err != nil {
		t.Fatal(err)
	}
	if len(told.Shots) != told.Of || told.Of < 10 {
		t.Errorf("%d of %d scenes were played", len(told.Shots), told.Of)
	}
	text := page(t, told)
	for _, s := range told.Shots {
		size, err := png.DecodeConfig(bytes.NewReader(s.Picture))
		if err != nil || size.Width < 600 || size.Height < 200 {
			t.Errorf("%s: the picture is %d by %d: %v", s.Title, size.Width, size.Height, err)
		}
		for what, words := range map[string]string{"title": s.Title, "sentence": s.Text, "alternative": s.Alt} {
			if words == "" || !strings.Contains(text, html.EscapeString(words)) {
				t.Errorf("%s: the page lacks its %s", s.Title, what)
			}
		}
	}
	if found := regexp.MustCompile(`(src|href)="[^"d#][^"]*"|https?://|<script`).FindString(text); found != "" {
		t.Errorf("the page needs something else: %s", found)
	}
	look(t, b, text, told.Of)
}

// look holds the page to what people need, whatever their window and whether they see it.
func look(t *testing.T, b *browser.Browser, text string, pictures int) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "story.html")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := b.Open(t.Context(), browser.PageOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if err := p.Resize(400, 800); err != nil {
		t.Fatal(err)
	}
	if err := p.Run(t.Context(), []browser.Step{{Open: "file://" + path}, {Wait: "main"}}); err != nil {
		t.Fatal(err)
	}
	frames, err := p.Look(t.Context())
	if err != nil || len(frames) == 0 {
		t.Fatalf("the page can't be read: %v", err)
	}
	const usable = `(() => {
  const wrong = [], all = [...document.images];
  if (document.documentElement.lang !== "en") wrong.push("no language");
  if (document.querySelectorAll("h1").length !== 1 || document.querySelectorAll("main").length !== 1) wrong.push("not one heading and one main part");
  for (const i of all) if (!i.complete || !i.naturalWidth || !i.alt) wrong.push("a picture that is not there, or says nothing");
  for (const a of document.links) if (!document.querySelector(a.getAttribute("href"))) wrong.push("a link to nothing: " + a.href);
  if (document.documentElement.scrollWidth > innerWidth) wrong.push("wider than the window: " + document.documentElement.scrollWidth);
  return all.length + " pictures" + wrong.join("; ");
})()`
	got, err := p.Eval(t.Context(), frames[0].ID, usable)
	if want := fmt.Sprintf("%d pictures", pictures); err != nil || got != want {
		t.Errorf("the page: %s, %v", got, err)
	}
}

// TestStoryBreaks: a platform that takes no scores breaks the story where the gradebook would show one.
// The page tells of it, with what was played before and what was seen then.
func TestStoryBreaks(t *testing.T) {
	b, cast := stage(t, "platform-ags-score-down")
	told := gradestory.Play(t.Context(), b, cast)
	err := told.Err()
	if err == nil || told.Broken == nil || !strings.Contains(err.Error(), "The score stands in the gradebook") || !strings.Contains(err.Error(), " 5 completed”") {
		t.Fatalf("the story: %v", err)
	}
	if len(told.Shots) != 6 || len(told.Broken.Picture) == 0 {
		t.Errorf("%d scenes were played, and the picture of the one that broke has %d bytes", len(told.Shots), len(told.Broken.Picture))
	}
	text := page(t, told)
	for _, words := range []string{"The story broke at step 7 of 13", "This step did not work: The score stands in the gradebook", "Why it did not work:"} {
		if !strings.Contains(text, words) {
			t.Errorf("the page doesn't say %q", words)
		}
	}
	look(t, b, text, 7)
}

// TestStoryBrokenOff: who doesn't want to see the end gets what there is.
func TestStoryBrokenOff(t *testing.T) {
	b, cast := stage(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	told := gradestory.Play(ctx, b, cast)
	if err := told.Err(); !errors.Is(err, context.Canceled) || len(told.Shots) > 0 {
		t.Errorf("%d scenes, and %v", len(told.Shots), err)
	}
	if text := page(t, told); !strings.Contains(text, "The story broke at step 1 of 13") {
		t.Error("the page doesn't tell of it")
	}
}
