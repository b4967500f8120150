package ecosystem

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/rollcall-edu/rollcall/suites/harness/browser"
	"github.com/rollcall-edu/rollcall/suites/lti"
	"github.com/rollcall-edu/rollcall/suites/lti/side"
)

// visit is somebody who has signed in at a platform.
type visit struct{ page *browser.Page }

// The times that people's steps are given.
const (
	signInTime  = 10 * time.Second // a step of signing in
	refusedTime = 3 * time.Second  // a step that must not be possible
	settleTime  = 15 * time.Second
	quiet       = 250 * time.Millisecond
)

// entering gives how somebody signs in at a platform; set says what the district file has to say where it doesn't.
func (d *district) entering(at *system, p Person) (steps []browser.Step, set string) {
	for _, in := range p.SignIn {
		if in.At != at.Name {
			continue
		}
		if in.User == "" {
			return in.Steps, ""
		}
		for _, u := range lti.Of(at.target).Platform.Users {
			if u.Name == in.User {
				return u.Steps, ""
			}
		}
		return nil, fmt.Sprintf("name a user of lti.platform.users of %s: there is no %s", at.File, in.User)
	}
	return nil, fmt.Sprintf("say how the %s signs in at %s: district.people.sign_in", p.Part, at.Name)
}

// signIn signs somebody in, once, or anew.
func (d *district) signIn(ctx context.Context, at *system, p Person, anew bool) (*visit, error) {
	key := at.Name + " " + p.Part
	if v := d.visits[key]; v != nil {
		if !anew {
			return v, nil
		}
		v.page.Close()
		delete(d.visits, key)
	}
	steps, set := d.entering(at, p)
	if set != "" {
		return nil, errUnset{set}
	}
	page, err := d.browser.Open(ctx, browser.PageOptions{})
	if err != nil {
		return nil, err
	}
	if err := page.RunWithin(ctx, signInTime, steps); err != nil {
		page.Close()
		return nil, fmt.Errorf("signing in at %s as the %s: %w", at.Name, p.Part, err)
	}
	v := &visit{page}
	d.visits[key] = v
	return v, nil
}

// errUnset says that the district file doesn't say how to do something.
type errUnset struct{ set string }

func (e errUnset) Error() string { return e.set }

// unset gives what to set, where an error is one of those.
func unset(err error) string {
	if e, is := err.(errUnset); is {
		return e.set
	}
	return ""
}

// launching is what is opened.
type launching struct {
	place, tool, resource string
	steps                 []browser.Step
	may                   bool // nothing says that it must not open
}

// launch has somebody open a place, and sees what passes through the browser. The page is left open for what comes then.
func (d *district) launch(ctx context.Context, at *system, p Person, when string, what launching) (Launch, *browser.Page) {
	out := Launch{Place: what.place, Platform: at.Name, Tool: what.tool, Resource: what.resource, Part: p.Part, When: when}
	v, err := d.signIn(ctx, at, p, false)
	if err != nil {
		out.Problem, out.Unsigned = err.Error(), true
		return out, nil
	}
	page, err := v.page.Beside(ctx)
	if err != nil {
		out.Problem, out.Unsigned = err.Error(), true
		return out, nil
	}
	limit := signInTime
	if !what.may {
		limit = refusedTime
	}
	err = page.RunWithin(ctx, limit, what.steps)
	if err == nil {
		_ = page.Settle(ctx, quiet, settleTime, nil) // whatever is there by then
	}
	d.watched(page, at, &out)
	if err != nil && out.Claims == nil {
		out.Problem = err.Error()
	} else if out.Claims == nil {
		out.Problem = "no launch came of it"
	}
	return out, page
}

// watched takes what passed through the browser in a launch: the last token that was posted to a tool, and the documents
// around it.
func (d *district) watched(page *browser.Page, at *system, out *Launch) {
	user := d.seen.People[out.Part].User
	log := page.Log()
	platform := host(lti.Of(at.target).Platform.AuthURL)
	for _, x := range log {
		if !x.Document {
			continue
		}
		form, err := url.ParseQuery(x.Body)
		token := ""
		if err == nil {
			token = form.Get("id_token")
		}
		leak := leaking(x.URL, user)
		if token == "" && leak == "" && (x.Status == 0 || x.Method != "POST" && !strings.Contains(x.URL, "login_hint=")) {
			continue
		}
		w := side.Watched(x)
		if token != "" {
			d.session.Redactor().Secret(token)
			if c := claims(token); c != nil && host(x.URL) != platform {
				d.hush(c)
				out.Claims, out.Status = c, x.Status
			}
		}
		id := d.keep(d.session.Watch(w))
		out.Exchanges = append(out.Exchanges, id)
		if leak != "" {
			d.seen.Leaks = append(d.seen.Leaks, Leak{leak, id})
		}
		if len(out.Exchanges) > 8 {
			out.Exchanges = out.Exchanges[1:]
		}
	}
}

func host(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Host
}
