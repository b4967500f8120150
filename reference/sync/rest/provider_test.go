package rest_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	stdsync "sync"
	"testing"
	"time"

	"github.com/rollcall-edu/rollcall/reference/oneroster/client"
	"github.com/rollcall-edu/rollcall/reference/sis"
	"github.com/rollcall-edu/rollcall/reference/store"
	"github.com/rollcall-edu/rollcall/reference/sync"
	"github.com/rollcall-edu/rollcall/reference/sync/rest"
)

// provider serves users u0, u1, … by pages, and does what a test has it do.
type provider struct {
	*httptest.Server
	users  int
	most   int  // on a page; 0: as many as are asked for
	total  bool // whether it is told
	link   func(p *provider, r *http.Request, offset, limit int) string
	before func(w http.ResponseWriter, r *http.Request) (answered bool) // of pages
	grant  func(w http.ResponseWriter, r *http.Request) (answered bool)

	mu     stdsync.Mutex
	calls  []string // path and query
	tokens int
	waits  []time.Duration
}

func start(t testing.TB, p *provider) *provider {
	t.Helper()
	p.Server = httptest.NewServer(p)
	t.Cleanup(p.Close)
	return p
}

func (p *provider) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/token" {
		p.mu.Lock()
		p.tokens++
		n := p.tokens
		p.mu.Unlock()
		if p.grant == nil || !p.grant(w, r) {
			fmt.Fprintf(w, `{"access_token":"token-%d","token_type":"bearer","expires_in":3600}`, n)
		}
		return
	}
	p.mu.Lock()
	p.calls = append(p.calls, r.URL.Path+"?"+r.URL.RawQuery)
	p.mu.Unlock()
	if p.before != nil && p.before(w, r) {
		return
	}
	p.page(w, r)
}

func (p *provider) page(w http.ResponseWriter, r *http.Request) {
	offset, limit := number(r, "offset"), number(r, "limit")
	if p.most > 0 {
		limit = min(limit, p.most)
	}
	if p.total {
		w.Header().Set("X-Total-Count", strconv.Itoa(p.users))
	}
	if p.link != nil {
		if link := p.link(p, r, offset, limit); link != "" {
			w.Header().Set("Link", link)
		}
	}
	fmt.Fprint(w, users(offset, min(offset+limit, p.users)))
}

func number(r *http.Request, name string) int {
	n, _ := strconv.Atoi(r.URL.Query().Get(name))
	return n
}

func users(from, to int) string {
	list := []string{}
	for i := from; i < to; i++ {
		list = append(list, fmt.Sprintf(`{"sourcedId":"u%d","status":"active","dateLastModified":"2026-09-01T00:00:00.000Z"}`, i))
	}
	return `{"users":[` + strings.Join(list, ",") + `]}`
}

