package ecosystem

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/lti/side"
	"github.com/rollcall-edu/rollcall/suites/resourcesearch"
)

// pick has a teacher put content into the course, and the learner open it.
func (d *district) pick(ctx context.Context, at *system, p Pick) Picked {
	from := d.systems[p.From]
	out := Picked{Name: p.Name, Platform: at.Name, From: p.From, Role: from.Role, Title: p.Title}
	teacher, there := d.section.part(Teacher)
	if !there {
		out.Unset = "name a teacher of the class: district.people"
		return out
	}
	words := map[string]string{"title": p.Title}
	if from.Role == Catalog {
		d.session.Redactor().Own(p.Title)
		d.find(ctx, from, p, &out)
	}
	v, err := d.signIn(ctx, at, teacher, false)
	if err != nil {
		out.Problem, out.Unset, out.Unsigned = err.Error(), unset(err), true
		return out
	}
	page, err := v.page.Beside(ctx)
	if err != nil {
		out.Problem = err.Error()
		return out
	}
	err = page.Run(ctx, filled(p.Steps, words))
	if err == nil {
		_ = page.Settle(ctx, quiet, settleTime, nil) // whatever is there by then
	}
	for _, x := range page.Log() {
		form, bad := url.ParseQuery(x.Body)
		if !x.Document || bad != nil {
			continue
		}
		token, answer := form.Get("id_token"), form.Get("JWT")
		if token == "" && answer == "" {
			continue
		}
		d.session.Redactor().Secret(token, answer)
		id := d.keep(d.session.Watch(side.Watched(x)))
		out.Exchanges = append(out.Exchanges, id)
		if token != "" {
			out.Request = id
			d.hush(claims(token))
		}
		if c := claims(answer); c != nil {
			out.Answer, out.Items = id, c.list(itemsClaim)
			if out.Title == "" && len(out.Items) > 0 {
				out.Title = out.Items[0].text("title")
			}
		}
	}
	page.Close()
	if err != nil {
		out.Problem = err.Error()
		return out
	}
	if len(p.Opens) == 0 {
		return out
	}
	if learner, there := d.section.part(Learner); there {
		l, page := d.launch(ctx, at, learner, Before, launching{place: p.Name, tool: p.Tool, may: true,
			steps: filled(p.Opens, map[string]string{"title": out.Title})})
		if page != nil {
			page.Close()
		}
		out.Launch = &l
	}
	return out
}

// find looks for the item in the catalogue, by Resource Search.
func (d *district) find(ctx context.Context, from *system, p Pick, out *Picked) {
	if from.session == nil {
		return
	}
	filter := "name='" + strings.ReplaceAll(p.Title, "'", "''") + "'"
	if p.Search != "" {
		filter = worded(p.Search, map[string]string{"title": strings.ReplaceAll(p.Title, "'", "''")}, plain)
	}
	s := resourcesearch.Service()
	r, id := d.ask(ctx, from, harness.Request{URL: list(resourcesearch.Of(from.target).URL, "/resources", filter), Auth: harness.AuthSession,
		Scopes: []string{s.Scopes.Prefix + s.Scopes.Full}, Header: reading})
	out.Exchanges = append(out.Exchanges, id)
	var body object
	if r.Problem != "" || r.Status != http.StatusOK || json.Unmarshal(r.Body, &body) != nil {
		out.Problem = from.Name + " answers " + r.Summary()
		return
	}
	for _, o := range body.list("resources") {
		if o.text("name") == p.Title {
			out.Found = append(out.Found, o)
		}
	}
}

// takeAway has the teacher take the content out of the course again.
func (d *district) takeAway(ctx context.Context, at *system, p Pick, title string) {
	teacher, there := d.section.part(Teacher)
	if !there || len(p.Remove) == 0 {
		return
	}
	v, err := d.signIn(ctx, at, teacher, false)
	if err != nil {
		return
	}
	if page, err := v.page.Beside(ctx); err == nil {
		_ = page.RunWithin(ctx, refusedTime, filled(p.Remove,
			map[string]string{"title": title})) // what stays bears Rollcall's traces in the log alone
		page.Close()
	}
}
