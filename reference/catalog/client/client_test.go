package client

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/rollcall-edu/rollcall/reference/oneroster/client"
)

// shelf is a catalogue of so many items, which may be odd.
type shelf struct {
	items   []string // each as it is sent
	cap     int      // items a page at most; 0: as many as are asked for
	header  func(h http.Header, q url.Values, offset, given, total int)
	refuse  int // how many searches are answered with status
	status  int
	tokens  int
	asked   []url.Values
	subject string
}

func (s *shelf) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	switch {
	case r.URL.Path == "/token":
		s.tokens++
		fmt.Fprintf(w, `{"access_token":"t%d","token_type":"bearer","expires_in":3600,"scope":"%s"}`, s.tokens, Scope)
		return
	case r.URL.Path == "/subjects":
		fmt.Fprintf(w, `{"subjects":[%s]}`, s.subject)
		return
	case s.refuse > 0:
		s.refuse--
		w.WriteHeader(s.status)
		fmt.Fprint(w, `{"imsx_codeMajor":"failure","imsx_severity":"error","imsx_description":"The filter can't be read."}`)
		return
	}
	q := r.URL.Query()
	s.asked = append(s.asked, q)
	limit, _ := strconv.Atoi(q.Get("limit"))   // of the client
	offset, _ := strconv.Atoi(q.Get("offset")) // as above
	if s.cap > 0 {
		limit = min(limit, s.cap)
	}
	page := s.items[min(offset, len(s.items)):min(offset+limit, len(s.items))]
	if s.header != nil {
		s.header(w.Header(), q, offset, len(page), len(s.items))
	}
	fmt.Fprintf(w, `{"resources":[%s]}`, strings.Join(page, ","))
}

func numbered(n int) (out []string) {
	for i := range n {
		out = append(out, fmt.Sprintf(`{"name":"Item %d","url":"https://content.example/%d","learningResourceType":["Game"],"publisher":"P"}`, i, i))
	}
	return out
}

func open(t *testing.T, s *shelf) *Client {
	t.Helper()
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	c, err := New(Catalog{BaseURL: server.URL, TokenURL: server.URL + "/token", ClientID: "c", Secret: "s"})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func read1(t *testing.T, c *Client, q Query) (names []string) {
	t.Helper()
	for i, err := range c.All(t.Context(), q) {
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, i.Name)
	}
	return names
}

func total(h http.Header, _ url.Values, _, _, all int) { h.Set("X-Total-Count", strconv.Itoa(all)) }

func links(next string) func(h http.Header, _ url.Values, offset, given, all int) {
	return func(h http.Header, _ url.Values, offset, given, all int) {
		if offset+given < all {
			h.Set("Link", fmt.Sprintf(`<%s/resources?offset=%d>; rel="next"`, next, offset+given))
		} else {
			h.Set("Link", fmt.Sprintf(`<%s/resources?offset=0>; rel="first"`, next))
		}
	}
}

// Whatever a catalogue says of its pages, all of it is read, each item once, by one token.
func TestAll(t *testing.T) {
	for name, s := range map[string]*shelf{
		"a total":              {header: total},
		"links":                {header: links("")},
		"links to elsewhere":   {header: links("https://elsewhere.example")},
		"neither":              {},
		"small pages":          {cap: 7, header: total},
		"small pages by links": {cap: 7, header: links("/ims")},
	} {
		s.items = numbered(230)
		got := read1(t, open(t, s), Query{Text: "x"})
		if len(got) != 230 || got[0] != "Item 0" || got[229] != "Item 229" || s.tokens != 1 {
			t.Errorf("%s: %d items by %d tokens", name, len(got), s.tokens)
		}
	}
}

// A catalogue that gives one page for ever is told so.
func TestForever(t *testing.T) {
	s := &shelf{items: numbered(3)}
	s.header = func(http.Header, url.Values, int, int, int) {}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		q.Set("offset", "0")
		r.URL.RawQuery = q.Encode()
		s.ServeHTTP(w, r)
	}))
	defer server.Close()
	c, err := New(Catalog{BaseURL: server.URL, TokenURL: server.URL + "/token", ClientID: "c", Secret: "s"})
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, err = range c.All(t.Context(), Query{}) {
		n++
	}
	if err == nil || !strings.Contains(err.Error(), "the same 3 items") || n != 4 {
		t.Errorf("after %d: %v", n, err)
	}
}

