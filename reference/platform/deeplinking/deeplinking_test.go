package deeplinking

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"html"
	"io"
	"maps"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-edu/rollcall/reference/lti"
	"github.com/rollcall-edu/rollcall/reference/platform"
	"github.com/rollcall-edu/rollcall/reference/security"
)

const client = "quizmaker"

// world is a platform with deep linking, a tool that signs, and browsers.
type world struct {
	t        *testing.T
	platform *platform.Platform
	server   *httptest.Server
	keys     *security.Keys
	declared []lti.LineItem

	teacher, student, course string
}

// Declare notes a line item.
func (w *world) Declare(_ context.Context, _ platform.Link, item lti.LineItem) error {
	w.declared = append(w.declared, item)
	return nil
}

func (w *world) Withdraw(context.Context, platform.Link) error { return nil }

func newWorld(t *testing.T, dsn string, spared ...string) *world {
	t.Helper()
	keys, err := security.NewKeys()
	if err != nil {
		t.Fatal(err)
	}
	published := httptest.NewServer(keys)
	t.Cleanup(published.Close)
	w := &world{t: t, keys: keys}
	var handler http.Handler
	w.server = httptest.NewTLSServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { handler.ServeHTTP(rw, r) }))
	t.Cleanup(w.server.Close)
	kept, err := platform.OpenStore(t.Context(), dsn, Collections()...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = kept.Close() })
	c := platform.Config{Origin: w.server.URL, Store: kept, Spared: spared, Tools: []platform.Registration{{ClientID: client, Name: "Quiz",
		LoginURL: "https://tool.example/login", RedirectURIs: []string{"https://tool.example/callback"}, TargetURI: "https://tool.example/quiz",
		PickerURI: "https://tool.example/pick", JWKSURL: published.URL, Deployments: []string{"d1", "d2"}}}}
	c.Services = append(c.Services, New(t.Context(), Options{LineItems: w}))
	if w.platform, err = platform.New(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	handler = w.platform.Handler()
	w.teacher, w.student, _, w.course = w.platform.People()
	return w
}

// browser is one in which somebody has signed in.
type browser struct {
	w *world
	c *http.Client
}

func (w *world) as(user string) *browser {
	w.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		w.t.Fatal(err)
	}
	b := &browser{w, &http.Client{Transport: w.server.Client().Transport, Jar: jar}}
	_, page := b.get("/")
	b.post("/signin", url.Values{"user": {user}, "token": {fields(page).Get("token")}})
	return b
}

func (b *browser) get(path string) (int, string) {
	b.w.t.Helper()
	r, err := b.c.Get(b.w.server.URL + path)
	return b.read(r, err)
}

func (b *browser) post(path string, form url.Values) (int, string) {
	b.w.t.Helper()
	r, err := b.c.PostForm(b.w.server.URL+strings.TrimPrefix(path, b.w.server.URL), form)
	return b.read(r, err)
}

func (b *browser) read(r *http.Response, err error) (int, string) {
	b.w.t.Helper()
	if err != nil {
		b.w.t.Fatal(err)
	}
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	if err != nil {
		b.w.t.Fatal(err)
	}
	return r.StatusCode, string(text)
}

var field = regexp.MustCompile(`name="([^"]*)" value="([^"]*)"`)

func fields(page string) url.Values {
	v := url.Values{}
	for _, m := range field.FindAllStringSubmatch(page, -1) {
		v.Set(html.UnescapeString(m[1]), html.UnescapeString(m[2]))
	}
	return v
}

// launch follows a login to its token.
func (b *browser) launch(path string) map[string]any {
	b.w.t.Helper()
	_, page := b.get(path)
	login := fields(page)
	_, page = b.get("/auth?" + url.Values{"scope": {"openid"}, "response_type": {"id_token"}, "response_mode": {"form_post"}, "prompt": {"none"}, "client_id": {client},
		"redirect_uri": {"https://tool.example/callback"}, "state": {"s"}, "nonce": {"n"}, "login_hint": {login.Get("login_hint")}, "lti_message_hint": {login.Get("lti_message_hint")}}.Encode())
	parts := strings.Split(fields(page).Get("id_token"), ".")
	if len(parts) != 3 {
		b.w.t.Fatalf("no token: %s", page)
	}
	raw, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		b.w.t.Fatal(err)
	}
	var claims map[string]any
	if err := json.Unmarshal(raw, &claims); err != nil {
		b.w.t.Fatal(err)
	}
	return claims
}

