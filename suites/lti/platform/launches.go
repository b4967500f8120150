package platform

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/harness/browser"
)

const claim = "https://purl.imsglobal.org/spec/lti/claim/"

// launchChecks judge what a platform sends.
func launchChecks() []harness.Check {
	return []harness.Check{
		{ID: "platform.login", Title: "The platform initiates a login", Body: login, Requirements: []string{"login.iss", "login.login-hint", "login.target", "login.client", "login.deployment"}},
		{ID: "platform.response", Title: "The answer is a form post with the token and the state", Body: response,
			Requirements: []string{"response.form-post", "response.state", "response.token", "response.auth-post", "response.extra"}},
		{ID: "platform.header", Title: "The token is signed by a published key", Body: header, Requirements: []string{"token.alg", "token.kid", "token.kid-published", "token.signature"}},
		{ID: "platform.security-claims", Title: "Claims that say whose the token is", Body: every(securityClaims),
			Requirements: []string{"token.iss", "token.aud", "token.azp", "token.exp", "token.iat", "token.life", "token.nonce", "token.sub"}},
		{ID: "platform.message", Title: "Claims of the message", Body: every(message), Requirements: []string{"message.type", "message.version", "message.deployment", "message.target",
			"message.resource-link", "message.roles", "message.roles-vocabulary", "message.context", "message.context-type", "message.platform", "message.mentor", "message.presentation",
			"message.return-url", "message.lis", "message.custom", "message.migration", "message.no-null", "message.login-target", "message.identity"}},
		{ID: "platform.custom", Title: "Custom parameters come as registered, variables substituted", Body: custom, Requirements: []string{"custom.plain", "custom.substituted", "custom.value"}},
		{ID: "platform.roles", Title: "Roles are those of the people", Body: roles, Requirements: []string{"roles.instructor", "roles.learner"}},
		{ID: "platform.stability", Title: "Ids stay the same, and differ where they must", Body: stability,
			Requirements: []string{"stable.sub", "stable.link", "stable.context", "distinct.sub", "distinct.link", "distinct.nonce"}},
		{ID: "platform.frame", Title: "A link in a frame says so", Body: framed, Requirements: []string{"message.document-target", "login.storage-target"}},
		{ID: "platform.storage", Title: "The platform keeps things for tools in frames", Body: storage,
			Requirements: []string{"storage.capabilities", "storage.put", "storage.get", "storage.absent", "storage.size", "storage.removed", "storage.subjects"}},
	}
}

func login(ctx context.Context, t *harness.T) {
	j, s := ready(ctx, t)
	if s == nil {
		return
	}
	ids := s.keep(t, "a launch")
	l, p := s.launch.login, j.target.Platform
	check := func(id string, ok bool, expected, name string) {
		seen := "no " + name
		if l.Has(name) {
			seen = name + "=" + t.Show(name, l.Get(name))
		}
		t.Assert(Prefix+id, ok, harness.Finding{Sent: "a click on the link " + s.link.Name, Expected: expected, Seen: seen, Where: name, Exchanges: ids})
	}
	check("login.iss", l.Get("iss") == p.Issuer, "iss="+p.Issuer, "iss")
	check("login.login-hint", l.Get("login_hint") != "", "a login_hint", "login_hint")
	check("login.target", absolute(l.Get("target_link_uri")), "an absolute target_link_uri", "target_link_uri")
	if l.Has("client_id") {
		check("login.client", l.Get("client_id") == j.tool.clientID, "client_id="+j.tool.clientID, "client_id")
	} else {
		check("login.client", false, "client_id="+j.tool.clientID+", for issuers may have several registrations at a tool", "client_id")
	}
	if l.Has("lti_deployment_id") {
		check("login.deployment", slices.Contains(j.target.Deployments, l.Get("lti_deployment_id")), "one of "+strings.Join(j.target.Deployments, ", "), "lti_deployment_id")
	} else {
		t.NotApplicable(Prefix+"login.deployment", "the login names no deployment, which is optional")
	}
}

