package platform

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/harness/browser"
	"github.com/rollcall-edu/rollcall/suites/lti/mint"
	"github.com/rollcall-edu/rollcall/suites/lti/side"
)

// judge is what all checks of a run share.
type judge struct {
	target  harness.LTI
	tool    *tool
	browser *browser.Browser
	budget  time.Duration
	person  *person // who opens the launches, instead of steps

	mu   sync.Mutex
	kept map[string]*seen // good launches, by user and link
}

const defaultBudget = 15 * time.Second

func open(ctx context.Context, s *harness.Session) (any, error) {
	if s.Interactive() {
		return openPerson(ctx, s)
	}
	b, err := side.Browser(s.Target)
	if err != nil {
		return nil, err
	}
	t, err := start(ctx, s.Target)
	if err != nil {
		return nil, err
	}
	j := &judge{target: s.Target.LTI, tool: t, browser: b, budget: time.Duration(s.Target.LTI.LaunchTimeout), kept: map[string]*seen{}}
	if j.budget == 0 {
		j.budget = defaultBudget
	}
	context.AfterFunc(ctx, func() { b.Close(); _ = t.server.Close() })
	return j, nil
}

// Close ends the browser and Rollcall's side.
func (j *judge) Close() {
	if j.browser != nil {
		j.browser.Close()
	}
	_ = j.tool.server.Close()
}

// seen is what was seen of a launch.
type seen struct {
	launch  *launch
	user    harness.LTIUser
	link    harness.LTILink
	header  map[string]any
	claims  map[string]any
	token   string
	answer  answer
	came    bool // an answer came
	frames  []browser.Frame
	log     []browser.Exchange
	console []string
	picture []byte
	problem error // of the steps or of the browser
}

// begin signs a user in, opens a link and follows the plan until an answer has
// come or the budget is used up.
func (j *judge) begin(ctx context.Context, user harness.LTIUser, link harness.LTILink, p plan, then func(*browser.Page, *launch) error) *seen {
	if j.person != nil {
		return j.asked(ctx, user, link, p)
	}
	s := &seen{user: user, link: link}
	page, err := j.browser.Open(ctx, browser.PageOptions{})
	if err != nil {
		s.problem = err
		return s
	}
	defer page.Close()
	if err := page.Run(ctx, user.Steps); err != nil {
		s.problem = fmt.Errorf("signing in as %s: %w", user.Name, err)
		s.picture, _ = page.Screenshot(ctx)
		return s
	}
	s.launch = j.tool.expect(p)
	if err := page.Run(ctx, link.Steps); err != nil {
		s.problem = fmt.Errorf("opening the link %s: %w", link.Name, err)
		s.picture, _ = page.Screenshot(ctx)
		return s
	}
	if !j.wait(ctx, s.launch.loggedIn) {
		s.problem = fmt.Errorf("no login initiation came within %s after the steps of the link %s", j.budget, link.Name)
		s.finish(ctx, page)
		return s
	}
	if then != nil {
		if err := then(page, s.launch); err != nil {
			s.problem = err
			return s
		}
	}
	// An answer, or a page that has come to rest without one.
	_ = page.Settle(ctx, 150*time.Millisecond, j.budget, nil) // a page that stays busy is looked at all the same
	s.finish(ctx, page)
	return s
}

func (j *judge) wait(ctx context.Context, c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	case <-ctx.Done():
	case <-time.After(j.budget):
	}
	return false
}

func (s *seen) finish(ctx context.Context, page *browser.Page) {
	s.log, s.console = page.Log(), page.Console()
	s.frames, _ = page.Look(ctx)        // what can't be read is not shown
	s.picture, _ = page.Screenshot(ctx) // a picture less
	s.read()
}

// read takes in the answer, if one has come.
func (s *seen) read() {
	s.answer, s.came = s.launch.first()
	if s.came {
		s.token = s.answer.form.Get("id_token")
		if s.token != "" {
			s.header, s.claims, _ = mint.Decode(s.token) // judged by the check of the form
		}
	}
}

// good gives a launch by the plain plan, made once for each user and link.
func (j *judge) good(ctx context.Context, user harness.LTIUser, link harness.LTILink) *seen {
	key := user.Name + "\n" + link.Name
	j.mu.Lock()
	defer j.mu.Unlock()
	if s := j.kept[key]; s != nil && s.problem == nil {
		return s
	}
	s := j.begin(ctx, user, link, plan{}, nil)
	j.kept[key] = s
	return s
}

// ready gives a good launch by the first user, or says why there is none.
func ready(ctx context.Context, t *harness.T) (*judge, *seen) {
	j := t.Session().Shared.(*judge)
	if len(j.target.Platform.Users) == 0 || len(j.target.Platform.Links) == 0 {
		t.NothingToTest("the target file has no steps that lead to a launch", "Add lti.platform.users and lti.platform.links to it: who signs in, and how a link is opened.")
		return j, nil
	}
	s := j.good(ctx, j.target.Platform.Users[0], j.target.Platform.Links[0])
	if s.problem != nil {
		s.keep(t, "the steps")
		if j.person != nil {
			t.NothingToTest(s.problem.Error(), "Open the link when it is asked for; see that the platform has the addresses of `rollcall registration`.")
			return j, nil
		}
		t.NothingToTest(s.problem.Error(), "Correct the steps in the target file; run with --keep-personal-data to see where they ended.")
		return j, nil
	}
	return j, s
}

