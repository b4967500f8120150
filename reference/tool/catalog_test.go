package tool

import (
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	catalog "github.com/rollcall-edu/rollcall/reference/catalog/client"
	"github.com/rollcall-edu/rollcall/reference/lti"
)

// Who picks content searches the catalogue, and what is picked there goes back as the catalogue has it.
func TestPickerSearches(t *testing.T) {
	w := newWorld(t)
	own := w.tool.TargetURL("res-1")
	down := false
	var asked []string
	shelf := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/token":
			io.WriteString(rw, `{"access_token":"t","expires_in":3600}`)
		case down:
			rw.WriteHeader(http.StatusBadRequest)
			io.WriteString(rw, `{"imsx_codeMajor":"failure","imsx_severity":"error","imsx_description":"no <i>way</i>"}`)
		case strings.Contains(r.URL.Query().Get("filter"), "nothing"):
			io.WriteString(rw, `{"resources":[]}`)
		default:
			asked = append(asked, r.URL.Query().Get("filter"))
			rw.Header().Set("X-Total-Count", "5")
			io.WriteString(rw, `{"resources":[
				{"name":"Sets <b>","description":"D","ltiLink":{"launch_url":"`+own+`","custom":{"properties":[{"name":"resource_id","value":"res-1"}]}}},
				{"name":"Sets <b>","ltiLink":{"launch_url":"https://other.example/x"}},
				{"name":"Sets <b>","url":"https://page.example/p","ltiLink":{"launch_url":"https://other.example/x"}},
				{"name":"Sets <b>","url":"https://page.example/q"}, {"name":"Sets <b>","url":"javascript:alert(1)"}]}`)
		}
	}))
	defer shelf.Close()
	made, err := catalog.New(catalog.Catalog{BaseURL: shelf.URL, TokenURL: shelf.URL + "/token", ClientID: "c", Secret: "s"})
	if err != nil {
		t.Fatal(err)
	}
	w.tool.catalog = made
	address, page := w.picker(settingsOf(nil))
	if !strings.Contains(page, `id="find"`) || strings.Contains(page, `id="found"`) {
		t.Errorf("the picker doesn't ask what to search for: %s", page)
	}
	look := func(words string) string {
		t.Helper()
		r, err := w.browser.Get(address + "&" + url.Values{"words": {words}, "grade": {"5"}}.Encode())
		if err != nil {
			t.Fatal(err)
		}
		defer r.Body.Close()
		text, _ := io.ReadAll(r.Body) // a short page is a page without it
		return string(text)
	}
	page = look("it's")
	if len(asked) != 1 || asked[0] != "search~'it''s' AND typicalAgeRange='10-11'" {
		t.Errorf("asked was %q", asked)
	}
	if strings.Count(page, `name="found"`) != 3 || !strings.Contains(page, "Sets &lt;b&gt;") || strings.Contains(page, "Sets <b>") ||
		!strings.Contains(page, "another tool opens it") || !strings.Contains(page, "it has no page") {
		t.Errorf("%s", page)
	}
	values := regexp.MustCompile(`name="found" value="([^"]*)"`).FindAllStringSubmatch(page, -1)
	if len(values) != 3 {
		t.Fatal(page)
	}
	value := func(n int) string { return html.UnescapeString(values[n][1]) }
	_, claims := w.picks(address, url.Values{"pick": {"quiz"}, "found": {value(0), value(1), value(2), strings.Replace(value(0), "mark=", "mark=0", 1), "%"}})
	items, _ := claims[lti.DeepLinking+"content_items"].([]any)
	if len(items) != 4 {
		t.Fatalf("%v", items)
	}
	link, page1, to := items[1].(map[string]any), items[2].(map[string]any), items[3].(map[string]any)
	if link["type"] != lti.TypeLTI || link["url"] != own || link["title"] != "Sets <b>" || link["custom"].(map[string]any)["resource_id"] != "res-1" ||
		page1["url"] != "https://page.example/p" || to["type"] != lti.TypeLink || to["url"] != "https://page.example/q" {
		t.Errorf("%v, %v", link, to)
	}
	if page = look("nothing"); !strings.Contains(page, "Nothing: try fewer words.") || strings.Contains(page, `id="problem"`) {
		t.Errorf("%s", page)
	}
	one, _ := w.picker(settingsOf(map[string]any{"accept_multiple": false, "accept_types": []string{"link"}}))
	if _, claims = w.picks(one, url.Values{"found": {value(0), value(1), value(2)}}); len(typesOf(claims)) != 1 || typesOf(claims)[0] != "link" {
		t.Errorf("%v", claims)
	}
	down = true
	if page = look("x"); !strings.Contains(page, `id="problem"`) || !strings.Contains(page, "no &lt;i&gt;way&lt;/i&gt;") || strings.Contains(page, "Nothing:") {
		t.Errorf("%s", page)
	}
	r, err := w.browser.PostForm(address, url.Values{"found": {value(0)}})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	if text, _ := io.ReadAll(r.Body); r.StatusCode != http.StatusBadGateway || rule(string(text)) != "picker.catalog" {
		t.Errorf("%s %s", r.Status, text)
	}
}
