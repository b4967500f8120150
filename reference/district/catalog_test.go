package district

import (
	"encoding/json"
	"html"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-edu/rollcall/reference/catalog"
	"github.com/rollcall-edu/rollcall/reference/lti"
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
// standard at the CASE server, and what the tool opens for whoever is launched to it.
func TestCatalogLeadsToItsNeighbours(t *testing.T) {
	keys, address := published(t)
	const issuer = "https://platform.example"
	reference, err := StartTool(t.Context(), ToolOptions{Host: "127.0.0.1", Platforms: []tool.Platform{
		{Issuer: issuer, ClientID: "one", AuthURL: issuer + "/auth", JWKSURL: address, Deployments: []string{"d1"}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer reference.Close()
	c, err := StartCatalog(t.Context(), CatalogOptions{Items: 100, Tool: reference.Origin, Case: &CaseOptions{}})
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
	launch := func(l *catalog.LTILink) {
		v := &visitor{t, map[string]string{}}
		_, _, to := v.ask(reference.Origin+"/login?"+url.Values{
			"iss": {issuer}, "client_id": {"one"}, "login_hint": {"h"}, "target_link_uri": {l.LaunchURL},
		}.Encode(), nil)
		asked, err := url.Parse(to)
		if err != nil {
			t.Fatal(err)
		}
		now := time.Now().Unix()
		token, err := keys.Sign(map[string]any{
			"iss": issuer, "aud": "one", "sub": "u1", "nonce": asked.Query().Get("nonce"), "iat": now, "exp": now + 600,
			lti.Namespace + "message_type": lti.ResourceLinkRequest, lti.Namespace + "version": lti.Version, lti.Namespace + "deployment_id": "d1",
			lti.Namespace + "target_link_uri": l.LaunchURL, lti.Namespace + "resource_link": map[string]any{"id": "l1", "title": l.Title},
			lti.Namespace + "roles": []string{lti.Membership + "Learner"},
		})
		if err != nil {
			t.Fatal(err)
		}
		_, page, opened := v.ask(reference.Origin+"/launch", url.Values{"state": {asked.Query().Get("state")}, "id_token": {token}})
		if !strings.HasPrefix(opened, l.LaunchURL+"?") {
			t.Fatalf("%s is launched to %q: %s", l.LaunchURL, opened, page)
		}
		if status, page, _ := v.ask(opened, nil); status != http.StatusOK || !strings.Contains(page, `id="launched"`) ||
			!strings.Contains(page, html.EscapeString(l.Title)) {
			t.Errorf("%s opens with %d: %s", l.LaunchURL, status, page)
		}
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
			follow("link", l.LaunchURL, http.StatusUnauthorized) // nobody was launched there
			launch(l)
		}
	}
	for _, kind := range []string{"page", "picture", "standard", "link"} {
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
