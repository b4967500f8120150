package tool

import (
	"context"
	"encoding/json"
	"errors"
	"html"
	"html/template"
	"net/http"
	"net/url"
	"slices"
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

// What the forger's page is called once it has told something.
const passedOn = "told"

// forgersPage is the address of a page of no site at all that tells every other frame of
// the page around it what it is told, as if it were the platform.
var forgersPage = func() template.URL {
	const page = `<!doctype html><meta charset="utf-8"><title>forger</title><script>
function tell(w, d) {
  for (var i = 0; i < w.length; i++) if (w[i] !== window) { w[i].postMessage(d, "*"); tell(w[i], d); }
}
addEventListener("message", function (e) { if (e.source === parent) { tell(parent, e.data); document.title = "` + passedOn + `"; } });
</script>`
	return template.URL("data:text/html;charset=utf-8," + url.PathEscape(page))
}()

// told is how long a tool may take to send a message: it may ask first what the
// platform can do, and wait for the answer.
const told = 3 * time.Second

// messages puts a stranger's page between the platform's and the tool's. What the tool
// wants the platform to keep is then heard by the stranger, unless the message names
// the platform's origin.
func messages(ctx context.Context, t *harness.T) {
	j := judgeOf(t)
	id := Prefix + "browser.message-origin"
	var last *sight
	saw := func(l Launch, is func(p *browser.Page, frames []browser.Frame) bool) (seen, ok bool) {
		p := j.page(ctx, t)
		if p == nil {
			return false, false
		}
		defer p.Close()
		s := j.launchIn(ctx, p, l)
		last = s
		s.keep(t, l.Title)
		for end := time.Now().Add(told); s.problem == nil; {
			frames, err := p.Look(ctx)
			if err != nil {
				last = &sight{problem: err}
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
	put, ok := saw(Launch{
		ID:      "messages.control",
		Title:   "the platform's page around the tool",
		User:    "learner",
		Frame:   true,
		Storage: true,
	}, func(p *browser.Page, frames []browser.Frame) bool {
		return len(kept(ctx, p, frames)) > 0
	})
	switch {
	case !ok:
		if last != nil {
			t.NotTested(j.halted(t, last, "a launch with the platform's storage on offer"))
		}
		return
	case !put:
		t.NotApplicable(id, "the tool has the platform's storage keep nothing")
		return
	}
	heard, ok := saw(Launch{
		ID:       "messages",
		Title:    "a stranger's page around the tool",
		User:     "learner",
		Frame:    true,
		Storage:  true,
		Stranger: true,
	}, func(_ *browser.Page, frames []browser.Frame) bool {
		for _, f := range frames {
			if f.Title == overheard {
				return true
			}
		}
		return false
	})
	if !ok {
		if last != nil {
			t.NotTested(j.halted(t, last, "a launch in a stranger's page"))
		}
		return
	}
	t.Assert(id, !heard, harness.Finding{
		Sent:     "a launch in a frame of a stranger's page, with lti_storage_target",
		Expected: "messages that name the origin of the platform's authorization endpoint",
		Seen:     "the stranger's page heard what the platform was to keep",
		Where:    "postMessage",
	})
}

// forgedAnswers has an answer come in another browser than its login, where a stranger's
// frame tells what the platform's storage has kept: the attack of stateElsewhere, by
// whoever can put a frame beside the tool's. Nothing but the origin of the message tells
// it from the platform's.
func forgedAnswers(ctx context.Context, t *harness.T) {
	j := judgeOf(t)
	id := Prefix + "browser.answer-origin"
	control, _ := j.elsewhere(ctx, t, "the platform's page tells what its storage kept", false)
	switch {
	case control == nil:
		return
	case j.decide(control, nil) != opened:
		t.NotApplicable(id, "the tool doesn't go by what the platform's storage kept alone")
		return
	}
	const title = "a stranger's frame tells what the platform's storage kept"
	s, forgery := j.elsewhere(ctx, t, title, true)
	if s == nil {
		return
	}
	if s.problem != nil || !s.answered() {
		t.NotTested(j.halted(t, s, title))
		return
	}
	switch o := j.decide(s, &control.page); {
	case o == opened:
		t.Fail(id, harness.Finding{
			Sent:      "the answer to a login from another browser; " + title,
			Expected:  "a refusal: the message comes from another origin than that of the platform's authorization endpoint",
			Seen:      "the launch was opened",
			Where:     "postMessage",
			Exchanges: s.keep(t, title),
		})
	case !forgery: // then a refusal says nothing
		t.NotTested(harness.NoData("the stranger's frame was asked for nothing", "Run again."))
	case o == refused:
		t.Examined(id, 1)
	default:
		t.NotTested(harness.Unconfigured("it is not clear whether the launch was opened: "+s.what(), markerRemedy))
	}
}

// elsewhere begins a login in one browser and has its answer come in another one that
// has no cookie of it, but what the platform's storage kept: told by the platform's
// page or, forged, by a stranger's frame; forgery tells whether that did tell something.
// nil: there is nothing to look at.
func (j *judge) elsewhere(ctx context.Context, t *harness.T, title string, forged bool) (s *sight, forgery bool) {
	var pages []*browser.Page
	for range 2 {
		p, err := j.browser.Open(ctx, browser.PageOptions{BlockThirdParty: true})
		if err != nil {
			t.NotTested(j.failing(err))
			return nil, false
		}
		defer p.Close()
		pages = append(pages, p)
	}
	a, s := j.held(ctx, pages[0], Launch{ID: "forged", Title: title, User: "learner", Frame: true, Blocked: true, Storage: true})
	switch {
	case s.problem != nil:
		t.NotTested(j.failing(s.problem))
		return nil, false
	case !s.requested(): // that itself is judged by browser.blocked-storage
		t.NotApplicable(Prefix+"browser.answer-origin", "where cookies are blocked, no login goes on, whatever the platform's storage offers")
		return nil, false
	}
	frames, err := pages[0].Look(ctx)
	if err != nil {
		t.NotTested(j.failing(err))
		return nil, false
	}
	a.mu.Lock()
	a.kept, a.forged = kept(ctx, pages[0], frames), forged
	nothing := len(a.kept) == 0
	a.mu.Unlock()
	if nothing {
		t.NotApplicable(Prefix+"browser.answer-origin", "the tool has the platform's storage keep nothing")
		return nil, false
	}
	s = j.again(ctx, pages[1], a)
	if forged && s.problem == nil && s.page.Status < 400 { // the tool may wait for another answer before it refuses
		pass(ctx, told)
		j.look(ctx, pages[1], s)
	}
	frames, err = pages[1].Look(ctx)
	forgery = err == nil && slices.ContainsFunc(frames, func(f browser.Frame) bool { return f.Title == passedOn })
	return s, forgery
}

// storageAlone has a launch come in a frame of a browser that keeps no cookie of the tool
// there, not even a partitioned one. A tool that has the platform's storage keep the proof of
// its login says by that that it needs none.
func storageAlone(ctx context.Context, t *harness.T) {
	j := judgeOf(t)
	id, l := Prefix+"browser.storage-alone", Launch{
		ID:      "storage-alone",
		Title:   "in a frame whose cookies the browser doesn't keep, with the platform's storage",
		User:    "learner",
		Expect:  "open",
		Frame:   true,
		Storage: true,
	}
	p, err := j.browser.Open(ctx, browser.PageOptions{Cookieless: &browser.Cookieless{Own: j.platform.issuer, Fetch: fetcher(t)}})
	if err != nil {
		t.NotTested(j.failing(err))
		return
	}
	defer p.Close()
	s := j.launchIn(ctx, p, l)
	if s.problem == nil && s.page.Status < 400 { // the tool may wait for an answer before it refuses
		pass(ctx, told)
		j.look(ctx, p, s)
	}
	exchanges := s.keep(t, l.Title)
	if s.problem != nil {
		t.NotTested(j.failing(s.problem))
		return
	}
	switch j.decide(s, nil) {
	case opened:
		t.Examined(id, 1)
		return
	case unclear:
		t.NotTested(harness.Unconfigured("it is not clear whether the launch was opened: "+s.what(), markerRemedy).Seen(exchanges...))
		return
	}
	frames, err := p.Look(ctx)
	switch {
	case err != nil:
		t.NotTested(j.failing(err))
	case len(kept(ctx, p, frames)) == 0:
		t.NotApplicable(id, "the tool has the platform's storage keep nothing")
	case j.unopened(ctx, t, j.launch(ctx, l)): // then it isn't for want of cookies
	default:
		t.Fail(id, harness.Finding{
			Sent:      "launch: " + l.Title,
			Expected:  "the tool opens by what it had the storage keep",
			Seen:      s.shows(),
			Where:     t.Where(s.page.URL),
			Exchanges: exchanges,
		})
	}
}

// fetcher makes requests of pages that keep no cookies.
func fetcher(t *harness.T) func(
	ctx context.Context, method, address string, header http.Header, body []byte) (int, http.Header, []byte, error) {
	return func(ctx context.Context, method, address string, header http.Header, body []byte) (int, http.Header, []byte, error) {
		r := t.Session().Do(ctx, harness.Request{
			Method: method,
			URL:    address,
			Header: header,
			Body:   body,
			Auth:   harness.AuthNone,
			Secret: true,
			Once:   true,
		})
		if r.Status == 0 {
			return 0, nil, nil, errors.New(r.Problem)
		}
		return r.Status, r.Header, r.Body, nil
	}
}

// kept reads what the platform's page keeps for the tool.
func kept(ctx context.Context, p *browser.Page, frames []browser.Frame) map[string]string {
	text, err := p.Eval(ctx, frames[0].ID, `document.documentElement.dataset.kept || "{}"`)
	if err != nil {
		return nil
	}
	var values map[string]string
	_ = json.Unmarshal([]byte(text), &values) // by our own page
	return values
}
