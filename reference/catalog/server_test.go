package catalog

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rollcall-edu/rollcall/fixtures/framework"
	"github.com/rollcall-edu/rollcall/fixtures/library"
	"github.com/rollcall-edu/rollcall/reference/catalog/shelf"
	"github.com/rollcall-edu/rollcall/reference/security"
)

// served is a catalogue that answers over HTTP, and a token for it.
type served struct {
	*httptest.Server
	base, token string
}

const (
	toolOrigin = "https://tool.example.org"
	caseURL    = "https://case.example.org/ims/case/v1p1"
)

// serve has a library of so many resources on a shelf in a database.
func serve(t testing.TB, dsn string, items int, change func(*Config)) served {
	t.Helper()
	s, err := shelf.Open(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	content, err := library.New(items, library.DefaultSeed)
	if err != nil {
		t.Fatal(err)
	}
	places := Places{Catalog: "https://catalog.example.org", Tool: toolOrigin, CASE: caseURL}
	if err := Seed(t.Context(), s, content, places); err != nil {
		t.Fatal(err)
	}
	c := Config{Shelf: s, Subjects: content.Subjects(), Clients: []security.Client{
		{ID: "me", Secret: "mine", Scopes: []string{Scope}}, {ID: "other", Secret: "theirs"},
	}}
	if change != nil {
		change(&c)
	}
	server, err := New(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	out := served{Server: httptest.NewServer(server.Handler())}
	t.Cleanup(out.Close)
	out.base = out.URL + server.config.BasePath
	out.token = out.tokenOf(t, "me", "mine")
	return out
}

func (s served) tokenOf(t testing.TB, id, secret string) string {
	t.Helper()
	r, err := http.PostForm(s.URL+tokenPath, url.Values{"grant_type": {"client_credentials"}, "client_id": {id}, "client_secret": {secret}})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	var got struct {
		Token string `json:"access_token"`
	}
	if err := json.NewDecoder(r.Body).Decode(&got); err != nil || got.Token == "" {
		t.Fatalf("%s: %v", r.Status, err)
	}
	return got.Token
}

func (s served) get(t testing.TB, address string) (*http.Response, []byte) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+s.token)
	r, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return r, body
}

// page is an answer with resources.
type page struct {
	Resources []map[string]any
	CodeMajor string `json:"imsx_codeMajor"`
	Severity  string `json:"imsx_severity"`
	total     int
	links     string
}

func (s served) search(t testing.TB, query string) page {
	t.Helper()
	r, body := s.get(t, s.base+"/resources?"+query)
	var p page
	if r.StatusCode != http.StatusOK || json.Unmarshal(body, &p) != nil {
		t.Fatalf("%s is answered with %s: %s", query, r.Status, body)
	}
	var err error
	if p.total, err = strconv.Atoi(r.Header.Get("X-Total-Count")); err != nil {
		t.Fatal(err)
	}
	p.links = r.Header.Get("Link")
	return p
}

func filter(text string) string { return "filter=" + url.QueryEscape(text) }

// What can't be answered is refused with the status and the code that the standard has for it.
func TestRefusals(t *testing.T) {
	s := serve(t, "", 30, nil)
	for query, wrong := range map[string]string{
		"limit=0": "between 1 and 100", "limit=101": "between 1 and 100", "limit=-1": "between", "limit=": "no value", "limit=ten": "whole number",
		"limit=1.5": "whole number", "limit=99999999999999": "between", "offset=-1": "not below 0", "offset=x": "whole number", "offset=": "no value",
		"limit=1&limit=2": "stands twice", "orderBy=up": "asc or desc", "orderBy=": "no value", "sort=": "no value", "fields=": "no value",
		"fields=name,": "empty", "fields=,": "empty", "filter=": "no value", "filter=%zz": "can't be read", "filter=%ff": "UTF-8",
		filter("name"): "can't be read",
		filter("name='x' AND name='y' AND name='z'"): "at most 1",
		filter("(name='x')"):                         "can't be read",
		filter("colour='x'"):                         `no field "colour"`,
		filter("ltiLink='x'"):                        "no field",
		filter("textComplexity='x'"):                 "no field",
		filter("relevance>'0'"):                      "no field",
		filter("Name='x'"):                           "no field",
		filter("search='x'"):                         "search~",
		filter("search~'--'"):                        "search~",
		filter("rating='good'"):                      "a number",
		filter("publishDate>'2024'"):                 "a date",
		filter("timeRequired<'45 minutes'"):          "a duration",
		filter("typicalAgeRange='old'"):              "a span of ages",
		filter("name='x' OR rating='" + strings.Repeat("9", 400) + "'"): "a number",
	} {
		r, body := s.get(t, s.base+"/resources?"+query)
		var got statusInfo
		if err := json.Unmarshal(body, &got); err != nil {
			t.Fatalf("%s: %v in %s", query, err, body)
		}
		if r.StatusCode != http.StatusBadRequest || got.CodeMajor != "failure" || got.Severity != "error" || got.CodeMinor == nil ||
			got.CodeMinor.Fields[0].Value != "invalidqueryparameter" || !strings.Contains(got.Description, wrong) {
			t.Errorf("%s: %s, %+v; want %q", query, r.Status, got, wrong)
		}
		if r.Header.Get("X-Total-Count")+r.Header.Get("Link") != "" {
			t.Errorf("%s: a failure has paging", query)
		}
	}
}

