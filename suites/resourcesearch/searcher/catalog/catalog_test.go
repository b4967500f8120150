package catalog

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

// asked asks a catalogue, with its token or without, and gives status, header and the names that it answers.
func asked(t *testing.T, c *Catalog, token, query string) (int, http.Header, []string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, c.Connection().URL+"/resources"+query, nil)
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		r.Header.Set("Authorization", "bearer "+token)
	}
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, _ := io.ReadAll(answer.Body) // it may be cut
	var set struct {
		Resources []struct{ Name string }
	}
	_ = json.Unmarshal(body, &set) // it may be no set
	var names []string
	for _, i := range set.Resources {
		names = append(names, i.Name)
	}
	return answer.StatusCode, answer.Header, names
}

func granted(t *testing.T, c *Catalog) string {
	t.Helper()
	as := c.Connection()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, as.TokenURL,
		strings.NewReader(url.Values{"grant_type": {"client_credentials"}, "scope": {Scope}}.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(as.ClientID, as.ClientSecret)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var token struct {
		Access string `json:"access_token"`
	}
	if err := json.NewDecoder(answer.Body).Decode(&token); err != nil || token.Access == "" {
		t.Fatalf("no token is granted: %v", err)
	}
	return token.Access
}

func started(t *testing.T) *Catalog {
	t.Helper()
	c, err := Start(t.Context(), Options{Tool: "https://tool.example"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() }) // nobody calls it any more
	return c
}

func filtered(text string) string {
	return "?filter=" + strings.ReplaceAll(url.QueryEscape(text), "+", "%20")
}

// Each word finds its group, by whatever field is searched, and what is wrong with a filter is noted as one thing.
func TestFilters(t *testing.T) {
	c := started(t)
	token := granted(t, c)
	for _, x := range []struct {
		filter string
		status int
		found  int
		kinds  []string
	}{
		{"search~'zinnober'", 200, 3, nil},
		{"search~'ZINNOBER'", 200, 3, nil},
		{"name~'salt & vitrum'", 200, 1, nil},
		{"name ~ 'O''Quill'", 200, 2, nil},
		{`name~'O\'Quill'`, 200, 2, nil},
		{"name~'O'Quill'", 400, 0, []string{"filter"}},
		{"learningObjectives.targetName='RC.SCI.7.AST'", 200, 2, nil},
		{"name~'zinnober' OR name~'jerboa'", 200, 5, nil},
		{"name~'zinnober' AND name~'history'", 200, 1, nil},
		{"name~'zinnober' AND name~'history' OR name~'jerboa'", 200, 3, []string{"operator"}},
		{"(name~'zinnober')", 200, 3, []string{"operator"}},
		{`name~"zinnober"`, 200, 3, []string{"filter"}},
		{"name~zinnober", 400, 0, []string{"filter"}},
		{"keywords~'zinnober'", 400, 0, []string{"field"}},
		{"learningObjectives.rank='1'", 400, 0, []string{"field"}},
		{"name~'zinnober' AND", 400, 0, []string{"filter"}},
		{"", 400, 0, []string{"filter"}},
		{"name!='Zinnober mixes with water' AND name~'zinnober'", 200, 2, nil},
		{"name>='Z' AND name~'zinnober'", 200, 1, nil},
	} {
		mark := c.Mark()
		status, _, names := asked(t, c, token, filtered(x.filter))
		var kinds []string
		for _, p := range c.Calls(mark)[0].Problems {
			kinds = append(kinds, p.Kind)
		}
		if status != x.status || len(names) != x.found || !slices.Equal(kinds, x.kinds) {
			t.Errorf("%s: %d, %d found, problems %q", x.filter, status, len(names), kinds)
		}
	}
}

// What is wrong with a call beside its filter is noted.
func TestCalls(t *testing.T) {
	c := started(t)
	token := granted(t, c)
	for query, kind := range map[string]string{
		"?limit=0": "parameter", "?limit=101": "parameter", "?offset=-1": "parameter", "?orderBy=up": "parameter", "?page=1": "parameter",
		"?sort=title": "name", "?fields=": "name", "?fields=name,id": "name", "?access_token=x": "token-in-url", "?sort=name&orderBy=desc": "",
		"?fields=name,url&limit=5&offset=5": "", "?filter=name~'%F6'": "encoding",
	} {
		mark := c.Mark()
		asked(t, c, token, query)
		var kinds []string
		for _, p := range c.Calls(mark)[0].Problems {
			kinds = append(kinds, p.Kind)
		}
		if kind == "" && len(kinds) > 0 || kind != "" && !slices.Contains(kinds, kind) {
			t.Errorf("%s is noted as %q", query, kinds)
		}
	}
	if status, header, _ := asked(t, c, "", ""); status != 401 || header.Get("WWW-Authenticate") == "" {
		t.Errorf("without a token: %d", status)
	}
}

// It behaves as it is told to, and no longer.
func TestBehaviour(t *testing.T) {
	c := started(t)
	token := granted(t, c)
	c.Behave(Behaviour{Cap: 10, Links: "relative"})
	status, header, names := asked(t, c, token, filtered("name~'lanternfish'")+"&limit=20")
	if status != 200 || len(names) != 10 || header.Get("X-Total-Count") != "47" || !strings.HasPrefix(header.Get("Link"), "</ims/rs/v1p0/resources?") {
		t.Errorf("%d %v %d", status, header, len(names))
	}
	c.Behave(Behaviour{NoLinks: true, NoTotals: true})
	if _, header, _ := asked(t, c, token, ""); header.Get("Link")+header.Get("X-Total-Count") != "" {
		t.Errorf("the header is %v", header)
	}
	c.Behave(Behaviour{Links: "elsewhere", Cap: 10})
	if _, header, _ := asked(t, c, token, ""); !strings.Contains(header.Get("Link"), "//localhost:") {
		t.Errorf("the link is %s", header.Get("Link"))
	}
	for trouble, status := range map[string]int{Refused: 400, Broken: 500, Busy: 429, Moved: 307, Page: 200, Truncated: 200, Slow: 200} {
		c.Behave(Behaviour{Trouble: trouble, After: 1, Times: 1, Delay: 20 * time.Millisecond})
		var got []int
		for range 3 {
			s, _, names := asked(t, c, token, "?limit=3")
			if s == 200 && len(names) == 0 {
				s = -200 // no answer
			}
			got = append(got, s)
		}
		want := []int{200, status, 200}
		if trouble == Page || trouble == Truncated {
			want[1] = -200
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %v", trouble, got)
		}
	}
	c.Behave(Behaviour{Trouble: TokenEnded, Times: 1})
	first, _, _ := asked(t, c, token, "")
	second, _, _ := asked(t, c, token, "")
	third, _, _ := asked(t, c, granted(t, c), "")
	if first != 401 || second != 401 || third != 200 {
		t.Errorf("%d, %d, %d", first, second, third)
	}
}

// Items are such that each can be told from the others, and those with the least have no more than they must.
func TestItems(t *testing.T) {
	c := started(t)
	for _, i := range c.Items() {
		text := string(i.wire(nil))
		least := strings.Contains(i.Name, "Minimalia alone")
		if (i.object["url"] == nil) == (i.object["ltiLink"] == nil) || least != (i.object["description"] == nil) {
			t.Errorf("%s", text)
		}
		if strings.Contains(text, "{home}") || strings.Contains(text, "{tool}") || strings.Contains(text, "{number}") {
			t.Errorf("something isn't filled in: %s", text)
		}
		if i.Link != strings.HasPrefix(i.Address, "https://tool.example/") {
			t.Errorf("%s leads to %s", i.Name, i.Address)
		}
	}
	if len(c.With("lanternfish")) != 47 || len(c.Aligned("RC.SCI.7.AST")) != 2 || len(c.With("twinned")) != 2 {
		t.Error("groups lack items")
	}
}

// FuzzFilter holds what reads filters to end, and to answer what it doesn't call broken.
func FuzzFilter(f *testing.F) {
	for _, seed := range []string{"", "name='a'", "a~'b' AND (c='d' OR e>'f')", "name~'O''Q'", `name~'\'`, "((((", "search~'x' OR", "a=b=c"} {
		f.Add(seed)
	}
	items, err := shelf("https://home.example", "")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		e, problems, broken := readFilter(text)
		if broken != "" {
			if len(problems) == 0 {
				t.Error("it is broken, and nothing is noted")
			}
			return
		}
		for _, i := range items[:10] {
			e.finds(i)
		}
	})
}