func source(t testing.TB, c rest.Config) *rest.Source {
	t.Helper()
	s, err := rest.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (p *provider) source(t testing.TB, change ...func(*rest.Config)) *rest.Source {
	t.Helper()
	c := rest.Config{Rostering: p.URL + "/ims/oneroster/rostering/v1p2", TokenURL: p.URL + "/token", ClientID: "c", ClientSecret: "s", PageSize: 10,
		Wait: func(_ context.Context, d time.Duration) error { p.waits = append(p.waits, d); return nil }}
	for _, f := range change {
		f(&c)
	}
	return source(t, c)
}

func ids(t *testing.T, s *rest.Source, r sync.Reading) ([]string, error) {
	t.Helper()
	if r.Collection == "" {
		r.Collection = sis.Users
	}
	var out []string
	err := s.Read(t.Context(), r, func(p sync.Page) error {
		for _, o := range p.Objects {
			out = append(out, o.SourcedID)
		}
		return nil
	})
	return out, err
}

func expect(t *testing.T, s *rest.Source, n int) {
	t.Helper()
	got, err := ids(t, s, sync.Reading{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range min(n, len(got)) {
		if got[i] != fmt.Sprintf("u%d", i) {
			t.Fatalf("%s at %d", got[i], i)
		}
	}
	if len(got) != n {
		t.Errorf("%d users came, of %d", len(got), n)
	}
}

func address(p *provider, r *http.Request, offset, limit int) string {
	q := r.URL.Query()
	q.Set("offset", strconv.Itoa(offset))
	q.Set("limit", strconv.Itoa(limit))
	return r.URL.Path + "?" + strings.ReplaceAll(q.Encode(), "+", "%20")
}

// linked gives the next link in a form, as long as there is a next page.
func linked(form string) func(p *provider, r *http.Request, offset, limit int) string {
	return func(p *provider, r *http.Request, offset, limit int) string {
		if offset+limit >= p.users {
			return fmt.Sprintf(`<%s>; rel="first"`, p.URL+address(p, r, 0, limit))
		}
		return strings.NewReplacer("{here}", p.URL, "{path}", address(p, r, offset+limit, limit)).Replace(form)
	}
}

func TestReadsToTheEnd(t *testing.T) {
	for name, p := range map[string]*provider{
		"neither total nor links, pages capped":          {users: 33, most: 4},
		"neither, and a full last page":                  {users: 30},
		"neither, and one page":                          {users: 3},
		"neither, and nobody":                            {},
		"a total, pages capped":                          {users: 33, most: 4, total: true},
		"links and no total":                             {users: 33, most: 4, link: linked(`<{here}{path}>; rel="next"`)},
		"links and total":                                {users: 33, most: 4, total: true, link: linked(`<{here}{path}>; rel="next"`)},
		"links without quotes":                           {users: 33, most: 4, link: linked(`<{here}{path}>;rel=next`)},
		"links in capitals, title first":                 {users: 33, most: 4, link: linked(`<{here}{path}>; title="a, <b>; rel=prev"; REL="last NEXT"`)},
		"links that are relative":                        {users: 33, most: 4, link: linked(`<{path}>; rel="next"`)},
		"links that are a query alone":                   {users: 33, most: 4, link: linked(`<?limit=4&offset=4>; rel="first", <{path}>; rel="next"`)},
		"links to another host, as behind a gateway":     {users: 33, most: 4, link: linked(`<http://sis.internal:8080{path}>; rel="next"`)},
		"links without a host (go-oneroster)":            {users: 33, most: 4, link: linked(`<://{path}>; rel="next"`)},
		"links to another path, as behind a gateway":     {users: 33, most: 4, link: linked(`<{here}/v1p2/users?offset=9>; rel="next"`)},
		"links whose query isn't encoded":                {users: 33, most: 4, link: linked(`<{here}{path}&filter=a>'b c'>; rel="next", <x>; rel=last`)},
		"a next link on the last page":                   {users: 30, link: always},
		"a next link on the last page, and a total":      {users: 30, total: true, link: always},
		"a total that is the length of the page":         {users: 30, before: pageLength},
		"a total that is the length of the page, linked": {users: 30, before: pageLength, link: linked(`<{here}{path}>; rel="next"`)},
		"everything at once, whatever it is asked":       {users: 33, before: everything},
		"everything at once, and fewer than were asked":  {users: 7, before: everything},
		"a total in the body":                            {users: 33, before: inBody},
		"204 where there is nobody":                      {before: status(http.StatusNoContent)},
		"500, 502 and broken answers, in turns":          {users: 33, most: 4, before: trouble()},
	} {
		t.Run(name, func(t *testing.T) {
			expect(t, start(t, p).source(t), p.users)
		})
	}
}

func always(p *provider, r *http.Request, offset, limit int) string {
	return fmt.Sprintf(`<%s%s>; rel="next"`, p.URL, address(p, r, offset+limit, limit))
}

func pageLength(w http.ResponseWriter, r *http.Request) bool {
	w.Header().Set("X-Total-Count", strconv.Itoa(max(0, min(number(r, "limit"), 30-number(r, "offset")))))
	return false
}

func everything(w http.ResponseWriter, r *http.Request) bool {
	fmt.Fprint(w, users(0, r.Context().Value(http.ServerContextKey).(*http.Server).Handler.(*provider).users))
	return true
}

func inBody(w http.ResponseWriter, r *http.Request) bool {
	from := number(r, "offset")
	fmt.Fprintf(w, `{"offset":%d,"total":33,%s`, from, users(from, min(from+10, 33))[1:])
	return true
}

func status(n int) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, _ *http.Request) bool { w.WriteHeader(n); return true }
}

func trouble() func(http.ResponseWriter, *http.Request) bool {
	n := 0
	return func(w http.ResponseWriter, r *http.Request) bool {
		n++
		switch n % 5 {
		case 1:
			w.WriteHeader(http.StatusInternalServerError)
		case 2:
			w.WriteHeader(http.StatusBadGateway)
		case 3: // shorter than it says
			w.Header().Set("Content-Length", "5000")
			fmt.Fprint(w, `{"users":[{"sourcedId":"u`)
		case 4: // ended well, and cut off
			fmt.Fprint(w, `{"users":[{"sourcedId":"u0"}`)
		default:
			return false
		}
		return true
	}
}

func TestPagesThatGoWrong(t *testing.T) {
	for name, x := range map[string]struct {
		p    *provider
		rule string
	}{
		"a page again": {&provider{users: 33, total: true, before: func(w http.ResponseWriter, r *http.Request) bool {
			if number(r, "offset") == 20 {
				w.Header().Set("X-Total-Count", "33")
				fmt.Fprint(w, users(10, 20))
				return true
			}
			return false
		}}, "page.again"},
		"round in a circle": {&provider{users: 33, link: func(p *provider, r *http.Request, offset, limit int) string {
			return fmt.Sprintf(`<%s%s>; rel="next"`, p.URL, address(p, r, (offset+limit)%30, limit))
		}}, "page.round"},
		"the same page for ever": {&provider{users: 33, link: func(p *provider, r *http.Request, _, limit int) string {
			return fmt.Sprintf(`<%s%s>; rel="next"`, p.URL, address(p, r, 0, limit))
		}}, "page.round"},
		"a link that leads on, and the same page": {&provider{users: 33, before: everything, link: always}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ids(t, start(t, x.p).source(t), sync.Reading{})
			var page *rest.PageError
			if x.rule == "" && err == nil {
				return
			}
			if !errors.As(err, &page) || page.Rule != x.rule {
				t.Errorf("%v, not %s", err, x.rule)
			}
		})
	}
}