func absolute(s string) bool {
	u, err := url.Parse(s)
	return err == nil && u.Host != "" && (u.Scheme == "https" || u.Scheme == "http")
}

func response(ctx context.Context, t *harness.T) {
	j, s := ready(ctx, t)
	if s == nil {
		return
	}
	judge := func(id string, s *seen, sent string) {
		ids := s.keep(t, sent)
		t.Assert(Prefix+id, s.token != "", harness.Finding{Sent: sent, Expected: "a token", Seen: s.what(), Exchanges: ids})
	}
	ids := s.keep(t, "a launch")
	judge("response.token", s, "an authentication request by GET")
	if s.came {
		a := s.answer
		t.Assert(Prefix+"response.form-post", a.method == "POST" && strings.HasPrefix(a.kind, "application/x-www-form-urlencoded"), harness.Finding{Sent: "response_mode=form_post",
			Expected: "POST, application/x-www-form-urlencoded", Seen: a.method + ", " + a.kind, Exchanges: ids})
		t.Assert(Prefix+"response.state", a.form.Get("state") == s.launch.state, harness.Finding{Sent: "state=" + s.launch.state, Expected: "the same, byte for byte", Seen: "state=" + a.form.Get("state"), Where: "state", Exchanges: ids,
			Cause: "The value is not encoded when it is put into the form, or decoded twice."})
	} else {
		for _, id := range []string{"response.form-post", "response.state"} {
			t.NotTested(Prefix+id, "no answer came: "+s.what(), "Mend that first.")
		}
	}
	if s.token == "" {
		for _, id := range []string{"response.auth-post", "response.extra"} {
			t.NotTested(Prefix+id, "the plain request was not answered either: "+s.what(), "Mend that first.")
		}
		return
	}
	judge("response.auth-post", j.begin(ctx, s.user, s.link, plan{post: true}, nil), "an authentication request by POST")
	judge("response.extra", j.begin(ctx, s.user, s.link, plan{set: map[string]string{"id_token_signed_response_alg": "RS256", "x_unknown": "1"}}, nil), "an authentication request with parameters more")
}

