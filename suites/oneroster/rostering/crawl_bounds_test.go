package rostering

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/harness/corpus"
	"github.com/rollcall-edu/rollcall/suites/oneroster"
	"github.com/rollcall-edu/rollcall/suites/oneroster/rest"
	"github.com/rollcall-edu/rollcall/suites/oneroster/service"
)

// session gives the judge's side of a run against the fake.
func session(t *testing.T, f *fake, more string, memory int64) *harness.Session {
	t.Helper()
	text := fmt.Sprintf("rollcall: 1\nname: Fake\nprofiles: [or12-rostering-core-provider]\noneroster:\n  rostering: %s\n"+
		"  auth: {token_url: %q, client_id: me, client_secret: \"${SECRET}\"}\n%s", f.base, f.tokenURL(), more)
	target, err := harness.ParseTarget("target.yaml", []byte(text), func(string) (string, bool) { return "hush-hush", true }, oneroster.New)
	if err != nil {
		t.Fatal(err)
	}
	s, err := harness.NewSession(target, Suite(), harness.SessionOptions{Dir: t.TempDir(), Memory: memory})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// crawled crawls the provider and gives one of its collections.
func crawled(t *testing.T, s *harness.Session, name string) (*corpus.Collection, rest.CrawlFacts) {
	t.Helper()
	if err := Suite().Prepare(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	raw, err := corpus.Open(s.Dir, name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { raw.Close() })
	var facts rest.CrawlFacts
	if err := raw.Fact(&facts); err != nil {
		t.Fatal(err)
	}
	return raw, facts
}

// everNew answers each page of orgs with objects that nobody has seen before.
func everNew(head func(http.Header), more string) func(http.ResponseWriter, *http.Request, string) bool {
	return func(w http.ResponseWriter, r *http.Request, path string) bool {
		if path != "/orgs" {
			return false
		}
		offset, _ := strconv.Atoi(r.URL.Query().Get("offset"))
		var page []string
		for i := range 100 {
			page = append(page, fmt.Sprintf(`{"sourcedId":"o-%d","status":"active","dateLastModified":"2026-01-02T03:04:05.000Z","name":"x%s"}`, offset+i, more))
		}
		head(w.Header())
		fmt.Fprintf(w, `{"orgs":[%s]}`, strings.Join(page, ","))
		return true
	}
}

// TestCrawlEnds meets lists without an end.
func TestCrawlEnds(t *testing.T) {
	nothing := func(http.Header) {}
	for name, c := range map[string]struct {
		head   func(http.Header)
		more   string
		limits string
		owner  string
		bound  string
		most   int
	}{
		"beyond its total":          {func(h http.Header) { h.Set("X-Total-Count", "50") }, "", "", "paging.total-correct", "", 1200},
		"beyond a total of nothing": {func(h http.Header) { h.Set("X-Total-Count", "0") }, "", "", "paging.total-correct", "", 1200},
		"beyond its last link": {func(h http.Header) { h.Set("Link", `</orgs?limit=1000&offset=1000>; rel="last"`) }, "", "limits: {page_size: 100}\n",
			"paging.link-last", "", 2400},
		"without any end":                  {nothing, "", "limits: {max_objects: 700}\n", "", "limits.max_objects", 700},
		"without any end, long objects":    {nothing, strings.Repeat("y", 200<<10), "limits: {max_objects: 700}\n", "", "limits.max_objects", 400},
		"beyond a total that is too large": {func(h http.Header) { h.Set("X-Total-Count", "9000000000") }, "", "limits: {max_objects: 700}\n", "", "limits.max_objects", 700},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t)
			f.answer = everNew(c.head, c.more)
			raw, facts := crawled(t, session(t, f, c.limits, 0), "orgs")
			if raw.Complete || raw.Reason == "" || raw.Len() == 0 || raw.Len() > c.most {
				t.Errorf("%d objects; complete: %t; %s", raw.Len(), raw.Complete, raw.Reason)
			}
			if facts.Bound != c.bound || strings.TrimPrefix(facts.End.Owner, "or12.rostering.") != c.owner || c.owner != "" && facts.End.Evidence == nil {
				t.Errorf("bound %q, end %+v: %s", facts.Bound, facts.End, raw.Reason)
			}
		})
	}
}

