package district

import (
	"encoding/json"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rollcall-edu/rollcall/reference/catalog"
	"github.com/rollcall-edu/rollcall/reference/tool"
)

// found asks a catalogue, and gives the resources of a page.
func found(t *testing.T, c *Catalog, query string) []catalog.Resource {
	t.Helper()
	r, err := http.PostForm(c.TokenURL, url.Values{
		"grant_type": {"client_credentials"}, "client_id": {c.Main.ID}, "client_secret": {c.Main.Secret}, "scope": {catalog.Scope},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	var grant struct {
		Token string `json:"access_token"`
	}
	if err := json.NewDecoder(r.Body).Decode(&grant); err != nil {
		t.Fatal(err)
	}
	request, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, c.BaseURL+"/resources?"+query, nil)
	request.Header.Set("Authorization", "Bearer "+grant.Token)
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var page struct{ Resources []catalog.Resource }
	if err := json.NewDecoder(answer.Body).Decode(&page); err != nil || answer.StatusCode != http.StatusOK {
		t.Fatal(answer.Status, err)
	}
	return page.Resources
}

// What a resource names is there, at the addresses that it has: its page, its picture, the
// standard at the CASE server, the resource of the tool, which wants a launch.
func TestCatalogLeadsToItsNeighbours(t *testing.T) {
	reference, err := StartTool(t.Context(), ToolOptions{Platforms: []tool.Platform{}, Origin: "http://127.0.0.1"})
	if err != nil {
		t.Fatal(err)
	}
	defer reference.Close()
	c, err := StartCatalog(t.Context(), CatalogOptions{Items: 100, Tool: reference.server.Origin, Case: &CaseOptions{}})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	followed := map[string]int{}
	follow := func(kind, address string, want int) {
		r, err := http.Get(address)
		if err != nil {
			t.Fatal(err)
		}
		r.Body.Close()
		if r.StatusCode != want {
			t.Errorf("the %s %s is answered with %s", kind, address, r.Status)
		}
		followed[kind]++
	}
	for _, r := range found(t, c, "") {
		if r.URL != "" {
			follow("page", r.URL, 200)
		}
		if r.ThumbnailURL != "" {
			follow("picture", r.ThumbnailURL, 200)
		}
		for _, o := range r.LearningObjectives {
			follow("standard", o.CASEItemURI, 200)
		}
		if l := r.LTILink; l != nil {
			follow("launch", l.LaunchURL, http.StatusUnauthorized)
		}
	}
	for _, kind := range []string{"page", "picture", "standard", "launch"} {
		if followed[kind] < 10 {
			t.Errorf("only %d of kind %s", followed[kind], kind)
		}
	}
}

// A catalogue in a file is there again, where it was, and is loaded anew for other resources.
func TestCatalogInAFile(t *testing.T) {
	db := filepath.Join(t.TempDir(), "catalog.db")
	for _, o := range []CatalogOptions{
		{DB: db, Items: 20, BaseURL: "https://lor.example.org"}, {DB: db, Items: 20, BaseURL: "https://lor.example.org"},
		{DB: db, Items: 30, BaseURL: "https://lor.example.org", BasePath: "/x", ClientID: "me", ClientSecret: "mine"},
	} {
		c, err := StartCatalog(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(c.BaseURL, "https://lor.example.org/") || o.ClientID != "" && c.Main.Secret != "mine" {
			t.Errorf("%+v is at %s", o, c.BaseURL)
		}
		// From outside it has another name than from here.
		c.BaseURL, c.TokenURL = strings.Replace(c.BaseURL, "https://lor.example.org", c.Origin, 1), c.Origin+"/token"
		all := found(t, c, "")
		if len(all) != o.Items || slices.ContainsFunc(all, func(r catalog.Resource) bool {
			return r.LTILink != nil || !strings.HasPrefix(r.URL, "https://lor.example.org/items/")
		}) {
			t.Errorf("%+v has %d resources", o, len(all))
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}
	for wrong, o := range map[string]CatalogOptions{
		"fault": {Faults: []string{"no-such-fault"}}, "database": {DB: "mysql://x"}, "items": {Items: 1 << 30}, "address": {Listen: "127.0.0.1:" + strconv.Itoa(1<<17)},
	} {
		if c, err := StartCatalog(t.Context(), o); err == nil {
			c.Close()
			t.Errorf("a wrong %s is taken", wrong)
		}
	}
}
