package tool

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/harness/browser"
)

// markups are the checks of text that comes from outside and is shown.
func markups() []harness.Check {
	return []harness.Check{
		{ID: "tool.error-response", Title: "Shows an error of the platform, with its markup as text, and opens nothing", Needs: opening(), Body: errorResponse, Requirements: refusals("response.error", "response.error-markup")},
		{ID: "tool.error-unbound", Title: "Doesn't show the error of a login that nobody began", Needs: opening(), Body: errorUnbound, Requirements: refusals("response.error-unbound")},
		{ID: "tool.login-markup", Title: "Shows markup in the parameters of a login as text", Needs: []harness.Need{begun()}, Body: loginMarkup, Requirements: ids("login.markup")},
		{ID: "tool.claims-markup", Title: "Shows markup in names and titles as text", Needs: opening(), Body: claimsMarkup, Requirements: ids("claims.markup")},
		{ID: "tool.return-script", Title: "Makes no link of a script that is the address to return to", Needs: opening(), Body: returnScript, Requirements: ids("claims.return-url")},
	}
}

// judgePages looks at what a launch ended with and, by what the browser asked for, at
// the pages on the way: the picture of the markup is looked for beside the page.
func (j *judge) judgePages(ctx context.Context, t *harness.T, p *browser.Page, s *sight, id, sent string) {
	j.judgeMarkup(ctx, t, p, s, id, sent)
	i := slices.IndexFunc(s.log, func(x browser.Exchange) bool {
		u, err := url.Parse(x.URL)
		return err == nil && j.platform.known(u.Host) && strings.HasSuffix(u.Path, "/x") && x.Method == "GET" && !x.Document
	})
	if i >= 0 {
		t.Fail(id, harness.Finding{
			Sent:     sent,
			Expected: "text, shown as text or not at all",
			Seen:     "an element of a page on the way: the browser asked for its picture",
			Where:    t.Where(s.log[i].URL),
		})
	}
}

// errorResponse answers with an OAuth error (Security Framework 1.0 §5.1.1.5; RFC 6749 §4.1.2.1)
// that holds markup.
func errorResponse(ctx context.Context, t *harness.T) {
	j, control := controlled(ctx, t)
	if control == nil {
		return
	}
	for _, r := range []Respond{
		{Error: "login_required", Set: map[string]string{"error_description": "Nobody is signed in " + hostile}},
		{Error: "login_required", Set: map[string]string{"error_description": "Nobody is signed in", "error_uri": "https://x.example/" + hostile}},
		{Error: "login_required" + hostile},
	} {
		p := j.page(ctx, t)
		if p == nil {
			return
		}
		l := Launch{ID: "error", Title: "an error instead of a token", User: "learner", Respond: r}
		s := j.launchIn(ctx, p, l)
		j.judgeRefusal(t, Prefix+"response.error", l, s, control)
		sent := "error=" + r.Error
		for name, value := range r.Set {
			sent += " " + name + "=" + value
		}
		j.judgePages(ctx, t, p, s, Prefix+"response.error-markup", sent)
		p.Close()
	}
}

// errorUnbound sends an error for a login that nobody began, with words that people
// would take for the tool's.
func errorUnbound(ctx context.Context, t *harness.T) {
	j, control := controlled(ctx, t)
	if control == nil {
		return
	}
	const words = "Call Zwiebelfisch at extension 4711"
	id := Prefix + "response.error-unbound"
	l := Launch{ID: "error.unbound", Title: "an error with a state that was never sent", User: "learner",
		Respond: Respond{Error: "access_denied", Set: map[string]string{"error_description": words, "state": "3c7e-never-sent"}}}
	s := j.launch(ctx, l)
	if s.problem != nil || !s.answered() {
		t.NotTested(j.halted(t, s, l.Title))
		return
	}
	j.judgeRefusal(t, id, l, s, control)
	t.Assert(id, !strings.Contains(s.page.Text, words), harness.Finding{
		Sent:     "error_description=" + words + ", with a state that was never sent",
		Expected: "a refusal in the tool's own words",
		Seen:     "the description",
		Where:    t.Where(s.page.URL),
	})
}

// loginMarkup sends markup in the parameters of a login. Some of them make it one that
// has to be refused; with others it is a good one, and pages on the way may hold them.
func loginMarkup(ctx context.Context, t *harness.T) {
	j := judgeOf(t)
	id := Prefix + "login.markup"
	for _, name := range []string{"iss", "client_id", "target_link_uri", "login_hint", "lti_message_hint", "lti_deployment_id",
		"lti_storage_target"} {
		p := j.page(ctx, t)
		if p == nil {
			return
		}
		value := "https://x.example/" + hostile
		s := j.launchIn(ctx, p, Launch{ID: "markup." + name, User: "learner", Early: true, Login: Login{Set: map[string]string{name: value}}})
		s.keep(t, "markup in "+name)
		came := slices.ContainsFunc(s.log, func(x browser.Exchange) bool {
			return sameAddress(x.URL, j.platform.login) && x.Status > 0 && x.Status < 500
		})
		switch {
		case came && !s.page.Failed:
			j.judgePages(ctx, t, p, s, id, name+"="+value)
		case came && j.asked(s): // what comes after the login is no page of the login
			t.Examined(id, 1)
		default:
			j.unanswered(ctx, t, id, name, s)
		}
		p.Close()
	}
}