// Whoever has no good token isn't answered, whatever is asked.
func TestTokens(t *testing.T) {
	s := serve(t, "", 1, nil)
	other := s.tokenOf(t, "other", "theirs")
	for _, path := range []string{"/resources", "/subjects", "/resources?limit=0"} {
		for header, want := range map[string]struct {
			status           int
			minor, challenge string
		}{
			"":                {401, "unauthorisedrequest", `Bearer realm="Resource Search"`},
			"Bearer x":        {401, "unauthorisedrequest", `error="invalid_token"`},
			"Basic bWU6bWU=":  {401, "unauthorisedrequest", `error="invalid_token"`},
			"Bearer " + other: {403, "forbidden", `error="insufficient_scope"`},
		} {
			request, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, s.base+path, nil)
			if header != "" {
				request.Header.Set("Authorization", header)
			}
			r, err := http.DefaultClient.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			var got statusInfo
			err = json.NewDecoder(r.Body).Decode(&got)
			r.Body.Close()
			if err != nil || r.StatusCode != want.status || got.CodeMinor.Fields[0].Value != want.minor ||
				!strings.Contains(r.Header.Get("WWW-Authenticate"), want.challenge) {
				t.Errorf("%s with %q: %s, %+v, %s", path, header, r.Status, got, r.Header.Get("WWW-Authenticate"))
			}
		}
	}
}

func TestMethodsAndPaths(t *testing.T) {
	s := serve(t, "", 3, func(c *Config) { c.BasePath = "/lor/ims/rs/v1p0" })
	ask := func(method, path string) (*http.Response, statusInfo) {
		request, _ := http.NewRequestWithContext(t.Context(), method, s.URL+path, nil)
		request.Header.Set("Authorization", "bearer "+s.token)
		r, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Body.Close()
		var got statusInfo
		_ = json.NewDecoder(r.Body).Decode(&got) // some have no body
		return r, got
	}
	for _, c := range []struct {
		method, path string
		status       int
		major        string
	}{
		{"GET", "/lor/ims/rs/v1p0/resources", 200, ""}, {"HEAD", "/lor/ims/rs/v1p0/resources", 200, ""},
		{"OPTIONS", "/lor/ims/rs/v1p0/subjects", 204, ""}, {"POST", "/lor/ims/rs/v1p0/resources", 405, "unsupported"},
		{"DELETE", "/lor/ims/rs/v1p0/subjects", 405, "unsupported"}, {"GET", "/ims/rs/v1p0/resources", 404, "unsupported"},
		{"GET", "/lor/ims/rs/v1p0/resources/1", 404, "unsupported"}, {"GET", "/lor/ims/rs/v1p0/", 404, "unsupported"},
		{"GET", itemsPath + "res-000002", 200, ""}, {"GET", itemsPath + "<script>", 404, ""}, {"GET", thumbnailsPath + "res-000002", 200, ""},
		{"GET", thumbnailsPath + "x", 404, ""},
	} {
		r, got := ask(c.method, c.path)
		if r.StatusCode != c.status || got.CodeMajor != c.major || (c.status == 405) != (r.Header.Get("Allow") != "" && c.status != 204) {
			t.Errorf("%s %s: %s, %+v", c.method, c.path, r.Status, got)
		}
		if c.method == "HEAD" && r.Header.Get("X-Total-Count") != "3" {
			t.Error("HEAD doesn't tell how many there are")
		}
	}
	for _, path := range []string{"ims", "/ims/"} {
		if _, err := New(t.Context(), Config{Shelf: &shelf.Shelf{}, BasePath: path}); err == nil {
			t.Errorf("the base path %q is taken", path)
		}
	}
	if s, err := New(t.Context(), Config{Shelf: &shelf.Shelf{}}); err != nil || s.Endpoints("http://x").TokenURL != "http://x/token" {
		t.Error(err)
	}
	if _, err := New(t.Context(), Config{}); err == nil {
		t.Error("there is a catalogue without a shelf")
	}
	if _, err := New(t.Context(), Config{Shelf: &shelf.Shelf{}, Clients: []security.Client{{ID: "me"}}}); err == nil {
		t.Error("a client needs no secret")
	}
}

