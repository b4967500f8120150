package tool

import (
	"encoding/base64"
	"encoding/json"
	"html"
	"io"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rollcall-edu/rollcall/reference/lti"
)

// picker launches a deep linking request with settings, and gives the address of the picker and
// the page there.
func (w *world) picker(settings map[string]any) (address, page string) {
	w.t.Helper()
	_, q := w.login(nil)
	claims := w.claims(q.Get("nonce"))
	claims[lti.Namespace+"message_type"] = lti.DeepLinkingRequest
	delete(claims, lti.Namespace+"resource_link")
	delete(claims, lti.Namespace+"target_link_uri")
	claims[lti.DeepLinking+"deep_linking_settings"] = settings
	_, body, r := w.post(url.Values{"state": {q.Get("state")}, "id_token": {w.sign(claims)}})
	address = r.Header.Get("Location")
	if address == "" {
		return "", body
	}
	p, err := w.browser.Get(address)
	if err != nil {
		w.t.Fatal(err)
	}
	defer p.Body.Close()
	b, _ := io.ReadAll(p.Body) // a short page is a page without it
	return address, string(b)
}

// picks chooses, and gives where the answer goes and its claims.
func (w *world) picks(address string, form url.Values) (action string, claims map[string]any) {
	w.t.Helper()
	r, err := w.browser.PostForm(address, form)
	if err != nil {
		w.t.Fatal(err)
	}
	defer r.Body.Close()
	b, _ := io.ReadAll(r.Body) // a short page is a page without it
	m := regexp.MustCompile(`action="([^"]*)"[^>]*><input type="hidden" name="JWT" value="([^"]*)"`).FindStringSubmatch(string(b))
	if m == nil {
		w.t.Fatalf("%s %s", r.Status, b)
	}
	if !strings.Contains(r.Header.Get("Content-Security-Policy"), "form-action http: https:") {
		w.t.Errorf("the form may not leave: %s", r.Header.Get("Content-Security-Policy"))
	}
	raw, err := base64.RawURLEncoding.DecodeString(strings.Split(m[2], ".")[1])
	if err != nil || json.Unmarshal(raw, &claims) != nil {
		w.t.Fatalf("%v %s", err, raw)
	}
	return html.UnescapeString(m[1]), claims
}

func settingsOf(changes map[string]any) map[string]any {
	out := map[string]any{"deep_link_return_url": issuer + "/return?course=1", "accept_types": []string{"link", "ltiResourceLink", "file", "html", "image"},
		"accept_presentation_document_targets": []string{"iframe", "window"}, "accept_multiple": true, "data": " \"a\"+ü\n"}
	maps.Copy(out, changes)
	maps.DeleteFunc(out, func(_ string, v any) bool { return v == nil })
	return out
}

func typesOf(claims map[string]any) (out []string) {
	items, _ := claims[lti.DeepLinking+"content_items"].([]any)
	for _, x := range items {
		out = append(out, x.(map[string]any)["type"].(string))
	}
	return out
}

func TestPicker(t *testing.T) {
	w := newWorld(t)
	all := url.Values{"pick": {"quiz", "practice", "page", "text", "picture", "sheet", "unknown"}}
	address, page := w.picker(settingsOf(nil))
	if strings.Count(page, `type="checkbox"`) != 6 {
		t.Errorf("%s", page)
	}
	action, claims := w.picks(address, all)
	if action != issuer+"/return?course=1" || claims["iss"] != "one" || claims["aud"] != issuer || claims["nonce"] == "" || claims[lti.DeepLinking+"data"] != " \"a\"+ü\n" ||
		claims[lti.Namespace+"deployment_id"] != "d1" || claims[lti.Namespace+"message_type"] != lti.DeepLinkingResponse {
		t.Errorf("%s %v", action, claims)
	}
	if got := typesOf(claims); !slices.Equal(got, []string{"ltiResourceLink", "ltiResourceLink", "link", "html", "image", "file"}) {
		t.Errorf("%v", got)
	}
	_, claims = w.picks(address, url.Values{"cancel": {"1"}, "pick": {"quiz"}})
	if items, is := claims[lti.DeepLinking+"content_items"].([]any); !is || len(items) != 0 || claims[lti.DeepLinking+"msg"] == nil {
		t.Errorf("cancelled: %v", claims)
	}
	for name, test := range map[string]struct {
		changes map[string]any
		pick    url.Values
		want    []string
		lines   bool
	}{
		"one type":     {map[string]any{"accept_types": []string{"html"}}, all, []string{"html"}, false},
		"one item":     {map[string]any{"accept_multiple": false}, all, []string{"ltiResourceLink"}, true},
		"no line item": {map[string]any{"accept_lineitem": false}, url.Values{"pick": {"quiz"}}, []string{"ltiResourceLink"}, false},
		"media":        {map[string]any{"accept_media_types": "image/*, application/pdf", "accept_types": []string{"file", "image"}}, all, []string{"image"}, false},
		"no data":      {map[string]any{"data": nil}, url.Values{"pick": {"page"}}, []string{"link"}, false},
		"unknown":      {map[string]any{"accept_types": []string{"https://vendor.example/x"}, "future": 1}, all, nil, false},
	} {
		address, _ := w.picker(settingsOf(test.changes))
		_, claims := w.picks(address, test.pick)
		if got := typesOf(claims); !slices.Equal(got, test.want) {
			t.Errorf("%s: %v", name, got)
		}
		text, _ := json.Marshal(claims)
		if strings.Contains(string(text), "lineItem") != test.lines {
			t.Errorf("%s: %s", name, text)
		}
		if _, there := claims[lti.DeepLinking+"data"]; there != (name != "no data") {
			t.Errorf("%s: data %v", name, claims)
		}
	}
}

func TestPickerRefuses(t *testing.T) {
	w := newWorld(t)
	for _, to := range []any{nil, "javascript:alert(1)", "/return", ""} {
		if _, page := w.picker(settingsOf(map[string]any{"deep_link_return_url": to})); rule(page) != "picker.settings" {
			t.Errorf("%v: %s", to, page)
		}
	}
	// Whoever was launched to a resource picks nothing.
	_, q := w.login(nil)
	_, _, r := w.post(url.Values{"state": {q.Get("state")}, "id_token": {w.sign(w.claims(q.Get("nonce")))}})
	u, err := url.Parse(r.Header.Get("Location"))
	if err != nil {
		t.Fatal(err)
	}
	p, err := w.browser.PostForm(w.tool.TargetURL("deep-linking")+"?launch="+u.Query().Get("launch"), url.Values{"pick": {"quiz"}})
	if err != nil {
		t.Fatal(err)
	}
	p.Body.Close()
	if p.StatusCode != http.StatusBadRequest {
		t.Errorf("a launch of a resource picks: %s", p.Status)
	}
	// Another browser has nothing of the launch.
	address, _ := w.picker(settingsOf(nil))
	stranger := w.fresh()
	p, err = stranger.PostForm(address, url.Values{"pick": {"quiz"}})
	if err != nil {
		t.Fatal(err)
	}
	p.Body.Close()
	if p.StatusCode != http.StatusUnauthorized {
		t.Errorf("another browser picks: %s", p.Status)
	}
}
