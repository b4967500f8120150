package platform

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/harness/browser"
	"github.com/rollcall-edu/rollcall/suites/lti"
	"github.com/rollcall-edu/rollcall/suites/lti/mint"
	"github.com/rollcall-edu/rollcall/suites/lti/side"
)

// Picks needs places at the platform from which content is asked for.
func Picks() harness.Need {
	return setting("places to pick content from, in lti.platform.picks", harness.Unconfigured(
		"the target file has no steps to a deep linking request",
		"Add lti.platform.picks to it: how a teacher opens Rollcall as a picker of content."),
		func(j *judge) bool { return len(j.target.Platform.Picks) == 0 })
}

// Writing needs that content may be made at the platform.
func Writing() harness.Need {
	return setting("leave to make content (lti.platform.writes)", harness.Unconfigured(
		"the target file says that nothing is to be made at the platform (lti.platform.writes: false)",
		"Set lti.platform.writes to true, at a platform where that does no harm."),
		func(j *judge) bool { return !j.target.Platform.MayWrite() })
}

// PickSetting makes a need of what the first place to pick from has.
func PickSetting(text string, o harness.Obstacle, has func(lti.Pick) bool) harness.Need {
	return setting(text, o, func(j *judge) bool {
		return len(j.target.Platform.Picks) > 0 && !has(j.target.Platform.Picks[0])
	})
}

// Section gives what the target file says of LTI.
func Section(t *harness.T) *lti.Section { return &judgeOf(t).target }

// Picked is what came of a deep linking request.
type Picked struct {
	User      lti.User
	Claims    map[string]any // of the request; nil: it brought no token
	Idle      string         // why no login came, or no token; "" where they did, or it hangs on something else
	Exchanges []string
	Dest      string // Sec-Fetch-Dest of the login: where the tool was opened; "" where the browser doesn't tell
	// Answer is the platform's answer to what Rollcall's page posted, and Page what the browser
	// showed after that, at the end; nil where nothing was posted.
	Answer *browser.Exchange
	Pages  []browser.Frame
	// Confirmed says why the steps of the target file could not be taken that keep what was
	// picked; "" where they were.
	Confirmed string
}

// Reply is what Rollcall answers a deep linking request with: a form that its page posts from
// within the browser, or asks by GET.
type Reply struct {
	Action string
	Form   url.Values
	Get    bool
}

// Identity is how Rollcall signs as a tool.
type Identity struct {
	ClientID     string
	Key, Foreign mint.Key // of which the first is published
	Origin       string
}

// Self gives it.
func Self(t *harness.T) Identity {
	tool := judgeOf(t).tool
	tool.mu.Lock()
	defer tool.mu.Unlock()
	return Identity{tool.clientID, tool.key, tool.foreign, tool.origin}
}

// Pick has somebody open a picker and answers the request by what reply makes of its claims;
// nil: not at all. Where that isn't to be taken, vain says so, and the steps that keep what
// was picked may lead nowhere. by picks in another's place, in their own browser, once the
// request was made: the answer comes from there.
func Pick(ctx context.Context, t *harness.T, place lti.Pick, vain bool, reply func(claims map[string]any) Reply, by *lti.User) (Picked,
	harness.Obstacle, bool) {
	j := judgeOf(t)
	user := j.picker(place)
	out := Picked{User: user}
	var posted Reply
	p := plan{alone: true}
	if reply != nil && by == nil {
		p.posts = func(claims map[string]any) Reply {
			posted = reply(claims)
			return posted
		}
	}
	p.after = func(ctx context.Context, page *browser.Page) {
		if reply == nil || by != nil {
			return
		}
		j.rested(ctx, page)
		if steps := titled(place.Confirm, posted); len(steps) > 0 && out.Confirmed == "" {
			if err := page.RunWithin(ctx, confirmPatience(vain), steps); err != nil {
				out.Confirmed = err.Error()
			}
			j.rested(ctx, page)
		}
		out.Pages, _ = page.Look(ctx) // a window may have closed itself
	}
	s := j.begin(ctx, user, lti.Link{Name: place.Name, As: place.As, Steps: place.Steps}, p)
	out.Claims = s.claims
	if s.launch != nil {
		out.Dest = s.launch.inFrame
	}
	out.Exchanges = s.keep(t, "content is picked: "+place.Name)
	if s.claims == nil || s.problem != nil {
		var idle idleError
		if errors.As(s.problem, &idle) || s.problem == nil {
			out.Idle = s.what()
		}
		return out, j.halt(s).Seen(out.Exchanges...), false
	}
	log := s.log
	if by != nil && reply != nil {
		posted = reply(s.claims)
		var err error
		if log, out.Pages, err = j.bring(ctx, *by, posted); err != nil {
			return out, harness.Unconfigured("signing in as "+by.Name+": "+err.Error(), stepsRemedy), false
		}
		for _, x := range log {
			if x.Document && sameTarget(x.URL, posted.Action) {
				out.Exchanges = append(out.Exchanges, t.Watch(side.Watched(x)))
			}
		}
	}
	for i := range slices.Backward(log) {
		if x := log[i]; x.Document && posted.Action != "" && sameTarget(x.URL, posted.Action) {
			out.Answer = &x
			break
		}
	}
	return out, harness.Obstacle{}, true
}