// What is searched for is written by the grammar, with one operator at most; the rest is narrowed here.
func TestQuery(t *testing.T) {
	s := &shelf{header: total, items: []string{
		`{"name":"A","url":"https://x.example/a","learningResourceType":["Game"],"publisher":"P","typicalAgeRange":"9-10","learningObjectives":[{"alignmentType":"teaches","targetName":"N.1"}]}`,
		`{"name":"B","url":"https://x.example/b","learningResourceType":["Media/Video"],"publisher":"P","typicalAgeRange":"9-10","extra":{"a":[1]}}`,
		`{"name":"C","ltiLink":{"title":"C","launch_url":"http://x.example/c","secure_launch_url":"https://x.example/c","vendor":{"code":"v","name":"V"},"custom":{"properties":[{"name":"k","value":"v"}]}},"learningResourceType":["Game"],"publisher":"P","typicalAgeRange":"14-"}`,
	}}
	c := open(t, s)
	for _, x := range []struct {
		q      Query
		filter string
		names  []string
	}{
		{Query{}, "", []string{"A", "B", "C"}},
		{Query{Text: "it's", Standard: "N.1"}, "search~'it''s' AND learningObjectives.targetName='N.1'", []string{"A", "B", "C"}},
		{Query{Text: "x", Standard: "N.1", Type: "Game"}, "search~'x' AND learningObjectives.targetName='N.1'", []string{"A", "C"}},
		{Query{Text: "x", Type: "Game", Ages: "10-15"}, "search~'x' AND learningResourceType='Game'", []string{"A", "B", "C"}},
		{Query{Text: "x", Name: "C", Type: "Game", Ages: "99"}, "search~'x' AND name='C'", []string{"C"}},
		{Query{Name: "C", Ages: "9"}, "name='C' AND typicalAgeRange='9'", []string{"A", "B", "C"}},
	} {
		got := read1(t, c, x.q)
		if asked := s.asked[len(s.asked)-1].Get("filter"); asked != x.filter || !reflect.DeepEqual(got, x.names) {
			t.Errorf("%+v asks %q and finds %q", x.q, asked, got)
		}
	}
	for i, err := range c.All(t.Context(), Query{Sort: "name", Reversed: true, Fields: []string{"name", "ltiLink"}, Limit: 500}) {
		if err != nil {
			t.Fatal(err)
		}
		if i.Name == "C" && (i.Address() != "https://x.example/c" || i.LTILink.Parameters()["k"] != "v") {
			t.Errorf("the link is %+v", i.LTILink)
		}
	}
	if q := s.asked[len(s.asked)-1]; q.Get("sort") != "name" || q.Get("orderBy") != "desc" || q.Get("fields") != "name,ltiLink" || q.Get("limit") != "100" {
		t.Errorf("asked was %v", q)
	}
	if !(Query{}).Empty() || (Query{Ages: "9"}).Empty() {
		t.Error("what is empty isn't known")
	}
}

// A token that is good no more is replaced once, and what is refused is told in the catalogue's words.
func TestRefused(t *testing.T) {
	s := &shelf{items: numbered(2), header: total, refuse: 1, status: http.StatusUnauthorized}
	c := open(t, s)
	if got := read1(t, c, Query{}); len(got) != 2 || s.tokens != 2 {
		t.Errorf("%q by %d tokens", got, s.tokens)
	}
	s.refuse, s.status = 1, http.StatusBadRequest
	_, err := c.Search(t.Context(), Query{Text: "x"}, 0)
	var status *client.StatusError
	if !errors.As(err, &status) || status.Status != 400 || !strings.Contains(err.Error(), "The filter can't be read") {
		t.Errorf("%v", err)
	}
	if _, err := New(Catalog{BaseURL: "catalog", TokenURL: "https://x.example/t", ClientID: "c"}); err == nil {
		t.Error("an address that is none is taken")
	}
}