// What came of a lost page is told by the total: it is for the sync to refuse.
func TestTellsTheTotal(t *testing.T) {
	p := start(t, &provider{users: 33, total: true, before: func(w http.ResponseWriter, r *http.Request) bool {
		if number(r, "offset") == 30 {
			w.Header().Set("X-Total-Count", "33")
			fmt.Fprint(w, `{"users":[]}`)
			return true
		}
		return false
	}})
	n, total := 0, 0
	err := p.source(t).Read(t.Context(), sync.Reading{Collection: sis.Users}, func(p sync.Page) error {
		n, total = n+len(p.Objects), p.Total
		return nil
	})
	if err != nil || n != 30 || total != 33 {
		t.Errorf("%d of %d: %v", n, total, err)
	}
}

func TestAnswersThatAreNoPages(t *testing.T) {
	for name, body := range map[string]string{
		"a page for people":      "<html><body>Log in</body></html>",
		"a failure in 200":       `{"imsx_codeMajor":"failure","imsx_severity":"error"}`,
		"a failure of 1.1":       `{"statusInfoSet":[{"imsx_codeMajor":"failure"}],"users":[]}`,
		"no list":                `{}`,
		"another list":           `{"orgs":[]}`,
		"an object for a list":   `{"users":{"sourcedId":"u0"}}`,
		"something behind it":    `{"users":[]} {"users":[]}`,
		"a text":                 `"users"`,
		"text that is not UTF-8": "{\"users\":[{\"sourcedId\":\"u\",\"givenName\":\"Jos\xe9\"}]}",
	} {
		t.Run(name, func(t *testing.T) {
			p := start(t, &provider{before: func(w http.ResponseWriter, _ *http.Request) bool { fmt.Fprint(w, body); return true }})
			_, err := ids(t, p.source(t), sync.Reading{})
			if !errors.As(err, new(*rest.AnswerError)) || len(p.waits) > 0 {
				t.Errorf("%v, after %d waits", err, len(p.waits))
			}
		})
	}
	for name, body := range map[string]string{"cut off": `{"users":[{"sourcedId":"u0"},{"sour`, "empty": ""} {
		p := start(t, &provider{before: func(w http.ResponseWriter, _ *http.Request) bool { fmt.Fprint(w, body); return true }})
		if _, err := ids(t, p.source(t), sync.Reading{}); !errors.As(err, new(*client.BrokenError)) || len(p.waits) < 2 {
			t.Errorf("%s: %v, after %d waits", name, err, len(p.waits))
		}
	}
}

