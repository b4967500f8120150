package district

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-edu/rollcall/reference/lti"
	"github.com/rollcall-edu/rollcall/reference/platform"
	"github.com/rollcall-edu/rollcall/reference/security"
	"github.com/rollcall-edu/rollcall/reference/store/pgtest"
	"github.com/rollcall-edu/rollcall/reference/tool"
)

// A role that is killed and started again on the same store has forgotten nothing that
// it had answered.

// In a child of this program: the options of the role to be.
const (
	platformEnv = "ROLLCALL_RESTART_PLATFORM"
	toolEnv     = "ROLLCALL_RESTART_TOOL"
)

// TestMain makes a child of this program a role that serves until it is killed.
func TestMain(m *testing.M) {
	ctx := context.Background()
	var origin string
	var err error
	switch p, t := os.Getenv(platformEnv), os.Getenv(toolEnv); {
	case p != "":
		var o PlatformOptions
		var s *Platform
		if err = json.Unmarshal([]byte(p), &o); err == nil {
			if s, err = StartPlatform(ctx, o); err == nil {
				origin = s.Origin
			}
		}
	case t != "":
		var o ToolOptions
		var s *Tool
		if err = json.Unmarshal([]byte(t), &o); err == nil {
			if s, err = StartTool(ctx, o); err == nil {
				origin = s.Origin
			}
		}
	default:
		os.Exit(m.Run())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(origin)
	_, _ = io.Copy(io.Discard, os.Stdin) // until the parent is gone
	os.Exit(0)
}

// role is one that runs as a process of its own.
type role struct {
	t      *testing.T
	env    string
	origin string
	kill   func()
}

// start begins the process. options are those of the role, for the address at which it
// was before, if it was.
func (r *role) start(options func(listen string) any) {
	r.t.Helper()
	text, err := json.Marshal(options(strings.TrimPrefix(r.origin, "http://")))
	if err != nil {
		r.t.Fatal(err)
	}
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), r.env+"="+string(text))
	child.Stderr = os.Stderr
	in, err := child.StdinPipe()
	if err != nil {
		r.t.Fatal(err)
	}
	out, err := child.StdoutPipe()
	if err != nil {
		r.t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		r.t.Fatal(err)
	}
	r.kill = func() {
		_ = child.Process.Kill() // SIGKILL; that it has ended shows below
		_ = child.Wait()         // it was killed
		in.Close()
	}
	r.t.Cleanup(func() { r.kill() })
	line := bufio.NewScanner(out)
	if !line.Scan() {
		r.t.Fatal("the role doesn't come up")
	}
	r.origin = line.Text()
}

// visitor is a browser without a window, which keeps cookies as they come.
type visitor struct {
	t       *testing.T
	cookies map[string]string
}

// ask makes a request, of a form if there is one, and goes nowhere else.
func (v *visitor) ask(address string, form url.Values) (status int, page, location string) {
	v.t.Helper()
	method, body := http.MethodGet, ""
	if form != nil {
		method, body = http.MethodPost, form.Encode()
	}
	r, err := http.NewRequestWithContext(v.t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		v.t.Fatal(err)
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for name, value := range v.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		v.t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	for _, c := range answer.Cookies() {
		v.cookies[c.Name] = c.Value
	}
	return answer.StatusCode, string(text), answer.Header.Get("Location")
}

var (
	inputs = regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)"`)
	link   = regexp.MustCompile(`/links/([A-Za-z0-9_-]+)`)
	person = regexp.MustCompile(`<option value="([^"]*)">[^<]*\(administrator\)`)
)

// fields are the hidden ones of a page.
func fields(page string) url.Values {
	v := url.Values{}
	for _, m := range inputs.FindAllStringSubmatch(page, -1) {
		v.Set(html.UnescapeString(m[1]), html.UnescapeString(m[2]))
	}
	return v
}

// published are keys and where they are published.
func published(t *testing.T) (*security.Keys, string) {
	t.Helper()
	keys, err := security.NewKeys()
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(keys)
	t.Cleanup(s.Close)
	return keys, s.URL
}

// eachDSN runs a test on every kind of store that outlives a process.
func eachDSN(t *testing.T, test func(t *testing.T, dsn string)) {
	t.Run("SQLite", func(t *testing.T) { test(t, filepath.Join(t.TempDir(), "kept.db")) })
	t.Run("PostgreSQL", func(t *testing.T) { test(t, pgtest.Start(t)) })
}

func TestPlatformRemembers(t *testing.T) {
	eachDSN(t, testPlatformRemembers)
}

