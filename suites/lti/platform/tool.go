package platform

import (
	"context"
	_ "embed"
	"encoding/json"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/harness/browser"
	"github.com/rollcall-edu/rollcall/suites/lti"
	"github.com/rollcall-edu/rollcall/suites/lti/mint"
	"github.com/rollcall-edu/rollcall/suites/lti/side"
)

// tool is Rollcall's side: it takes login initiations, asks for tokens as a plan
// says, and notes what comes back. Of each browser context one launch is under way.
type tool struct {
	origin   string
	clientID string
	authURL  string
	key      mint.Key   // with which assertions are signed
	older    []mint.Key // published still
	foreign  mint.Key

	mu     sync.Mutex
	now    *launch            // the one that was begun last
	by     map[string]*launch // the one that was begun last in a context, by its mark
	reads  int                // of Rollcall's keys
	marked int                // pictures that markup of ours asked for
	past   map[string]*launch // by state, for answers that come late
	task   string             // what a person is to do now
	// brought is what the page posts by which somebody else's browser brings an answer.
	brought *Reply

	server *http.Server
}

// plan says how the next login is answered.
type plan struct {
	post     bool // ask by POST
	set      map[string]string
	omit     []string
	redirect string // instead of the registered one
	manual   bool   // a person opens the launch
	fresh    bool   // sign in for this launch alone
	hold     bool   // answer the login with a page, and ask when told
	twice    bool   // ask again once the answer has come
	refused  bool   // it has to be refused
	silent   bool   // no answer may come at all, not even an error
	probe    bool   // talk to the platform's window on the way (storage.go)
	mark     string // of the context in which it is made
	// alone keeps it from being made beside others: it looks whether launches are told
	// apart, or uses up what somebody was given once.
	alone bool
	// then is called once the login has come, unless it is nil.
	then   func(ctx context.Context, p *browser.Page, l *launch) error
	change func(q url.Values) // the last word on the request
	// posts makes of the claims of a deep linking request what the page posts that has it, and
	// where; after is called when the launch is over, before its page is left. Either may be nil.
	posts func(claims map[string]any) Reply
	after func(ctx context.Context, p *browser.Page)
}

// launch is what was seen of one.
type launch struct {
	mu       sync.Mutex
	plan     plan
	login    url.Values
	method   string // of the login
	asked    url.Values
	state    string
	nonce    string
	answers  []answer
	arrived  chan struct{} // closed when the first answer has come
	inFrame  string        // Sec-Fetch-Dest of the login
	loggedIn chan struct{} // closed when the login has come
	requests []request
	stored   map[string]map[string]reply // by stage: how messages to the platform's window were answered
	strays   int                         // requests that came to an address which isn't registered
	unmarked bool                        // a request of it came without the mark of its context
}

// request is one that came from the browser, for the evidence where that isn't ours.
type request struct {
	started  time.Time
	method   string
	url      string
	header   http.Header
	form     url.Values
	location string // where the browser was sent
}

// answer is one request to the redirect URI.
type answer struct {
	method, kind string // HTTP method, Content-Type
	form         url.Values
	query        url.Values
	at           time.Time
	path         string
	dest         string // Sec-Fetch-Dest
}

// start listens and serves.
func start(ctx context.Context, t *harness.Target) (*tool, error) {
	l := *lti.Of(t)
	out := &tool{origin: l.PublicURL, clientID: l.ClientID, authURL: l.Platform.AuthURL}
	for _, k := range []*mint.Key{&out.key, &out.foreign} {
		made, err := mint.NewKey("rollcall-" + side.Random()[:12])
		if err != nil {
			return nil, err
		}
		*k = made
	}
	var err error
	if out.server, err = side.Serve(ctx, l, out.handler()); err != nil {
		return nil, err
	}
	return out, nil
}

// The addresses that the platform has registered.
func (t *tool) redirectURI() string { return t.origin + "/callback" }

// stateEnd has to be encoded where state is put into an address or a form, and is of
// the characters that state may have (RFC 6749 appendix A.5).
const stateEnd = "+/%20=&"

// nonceEnd has both cases and what base64 is made of: a nonce comes back letter by letter
// (OpenID Connect Core §2).
const nonceEnd = "Aa+/="