func TestAnObjectThatNeverEnds(t *testing.T) {
	p := start(t, &provider{before: func(w http.ResponseWriter, _ *http.Request) bool {
		fmt.Fprint(w, `{"users":[{"sourcedId":"`)
		for range 20 {
			if _, err := w.Write([]byte(strings.Repeat("a", 1<<20))); err != nil {
				break
			}
		}
		return true
	}})
	if _, err := ids(t, p.source(t), sync.Reading{}); !errors.As(err, new(*rest.AnswerError)) {
		t.Error(err)
	}
}

// A provider that sends all it has at once doesn't have it held in memory at once.
func TestALargeAnswerComesInParts(t *testing.T) {
	p := start(t, &provider{users: 12_345, before: everything})
	var pages []sync.Page
	err := p.source(t).Read(t.Context(), sync.Reading{Collection: sis.Users}, func(p sync.Page) error {
		pages = append(pages, p)
		return nil
	})
	if err != nil || len(pages) < 3 || len(pages[0].Objects) > 5000 {
		t.Fatalf("%d pages: %v", len(pages), err)
	}
	rest, err := ids(t, p.source(t), sync.Reading{From: pages[0].Next})
	different := map[string]bool{} // it sends everything once more, when it is asked for more
	for _, id := range rest {
		different[id] = true
	}
	if err != nil || len(different) != p.users || rest[0] != "u5000" {
		t.Errorf("%d and %d: %v", len(pages[0].Objects), len(rest), err)
	}
}

func TestGoesOnAtAPlace(t *testing.T) {
	p := start(t, &provider{users: 33, most: 4, total: true})
	enough := errors.New("enough")
	next, n := "", 0
	err := p.source(t).Read(t.Context(), sync.Reading{Collection: sis.Users}, func(p sync.Page) error {
		if n += len(p.Objects); n == 12 {
			next = p.Next
			return enough
		}
		return nil
	})
	if !errors.Is(err, enough) {
		t.Fatal(err)
	}
	rest, err := ids(t, p.source(t), sync.Reading{From: next})
	if err != nil || len(rest) != 21 || rest[0] != "u12" {
		t.Errorf("%v: %v", rest, err)
	}
	for _, place := range []string{"x", "{}", `{"first":"http://elsewhere.example/users?","url":"http://elsewhere.example/users?","total":-1}`,
		strings.ReplaceAll(next, p.URL, "http://127.0.0.1:1")} {
		calls := len(p.calls)
		if _, err := ids(t, p.source(t), sync.Reading{From: place}); err == nil || len(p.calls) > calls {
			t.Errorf("%s was gone to: %v", place, err)
		}
	}
}

