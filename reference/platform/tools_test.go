package platform

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// administrator is somebody who may register tools.
func (w *world) administrator() string {
	w.t.Helper()
	for _, id := range w.platform.school().order {
		if w.platform.school().administers(id) {
			return id
		}
	}
	w.t.Fatal("nobody administers a course")
	return ""
}

func (w *world) post(path string, v url.Values) int {
	w.t.Helper()
	r, err := w.browser.PostForm(w.server.URL+path, v)
	if err != nil {
		w.t.Fatal(err)
	}
	r.Body.Close()
	return r.StatusCode
}

func TestToolsAreRegisteredByHand(t *testing.T) {
	w := newWorld(t)
	w.signIn(w.administrator())
	_, page := w.get("/tools")
	token := fields(page).Get("token")
	form := url.Values{"token": {token}, "name": {`Maps <b>`}, "login_url": {"https://maps.example/login"}, "redirect_uris": {"https://maps.example/a\nhttps://maps.example/b"},
		"target_link_uri": {"https://maps.example/"}, "jwks_url": {"https://maps.example/jwks"}}
	if status := w.post("/tools", form); status != http.StatusOK {
		t.Fatalf("registering: %d", status)
	}
	_, page = w.get("/tools")
	if !strings.Contains(page, "Maps &lt;b&gt;") {
		t.Error("the tool is not shown, or not as text")
	}
	made := w.platform.c.Tools[len(w.platform.c.Tools)-1]
	if len(made.RedirectURIs) != 2 || len(made.Deployments) != 1 || made.ClientID == "" {
		t.Fatalf("%+v", made)
	}
	w.post("/tools", url.Values{"token": {token}, "client_id": {made.ClientID}})
	again, _ := w.platform.tool(made.ClientID)
	if len(again.Deployments) != 2 || again.Deployments[0] != made.Deployments[0] {
		t.Errorf("deployments %q", again.Deployments)
	}

	for name, change := range map[string]func(url.Values){
		"from elsewhere":       func(v url.Values) { v.Set("token", "x") },
		"a script as address":  func(v url.Values) { v.Set("login_url", "javascript:alert(1)") },
		"no redirect URI":      func(v url.Values) { v.Set("redirect_uris", " ") },
		"a fragment":           func(v url.Values) { v.Set("redirect_uris", "https://maps.example/a#b") },
		"no name":              func(v url.Values) { v.Set("name", "") },
		"a scope there isn't":  func(v url.Values) { v.Set("scopes", "x") },
		"an unknown client id": func(v url.Values) { v.Set("client_id", "nobody") },
	} {
		bad := url.Values{}
		for k, x := range form {
			bad[k] = x
		}
		change(bad)
		if status := w.post("/tools", bad); status < 400 || len(w.platform.c.Tools) != 2 {
			t.Errorf("%s: %d, %d tools", name, status, len(w.platform.c.Tools))
		}
	}
}

func TestOthersRegisterNoTools(t *testing.T) {
	w := newWorld(t)
	teacher, _, _, _ := w.platform.People()
	w.signIn(teacher)
	if status, page := w.get("/tools"); status != http.StatusForbidden || strings.Contains(page, client) {
		t.Errorf("a teacher sees the tools: %d", status)
	}
	if status := w.post("/tools", url.Values{"name": {"x"}}); status != http.StatusForbidden {
		t.Errorf("a teacher registers a tool: %d", status)
	}
}

// Every tool that the platform is given is registered, however many there are.
func TestAllToolsAreRegistered(t *testing.T) {
	var tools []Registration
	for _, id := range []string{"a", "b", "c"} {
		tools = append(tools, Registration{ClientID: id, Deployments: []string{"1"}})
	}
	p, err := New(t.Context(), Config{Origin: "https://platform.example", Tools: tools})
	if err != nil {
		t.Fatal(err)
	}
	_, _, _, course := p.People()
	for _, id := range []string{"a", "b", "c"} {
		if _, known := p.Tool(id); !known || len(p.Links(course, id)) != 2 || p.remote[id] == nil {
			t.Errorf("%s is not registered, or has no links", id)
		}
	}
}