// token gives a good launch that brought a token, or says why there is none.
func token(ctx context.Context, t *harness.T) (*judge, *seen) {
	j, s := ready(ctx, t)
	if s == nil {
		return j, nil
	}
	if s.claims == nil {
		s.keep(t, "a launch")
		t.NothingToTest("a good launch brought no token: "+s.what(), "Compare the registration of Rollcall at the platform with `rollcall registration`.")
		return j, nil
	}
	return j, s
}

// what words what came of a launch.
func (s *seen) what() string {
	switch {
	case s.problem != nil:
		return s.problem.Error()
	case s.came && s.answer.form.Get("error") != "":
		return "the error " + s.answer.form.Get("error") + " " + s.answer.form.Get("error_description")
	case s.came && s.token != "":
		return "a token"
	case s.came:
		return "an answer without a token"
	}
	var texts []string
	for _, f := range s.frames {
		text := strings.Join(strings.Fields(f.Text), " ")
		switch {
		case text == "":
		case f.Status >= 400:
			texts = append(texts, fmt.Sprintf("%d: %.120s", f.Status, text))
		default: // it may name people
			texts = append(texts, fmt.Sprintf("a page with status %d", f.Status))
		}
	}
	return "no answer; the page shows " + strings.Join(texts, " | ")
}

// keep takes what was seen into the evidence of a check.
func (s *seen) keep(t *harness.T, what string) []string {
	var ids []string
	for _, x := range s.log {
		if x.Document {
			ids = append(ids, t.Watch(harness.Watched{Started: x.Started, Ended: x.Ended, Method: x.Method, URL: x.URL, Request: x.Request, Body: x.Body,
				Form: x.Method == http.MethodPost, Status: x.Status, Response: x.Response, Problem: strings.TrimSpace(x.Problem + " " + strings.Join(x.Blocked, "; "))}))
		}
	}
	if s.claims != nil {
		text, _ := json.MarshalIndent(map[string]any{"header": s.header, "claims": private(t, s.claims)}, "", "  ") // it was JSON before
		t.Text(what+": the id_token, decoded", string(text))
	}
	if len(s.console) > 0 {
		t.Text(what+": console and dialogs", strings.Join(s.console, "\n"))
	}
	switch {
	case len(s.picture) == 0 || s.problem == nil:
	case t.Session().KeepPersonal():
		t.Picture(what+": what a person sees", "image/jpeg", s.picture)
	default:
		t.Text(what+": what a person sees", "A picture was taken and left out, for it may show people. Run with --keep-personal-data to keep it.")
	}
	return ids
}

// private hides who somebody is: names would be shown as they are in a claim that
// is called name, which elsewhere is the name of a school.
func private(t *harness.T, claims map[string]any) map[string]any {
	out := map[string]any{}
	for k, v := range claims {
		if s, is := v.(string); is && k == "name" { // a redactor that keeps personal data keeps this too
			v = t.Show("givenName", s)
		}
		out[k] = v
	}
	return out
}

// key is one published key.
type key struct {
	raw    map[string]any
	public any // *rsa.PublicKey or *ecdsa.PublicKey; nil: of another kind
}

// published reads the keys of the platform.
func (j *judge) published(ctx context.Context, t *harness.T) (*harness.Response, []key) {
	r := t.Do(ctx, harness.Request{URL: j.target.Platform.JWKSURL, Auth: harness.AuthNone, Header: http.Header{"Accept": {"application/json"}}})
	var set struct {
		Keys []map[string]any `json:"keys"`
	}
	if r.Status != http.StatusOK || json.Unmarshal(r.Body, &set) != nil {
		return r, nil
	}
	var out []key
	for _, raw := range set.Keys {
		k := key{raw: raw}
		public := map[string]any{}
		for _, name := range []string{"kty", "n", "e", "crv", "x", "y"} { // whatever else is there is judged elsewhere
			if text, is := raw[name].(string); is {
				public[name] = strings.TrimRight(text, "=")
			}
		}
		var read jose.JSONWebKey
		if text, err := json.Marshal(public); err == nil && read.UnmarshalJSON(text) == nil {
			k.public = read.Key
		}
		out = append(out, k)
	}
	return r, out
}

// verified tells whether a token is signed by a key.
func verified(token string, k any) bool {
	signed, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.RS256, jose.RS384, jose.RS512, jose.PS256, jose.PS384, jose.PS512,
		jose.ES256, jose.ES384, jose.ES512})
	if err != nil {
		return false
	}
	_, err = signed.Verify(k)
	return err == nil
}
