package tool

import (
	"context"
	"html"
	"html/template"
	"net/url"
	"time"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/harness/browser"
)

// What the page of a stranger is called once it has heard what is not meant for it.
const overheard = "lti.put_data came"

// strangersPage is the address of a page of no site at all, with the tool in a frame of
// it. It notes by its title what the tool tells the window around it.
func strangersPage(open string) template.URL {
	page := `<!doctype html><meta charset="utf-8"><title>nothing came</title><script>
addEventListener("message", function (e) {
  var d = e.data;
  if (d && typeof d === "object" && /put_data$/.test(String(d.subject))) document.title = "` + overheard + `";
});
</script><iframe name="tool" title="Tool" style="width:95%;height:500px" src="` + html.EscapeString(open) + `"></iframe>`
	return template.URL("data:text/html;charset=utf-8," + url.PathEscape(page))
}

// told is how long a tool may take to send a message: it may ask first what the
// platform can do, and wait for the answer.
const told = 3 * time.Second

// messages puts a stranger's page between the platform's and the tool's. What the tool
// wants the platform to keep is then heard by the stranger, unless the message names
// the platform's origin.
func messages(ctx context.Context, t *harness.T) {
	j := t.Session().Shared.(*judge)
	id := Prefix + "browser.message-origin"
	saw := func(l Launch, is func(p *browser.Page, frames []browser.Frame) bool) (seen, ok bool) {
		p := j.page(ctx, t)
		if p == nil {
			return false, false
		}
		defer p.Close()
		s := j.launchIn(ctx, p, l)
		s.keep(t, l.Title)
		for end := time.Now().Add(told); s.problem == nil; {
			frames, err := p.Look(ctx)
			if err != nil {
				return false, false
			}
			if is(p, frames) {
				return true, true
			}
			if time.Now().After(end) {
				break
			}
			pass(ctx, told/10)
		}
		return false, s.problem == nil && s.requested()
	}
	put, ok := saw(Launch{ID: "messages.control", Title: "the platform's page around the tool", User: "learner", Frame: true, Storage: true}, func(p *browser.Page, frames []browser.Frame) bool {
		text, err := p.Eval(ctx, frames[0].ID, `document.documentElement.dataset.put || ""`)
		return err == nil && text == "yes"
	})
	switch {
	case !ok:
		t.NotTested(id, "a launch with the platform's storage on offer came to no authentication request", "Mend that first.")
		return
	case !put:
		t.NotApplicable(id, "the tool has the platform's storage keep nothing")
		return
	}
	heard, ok := saw(Launch{ID: "messages", Title: "a stranger's page around the tool", User: "learner", Frame: true, Storage: true, Stranger: true}, func(_ *browser.Page, frames []browser.Frame) bool {
		for _, f := range frames {
			if f.Title == overheard {
				return true
			}
		}
		return false
	})
	if !ok {
		t.NotTested(id, "the launch came to no authentication request", "Run again.")
		return
	}
	t.Assert(id, !heard, harness.Finding{Sent: "a launch in a frame of a stranger's page, with lti_storage_target", Expected: "messages that name the origin of the platform's authorization endpoint",
		Seen: "the stranger's page heard what the platform was to keep", Where: "postMessage", Cause: `The target origin is "*".`})
}