// rested waits until a page that keeps what was picked, or shows it, has come to rest: soon where
// nothing of it can go on by itself. One that stays busy is looked at all the same.
func (j *judge) rested(ctx context.Context, page *browser.Page) {
	_ = page.Settle(ctx, quietTime, j.budget, nil)
	if frames, err := page.Look(ctx); err != nil || moving(frames) {
		_ = page.Settle(ctx, afterwards, j.budget, nil)
	}
}

const (
	// afterwards is for how long a page with scripts is quiet that has kept what was picked.
	afterwards = 300 * time.Millisecond
	// soon is how long a step may need that need not be possible.
	soon = 1500 * time.Millisecond
)

func confirmPatience(vain bool) time.Duration {
	if vain {
		return soon
	}
	return 0 // as any step
}

// picker is who picks at a place.
func (j *judge) picker(place lti.Pick) lti.User {
	users := j.target.Platform.Users
	for _, u := range users {
		if place.User == "" && u.Role == "instructor" || place.User != "" && u.Name == place.User {
			return u
		}
	}
	return users[0]
}

// bring has somebody else's browser bring an answer.
func (j *judge) bring(ctx context.Context, user lti.User, r Reply) ([]browser.Exchange, []browser.Frame, error) {
	v, err := j.visit(ctx, user, lti.Link{Steps: []browser.Step{{Open: j.tool.origin}}}, false)
	if err != nil {
		if v.page != nil {
			v.end(true)
		}
		return nil, nil, err
	}
	defer v.end(true)
	j.tool.mu.Lock()
	j.tool.brought = &r
	j.tool.mu.Unlock()
	if err := v.page.Go(j.tool.origin + "/bring"); err != nil && !errors.As(err, new(*browser.NavigationError)) {
		return nil, nil, err
	}
	j.rested(ctx, v.page)
	frames, _ := v.page.Look(ctx)
	return v.page.Log(), frames, nil
}

// bring is the page by which another browser brings an answer.
func (t *tool) bring(w http.ResponseWriter, q *http.Request) {
	t.mu.Lock()
	r := t.brought
	t.mu.Unlock()
	if r == nil {
		show(w, "Nothing is to be brought.")
		return
	}
	answered(w, q, *r)
}

// answered posts an answer, or sends the browser there with it.
func answered(w http.ResponseWriter, q *http.Request, r Reply) {
	if r.Get {
		http.Redirect(w, q, side.Joined(r.Action, r.Form), http.StatusSeeOther)
		return
	}
	page(w, "post", map[string]any{"Action": r.Action, "Values": r.Form})
}

// Shown looks at the page that shows what was picked, and gives the documents of its frames.
func Shown(ctx context.Context, t *harness.T, place lti.Pick) (documents []string, frames []browser.Frame, o harness.Obstacle, ok bool) {
	j := judgeOf(t)
	user := j.picker(place)
	v, err := j.visit(ctx, user, lti.Link{Steps: place.Shows}, false)
	if v.page == nil {
		return nil, nil, harness.Unconfigured("the browser failed: "+err.Error(), browserRemedy), false
	}
	defer func() { v.end(!ok) }()
	if err == nil {
		err = v.page.Run(ctx, place.Shows)
	}
	if err != nil {
		if ctx.Err() != nil {
			return nil, nil, unknown(err.Error()), false
		}
		return nil, nil, harness.Unconfigured("the steps to the page that shows what was picked could not be taken: "+err.Error(), stepsRemedy), false
	}
	j.rested(ctx, v.page)
	frames, err = v.page.Look(ctx)
	if err != nil {
		return nil, nil, harness.Unconfigured("the browser failed: "+err.Error(), browserRemedy), false
	}
	return documentsOf(ctx, v.page, frames), frames, harness.Obstacle{}, true
}