// pick begins a choice and gives the request.
func (b *browser) pick(query string) (request, settings map[string]any) {
	b.w.t.Helper()
	request = b.launch("/courses/" + b.w.course + "/content/begin?tool=" + client + query)
	settings, _ = request[lti.DeepLinking+"deep_linking_settings"].(map[string]any)
	return request, settings
}

// answer is a right one to a request.
func (w *world) answer(settings map[string]any, items ...any) map[string]any {
	now := time.Now().Unix()
	return map[string]any{"iss": client, "aud": w.server.URL, "iat": now, "exp": now + 300, "nonce": lti.Random(),
		lti.Namespace + "message_type": lti.DeepLinkingResponse, lti.Namespace + "version": "1.3.0", lti.Namespace + "deployment_id": "d1",
		lti.DeepLinking + "data": settings["data"], lti.DeepLinking + "content_items": items}
}

func (w *world) signed(claims map[string]any) url.Values {
	w.t.Helper()
	token, err := w.keys.Sign(claims)
	if err != nil {
		w.t.Fatal(err)
	}
	return url.Values{"JWT": {token}}
}

func link(title string) map[string]any {
	return map[string]any{"type": "ltiResourceLink", "title": title, "url": "https://tool.example/quiz?1", "custom": map[string]any{"chapter": "1", "until": "$ResourceLink.submission.endDateTime"},
		"lineItem": map[string]any{"scoreMaximum": 10}, "submission": map[string]any{"endDateTime": "2090-01-01T00:00:00Z"}}
}

func TestRequest(t *testing.T) {
	w := newWorld(t, "")
	request, settings := w.as(w.teacher).pick("")
	if request[lti.Namespace+"message_type"] != lti.DeepLinkingRequest || request[lti.Namespace+"resource_link"] != nil ||
		request[lti.Namespace+"target_link_uri"] != "https://tool.example/pick" || request["sub"] == nil {
		t.Errorf("%v", request)
	}
	if !strings.HasPrefix(settings["deep_link_return_url"].(string), w.server.URL+"/content/return?pick=") || len(settings["accept_types"].([]any)) != 5 {
		t.Errorf("%v", settings)
	}
	if status, _ := w.as(w.student).get("/courses/" + w.course + "/content"); status != http.StatusForbidden {
		t.Errorf("a student is answered with %d", status)
	}
}

