package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// far is a platform that answers as a test says, and notes what it is asked.
type far struct {
	*httptest.Server
	mu     sync.Mutex
	asked  []string // method, path and query of services
	tokens []url.Values
	bodies []string
	good   map[string]bool // tokens
	answer func(w http.ResponseWriter, r *http.Request, n int)
}

func newFar(t *testing.T, answer func(w http.ResponseWriter, r *http.Request, n int)) (*far, *Client, Platform) {
	t.Helper()
	f := &far{answer: answer, good: map[string]bool{}}
	f.Server = httptest.NewServer(http.HandlerFunc(f.serve))
	t.Cleanup(f.Close)
	n := 0
	c := New(Config{HTTP: f.Client(), Now: time.Now, Sign: func(claims any) (string, error) {
		b, err := json.Marshal(claims)
		return string(b), err
	}, Random: func() string { n++; return strconv.Itoa(n) }, Wait: func(context.Context, time.Duration) error { return nil }})
	return f, c, Platform{Issuer: "https://p.example", ClientID: "c", TokenURL: f.URL + "/token"}
}

func (f *far) serve(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if r.URL.Path == "/token" {
		_ = r.ParseForm()
		f.tokens = append(f.tokens, r.PostForm)
		value := fmt.Sprintf("t%d", len(f.tokens))
		f.good[value] = true
		w.WriteHeader(http.StatusCreated)
		fmt.Fprintf(w, `{"access_token":%q,"token_type":"bearer","expires_in":3600}`, value)
		return
	}
	body, _ := io.ReadAll(r.Body)
	f.asked, f.bodies = append(f.asked, r.Method+" "+r.URL.RequestURI()), append(f.bodies, string(body))
	if !f.good[strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")] {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	f.answer(w, r, len(f.asked))
}

func TestRoster(t *testing.T) {
	for name, test := range map[string]struct {
		links  []string // of each page; its last one stays
		bodies []string
		want   int // members; 0: an error
		pages  int
	}{
		"one page":         {[]string{""}, []string{`{"members":[{"user_id":"a"}]}`}, 1, 1},
		"three pages":      {[]string{`</m?p=2&course=1>; rel=next`, `</d>; rel="differences", </m?p=3>; title="a, b"; REL="prefetch next"`, `</d>; rel=differences`}, []string{`{"members":[{"user_id":"a"}]}`}, 3, 3},
		"nobody":           {[]string{""}, []string{`{"members":[]}`}, -1, 1},
		"no members":       {[]string{""}, []string{`{}`}, 0, 1},
		"null":             {[]string{""}, []string{`{"members":null}`}, 0, 1},
		"leads to itself":  {[]string{`</m?course=1>; rel="next"`}, []string{`{"members":[]}`}, 0, 1},
		"leads in a ring":  {[]string{`</m?p=2>; rel="next"`, `</m?course=1>; rel="next"`}, []string{`{"members":[]}`}, 0, 2},
		"leads away":       {[]string{`<https://elsewhere.example/m>; rel="next"`}, []string{`{"members":[]}`}, 0, 1},
		"second is broken": {[]string{`</m?p=2>; rel="next"`, ``}, []string{`{"members":[{"user_id":"a"}]}`, `{"mem`}, 0, 2},
	} {
		t.Run(name, func(t *testing.T) {
			at := func(list []string, n int) string { return list[min(n, len(list))-1] }
			f, c, p := newFar(t, func(w http.ResponseWriter, r *http.Request, n int) {
				if r.Header.Get("Accept") != mediaMembers {
					t.Errorf("Accept: %s", r.Header.Get("Accept"))
				}
				if l := at(test.links, n); l != "" {
					w.Header().Set("Link", l)
				}
				_, _ = io.WriteString(w, at(test.bodies, n))
			})
			got, err := c.Members(t.Context(), p, f.URL+"/m?course=1")
			if (err == nil) != (test.want != 0) || err != nil && !errors.Is(err, ErrRoster) || err == nil && len(got.Members) != max(test.want, 0) {
				t.Errorf("%v, %v", got, err)
			}
			if len(f.asked) != test.pages || len(f.tokens) != 1 {
				t.Errorf("%v with %d tokens", f.asked, len(f.tokens))
			}
		})
	}
}

// A token that isn't taken is dropped, and the request made once more with another; a second
// refusal is the answer.
func TestUnauthorized(t *testing.T) {
	f, c, p := newFar(t, func(w http.ResponseWriter, _ *http.Request, _ int) { _, _ = io.WriteString(w, `{"members":[]}`) })
	for range 2 {
		if _, err := c.Members(t.Context(), p, f.URL+"/m"); err != nil {
			t.Fatal(err)
		}
	}
	if len(f.tokens) != 1 {
		t.Errorf("%d tokens for two calls", len(f.tokens))
	}
	clear(f.good)
	if _, err := c.Members(t.Context(), p, f.URL+"/m"); err != nil || len(f.tokens) != 2 || len(f.asked) != 4 {
		t.Errorf("%v, %d tokens, %v", err, len(f.tokens), f.asked)
	}
	f.answer = func(w http.ResponseWriter, _ *http.Request, _ int) { w.WriteHeader(http.StatusUnauthorized) }
	var refused *StatusError
	if _, err := c.Members(t.Context(), p, f.URL+"/m"); !errors.As(err, &refused) || refused.Status != http.StatusUnauthorized || len(f.asked) != 6 {
		t.Errorf("%v, %v", err, f.asked)
	}
	jtis := map[string]bool{}
	for _, form := range f.tokens {
		var claims map[string]any
		if err := json.Unmarshal([]byte(form.Get("client_assertion")), &claims); err != nil {
			t.Fatal(err)
		}
		jtis[fmt.Sprint(claims["jti"])] = true
		if claims["aud"] != p.TokenURL || claims["iss"] != "c" || claims["sub"] != "c" || claims["exp"].(float64)-claims["iat"].(float64) != 60 {
			t.Errorf("%v", claims)
		}
	}
	if len(jtis) != len(f.tokens) {
		t.Errorf("%d ids for %d assertions", len(jtis), len(f.tokens))
	}
}

func TestScores(t *testing.T) {
	e := Endpoint{Scope: []string{ScopeScore}}
	zero, ten := 0.0, 10.0
	s := Score{UserID: "u", Activity: "Completed", Grading: "FullyGraded", At: time.Unix(1, 5e6), Given: &zero, Maximum: &ten}
	for name, test := range map[string]struct {
		statuses []int // one answer after the other; the last one stays. 0 breaks off
		posts    int
		want     error
		fails    bool
	}{
		"200":         {[]int{200}, 1, nil, false},
		"201":         {[]int{201}, 1, nil, false},
		"202":         {[]int{202}, 1, nil, false},
		"204":         {[]int{204}, 1, nil, false},
		"busy":        {[]int{503, 429, 200}, 3, nil, false},
		"always busy": {[]int{503}, 4, nil, true},
		"lost":        {[]int{0, 204}, 2, nil, false},
		"came twice":  {[]int{0, 409}, 2, ErrSuperseded, true},
		"superseded":  {[]int{409}, 1, ErrSuperseded, true},
		"refused":     {[]int{400}, 1, nil, true},
	} {
		t.Run(name, func(t *testing.T) {
			f, c, p := newFar(t, func(w http.ResponseWriter, _ *http.Request, n int) {
				status := test.statuses[min(n, len(test.statuses))-1]
				if status == 0 {
					panic(http.ErrAbortHandler)
				}
				w.WriteHeader(status)
			})
			err := c.Post(t.Context(), p, e, f.URL+"/items/7?type_id=3", s)
			if (err != nil) != test.fails || test.want != nil && !errors.Is(err, test.want) || len(f.asked) != test.posts {
				t.Errorf("%v after %v", err, f.asked)
			}
			for i, asked := range f.asked {
				if asked != "POST /items/7/scores?type_id=3" || !strings.Contains(f.bodies[i], `"scoreGiven":0,`) ||
					!strings.Contains(f.bodies[i], `"timestamp":"1970-01-01T00:00:01.005Z"`) {
					t.Errorf("%s: %s", asked, f.bodies[i])
				}
			}
		})
	}
	_, c, p := newFar(t, nil)
	if err := c.Post(t.Context(), p, Endpoint{Scope: []string{ScopeResults}}, "http://x.example/1", s); !errors.Is(err, ErrNotOffered) {
		t.Errorf("a score that isn't offered: %v", err)
	}
}

// Each set of scopes has a token of its own.
func TestScopes(t *testing.T) {
	f, c, p := newFar(t, func(w http.ResponseWriter, r *http.Request, _ int) {
		switch {
		case strings.HasPrefix(r.URL.Path, "/m"):
			_, _ = io.WriteString(w, `{"members":[]}`)
		case r.Method == http.MethodGet && r.URL.Query().Has("p"):
			_, _ = io.WriteString(w, `[{"id":"/items/2","resourceId":"r","scoreMaximum":1,"label":"x"}]`)
		case r.Method == http.MethodGet:
			w.Header().Set("Link", `<`+r.URL.Path+`?p=2>; rel="next"`)
			_, _ = io.WriteString(w, `[{"id":"/items/1","resourceId":"other","scoreMaximum":1,"label":"x"}]`)
		default:
			w.WriteHeader(http.StatusCreated)
			_, _ = io.WriteString(w, `{"id":"/items/3","resourceId":"r","scoreMaximum":1,"label":"x"}`)
		}
	})
	e := Endpoint{Scope: []string{ScopeLineItemsRead, ScopeLineItem}, LineItems: f.URL + "/items?course=1"}
	if _, err := c.Members(t.Context(), p, f.URL+"/m"); err != nil {
		t.Error(err)
	}
	if items, err := c.LineItems(t.Context(), p, e, "r"); err != nil || len(items) != 1 || items[0].ID != "/items/2" {
		t.Errorf("%v, %v", items, err)
	}
	if made, err := c.MakeLineItem(t.Context(), p, e, LineItem{Label: "x", Maximum: 1}); err != nil || made.ID != "/items/3" {
		t.Errorf("%v, %v", made, err)
	}
	scopes := []string{}
	for _, form := range f.tokens {
		scopes = append(scopes, form.Get("scope"))
	}
	if !slices.Equal(scopes, []string{ScopeMembers, ScopeLineItem}) {
		t.Errorf("%v", scopes)
	}
	if f.asked[1] != "GET /items?course=1&resource_id=r" {
		t.Errorf("%v", f.asked)
	}
}

func TestLinks(t *testing.T) {
	for text, want := range map[string]string{
		`<b>; rel=next`: "http://a.example/b", `<b>;rel="next"`: "http://a.example/b", `<b> ; title="x, <c>; rel=last" ; rel = "next"`: "http://a.example/b",
		`<b>; rel=prev, <c>; rel=NEXT`: "http://a.example/c", `<b>; rel="next"; anchor="#x"`: "", `<b>; rel=nextpage`: "", `<b>; rel=prev; rel=next`: "",
		`b; rel=next`: "", `<b; rel=next`: "", `<?p=2>; rel="next"; title="a\"b"`: "http://a.example/x?p=2", ``: "", `<b>; rel`: "",
	} {
		if got := related(Links("http://a.example/x", http.Header{"Link": {text}}), "next"); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}

// Results are those of one learner, below the path of the line item.
func TestResults(t *testing.T) {
	f, c, p := newFar(t, func(w http.ResponseWriter, _ *http.Request, _ int) {
		_, _ = io.WriteString(w, `[{"id":"/r/1","userId":"u","resultScore":0,"resultMaximum":10},{"id":"/r/2","userId":"another"}]`)
	})
	e := Endpoint{Scope: []string{ScopeResults}}
	list, err := c.Results(t.Context(), p, e, f.URL+"/items/7?type_id=3", "u")
	if err != nil || len(list) != 1 || list[0].Score == nil || *list[0].Score != 0 || f.asked[0] != "GET /items/7/results?type_id=3&user_id=u" {
		t.Errorf("%v, %v, %v", list, err, f.asked)
	}
	if _, err := c.Results(t.Context(), p, Endpoint{}, f.URL, "u"); !errors.Is(err, ErrNotOffered) {
		t.Errorf("results that aren't offered: %v", err)
	}
}