// Subjects are a tree, whatever their root says of its parent; what goes round in circles stays at the top.
func TestSubjects(t *testing.T) {
	s := &shelf{subject: `{"identifier":1,"name":"All","parent":null},{"identifier":2,"name":"Art","parent":1},{"identifier":3,"name":"Oil","parent":2},
		{"identifier":4,"name":"Text","parent":"0"},{"identifier":5,"name":"Gone","parent":77},{"identifier":6,"name":"X","parent":7},{"identifier":7,"name":"Y","parent":6}`}
	got, err := open(t, s).Subjects(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var names func(all []*Subject) string
	names = func(all []*Subject) string {
		var out []string
		for _, x := range all {
			out = append(out, x.Name+names(x.Below))
		}
		return "(" + strings.Join(out, " ") + ")"
	}
	if text := names(got); text != "(All(Art(Oil())) Text() Gone() X() Y())" {
		t.Errorf("the tree is %s", text)
	}
}

// FuzzRead holds what reads answers to end, and to give items that can be asked for their address.
func FuzzRead(f *testing.F) {
	for _, seed := range append(numbered(1), `{"resources":[{"name":1,"ltiLink":{}}]}`, `{"resources":{}}`, `[]`, `{"subjects":[{"identifier":1,"parent":1}]}`) {
		f.Add([]byte(seed))
		f.Add([]byte(`{"resources":[` + seed + `]}`))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var set struct {
			Resources []Item        `json:"resources"`
			Subjects  []wireSubject `json:"subjects"`
		}
		if _, err := read(body, &set); err != nil {
			return
		}
		q := Query{Text: "x", Standard: "y", Name: "n", Type: "t", Ages: "1-2"}
		for _, i := range set.Resources {
			_ = i.Address()
			q.narrows(i)
		}
		count := 0
		var walk func(all []*Subject)
		walk = func(all []*Subject) {
			for _, s := range all {
				if count++; count > 10*len(set.Subjects)+10 {
					t.Fatal("the tree has no end")
				}
				walk(s.Below)
			}
		}
		walk(tree(set.Subjects))
		if _, err := json.Marshal(set.Resources); err != nil {
			t.Error(err)
		}
	})
}

// What is wrong with an answer is told, in words for those who search as well; nothing of it is taken for an empty result.
func TestTrouble(t *testing.T) {
	answer := func(status int, header, text string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			if name, value, is := strings.Cut(header, ":"); is {
				w.Header().Set(name, value)
			}
			w.WriteHeader(status)
			fmt.Fprint(w, text)
		}
	}
	info := `{"imsx_codeMajor":"failure","imsx_severity":"error","imsx_description":"no field <b>\u0007x.","imsx_codeMinor":{"imsx_codeMinorField":[` +
		`{"imsx_codeMinorFieldName":"TargetEndSystem","imsx_codeMinorFieldValue":"invalidqueryparameter"}]}}`
	for name, x := range map[string]struct {
		answer      http.HandlerFunc
		says, cause string // parts of the error, and of what is told of it
	}{
		"400":              {answer(400, "", info), "invalidqueryparameter: no field <b>", "It says: no field <b> x."},
		"422":              {answer(422, "", ""), "422", "Try other words"},
		"401":              {answer(401, "", info), "401", "doesn't let us in"},
		"403":              {answer(403, "", info), "403", "doesn't let us in"},
		"404":              {answer(404, "", ""), "404", "no catalogue at its address"},
		"429":              {answer(429, "Retry-After:600", ""), "10m0s", "Try again in 10m"},
		"a page":           {answer(200, "", "<html>"), "no set of the standard", "can't be read"},
		"no list":          {answer(200, "", "{}"), `no list "resources"`, "can't be read"},
		"null":             {answer(200, "", `{"resources":null}`), `no list "resources"`, "can't be read"},
		"a failure of 200": {answer(200, "", `{"resources":[],"imsx_codeMajor":"failure","imsx_description":"gone"}`), "failure: gone", "can't be read"},
		"Latin 1":          {answer(200, "", "{\"resources\":[{\"name\":\"\xe4\"}]}"), "UTF-8", "can't be read"},
		"an empty page":    {answer(200, "X-Total-Count:9", `{"resources":[]}`), "nothing at offset 0", "can't be read"},
		"too large":        {answer(200, "", strings.Repeat(" ", largest+2)), "more than 16 MiB", "something narrower"},
		"elsewhere":        {answer(302, "Location:https://elsewhere.example/", ""), "elsewhere.example", "can't prove"},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/token" {
				fmt.Fprint(w, `{"access_token":"t"}`)
				return
			}
			x.answer(w, r)
		}))
		c, err := New(Catalog{BaseURL: server.URL, TokenURL: server.URL + "/token", ClientID: "c", Secret: "s"})
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.Search(t.Context(), Query{}, 0)
		server.Close()
		if err == nil || !strings.Contains(err.Error(), x.says) || !strings.Contains(Cause(err), x.cause) {
			t.Errorf("%s: %v; %s", name, err, Cause(err))
		}
	}
}

