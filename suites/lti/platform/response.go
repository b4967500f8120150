package platform

import (
	"context"
	"fmt"
	"strings"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/harness/browser"
)

// response looks how the answer comes back, to every user from every link.
func response(ctx context.Context, t *harness.T) {
	j, first := launchOf(t)
	if first.claims == nil {
		if first.came { // an answer that brings no token may come in a wrong way
			manner(t, first, first.keep(t, first.sent()))
		}
		t.NotTested(j.footless(t, first, "a launch"))
		return
	}
	tokens, whole := 0, true
	for s := range j.launches(ctx) {
		x, _ := s.unframed(originOf(j.target.Platform.AuthURL))
		if s.problem != nil || s.claims == nil && x != nil {
			whole = false
			t.NotTested(j.halted(t, s, s.sent()))
			continue
		}
		ids := s.keep(t, s.sent())
		if s.claims == nil {
			t.Fail(reqToken, harness.Finding{
				Sent:      "an authentication request by GET: " + s.sent(),
				Expected:  "a token",
				Seen:      s.what(),
				Cause:     j.cause(s),
				Exchanges: ids,
			})
		} else {
			tokens++
		}
		if !s.came {
			continue
		}
		manner(t, s, ids)
		a := s.answer
		t.Assert(Prefix+"response.state", a.form.Get("state") == s.launch.state, harness.Finding{
			Sent:      "state=" + s.launch.state,
			Expected:  "the same, byte for byte",
			Seen:      "state=" + a.form.Get("state"),
			Where:     "state",
			Exchanges: ids,
		})
	}
	// A launch that could not be opened may be one that never works: then nothing is
	// said of all of them.
	if whole {
		t.Examined(reqToken, tokens)
	}
	again := func(id string, s *seen, sent string) {
		if s.problem != nil {
			t.NotTested(j.halted(t, s, sent), Prefix+id)
			return
		}
		t.Assert(Prefix+id, s.claims != nil, harness.Finding{
			Sent:      sent,
			Expected:  "a token",
			Seen:      s.what(),
			Cause:     j.cause(s),
			Exchanges: s.keep(t, sent),
		})
	}
	long := strings.Repeat("0123456789", 150)
	extra, lengthy := plan{set: map[string]string{"id_token_signed_response_alg": "RS256",
		"x_unknown": "1"}}, plan{set: map[string]string{"state": long}}
	made := j.sideBySide(ctx, plan{post: true}, extra, lengthy)
	if j.had(byPost) == nil && made[0].brought() {
		j.keep(byPost, made[0])
	}
	again("response.auth-post", j.posted(ctx), "an authentication request by POST")
	if !made[1].brought() {
		made[1] = j.begin(ctx, first.user, first.link, extra)
	}
	again("response.extra", made[1], "an authentication request with parameters more")
	if !made[2].brought() || made[2].answer.form.Get("state") != long {
		made[2] = j.begin(ctx, first.user, first.link, lengthy)
	}
	longState(t, made[2], long)
}

// manner looks in which way an answer came: by a form that is posted, with nothing of
// it in the address (OAuth 2.0 Form Post Response Mode).
func manner(t *harness.T, s *seen, ids []string) {
	a := s.answer
	f := harness.Finding{
		Sent:      "response_mode=form_post: " + s.sent(),
		Expected:  "POST, application/x-www-form-urlencoded, and nothing of it in the address",
		Seen:      a.method + ", " + a.kind,
		Exchanges: ids,
	}
	bare := !a.query.Has("id_token") && !a.query.Has("state")
	if !bare {
		f.Seen += ", and in the address too"
	}
	t.Assert(Prefix+"response.form-post", bare && a.method == "POST" && strings.HasPrefix(a.kind, "application/x-www-form-urlencoded"), f)
}

// longState looks at a launch whose state is as long as those of tools that seal their
// session in it.
func longState(t *harness.T, s *seen, long string) {
	const id = Prefix + "response.state"
	ids := s.keep(t, "a long state")
	if s.token == "" {
		t.Note(id, "a request whose state has %d characters brings no token: %s", len(long), s.what())
		return
	}
	got := s.answer.form.Get("state")
	t.Assert(id, got == long, harness.Finding{
		Sent:      fmt.Sprintf("a state of %d characters", len(long)),
		Expected:  "the same, byte for byte",
		Seen:      fmt.Sprintf("a state of %d characters", len(got)),
		Where:     "state",
		Exchanges: ids,
	})
}

// together has somebody begin a launch, somebody else make one, and the first go on with
// theirs: what a platform keeps of a launch is kept for each.
func together(ctx context.Context, t *harness.T) {
	j, s := launchOf(t)
	const id, sent = Prefix + "response.side-by-side", "a launch during which somebody else launches"
	users := j.target.Platform.Users
	var between *seen
	held := func(meanwhile bool) *seen {
		return j.begin(ctx, users[1], s.link, plan{hold: true, then: func(ctx context.Context, p *browser.Page, _ *launch) error {
			j.settled(ctx, p)
			if meanwhile {
				between = j.begin(ctx, s.user, s.link, plan{})
			}
			return p.Go(j.tool.origin + "/ask")
		}})
	}
	both := held(true)
	ids := both.keep(t, sent)
	switch {
	case both.problem != nil:
		t.NotTested(j.halt(both).Seen(ids...), id)
	case !both.launch.marked(): // nobody knows whose request was answered
		t.NotTested(harness.Unconfigured("the browser doesn't tell by whom a request is", "Use https at Rollcall (lti.public_url)."), id)
	case both.brought() && between.brought():
		t.Examined(id, 1)
	case !between.brought():
		t.NotTested(j.halted(t, between, "a launch during another"), id)
	default:
		alone := held(false)
		if !alone.brought() { // it is the time that passed, not the other one
			t.NotTested(harness.BlockedBy(reqToken, "a launch whose request came a moment later brought no token: "+alone.what()).Seen(alone.keep(t, "the same, while nobody else launches")...), id)
			return
		}
		j.ahead.odd = mostOdd // what is made side by side would say nothing here
		t.Fail(id, harness.Finding{
			Sent:      sent + ": " + both.sent() + ", " + between.user.Name + " meanwhile",
			Expected:  "a token for each of them",
			Seen:      both.what(),
			Cause:     j.cause(both),
			Exchanges: ids,
		})
	}
}