func TestLinkIsKept(t *testing.T) {
	dsn := filepath.Join(t.TempDir(), "platform.db")
	w := newWorld(t, dsn)
	b := w.as(w.teacher)
	_, settings := b.pick("")
	status, page := b.post(settings["deep_link_return_url"].(string), w.signed(w.answer(settings, link("Quiz & more"),
		map[string]any{"type": "html", "html": `<p onclick="x">Hello</p><script>x</script>`, "title": "A text"}, map[string]any{"type": "link", "url": "https://tool.example/page", "title": "A page"},
		map[string]any{"type": "image", "url": "https://tool.example/p.png", "title": "A picture", "icon": map[string]any{"url": "https://tool.example/i.png"}},
		map[string]any{"type": "file", "url": "https://tool.example/f.txt", "mediaType": "text/plain"})))
	if status != http.StatusOK || !strings.Contains(page, "Quiz &amp; more") {
		t.Fatalf("%d %s", status, page)
	}
	if len(w.declared) != 1 || w.declared[0].Label != "Quiz & more" || w.declared[0].ScoreMaximum != 10 {
		t.Errorf("declared: %v", w.declared)
	}
	_, course := b.get("/courses/" + w.course)
	for _, want := range []string{"Quiz &amp; more", `srcdoc="&lt;p onclick=&#34;x&#34;&gt;Hello`, `sandbox=""`, `href="https://tool.example/page"`, `src="https://tool.example/p.png"`,
		`https://tool.example/f.txt`, `src="https://tool.example/i.png"`, "10 points"} {
		if !strings.Contains(course, want) {
			t.Errorf("the course lacks %s: %s", want, course)
		}
	}
	open := regexp.MustCompile(`href="(/links/[^"?]*)\?as=same"`).FindAllStringSubmatch(course, -1)
	last := open[len(open)-1][1]
	claims := b.launch(last)
	custom, _ := claims[lti.Namespace+"custom"].(map[string]any)
	if claims[lti.Namespace+"target_link_uri"] != "https://tool.example/quiz?1" || custom["chapter"] != "1" || custom["until"] != "2090-01-01T00:00:00Z" {
		t.Errorf("%v", claims)
	}
	// A restart takes nothing, and what is removed is gone.
	again := newWorld(t, dsn)
	b = again.as(again.teacher)
	if _, course = b.get("/courses/" + again.course); !strings.Contains(course, last) || !strings.Contains(course, "A page") {
		t.Error("the content is gone after a restart")
	}
	_, editor := b.get("/courses/" + again.course + "/content")
	form := fields(editor)
	id := strings.TrimPrefix(last, "/links/")
	if status, _ := b.post("/courses/"+again.course+"/content/remove", url.Values{"id": {id}, "token": {"guessed"}}); status != http.StatusForbidden {
		t.Errorf("a form from elsewhere is answered with %d", status)
	}
	b.post("/courses/"+again.course+"/content/remove", url.Values{"id": {id}, "token": {form.Get("token")}})
	if _, course = b.get("/courses/" + again.course); strings.Contains(course, last) {
		t.Error("what was removed is still there")
	}
}

func TestAsked(t *testing.T) {
	w := newWorld(t, "")
	b := w.as(w.teacher)
	_, settings := b.pick("&ask=1")
	_, page := b.post(settings["deep_link_return_url"].(string), w.signed(w.answer(settings, link("Asked"))))
	if _, course := b.get("/courses/" + w.course); strings.Contains(course, "Asked") {
		t.Error("it was kept before somebody said yes")
	}
	form := fields(page)
	if status, _ := b.post("/courses/"+w.course+"/content/confirm", url.Values{"token": form["token"], "pick": form["pick"]}); status != http.StatusOK {
		t.Errorf("saying yes is answered with %d: %v", status, form)
	}
	if _, course := b.get("/courses/" + w.course); !strings.Contains(course, "Asked") {
		t.Error("it was not kept once somebody said yes")
	}
	if status, _ := b.post("/courses/"+w.course+"/content/confirm", url.Values{"token": form["token"], "pick": form["pick"]}); status != http.StatusNotFound {
		t.Errorf("saying yes twice is answered with %d", status)
	}
}

func TestMessages(t *testing.T) {
	w := newWorld(t, "")
	b := w.as(w.teacher)
	_, settings := b.pick("")
	claims := w.answer(settings)
	delete(claims, lti.DeepLinking+"content_items")
	claims[lti.DeepLinking+"errormsg"] = "It is <closed>."
	if status, page := b.post(settings["deep_link_return_url"].(string), w.signed(claims)); status != http.StatusOK || !strings.Contains(page, "It is &lt;closed&gt;.") {
		t.Errorf("%d %s", status, page)
	}
}

func TestPeriods(t *testing.T) {
	w := newWorld(t, "")
	b := w.as(w.teacher)
	_, settings := b.pick("")
	item := link("Later")
	item["available"] = map[string]any{"startDateTime": "2090-01-01T00:00:00Z"}
	b.post(settings["deep_link_return_url"].(string), w.signed(w.answer(settings, item)))
	_, course := b.get("/courses/" + w.course)
	open := regexp.MustCompile(`href="(/links/[^"?]*)\?as=same"`).FindAllStringSubmatch(course, -1)
	last := open[len(open)-1][1]
	if status, _ := b.get(last); status != http.StatusOK {
		t.Errorf("a teacher is answered with %d", status)
	}
	if status, _ := w.as(w.student).get(last); status != http.StatusForbidden {
		t.Errorf("a student is answered with %d before it opens", status)
	}
}

