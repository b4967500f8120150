package platform

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-edu/rollcall/reports"
	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/lti"
)

// claimsTarget is a platform that nobody runs: its launches are made up here.
const claimsTarget = `rollcall: 1
name: Campus
stance: strict
profiles: [lti13-core-platform]
lti:
  public_url: https://judge.example
  client_id: rollcall
  deployments: ["1"]
  platform:
    issuer: https://campus.example.org
    auth_url: https://campus.example.org/auth
    jwks_url: https://campus.example.org/jwks
    users:
      - {name: a teacher, role: instructor, steps: [{open: https://campus.example.org/}]}
    links:
      - {name: quiz, steps: [{click: "#quiz"}]}
`

const target1 = "https://judge.example/target"

// goodLaunch is one of which nothing can be said.
func goodLaunch() *seen {
	at := time.Now()
	s := &seen{
		user: lti.User{Name: "a teacher"}, link: lti.Link{Name: "quiz"}, came: true, answer: answer{at: at},
		launch: &launch{nonce: "n-1", login: url.Values{"target_link_uri": {target1}}},
		claims: map[string]any{"iss": "https://campus.example.org", "aud": "rollcall", "sub": "u-1", "nonce": "n-1", "iat": float64(at.Unix()),
			"exp": float64(at.Unix() + 300), "name": "Ann Jones", "given_name": "Ann", "family_name": "Jones", "email": "ann@campus.example.org",
			"locale": "en-GB"},
	}
	for name, value := range map[string]any{"message_type": "LtiResourceLinkRequest", "version": "1.3.0", "deployment_id": "1",
		"target_link_uri": target1, "resource_link": map[string]any{"id": "l-1", "title": "Quiz"}, "roles": []any{inContext + "#Instructor"},
		"context":             map[string]any{"id": "c-1", "type": []any{"http://purl.imsglobal.org/vocab/lis/v2/course#CourseSection"}, "title": "Algebra"},
		"tool_platform":       map[string]any{"guid": "p-1", "name": "Campus"},
		"launch_presentation": map[string]any{"document_target": "iframe", "locale": "en-GB", "return_url": "https://campus.example.org/back"},
	} {
		s.claims[claim+name] = value
	}
	return s
}

