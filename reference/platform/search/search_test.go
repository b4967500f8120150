package search

import (
	"context"
	"encoding/json"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/rollcall-edu/rollcall/reference/catalog/client"
	"github.com/rollcall-edu/rollcall/reference/lti"
	"github.com/rollcall-edu/rollcall/reference/platform"
)

// kept is what was chosen.
type kept struct {
	course, tool string
	items        []lti.ContentItem
}

func (k *kept) Add(_ context.Context, course, tool, _ string, item lti.ContentItem) error {
	k.course, k.tool, k.items = course, tool, append(k.items, item)
	return nil
}

const resources = `{"resources":[
 {"name":"Fractions <1>","description":"A & B","ltiLink":{"title":"F","launch_url":"https://tool.example/resources/f","custom":{"properties":[{"name":"resource_id","value":"f-1"}]},"vendor":{"code":"x","name":"x"}},"learningResourceType":["Lesson"],"publisher":"P","learningObjectives":[{"alignmentType":"teaches","targetName":"NF.1","targetDescription":"Halves"}]},
 {"name":"A page","url":"https://page.example/p","learningResourceType":["Lesson"],"publisher":"P"},
 {"name":"Elsewhere","ltiLink":{"title":"E","launch_url":"https://other.example/e","vendor":{"code":"x","name":"x"}},"learningResourceType":["Lesson"],"publisher":"P"},
 {"name":"A script","url":"javascript:alert(1)","learningResourceType":["Lesson"],"publisher":"P"}]}`

// A teacher finds content and puts it into the course as the catalogue has it; a learner doesn't.
func TestSearch(t *testing.T) {
	var asked []string
	down := false
	catalog := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		switch {
		case r.URL.Path == "/token":
			io.WriteString(w, `{"access_token":"t","token_type":"bearer","expires_in":3600,"scope":"`+client.Scope+`"}`)
		case down:
			w.WriteHeader(http.StatusForbidden)
		default:
			asked = append(asked, r.URL.Query().Get("filter"))
			w.Header().Set("X-Total-Count", "4")
			io.WriteString(w, resources)
		}
	}))
	defer catalog.Close()
	known := true
	keeps := &kept{}
	var handler http.Handler
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler.ServeHTTP(w, r) }))
	defer server.Close()
	p, err := platform.New(t.Context(), platform.Config{Origin: server.URL,
		Tools: []platform.Registration{{ClientID: "reader", Name: "Reader", TargetURI: "https://tool.example/resources/start", Deployments: []string{"d1"}}},
		Services: []func(*platform.Platform) (platform.Service, error){New(Options{
			Catalog: func() (client.Catalog, bool) {
				return client.Catalog{BaseURL: catalog.URL, TokenURL: catalog.URL + "/token", ClientID: "c", Secret: "s"}, known
			},
			Content: func() Content { return keeps },
		})}})
	if err != nil {
		t.Fatal(err)
	}
	handler = p.Handler()
	teacher, student, _, course := p.People()
	browser := func(user string) func(method, path string, form url.Values) (int, string) {
		jar, err := cookiejar.New(nil)
		if err != nil {
			t.Fatal(err)
		}
		caller := &http.Client{Transport: server.Client().Transport, Jar: jar}
		do := func(method, path string, form url.Values) (int, string) {
			t.Helper()
			r, err := http.NewRequestWithContext(t.Context(), method, server.URL+path, strings.NewReader(form.Encode()))
			if err != nil {
				t.Fatal(err)
			}
			if method == http.MethodPost {
				r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			}
			answer, err := caller.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			defer answer.Body.Close()
			text, err := io.ReadAll(answer.Body)
			if err != nil {
				t.Fatal(err)
			}
			return answer.StatusCode, string(text)
		}
		_, home := do(http.MethodGet, "/", nil)
		do(http.MethodPost, "/signin", url.Values{"user": {user}, "token": {hidden(home, "token")}})
		return do
	}
	b := browser(teacher)
	at := "/courses/" + url.PathEscape(course)
	if _, page := b(http.MethodGet, at, nil); !strings.Contains(page, `id="search"`) {
		t.Error("the course doesn't lead to the search")
	}
	_, page := b(http.MethodGet, at+"/search?words="+url.QueryEscape("it's")+"&standard=NF.1", nil)
	if len(asked) != 1 || asked[0] != "search~'it''s' AND learningObjectives.targetName='NF.1'" {
		t.Errorf("asked was %q", asked)
	}
	for _, want := range []string{"Fractions &lt;1&gt;", "A &amp; B", "opens in Reader", "<b>NF.1</b> Halves", "the tool that opens it isn&#39;t registered here",
		"it has no page"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	token := hidden(page, "token")
	var all struct{ Resources []client.Item }
	if err := json.Unmarshal([]byte(resources), &all); err != nil {
		t.Fatal(err)
	}
	choose := func(do func(string, string, url.Values) (int, string), token, name, address string) int {
		t.Helper()
		mark := ""
		for _, i := range all.Resources {
			if i.Name == name && i.Address() == address {
				mark = i.Mark()
			}
		}
		status, _ := do(http.MethodPost, at+"/search", url.Values{"token": {token}, "name": {name}, "mark": {mark}})
		return status
	}
	for _, x := range []struct {
		token, name, address string
		status               int
	}{
		{token, "Fractions <1>", "https://tool.example/resources/f", http.StatusOK},
		{token, "A page", "https://page.example/p", http.StatusOK},
		{token, "Elsewhere", "https://other.example/e", http.StatusConflict},
		{token, "A script", "javascript:alert(1)", http.StatusConflict},
		{token, "Fractions <1>", "https://evil.example/f", http.StatusNotFound},
		{"guessed", "A page", "https://page.example/p", http.StatusForbidden},
	} {
		if status := choose(b, x.token, x.name, x.address); status != x.status {
			t.Errorf("%s at %s is answered with %d", x.name, x.address, status)
		}
	}
	if len(keeps.items) != 2 || keeps.course != course || keeps.items[0].Type != lti.TypeLTI || keeps.items[0].Custom["resource_id"] != "f-1" ||
		keeps.items[0].Title != "Fractions <1>" || keeps.items[1].Type != lti.TypeLink {
		t.Errorf("kept is %+v", keeps)
	}
	if status, _ := browser(student)(http.MethodGet, at+"/search", nil); status != http.StatusForbidden {
		t.Errorf("a learner is answered with %d", status)
	}
	down = true
	if _, page := b(http.MethodGet, at+"/search?words=x", nil); !strings.Contains(page, `id="problem"`) {
		t.Error("nothing is said of a catalogue that refuses")
	}
	known = false
	if status, _ := b(http.MethodGet, at+"/search", nil); status != http.StatusNotFound {
		t.Errorf("without a catalogue the page is answered with %d", status)
	}
}

// hidden gives the first hidden field of a name.
func hidden(page, name string) string {
	m := regexp.MustCompile(`name="` + name + `" value="([^"]*)"`).FindStringSubmatch(page)
	if m == nil {
		return ""
	}
	return html.UnescapeString(m[1])
}