// What is wrong with an answer is refused, by each rule alone.
func TestRefused(t *testing.T) {
	w := newWorld(t, "")
	b, other := w.as(w.teacher), w.as(w.teacher)
	foreign, err := security.NewKeys()
	if err != nil {
		t.Fatal(err)
	}
	with := func(name string, v any) func(map[string]any) {
		return func(c map[string]any) {
			c[name] = v
			maps.DeleteFunc(c, func(_ string, v any) bool { return v == nil })
		}
	}
	items := func(all ...any) func(map[string]any) { return with(lti.DeepLinking+"content_items", all) }
	now := time.Now().Unix()
	for name, change := range map[string]func(map[string]any){
		"iss": with("iss", "another"), "aud": with("aud", "https://another.example"), "no exp": with("exp", nil), "over": with("exp", now-3600), "future": with("iat", now+3600), "nonce": with("nonce", nil),
		"type": with(lti.Namespace+"message_type", lti.DeepLinkingRequest), "version": with(lti.Namespace+"version", "1.3"), "deployment": with(lti.Namespace+"deployment_id", "d2"),
		"data": with(lti.DeepLinking+"data", "x"), "no data": with(lti.DeepLinking+"data", nil), "of a vendor": items(map[string]any{"type": "x"}), "a script": items(map[string]any{"type": "link", "url": "javascript:x"}),
		"no html": items(map[string]any{"type": "html"}), "no points": items(map[string]any{"type": "ltiResourceLink", "lineItem": map[string]any{"scoreMaximum": 0}}),
		"media": items(map[string]any{"type": "file", "url": "https://tool.example/x.zip", "mediaType": "application/zip"}),
	} {
		_, settings := b.pick("")
		claims := w.answer(settings, link("Refused"))
		change(claims)
		if status, page := b.post(settings["deep_link_return_url"].(string), w.signed(claims)); status != http.StatusBadRequest || !strings.Contains(page, `id="problem"`) {
			t.Errorf("%s: %d", name, status)
		}
	}
	_, settings := b.pick("&one=1")
	if status, _ := b.post(settings["deep_link_return_url"].(string), w.signed(w.answer(settings, link("1"), link("2")))); status != http.StatusBadRequest {
		t.Errorf("two items are answered with %d", status)
	}
	address := settings["deep_link_return_url"].(string)
	right := w.signed(w.answer(settings, link("Right")))
	if status, _ := other.post(address, right); status != http.StatusBadRequest {
		t.Errorf("another session is answered with %d", status)
	}
	token, err := foreign.Sign(w.answer(settings, link("Foreign")))
	if err != nil {
		t.Fatal(err)
	}
	for name, form := range map[string]url.Values{"foreign": {"JWT": {token}}, "another field": {"id_token": right["JWT"]}, "twice": {"JWT": {right.Get("JWT"), right.Get("JWT")}}} {
		if status, _ := b.post(address, form); status != http.StatusBadRequest {
			t.Errorf("%s: %d", name, status)
		}
	}
	if status, _ := b.get(strings.TrimPrefix(address, w.server.URL)); status != http.StatusMethodNotAllowed {
		t.Errorf("GET is answered with %d", status)
	}
	for want := range []int{http.StatusOK, http.StatusBadRequest} { // the second comes too late
		if status, _ := b.post(address, right); status != []int{http.StatusOK, http.StatusBadRequest}[want] {
			t.Errorf("%d. time: %d", want+1, status)
		}
	}
	if _, course := b.get("/courses/" + w.course); strings.Contains(course, "Refused") || strings.Contains(course, "Foreign") || !strings.Contains(course, "Right") {
		t.Error("what was refused is there, or what was right is not")
	}
}
