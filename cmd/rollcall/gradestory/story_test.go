package gradestory_test

import (
	"bytes"
	"context"
	"image/png"
	"os"
	"path/filepath"
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

// TestStory plays the story: each of its steps says what it has to, and there is a picture of it.
func TestStory(t *testing.T) {
	b, cast := stage(t)
	told := gradestory.Play(t.Context(), b, cast)
	if dir := os.Getenv("STORY_OUT"); dir != "" {
		for i, s := range told.Shots {
			os.WriteFile(filepath.Join(dir, string(rune('a'+i))+".png"), s.Picture, 0o644)
		}
		if told.Broken != nil {
			os.WriteFile(filepath.Join(dir, "broken.png"), told.Broken.Picture, 0o644)
		}
		os.WriteFile(filepath.Join(dir, "story.html"), []byte(page(t, told)), 0o644)
	}
	if err := told.Err(); err != nil {
		t.Fatal(err)
	}
	_ = strings.Contains
	_ = png.DecodeConfig
	_ = context.Background
}
