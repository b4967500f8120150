package platform

import (
	"context"
	"net/http"
	"slices"
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
	j, s := launchOf(t)
	const response, problem = Prefix + "response.markup", Prefix + "error.markup"
	f := harness.Finding{Expected: "text, posted or shown as text or not at all",
		Seen: "an element of the page: scripts could come in the same way"}

	before, state := j.tool.marks(), "rollcall"+j.tool.markup()
	plans, found := []plan{{set: map[string]string{"state": state}}}, map[string]*bool{}
	names := []string{"client_id", "redirect_uri", "response_type"}
	if !t.Met(problem) {
		names = nil
	}
	for _, name := range names {
		there := new(bool)
		p := plan{
			refused: true,
			set:     map[string]string{name: j.tool.markup()},
			then: func(ctx context.Context, p *browser.Page, _ *launch) error {
				j.settled(ctx, p)
				frames, err := p.Look(ctx)
				*there = j.holdsMarkup(ctx, p, frames)
				return err
			},
		}
		if name == "redirect_uri" {
			p.set[name] = j.tool.origin + "/elsewhere?" + p.set[name]
		}
		plans, found[name] = append(plans, p), there
	}
	cut := func(s *seen) bool {
		return s.came && s.answer.form.Get("state") == state[:strings.IndexByte(state, '"')]
	}
	made := j.sideBySide(ctx, plans...)
	clean := j.tool.marks() == before // otherwise nobody knows by which of them
	for i, s := range made {
		if s == nil || !clean || s.problem != nil || !s.launch.marked() ||
			s.worst(originOf(j.target.Platform.AuthURL)) >= http.StatusInternalServerError || i == 0 && cut(s) || i > 0 && *found[names[i-1]] {
			made[i] = nil
		}
	}
	again := func(i int) *seen {
		before = j.tool.marks()
		if made[i] == nil {
			made[i] = j.begin(ctx, s.user, s.link, plans[i])
		}
		return made[i]
	}

	posted := again(0)
	f.Sent, f.Where, f.Exchanges = "state="+state, "state", posted.keep(t, "markup in state")
	switch {
	case posted.problem != nil:
		t.NotTested(j.halt(posted).Seen(f.Exchanges...), response)
	default:
		t.Assert(response, j.tool.marks() == before && !cut(posted), f)
		j.broke(t, posted, response, "markup in state", f.Exchanges)
	}

	for i, name := range names {
		bad := again(i + 1)
		f.Sent, f.Where, f.Exchanges = name+"="+plans[i+1].set[name], name, bad.keep(t, "markup in "+name)
		if bad.problem != nil {
			t.NotTested(j.halt(bad).Seen(f.Exchanges...), problem)
			continue
		}
		t.Assert(problem, !*found[name] && j.tool.marks() == before, f)
		j.broke(t, bad, problem, "markup in "+name, f.Exchanges)
	}
}

// holdsMarkup tells whether Rollcall's element came into a page.
func (j *judge) holdsMarkup(ctx context.Context, p *browser.Page, frames []browser.Frame) bool {
	return slices.ContainsFunc(frames, func(f browser.Frame) bool {
		there, err := p.Eval(ctx, f.ID, `String(!!document.getElementById("`+markupID+`"))`)
		return err == nil && there == "true"
	})
}
