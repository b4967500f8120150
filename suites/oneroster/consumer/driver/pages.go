package driver

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"

	"github.com/rollcall-edu/rollcall/suites/harness/act"
	"github.com/rollcall-edu/rollcall/suites/harness/browser"
)

// probeLimit is how long what a step needs may be in coming, once somebody is signed in: of
// somebody who isn't there much may not come.
const probeLimit = 3 * time.Second

// look looks for people on pages. Whoever is shown is held, with those members whose texts are
// seen; that a step can't be taken on the way says that nobody is shown.
func (d *Driver) look(ctx context.Context, p *Pages, probes []Probe) (*Held, error) {
	const where = "consumer.holds.pages"
	if len(probes) == 0 {
		return nil, errors.New("reading pages: nobody is looked for")
	}
	page, err := d.signedIn(ctx, p)
	if err != nil {
		return nil, err
	}
	held := &Held{Objects: Objects{}, Probed: map[string][]string{}}
	var failed []error
	for _, probe := range probes {
		values := map[string]string{}
		for _, name := range []string{"sourcedId", "username", "givenName", "familyName", "email", "identifier"} {
			values[name], _ = text(probe[name])
		}
		id := values["sourcedId"]
		held.Probed["users"] = append(held.Probed["users"], id)
		if err := page.RunWithin(ctx, probeLimit, act.Steps(p.Steps, values)); err != nil {
			if ctx.Err() != nil {
				return nil, context.DeadlineExceeded
			}
			failed = append(failed, err)
			continue
		}
		shown, err := textOf(ctx, page)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", where, err)
		}
		if members, is := person(shown, p.Shows, values); is {
			held.Objects.put("users", id, members)
		}
	}
	slices.Sort(held.Probed["users"])
	if len(failed) == len(probes) {
		return nil, act.Fault(where+".steps", d.session.Redactor().Text(failed[0].Error()),
			"take the steps by hand, and correct the one that is named: it can be taken for nobody")
	}
	return held, nil
}

// person tells whether somebody is shown by a text, with the members that the markers name.
func person(shown string, markers []string, values map[string]string) (map[string]any, bool) {
	members := map[string]any{"sourcedId": values["sourcedId"]}
	for _, marker := range markers {
		says := act.Filled(marker, values, act.AsIs)
		if says = spaced(says); says == "" || !strings.Contains(shown, says) {
			return nil, false
		}
		for _, m := range act.Word.FindAllStringSubmatch(marker, -1) {
			if v := values[m[1]]; v != "" {
				members[m[1]] = v
			}
		}
	}
	return members, true
}

// spaced is a text with one blank where there are some, as pages break lines where they like.
func spaced(s string) string { return strings.Join(strings.Fields(norm.NFC.String(s)), " ") }

// textOf is what all frames of a page show.
func textOf(ctx context.Context, page *browser.Page) (string, error) {
	frames, err := page.Look(ctx)
	if err != nil {
		return "", err
	}
	var all []string
	for _, f := range frames {
		all = append(all, f.Text)
	}
	return spaced(strings.Join(all, " ")), nil
}

// signedIn gives the page in which somebody is signed in already, or signs them in.
func (d *Driver) signedIn(ctx context.Context, p *Pages) (*browser.Page, error) {
	if d.page != nil {
		return d.page, nil
	}
	b, err := d.browser()
	if err != nil {
		return nil, err
	}
	page, err := b.Open(context.WithoutCancel(ctx), browser.PageOptions{})
	if err != nil {
		return nil, fmt.Errorf("consumer.holds.pages: opening a page: %w", err)
	}
	if err := page.Run(ctx, p.SignIn); err != nil {
		page.Close()
		if ctx.Err() != nil {
			return nil, context.DeadlineExceeded
		}
		return nil, act.Fault("consumer.holds.pages.sign_in", d.session.Redactor().Text(err.Error()),
			"take the steps by hand, and correct the one that is named")
	}
	d.page = page
	return page, nil
}
