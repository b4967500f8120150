package harness

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rollcall-edu/rollcall/reports"
)

// The people of the canary target, as its roster gives them.
var canaryPeople = map[string]string{
	"given name": "Zebedee", "family name": "Quillfeather-Núñez", "e-mail": "zq.canary@pupils.example", "user name": "zquill77",
	"identifier": "LDAP-4417-88", "telephone": "+1 (555) 010-7788", "birth date": "2013-05-17", "city": "Llanfairpwll", "two names": "Anna Zoë",
}

const canaryRoster = `{"users":[{"sourcedId":"u-1","givenName":"Zebedee","familyName":"Quillfeather-N\u00fa\u00f1ez","\u0065mail":"zq.canary@pupils.example",
 "username":"zquill77","userIds":[{"type":"LDAP","identifier":"LDAP-4417-88"}],"phone":"+1 (555) 010-7788","middleName":"Anna Zoë",
 "demographics":{"birthDate":"2013-05-17","cityOfBirth":"Llanfairpwll"}}]}`

// Secrets of the target file.
const (
	canarySecret = "cl13nt/Secret+of=Staging-77"
	canaryKey    = "apim-5f1e77aa-key-0099"
)

// canaryPlaces are where products put what they were sent, or what they know.
var canaryPlaces = map[string]func(w http.ResponseWriter, text string){
	"a header":        func(w http.ResponseWriter, x string) { w.Header().Set("X-Request-Echo", oneLine(x)) },
	"a header's name": func(w http.ResponseWriter, x string) { w.Header()["X-"+token(x)] = []string{"1"} },
	"Link": func(w http.ResponseWriter, x string) {
		w.Header().Set("Link", "<https://sis.example/users/"+oneLine(x)+">; rel=\"next\"")
	},
	"Location": func(w http.ResponseWriter, x string) {
		w.Header().Set("Location", "https://sso.example/login?was="+oneLine(x)+"&x=1")
		w.WriteHeader(http.StatusFound)
	},
	"WWW-Authenticate": func(w http.ResponseWriter, x string) {
		w.Header().Set("WWW-Authenticate", `Bearer error_description="no such token `+oneLine(x)+`"`)
		w.WriteHeader(http.StatusForbidden)
	},
	"Content-Type": func(w http.ResponseWriter, x string) {
		w.Header().Set("Content-Type", "application/json; was="+oneLine(x))
	},
	"Content-Encoding": func(w http.ResponseWriter, x string) { w.Header().Set("Content-Encoding", oneLine(x)) },
	"a cookie": func(w http.ResponseWriter, x string) {
		w.Header().Set("Set-Cookie", "was="+oneLine(x)+"; Path=/"+token(x))
	},
	"JSON": func(w http.ResponseWriter, x string) {
		fmt.Fprintf(w, `{"error":"not here","detail":"%s","n":[1,"%s"]}`, x, x)
	},
	"a member's name": func(w http.ResponseWriter, x string) { fmt.Fprintf(w, `{"%s":true}`, x) },
	"HTML": func(w http.ResponseWriter, x string) {
		fmt.Fprintf(w, "<html><h1>Error</h1><p title=\"%s\">%s</p></html>", x, x)
	},
	"plain text": func(w http.ResponseWriter, x string) { fmt.Fprintf(w, "java.lang.Oops: who=%s\n\tat x.y(%s)", x, x) },
	"XML": func(w http.ResponseWriter, x string) {
		fmt.Fprintf(w, `<?xml version="1.0"?><fault detail="%s"><who>%s</who></fault>`, x, x)
	},
	"broken JSON":     func(w http.ResponseWriter, x string) { fmt.Fprintf(w, `{"users":[{"detail":"%s`, x) },
	"the status line": wire("HTTP/1.1 418 I am %s\r\nContent-Length: 0\r\n\r\n"),
	"no status line":  wire("%s HTTP\r\n\r\n"),
	"no status":       wire("HTTP/1.1 %s OK\r\n\r\n"),
	"no header":       wire("HTTP/1.1 200 OK\r\nbroken %s line\r\n\r\n"),
	"Content-Length":  wire("HTTP/1.1 200 OK\r\nContent-Length: %s\r\n\r\n"),
	"chunks":          wire("HTTP/1.1 200 OK\r\nTransfer-Encoding: %s\r\n\r\n"),
}

// wire answers with raw bytes.
func wire(format string) func(http.ResponseWriter, string) {
	return func(w http.ResponseWriter, x string) {
		connection, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			return
		}
		defer connection.Close()
		fmt.Fprintf(connection, format, oneLine(x))
	}
}

func oneLine(s string) string { return strings.NewReplacer("\r", " ", "\n", " ").Replace(s) }

// token leaves of a text what may be the name of a header field.
func token(s string) string {
	return strings.Map(func(c rune) rune {
		if c < 0x80 && isAlnum(byte(c)) || c == '-' || c == '_' || c == '.' {
			return c
		}
		return '-'
	}, s)
}

