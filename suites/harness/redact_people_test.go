package harness

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-edu/rollcall/reports"
)

// What a target sent under a personal name is known where no name tells of it.
func TestPeopleTurnUpAgain(t *testing.T) {
	r := testRedactor(t)
	r.meet([]byte(canaryRoster))
	for _, s := range []string{
		"no user named Zebedee", "user=ZEBEDEE", "<b>Quillfeather-N&#250;&ntilde;ez</b>", "/users/zquill77/classes", "mailto:zq.canary%40pupils.example",
		"born 2013/05/17", "call 1-555-010-7788", "LDAP:LDAP 4417 88", "WmViZWRlZQ", `{"sub":"anna zoë"}`, "from Llanfairpwll.",
	} {
		got := r.Text(s)
		for _, tell := range []string{"zebedee", "quill", "canary", "2013", "0107", "010-7788", "4417", "WmVi", "zoë", "pwll"} {
			if strings.Contains(strings.ToLower(got), strings.ToLower(tell)) {
				t.Errorf("%q became %q", s, got)
			}
		}
	}
	for _, s := range []string{"GET /users?limit=2&offset=3", "application/json", "2013", "user u-1 is active", "true", "the page of users", "zebedees", "Anna", "Chromium 555"} {
		if got := r.Text(s); got != s {
			t.Errorf("%q became %q", s, got)
		}
	}
	if a, b := r.Text("Zebedee"), r.Value("givenName", "Zebedee"); a != b {
		t.Errorf("one value has two stand-ins: %s and %s", a, b)
	}
}

// Values too short or too common to be told from the words of a report are hidden under
// their names alone; so are those that are sourcedIds as well.
func TestPeopleOfOrdinaryNames(t *testing.T) {
	r := testRedactor(t)
	r.meet([]byte(`{"users":[{"givenName":"Will","familyName":"Page","middleName":"Li","username":"student","identifier":"1234","sex":"male","asian":"true","metadata":{"plan":"premium","n":"77"},"phone":"2026"},
		{"sourcedId":"s-10023","identifier":"s-10023","givenName":"List"}]}`))
	for _, s := range []string{"page 3 of the list will come", "a student", "1234 objects", "in 2026", "premium", "it is male", "true", "Li", "/users/s-10023"} {
		if got := r.Text(s); got != s {
			t.Errorf("%q became %q", s, got)
		}
	}
}

// A million people cost what is documented, and the latest are known all the same.
func TestPeopleAreBounded(t *testing.T) {
	if testing.Short() {
		t.Skip("this takes minutes under the race detector: make products runs it")
	}
	t.Parallel()
	r := testRedactor(t)
	for i := range maxPeople + 3*maxRecentPeople {
		r.Person(fmt.Sprintf("somebody%d", i))
	}
	if n := 8 * len(r.people.table); n > 17<<20 {
		t.Errorf("%d MiB", n>>20)
	}
	if n := len(r.people.recent[0]) + len(r.people.recent[1]); n > 2*maxRecentPeople {
		t.Errorf("%d recent ones", n)
	}
	for _, i := range []int{0, maxPeople / 2, maxPeople + 3*maxRecentPeople - 1} {
		if s := fmt.Sprintf("somebody%d", i); r.Text(s) == s {
			t.Errorf("%s is shown", s)
		}
	}
}

