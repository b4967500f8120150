package browser

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// Step is one thing that a person would do in a page. Exactly one of the members
// says what; Value goes with Fill and Select.
type Step struct {
	Open   string `yaml:"open,omitempty"`   // an address
	Fill   string `yaml:"fill,omitempty"`   // CSS selector of a field, the first that is seen, which gets Value
	Select string `yaml:"select,omitempty"` // CSS selector of a list, in which the option Value (or with that text) is chosen
	Value  string `yaml:"value,omitempty"`
	Click  string `yaml:"click,omitempty"` // CSS selector, the first that is seen; with text=… the one link or button with that text
	Wait   string `yaml:"wait,omitempty"`  // CSS selector, or text=…, or url=…: until it is there
	Frame  string `yaml:"frame,omitempty"` // go on in the frame of this name, or that this CSS selector finds; top: in the page
	Window bool   `yaml:"window,omitempty"`
}

// String words a step without its value, which may be secret.
func (s Step) String() string {
	switch {
	case s.Open != "":
		return "open " + s.Open
	case s.Fill != "":
		return "fill " + s.Fill
	case s.Select != "":
		return "select in " + s.Select
	case s.Click != "":
		return "click " + s.Click
	case s.Wait != "":
		return "wait for " + s.Wait
	case s.Frame != "":
		return "go into frame " + s.Frame
	case s.Window:
		return "go on in the new window"
	}
	return "nothing"
}

var errEmptyStep = errors.New("the step says nothing to do: one of open, fill, select, click, wait, frame, window")

// stepLimit is how long one step may take: what it needs may not be there yet.
const stepLimit = 10 * time.Second

// Run takes steps, one after the other. The error names the step that failed, and where the
// browser was.
func (p *Page) Run(ctx context.Context, steps []Step) error {
	for i, s := range steps {
		if err := p.step(ctx, s); err != nil {
			return fmt.Errorf("step %d (%s): %w%s", i+1, s, err, p.where())
		}
	}
	return nil
}

// RunWithin takes steps as Run does, where what each needs has to be there within limit.
func (p *Page) RunWithin(ctx context.Context, limit time.Duration, steps []Step) error {
	p.limit = limit
	defer func() { p.limit = 0 }()
	return p.Run(ctx, steps)
}

// where words what the browser shows, "" where that can't be told.
func (p *Page) where() string {
	tree, err := call(p, page.GetFrameTree, cdp.Empty{})
	if err != nil {
		return ""
	}
	within := func(t *page.FrameTree) string { return cmp.Or(t.Frame.UnreachableURL, t.Frame.URL) }
	text := "; the browser was at " + Bare(within(tree.FrameTree))
	var walk func(t *page.FrameTree)
	walk = func(t *page.FrameTree) {
		for _, c := range t.ChildFrames {
			if string(c.Frame.ID) == p.frame {
				text += ", in a frame at " + Bare(within(c))
			}
			walk(c)
		}
	}
	walk(tree.FrameTree)
	return text
}

// Try takes steps in a frame that Look has shown and that may have no use for
// them: one that can't be taken within limit ends them. It tells whether any was
// taken.
func (p *Page) Try(ctx context.Context, frame string, steps []Step, limit time.Duration) bool {
	p.frame, p.limit = frame, limit
	defer func() { p.frame, p.limit = "", 0 }()
	for i, s := range steps {
		if p.step(ctx, s) != nil {
			return i > 0
		}
	}
	return len(steps) > 0
}

func (p *Page) step(ctx context.Context, s Step) error {
	switch {
	case s.Open != "":
		if err := p.Go(s.Open); err != nil {
			return err
		}
		p.frame, p.filled = "", nil
		return p.rested(ctx, stepLimit)
	case s.Frame == "top":
		p.frame = ""
		return nil
	case s.Frame != "":
		return p.until(ctx, func() (bool, error) { return p.enter(ctx, s.Frame) })
	case s.Window:
		return p.until(ctx, func() (bool, error) { return p.follow(ctx) })
	case s.Wait != "":
		return p.until(ctx, func() (bool, error) { return p.truth(ctx, waiting(s.Wait)) })
	case s.Fill != "":
		p.filled = append(p.filled, s)
		return p.act(ctx, setting(s.Fill, s.Value, false))
	case s.Select != "":
		return p.act(ctx, setting(s.Select, s.Value, true))
	case s.Click != "":
		filled := p.filled
		p.filled = nil
		return p.act(ctx, clicking(s.Click, filled))
	}
	return errEmptyStep
}

// rested waits for a page to load, but not for ever: some never come to rest. Quiet
// on the wire is not enough: on a busy machine scripts that came may not have run yet,
// and what no person would be fast enough for would go wrong: a field that is put in
// the place of another, a request under way that brings an old cookie.
func (p *Page) rested(ctx context.Context, limit time.Duration) error {
	end := time.Now().Add(limit)
	for {
		if err := p.Settle(ctx, 60*time.Millisecond, max(time.Until(end), 0), nil); err != nil {
			if errors.Is(err, ErrBusy) {
				return nil
			}
			return err
		}
		before := p.lastActive()
		if tree, err := call(p, page.GetFrameTree, cdp.Empty{}); err == nil {
			_, _ = p.Eval(ctx, string(tree.FrameTree.Frame.ID), idleScript) // the page may be on its way to another
		}
		if p.lastActive().Equal(before) || time.Now().After(end) {
			return nil
		}
	}
}