func header(ctx context.Context, t *harness.T) {
	j, s := token(ctx, t)
	if s == nil {
		return
	}
	ids := s.keep(t, "a launch")
	alg, _ := s.header["alg"].(string)
	t.Assert(Prefix+"token.alg", slices.Contains([]string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"}, alg), harness.Finding{Expected: "RS256, or another asymmetric algorithm", Seen: alg, Where: "alg", Exchanges: ids})
	kid, _ := s.header["kid"].(string)
	t.Assert(Prefix+"token.kid", kid != "", harness.Finding{Expected: "a kid", Seen: "none", Where: "kid", Exchanges: ids})
	r, keys := j.published(ctx, t)
	if len(keys) == 0 {
		t.NotTested(Prefix+"token.kid-published", "the keys can't be read: "+r.Summary(), "Mend the key set first.")
		t.NotTested(Prefix+"token.signature", "the keys can't be read: "+r.Summary(), "Mend the key set first.")
		return
	}
	i := slices.IndexFunc(keys, func(k key) bool { return k.raw["kid"] == kid })
	t.Assert(Prefix+"token.kid-published", i >= 0, harness.Finding{Expected: "a key of the key set", Seen: "kid " + kid + " is not in it", Where: "kid", Responses: []*harness.Response{r}, Exchanges: ids})
	if i < 0 || keys[i].public == nil {
		t.NotTested(Prefix+"token.signature", "there is no usable key of that kid", "Mend the key set first.")
		return
	}
	t.Assert(Prefix+"token.signature", verified(s.token, keys[i].public), harness.Finding{Expected: "a signature by the key " + kid, Seen: "the signature is wrong", Responses: []*harness.Response{r}, Exchanges: ids})
}

// every runs a judge over launches by every user from every link.
func every(judge func(t *harness.T, j *judge, s *seen, ids []string)) func(context.Context, *harness.T) {
	return func(ctx context.Context, t *harness.T) {
		j, s := token(ctx, t)
		if s == nil {
			return
		}
		for _, u := range j.target.Platform.Users {
			for _, l := range j.target.Platform.Links {
				s := j.good(ctx, u, l)
				if s.claims == nil {
					for _, id := range t.Check().Requirements {
						t.NotTested(id, u.Name+" opens "+l.Name+", and no token comes: "+s.what(), "Mend that launch, or its steps, first.")
					}
					continue
				}
				judge(t, j, s, s.keep(t, u.Name+" opens "+l.Name))
			}
		}
		t.NothingToTest("no launch had what this is about", "Open a link as a user for whom the platform sends it.")
	}
}

func number(v any) (float64, bool) { f, ok := v.(float64); return f, ok }

const skew = 60 // seconds between two clocks

func securityClaims(t *harness.T, j *judge, s *seen, ids []string) {
	c := s.claims
	broken := map[string]bool{}
	say := func(id string, ok bool, expected string, name string) {
		broken[id] = broken[id] || !ok
		v, there := c[name]
		seen := "no " + name
		if there {
			seen = fmt.Sprintf("%s: %v", name, v)
		}
		t.Assert(Prefix+id, ok, harness.Finding{Sent: s.user.Name + " opens " + s.link.Name, Expected: expected, Seen: seen, Where: "/" + name, Exchanges: ids})
	}
	say("token.iss", c["iss"] == j.target.Platform.Issuer, j.target.Platform.Issuer, "iss")
	audience, list := c["aud"].([]any)
	single, text := c["aud"].(string)
	contains := text && single == j.tool.clientID || list && slices.Contains(audience, any(j.tool.clientID))
	say("token.aud", contains, "the client id, as a text or within a list", "aud")
	azp, has := c["azp"]
	if has || len(audience) > 1 {
		say("token.azp", azp == j.tool.clientID, "the client id", "azp")
	} else {
		t.NotApplicable(Prefix+"token.azp", "azp is optional with one audience")
	}
	iat, okI := number(c["iat"])
	exp, okE := number(c["exp"])
	at := float64(s.answer.at.Unix())
	say("token.exp", okE && exp > at-skew, "a time to come, in seconds", "exp")
	say("token.iat", okI && iat <= at+skew && iat > at-3600, "the time of issue, in seconds", "iat")
	say("token.life", okI && okE && exp-iat <= 86400 && exp > iat, "a life of a day at most", "exp")
	say("token.nonce", c["nonce"] == s.launch.nonce, "the nonce that was sent", "nonce")
	shape(t, s, ids, broken)
}

// roles compares the roles with what the target file says of each user.
func roles(ctx context.Context, t *harness.T) {
	j, s := token(ctx, t)
	if s == nil {
		return
	}
	for _, u := range j.target.Platform.Users {
		s := j.good(ctx, u, j.target.Platform.Links[0])
		want, id := "Instructor", "roles.instructor"
		if u.Role == "learner" {
			want, id = "Learner", "roles.learner"
		} else if u.Role != "instructor" {
			continue
		}
		if s.claims == nil {
			t.NotTested(Prefix+id, "the launch of "+u.Name+" brought no token: "+s.what(), "Mend that first.")
			continue
		}
		list, _ := s.claims[claim+"roles"].([]any)
		ok := slices.ContainsFunc(list, func(r any) bool {
			name, _ := r.(string)
			return name == want || strings.HasSuffix(name, "/membership#"+want) || strings.Contains(name, "/membership/"+want+"#")
		})
		t.Assert(Prefix+id, ok, harness.Finding{Sent: u.Name + " opens " + s.link.Name, Expected: "the role " + want + " in the course", Seen: fmt.Sprint(list), Where: "/roles", Exchanges: s.keep(t, u.Name)})
	}
	t.NothingToTest("the target file has nobody of this role", "Add a user with role instructor and one with role learner to lti.platform.users.")
}

// stability compares launches with each other.
func stability(ctx context.Context, t *harness.T) {
	j, s := token(ctx, t)
	if s == nil {
		return
	}
	at := func(s *seen, path ...string) string {
		var v any = s.claims
		for _, name := range path {
			o, _ := v.(map[string]any)
			v = o[name]
		}
		text, _ := v.(string)
		return text
	}
	again := j.begin(ctx, s.user, s.link, plan{}, nil)
	ids := append(s.keep(t, "a launch"), again.keep(t, "the same launch again")...)
	compare := func(id string, a, b *seen, same bool, sent string, path ...string) {
		x, y := at(a, path...), at(b, path...)
		expected := "the same value"
		if !same {
			expected = "another value"
		}
		if x == "" && y == "" {
			t.NotTested(Prefix+id, "neither launch has it", "Nothing has to be done where the platform leaves it out.")
			return
		}
		t.Assert(Prefix+id, (x == y) == same, harness.Finding{Sent: sent, Expected: expected, Seen: t.Show("id", x) + " and " + t.Show("id", y), Where: "/" + strings.TrimPrefix(strings.Join(path, "/"), claim), Exchanges: ids})
	}
	if again.claims == nil {
		for _, id := range []string{"stable.sub", "stable.link", "stable.context", "distinct.nonce"} {
			t.NotTested(Prefix+id, "a second launch brought no token: "+again.what(), "Mend that first.")
		}
	} else {
		compare("stable.sub", s, again, true, "the same user, the same link", "sub")
		compare("stable.link", s, again, true, "the same user, the same link", claim+"resource_link", "id")
		compare("stable.context", s, again, true, "the same user, the same link", claim+"context", "id")
		t.Assert(Prefix+"distinct.nonce", s.token != again.token, harness.Finding{Sent: "two launches", Expected: "two tokens", Seen: "the same token", Exchanges: ids})
	}
	if len(j.target.Platform.Users) > 1 {
		if other := j.good(ctx, j.target.Platform.Users[1], s.link); other.claims != nil {
			compare("distinct.sub", s, other, false, "two users", "sub")
			compare("stable.link", s, other, true, "two users, the same link", claim+"resource_link", "id")
		}
	}
	if len(j.target.Platform.Links) > 1 {
		if other := j.good(ctx, s.user, j.target.Platform.Links[1]); other.claims != nil {
			compare("distinct.link", s, other, false, "two links", claim+"resource_link", "id")
			compare("stable.sub", s, other, true, "the same user, two links", "sub")
		}
	}
	t.NothingToTest("there is only one user, or only one link", "Add a second user and a second link to the target file.")
}

// framed looks at links that open in a frame.
func framed(ctx context.Context, t *harness.T) {
	j, s := token(ctx, t)
	if s == nil {
		return
	}
	for _, l := range j.target.Platform.Links {
		s := j.good(ctx, s.user, l)
		if s.claims == nil || l.As == "" {
			continue
		}
		o, _ := s.claims[claim+"launch_presentation"].(map[string]any)
		target, has := o["document_target"].(string)
		if has {
			want := map[string][]string{"frame": {"iframe", "frame"}, "window": {"window"}}[l.As]
			t.Assert(Prefix+"message.document-target", slices.Contains(want, target), harness.Finding{Sent: "the link " + l.Name + ", which opens as " + l.As, Expected: strings.Join(want, " or "), Seen: target,
				Where: "/launch_presentation/document_target", Exchanges: s.keep(t, l.Name)})
		}
		if l.As == "frame" {
			t.Assert(Prefix+"login.storage-target", s.launch.login.Get("lti_storage_target") != "", harness.Finding{Sent: "the link " + l.Name + ", which opens in a frame", Expected: "lti_storage_target, for browsers that block cookies in frames",
				Seen: "none", Where: "lti_storage_target", Exchanges: s.keep(t, l.Name)})
		}
	}
	t.NothingToTest("no link of the target file says that it opens in a frame", "Add a link with `as: frame` to lti.platform.links.")
}

// settled waits a little for what must not come.
func (j *judge) settled(ctx context.Context, p *browser.Page) {
	_ = p.Settle(ctx, 150*time.Millisecond, j.budget, nil) // a page that stays busy is looked at all the same
}