// The pages of a search have all of it, each once, in one order, by the links alone.
func TestPages(t *testing.T) {
	s := serve(t, "", 250, func(c *Config) { c.BaseURL = "https://catalog.example.org" })
	const outside = "https://catalog.example.org" + DefaultBasePath
	all := s.search(t, "")
	if len(all.Resources) != 100 || all.total != 250 {
		t.Fatalf("a page without a limit has %d of %d", len(all.Resources), all.total)
	}
	for _, query := range []string{"limit=30", "limit=30&sort=name&orderBy=desc", "limit=7&" + filter("rating>='3' AND search~'a'")} {
		names := []string{}
		next, pages := "resources?"+query, 0
		for next != "" {
			r, body := s.get(t, s.URL+DefaultBasePath+"/"+next)
			var p page
			if err := json.Unmarshal(body, &p); err != nil || r.StatusCode != 200 {
				t.Fatal(r.Status, err)
			}
			for _, x := range p.Resources {
				text, _ := json.Marshal(x)
				names = append(names, string(text))
			}
			links := relations(r.Header.Get("Link"))
			if (pages == 0) == (links["prev"] != "") || links["first"] == "" || links["last"] == "" {
				t.Errorf("%s: page %d has the links %v", query, pages, links)
			}
			for rel, address := range links {
				if !strings.HasPrefix(address, outside+"/resources?limit=") {
					t.Errorf("%s leads to %s", rel, address)
				}
			}
			next = strings.TrimPrefix(links["next"], outside+"/")
			pages++
		}
		slices.Sort(names)
		if total := s.search(t, query).total; len(names) != total || len(slices.Compact(names)) != total || pages < 5 {
			t.Errorf("%s has %d in %d pages, %d of them different; want %d", query, len(names), pages, len(slices.Compact(names)), total)
		}
	}
	if p := s.search(t, "offset=1000&limit=100"); len(p.Resources) != 0 || p.total != 250 || !strings.Contains(p.links, `offset=200>; rel="prev"`) {
		t.Errorf("beyond the end there are %d of %d, %s", len(p.Resources), p.total, p.links)
	}
}

// relations takes a Link header of ours apart.
func relations(header string) map[string]string {
	out := map[string]string{}
	for _, link := range strings.Split(header, ", ") {
		address, rel, _ := strings.Cut(link, ">; rel=")
		out[strings.Trim(rel, `"`)] = strings.TrimPrefix(address, "<")
	}
	return out
}

func TestSelection(t *testing.T) {
	s := serve(t, "", 60, nil)
	whole := s.search(t, "limit=60")
	for n, r := range s.search(t, "limit=60&fields=publisher,name,rating,name").Resources {
		for _, member := range []string{"name", "publisher", "rating"} {
			if r[member] != whole.Resources[n][member] {
				t.Errorf("%s is %v, and was %v", member, r[member], whole.Resources[n][member])
			}
			delete(r, member)
		}
		if len(r) > 0 {
			t.Errorf("there is %v too", r)
		}
	}
	for query, warns := range map[string]bool{
		"fields=name,colour": true, "fields=textComplexity.name": true, "sort=colour": true, "sort=textComplexity.value&orderBy=desc": true,
		"sort=ltiLink": true, "fields=name": false, "sort=name": false, "orderBy=desc": false, "sort=relevance": false, "sort=search&orderBy=desc": false,
		"colour=red": false, "fields=relevance": false,
	} {
		p := s.search(t, query)
		if warns != (p.Severity == "warning") || warns != (p.CodeMajor == "success") || p.total != 60 {
			t.Errorf("%s: %s %s, %d", query, p.CodeMajor, p.Severity, p.total)
		}
		if warns {
			if text, want := mustJSON(p.Resources), mustJSON(whole.Resources); text != want {
				t.Errorf("%s gives other resources or another order", query)
			}
		}
	}
	quiet := serve(t, "", 5, func(c *Config) { rules := NewRules(); rules.Warn = WarnNowhere; c.Rules = &rules })
	if p := quiet.search(t, "sort=colour"); p.Severity != "" {
		t.Error("it warns all the same")
	}
}

