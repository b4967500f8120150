package ecosystem

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/lti/side"
	"github.com/rollcall-edu/rollcall/suites/weblink"
)

// The claims that are looked at.
const (
	claimPrefix = "https://purl.imsglobal.org/spec/lti/claim/"
	nrpsClaim   = "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"
	agsClaim    = "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"
	itemsClaim  = "https://purl.imsglobal.org/spec/lti-dl/claim/content_items"
	returnClaim = "https://purl.imsglobal.org/spec/lti-dl/claim/deep_linking_settings"
)

// roster reads who is in the course, by Names and Roles as a tool. own is the launch of Rollcall that names the service.
func (d *district) roster(ctx context.Context, at *system, own *Launch, when string) Roster {
	out := Roster{Platform: at.Name, When: when}
	if own == nil || own.Claims == nil {
		out.Problem = "Rollcall, as a tool, was not launched there"
		if own != nil {
			out.Problem += ": " + own.Problem
		}
		return out
	}
	next := own.Claims.in(nrpsClaim).text("context_memberships_url")
	if next == "" {
		out.Problem = "launches of Rollcall name no service of names and roles"
		out.Unset = fmt.Sprintf("let Rollcall's registration at %s use Names and Roles", at.Name)
		return out
	}
	for pages := 0; next != "" && pages < 100; pages++ {
		r, id := d.own(ctx, at, harness.Request{URL: next,
			Header: http.Header{"Accept": {"application/vnd.ims.lti-nrps.v2.membershipcontainer+json"}}})
		out.Exchanges = append(out.Exchanges, id)
		var body object
		if r.Problem != "" || r.Status != http.StatusOK || json.Unmarshal(r.Body, &body) != nil {
			out.Problem = "Names and Roles answers " + r.Summary()
			return out
		}
		for _, m := range body.list("members") {
			d.hush(m)
			if s := m.text("status"); s != "Inactive" && s != "Deleted" {
				out.Members = append(out.Members, m)
			}
		}
		next = weblink.Targets(r.Header.Values("Link"), r.URL)["next"]
	}
	return out
}

// Media types of Assignment and Grade Services.
const (
	itemType   = "application/vnd.ims.lis.v2.lineitem+json"
	itemsType  = "application/vnd.ims.lis.v2.lineitemcontainer+json"
	scoreType  = "application/vnd.ims.lis.v1.score+json"
	resultType = "application/vnd.ims.lis.v2.resultcontainer+json"
)

const (
	scoreGiven    = 6.0
	scoreOverride = 9.0
	scoreMaximum  = 10.0
)

// grade makes two line items as a tool, and gives the learner a score for the first.
func (d *district) grade(ctx context.Context, at *system, own *Launch) *Graded {
	g := &Graded{Platform: at.Name, Given: scoreGiven}
	if own == nil || own.Claims == nil {
		g.Problem = "Rollcall, as a tool, was not launched there by the learner"
		if own != nil {
			g.Problem += ": " + own.Problem
		}
		return g
	}
	endpoint := own.Claims.in(agsClaim)
	items := endpoint.text("lineitems")
	if items == "" {
		g.Unset = fmt.Sprintf("let Rollcall's registration at %s make line items and send scores (Assignment and Grade Services)", at.Name)
		return g
	}
	g.User = own.Claims.text("sub")
	mark := side.Random()[:8]
	send := func(method, address, media, accept string, body any) (*harness.Response, string) {
		text, _ := json.Marshal(body) // made here
		r := harness.Request{Method: method, URL: address, Header: http.Header{}}
		if body != nil {
			r.Body = text
			r.Header.Set("Content-Type", media)
		}
		if accept != "" {
			r.Header.Set("Accept", accept)
		}
		response, id := d.own(ctx, at, r)
		g.Exchanges = append(g.Exchanges, id)
		return response, id
	}
	title := "Rollcall " + mark
	d.session.Redactor().Own(title, title+" (empty)")
	g.Asked = object{"label": title, "scoreMaximum": scoreMaximum, "resourceId": "rollcall-" + mark, "tag": "grade"}
	other := object{"label": title + " (empty)", "scoreMaximum": scoreMaximum, "resourceId": "rollcall-" + mark + "-empty", "tag": "grade"}
	made := func(o object) object {
		r, _ := send(http.MethodPost, items, itemType, itemType, o)
		var out object
		if r.Status != http.StatusCreated && r.Status != http.StatusOK || json.Unmarshal(r.Body, &out) != nil {
			g.Problem = "a line item is answered " + r.Summary()
		}
		return out
	}
	g.Made = made(g.Asked)
	empty := object{}
	if g.Problem == "" {
		empty = made(other)
	}
	if g.Problem != "" || g.Made.text("id") == "" {
		if g.Problem == "" {
			g.Problem = "the line item has no id"
		}
		return g
	}
	if r, _ := send(http.MethodGet, joined(items, "resource_id="+url.QueryEscape(g.Asked.text("resourceId"))), "", itemsType,
		nil); r.Status == http.StatusOK {
		_ = json.Unmarshal(r.Body, &g.Listed) // what is none is an empty list
	}
	below := func(item, what string) string {
		u, err := url.Parse(item)
		if err != nil {
			return item
		}
		u.Path += "/" + what
		return u.String()
	}
	r, _ := send(http.MethodPost, below(g.Made.text("id"), "scores"), scoreType, "", object{"userId": g.User, "scoreGiven": scoreGiven,
		"scoreMaximum": scoreMaximum, "activityProgress": "Completed", "gradingProgress": "FullyGraded", "comment": "From Rollcall",
		"timestamp": time.Now().UTC().Format("2006-01-02T15:04:05.000Z")})
	if r.Problem != "" || r.Status >= 300 {
		g.Problem = "the score is answered " + r.Summary()
		return g
	}
	read := func(item string) (out []object) {
		r, _ := send(http.MethodGet, below(item, "results"), "", resultType, nil)
		if r.Status == http.StatusOK {
			_ = json.Unmarshal(r.Body, &out) // what is none is an empty list
		}
		return out
	}
	result := func() object {
		for _, o := range read(g.Made.text("id")) {
			if o.text("userId") == g.User {
				return o
			}
		}
		return nil
	}
	g.Result = result()
	if id := empty.text("id"); id != "" {
		g.Others = read(id)
	}
	d.override(ctx, at, g, result)
	return g
}