// expect makes ready for the next launch.
func (t *tool) expect(p plan) *launch {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.now = &launch{
		plan:     p,
		state:    "s+" + side.Random() + stateEnd,
		nonce:    side.Random() + nonceEnd,
		arrived:  make(chan struct{}),
		loggedIn: make(chan struct{}),
	}
	if t.past == nil {
		t.past = map[string]*launch{}
	}
	t.past[t.now.state] = t.now
	if p.mark != "" {
		if t.by == nil {
			t.by = map[string]*launch{}
		}
		t.by[p.mark] = t.now
	}
	return t.now
}

// markCookie tells from which context a request comes. It is Rollcall's own: no platform
// ever sees it.
const markCookie = "rollcall_context"

// current gives the launch that a request belongs to: the one under way in its context, or
// the one that was begun last where the request doesn't tell its context.
func (t *tool) current(r *http.Request) *launch {
	t.mu.Lock()
	defer t.mu.Unlock()
	if c, err := r.Cookie(markCookie); err == nil && t.by[c.Value] != nil {
		return t.by[c.Value]
	}
	if t.now != nil {
		t.now.mu.Lock()
		t.now.unmarked = true
		t.now.mu.Unlock()
	}
	return t.now
}

// of gives the launch that an answer belongs to: a slow one may come when the next
// launch is under way.
func (t *tool) of(r *http.Request) *launch {
	t.mu.Lock()
	l := t.past[r.Form.Get("state")]
	t.mu.Unlock()
	if l != nil {
		return l
	}
	return t.current(r)
}

// rotate signs by another key from now on.
func (t *tool) rotate(k mint.Key) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.older, t.key = append(t.older, t.key), k
}

// readings counts how often Rollcall's keys were asked for.
func (t *tool) readings() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.reads
}

func (t *tool) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/login", t.login)
	mux.HandleFunc("GET /ask", t.ask)
	mux.HandleFunc("/callback", t.callback)
	mux.HandleFunc("/elsewhere", t.elsewhere)
	mux.HandleFunc("/callback/", t.elsewhere)
	mux.HandleFunc("/CALLBACK", t.elsewhere)
	mux.HandleFunc("POST /probed", t.probed)
	mux.HandleFunc("GET /markup", func(w http.ResponseWriter, _ *http.Request) {
		t.mu.Lock()
		t.marked++
		t.mu.Unlock()
		w.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc("GET /jwks", func(w http.ResponseWriter, _ *http.Request) {
		t.mu.Lock()
		t.reads++
		keys := []any{t.key.JWK()}
		for _, k := range t.older {
			keys = append(keys, k.JWK())
		}
		t.mu.Unlock()
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{"keys": keys}) // the client may be gone
	})
	// What an assertion must not bring along is there to be read by whoever does.
	mux.HandleFunc("GET /foreign-jwks", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{"keys": []any{t.foreign.JWK()}}) // the client may be gone
	})
	mux.HandleFunc("GET /bring", t.bring)
	mux.HandleFunc("GET /{$}", t.home)
	mux.HandleFunc("GET /target", func(w http.ResponseWriter, _ *http.Request) { show(w, "Rollcall is opened by a launch.") })
	return mux
}

//go:embed pages.html
var pagesText string

var pages = template.Must(template.New("").Parse(pagesText))

func show(w http.ResponseWriter, text string) { page(w, "text", text) }

func page(w http.ResponseWriter, name string, data any) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_ = pages.ExecuteTemplate(w, name, data) // the browser may be gone
}

// login takes the initiation, and answers it as planned.
func (t *tool) login(w http.ResponseWriter, r *http.Request) {
	l := t.current(r)
	if err := r.ParseForm(); err != nil || l == nil {
		show(w, "No launch is expected.")
		return
	}
	l.mu.Lock()
	first := l.login == nil
	if first {
		l.login, l.method, l.inFrame = r.Form, r.Method, r.Header.Get("Sec-Fetch-Dest")
		close(l.loggedIn)
	}
	l.mu.Unlock()
	switch {
	case l.plan.hold && l.plan.manual:
		l.note(r, "")
		page(w, "held", nil)
		return
	case l.plan.hold:
		show(w, "Rollcall waits.")
		return
	case l.plan.probe:
		page(w, "probe", probe{atLogin, l.login.Get("lti_storage_target"), originOf(t.authURL), l.storageKey(), mostStored, "/ask"})
		return
	}
	t.ask(w, r)
}