// judgedLaunch judges a launch by one of the checks that look at claims, and lists what is
// broken, below lti13.platform.
func judgedLaunch(t *testing.T, s *seen, check string, body func(t *harness.T, j *judge, s *seen, ids []string)) (broken []string) {
	t.Helper()
	payload, err := json.Marshal(s.claims)
	if err != nil {
		t.Fatal(err)
	}
	s.token = "e30." + base64.RawURLEncoding.EncodeToString(payload) + ".x"
	// As they are read: numbers are float64.
	if err := json.Unmarshal(payload, &s.claims); err != nil {
		t.Fatal(err)
	}
	target, err := harness.ParseTarget("target.yaml", []byte(claimsTarget), func(string) (string, bool) { return "", false }, lti.New)
	if err != nil {
		t.Fatal(err)
	}
	j := &judge{target: *lti.Of(target), tool: &tool{origin: "https://judge.example", clientID: "rollcall"}}
	suite := Suite()
	suite.Open, suite.Doctor = nil, nil
	suite.Checks = slices.DeleteFunc(suite.Checks, func(c harness.Check) bool { return c.ID != check })
	suite.Checks[0].Needs = nil
	suite.Checks[0].Body = func(_ context.Context, t *harness.T) {
		body(t, j, s, nil)
		t.NotTested(harness.NoData("there is no more of the launch", "none"))
	}
	run, err := harness.New(target, []harness.Suite{suite}, harness.Options{InProcess: true, SkipDoctor: true, Shards: 1, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	report, err := run.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range report.Requirements {
		asked := slices.Contains(suite.Checks[0].Requirements, q.ID) // of the others nothing is there that decides them
		if asked && (q.Verdict == reports.Fail || q.Verdict == reports.Warning || q.Verdict == reports.Error) {
			broken = append(broken, strings.TrimPrefix(q.ID, Prefix))
		}
	}
	slices.Sort(broken)
	return broken
}

// TestBentSecurityClaims: each claim by which a tool knows whose a token is, is told where it is
// wrong, and no other.
func TestBentSecurityClaims(t *testing.T) {
	for name, test := range map[string]struct {
		bend func(c map[string]any, s *seen)
		want string
	}{
		"right":                    {func(map[string]any, *seen) {}, ""},
		"another issuer":           {func(c map[string]any, _ *seen) { c["iss"] = "https://campus.example.org/" }, "token.iss"},
		"no issuer":                {func(c map[string]any, _ *seen) { delete(c, "iss") }, "token.iss"},
		"another audience":         {func(c map[string]any, _ *seen) { c["aud"] = "somebody" }, "token.aud"},
		"a list":                   {func(c map[string]any, _ *seen) { c["aud"] = []any{"rollcall"} }, ""},
		"two, and who is meant":    {func(c map[string]any, _ *seen) { c["aud"], c["azp"] = []any{"other", "rollcall"}, "rollcall" }, ""},
		"two, and nobody is meant": {func(c map[string]any, _ *seen) { c["aud"] = []any{"other", "rollcall"} }, "token.azp"},
		"another is meant":         {func(c map[string]any, _ *seen) { c["azp"] = "other" }, "token.azp"},
		"over":                     {func(c map[string]any, s *seen) { c["exp"], c["iat"] = ago(s, 600), ago(s, 900) }, "token.exp"},
		"for ever":                 {func(c map[string]any, s *seen) { c["exp"] = ago(s, -90_000) }, "token.life"},
		"for a moment":             {func(c map[string]any, s *seen) { c["exp"] = ago(s, -2) }, "token.life"},
		"issued tomorrow":          {func(c map[string]any, s *seen) { c["iat"], c["exp"] = ago(s, -80_000), ago(s, -80_300) }, "token.iat"},
		"issued long ago":          {func(c map[string]any, s *seen) { c["iat"] = ago(s, 7200) }, "token.iat"},
		"another nonce":            {func(c map[string]any, _ *seen) { c["nonce"] = "n-2" }, "token.nonce"},
		"named, and no sub":        {func(c map[string]any, _ *seen) { delete(c, "sub") }, "token.sub"},
		"nobody":                   {func(c map[string]any, _ *seen) { anonymous(c) }, ""},
		"a number for a sub":       {func(c map[string]any, _ *seen) { c["sub"] = 7.0 }, "token.sub"},
	} {
		s := goodLaunch()
		test.bend(s.claims, s)
		if got := strings.Join(judgedLaunch(t, s, "platform.security-claims", securityClaims), " "); got != test.want {
			t.Errorf("%s: %q is broken, not %q", name, got, test.want)
		}
	}
}

func ago(s *seen, seconds int64) float64 { return float64(s.answer.at.Unix() - seconds) }

func anonymous(c map[string]any) {
	for _, name := range []string{"sub", "name", "given_name", "family_name", "email"} {
		delete(c, name)
	}
}

// TestBentMessages does the same for the claims of the message.
func TestBentMessages(t *testing.T) {
	in := func(name, member string, value any) func(map[string]any) {
		return func(c map[string]any) { c[claim+name].(map[string]any)[member] = value }
	}
	set := func(name string, value any) func(map[string]any) {
		return func(c map[string]any) { c[claim+name] = value }
	}
	for name, test := range map[string]struct {
		bend func(c map[string]any)
		want string
	}{
		"right":                      {func(map[string]any) {}, ""},
		"nobody":                     {anonymous, ""},
		"another deployment":         {set("deployment_id", "9"), "message.deployment"},
		"no deployment":              {func(c map[string]any) { delete(c, claim+"deployment_id") }, "message.deployment"},
		"another type":               {set("message_type", "LtiStartProctoring"), "message.type"},
		"another version":            {set("version", "1.3"), "message.version"},
		"a target of its own":        {set("target_link_uri", "https://judge.example/other"), "message.login-target message.target-known"},
		"a link without an id":       {func(c map[string]any) { delete(c[claim+"resource_link"].(map[string]any), "id") }, "message.resource-link"},
		"roles in a text":            {set("roles", inContext+"#Instructor"), "message.roles"},
		"a role of no vocabulary":    {set("roles", []any{"Boss"}), "message.roles-vocabulary"},
		"a role nearly of one":       {set("roles", []any{inContext + "#Instructor", inContext + "#Boss"}), "message.roles-known"},
		"a sub-role alone":           {set("roles", []any{inContext + "/Instructor#Grader"}), "message.roles-principal"},
		"no roles":                   {set("roles", []any{}), ""},
		"a context of no kind":       {in("context", "type", []any{"Course"}), "message.context-type"},
		"a context without an id":    {func(c map[string]any) { delete(c[claim+"context"].(map[string]any), "id") }, "message.context"},
		"a platform without a guid":  {func(c map[string]any) { delete(c[claim+"tool_platform"].(map[string]any), "guid") }, "message.platform"},
		"children of a teacher":      {set("role_scope_mentor", []any{"u-2"}), "message.mentor"},
		"white space":                {in("resource_link", "title", " Quiz "), "message.whitespace"},
		"letters read wrongly":       {in("context", "title", "GÃ©ometrie"), "message.legible"},
		"null":                       {in("context", "label", nil), "message.no-null"},
		"a locale in words":          {func(c map[string]any) { c["locale"] = "British English" }, "message.locale"},
		"a return address of a path": {in("launch_presentation", "return_url", "/back"), "message.return-url"},
		"an address without an @":    {func(c map[string]any) { c["email"] = "ann" }, "message.identity"},
	} {
		s := goodLaunch()
		test.bend(s.claims)
		if got := strings.Join(judgedLaunch(t, s, "platform.message", message), " "); got != test.want {
			t.Errorf("%s: %q is broken, not %q", name, got, test.want)
		}
	}
}

// TestMannerOfAnswers: the answer comes by a form that is posted, with nothing in the address.
func TestMannerOfAnswers(t *testing.T) {
	const form = "application/x-www-form-urlencoded"
	for name, test := range map[string]struct {
		a    answer
		want string
	}{
		"right":          {answer{method: "POST", kind: form + "; charset=utf-8"}, ""},
		"by GET":         {answer{method: "GET", kind: form}, "response.form-post"},
		"as JSON":        {answer{method: "POST", kind: "application/json"}, "response.form-post"},
		"in the address": {answer{method: "POST", kind: form, query: url.Values{"state": {"s"}}}, "response.form-post"},
	} {
		s := goodLaunch()
		test.a.at = s.answer.at
		s.answer = test.a
		got := strings.Join(judgedLaunch(t, s, "platform.response", func(t *harness.T, _ *judge, s *seen, _ []string) { manner(t, s, nil) }), " ")
		if got != test.want {
			t.Errorf("%s: %q is broken, not %q", name, got, test.want)
		}
	}
}

// TestErrorsFit: what an error must be to be one, for the request that was wrong.
func TestErrorsFit(t *testing.T) {
	j := &judge{}
	j.target.Platform.AuthURL = "https://campus.example.org/auth"
	made := func(change func(s *seen)) *seen {
		s := &seen{came: true, launch: &launch{state: "s-1"}, answer: answer{method: "POST", form: url.Values{"error": {"invalid_request"}, "state": {"s-1"}}}}
		change(s)
		return s
	}
	for name, test := range map[string]struct {
		s    *seen
		fits bool
	}{
		"right":            {made(func(*seen) {}), true},
		"another code":     {made(func(s *seen) { s.answer.form.Set("error", "server_error") }), false},
		"another state":    {made(func(s *seen) { s.answer.form.Set("state", "s-2") }), false},
		"in the address":   {made(func(s *seen) { s.answer.query = url.Values{"error": {"invalid_request"}} }), false},
		"by GET":           {made(func(s *seen) { s.answer.method = "GET" }), false},
		"a token":          {made(func(s *seen) { s.token = "a.b.c" }), false},
		"nothing came":     {made(func(s *seen) { s.came = false }), false},
		"without an end":   {made(func(s *seen) { s.circles = "https://campus.example.org/a" }), false},
		"the browser died": {made(func(s *seen) { s.problem = context.Canceled }), false},
	} {
		if got := j.fits(test.s, []string{"invalid_request"}); got != test.fits {
			t.Errorf("%s: it fits is %t", name, got)
		}
	}
	if j.fits(made(func(*seen) {}), nil) || !j.fits(made(func(s *seen) { s.came = false }), nil) {
		t.Error("where nobody vouches for the address nothing may come")
	}
}