func testPlatformRemembers(t *testing.T, dsn string) {
	keys, address := published(t)
	const scope, callback = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly", "https://tool.example/callback"
	registered := []platform.Registration{{ClientID: "quiz", LoginURL: "https://tool.example/login", RedirectURIs: []string{callback},
		TargetURI: "https://tool.example/quiz", JWKSURL: address, Deployments: []string{"d1"}, Scopes: []string{scope}}}
	p := &role{t: t, env: platformEnv}
	start := func() {
		p.start(func(listen string) any {
			return PlatformOptions{Host: "127.0.0.1", Listen: listen, DB: dsn, Tools: registered}
		})
	}
	start()
	v := &visitor{t, map[string]string{}}

	// Somebody signs in, registers a tool and begins a launch; the tool has a token.
	_, page, _ := v.ask(p.origin+"/", nil)
	m := person.FindStringSubmatch(page)
	if m == nil {
		t.Fatalf("nobody administers a course: %s", page)
	}
	v.ask(p.origin+"/signin", url.Values{"user": {m[1]}, "token": {fields(page).Get("token")}})
	_, page, _ = v.ask(p.origin+"/tools", nil)
	status, page, _ := v.ask(p.origin+"/tools", url.Values{"token": {fields(page).Get("token")}, "name": {"By hand"}, "login_url": {"https://hand.example/login"},
		"redirect_uris": {"https://hand.example/"}, "target_link_uri": {"https://hand.example/"}, "jwks_url": {"https://hand.example/jwks"}})
	if status != http.StatusSeeOther {
		t.Fatalf("registering: %d %s", status, page)
	}
	_, page, _ = v.ask(p.origin+"/", nil)
	course := regexp.MustCompile(`/courses/[^"]+`).FindString(page)
	_, page, _ = v.ask(p.origin+course, nil)
	var login url.Values
	for _, l := range link.FindAllStringSubmatch(page, -1) {
		if _, page, _ = v.ask(p.origin+"/links/"+l[1]+"/begin", nil); fields(page).Get("client_id") == "quiz" {
			login = fields(page)
		}
	}
	now := time.Now().Unix()
	assertion, err := keys.Sign(map[string]any{"iss": "quiz", "sub": "quiz", "aud": p.origin + "/token", "iat": now, "exp": now + 600, "jti": "once"})
	if err != nil {
		t.Fatal(err)
	}
	asked := url.Values{"grant_type": {"client_credentials"}, "client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
		"client_assertion": {assertion}, "scope": {scope}}
	_, page, _ = v.ask(p.origin+"/token", asked)
	var granted struct {
		Token string `json:"access_token"`
	}
	if err := json.Unmarshal([]byte(page), &granted); err != nil || granted.Token == "" {
		t.Fatalf("no token: %s", page)
	}

	p.kill()
	start()

	if status, page, _ := v.ask(p.origin+"/token", asked); status != http.StatusBadRequest || !strings.Contains(page, "jti was used before") {
		t.Errorf("the assertion again: %d %s", status, page)
	}
	if _, page, _ := v.ask(p.origin+"/tools", nil); !strings.Contains(page, "By hand") {
		t.Errorf("who was signed in, and the tool that was registered: %s", page)
	}
	authentication := url.Values{"scope": {"openid"}, "response_type": {"id_token"}, "response_mode": {"form_post"}, "prompt": {"none"}, "client_id": {"quiz"},
		"redirect_uri": {callback}, "state": {"s"}, "nonce": {"n"}, "login_hint": login["login_hint"], "lti_message_hint": login["lti_message_hint"]}
	_, page, _ = v.ask(p.origin+"/auth", authentication)
	signed := fields(page).Get("id_token")
	if signed == "" {
		t.Errorf("the launch that was begun: %s", page)
	}
	_, before, _ := v.ask(p.origin+"/jwks", nil)

	p.kill()
	start()

	if _, after, _ := v.ask(p.origin+"/jwks", nil); after != before {
		t.Errorf("the published keys were %s, and are %s", before, after)
	}
	if strings.Contains(before, `"d"`) {
		t.Error("the private key is published")
	}
	if _, err := (&security.RemoteKeys{URL: p.origin + "/jwks"}).Verify(t.Context(), signed); err != nil {
		t.Errorf("a token that was signed before the restart: %v", err)
	}

	if _, page, _ := v.ask(p.origin+"/auth", authentication); fields(page).Get("id_token") != "" {
		t.Error("a launch is good for a second token")
	}
	checkToken(t, dsn, granted.Token, scope)
}