func TestAsksForWhatChanged(t *testing.T) {
	p := start(t, &provider{users: 3})
	since := time.Date(2026, 12, 31, 23, 30, 0, 5_999_999, time.FixedZone("", -2*60*60))
	if _, err := ids(t, p.source(t), sync.Reading{Since: since}); err != nil {
		t.Fatal(err)
	}
	want := "/ims/oneroster/rostering/v1p2/users?limit=10&offset=0&filter=dateLastModified%3E%3D%272027-01-01T01%3A30%3A00.005Z%27"
	if p.calls[0] != want {
		t.Errorf("%s\n%s", p.calls[0], want)
	}
	if got := rest.Quoted("O'Brien"); got != "'O''Brien'" {
		t.Error(got)
	}
	if got := rest.Query([]rest.Parameter{{"filter", "a='b c+d&e%'"}}); got != "filter=a%3D%27b%20c%2Bd%26e%25%27" {
		t.Error(got)
	}
}

// Who can't filter is asked for everything, among which is what changed.
func TestProviderThatCannotFilter(t *testing.T) {
	p := start(t, &provider{users: 3, before: func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Query().Has("filter") {
			w.WriteHeader(http.StatusBadRequest)
			return true
		}
		return false
	}})
	got, err := ids(t, p.source(t), sync.Reading{Since: time.Now()})
	if err != nil || len(got) != 3 {
		t.Errorf("%v: %v", got, err)
	}
}

func TestWhatIsNotGranted(t *testing.T) {
	for n, optional := range map[int]bool{403: true, 404: true, 501: true, 400: false, 401: false} {
		p := start(t, &provider{before: status(n)})
		_, err := ids(t, p.source(t), sync.Reading{Collection: sis.Demographics})
		if errors.Is(err, sync.ErrNotOffered) != optional || err == nil {
			t.Errorf("demographics, %d: %v", n, err)
		}
		_, err = ids(t, p.source(t), sync.Reading{})
		var refused *client.StatusError
		if errors.Is(err, sync.ErrNotOffered) || !errors.As(err, &refused) || refused.Status != n {
			t.Errorf("users, %d: %v", n, err)
		}
	}
	p := start(t, &provider{users: 3, grant: func(w http.ResponseWriter, r *http.Request) bool {
		if strings.Contains(r.FormValue("scope"), "demographics") || strings.Contains(r.FormValue("scope"), "core") {
			w.WriteHeader(http.StatusBadRequest)
			fmt.Fprint(w, `{"error":"invalid_scope"}`)
			return true
		}
		return false
	}})
	_, err := ids(t, p.source(t), sync.Reading{Collection: sis.Demographics})
	if !errors.Is(err, sync.ErrNotOffered) || !errors.As(err, new(*client.ScopeError)) {
		t.Error(err)
	}
	expect(t, p.source(t), 3)
	if _, err := ids(t, p.source(t), sync.Reading{Collection: "scoreScales"}); !errors.Is(err, sync.ErrNotOffered) {
		t.Errorf("of a service that has no address: %v", err)
	}
	// In the midst of a collection it is no service that isn't offered.
	p = start(t, &provider{users: 33, most: 4, before: func(w http.ResponseWriter, r *http.Request) bool {
		if number(r, "offset") > 10 {
			w.WriteHeader(http.StatusForbidden)
			return true
		}
		return false
	}})
	if _, err := ids(t, p.source(t), sync.Reading{Collection: sis.Demographics}); err == nil || errors.Is(err, sync.ErrNotOffered) {
		t.Errorf("403 on a later page: %v", err)
	}
}

func TestTokensThatEnd(t *testing.T) {
	asked := 0
	p := start(t, &provider{users: 33, most: 4, before: func(w http.ResponseWriter, r *http.Request) bool {
		if asked++; asked == 4 { // the token is over, though it was said to last
			w.WriteHeader(http.StatusUnauthorized)
			return true
		}
		return false
	}})
	expect(t, p.source(t), 33)
	if p.tokens != 2 {
		t.Errorf("%d tokens were asked for", p.tokens)
	}
	now := time.Now()
	p = start(t, &provider{users: 33, most: 4, before: func(http.ResponseWriter, *http.Request) bool { now = now.Add(20 * time.Minute); return false }})
	expect(t, p.source(t, func(c *rest.Config) { c.Now = func() time.Time { return now } }), 33)
	if p.tokens != 4 { // ten pages, three to a token of an hour
		t.Errorf("%d tokens were asked for", p.tokens)
	}
}

