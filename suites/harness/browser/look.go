package browser

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
)

// Frame is what one frame of the page shows.
type Frame struct {
	ID     string `json:"-"`
	Name   string
	Parent string
	URL    string
	Href   string   `json:"href"` // where the document that was read says it is
	Status int      // of its document; 0 when it came by no request
	Title  string   `json:"title"`
	Text   string   `json:"text"`
	Marks  []string `json:"marks"`  // its elements as tag#id.class
	Failed bool     `json:"-"`      // the browser shows an error of its own
	Why    string   `json:"-"`      // of that error, such as net::ERR_EMPTY_RESPONSE
	Active int      `json:"active"` // scripts and the like, by which it may yet change
	Closed bool     `json:"-"`      // it closed itself, and shows nothing any more
}

// lookScript reads a document: enough to tell two pages apart.
const lookScript = `(() => {
  const marks = [];
  for (const e of document.querySelectorAll("body *")) {
    if (marks.length >= 2000) break;
    const tag = e.tagName.toLowerCase();
    if (tag === "script" || tag === "style") continue;
    marks.push(tag + (e.id ? "#" + e.id : "") + (typeof e.className === "string" && e.className ? "." + e.className.trim().split(/\s+/).join(".") : "") + (e.name && typeof e.name === "string" ? "[" + e.name + "]" : ""));
  }
  return JSON.stringify({href: location.href, title: document.title, text: document.body ? document.body.innerText.slice(0, 20000) : "", marks,
    active: document.scripts.length + document.querySelectorAll('meta[http-equiv="refresh" i],iframe').length + (document.body && document.body.onload ? 1 : 0) + (document.readyState === "complete" ? 0 : 1)});
})()`

// Look reads every frame of the page, the top one first.
func (p *Page) Look(ctx context.Context) ([]Frame, error) {
	tree, err := call(p, page.GetFrameTree, cdp.Empty{})
	if err != nil {
		return nil, fmt.Errorf("reading the frames of the page: %w", err)
	}
	var out []Frame
	var walk func(t *page.FrameTree)
	walk = func(t *page.FrameTree) {
		f := Frame{ID: string(t.Frame.ID), Name: t.Frame.Name, Parent: string(t.Frame.ParentID), URL: t.Frame.URL + t.Frame.URLFragment}
		if t.Frame.UnreachableURL != "" {
			f.URL, f.Failed = t.Frame.UnreachableURL, true
		}
		if text, err := p.Eval(ctx, f.ID, lookScript); err == nil {
			_ = json.Unmarshal([]byte(text), &f) // of our own script
			if !f.Failed && f.Href != "" {
				f.URL = f.Href // what was read belongs together; the tree may be of the page before
			}
		}
		p.mu.Lock()
		f.Status = p.status[t.Frame.ID]
		if f.Failed {
			f.Status, f.Why = 0, p.failed[t.Frame.ID]
		}
		p.mu.Unlock()
		out = append(out, f)
		for _, c := range t.ChildFrames {
			walk(c)
		}
	}
	walk(tree.FrameTree)
	return out, nil
}

// Eval runs an expression in a frame, out of reach of the page's own scripts, and
// gives its text.
func (p *Page) Eval(_ context.Context, frame, expression string) (string, error) {
	world, err := call(p, page.CreateIsolatedWorld, page.CreateIsolatedWorldParams{FrameID: cdp.FrameID(frame), WorldName: "rollcall"})
	if err != nil {
		return "", fmt.Errorf("reading a frame: %w", err)
	}
	yes := true
	r, err := call(p, runtime.Evaluate, runtime.EvaluateParams{
		Expression:    expression,
		ContextID:     world.ExecutionContextID,
		ReturnByValue: &yes,
		AwaitPromise:  &yes,
	})
	if err != nil {
		return "", fmt.Errorf("reading a frame: %w", err)
	}
	if r.ExceptionDetails != nil {
		return "", fmt.Errorf("reading a frame: %s", r.ExceptionDetails.Text)
	}
	var text string
	if err := json.Unmarshal(r.Result.Value, &text); err != nil {
		return string(r.Result.Value), nil
	}
	return text, nil
}

// Heard lists what a screen reader tells of the page, in its order: each part that has a role and
// a name, as "role: name". Texts are left out.
func (p *Page) Heard(_ context.Context) ([]string, error) {
	tree, err := call(p, accessibility.GetFullAXTree, accessibility.GetFullAXTreeParams{})
	if err != nil {
		return nil, fmt.Errorf("reading the page as a screen reader does: %w", err)
	}
	word := func(v *accessibility.Value) (text string) {
		if v != nil {
			_ = json.Unmarshal(v.Value, &text) // what is no text is no word
		}
		return text
	}
	var out []string
	for _, n := range tree.Nodes {
		role, name := word(n.Role), word(n.Name)
		if !n.Ignored && name != "" && role != "StaticText" && role != "InlineTextBox" {
			out = append(out, role+": "+name)
		}
	}
	return out, nil
}

// Texts lists what the elements of a CSS selector show, in the frame in which the last steps went on. What isn't seen is
// left out.
func (p *Page) Texts(ctx context.Context, selector string) ([]string, error) {
	text, err := p.answer(ctx, `JSON.stringify([...document.querySelectorAll(`+literal(selector)+`)].filter(e => e.getClientRects().length > 0).slice(0, 1000).map(e => (e.innerText || e.value || "").trim()))`)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", selector, err)
	}
	var out []string
	_ = json.Unmarshal([]byte(text), &out) // of our own script
	return out, nil
}

// Shows tells whether something is there by now, written as in Step.Wait.
func (p *Page) Shows(ctx context.Context, what string) (bool, error) {
	return p.truth(ctx, waiting(what))
}