// TestCrawlOfJustAsManyIsWhole ends at limits.max_objects: what ends there is no cut.
func TestCrawlOfJustAsManyIsWhole(t *testing.T) {
	for name, c := range map[string]struct {
		objects, most int
		total         bool
		whole         bool
	}{
		"as many as the limit, with a total":    {300, 300, true, true},
		"as many as the limit, without a total": {300, 300, false, true},
		"one more, with a total":                {301, 300, true, false},
		"one more, without a total":             {301, 300, false, false},
		"fewer":                                 {299, 300, true, true},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t)
			f.answer = func(w http.ResponseWriter, r *http.Request, path string) bool {
				if path != "/orgs" {
					return false
				}
				offset, _ := strconv.Atoi(r.URL.Query().Get("offset"))
				var page []string
				for i := offset; i < min(offset+100, c.objects); i++ {
					page = append(page, fmt.Sprintf(`{"sourcedId":"o-%d"}`, i))
				}
				if c.total {
					w.Header().Set("X-Total-Count", strconv.Itoa(c.objects))
				}
				fmt.Fprintf(w, `{"orgs":[%s]}`, strings.Join(page, ","))
				return true
			}
			raw, facts := crawled(t, session(t, f, fmt.Sprintf("limits: {max_objects: %d}\n", c.most), 0), "orgs")
			if raw.Complete != c.whole || (facts.Bound == "") != c.whole || facts.End.Owner != "" {
				t.Errorf("%d objects; complete: %t; bound %q, end %+v: %s", raw.Len(), raw.Complete, facts.Bound, facts.End, raw.Reason)
			}
		})
	}
}

// TestOwnBoundsAccuseNobody has pages and objects that are more than Rollcall takes: the
// limit is named as its own, with the setting that raises it, and nothing is failed.
func TestOwnBoundsAccuseNobody(t *testing.T) {
	long := func(n int) func(int) string {
		return func(i int) string {
			return fmt.Sprintf(`{"sourcedId":"o-%d","metadata":{"x":"%s"}}`, i, strings.Repeat("y", n))
		}
	}
	for name, c := range map[string]struct {
		object func(i int) string
		count  int
		whole  bool
	}{
		"a page too long, smaller ones fit": {long(8 << 10), 300, true},
		"an object too long":                {long(9 << 20), 1, false},
		"an object too dense":               {func(i int) string { return `{"sourcedId":"a","x":[` + strings.Repeat("1,", 9000) + `1]}` }, 1, false},
		"values too dense":                  {func(i int) string { return `{"sourcedId":"a","x":[` + strings.Repeat("{},", 90_000) + `1]}` }, 1, false},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t)
			f.answer = func(w http.ResponseWriter, r *http.Request, path string) bool {
				if path != "/orgs" {
					return false
				}
				offset, _ := strconv.Atoi(r.URL.Query().Get("offset"))
				limit, _ := strconv.Atoi(r.URL.Query().Get("limit"))
				var page []string
				for i := offset; i < min(offset+limit, c.count); i++ {
					page = append(page, c.object(i))
				}
				fmt.Fprintf(w, `{"orgs":[%s]}`, strings.Join(page, ","))
				return true
			}
			s := session(t, f, "limits: {max_body_mib: 1}\n", 0)
			raw, facts := crawled(t, s, "orgs")
			if raw.Complete != c.whole || (facts.Bound == "") != c.whole || facts.End.Owner != "" || !c.whole && facts.Bound != harness.BodyLimit {
				t.Errorf("%d objects; complete: %t; bound %q, end %+v: %s", raw.Len(), raw.Complete, facts.Bound, facts.End, raw.Reason)
			}
			if !c.whole && !strings.Contains(raw.Reason, harness.BodyLimit) {
				t.Errorf("the limit is not named: %s", raw.Reason)
			}
			h := &rest.T{T: harness.NewT(s, harness.Check{ID: "c"}), Service: service.Rostering()}
			if p := h.List(t.Context(), "/orgs", "orgs", "limit=1000"); p.OK() || !p.Beyond {
				t.Errorf("a page of all: %s", p.Why())
			}
		})
	}
}

// TestRosterFitsIntoMemory opens a crawl in a process that may take hardly anything:
// what didn't fit is not whole, and nothing is said of it.
func TestRosterFitsIntoMemory(t *testing.T) {
	f := newFake(t)
	s := session(t, f, "", 1)
	if err := Suite().Prepare(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	r, err := open(service.Rostering(), s)
	if err != nil {
		t.Fatal(err)
	}
	if raw := r.Raw("users"); raw.Complete || r.Facts("users").Bound != "limits.memory_mib" || len(r.Users) > 0 {
		t.Errorf("%d users; complete: %t; %s", len(r.Users), raw.Complete, raw.Reason)
	}
	if s = session(t, f, "", 0); Suite().Prepare(t.Context(), s) != nil {
		t.Fatal("the crawl failed")
	}
	if r, err = open(service.Rostering(), s); err != nil || !r.Raw("users").Complete {
		t.Errorf("without a bound: %v", err)
	}
}
