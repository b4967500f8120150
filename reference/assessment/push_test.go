package assessment_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rollcall-edu/rollcall/fixtures"
	"github.com/rollcall-edu/rollcall/fixtures/framework"
	"github.com/rollcall-edu/rollcall/reference/assessment"
	"github.com/rollcall-edu/rollcall/reference/district"
)

// serve brings up the reference SIS, and gives a class of it with some students.
func serve(t *testing.T, around func(http.Handler) http.Handler) (*district.SIS, string) {
	t.Helper()
	s, err := district.StartSIS(t.Context(), district.Options{Around: around})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	d, err := fixtures.New(fixtures.Small, fixtures.DefaultSeed)
	if err != nil {
		t.Fatal(err)
	}
	count, best := map[string]int{}, ""
	for e := range d.Enrollments() {
		if e.Role == "student" && e.Status == "active" {
			if count[e.Class]++; best == "" || count[e.Class] > count[best] {
				best = e.Class
			}
		}
	}
	return s, best
}

func of(s *district.SIS) assessment.SIS {
	return assessment.SIS{Gradebook: s.GradebookURL, Rostering: s.BaseURL, TokenURL: s.TokenURL, ClientID: s.Main.ID, Secret: s.Main.Secret}
}

// all reads a collection of the SIS, as anybody would who may.
func all(t *testing.T, s *district.SIS, collection, filter string) []map[string]any {
	t.Helper()
	form := url.Values{"grant_type": {"client_credentials"}, "scope": {"https://purl.imsglobal.org/spec/or/v1p2/scope/assessment.readonly"}}
	r, _ := http.NewRequest(http.MethodPost, s.TokenURL, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(s.Main.ID, s.Main.Secret)
	var grant struct {
		Token string `json:"access_token"`
	}
	answer(t, r, &grant)
	r, _ = http.NewRequest(http.MethodGet, s.GradebookURL+"/"+collection+"?limit=1000&filter="+url.QueryEscape(filter), nil)
	r.Header.Set("Authorization", "Bearer "+grant.Token)
	var page map[string][]map[string]any
	answer(t, r, &page)
	return page[collection]
}

func answer(t *testing.T, r *http.Request, into any) {
	t.Helper()
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, _ := io.ReadAll(response.Body)
	if err := json.Unmarshal(body, into); err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s, %v: %s", r.URL, response.Status, err, body)
	}
}

// TestPush: the test and what each student got stand in the SIS afterwards, item by item; again
// they take their own place, and removed nothing is left.
func TestPush(t *testing.T) {
	s, class := serve(t, nil)
	p := assessment.Push{SIS: of(s), Class: class, Seed: 7}
	before := len(all(t, s, "assessmentResults", "scoreStatus!=''"))
	for range 2 {
		got, err := p.Run(t.Context())
		if err != nil || len(got.Refused) > 0 {
			t.Fatalf("pushing: %v, %v", err, got)
		}
		if got.Students < 2 || got.LineItems != 10 || got.Results != 10*got.Students {
			t.Errorf("pushed were %+v", got)
		}
		if now := len(all(t, s, "assessmentResults", "scoreStatus!=''")); now != before+got.Results {
			t.Errorf("there are %d results, and were %d", now, before)
		}
	}
	items := all(t, s, "assessmentLineItems", "class.sourcedId='"+class+"' AND title~'Garden check-up'")
	if len(items) != 1 {
		t.Fatalf("the test stands there %d times", len(items))
	}
	root := items[0]["sourcedId"].(string)
	if parts := all(t, s, "assessmentLineItems", "parentAssessmentLineItem.sourcedId='"+root+"'"); len(parts) != 2 {
		t.Errorf("it has %d sections", len(parts))
	}
	book, err := framework.Read()
	if err != nil {
		t.Fatal(err)
	}
	best := 0.0
	for _, r := range all(t, s, "assessmentResults", "assessmentLineItem.sourcedId='"+root+"'") {
		best = max(best, r["scorePercentile"].(float64))
		set := r["learningObjectiveSet"].([]any)[0].(map[string]any)
		scores := set["learningObjectiveResults"].([]any)
		if first := scores[0].(map[string]any)["learningObjectiveId"]; set["source"] != "case" || first != book.Identifier("A.1") || len(scores) != 7 {
			t.Errorf("the objectives are %v", set)
		}
	}
	if best != 100 {
		t.Errorf("the best is at %v", best)
	}
	got, err := p.Remove(t.Context())
	if err != nil || len(got.Refused) > 0 || got.LineItems != 10 {
		t.Fatalf("removing: %v, %+v", err, got)
	}
	if left := len(all(t, s, "assessmentResults", "scoreStatus!=''")); left != before {
		t.Errorf("%d results are left, and were %d", left, before)
	}
	if _, err := p.Remove(t.Context()); err != nil {
		t.Errorf("removing what isn't there: %v", err)
	}
}

