package rostering

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/rollcall-edu/rollcall/reports"
	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/oneroster"

	"time"
)

// begun lets the doctor look and runs the checks that focus names, as `rollcall run`
// does.
func begun(t *testing.T, base, auth, more string, focus ...string) (*reports.Report, error) {
	t.Helper()
	text := fmt.Sprintf("rollcall: 1\nname: Fake\nprofiles: [or12-rostering-core-provider]\nlimits: {request_timeout: 2s, patience: 1s}\noneroster:\n  rostering: %s\n  auth: %s\n%s", base, auth, more)
	target, err := harness.ParseTarget("target.yaml", []byte(text), func(string) (string, bool) { return "hush-hush", true }, oneroster.New)
	if err != nil {
		t.Fatal(err)
	}
	run, err := harness.New(target, []harness.Suite{Suite()}, harness.Options{
		InProcess: true,
		Shards:    1,
		Seed:      1,
		Focus:     focus,
		Breath:    10 * time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	return run.Run(t.Context())
}

func credentials(token string) string {
	return fmt.Sprintf(`{token_url: %q, client_id: me, client_secret: "${SECRET}"}`, token)
}

// answers with the same status, headers and body to every request.
func always(status int, body string, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	}
}

const signIn = `<!DOCTYPE html><html><head><title>Sign in</title></head><body>…</body></html>`

// TestHostileSetUps holds each way in which a set-up can be at fault to one message that
// says what it is and what to do, and to no report: nothing was judged.
func TestHostileSetUps(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := "http://" + listener.Addr().String()
	listener.Close()
	secure := httptest.NewTLSServer(http.NotFoundHandler())
	defer secure.Close()
	plain := httptest.NewServer(always(200, "{}"))
	defer plain.Close()
	f := newFake(t)
	oauth := func(status int, code string) http.HandlerFunc {
		return always(status, `{"error":"`+code+`","error_description":"no, no"}`, "Content-Type", "application/json")
	}
	for name, test := range map[string]struct {
		base, auth string
		service    http.HandlerFunc // instead of the fake's, below the base URL
		token      http.HandlerFunc // instead of the fake's
		says, does string           // what the message says, and its remedy
	}{
		"a closed port":         {base: closed, says: "nothing answers at", does: "check the port"},
		"no such name":          {base: "http://no-such-host.invalid/x", says: "can't be resolved", does: "Check the spelling"},
		"a self-made authority": {base: secure.URL, says: "certificate", does: "tls.ca_file"},
		"TLS to a plain port":   {base: strings.Replace(plain.URL, "http:", "https:", 1), says: "HTTP response to HTTPS client", does: "write http://"},
		"http to a TLS port":    {base: strings.Replace(secure.URL, "https:", "http:", 1), says: "wants TLS", does: "Write https://"},
		"nothing below the path": {base: f.base + "/wrong", says: "every collection answers 404 Not Found (",
			does: "does it end in /ims/oneroster/rostering/v1p2?"},
		"another prefix":    {service: always(404, ""), says: "every collection answers 404", does: "it ends in /ims/oneroster/rostering/v1p2 as it should"},
		"out of service":    {service: always(503, ""), says: "every collection answers 503", does: "Start the product"},
		"no gateway":        {service: always(502, ""), says: "every collection answers 502", does: "finds nothing behind it"},
		"all break down":    {service: always(500, ""), says: "every collection answers 500", does: "product's log"},
		"a foreign token":   {service: always(401, "", "WWW-Authenticate", `Bearer error="invalid_token"`), says: `401 Unauthorized (12 of 12`, does: "of one system"},
		"no rights":         {service: always(403, ""), says: "every collection answers 403", does: "Allow the client to read"},
		"a website":         {service: always(200, signIn, "Content-Type", "text/html"), says: `200 with a page for people "Sign in"`, does: "names a website"},
		"a sign-in":         {service: always(302, "", "Location", "/login?next=x"), says: "redirects (302) to http://127.0.0.1", does: "no token is looked at"},
		"too many requests": {service: always(429, "", "Retry-After", "1"), says: "answers 429 (too many requests)", does: "limits.requests_per_second"},
		"no GET":            {service: always(405, ""), says: "every collection answers 405", does: "Correct the base URL"},
		"this and that": {service: func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(403 + len(r.URL.Path)%2) },
			says: "no collection can be read: GET http", does: "nothing that could be judged"},

		"token: a closed port":       {auth: credentials(closed + "/token"), says: "token endpoint: nothing answers at", does: "check the port"},
		"token: http to a TLS port":  {auth: credentials(strings.Replace(secure.URL, "https:", "http:", 1)), says: "wants TLS", does: "Write https://"},
		"token: a redirect":          {token: always(307, "", "Location", "https://id.example.org/token"), says: "redirects (307) to https://id.example.org/token", does: "write the address that answers it into token_url"},
		"token: nothing there":       {token: always(404, ""), says: "there is nothing at http", does: "Correct token_url"},
		"token: no POST":             {token: always(405, "", "Allow", "GET"), says: "takes no POST (405, Allow: GET)", does: "name the token endpoint"},
		"token: out of service":      {token: always(503, ""), says: "out of service (503)", does: "authorisation server"},
		"token: too many requests":   {token: always(429, "", "Retry-After", "1"), says: "429 (too many requests)", does: "Wait until"},
		"token: a page":              {token: always(200, signIn, "Content-Type", "text/html"), says: `a page for people (200, HTML "Sign in")`, does: "name the token endpoint"},
		"token: breaks down":         {token: always(500, ""), says: "breaks down over a token request (500)", does: "product's log"},
		"token: without a token":     {token: always(200, `{"token":"x"}`), says: "without an access_token: it has token", does: "RFC 6749"},
		"token: invalid_client":      {token: oauth(401, "invalid_client"), says: "the client is refused in each of 6 ways to ask", does: "Check client_id and client_secret"},
		"token: invalid_scope":       {token: oauth(400, "invalid_scope"), says: "asked for https://purl.imsglobal.org/spec/or/v1p2/scope/roster-core.readonly", does: "oneroster.auth.scope"},
		"token: unauthorized_client": {token: oauth(400, "unauthorized_client"), says: "unauthorized_client: no, no", does: "Allow the client me the grant"},
		"token: unsupported grant":   {token: oauth(400, "unsupported_grant_type"), says: "unsupported_grant_type", does: "Enable the grant client_credentials"},
		"token: invalid_request":     {token: oauth(400, "invalid_request"), says: "invalid_request: no, no", does: "oneroster.auth.parameters"},
		"bearer: expired":            {auth: `{bearer: "${TOKEN}"}`, service: always(401, ""), says: "every collection answers 401", does: "fresh token"},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t)
			f.answer = func(w http.ResponseWriter, r *http.Request, path string) bool {
				handle := test.service
				if path == "/token" {
					handle = test.token
				}
				if handle != nil {
					handle(w, r)
				}
				return handle != nil
			}
			base, auth := test.base, test.auth
			if base == "" {
				base = f.base
			}
			if auth == "" {
				auth = credentials(f.tokenURL())
			}
			report, err := begun(t, base, auth, "")
			var config *harness.ConfigError
			if report != nil || !errors.As(err, &config) {
				t.Fatalf("a report is there: %t; error %v", report != nil, err)
			}
			if !strings.Contains(err.Error(), test.says) || !strings.Contains(config.Remedy, test.does) {
				t.Errorf("says\n%v\nwant %q, and the remedy %q", err, test.says, test.does)
			}
			if said := err.Error(); strings.Contains(said, "hush-hush") || strings.Contains(said, "--resume") || strings.Count(said, "\n") > 1 {
				t.Errorf("says %q", said)
			}
			if !strings.Contains(test.says, "refused in each of 6 ways") && strings.Contains(config.Remedy, "Check client_id") {
				t.Errorf("the client is blamed: %v", err)
			}
		})
	}
}