func TestPatience(t *testing.T) {
	busy := func(after string) func(http.ResponseWriter, *http.Request) bool {
		n := 0
		return func(w http.ResponseWriter, _ *http.Request) bool {
			if n++; n > 2 {
				return false
			}
			w.Header().Set("Retry-After", after)
			w.WriteHeader(http.StatusTooManyRequests)
			return true
		}
	}
	p := start(t, &provider{users: 3, before: busy("7")})
	expect(t, p.source(t), 3)
	if len(p.waits) != 2 || p.waits[0] < 7*time.Second || p.waits[0] > 8*time.Second {
		t.Errorf("waited %v", p.waits)
	}
	p = start(t, &provider{users: 3, before: busy("86400")})
	if _, err := ids(t, p.source(t), sync.Reading{}); !errors.As(err, new(*client.BusyError)) || len(p.waits) > 0 {
		t.Errorf("%v, after %v", err, p.waits)
	}
}

// Neither credentials nor requests reach another host.
func TestCredentialsStayWithinTheOrigin(t *testing.T) {
	var reached []string
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		reached = append(reached, r.URL.Path+" "+r.Header.Get("Authorization"))
	}))
	defer other.Close()
	there, _ := url.Parse(other.URL)
	p := start(t, &provider{users: 33, most: 4, link: linked(`<` + other.URL + `{path}>; rel="next"`)})
	expect(t, p.source(t), 33)
	p = start(t, &provider{before: func(w http.ResponseWriter, r *http.Request) bool {
		http.Redirect(w, r, other.URL+r.URL.Path, http.StatusFound)
		return true
	}})
	_, err := ids(t, p.source(t), sync.Reading{})
	var origin *client.OriginError
	if !errors.As(err, &origin) || !strings.Contains(origin.To, there.Host) {
		t.Error(err)
	}
	p = start(t, &provider{grant: func(w http.ResponseWriter, r *http.Request) bool {
		http.Redirect(w, r, other.URL+r.URL.Path, http.StatusTemporaryRedirect)
		return true
	}})
	if _, err := ids(t, p.source(t), sync.Reading{}); !errors.As(err, &origin) {
		t.Error(err)
	}
	if len(reached) > 0 {
		t.Errorf("the other host was asked: %v", reached)
	}
	// Whoever takes that manner away sends them there.
	p = start(t, &provider{users: 33, most: 4, link: linked(`<` + other.URL + `{path}>; rel="next"`)})
	_, _ = ids(t, p.source(t, func(c *rest.Config) { c.Manners.Trusts = func(_, _ *url.URL) bool { return true } }), sync.Reading{})
	if len(reached) == 0 {
		t.Error("a manner can't be taken away")
	}
	p = start(t, &provider{users: 3, before: func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.HasSuffix(r.URL.Path, "/there/users") {
			http.Redirect(w, r, strings.Replace(r.URL.String(), "/users", "/there/users", 1), http.StatusPermanentRedirect)
			return true
		}
		return false
	}})
	expect(t, p.source(t), 3)
}

func TestCertificateThatNobodyKnows(t *testing.T) {
	reached := false
	p := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached = true }))
	defer p.Close()
	p.Config.ErrorLog = nil
	s := source(t, rest.Config{Rostering: p.URL, TokenURL: p.URL + "/token", ClientID: "c", ClientSecret: "s"})
	_, err := ids(t, s, sync.Reading{})
	if !errors.As(err, new(*client.CertificateError)) || reached || !strings.Contains(err.Error(), "CA file") {
		t.Error(err)
	}
}