// documentsOf gives the documents of frames as they are now.
func documentsOf(ctx context.Context, page *browser.Page, frames []browser.Frame) (out []string) {
	for _, f := range frames {
		text, err := page.Eval(ctx, f.ID, wholeDocument)
		if err == nil {
			out = append(out, text)
		}
	}
	return out
}

// OpenPicked opens what was picked under a title, as the one who picked it, and gives the
// launch that came of it.
func OpenPicked(ctx context.Context, t *harness.T, place lti.Pick, title string) (Launch, harness.Obstacle, bool) {
	j := judgeOf(t)
	steps := titledBy(place.Opens, title)
	s := j.begin(ctx, j.picker(place), lti.Link{Name: "what was picked", Steps: steps}, plan{alone: true})
	if s.claims == nil {
		return Launch{Exchanges: s.keep(t, "what was picked is opened")}, j.halt(s), false
	}
	return Launch{User: s.user, Link: s.link, Claims: s.claims, Exchanges: s.keep(t, "what was picked is opened")}, harness.Obstacle{}, true
}

// RemovePicked takes away what was picked under a title, as the steps of the target file say;
// it gives why it could not. Where it ends at the page that shows what was picked, it gives the
// documents of that too.
func RemovePicked(ctx context.Context, t *harness.T, place lti.Pick, title string) (shown []string, err error) {
	j := judgeOf(t)
	v, err := j.visit(ctx, j.picker(place), lti.Link{Steps: place.Remove}, false)
	if v.page == nil {
		return nil, err
	}
	defer func() { v.end(err != nil) }()
	if err == nil {
		err = v.page.RunWithin(ctx, soon, titledBy(place.Remove, title))
	}
	if err != nil {
		return nil, err
	}
	j.rested(ctx, v.page)
	if frames, unread := v.page.Look(ctx); unread == nil && showsAt(place, frames[0].URL) {
		shown = documentsOf(ctx, v.page, frames)
	}
	return shown, nil
}

// showsAt tells whether an address is all that the steps lead to by which what was picked is
// shown.
func showsAt(place lti.Pick, address string) bool {
	for i, step := range place.Shows {
		if i == 0 && (step.Open == "" || address != step.Open) || i > 0 && step.Wait == "" {
			return false
		}
	}
	return len(place.Shows) > 0
}

// titled puts the title of what was picked into steps.
func titled(steps []browser.Step, r Reply) []browser.Step {
	_, claims, err := mint.Decode(r.Form.Get("JWT"))
	if err != nil {
		return steps
	}
	items, _ := claims["https://purl.imsglobal.org/spec/lti-dl/claim/content_items"].([]any)
	if len(items) == 0 {
		return nil // there is nothing to keep
	}
	first, _ := items[0].(map[string]any)
	title, _ := first["title"].(string)
	return titledBy(steps, title)
}

func titledBy(steps []browser.Step, title string) []browser.Step {
	out := slices.Clone(steps)
	for i := range out {
		for _, text := range []*string{&out[i].Click, &out[i].Wait, &out[i].Value} {
			*text = strings.ReplaceAll(*text, "$title", title)
		}
	}
	return out
}

// sameTarget compares two addresses without what a form by GET adds.
func sameTarget(a, b string) bool {
	x, err := url.Parse(a)
	y, err2 := url.Parse(b)
	return err == nil && err2 == nil && x.Scheme == y.Scheme && x.Host == y.Host && x.Path == y.Path
}

// claimsOf reads the claims of a token, nil where it can't be read.
func claimsOf(token string) map[string]any {
	_, claims, err := mint.Decode(token)
	if err != nil {
		return nil
	}
	return claims
}

// Words gives a JSON value as it is told in findings.
func Words(v any) string {
	if v == nil {
		return "none"
	}
	text, _ := json.Marshal(v) // it was JSON before
	return string(text)
}
