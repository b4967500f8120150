package harness

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// standardsHide are the rules of the sections that there are, which the kernel doesn't know.
func standardsHide(t testing.TB) (out [][]byte) {
	t.Helper()
	for _, room := range []string{"oneroster", "lti"} {
		text, err := os.ReadFile(filepath.Join("..", room, "redact.yaml"))
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, text)
	}
	return out
}

func testRedactor(t testing.TB) *Redactor {
	t.Helper()
	r, err := NewRedactor([]byte("salt"), standardsHide(t), "s3cret-value/1")
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestCanary pushes values through every way into a report and looks that none
// comes out.
func TestCanary(t *testing.T) {
	r := testRedactor(t)
	body := `{"users":[{"sourcedId":"u1","givenName":"Zebedee","familyName":"O\"Canary","email":"zeb@example.org","enabledUser":"true",
	 "userIds":[{"type":"LDAP","identifier":"canary-ldap"}],"birthDate":"2011-02-03","phone":5550101,"asian":true,
	 "metadata":{"shoe":"canary-shoe","n":[1,"canary-list"]},"roles":[{"role":"student","org":{"href":"https://x/orgs/o1","sourcedId":"o1","type":"org"}}],
	 "userProfiles":[{"profileId":"https://canary.example/p","credentials":[{"type":"x","username":"canary-user","password":"canary-pass"}]}]}],
	 "access_token":"canary-token"}`
	text, cut := r.Body([]byte(body), 1<<20)
	if cut {
		t.Error("a short body was cut")
	}
	if !json.Valid([]byte(text)) {
		t.Errorf("redaction broke the JSON: %s", text)
	}
	for _, leak := range []string{"Zebedee", "Canary", "zeb@", "canary", "2011-02-03", "5550101", `"asian":true`} {
		if strings.Contains(text, leak) {
			t.Errorf("%q leaks: %s", leak, text)
		}
	}
	for _, kept := range []string{`"sourcedId":"u1"`, `"enabledUser":"true"`, `"role":"student"`, `"type":"org"`, "https://x/orgs/o1"} {
		if !strings.Contains(text, kept) {
			t.Errorf("%s is gone, though it is no secret: %s", kept, text)
		}
	}
}

func TestBrokenBodiesAreRedacted(t *testing.T) {
	r := testRedactor(t)
	for _, body := range []string{
		`{"users":[{"givenName":"Zebedee","familyName":"Zebe`,
		`{"givenName" : "Zebedee"`,
		`{"givenName":["Zebedee","Zebedee"]}`,
		`{"metadata":{"a":{"b":"Zebedee"}}}`,
		`<html>s3cret-value/1</html>`,
		"\xff\xfe\"givenName\":\"Zebedee\"",
	} {
		if text, _ := r.Body([]byte(body), 1<<20); strings.Contains(text, "Zebe") || strings.Contains(text, "s3cret") {
			t.Errorf("%s leaks as %s", body, text)
		}
	}
}

func TestPseudonymsAreStable(t *testing.T) {
	r := testRedactor(t)
	if a, b := r.Value("givenName", "Ann"), r.Value("familyName", "Ann"); a != b || a == "Ann" {
		t.Errorf("one value has two stand-ins: %s and %s", a, b)
	}
	other, _ := NewRedactor([]byte("pepper"), standardsHide(t))
	if r.Value("email", "a@b") == other.Value("email", "a@b") {
		t.Error("a stand-in is the same in two runs")
	}
	if got := r.At("/users/0/userIds/1/identifier", "x77"); got == "x77" {
		t.Error("a value at a pointer leaks")
	}
	if got := r.At("/users/0/metadata/shoe", "42"); got == "42" {
		t.Error("a value below metadata leaks")
	}
}

func TestHeadersAndURLs(t *testing.T) {
	r := testRedactor(t)
	headers := r.Headers(http.Header{"Authorization": {"Bearer abc.def"}, "Set-Cookie": {"sid=1"}, "X-Total-Count": {"12"}})
	text, _ := json.Marshal(headers)
	for _, leak := range []string{"abc.def", "sid=1"} {
		if strings.Contains(string(text), leak) {
			t.Errorf("%s leaks: %s", leak, text)
		}
	}
	if !strings.Contains(string(text), "Bearer [redacted]") || !strings.Contains(string(text), "12") {
		t.Errorf("too much is gone: %s", text)
	}
	for _, u := range []string{
		"https://x/users?filter=familyName%3D%27O%27%27Brien%27&limit=1",
		"https://x/users?filter=email='zeb@example.org'%20AND%20status='active'",
		"https://x/users?filter=status='active' AND givenName~'Zeb'",
		"https://x/users?access_token=abcdefgh",
		"https://x/users?k=s3cret-value%2F1",
	} {
		got := r.URL(u)
		for _, leak := range []string{"Brien", "zeb@", "Zeb'", "abcdefgh", "s3cret"} {
			if strings.Contains(got, leak) {
				t.Errorf("%s leaks as %s", u, got)
			}
		}
	}
	if u := "https://x/users?filter=role%3D%27student%27&limit=1"; r.URL(u) != u {
		t.Errorf("a harmless filter changed: %s", r.URL(u))
	}
	if got := r.Form("grant_type=client_credentials&client_secret=zzz&scope=a+b"); strings.Contains(got, "zzz") || !strings.Contains(got, "client_credentials") {
		t.Errorf("form: %s", got)
	}
}

func FuzzBody(f *testing.F) {
	f.Add([]byte(`{"givenName":"Zebedee","a":[1,true,null]}`))
	f.Add([]byte(`{"metadata":{"x":"`))
	r := testRedactor(f)
	f.Fuzz(func(t *testing.T, body []byte) {
		text, _ := r.Body(body, 1<<12)
		if len(text) > len(body)*12+1<<12 {
			t.Errorf("%d bytes became %d", len(body), len(text))
		}
	})
}

// Signed tokens are hidden wherever they stand; what merely looks a little like one
// stays.
func TestSignedTokens(t *testing.T) {
	r, err := NewRedactor([]byte("salt"), standardsHide(t))
	if err != nil {
		t.Fatal(err)
	}
	const token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ1LTEiLCJpYXQiOjF9.abc-_DEF"
	for in, want := range map[string]string{
		"https://tool.example/?launch=" + token + "&x=1": "https://tool.example/?launch=[token]&x=1",
		"https://tool.example/?ltik=" + token + "&x=1":   "https://tool.example/?ltik=[redacted]&x=1",
		"see " + token: "see [token]",
		"eyJ is short": "eyJ is short",
	} {
		if got := r.URL(in); got != want {
			t.Errorf("%s became %s", in, got)
		}
	}
}

// Personal data stay where that is asked for; secrets never do.
func TestKeepPersonal(t *testing.T) {
	r, err := NewRedactor([]byte("salt"), standardsHide(t), "very-secret-1")
	if err != nil {
		t.Fatal(err)
	}
	r.keep = true
	if got := r.Value("givenName", "Ann"); got != "Ann" {
		t.Errorf("a name became %s", got)
	}
	if got := r.Text("x very-secret-1"); got != "x [redacted]" {
		t.Errorf("a secret became %s", got)
	}
}

func TestCookiesKeepNamesAndAttributes(t *testing.T) {
	r, err := NewRedactor([]byte("salt"), standardsHide(t))
	if err != nil {
		t.Fatal(err)
	}
	for line, want := range map[[2]string]string{
		{"Set-Cookie", "lti_1=abc; Path=/launch; HttpOnly; Secure; SameSite=None"}: "lti_1=[redacted]; Path=/launch; HttpOnly; Secure; SameSite=None",
		{"Set-Cookie", "bare; Path=/"}:                                             "[redacted]; Path=/",
		{"Cookie", "a=1; b=2"}:                                                     "a=[redacted]; b=[redacted]",
		{"Cookie", "nonsense"}:                                                     "[redacted]",
	} {
		got := r.Headers(http.Header{line[0]: {line[1]}})
		if len(got) != 1 || got[0].Value != want {
			t.Errorf("%s: %v, want %s", line, got, want)
		}
	}
}
