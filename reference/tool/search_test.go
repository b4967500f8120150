package tool

import (
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	search "github.com/rollcall-edu/rollcall/reference/catalog/client"
	"github.com/rollcall-edu/rollcall/reference/lti"
)

// Who picks content searches a catalogue, and what is chosen there goes back as the catalogue has it: pages, and links that open
// this tool.
func TestPickerSearches(t *testing.T) {
	w := newWorld(t)
	down, asked := false, ""
	catalog := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		rw.Header().Set("Content-Type", "application/json")
		switch {
		case r.URL.Path == "/token":
			fmt.Fprintf(rw, `{"access_token":"t","token_type":"bearer","expires_in":3600,"scope":"%s"}`, search.Scope)
		case down:
			rw.WriteHeader(http.StatusForbidden)
		default:
			asked = r.URL.Query().Get("filter")
			rw.Header().Set("X-Total-Count", "4")
			fmt.Fprintf(rw, `{"resources":[
				{"name":"Halves <b>","description":"A page","url":"https://page.example/h?a=1&b=2","learningResourceType":["Game"],"publisher":"P"},
				{"name":"Halves <b>","url":"https://page.example/other","learningResourceType":["Game"],"publisher":"P"},
				{"name":"A quiz","ltiLink":{"title":"Q","launch_url":"%s?chapter=2","vendor":{"code":"v","name":"V"},"custom":{"properties":[{"name":"chapter","value":"2"}]}},"learningResourceType":["Game"],"publisher":"P"},
				{"name":"Another tool's","ltiLink":{"title":"Q","launch_url":"https://other.example/q","vendor":{"code":"v","name":"V"}},"learningResourceType":["Game"],"publisher":"P"}]}`,
				w.tool.TargetURL("quiz"))
		}
	}))
	defer catalog.Close()
	address, page := w.picker(settingsOf(nil))
	if strings.Contains(page, `id="find"`) {
		t.Error("a catalogue is offered that isn't there")
	}
	caller, err := search.New(search.Catalog{BaseURL: catalog.URL, TokenURL: catalog.URL + "/token", ClientID: "c", Secret: "s"})
	if err != nil {
		t.Fatal(err)
	}
	w.tool.c.Catalog = caller
	get := func() string {
		r, err := w.browser.Get(address + "&words=" + url.QueryEscape("it's"))
		if err != nil {
			t.Fatal(err)
		}
		defer r.Body.Close()
		return readAll(r)
	}
	page = get()
	keys := regexp.MustCompile(`name="found" value="([^"]*)"`).FindAllStringSubmatch(page, -1)
	if len(keys) != 3 || !strings.Contains(page, "Halves &lt;b&gt;") || strings.Contains(page, "Another tool") {
		t.Errorf("found is %q in %s", keys, page)
	}
	key := func(n int) string { return html.UnescapeString(keys[n][1]) }
	foreign := search.Item{Name: "Another tool's", LTILink: &search.Link{LaunchURL: "https://other.example/q"}}
	_, claims := w.picks(address, url.Values{"found": {key(1), key(2), strings.Replace(key(1), "mark=", "mark=0", 1), keyOf(foreign), "%", ""}})
	items, _ := claims[lti.DeepLinking+"content_items"].([]any)
	if len(items) != 2 || items[0].(map[string]any)["url"] != "https://page.example/other" || items[1].(map[string]any)["type"] != lti.TypeLTI ||
		items[1].(map[string]any)["custom"].(map[string]any)["chapter"] != "2" {
		t.Errorf("the answer has %v", items)
	}
	if page = get(); strings.Contains(page, `id="problem"`) || !strings.Contains(asked, "search~'it''s'") {
		t.Errorf("asked was %s, and the page is %s", asked, page)
	}
	down = true
	if page = get(); !strings.Contains(page, "let us in") {
		t.Errorf("nothing is said of a catalogue that refuses: %s", page)
	}
}

func readAll(r *http.Response) string {
	b, _ := io.ReadAll(r.Body) // a short page is a page without it
	return string(b)
}