// canaryTarget is a product that echoes: /canary/<source>/<place>/<form>.
type canaryTarget struct {
	mu      sync.Mutex
	granted []string
	planted map[string]string // what an output must not hold, and where it was planted
}

func (c *canaryTarget) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	switch {
	case parts[0] == "token":
		text := rand.Text() + "-" + rand.Text()
		c.mu.Lock()
		c.granted = append(c.granted, text)
		c.mu.Unlock()
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"access_token":"%s","token_type":"Bearer","expires_in":3600,"client":"%s","echo":{"authorization":"%s"}}`, text, canarySecret, r.Header.Get("Authorization"))
	case parts[0] == "users":
		fmt.Fprint(w, canaryRoster)
	case parts[0] == "canary":
		names := map[int]string{}
		for i, p := range strings.Split(strings.TrimPrefix(r.URL.RawQuery, "q="), ".") {
			b, _ := base64.RawURLEncoding.DecodeString(p)
			names[i] = string(b)
		}
		c.plant(w, r, names[0], names[1], names[2])
	}
}

func (c *canaryTarget) value(r *http.Request, source string) string {
	own := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	switch source {
	case "access token":
		return own
	case "a token granted elsewhere": // to the doctor, the crawl, or another process
		c.mu.Lock()
		defer c.mu.Unlock()
		for _, g := range c.granted {
			if g != own {
				return g
			}
		}
	case "client secret":
		return canarySecret
	case "basic credentials":
		return "me:" + url.QueryEscape(canarySecret)
	case "API key":
		return canaryKey
	case "a token of the product's":
		return "eyJhbGciOiJub25lIn0.eyJzdWIiOiJzb21lYm9keSBlbHNlIn0.c2lnbmF0dXJl"
	}
	return canaryPeople[source]
}

func (c *canaryTarget) plant(w http.ResponseWriter, r *http.Request, source, place, form string) {
	i := slices.IndexFunc(writtenForms, func(f struct {
		name  string
		write func(string) (string, []string)
	}) bool {
		return f.name == form
	})
	text, telling := writtenForms[i].write(c.value(r, source))
	c.mu.Lock()
	for _, tell := range telling {
		if len(tell) > 5 {
			c.planted[tell] = source + ", " + place + ", " + form
			c.planted[oneLine(tell)] = source + ", " + place + ", " + form
		}
	}
	c.mu.Unlock()
	canaryPlaces[place](w, text)
}

// canaryRows generates what is planted: each source in each place, and each source in each
// form.
func canaryRows() [][3]string {
	secrets := []string{"access token", "a token granted elsewhere", "client secret", "basic credentials", "API key", "a token of the product's"}
	people := slices.Sorted(maps.Keys(canaryPeople))
	places := slices.Sorted(maps.Keys(canaryPlaces))
	// People's values are recognised by their words; they are not looked for letter by
	// letter, nor in base64 that something else begins.
	ofPeople := []string{"raw", "upper case", "lower case", "query", "path", "percent, all, upper", "percent twice", "base64", "base64 in a query", "hex", "JSON, all escaped", "JSON in JSON", "JSON in a form", "HTML, decimal", "HTML, hexadecimal"}
	var ofSecrets []string
	for _, f := range writtenForms {
		ofSecrets = append(ofSecrets, f.name)
	}
	var rows [][3]string
	for s, source := range slices.Concat(secrets, people) {
		forms := ofSecrets
		if s >= len(secrets) {
			forms = ofPeople
		}
		if source == "a token of the product's" {
			forms = []string{"raw", "query"} // the judge never held it: it is known by its look
		}
		for p, place := range places {
			rows = append(rows, [3]string{source, place, forms[(s+p)%len(forms)]})
		}
		for _, form := range forms {
			rows = append(rows, [3]string{source, "JSON", form})
		}
	}
	return rows
}

// canaries is a suite that reports carelessly whatever it sees, in every way it can.
func canaries() Suite {
	suite := Suite{ID: "canaries", Title: "Canaries", Role: "provider", Profiles: []string{toyClaim},
		Section: newToySection, Access: toyAccess(), Service: ServiceURL("first", func(t *Target) string { return toyOf(t).First })}
	ask := func(s *Session, row [3]string) Request {
		q := make([]string, 3)
		for i, p := range row {
			q[i] = base64.RawURLEncoding.EncodeToString([]byte(p))
		}
		return Request{URL: s.Base + "/canary?q=" + strings.Join(q, ".")}
	}
	suite.Prepare = func(ctx context.Context, s *Session) error {
		s.Do(ctx, Request{URL: s.Base + "/users"})
		return nil
	}
	suite.Doctor = func(ctx context.Context, s *Session) (out []Diagnosis) {
		for _, row := range canaryRows() {
			if row[0] == "access token" || row[0] == "client secret" || row[0] == "API key" {
				r := s.Do(ctx, ask(s, row))
				out = append(out, Diagnosis{Name: "echo", OK: true, Detail: fmt.Sprint(r.Summary(), r.Header, string(r.Body)), Remedy: string(r.Body) + r.Problem})
			}
		}
		return out
	}
	for i, row := range canaryRows() {
		suite.Checks = append(suite.Checks, Check{ID: fmt.Sprintf("canary.%d", i), Title: "A canary", Requirements: []string{third}, Labels: []string{"canary"}, Timeout: time.Minute,
			Body: func(ctx context.Context, t *T) {
				t.RequestToken(ctx, TokenRequest{Scopes: []string{"some"}})
				r := t.Do(ctx, ask(t.Session(), row))
				all := fmt.Sprint(r.Header, string(r.Body), r.Problem)
				t.Fail(third, Finding{Required: all, Sent: all, Expected: "nothing of " + all, Seen: r.Summary() + all, Where: all, Cause: all, Responses: []*Response{r}})
				t.Fail(third, Finding{Expected: "cut", Seen: t.Show("remark", all), Where: t.Where(r.Header.Get("Location"))})
				t.Note(third, "it said %s", all)
				t.Text("what it said", all)
				t.Session().Ask(all)
				t.Watch(Watched{Started: time.Now(), Method: http.MethodPost, URL: "https://sso.example/?was=" + all, Body: "note=" + all, Form: true, Status: 200, Response: r.Header, Answer: r.Body, Problem: all})
				if i%7 == 0 {
					panic(all)
				}
			}})
	}
	return suite
}

// TestNoCanaryLeaves plants secrets and people's values in a product's answers, in every
// place and form, has a careless suite report them, and looks for them in every output.
func TestNoCanaryLeaves(t *testing.T) {
	if testing.Short() {
		t.Skip("this takes minutes under the race detector: make products runs it")
	}
	product := &canaryTarget{planted: map[string]string{}}
	server := httptest.NewUnstartedServer(product)
	server.Config.ConnState = func(net.Conn, http.ConnState) {}
	server.Start()
	defer server.Close()
	text := "rollcall: 1\nname: Canaries\nprofiles: [" + toyClaim + "]\nheaders:\n  X-Gateway-Key: ${KEY}\ntoy:\n  first: " + server.URL +
		"\n  auth: {token_url: " + server.URL + "/token, client_id: me, client_secret: \"${SECRET}\"}\n"
	target, err := ParseTarget("target.yaml", []byte(text), func(name string) (string, bool) {
		return map[string]string{"KEY": canaryKey, "SECRET": canarySecret}[name], true
	}, newToySection)
	if err != nil {
		t.Fatal(err)
	}
	var terminal bytes.Buffer
	events := filepath.Join(t.TempDir(), "events.jsonl")
	run, err := New(target, []Suite{canaries()}, Options{Shards: 2, Events: events, Observe: func(p Progress) {
		line, _ := json.Marshal(p)
		fmt.Fprintf(&terminal, "%s\n%s\n", line, p.Ask)
		if p.Diagnosis != nil {
			fmt.Fprintf(&terminal, "%s: %s %s\n", p.Diagnosis.Name, p.Diagnosis.Detail, p.Diagnosis.Remedy)
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	report, err := run.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	outputs := map[string][]byte{"the terminal": terminal.Bytes()}
	if outputs["events.jsonl"], err = os.ReadFile(events); err != nil {
		t.Fatal(err)
	}
	for _, format := range reports.Formats() {
		var b bytes.Buffer
		if err := reports.Render(format.Name, &b, report); err != nil {
			t.Fatal(err)
		}
		outputs[format.Name] = b.Bytes()
	}
	var har, words bytes.Buffer
	if err := reports.HAR(&har, report); err != nil {
		t.Fatal(err)
	}
	if err := reports.Text(&words, report, reports.TextOptions{}); err != nil {
		t.Fatal(err)
	}
	outputs["HAR"], outputs["the summary"] = har.Bytes(), words.Bytes()
	rows := canaryRows()
	if len(rows) < 120 || len(report.Checks) != len(rows) || len(product.planted) < 120 {
		t.Fatalf("%d rows, %d checks, %d canaries planted", len(rows), len(report.Checks), len(product.planted))
	}
	for _, x := range report.Checks {
		if x.State != "done" && x.State != "panicked" || len(x.Findings) == 0 {
			t.Errorf("%s is %s with %d findings: %s", x.ID, x.State, len(x.Findings), x.Message)
		}
	}
	for _, value := range slices.Concat(product.granted, slices.Collect(maps.Values(canaryPeople)), []string{canarySecret, canaryKey}) {
		product.planted[value] = "as it is"
	}
	t.Logf("%d rows, %d canaries, %d outputs", len(rows), len(product.planted), len(outputs))
	for name, output := range outputs {
		lower := bytes.ToLower(output)
		for tell, where := range product.planted {
			i := bytes.Index(lower, []byte(strings.ToLower(tell)))
			if strings.Contains(where, "base64") || strings.Contains(where, "of the product's") { // which is nothing in another case
				i = bytes.Index(output, []byte(tell))
			}
			if i >= 0 {
				t.Errorf("%s: %q (%s) in …%s…", name, tell, where, output[max(0, i-60):min(len(output), i+len(tell)+40)])
			}
		}
	}
}