// TestOneCollection tells one collection that fails from a service that does: the run
// begins, and judges it.
func TestOneCollection(t *testing.T) {
	f := newFake(t)
	f.answer = func(w http.ResponseWriter, _ *http.Request, path string) bool {
		if path == "/orgs" {
			w.WriteHeader(503)
		}
		return path == "/orgs"
	}
	report, err := begun(t, f.base, credentials(f.tokenURL()), "", "or12.rostering.endpoint.*")
	if err != nil {
		t.Fatal(err)
	}
	if report.Exit != reports.ExitFailed {
		t.Errorf("exit code %d", report.Exit)
	}
}

// TestTokenWays lets token endpoints take requests their own way: the run begins, the
// requirement that is broken fails, and the rest is judged.
func TestTokenWays(t *testing.T) {
	basic := func(r *http.Request) bool {
		id, secret, ok := r.BasicAuth()
		return ok && id == "me" && secret == "hush-hush"
	}
	in := func(v url.Values) bool { return v.Get("client_id") == "me" && v.Get("client_secret") == "hush-hush" }
	posted := func(r *http.Request) url.Values {
		_ = r.ParseForm()
		if !strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
			return url.Values{}
		}
		return r.PostForm
	}
	members := func(r *http.Request) url.Values {
		out, m := url.Values{}, map[string]string{}
		_ = json.NewDecoder(r.Body).Decode(&m)
		for k, v := range m {
			out.Set(k, v)
		}
		return out
	}
	for name, test := range map[string]struct {
		takes  func(r *http.Request) (url.Values, bool)
		issues bool   // token.issue holds
		broken string // what fails instead
	}{
		"as the standard has it": {func(r *http.Request) (url.Values, bool) { return posted(r), basic(r) }, true, ""},
		"the form alone":         {func(r *http.Request) (url.Values, bool) { v := posted(r); return v, in(v) }, true, "token.basic-auth"},
		"the query, and Basic":   {func(r *http.Request) (url.Values, bool) { return r.URL.Query(), basic(r) }, false, ""},
		"the query alone":        {func(r *http.Request) (url.Values, bool) { v := r.URL.Query(); return v, in(v) }, false, ""},
		"JSON, and Basic":        {func(r *http.Request) (url.Values, bool) { return members(r), basic(r) }, false, ""},
		"JSON alone":             {func(r *http.Request) (url.Values, bool) { v := members(r); return v, in(v) }, false, ""},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t)
			f.answer = func(w http.ResponseWriter, r *http.Request, path string) bool {
				if path != "/token" {
					return false
				}
				v, known := test.takes(r)
				code := ""
				switch {
				case v.Get("grant_type") != "client_credentials":
					code = "unsupported_grant_type"
				case !known:
					code = "invalid_client"
				}
				if code != "" {
					w.WriteHeader(400)
					fmt.Fprintf(w, `{"error":%q}`, code)
				}
				return code != ""
			}
			report, err := begun(t, f.base, credentials(f.tokenURL()), "", "or12.rostering.token.*", "or12.rostering.endpoint.get-all-orgs")
			if err != nil {
				t.Fatal(err)
			}
			read := false
			for _, q := range report.Requirements {
				id := strings.TrimPrefix(q.ID, "or12.rostering.")
				switch {
				case id == "token.issue" && (q.Verdict == reports.Pass) != test.issues, id == test.broken && q.Verdict != reports.Fail,
					q.Verdict == reports.Error, id == "token.access-token" && q.Verdict != reports.Pass:
					t.Errorf("%s: %s (%s)", id, q.Verdict, q.Reason)
				}
				read = read || strings.HasPrefix(id, "endpoint.") && q.Verdict == reports.Pass
			}
			if !read {
				t.Error("nothing else is judged")
			}
			text, err := json.Marshal(report)
			if at := strings.Index(string(text), "hush-hush"); err != nil || at >= 0 {
				t.Errorf("the secret is in the report (%v): %s", err, text[max(0, at-200):min(len(text), max(0, at)+200)])
			}
		})
	}
}

