package provider

import (
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-edu/rollcall/suites/oneroster/consumer/world"
	"github.com/rollcall-edu/rollcall/suites/oneroster/service"
)

// product is a client of a provider, with a token for everything.
type product struct {
	*testing.T
	*Provider
	token string
}

// started serves the world of a seed in a way.
func started(t *testing.T, version string, b Behaviour) (product, *world.World) {
	t.Helper()
	p, err := Start(t.Context(), Options{Version: version})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	w, err := world.New(7)
	if err != nil {
		t.Fatal(err)
	}
	p.Serve(w, b)
	by := product{T: t, Provider: p}
	if b.Trouble != "token-refused" {
		by.token = by.signedIn()
	}
	return by, w
}

// askToken asks for a token with every scope that there is.
func (p product) askToken() (int, map[string]any) {
	p.Helper()
	var scopes []string
	for _, s := range p.services {
		for _, scope := range s.Scopes.All() {
			scopes = append(scopes, s.Scopes.Prefix+scope)
		}
	}
	c := p.Connection()
	form := url.Values{"grant_type": {"client_credentials"}, "scope": {strings.Join(scopes, " ")}}
	r, err := http.NewRequestWithContext(p.Context(), http.MethodPost, c.TokenURL, strings.NewReader(form.Encode()))
	if err != nil {
		p.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(url.QueryEscape(c.ClientID), url.QueryEscape(c.ClientSecret))
	a, err := http.DefaultClient.Do(r)
	if err != nil {
		p.Fatal(err)
	}
	defer a.Body.Close()
	var body map[string]any
	if err := json.NewDecoder(a.Body).Decode(&body); err != nil {
		p.Fatal(err)
	}
	return a.StatusCode, body
}

func (p product) signedIn() string {
	p.Helper()
	status, body := p.askToken()
	if status != http.StatusOK {
		p.Fatalf("no token: %d %v", status, body)
	}
	token, _ := body["access_token"].(string)
	return token
}

// answer is what came, read to its end.
type answer struct {
	*http.Response
	text []byte
	cut  error // why it can't be read to its end
}

// get makes a call below the first service; redirects aren't followed.
func (p product) get(path string, query url.Values) answer {
	p.Helper()
	return p.ask(p.origin + p.services[0].Path + path + "?" + strings.ReplaceAll(query.Encode(), "+", "%20"))
}

func (p product) ask(address string) answer {
	p.Helper()
	r, err := http.NewRequestWithContext(p.Context(), http.MethodGet, address, nil)
	if err != nil {
		p.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+p.token)
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	a, err := client.Do(r)
	if err != nil {
		p.Fatal(err)
	}
	defer a.Body.Close()
	text, cut := io.ReadAll(a.Body)
	return answer{a, text, cut}
}

// list gives the objects of an answer.
func (p product) list(a answer) (out []map[string]any) {
	p.Helper()
	var body map[string]json.RawMessage
	if a.cut != nil || a.StatusCode != http.StatusOK || json.Unmarshal(a.text, &body) != nil {
		p.Fatalf("%s, %v: %.200s", a.Status, a.cut, a.text)
	}
	for name, raw := range body {
		if name == "statusInfoSet" {
			continue
		}
		if err := json.Unmarshal(raw, &out); err != nil {
			p.Fatal(err)
		}
	}
	return out
}

// ids are the sourcedIds of objects.
func ids(list []map[string]any) []string {
	out := []string{}
	for _, o := range list {
		out = append(out, fmt.Sprint(o["sourcedId"]))
	}
	return out
}

func query(pairs ...string) url.Values {
	q := url.Values{"limit": {"10000"}}
	for i := 0; i < len(pairs); i += 2 {
		q.Set(pairs[i], pairs[i+1])
	}
	return q
}

// TestFilters: a filter leaves what it says, one that breaks the grammar is refused, and what is wrong is remembered.
func TestFilters(t *testing.T) {
	p, w := started(t, "1.2", Behaviour{})
	all := w.All("users", "1.2")
	some := all[3]
	given, family, id := some["givenName"].(string), some["familyName"].(string), some["sourcedId"].(string)
	is := func(name, value string) func(map[string]any) bool {
		return func(o map[string]any) bool { return o[name] == value }
	}
	for filter, fits := range map[string]func(map[string]any) bool{
		"sourcedId='" + id + "'":                                       is("sourcedId", id),
		"givenName = '" + given + "'":                                  is("givenName", given),
		"givenName!='" + given + "'":                                   func(o map[string]any) bool { return o["givenName"] != given },
		"givenName~'" + given[1:] + "'":                                func(o map[string]any) bool { return strings.Contains(o["givenName"].(string), given[1:]) },
		"familyName>='" + family + "'":                                 func(o map[string]any) bool { return o["familyName"].(string) >= family },
		"familyName<'" + family + "'":                                  func(o map[string]any) bool { return o["familyName"].(string) < family },
		"givenName='" + given + "' AND familyName='" + family + "'":    func(o map[string]any) bool { return o["givenName"] == given && o["familyName"] == family },
		"sourcedId='" + id + "' OR givenName='nobody'":                 is("sourcedId", id),
		"givenName='no'' one' OR givenName=' AND '":                    func(map[string]any) bool { return false },
		"dateLastModified>'2000-01-01T00:00:00.000Z'":                  func(map[string]any) bool { return true },
		"dateLastModified<'2000-01-01T00:00:00.000Z'":                  func(map[string]any) bool { return false },
		"dateLastModified='" + some["dateLastModified"].(string) + "'": is("dateLastModified", some["dateLastModified"].(string)),
		"roles.role='teacher'": func(o map[string]any) bool {
			return slices.ContainsFunc(o["roles"].([]any), func(r any) bool { return r.(map[string]any)["role"] == "teacher" })
		},
		"metadata.none='x'": func(map[string]any) bool { return false },
	} {
		want := ids(slices.DeleteFunc(slices.Clone(all), func(o map[string]any) bool { return !fits(o) }))
		mark := p.Mark()
		a := p.get("/users", query("filter", filter))
		if got := ids(p.list(a)); !slices.Equal(got, want) || a.Header.Get("X-Total-Count") != fmt.Sprint(len(want)) {
			t.Errorf("%s leaves %d of %d, and the total is %s", filter, len(got), len(want), a.Header.Get("X-Total-Count"))
		}
		if c := p.Calls(mark)[0]; len(c.Problems) > 0 || c.Total != len(want) || c.Operation != "getAllUsers" {
			t.Errorf("%s: %+v", filter, c.Problems)
		}
	}
	for filter, kind := range map[string]string{
		"givenName":              "filter",
		"givenName=Ada":          "filter",
		`givenName="Ada"`:        "filter",
		"givenName='Ada":         "filter",
		"givenName='O'Brien'":    "filter",
		"name='x'":               "filter",
		"givenName=='x'":         "filter",
		"givenName='a' and x":    "filter",
		"givenName='a' AND ":     "filter",
		"dateLastModified>'x'":   "date",
		"givenName='a'  OR a=''": "filter",
	} {
		mark := p.Mark()
		a := p.get("/users", query("filter", filter))
		c := p.Calls(mark)[0]
		if a.StatusCode != http.StatusBadRequest || !strings.Contains(string(a.text), "invalid_filter_field") {
			t.Errorf("%s is answered %s: %s", filter, a.Status, a.text)
		}
		if !slices.ContainsFunc(c.Problems, func(x Problem) bool { return x.Kind == kind }) {
			t.Errorf("%s: %+v", filter, c.Problems)
		}
	}
}

// TestOrdersAndFields: sort, orderBy and fields are as in the standard of the version.
func TestOrdersAndFields(t *testing.T) {
	for _, version := range []string{"1.1", "1.2"} {
		p, w := started(t, version, Behaviour{})
		names := func(list []map[string]any) (out []string) {
			for _, o := range list {
				out = append(out, fmt.Sprint(o["familyName"]))
			}
			return out
		}
		rising := names(p.list(p.get("/users", query("sort", "familyName"))))
		falling := names(p.list(p.get("/users", query("sort", "familyName", "orderBy", "desc"))))
		if !slices.IsSorted(rising) || len(rising) != len(w.User) {
			t.Errorf("%s: not in order", version)
		}
		slices.Reverse(falling)
		if !slices.Equal(rising, falling) {
			t.Errorf("%s: the order doesn't fall", version)
		}
		for _, o := range p.list(p.get("/users", query("fields", "sourcedId,givenName"))) {
			if members := slices.Sorted(maps.Keys(o)); !slices.Equal(members, []string{"givenName", "sourcedId"}) {
				t.Fatalf("%s: %v", version, members)
			}
		}
		for _, odd := range []url.Values{query("sort", "none"), query("fields", "none")} {
			mark := p.Mark()
			a := p.get("/users", odd)
			if version == "1.1" { // it gives all, and a warning
				if len(p.list(a)) != len(w.User) || !strings.Contains(string(a.text), "warning") {
					t.Errorf("%v: %s: %.300s", odd, a.Status, a.text)
				}
			} else if a.StatusCode != http.StatusBadRequest || len(p.Calls(mark)[0].Problems) != 1 {
				t.Errorf("%v: %s", odd, a.Status)
			}
		}
		for _, odd := range []url.Values{{"limit": {"0"}}, {"limit": {"x"}}, {"offset": {"-1"}}, {"orderBy": {"DESC"}}} {
			if a := p.get("/users", odd); a.StatusCode != http.StatusBadRequest {
				t.Errorf("%s: %v: %s", version, odd, a.Status)
			}
		}
		mark := p.Mark()
		if a := p.get("/users", query("page", "2")); a.StatusCode != http.StatusOK || len(p.Calls(mark)[0].Problems) != 1 {
			t.Errorf("%s: a parameter of one's own: %s", version, a.Status)
		}
	}
}

// TestPages: pages are as long as was asked for, their links lead through all, and a last one has no next.
func TestPages(t *testing.T) {
	p, w := started(t, "1.2", Behaviour{})
	var got []string
	for offset := 0; offset < len(w.User); offset += 30 {
		mark := p.Mark()
		a := p.get("/users", url.Values{"limit": {"30"}, "offset": {fmt.Sprint(offset)}})
		page := p.list(a)
		got = append(got, ids(page)...)
		last := offset+30 >= len(w.User)
		if link := a.Header.Get("Link"); strings.Contains(link, `rel="next"`) == last || !strings.Contains(link, `rel="first"`) {
			t.Errorf("at %d: %s", offset, link)
		}
		if c := p.Calls(mark)[0]; c.Offset != offset || c.Count != len(page) || c.Total != len(w.User) || c.Trouble != "" {
			t.Errorf("at %d: %d %d %d %s", offset, c.Offset, c.Count, c.Total, c.Trouble)
		}
	}
	if !slices.Equal(got, ids(w.All("users", "1.2"))) {
		t.Errorf("%d of %d", len(got), len(w.User))
	}
	if a := p.get("/users", url.Values{"offset": {"100000"}}); len(p.list(a)) != 0 {
		t.Error("something is behind the end")
	}
}

// TestBelow: sub-collections hold what the references of the roster say, and what is below nothing isn't there.
func TestBelow(t *testing.T) {
	p, w := started(t, "1.2", Behaviour{})
	class := w.Class[w.OpenClasses()[0]]
	of := func(list []map[string]any, fits func(map[string]any) bool) []string {
		return slices.Sorted(slices.Values(ids(slices.DeleteFunc(slices.Clone(list), func(o map[string]any) bool { return !fits(o) }))))
	}
	seats := map[string][]string{}
	for _, e := range w.Enrollment {
		if e.Class == class.SourcedID && e.Status != "tobedeleted" && !slices.Contains(seats[e.Role], e.User) {
			seats[e.Role] = append(seats[e.Role], e.User)
		}
	}
	some := seats["student"][0]
	for path, want := range map[string][]string{
		"/classes/" + class.SourcedID + "/students":                                 slices.Sorted(slices.Values(seats["student"])),
		"/classes/" + class.SourcedID + "/teachers":                                 slices.Sorted(slices.Values(seats["teacher"])),
		"/schools/" + class.School + "/classes/" + class.SourcedID + "/students":    slices.Sorted(slices.Values(seats["student"])),
		"/schools/" + class.School + "/classes":                                     of(w.All("classes", "1.2"), func(o map[string]any) bool { return refID(o["school"]) == class.School }),
		"/schools/" + class.School + "/enrollments":                                 of(w.All("enrollments", "1.2"), func(o map[string]any) bool { return refID(o["school"]) == class.School }),
		"/courses/" + class.Course + "/classes":                                     of(w.All("classes", "1.2"), func(o map[string]any) bool { return refID(o["course"]) == class.Course }),
		"/terms/" + class.Terms[0] + "/classes":                                     of(w.All("classes", "1.2"), func(o map[string]any) bool { return slices.Contains(refIDs(o["terms"]), class.Terms[0]) }),
		"/students/" + some + "/classes":                                            nil,
		"/schools/" + class.School + "/classes/" + class.SourcedID + "/enrollments": of(w.All("enrollments", "1.2"), func(o map[string]any) bool { return refID(o["class"]) == class.SourcedID }),
		"/schools": of(w.All("orgs", "1.2"), func(o map[string]any) bool { return o["type"] == "school" }),
	} {
		got := slices.Sorted(slices.Values(ids(p.list(p.get(path, query())))))
		if want == nil {
			if !slices.Contains(got, class.SourcedID) {
				t.Errorf("%s: %v, without %s", path, got, class.SourcedID)
			}
			continue
		}
		if len(want) == 0 || !slices.Equal(got, want) {
			t.Errorf("%s: %d, not %d", path, len(got), len(want))
		}
	}
	for path, status := range map[string]int{
		"/orgs/" + class.School:                   http.StatusOK,
		"/orgs/none":                              http.StatusNotFound,
		"/schools/none/classes":                   http.StatusNotFound,
		"/classes/none/students":                  http.StatusNotFound,
		"/students/" + seats["teacher"][0]:        http.StatusNotFound,
		"/users/" + seats["teacher"][0]:           http.StatusOK,
		"/people":                                 http.StatusNotFound,
		"/schools/" + class.School + "/none":      http.StatusNotFound,
		"/terms/" + class.School + "/classes":     http.StatusNotFound,
		"/classes/" + class.SourcedID + "/people": http.StatusNotFound,
	} {
		if a := p.get(path, nil); a.StatusCode != status {
			t.Errorf("%s: %s", path, a.Status)
		}
	}
}

// TestLegalBehaviours: what any provider may do changes how the roster is told, and not what it is.
func TestLegalBehaviours(t *testing.T) {
	page := url.Values{"limit": {"50"}, "offset": {"50"}}
	for name, test := range map[string]struct {
		b     Behaviour
		holds func(a answer, list []map[string]any) bool
	}{
		"plain":    {Behaviour{}, func(a answer, list []map[string]any) bool { return len(list) == 50 && a.Header.Get("Link") != "" }},
		"cap":      {Behaviour{Cap: 20}, func(_ answer, list []map[string]any) bool { return len(list) == 20 }},
		"no links": {Behaviour{NoLinks: true}, func(a answer, _ []map[string]any) bool { return a.Header.Get("Link") == "" }},
		"no totals": {Behaviour{NoTotals: true}, func(a answer, _ []map[string]any) bool {
			return a.Header.Get("X-Total-Count") == "" && a.Header.Get("Link") != ""
		}},
		"unquoted": {Behaviour{Links: "unquoted"}, func(a answer, _ []map[string]any) bool {
			return strings.Contains(a.Header.Get("Link"), "REL=next") && !strings.Contains(a.Header.Get("Link"), `"`)
		}},
		"several": {Behaviour{Links: "several"}, func(a answer, _ []map[string]any) bool {
			v := a.Header.Values("Link")
			return len(v) == 2 && !strings.Contains(v[0], `rel="next"`) && strings.Count(v[1], "<") == 2
		}},
		"relative": {Behaviour{Links: "relative"}, func(a answer, _ []map[string]any) bool {
			return strings.Contains(a.Header.Get("Link"), "<?limit=50&offset=100>")
		}},
		"offset": {Behaviour{Dates: "offset"}, func(_ answer, list []map[string]any) bool {
			return strings.HasSuffix(list[0]["dateLastModified"].(string), "+02:00")
		}},
		"zero": {Behaviour{Dates: "zero"}, func(_ answer, list []map[string]any) bool {
			return strings.HasSuffix(list[0]["dateLastModified"].(string), "+00:00")
		}},
		"whole": {Behaviour{Dates: "whole"}, func(_ answer, list []map[string]any) bool {
			_, err := time.Parse("2006-01-02T15:04:05Z", list[0]["dateLastModified"].(string))
			return err == nil && !strings.Contains(list[0]["dateLastModified"].(string), ".")
		}},
		"minimal": {Behaviour{Minimal: true}, func(_ answer, list []map[string]any) bool {
			return list[0]["email"] == nil && list[0]["grades"] == nil && list[0]["givenName"] != nil && list[0]["roles"] != nil
		}},
		"unknown":  {Behaviour{Unknown: true}, func(_ answer, list []map[string]any) bool { return list[0]["vendorExtension"] != nil }},
		"reversed": {Behaviour{Reversed: true}, func(_ answer, list []map[string]any) bool { return len(list) == 50 }},
		"chunked": {Behaviour{Chunked: true}, func(a answer, list []map[string]any) bool {
			return a.ContentLength < 0 && a.Uncompressed && len(list) == 50
		}},
	} {
		t.Run(name, func(t *testing.T) {
			p, w := started(t, "1.2", test.b)
			a := p.get("/users", page)
			if list := p.list(a); !test.holds(a, list) {
				t.Errorf("%v: %v", a.Header, list[0])
			}
			var got []string
			for len(got) < len(w.User) {
				more := ids(p.list(p.get("/users", url.Values{"limit": {"50"}, "offset": {fmt.Sprint(len(got))}})))
				if len(more) == 0 {
					break
				}
				got = append(got, more...)
			}
			want := ids(w.All("users", "1.2"))
			if test.b.Reversed {
				slices.Reverse(want)
			}
			if !slices.Equal(got, want) {
				t.Errorf("%d of %d came", len(got), len(want))
			}
		})
	}
}

// TestTroubles: what goes wrong does so at the call it is meant for, as often as is said, and is remembered.
func TestTroubles(t *testing.T) {
	page := func(n int) url.Values { return url.Values{"limit": {"30"}, "offset": {fmt.Sprint(30 * n)}} }
	for trouble, test := range map[string]struct {
		b     Behaviour
		holds func(p product, w *world.World, a answer) bool
	}{
		"empty": {Behaviour{}, func(p product, _ *world.World, a answer) bool {
			return len(p.list(a)) == 0 && a.Header.Get("X-Total-Count") == "0" && !strings.Contains(a.Header.Get("Link"), "next")
		}},
		"lost-page": {Behaviour{}, func(p product, w *world.World, a answer) bool {
			return len(p.list(a)) == 0 && a.Header.Get("X-Total-Count") == fmt.Sprint(len(w.User))
		}},
		"twice": {Behaviour{}, func(p product, w *world.World, a answer) bool {
			return slices.Equal(ids(p.list(a)), ids(w.All("users", "1.2"))[:30])
		}},
		"error": {Behaviour{}, func(_ product, _ *world.World, a answer) bool { return a.StatusCode == http.StatusInternalServerError }},
		"busy": {Behaviour{Wait: 3}, func(_ product, _ *world.World, a answer) bool {
			return a.StatusCode == http.StatusTooManyRequests && a.Header.Get("Retry-After") == "3"
		}},
		"truncated": {Behaviour{}, func(_ product, _ *world.World, a answer) bool { return a.cut != nil && !json.Valid(a.text) }},
		"slow":      {Behaviour{Delay: time.Millisecond}, func(p product, _ *world.World, a answer) bool { return len(p.list(a)) == 30 }},
		"redirect": {Behaviour{}, func(p product, _ *world.World, a answer) bool {
			to, err := a.Location()
			return err == nil && a.StatusCode == http.StatusTemporaryRedirect && to.Hostname() == "localhost" && to.String() != p.origin
		}},
	} {
		t.Run(trouble, func(t *testing.T) {
			b := test.b
			b.Trouble, b.On, b.After, b.Times = trouble, "users", 1, 1
			p, w := started(t, "1.2", b)
			mark := p.Mark()
			if len(p.list(p.get("/orgs", page(0)))) == 0 || len(p.list(p.get("/users", page(0)))) != 30 {
				t.Error("it happens too early")
			}
			if a := p.get("/users", page(1)); !test.holds(p, w, a) {
				t.Errorf("%s %v: %.200s", a.Status, a.Header, a.text)
			}
			if len(p.list(p.get("/users", page(1)))) != 30 {
				t.Error("it happens again")
			}
			var had []string
			for _, c := range p.Calls(mark) {
				had = append(had, c.Trouble)
			}
			if want := []string{"", "", trouble, ""}; !slices.Equal(had, want) {
				t.Errorf("remembered as %q", had)
			}
			p.Serve(w, Behaviour{})
			if len(p.list(p.get("/users", query()))) != len(w.User) {
				t.Error("a sound provider isn't sound")
			}
		})
	}
}

// TestTokens: tokens are refused, end, and open what they are for.
func TestTokens(t *testing.T) {
	p, w := started(t, "1.2", Behaviour{Trouble: "token-refused"})
	if status, body := p.askToken(); status != http.StatusUnauthorized || body["error"] != "invalid_client" {
		t.Errorf("%d %v", status, body)
	}
	p.Serve(w, Behaviour{})
	p.token = p.signedIn()
	p.Serve(w, Behaviour{Trouble: "token-refused"})
	mark := p.Mark()
	if a := p.get("/orgs", nil); a.StatusCode != http.StatusUnauthorized || p.Calls(mark)[0].Trouble != "token-refused" {
		t.Errorf("a token from before is good still: %s", a.Status)
	}
	p.Serve(w, Behaviour{Trouble: "token-ended", After: 2, Times: 1}) // the one from before is good again, for two calls
	for i, want := range []int{http.StatusOK, http.StatusOK, http.StatusUnauthorized, http.StatusUnauthorized} {
		mark := p.Mark()
		if a := p.get("/orgs", nil); a.StatusCode != want || (p.Calls(mark)[0].Trouble == "token-ended") != (want == http.StatusUnauthorized) {
			t.Errorf("call %d: %s", i, a.Status)
		}
	}
	p.token = p.signedIn() // the next one is good
	for range 4 {
		p.list(p.get("/orgs", nil))
	}
	p.Serve(w, Behaviour{Trouble: "token-stale", After: 1, Times: 2, Every: 2})
	for i, want := range []int{http.StatusOK, http.StatusUnauthorized, http.StatusOK, http.StatusUnauthorized, http.StatusOK, http.StatusOK} {
		a := p.get("/orgs", nil)
		if a.StatusCode != want || want != http.StatusOK && !strings.Contains(a.Header.Get("WWW-Authenticate"), `error="invalid_token"`) {
			t.Errorf("call %d: %s %v", i, a.Status, a.Header)
		}
		if want != http.StatusOK {
			p.token = p.signedIn()
		}
	}
	p.Serve(w, Behaviour{Trouble: "scopes-partly"})
	if a := p.get("/orgs", nil); a.StatusCode != http.StatusUnauthorized {
		t.Errorf("a token from before is good still: %s", a.Status)
	}
	p.token = p.signedIn()
	if a := p.get("/orgs", nil); a.StatusCode != http.StatusForbidden {
		t.Errorf("%s", a.Status)
	}
	p.Serve(w, Behaviour{})
	if a := p.get("/orgs", nil); a.StatusCode != http.StatusUnauthorized {
		t.Errorf("a token with too few scopes is good still: %s", a.Status)
	}
	p.token = ""
	mark = p.Mark()
	if a := p.get("/orgs", nil); a.StatusCode != http.StatusUnauthorized || a.Header.Get("WWW-Authenticate") == "" ||
		len(p.Calls(mark)[0].Problems) != 1 {
		t.Errorf("without a token: %s", a.Status)
	}
}

// TestElsewhere: who follows a redirect to another host is remembered with what it sent, and gets somebody whom the
// provider doesn't have.
func TestElsewhere(t *testing.T) {
	p, _ := started(t, "1.2", Behaviour{Trouble: "redirect", On: "users"})
	to, err := p.get("/users", nil).Location()
	if err != nil {
		t.Fatal(err)
	}
	mark := p.Mark()
	if list := p.list(p.ask(to.String())); len(list) != 1 || list[0]["sourcedId"] != Impostor {
		t.Errorf("%v", list)
	}
	if c := p.Calls(mark); len(c) != 1 || c[0].Trouble != "elsewhere" || c[0].Header.Get("Authorization") == "" {
		t.Errorf("%+v", c)
	}
}

// TestUntrusted: the same provider is there by a certificate that nobody has to trust.
func TestUntrusted(t *testing.T) {
	p, _ := started(t, "1.2", Behaviour{})
	address := p.Untrusted().Rostering + "/orgs"
	if a, err := http.Get(address); err == nil {
		_ = a.Body.Close()
		t.Error("its certificate is trusted")
	}
	careless := http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	a, err := careless.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	_ = a.Body.Close()
	if c := p.Calls(0); a.StatusCode != http.StatusUnauthorized || !strings.HasPrefix(c[len(c)-1].URL, p.trust.URL) {
		t.Errorf("%s %s", a.Status, c[len(c)-1].URL)
	}
}

// FuzzFilters: no filter is too much, a value stands for itself however it is quoted, and what is left is part of what
// there was.
func FuzzFilters(f *testing.F) {
	for _, seed := range []string{"O'Brien", "", "'", "''", " AND ", "' OR '", "a=b", "%", "ü", "\x00"} {
		f.Add("givenName='"+strings.ReplaceAll(seed, "'", "''")+"'", seed)
	}
	f.Add("status='active' AND dateLastModified>='2026-09-01' OR roles.role!='x'", "a")
	kind := service.Rostering().Kinds["user"]
	f.Fuzz(func(t *testing.T, filter, value string) {
		list := []map[string]any{{"givenName": value, "status": "active"}, {"givenName": value + "x"}, {}}
		if s, why := parse(filter, kind); why == "" {
			if left := s.left(list); len(left) > len(list) {
				t.Errorf("%q leaves more than there was", filter)
			}
		} else if s != nil {
			t.Errorf("%q is refused, and read", filter)
		}
		s, why := parse("givenName='"+strings.ReplaceAll(value, "'", "''")+"'", kind)
		if why != "" {
			t.Fatalf("%q: %s", value, why)
		}
		if left := s.left(list); len(left) != 1 || left[0]["givenName"] != value {
			t.Errorf("%q leaves %v", value, left)
		}
	})
}