// idleScript waits until the scripts of a page have nothing more to do: a task of the
// lowest rank runs when all others are done. (An idle callback would wait for a frame
// to be drawn, and a browser without a window may have none to draw.)
const idleScript = `new Promise(done => scheduler.postTask(() => done("idle"), {priority: "background"}))`

func (p *Page) lastActive() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.active
}

// until tries until it works.
func (p *Page) until(ctx context.Context, try func() (bool, error)) error {
	limit := stepLimit
	if p.limit > 0 {
		limit = p.limit
	}
	end := time.Now().Add(limit)
	var last error
	for {
		ok, err := try()
		switch {
		case ok && err == nil:
			return nil
		case errors.Is(err, ErrGone), errors.Is(err, errEnded):
			return err
		}
		last = err
		if time.Now().After(end) {
			if last != nil {
				return last
			}
			if at := p.Stalled(); at != "" {
				return fmt.Errorf("it is not there after %s: no answer has come from %s", limit, Bare(at))
			}
			return fmt.Errorf("it is not there after %s", limit)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-p.ctx.Done():
			return p.ended(nil)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// restLimit is how long a page may take to rest before something is done in it: some never
// do.
const restLimit = 3 * time.Second

// act runs a script that gives "done" when it did something. The page rests first: what is
// found in one that is still being built may be something else a moment later, or not be
// alone.
func (p *Page) act(ctx context.Context, script string) error {
	rest := restLimit
	if p.limit > 0 {
		rest = min(rest, p.limit)
	}
	err := p.until(ctx, func() (bool, error) {
		if err := p.rested(ctx, rest); err != nil {
			return false, err
		}
		return p.truth(ctx, script)
	})
	if err != nil {
		return err
	}
	time.Sleep(30 * time.Millisecond) // for what a click begins to begin
	return p.rested(ctx, stepLimit)
}

// answer runs a script in the frame in which the steps go on.
func (p *Page) answer(ctx context.Context, script string) (string, error) {
	frame := p.frame
	if frame == "" {
		tree, err := call(p, page.GetFrameTree, cdp.Empty{})
		if err != nil {
			return "", err
		}
		frame = string(tree.FrameTree.Frame.ID)
	}
	return p.Eval(ctx, frame, script)
}

func (p *Page) truth(ctx context.Context, script string) (bool, error) {
	text, err := p.answer(ctx, script)
	if list, many := strings.CutPrefix(text, several); many && err == nil {
		err = fmt.Errorf("several are there, and it is not clear which is meant: %s; name one by a CSS selector", list)
	}
	return text == "done", err
}

// several begins what a script gives that found more than one.
const several = "several: "

func literal(s string) string {
	b, _ := json.Marshal(s) // of a string
	return string(b)
}

// Scripts that choose among elements. shown tells whether a person sees one; worded lists the
// links and buttons with a text: those that are seen rather than others, those with that text
// alone rather than more, of one within another the inner one, and of links that lead to one
// place the first. Of several the one is meant that is in the form which was just filled in.
const (
	shown  = `const shown = e => e.getClientRects().length > 0 && getComputedStyle(e).visibility !== "hidden"; `
	worded = `const says = e => (e.innerText || e.value || "").trim().replace(/\s+/g, " ");
  const worded = text => {
    const all = [...document.querySelectorAll("a,button,input[type=submit],[role=button],label,summary")].filter(e => says(e).includes(text));
    const alone = all.filter(e => says(e) === text);
    let found = [alone.filter(shown), all.filter(shown), alone, all].find(l => l.length > 0) || [];
    found = found.filter(e => !found.some(o => o !== e && e.contains(o)));
    const leads = e => e.tagName === "A" && e.href && !e.getAttribute("href").startsWith("#") && !e.href.startsWith("javascript:") ? e.target + " " + e.href : e;
    return found.filter((e, i) => found.findIndex(o => leads(o) === leads(e)) === i);
  };
  const told = e => {
    const within = e.parentElement && e.parentElement.closest("nav,main,aside,header,footer,[role],[id]");
    const name = x => x.tagName.toLowerCase() + (x.id ? "#" + x.id : x.getAttribute("role") ? "[role=" + x.getAttribute("role") + "]" : "");
    return name(e) + (within ? " in " + name(within) : "") + (e.href ? ", to " + e.href.split("?")[0] : "");
  };
  const one = (text, filled) => {
    let found = worded(text);
    const ofForm = found.filter(e => e.form && filled.some(f => f && f.form === e.form));
    if (ofForm.length === 1) found = ofForm;
    if (found.length > 1) throw found.length + " with that text (" + found.slice(0, 4).map(told).join("; ") + ")";
    return found[0];
  }; `
)

// finding is a script that finds an element by a selector, the first that is seen, or by its
// text, which has to be on one alone.
func finding(what string) string {
	if text, by := strings.CutPrefix(what, "text="); by {
		return `one(` + literal(strings.Join(strings.Fields(text), " ")) + `, filled)`
	}
	return chosen(what)
}

// chosen is a script that finds the first element of a selector that is seen, or the first.
func chosen(selector string) string {
	return `(l => l.find(shown) || l[0])([...document.querySelectorAll(` + literal(selector) + `)])`
}

func waiting(what string) string {
	if text, by := strings.CutPrefix(what, "text="); by {
		return `document.body && document.body.innerText.includes(` + literal(text) + `) ? "done" : ""`
	}
	if part, by := strings.CutPrefix(what, "url="); by {
		return `location.href.includes(` + literal(part) + `) ? "done" : ""`
	}
	return "document.querySelector(" + literal(what) + `) ? "done" : ""`
}

// clicking fills in again what was lost: a page may put another field in the place of
// one that was filled before its scripts had run.
func clicking(what string, filled []Step) string {
	var fields []string
	again := ""
	for _, s := range filled {
		fields = append(fields, chosen(s.Fill))
		again += `{ const f = ` + chosen(s.Fill) + `; if (f && f.value === "") ` + setting(s.Fill, s.Value, false) + `; } `
	}
	return `(() => { ` + shown + worded + ` const filled = [` + strings.Join(fields, ", ") + `]; let e; try { e = ` + finding(what) +
		`; } catch (x) { if (typeof x === "string") return "` + several + `" + x; throw x; } if (!e || e.disabled) return ""; ` + again + `e.scrollIntoView({block: "center"}); e.click(); return "done"; })()`
}

// setting fills a field as typing would: frameworks listen to the events.
func setting(selector, value string, option bool) string {
	choose := `const set = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(e), "value").set; set.call(e, v);`
	if option {
		choose = `const o = [...e.options].find(o => o.value === v || o.text.trim() === v); if (!o) return ""; e.value = o.value;`
	}
	return `(() => { ` + shown + `const v = ` + literal(value) + `, e = ` + chosen(selector) + `; if (!e) return ""; e.focus(); ` + choose +
		` e.dispatchEvent(new Event("input", {bubbles: true})); e.dispatchEvent(new Event("change", {bubbles: true})); return "done"; })()`
}

// enter goes on in a frame, by its name or by a selector of its element.
func (p *Page) enter(ctx context.Context, what string) (bool, error) {
	frames, err := p.Look(ctx)
	if err != nil {
		return false, err
	}
	name, err := p.Eval(ctx, frames[0].ID, `(() => { try { const e = document.querySelector(`+literal(what)+
		`); return e ? (e.name || e.id || e.src || "") : ""; } catch (x) { return ""; } })()`)
	if err != nil {
		return false, err
	}
	for _, f := range frames[1:] {
		if f.Name == what || name != "" && (f.Name == name || f.URL == name) {
			p.frame = f.ID
			return true, nil
		}
	}
	return false, nil
}

// follow goes on in the window that this page opened last.
func (p *Page) follow(ctx context.Context) (bool, error) {
	targets, err := chromedp.Targets(p.ctx)
	if err != nil {
		return false, err
	}
	own := chromedp.FromContext(p.ctx).Target.TargetID // all pages of the browser are listed
	for _, t := range targets {
		if t.Type != "page" || t.OpenerID != own || p.followed[string(t.TargetID)] {
			continue
		}
		tab, stop := chromedp.NewContext(p.ctx, chromedp.WithTargetID(t.TargetID))
		if err := chromedp.Listen(tab, p.note); err != nil {
			stop()
			return false, err
		}
		if p.followed == nil {
			p.followed = map[string]bool{}
		}
		p.followed[string(t.TargetID)] = true
		p.opener, p.ctx, p.frame = append(p.opener, p.ctx), tab, ""
		err := first(func() error { return do(p, network.Enable, network.EnableParams{}) },
			func() error { return do(p, page.Enable, page.EnableParams{}) },
			func() error { return do(p, runtime.Enable, cdp.Empty{}) })
		if err != nil {
			return false, err
		}
		return true, p.rested(ctx, stepLimit)
	}
	return false, nil
}

// Forget drops all cookies of the page's context, as if the session had ended.
func (p *Page) Forget() error { return do(p, network.ClearBrowserCookies, cdp.Empty{}) }

// SetCookie gives the page's context a cookie of a site, which is sent wherever a page of
// that site is shown.
func (p *Page) SetCookie(address, name, value string) error {
	secure := true
	return do(p, network.SetCookie, network.SetCookieParams{
		URL:      address,
		Name:     name,
		Value:    value,
		Secure:   &secure,
		HTTPOnly: &secure,
		SameSite: network.CookieSameSiteNone,
	})
}