// ask sends the authentication request.
func (t *tool) ask(w http.ResponseWriter, r *http.Request) {
	l := t.current(r)
	if l == nil {
		show(w, "No launch is expected.")
		return
	}
	l.mu.Lock()
	q := url.Values{"scope": {"openid"}, "response_type": {"id_token"}, "response_mode": {"form_post"}, "prompt": {"none"},
		"client_id":    {t.clientID},
		"redirect_uri": {t.redirectURI()}, "state": {l.state}, "nonce": {l.nonce}, "login_hint": {l.login.Get("login_hint")}}
	if l.login.Has("lti_message_hint") {
		q.Set("lti_message_hint", l.login.Get("lti_message_hint"))
	}
	if l.plan.redirect != "" {
		q.Set("redirect_uri", l.plan.redirect)
	}
	for name, v := range l.plan.set {
		q.Set(name, v)
	}
	for _, name := range l.plan.omit {
		q.Del(name)
	}
	if l.plan.change != nil {
		l.plan.change(q)
	}
	l.asked = q
	l.mu.Unlock()
	l.note(r, side.Joined(t.authURL, q))
	if l.plan.post {
		page(w, "post", map[string]any{"Action": t.authURL, "Values": q})
		return
	}
	http.Redirect(w, r, side.Joined(t.authURL, q), http.StatusFound)
}

// callback takes the answer.
func (t *tool) callback(w http.ResponseWriter, r *http.Request) {
	err := r.ParseForm()
	l := t.of(r)
	if l == nil {
		show(w, "No launch is expected.")
		return
	}
	l.note(r, "")
	l.mu.Lock()
	defer l.mu.Unlock()
	if err == nil {
		l.answers = append(l.answers, answer{r.Method, r.Header.Get("Content-Type"), r.PostForm, r.URL.Query(), time.Now(), r.URL.Path,
			r.Header.Get("Sec-Fetch-Dest")})
		if len(l.answers) == 1 {
			close(l.arrived)
		}
	}
	if l.plan.twice && len(l.answers) == 1 {
		http.Redirect(w, r, side.Joined(t.authURL, l.asked), http.StatusSeeOther)
		return
	}
	if l.plan.probe {
		page(w, "probe", probe{atAnswer, l.login.Get("lti_storage_target"), originOf(t.authURL), l.storageKey(), mostStored, ""})
		return
	}
	if claims := claimsOf(r.PostForm.Get("id_token")); l.plan.posts != nil && claims != nil && len(l.answers) == 1 {
		if reply := l.plan.posts(claims); reply.Action != "" {
			answered(w, r, reply)
			return
		}
	}
	if l.plan.manual {
		page(w, "had", nil)
		return
	}
	show(w, "Rollcall has the answer.")
}

// originOf gives the origin of an address.
func originOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

// home says what a person is to do next.
func (t *tool) home(w http.ResponseWriter, _ *http.Request) {
	t.mu.Lock()
	task := t.task
	t.mu.Unlock()
	page(w, "home", task)
}

// note keeps a request for the evidence.
func (l *launch) note(r *http.Request, location string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.requests) < 20 {
		l.requests = append(l.requests, request{time.Now(), r.Method, r.URL.RequestURI(), r.Header.Clone(), r.PostForm, location})
	}
}

// elsewhere is an address that nobody registered.
//
// Whoever is sent there came by an open redirect, with or without an answer.
func (t *tool) elsewhere(w http.ResponseWriter, r *http.Request) {
	_ = r.ParseForm() // whatever it is
	answered := r.Form.Has("id_token") || r.Form.Has("state") || r.Form.Has("error")
	if l := t.of(r); l != nil && (answered || slices.Contains([]string{"", "document", "iframe", "frame"}, r.Header.Get("Sec-Fetch-Dest"))) {
		l.mu.Lock()
		l.strays++
		l.mu.Unlock()
	}
	show(w, "Nobody registered this address.")
}

// first gives the first answer, if one came.
func (l *launch) first() (answer, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.answers) == 0 {
		return answer{}, false
	}
	return l.answers[0], true
}

// begun tells whether the login has come.
func (l *launch) begun() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.login != nil
}

// marked tells whether all that came of a launch told its context.
func (l *launch) marked() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.plan.mark != "" && !l.unmarked
}

// strayed tells whether the browser came to an address of ours that isn't registered.
func (l *launch) strayed() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.strays > 0
}

// count counts the answers.
func (l *launch) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.answers)
}

// tokens counts the answers with a token.
func (l *launch) tokens() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := 0
	for _, a := range l.answers {
		if a.form.Get("id_token") != "" {
			n++
		}
	}
	return n
}