// Pages that come round again end with an error, whichever page it is that comes again.
func TestCircle(t *testing.T) {
	s := &shelf{items: numbered(6), cap: 2, header: func(http.Header, url.Values, int, int, int) {}}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		n, _ := strconv.Atoi(q.Get("offset")) // of the client
		q.Set("offset", strconv.Itoa(n%6))
		r.URL.RawQuery = q.Encode()
		s.ServeHTTP(w, r)
	}))
	defer server.Close()
	c, err := New(Catalog{BaseURL: server.URL, TokenURL: server.URL + "/token", ClientID: "c", Secret: "s"})
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, err = range c.All(t.Context(), Query{Type: "Game", Text: "x", Ages: "3"}) { // nothing is left of any page
		n++
	}
	if !errors.As(err, new(*AnswerError)) || n != 1 {
		t.Errorf("after %d: %v", n, err)
	}
}

// Grades are asked for by age, standards by what names them, and a warning is handed on.
func TestGradesAndStandards(t *testing.T) {
	for grade, want := range map[string]string{"KG": "5-6", "1": "6-7", "05": "10-11", "13": "18-19", "0": "", "14": "", "PK": "", "": "", "-1": ""} {
		if got := GradeAges(grade); got != want {
			t.Errorf("grade %q is visited at %q", grade, got)
		}
	}
	for standard, want := range map[string]string{
		"N.1":                                  "learningObjectives.targetName='N.1'",
		"0FE3ED1C-6d17-11e7-b3ac-0242ac120002": "learningObjectives.caseItemGUID='0FE3ED1C-6d17-11e7-b3ac-0242ac120002'",
		"https://case.example/CFItems/1":       "learningObjectives.caseItemUri='https://case.example/CFItems/1'",
	} {
		q := Query{Text: "x", Standard: standard, Grade: "5", Fields: []string{"name"}}.parameters(0)
		if q.Get("filter") != "search~'x' AND "+want || q.Get("fields") != "name,typicalAgeRange" {
			t.Errorf("%s asks %v", standard, q)
		}
	}
	_, err := new(Client).Search(t.Context(), Query{Grade: "14"}, 0)
	if !errors.As(err, new(*QueryError)) || Cause(err) != "A grade is KG, or a number from 1 to 13." {
		t.Errorf("grade 14: %v", err)
	}
	if warning, err := read([]byte(`{"resources":[],"imsx_severity":"warning","imsx_description":"no such sort"}`), &struct{}{}); err != nil || warning != "no such sort" {
		t.Errorf("%q, %v", warning, err)
	}
}

// Parameters of a launch are texts, whatever they are written as.
func TestParameters(t *testing.T) {
	var l Link
	if err := json.Unmarshal([]byte(`{"custom":{"properties":[{"name":"a","value":7},{"name":"b","value":"x"},{"name":"c","value":true},{"name":"d"}]}}`), &l); err != nil {
		t.Fatal(err)
	}
	if got, want := l.Parameters(), map[string]string{"a": "7", "b": "x", "c": "true", "d": ""}; !reflect.DeepEqual(got, want) {
		t.Errorf("%v", got)
	}
}
