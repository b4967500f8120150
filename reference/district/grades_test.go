package district

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-edu/rollcall/reference/platform"
	"github.com/rollcall-edu/rollcall/reference/platform/ags"
)

// A gradebook is there after the platform was killed: line items, results, what became of
// them, the order of scores, and a teacher's own mark.
func TestGradebookRemembers(t *testing.T) {
	eachDSN(t, testGradebookRemembers)
}

func testGradebookRemembers(t *testing.T, dsn string) {
	keys, address := published(t)
	registered := []platform.Registration{{ClientID: "quiz", LoginURL: "https://tool.example/login", RedirectURIs: []string{"https://tool.example/callback"},
		TargetURI: "https://tool.example/quiz", JWKSURL: address, Deployments: []string{"d1"}, Scopes: ags.Scopes()}}
	p := &role{t: t, env: platformEnv}
	start := func() {
		p.start(func(listen string) any {
			return PlatformOptions{Host: "127.0.0.1", Listen: listen, DB: dsn, Tools: registered}
		})
	}
	start()

	// The same school knows the same people by the same names.
	open := func(dsn string) (*platform.Platform, *ags.Service, func()) {
		t.Helper()
		kept, err := platform.OpenStore(t.Context(), dsn, ags.Collections()...)
		if err != nil {
			t.Fatal(err)
		}
		var grades *ags.Service
		same, err := platform.New(t.Context(), platform.Config{Origin: p.origin, Store: kept, Tools: registered,
			Services: []func(*platform.Platform) (platform.Service, error){func(p *platform.Platform) (platform.Service, error) {
				grades = ags.New(p)
				return grades, nil
			}}})
		if err != nil {
			t.Fatal(err)
		}
		return same, grades, func() { kept.Close() }
	}
	same, _, done := open("")
	teacher, student, _, course := same.People()
	learner := same.Subject(student)
	c, _ := same.Course(course)
	done()

	now := time.Now().Unix()
	assertion, err := keys.Sign(map[string]any{"iss": "quiz", "sub": "quiz", "aud": p.origin + "/token", "iat": now, "exp": now + 600, "jti": "grades"})
	if err != nil {
		t.Fatal(err)
	}
	_, page, _ := (&visitor{t, map[string]string{}}).ask(p.origin+"/token", url.Values{"grant_type": {"client_credentials"}, "client_assertion": {assertion},
		"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}, "scope": {strings.Join(ags.Scopes(), " ")}})
	var granted struct {
		Token string `json:"access_token"`
	}
	if err := json.Unmarshal([]byte(page), &granted); err != nil || granted.Token == "" {
		t.Fatalf("no token: %s", page)
	}
	ask := func(method, address, kind, body string) (int, string) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+granted.Token)
		r.Header.Set("Content-Type", kind)
		got, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		defer got.Body.Close()
		text, err := io.ReadAll(got.Body)
		if err != nil {
			t.Fatal(err)
		}
		return got.StatusCode, string(text)
	}
	score := func(at string, given int) string {
		return fmt.Sprintf(`{"userId":%q,"timestamp":"2027-01-01T00:00:00%s","activityProgress":"Completed","gradingProgress":"FullyGraded","scoreGiven":%d,"scoreMaximum":10,"comment":"%d of 10"}`,
			learner, at, given, given)
	}
	items := p.origin + "/ags/" + c.Context + "/d1/lineitems"
	status, text := ask(http.MethodPost, items, ags.TypeLineItem, `{"label":"Column","scoreMaximum":20,"https://vendor.example/x":1}`)
	var made struct {
		ID string `json:"id"`
	}
	if err := json.Unmarshal([]byte(text), &made); err != nil || status != http.StatusCreated {
		t.Fatalf("making a line item: %d %s", status, text)
	}
	for i, at := range []string{".001Z", ".002Z"} {
		if status, text := ask(http.MethodPost, made.ID+"/scores", ags.TypeScore, score(at, 7+i)); status != http.StatusOK {
			t.Fatalf("a score: %d %s", status, text)
		}
	}
	_, item := ask(http.MethodGet, made.ID, "", "")
	_, result := ask(http.MethodGet, made.ID+"/results", "", "")
	if !strings.Contains(result, `"resultScore":16`) {
		t.Fatalf("the result: %s", result)
	}

	p.kill()
	start()

	if _, after := ask(http.MethodGet, items, "", ""); after != "["+item+"]" {
		t.Errorf("the line items were %s, and are %s", item, after)
	}
	if _, after := ask(http.MethodGet, made.ID+"/results", "", ""); after != result {
		t.Errorf("the results were %s, and are %s", result, after)
	}
	if status, text := ask(http.MethodPost, made.ID+"/scores", ags.TypeScore, score(".0015Z", 1)); status != http.StatusConflict {
		t.Errorf("a score that is older: %d %s", status, text)
	}
	p.kill()

	column := made.ID[strings.LastIndex(made.ID, "/")+1:]
	_, grades, done := open(dsn)
	if err := grades.Override(t.Context(), column, student, teacher, 3, ""); err != nil {
		t.Fatal(err)
	}
	done()
	_, grades, done = open(dsn)
	g, err := grades.Grade(t.Context(), column, student)
	if err != nil || len(g.History) != 3 || g.History[0].Score == nil || *g.History[0].Score.Comment != "7 of 10" || g.Override == nil || g.Override.By != teacher {
		t.Errorf("what became of the grade: %+v %v", g, err)
	}
	done()
	start()
	if _, after := ask(http.MethodGet, made.ID+"/results", "", ""); !strings.Contains(after, `"resultScore":3`) {
		t.Errorf("the teacher's own mark: %s", after)
	}
	if status, _ := ask(http.MethodDelete, made.ID, "", ""); status != http.StatusNoContent {
		t.Errorf("deleting: %d", status)
	}
}