func TestConfigThatCannotBe(t *testing.T) {
	good := rest.Config{Rostering: "https://sis.example/r", TokenURL: "https://sis.example/token", ClientID: "c"}
	for want, change := range map[string]func(*rest.Config){
		"https://":             func(c *rest.Config) { c.Rostering = "http://sis.example/r" },
		"absolute":             func(c *rest.Config) { c.Rostering = "sis.example" },
		"credentials":          func(c *rest.Config) { c.TokenURL = "https://c:s@sis.example/token" },
		"query":                func(c *rest.Config) { c.Rostering += "?a=b" },
		"token URL is missing": func(c *rest.Config) { c.TokenURL = "" },
		"client id":            func(c *rest.Config) { c.ClientID = "" },
		"no address":           func(c *rest.Config) { c.Rostering = "" },
		"either":               func(c *rest.Config) { c.V1P1 = "https://sis.example/ims/oneroster/v1p1" },
		"signed":               func(c *rest.Config) { c.Signed = true },
		"reading the CA file":  func(c *rest.Config) { c.CAFile = "/none" },
	} {
		c := good
		change(&c)
		if _, err := rest.New(c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v says nothing of %q", err, want)
		}
	}
	if _, err := rest.New(good); err != nil {
		t.Error(err)
	}
}

func TestLeniency(t *testing.T) {
	for _, x := range []struct{ c, sent, want string }{
		{"users", `{"sourcedId":17,"status":"Active","dateLastModified":"2026-09-01T02:00:00+02:00","enabledUser":true,"grades":"09, 10",
			"middleName":null,"x":1,"roles":[{"roleType":"primary","role":"ext:coach","org":{"sourcedId":"o"}}]}`,
			`{"dateLastModified":"2026-09-01T00:00:00.000Z","enabledUser":"true","grades":["09","10"],"roles":[{"org":{"href":"","sourcedId":"o",
			"type":""},"role":"ext:coach","roleType":"primary"}],"sourcedId":"17","status":"active"}`},
		{"academicSessions", `{"sourcedId":"s","status":"inactive","schoolYear":2027,"startDate":"2026-08-17T00:00:00.000Z","endDate":"?",
			"children":{"sourcedId":"t"},"parent":"p","metadata":"none","dateLastModified":"2026-09-01"}`,
			`{"children":[{"href":"","sourcedId":"t","type":""}],"dateLastModified":"2026-09-01T00:00:00.000Z","parent":{"href":"","sourcedId":"p",
			"type":""},"schoolYear":"2027","sourcedId":"s","startDate":"2026-08-17","status":"tobedeleted"}`},
		{"results", `{"sourcedId":"r","score":"87.50","scoreDate":"2026-09-01","lineItem":{"sourceId":"l"},"student":{},"metadata":{"a":1.0}}`,
			`{"lineItem":{"href":"","sourcedId":"l","type":""},"metadata":{"a":1.0},"score":87.5,"scoreDate":"2026-09-01","sourcedId":"r",
			"status":"active"}`},
		{"orgs", `"nonsense"`, `"nonsense"`},
	} {
		p := start(t, &provider{before: func(w http.ResponseWriter, _ *http.Request) bool {
			fmt.Fprintf(w, `{%q:[%s]}`, x.c, x.sent)
			return true
		}})
		s := p.source(t, func(c *rest.Config) { c.Gradebook = c.Rostering })
		var got string
		err := s.Read(t.Context(), sync.Reading{Collection: store.Collection(x.c)}, func(p sync.Page) error {
			for _, o := range p.Objects {
				got = string(o.Body)
			}
			return nil
		})
		want := strings.NewReplacer("\n", "", "\t", "").Replace(x.want)
		if err != nil || got != want {
			t.Errorf("%v\n got %s\nwant %s", err, got, want)
		}
		if !json.Valid([]byte(got)) {
			t.Error("the body is no JSON")
		}
	}
}
