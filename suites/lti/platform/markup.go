package platform

import (
	"context"
	"strings"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/harness/browser"
)

// An authentication request comes from wherever a browser was lured to. What is in it
// goes into the form that is posted to the tool, and into pages that say what is
// wrong: as text, or scripts come in the same way.

// markupID is the element that Rollcall tries to bring into the platform's pages.
const markupID = "rollcall-markup"

// markup ends an attribute and an element, and adds one that shows itself twice: in
// the page, and by the picture that it asks Rollcall for.
func (t *tool) markup() string {
	return `"></p><img id=` + markupID + ` src=` + t.origin + `/markup>`
}

// marks counts the pictures that were asked for.
func (t *tool) marks() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.marked
}

// markups puts markup into parameters of authentication requests.
func markups(ctx context.Context, t *harness.T) {
	j, s := token(ctx, t)
	if s == nil {
		return
	}
	const response, problem = Prefix + "response.markup", Prefix + "error.markup"
	f := harness.Finding{Expected: "text, posted or shown as text or not at all", Seen: "an element of the page: scripts could come in the same way"}

	before, state := j.tool.marks(), "rollcall"+j.tool.markup()
	posted := j.begin(ctx, s.user, s.link, plan{set: map[string]string{"state": state}}, nil)
	f.Sent, f.Where, f.Exchanges = "state="+state, "state", posted.keep(t, "markup in state")
	switch {
	case posted.problem != nil:
		t.NotTested(j.halt(posted).Seen(f.Exchanges...), response)
	default:
		cut := posted.came && posted.answer.form.Get("state") == state[:strings.IndexByte(state, '"')]
		t.Assert(response, j.tool.marks() == before && !cut, f)
		j.broke(t, posted, response, "markup in state", f.Exchanges)
	}

	if j.person != nil {
		t.NotTested(harness.Unconfigured("the pages on which it would show are in a browser that isn't ours", "Give lti.platform.users and links with steps, and run without --interactive."), problem)
		return
	}
	for _, name := range []string{"client_id", "redirect_uri", "response_type"} {
		before, found := j.tool.marks(), false
		value := j.tool.markup()
		if name == "redirect_uri" {
			value = j.tool.origin + "/elsewhere?" + value
		}
		bad := j.begin(ctx, s.user, s.link, plan{refused: true, set: map[string]string{name: value}}, func(p *browser.Page, _ *launch) error {
			j.settled(ctx, p)
			frames, err := p.Look(ctx)
			for _, frame := range frames {
				there, failed := p.Eval(ctx, frame.ID, `String(!!document.getElementById("`+markupID+`"))`)
				found = found || failed == nil && there == "true"
			}
			return err
		})
		f.Sent, f.Where, f.Exchanges = name+"="+value, name, bad.keep(t, "markup in "+name)
		if bad.problem != nil {
			t.NotTested(j.halt(bad).Seen(f.Exchanges...), problem)
			continue
		}
		t.Assert(problem, !found && j.tool.marks() == before, f)
		j.broke(t, bad, problem, "markup in "+name, f.Exchanges)
	}
}