// TestPushInTheWay: what a SIS does in between keeps nothing back that it takes in the end, and
// what it refuses is told.
func TestPushInTheWay(t *testing.T) {
	var n atomic.Int64
	// answers of a SIS that is not as it should be, by the number of the write
	for title, test := range map[string]struct {
		around func(w http.ResponseWriter, r *http.Request, n int64) (done bool)
		want   string // in the error, or in what was refused; empty: nothing
	}{
		"busy now and then": {func(w http.ResponseWriter, _ *http.Request, n int64) bool {
			if n%5 != 0 {
				return false
			}
			w.Header().Set("Retry-After", "0")
			w.WriteHeader(http.StatusTooManyRequests)
			return true
		}, ""},
		"tokens end early": {func(w http.ResponseWriter, _ *http.Request, n int64) bool {
			if n%7 != 0 {
				return false
			}
			w.WriteHeader(http.StatusUnauthorized)
			return true
		}, ""},
		"connections break": {func(_ http.ResponseWriter, _ *http.Request, n int64) bool {
			if n%6 == 0 {
				panic(http.ErrAbortHandler)
			}
			return false
		}, ""},
		"no writes": {func(w http.ResponseWriter, _ *http.Request, _ int64) bool {
			w.WriteHeader(http.StatusNotImplemented)
			fmt.Fprint(w, `{"imsx_description":"we don't"}`)
			return true
		}, "501 Not Implemented (we don't)"},
		"elsewhere": {func(w http.ResponseWriter, r *http.Request, _ int64) bool {
			http.Redirect(w, r, "http://elsewhere.invalid/", http.StatusTemporaryRedirect)
			return true
		}, "elsewhere.invalid"},
		"no results": {func(w http.ResponseWriter, r *http.Request, _ int64) bool {
			if !strings.Contains(r.URL.Path, "/assessmentResults/") {
				return false
			}
			w.WriteHeader(http.StatusForbidden)
			return true
		}, "403 Forbidden; have the provider grant"},
	} {
		t.Run(title, func(t *testing.T) {
			s, class := serve(t, func(h http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if r.Method == http.MethodPut && test.around(w, r, n.Add(1)) {
						return
					}
					h.ServeHTTP(w, r)
				})
			})
			got, err := assessment.Push{SIS: of(s), Class: class, Most: 2}.Run(t.Context())
			if got == nil {
				t.Fatal(err)
			}
			seen := fmt.Sprint(err, got.Refused)
			if test.want == "" && (err != nil || len(got.Refused) > 0 || got.Results != 20) || !strings.Contains(seen, test.want) {
				t.Errorf("pushed were %+v, %v; want %q", got, err, test.want)
			}
			if strings.Contains(seen, s.Main.Secret) {
				t.Error("it tells the secret")
			}
		})
	}
}

func TestPushUnable(t *testing.T) {
	s, class := serve(t, nil)
	silent := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // or nobody notices that the client left
		<-r.Context().Done()
	}))
	defer silent.Close()
	for title, test := range map[string]struct {
		change func(*assessment.Push)
		want   string
	}{
		"no such class":  {func(p *assessment.Push) { p.Class = "nobody" }, "404"},
		"a wrong secret": {func(p *assessment.Push) { p.SIS.Secret = "wrong" }, "invalid_client"},
		"nobody answers": {func(p *assessment.Push) {
			p.SIS.TokenURL = silent.URL
			p.SIS.Transport = &http.Transport{ResponseHeaderTimeout: 50 * time.Millisecond}
		}, "asking for a token"},
		"no address": {func(p *assessment.Push) { p.SIS.TokenURL = "://" }, "the token URL"},
	} {
		t.Run(title, func(t *testing.T) {
			p := assessment.Push{SIS: of(s), Class: class}
			test.change(&p)
			if _, err := p.Run(t.Context()); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("the error is %v, want %q", err, test.want)
			}
		})
	}
}