func mustJSON(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// A resource that was looked for by its words says how well it fits, and the best comes first.
func TestRelevance(t *testing.T) {
	s := serve(t, "", 1500, nil)
	p := s.search(t, filter("search~'equivalent fractions'"))
	if p.total < 2 {
		t.Fatalf("%d are found", p.total)
	}
	before := 1e9
	for _, r := range p.Resources {
		weight, is := r["relevance"].(float64)
		if !is || weight <= 0 || weight > before {
			t.Errorf("%s has the relevance %v after %v", r["name"], r["relevance"], before)
		}
		before = weight
	}
	backwards := s.search(t, filter("search~'equivalent fractions'")+"&sort=relevance&orderBy=asc")
	slices.Reverse(backwards.Resources)
	if len(p.Resources) != len(backwards.Resources) || p.Resources[0]["relevance"] != backwards.Resources[0]["relevance"] {
		t.Errorf("backwards they are others: %v and %v", p.Resources[0], backwards.Resources[0])
	}
	for query, want := range map[string]string{
		filter("search~'FRACTIONS'") + "&fields=relevance&limit=1": "relevance", filter("search~'fractions'") + "&fields=name&limit=1": "name",
	} {
		for _, r := range s.search(t, query).Resources {
			if _, has := r[want]; !has || len(r) != 1 {
				t.Errorf("%s gives %v", query, r)
			}
		}
	}
	if _, has := s.search(t, "limit=1").Resources[0]["relevance"]; has {
		t.Error("without words there is a relevance")
	}
	// A word of the name weighs more than one of the description.
	either := s.search(t, filter("search~'glossary'"))
	if !strings.Contains(strings.ToLower(either.Resources[0]["name"].(string)), "glossary") {
		t.Errorf("%v comes first", either.Resources[0]["name"])
	}
	for _, quoted := range []string{`"fractions"`, "fractions*", "fractions NOT worksheet", "name:fractions", "fractions AND (", "' OR 1=1 --", "fractions & !x"} {
		s.search(t, filter("search~'"+strings.ReplaceAll(quoted, "'", "''")+"'")) // it is words, whatever it looks like
	}
}

// The tree has one root, and each other node its parent; the rules say how the root shows.
func TestSubjects(t *testing.T) {
	for root, want := range map[Root]int{RootNull: 1, RootAbsent: 1, RootLeft: 0} {
		s := serve(t, "", 0, func(c *Config) { rules := NewRules(); rules.Root = root; c.Rules = &rules })
		r, body := s.get(t, s.base+"/subjects")
		var got struct{ Subjects []map[string]any }
		if err := json.Unmarshal(body, &got); err != nil || r.StatusCode != 200 {
			t.Fatal(r.Status, err)
		}
		roots, ids := 0, map[any]bool{}
		for _, n := range got.Subjects {
			parent, told := n["parent"]
			if parent == nil {
				roots++
				if told != (root == RootNull) {
					t.Errorf("%s: the root is %v", root, n)
				}
			} else if root != RootLeft && !ids[parent] {
				t.Errorf("%v hangs on nothing", n)
			}
			ids[n["identifier"]] = true
		}
		if roots != want || len(ids) != len(got.Subjects) || len(ids) < 30 {
			t.Errorf("%s: %d roots of %d subjects", root, roots, len(ids))
		}
	}
}

// Whatever a resource leads to is there: its tool, its page, its learning objectives.
func TestResourcesLeadSomewhere(t *testing.T) {
	book, err := framework.Read()
	if err != nil {
		t.Fatal(err)
	}
	guids := map[string]bool{}
	for _, d := range book.Documents {
		for _, i := range d.Items {
			guids[book.Identifier(i.Code)] = true
		}
	}
	s := serve(t, "", 600, nil)
	links, objectives := 0, 0
	for offset := range 6 {
		for _, r := range s.search(t, "offset="+strconv.Itoa(100*offset)).Resources {
			text := mustJSON(r)
			var x Resource
			if err := json.Unmarshal([]byte(text), &x); err != nil {
				t.Fatal(err)
			}
			if x.URL == "" && x.LTILink == nil {
				t.Errorf("%s leads nowhere", text)
			}
			if l := x.LTILink; l != nil {
				links++
				number := l.Custom.Properties[0].Value
				if l.SecureLaunchURL != toolOrigin+"/resources/"+number || l.Title != x.Name || l.Vendor.Code == "" {
					t.Errorf("a link is %+v", l)
				}
			}
			for _, o := range x.LearningObjectives {
				objectives++
				if !guids[o.CASEItemGUID] || o.CASEItemURI != caseURL+"/CFItems/"+o.CASEItemGUID || o.TargetName == "" || o.EducationalFramework == "" {
					t.Errorf("an objective is %+v", o)
				}
			}
		}
	}
	if links < 100 || objectives < 100 {
		t.Errorf("there are %d links and %d objectives", links, objectives)
	}
}

// Without a tool every resource has a page, and without a CASE server no address of one.
func TestPlacesThatAreNot(t *testing.T) {
	m, err := newMaker(Places{})
	if err != nil {
		t.Fatal(err)
	}
	content, err := library.New(300, 1)
	if err != nil {
		t.Fatal(err)
	}
	plain := *m
	plain.places.Tool = "http://127.0.0.1:1"
	for i := range content.Items() {
		if r := m.resource(i); r.LTILink != nil || !strings.HasPrefix(r.URL, defaultPlaces) || slices.ContainsFunc(r.LearningObjectives, func(o Objective) bool {
			return o.CASEItemURI != "" || o.CASEItemGUID == ""
		}) {
			t.Errorf("%+v", r)
		}
		if l := plain.resource(i).LTILink; l != nil && (l.LaunchURL == "" || l.SecureLaunchURL != "") {
			t.Errorf("without TLS a link is %+v", l)
		}
	}
}

// What is there already is not loaded again; another library, or other places, are.
func TestSeedOnce(t *testing.T) {
	s, err := shelf.Open(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	content, err := library.New(3, 1)
	if err != nil {
		t.Fatal(err)
	}
	total := func() int {
		_, n, err := s.Search(t.Context(), shelf.Query{Limit: 1})
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if err := Seed(t.Context(), s, content, Places{}); err != nil || total() != 3 {
		t.Fatal(err, total())
	}
	label, _ := s.Label(t.Context())
	if err := s.Fill(t.Context(), label, func(func(shelf.Entry, error) bool) {}); err != nil {
		t.Fatal(err)
	}
	if err := Seed(t.Context(), s, content, Places{}); err != nil || total() != 0 {
		t.Errorf("it was loaded again: %v", err)
	}
	if err := Seed(t.Context(), s, content, Places{Tool: toolOrigin}); err != nil || total() != 3 {
		t.Errorf("with another tool there are %d, %v", total(), err)
	}
}

// A rule that is dropped isn't asked any more, and nothing falls over for it.
func TestDroppedChecks(t *testing.T) {
	queries := []string{
		"limit=0", "limit=500", "limit=-5", "limit=ten", "limit=", "offset=-3", "offset=x", "limit=1&limit=2", "orderBy=up", "orderBy=", "sort=", "fields=",
		"fields=name,,", "filter=", filter("name"), filter("colour='x'"), filter("a='1' AND b='2' AND c='3'"), filter("search='x'"), filter("search~'-'"),
		filter("rating='x'"), filter("typicalAgeRange>'x' OR name='y'"),
	}
	var ids []string
	for _, c := range Checks() {
		ids = append(ids, c.ID)
	}
	s := serve(t, "", 20, func(c *Config) { rules := NewRules(); rules.Drop(ids...); c.Rules = &rules })
	for _, query := range queries {
		if r, body := s.get(t, s.base+"/resources?"+query); r.StatusCode != 200 {
			t.Errorf("%s: %s %s", query, r.Status, body)
		}
	}
	if len(slices.Compact(slices.Sorted(slices.Values(ids)))) != len(ids) || len(NewRules().Checks) != len(ids) {
		t.Error("two checks have one name, or dropping left some out for everybody")
	}
}

// A catalogue that can't be read says no more than that.
func TestBrokenShelf(t *testing.T) {
	var closed *shelf.Shelf
	s := serve(t, "", 1, func(c *Config) { closed = c.Shelf })
	closed.Close()
	r, body := s.get(t, s.base+"/resources")
	if r.StatusCode != 500 || !strings.Contains(string(body), "internal_server_error") || strings.Contains(string(body), "sql") {
		t.Errorf("%s %s", r.Status, body)
	}
	broken := serve(t, "", 1, func(c *Config) { c.Tokens = noTokens{security.NewTokens(security.TokenOptions{})} })
	if r, _ := broken.get(t, broken.base+"/subjects"); r.StatusCode != 500 {
		t.Errorf("tokens that can't be looked up: %s", r.Status)
	}
}

// noTokens can't look anything up.
type noTokens struct{ security.Tokens }

func (noTokens) Inspect(context.Context, string) (security.Grant, error) {
	return security.Grant{}, io.ErrUnexpectedEOF
}