// override has a teacher give another score by hand.
func (d *district) override(ctx context.Context, at *system, g *Graded, result func() object) {
	i := slices.IndexFunc(d.section.Grades, func(o Override) bool { return o.Platform == at.Name })
	teacher, there := d.section.part(Teacher)
	if i < 0 || !there {
		g.OverrideUnset = fmt.Sprintf("say how a teacher gives a score by hand at %s: district.grades", at.Name)
		return
	}
	v, err := d.signIn(ctx, at, teacher, false)
	if err == nil {
		learner := d.seen.People[Learner].User
		words := map[string]string{"title": g.Asked.text("label"), "givenName": learner.text("givenName"),
			"familyName": learner.text("familyName"), "user": g.User, "score": fmt.Sprint(scoreOverride)}
		if page, opening := v.page.Beside(ctx); opening == nil {
			err = page.Run(ctx, filled(d.section.Grades[i].Steps, words))
			if err == nil {
				_ = page.Settle(ctx, quiet, settleTime, nil) // whatever is there by then
			}
			page.Close()
		} else {
			err = opening
		}
	}
	if err != nil {
		g.OverrideProblem = err.Error()
		return
	}
	g.Override, g.After = scoreOverride, result()
}

// tidy deletes the line items again.
func (d *district) tidy(ctx context.Context, at *system, g *Graded, own *Launch) {
	if own == nil || own.Claims == nil {
		return
	}
	items := own.Claims.in(agsClaim).text("lineitems")
	r, _ := d.own(ctx, at, harness.Request{URL: items, Header: http.Header{"Accept": {itemsType}}})
	var all []object
	if json.Unmarshal(r.Body, &all) != nil {
		return
	}
	for _, o := range all {
		if strings.HasPrefix(o.text("resourceId"), g.Asked.text("resourceId")) {
			d.own(ctx, at, harness.Request{Method: http.MethodDelete, URL: o.text("id")})
		}
	}
}

func joined(address, query string) string {
	if strings.Contains(address, "?") {
		return address + "&" + query
	}
	return address + "?" + query
}

// booked waits until what was graded stands in the gradebook of the SIS, or until it should.
func (d *district) booked(ctx context.Context, at *system, g *Graded, within time.Duration) {
	if g.Problem != "" || g.Unset != "" || g.Made == nil {
		return
	}
	want := g.Given
	if g.Override > 0 {
		want = g.Override
	}
	learner := d.seen.People[Learner].User.text("sourcedId")
	title := g.Asked.text("label")
	look := func() bool {
		g.RegisterExchanges, g.Register, g.Scores, g.Stray = nil, nil, nil, nil
		items, id, why := d.items(ctx)
		g.RegisterExchanges, g.RegisterProblem = append(g.RegisterExchanges, id), why
		if why != "" {
			return strings.Contains(why, "doesn't say")
		}
		there := false
		for _, o := range items {
			if o.text("status") == "tobedeleted" || !strings.HasPrefix(o.text("title"), title) {
				continue
			}
			results, id, why := d.results(ctx, o.text("sourcedId"))
			if why != "" {
				g.RegisterProblem = why
			}
			g.RegisterExchanges = append(g.RegisterExchanges, id)
			if o.text("title") != title {
				g.Stray = append(g.Stray, results...)
				continue
			}
			g.Register = append(g.Register, o)
			for _, r := range results {
				r["lineItemMax"] = o["resultValueMax"]
				g.Scores = append(g.Scores, r)
				there = there || r.refers("student") == learner && near(ratio(r), want/scoreMaximum)
			}
		}
		return there
	}
	g.Waited, _ = until(ctx, within, look)
}

// ratio is a result of the SIS as a part of what there was to get; below 0 where it has no score.
func ratio(r object) float64 {
	score, is := r["score"].(float64)
	if !is {
		return -1
	}
	most, _ := r["lineItemMax"].(float64)
	if most == 0 {
		return score / scoreMaximum
	}
	return score / most
}

func near(a, b float64) bool { return a-b < 0.001 && b-a < 0.001 }