// checkToken asks a platform of the same store what an access token is good for.
func checkToken(t *testing.T, dsn, token, scope string) {
	t.Helper()
	s, err := platform.OpenStore(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	now := time.Now()
	p, err := platform.New(t.Context(), platform.Config{Origin: "https://platform.example", Store: s, Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	asked := func(token, scope string) string {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("Authorization", "Bearer "+token)
		g, err := p.Authorized(r, scope)
		return fmt.Sprint(g.Client, " ", err)
	}
	if got := asked(token, scope); got != "quiz <nil>" {
		t.Errorf("the token: %s", got)
	}
	if got := asked(token, "another"); got != " "+platform.ErrScope.Error() {
		t.Errorf("for another scope: %s", got)
	}
	if got := asked(token+"x", scope); got != " "+security.ErrUnknownToken.Error() {
		t.Errorf("another token: %s", got)
	}
	if now = now.Add(time.Hour); asked(token, scope) != " "+security.ErrUnknownToken.Error() {
		t.Error("the token is good when it is over")
	}
}

func TestToolRemembers(t *testing.T) {
	eachDSN(t, testToolRemembers)
}

func testToolRemembers(t *testing.T, dsn string) {
	keys, address := published(t)
	const issuer = "https://platform.example"
	known := []tool.Platform{{Issuer: issuer, ClientID: "one", AuthURL: issuer + "/auth", JWKSURL: address, Deployments: []string{"d1"}}}
	s := &role{t: t, env: toolEnv}
	start := func() {
		s.start(func(listen string) any {
			return ToolOptions{Host: "127.0.0.1", Listen: listen, DB: dsn, Platforms: known}
		})
	}
	start()
	v := &visitor{t, map[string]string{}}
	begun := func(origin string) url.Values {
		t.Helper()
		_, _, to := v.ask(origin+"/login?"+url.Values{"iss": {issuer}, "client_id": {"one"}, "login_hint": {"h"}, "target_link_uri": {s.origin + "/resources/quiz"}}.Encode(), nil)
		u, err := url.Parse(to)
		if err != nil || u.Query().Get("state") == "" {
			t.Fatalf("the login goes to %q", to)
		}
		return u.Query()
	}
	answer := func(q url.Values) url.Values {
		t.Helper()
		now := time.Now().Unix()
		token, err := keys.Sign(map[string]any{"iss": issuer, "aud": "one", "sub": "u1", "nonce": q.Get("nonce"), "iat": now, "exp": now + 600,
			lti.Namespace + "message_type": lti.ResourceLinkRequest, lti.Namespace + "version": lti.Version, lti.Namespace + "deployment_id": "d1",
			lti.Namespace + "target_link_uri": s.origin + "/resources/quiz", lti.Namespace + "resource_link": map[string]any{"id": "l1"}, lti.Namespace + "roles": []string{lti.Membership + "Learner"}})
		if err != nil {
			t.Fatal(err)
		}
		return url.Values{"state": {q.Get("state")}, "id_token": {token}}
	}
	_, before, _ := v.ask(s.origin+"/jwks", nil)
	first, second := begun(s.origin), begun(s.origin)
	used := answer(first)
	status, page, opened := v.ask(s.origin+"/launch", used)
	if status != http.StatusSeeOther {
		t.Fatalf("the launch: %d %s", status, page)
	}
	if status, page, _ := v.ask(opened, nil); status != http.StatusOK { // now it is this browser's
		t.Fatalf("the resource: %d %s", status, page)
	}

	s.kill()
	start()

	if _, after, _ := v.ask(s.origin+"/jwks", nil); after != before || !strings.Contains(before, `"kid"`) {
		t.Errorf("the published keys were %s, and are %s", before, after)
	}
	if status, page, _ := v.ask(opened, nil); status != http.StatusOK || !strings.Contains(page, `id="launched"`) {
		t.Errorf("the launch that was opened: %d %s", status, page)
	}
	if status, page, _ := (&visitor{t, map[string]string{}}).ask(opened, nil); status != http.StatusUnauthorized {
		t.Errorf("in another browser: %d %s", status, page)
	}
	if status, page, _ := v.ask(s.origin+"/launch", answer(second)); status != http.StatusSeeOther {
		t.Errorf("the login that was begun: %d %s", status, page)
	}
	if _, page, _ := v.ask(s.origin+"/launch", used); !strings.Contains(page, `data-rule="response.state"`) {
		t.Errorf("the same answer again: %s", page)
	}
	s.kill()

	// A tool that gives the same nonce once more, which no other does.
	kept, err := tool.OpenStore(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer kept.Close()
	again, err := tool.New(t.Context(), tool.Config{Origin: s.origin, Platforms: known, Store: kept, Random: func() string { return first.Get("nonce") }})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(again.Handler())
	defer server.Close()
	used.Set("state", begun(server.URL).Get("state"))
	if _, page, _ := v.ask(server.URL+"/launch", used); !strings.Contains(page, `data-rule="claim.nonce-used"`) {
		t.Errorf("the nonce again: %s", page)
	}
}