// Names of members are compared as they are meant.
func TestNamesAsTheyAreMeant(t *testing.T) {
	r := testRedactor(t)
	for _, name := range []string{"email", `\u0065mail`, "e-mail", "E_MAIL", "mail", "guardianEmail", "home_phone", "dob", "DOB", "ssn", "firstName", "first_name", "surname", "phones", "addresses", "date-of-birth", `d\u006fb`, "studentFirstName"} {
		for _, in := range []string{`{"%s":"Quux Quuxson"}`, `{"%s":["a","Quux Quuxson"]}`, `{"%s":{"value":"Quux Quuxson"}}`, `{'%s': 'Quux Quuxson'}`, "%s=Quux+Quuxson&a=1", "<%s>Quux Quuxson</%[1]s>", `{"detail":"user where %s='Quux Quuxson'"}`} {
			if !strings.HasPrefix(in, `{"%s`) && strings.Contains(name, `\`) {
				continue // the escapes are JSON's
			}
			if got := body(r, fmt.Sprintf(in, name)); strings.Contains(got, "Quux") {
				t.Errorf("%s", got)
			}
		}
		if got := r.URL("https://x/?" + strings.ReplaceAll(name, `\`, "") + "=Quux&b=2"); !strings.Contains(name, `\`) && strings.Contains(got, "Quux") {
			t.Errorf("%s", got)
		}
	}
	for _, name := range []string{"sourcedId", "status", "title", "name", "type", "dateLastModified", "grades", "startDate", "emailVerified", "token_type"} {
		if in := fmt.Sprintf(`{"%s":"active"}`, name); body(r, in) != in {
			t.Errorf("%s became %s", in, body(r, in))
		}
	}
}

// A mask never hides the fault itself.
func TestFaultsAreSeenThroughTheMask(t *testing.T) {
	r := testRedactor(t)
	for _, x := range []struct{ member, value, want string }{
		{"givenName", "", ""}, {"givenName", "   ", "   "}, {"givenName", " Ann ", " ~… "}, {"asian", "TRUE", "TRUE"}, {"asian", "Yes", "Yes"}, {"asian", "1", "1"}, {"asian", "true", "~… (aaaa)"},
		{"birthDate", "2026-13-40", "2026-13-40"}, {"birthDate", "2011-02-30T00:00:00Z", "2011-02-30T00:00:00Z"}, {"birthDate", "2011-02-03", "~… (0000-00-00)"}, {"birthDate", "03/02/2011", "~… (00/00/0000)"},
		{"birthDate", "2011-02-03T00:00:00Z", "~… (0000-00-00T00:00:00Z)"}, {"sex", "F", "~… (A)"}, {"familyName", strings.Repeat("x", 300), "~… (300 characters)"}, {"phone", "555-0101", "~… (000-0000)"}, {"givenName", `"Ann"`, `"~…"`},
	} {
		shape := func(s string) string {
			if i := strings.IndexByte(s, '~'); i >= 0 && len(s) >= i+9 {
				return s[:i] + "~…" + s[i+9:]
			}
			return s
		}
		if got := shape(r.Value(x.member, x.value)); got != x.want {
			t.Errorf("%s %q is shown as %q, want %q", x.member, x.value, got, x.want)
		}
		if strings.HasPrefix(x.value, `"`) {
			continue
		}
		var out map[string]string
		if err := json.Unmarshal([]byte(body(r, fmt.Sprintf(`{"%s":"%s"}`, x.member, x.value))), &out); err != nil || shape(out[x.member]) != x.want {
			t.Errorf("%s %q is shown in a body as %q, want %q (%v)", x.member, x.value, out[x.member], x.want, err)
		}
	}
}

// What the judge made up is shown, also where a personal name stands before it.
func TestOwnValuesAreShown(t *testing.T) {
	r := testRedactor(t)
	r.Own("%", "_", "no AND such text", "2026-13-40", "nobody@judge.example", "O'Judge")
	for _, u := range []string{
		"https://x/users?filter=familyName~%27%25%27", "https://x/users?filter=givenName~'_'", "https://x/users?filter=familyName%3D%27no%20AND%20such%20text%27",
		"https://x/users?filter=email='nobody@judge.example'", "https://x/users?filter=familyName='O''Judge'", "https://x/users?filter=familyName=''", "https://x/users?filter=familyNam='x'",
	} {
		if got := r.URL(u); got != u {
			t.Errorf("%s became %s", u, got)
		}
	}
	if got := r.Value("email", "nobody@judge.example"); got != "nobody@judge.example" {
		t.Errorf("it became %s", got)
	}
	if got := r.URL("https://x/users?filter=familyName~'Qu'"); strings.Contains(got, "Qu") {
		t.Errorf("a part of somebody's name is shown: %s", got)
	}
}

// Whatever a target sends, a report stays below 20 MB, and says what was left out.
func TestReportsAreBounded(t *testing.T) {
	if testing.Short() {
		t.Skip("this takes minutes under the race detector: make products runs it")
	}
	for _, filler := range []string{"<", "\u202e", "\x01"} {
		report := &reports.Report{Format: reports.FormatVersion}
		long := strings.Repeat(filler, maxField/len(filler))
		for i := range 120 {
			c := reports.CheckResult{ID: fmt.Sprintf("c%d", i), Requirements: []string{third}, State: "done", Started: time.Now()}
			var exchanges []reports.Exchange
			for k := range 8 {
				e := reports.Exchange{ID: fmt.Sprintf("e%d-%d", i, k), Check: c.ID, Method: "GET", URL: "https://x/" + long, Problem: long, Status: 200, Curl: "curl " + long}
				e.Response.Body = long
				for range 4 {
					e.Response.Headers = append(e.Response.Headers, reports.Header{Name: "X-Long", Value: long})
				}
				exchanges = append(exchanges, e)
				c.Exchanges = append(c.Exchanges, e.ID)
			}
			for k := range 8 {
				c.Findings = append(c.Findings, reports.Finding{Requirement: third, Sent: long, Expected: long, Seen: long, Where: long, Cause: long, Exchanges: []string{exchanges[k].ID}})
			}
			c.Results = []reports.CheckRequirement{{Requirement: third, Verdict: reports.Fail, Notes: []string{long, long}}}
			c.Attachments = []reports.Attachment{{Title: "t", Media: "text/plain", Text: long}}
			boundCheck(&c, exchanges)
			report.Checks = append(report.Checks, c)
			report.Exchanges = append(report.Exchanges, exchanges...)
			report.Requirements = append(report.Requirements, reports.RequirementResult{ID: third, Level: reports.Must, Verdict: reports.Fail, Findings: c.Findings, Notes: []string{long}})
		}
		bound(report)
		var page bytes.Buffer
		if err := reports.HTML(&page, report); err != nil {
			t.Fatal(err)
		}
		if page.Len() > 20_000_000 {
			t.Errorf("of %q the page has %d bytes, %d exchanges", filler, page.Len(), len(report.Exchanges))
		}
		if n := len(report.Facts); n != 1 || !strings.Contains(report.Facts[0].Value, "so much") {
			t.Errorf("it doesn't say what was left out: %v", report.Facts)
		}
	}
}

// Every text of an event or a report passes the redactor, unless it is listed as the
// judge's own: a new field can't be forgotten.
func TestCleanReachesEverything(t *testing.T) {
	r := testRedactor(t)
	r.Secret("kQ7xW2mZp9Lr4TtY8v")
	const x = "see kQ7xW2mZp9Lr4TtY8v"
	event := Event{Kind: EventCheck, Message: x, Secrets: []string{x}, Facts: []reports.Fact{{Name: "n", Value: x}}, Config: &ConfigError{Cause: x, Remedy: x},
		Check: &reports.CheckResult{Message: x, Results: []reports.CheckRequirement{{Reason: x, Remedy: x, Notes: []string{x}}}, Findings: []reports.Finding{{Required: x, Sent: x, Expected: x, Seen: x, Where: x, Cause: x}},
			Attachments: []reports.Attachment{{Title: x, Text: x}}},
		Exchanges: []reports.Exchange{{URL: x, Method: x, StatusText: x, Protocol: x, TLS: x, Problem: x, Curl: x, Request: reports.Message{Body: x, Headers: []reports.Header{{Name: x, Value: x}}}}}}
	r.Clean(&event)
	event.Secrets = nil
	text, err := json.Marshal(event)
	if err != nil || bytes.Contains(text, []byte("kQ7x")) {
		t.Errorf("%s (%v)", text, err)
	}
	target := reports.Report{Target: reports.Target{Config: "owner: ann@school.example\nsecret: kQ7xW2mZp9Lr4TtY8v", URLs: map[string]string{"service": x}}}
	r.Clean(&target)
	if text := fmt.Sprint(target.Target); strings.Contains(text, "kQ7x") || !strings.Contains(text, "ann@school.example") {
		t.Error(text)
	}
	if got := r.Headers(http.Header{"X-Any": {x}, "X-User-Email": {"quux"}, "kQ7xW2mZp9Lr4TtY8v": {"1"}}); strings.Contains(fmt.Sprint(got), "kQ7x") || strings.Contains(fmt.Sprint(got), "quux") {
		t.Error(got)
	}
}

// A token that one child saw before another was granted it is gone from the journal at
// the end; lines without it stay as they are.
func TestJournalsAreCleanedAgain(t *testing.T) {
	r := testRedactor(t)
	path := filepath.Join(t.TempDir(), "events.jsonl")
	var was bytes.Buffer
	out := &emitter{w: &was}
	for _, said := range []string{"nothing", "early-tok3n-778899", "early\\u002dtok3n-778899"} {
		if err := out.emit(Event{Kind: EventCheck, Check: &reports.CheckResult{ID: "c", Message: said}}); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(path, was.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	r.Secret("early-tok3n-778899")
	if err := r.cleanJournal(path); err != nil {
		t.Fatal(err)
	}
	now, err := os.ReadFile(path)
	if err != nil || bytes.Contains(now, []byte("tok3n")) || bytes.Count(now, []byte("\n")) != 3 || !bytes.HasPrefix(now, was.Bytes()[:bytes.IndexByte(was.Bytes(), '\n')+1]) {
		t.Errorf("%s (%v)", now, err)
	}
	for line := range bytes.Lines(now) {
		if !json.Valid(line) {
			t.Errorf("no event: %s", line)
		}
	}
}