// TestBearer judges a product that issues no tokens itself: what is demanded of a token
// endpoint hangs on the target file, and nothing is held against the product.
func TestBearer(t *testing.T) {
	f := newFake(t)
	f.answer = func(w http.ResponseWriter, r *http.Request, path string) bool {
		if path == "/token" {
			t.Error("the token endpoint is asked")
		}
		if r.Header.Get("Authorization") != "Bearer hush-hush" {
			w.Header().Set("WWW-Authenticate", "Bearer")
			f.refuse(w, 401)
			return true
		}
		return false
	}
	report, err := begun(t, f.base, `{bearer: "${TOKEN}"}`, "", "security", "or12.rostering.discovery.*", "or12.rostering.transport.*", "or12.rostering.endpoint.get-all-orgs")
	if err != nil {
		t.Fatal(err)
	}
	hanging := 0
	for _, q := range report.Requirements {
		id := strings.TrimPrefix(q.ID, "or12.rostering.")
		if strings.HasPrefix(id, "token.") || strings.HasPrefix(id, "scope.") {
			if q.Verdict != reports.NotTested || q.Blame == nil || q.Blame.Kind != reports.Configuration {
				t.Errorf("%s: %s (%s), %+v", id, q.Verdict, q.Reason, q.Blame)
			}
			hanging++
		}
		if q.Verdict == reports.Error || q.Verdict == reports.Unknown || q.Verdict == reports.Fail && strings.HasPrefix(id, "access.") {
			t.Errorf("%s: %s (%s) %+v", id, q.Verdict, q.Reason, q.Findings)
		}
	}
	if hanging < 10 {
		t.Errorf("%d requirements of a token endpoint were looked at", hanging)
	}
}

// TestForeignIssuer gets a token from an issuer with names of its own.
func TestForeignIssuer(t *testing.T) {
	issuer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.PostFormValue("scope") != "api://roster/.default" || r.PostFormValue("audience") != "roster" {
			always(400, `{"error":"invalid_scope"}`)(w, r)
			return
		}
		always(200, `{"access_token":"t","token_type":"Bearer","expires_in":60}`)(w, r)
	}))
	defer issuer.Close()
	f := newFake(t)
	report, err := begun(t, f.base, fmt.Sprintf(`{token_url: %s, client_id: me, client_secret: "${SECRET}", scope: "api://roster/.default", parameters: {audience: roster}}`, issuer.URL), "", "or12.rostering.token.issue")
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range report.Requirements {
		if q.Verdict != reports.Pass {
			t.Errorf("%s: %s (%s) %+v", q.ID, q.Verdict, q.Reason, q.Findings)
		}
	}
}