// unanswered judges a login that broke off: where a good one doesn't, it is markup that the
// tool can't take.
func (j *judge) unanswered(ctx context.Context, t *harness.T, id, name string, s *sight) {
	control := j.steady(ctx, Launch{ID: "markup.control", User: "learner", Expect: "open"})
	switch {
	case s.problem != nil:
		t.NotTested(j.failing(s.problem), id)
	case !j.asked(control):
		t.NotTested(j.halted(t, control, "a good login"), id)
	default:
		t.Fail(id, harness.Finding{
			Sent:      "a login with markup in " + name,
			Expected:  "an authentication request, or a page that says what is wrong, with a status below 500",
			Seen:      s.shows(),
			Where:     t.Where(s.page.URL),
			Exchanges: s.keep(t, "markup in "+name),
		})
	}
}

// claimsMarkup has names and titles hold what is more than text wherever it isn't escaped
// for its place. A tool, or a firewall before it, may take such a name for an attack: then a
// plain element is tried.
func claimsMarkup(ctx context.Context, t *harness.T) {
	j := judgeOf(t)
	id := Prefix + "claims.markup"
	var s *sight
	for i, payload := range []string{hostile, element} {
		p := j.page(ctx, t)
		if p == nil {
			return
		}
		defer p.Close()
		l := named(payload)
		s = j.launchIn(ctx, p, l)
		s.keep(t, l.Title)
		if j.decide(s, nil) != opened {
			continue
		}
		if i > 0 {
			t.Note(id, "names that look like scripts or templates were refused; those with an element were looked at alone")
		}
		j.judgePages(ctx, t, p, s, id, l.Title+": "+payload)
		frames, err := p.Look(ctx)
		if err != nil {
			t.NotTested(j.failing(err), id)
			return
		}
		for _, f := range frames {
			found, err := p.Eval(ctx, f.ID, linkScript(ownScript))
			if err == nil {
				t.Assert(id, found != "true", harness.Finding{
					Sent:     "profile, website and picture: " + ownScript,
					Expected: "no link that runs a script",
					Seen:     "a link that does",
					Where:    t.Where(f.URL),
				})
			}
		}
		return
	}
	if !j.unopened(ctx, t, j.steady(ctx, Launch{ID: "markup.control", User: "learner", Expect: "open"})) {
		t.NotTested(harness.BlockedBy(Prefix+"claims.text", "a launch by somebody whose names hold angle brackets was not opened: "+s.what()).Seen(s.keep(t, "markup in names and titles")...))
	}
}

// ownScript is an address that runs a script.
const ownScript = "javascript:rollcall-own"

// named is a launch whose names and titles hold a payload.
func named(payload string) Launch {
	text := func(s string) string { return s + " " + payload }
	claims := map[string]any{
		"name": text("Carla Adeyemi"), "given_name": text("Carla"), "family_name": text("Adeyemi"),
		"context":       map[string]any{"title": text("Algebra 1"), "label": text("ALG-1")},
		"resource_link": map[string]any{"title": text("Algebra, chapter 1"), "description": text("Sets")}}
	if payload == hostile {
		claims["profile"], claims["website"], claims["picture"] = ownScript, ownScript, ownScript
	}
	return Launch{ID: "markup.claims", Title: "markup in names and titles", User: "learner", Expect: "open", Claims: claims}
}

// returnScript gives a script as the address to return to. Where the tool shows a link
// back at all is seen of a good address.
func returnScript(ctx context.Context, t *harness.T) {
	j := judgeOf(t)
	id := Prefix + "claims.return-url"
	var last *sight
	links := func(address string) (opens, has bool) {
		p := j.page(ctx, t)
		if p == nil {
			return false, false
		}
		defer p.Close()
		l := Launch{
			ID:     "return",
			User:   "learner",
			Expect: "open",
			Claims: map[string]any{"launch_presentation": map[string]any{"document_target": "iframe", "return_url": address}},
		}
		s := j.launchIn(ctx, p, l)
		s.keep(t, "return_url="+address)
		last = s
		if j.decide(s, nil) != opened {
			return false, false
		}
		frames, err := p.Look(ctx)
		if err != nil {
			t.NotTested(j.failing(err))
			last = nil
			return false, false
		}
		for _, f := range frames {
			found, err := p.Eval(ctx, f.ID, linkScript(address))
			has = has || err == nil && found == "true"
		}
		return true, has
	}
	opens, shown := links(j.platform.issuer + "/back/from/there")
	if !opens {
		if last != nil && !j.unopened(ctx, t, j.steady(ctx, Launch{ID: "return.control", User: "learner", Expect: "open"})) {
			t.NotTested(harness.BlockedBy(Prefix+"claims.optional", "a launch with a return_url was not opened: "+last.what()).
				Seen(last.keep(t, "a launch with a return_url")...))
		}
		return
	}
	const script = "javascript:rollcall"
	opens, has := links(script)
	switch {
	case has:
		t.Fail(id, harness.Finding{
			Sent:     "return_url=" + script,
			Expected: "no link, or one that leads to an address",
			Seen:     "a link that runs the script",
		})
	case !shown:
		t.NotApplicable(id, "the tool's page has no link back to the platform")
	case !opens:
		t.Note(id, "the launch was refused")
		t.Examined(id, 1)
	default:
		t.Examined(id, 1)
	}
}
