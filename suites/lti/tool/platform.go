package tool

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rollcall-edu/rollcall/suites/lti"
	"github.com/rollcall-edu/rollcall/suites/lti/mint"
	"github.com/rollcall-edu/rollcall/suites/lti/side"
)

// platform is Rollcall's side: it initiates logins, answers authentication
// requests with the token that a launch asks for, and publishes its keys.
type platform struct {
	issuer, clientID, target string
	login                    string
	second                   string // client id of the second registration, if any
	deployments              []string

	mu       sync.Mutex
	key      mint.Key
	old      []mint.Key
	foreign  mint.Key // nobody published it
	keys     string   // how keys are published now
	reads    int      // of the keys, since then
	read     bool     // they were, at some time
	attempts map[string]*attempt
	hosts    []string // of the tool: answers go there alone
	unsaid   bool     // redirect URIs are not: the first that comes says one more host
	drawn    []drawn  // states and nonces of logins

	minted      func(token string) // told of each token, which opens a session of somebody
	certificate []byte             // of the foreign key, by itself
	curve       map[string]any     // a key of another kind

	services services
	acting   atomic.Pointer[acting] // the action under way, if any
	acts     map[string]*acting     // those whose services have a name, by it
	asked    []Call                 // requests of access tokens
	server   *http.Server
}

// attempt is one launch on its way.
type attempt struct {
	launch Launch
	hint   string // login_hint: it names the attempt
	note   string // lti_message_hint
	now    time.Time

	mu       sync.Mutex
	sent     url.Values // login initiation
	began    time.Time  // when it was sent
	given    time.Time  // when the response was
	requests []url.Values
	method   string // of the authentication request
	token    string
	header   map[string]any
	claims   map[string]any
	state    string
	form     url.Values // the response as it went out
	redirect string
	// hold, when set, answers the authentication request instead of the page
	// that posts the response; attacks use it.
	hold bool
	// fetched counts how often somebody asked for the key that the header of the
	// token leads to.
	fetched int
	// kept is what the page that posts the answer has the platform's storage tell; where it
	// is forged a stranger's frame does.
	kept   map[string]string
	forged bool
}

// start listens and serves.
func start(ctx context.Context, l lti.Section) (*platform, error) {
	p := &platform{
		issuer:      l.PublicURL,
		clientID:    l.ClientID,
		second:      l.OtherClientID,
		deployments: l.Deployments,
		target:      l.Tool.TargetLinkURI,
		login:       l.Tool.LoginURL,
		attempts:    map[string]*attempt{},
		acts:        map[string]*acting{},
		unsaid:      len(l.Tool.RedirectURIs) == 0,
	}
	for _, address := range append([]string{l.Tool.LoginURL, l.Tool.TargetLinkURI}, l.Tool.RedirectURIs...) {
		if u, err := url.Parse(address); err == nil && u.Host != "" {
			p.hosts = append(p.hosts, u.Host)
		}
	}
	for _, k := range []*mint.Key{&p.key, &p.foreign} {
		made, err := mint.NewKey("rollcall-" + side.Random()[:12])
		if err != nil {
			return nil, err
		}
		*k = made
	}
	var err error
	if p.certificate, err = p.foreign.Certificate(); err != nil {
		return nil, err
	}
	if p.curve, err = mint.Curve("rollcall-" + side.Random()[:12]); err != nil {
		return nil, err
	}
	if p.server, err = side.Serve(ctx, l, p.handler()); err != nil {
		return nil, err
	}
	return p, nil
}

func (p *platform) close() { _ = p.server.Close() }

// asked gives a parameter of the last authentication request, "" where none came. The
// lock must be held.
func (a *attempt) asked(name string) string {
	if n := len(a.requests); n > 0 {
		return a.requests[n-1].Get(name)
	}
	return ""
}

// hintEnd has both cases: a hint comes back letter by letter (LTI 1.3 §4.1, §5.1.1.2).
const hintEnd = "-Aa"

// begin takes a launch in and gives the address that a person would be at.
func (p *platform) begin(l Launch) (*attempt, string) {
	a := &attempt{launch: l, hint: side.Random() + hintEnd, note: `{"launch":"` + side.Random() + `","note":"a+b %2F ü"}`, now: time.Now()}
	p.mu.Lock()
	p.attempts[a.hint] = a
	p.mu.Unlock()
	return a, p.issuer + "/courses/" + a.hint
}

func (p *platform) find(hint string) *attempt {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.attempts[hint]
}

// findByNote finds an attempt by the other hint.
func (p *platform) findByNote(note string) *attempt {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, a := range p.attempts {
		if note != "" && a.note == note {
			return a
		}
	}
	return nil
}

func (p *platform) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /courses/{hint}", p.attempted(p.course))
	mux.HandleFunc("GET /courses/{hint}/open", p.attempted(p.open))
	mux.HandleFunc("GET /courses/{hint}/window", func(w http.ResponseWriter, r *http.Request) {
		page(w, "window", "/courses/"+url.PathEscape(r.PathValue("hint"))+"/open")
	})
	mux.HandleFunc("GET /courses/{hint}/again", p.attempted(p.courseAgain))
	mux.HandleFunc("GET /again/{hint}", p.attempted(p.again))
	mux.HandleFunc("GET /stolen/{hint}/{form}", p.attempted(p.stolen))
	mux.HandleFunc("/auth", p.auth)
	mux.HandleFunc("GET /jwks", p.jwks)
	mux.HandleFunc("POST /token", p.tokenEndpoint)
	mux.HandleFunc("/acts/{name}/", p.act)
	p.services.register(mux, p)
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		page(w, "home", map[string]any{"Issuer": p.issuer, "Client": p.clientID, "Deployments": strings.Join(p.deployments, ", ")})
	})
	return mux
}

// attempted serves what belongs to a launch that is under way, or was.
func (p *platform) attempted(serve func(w http.ResponseWriter, r *http.Request, a *attempt)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		a := p.find(r.PathValue("hint"))
		if a == nil {
			http.NotFound(w, r)
			return
		}
		serve(w, r, a)
	}
}

// course is the page of the platform from which the link is opened.
func (p *platform) course(w http.ResponseWriter, r *http.Request, a *attempt) {
	if !a.launch.Frame && !a.launch.Window {
		p.open(w, r, a)
		return
	}
	values := map[string]any{"Open": "/courses/" + a.hint + "/open", "Storage": a.launch.Storage, "Window": a.launch.Window,
		"Through": "/courses/" + a.hint + "/window"}
	if a.launch.Stranger {
		values["Stranger"] = strangersPage(p.issuer + "/courses/" + a.hint + "/open")
	}
	page(w, "course", values)
}

// courseAgain is the platform's page with a frame in which an answer is posted, in
// whatever browser comes.
func (p *platform) courseAgain(w http.ResponseWriter, _ *http.Request, a *attempt) {
	a.mu.Lock()
	defer a.mu.Unlock()
	values := map[string]any{"Open": "/again/" + a.hint, "Storage": a.launch.Storage, "Kept": a.kept}
	if a.forged {
		values["Forger"] = forgersPage
	}
	page(w, "course", values)
}

// parameters are those of the login initiation (LTI 1.3 §4.1).
func (p *platform) parameters(a *attempt) url.Values {
	v := url.Values{"iss": {p.issuer}, "login_hint": {a.hint}, "target_link_uri": {p.target}, "lti_message_hint": {a.note},
		"client_id":         {p.clientID},
		"lti_deployment_id": {p.deployments[0]}}
	if a.launch.Storage {
		v.Set("lti_storage_target", "_parent")
	}
	for _, name := range a.launch.Login.Omit {
		v.Del(name)
	}
	for name, text := range a.launch.Login.Set {
		v.Set(name, fmt.Sprint(p.value(text, a)))
	}
	if name := a.launch.Login.Repeat; name != "" {
		v.Add(name, v.Get(name)+"x")
	}
	return v
}

func (p *platform) open(w http.ResponseWriter, r *http.Request, a *attempt) {
	v := p.parameters(a)
	a.mu.Lock()
	a.sent, a.began = v, time.Now()
	a.mu.Unlock()
	if a.launch.Login.Post {
		page(w, "post", map[string]any{"Action": p.login, "Values": pairs(v)})
		return
	}
	http.Redirect(w, r, side.Joined(p.login, v), http.StatusFound)
}

// auth answers the authentication request of the tool (Security Framework 1.0 §5.1.1.2). What is
// wrong with the request is for checks to say: here it is only noted.
func (p *platform) auth(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		http.Error(w, "The parameters can't be read.", http.StatusBadRequest)
		return
	}
	a := p.find(r.Form.Get("login_hint"))
	if a == nil {
		a = p.findByNote(r.Form.Get("lti_message_hint")) // a check says what is wrong with the other
	}
	if a == nil {
		http.Error(w, "This login_hint was not issued here: a tool has to send it back as it came.", http.StatusBadRequest)
		return
	}
	form, err := p.response(a, r)
	if err != nil {
		http.Error(w, "The token can't be made.", http.StatusInternalServerError)
		return
	}
	a.mu.Lock()
	hold, redirect := a.hold, a.redirect
	a.mu.Unlock()
	if why := p.strange(redirect); why != "" {
		a.mu.Lock()
		a.redirect = ""
		a.mu.Unlock()
		http.Error(w, why, http.StatusBadRequest)
		return
	}
	switch {
	case hold:
		page(w, "held", nil)
	case a.launch.Respond.Get:
		http.Redirect(w, r, side.Joined(redirect, form), http.StatusFound)
	default:
		page(w, "post", map[string]any{"Action": redirect, "Values": pairs(form)})
	}
}

// strange says why nothing is sent to a redirect URI: a browser that comes with a
// made-up request must not be sent to strangers, and no token either.
func (p *platform) strange(redirect string) string {
	u, err := url.Parse(redirect)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return "The redirect_uri is no absolute http or https address."
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.unsaid && !slices.Contains(p.hosts, u.Host) {
		p.hosts = append(p.hosts, u.Host)
	}
	p.unsaid = false
	if !slices.Contains(p.hosts, u.Host) {
		return "The redirect_uri lies on a host that isn't known as the tool's; if it is, name it in lti.tool.redirect_uris of the target file."
	}
	return ""
}

// draws notes what the tool made up for a login.
func (p *platform) draws(d drawn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.drawn) < mostDrawn {
		p.drawn = append(p.drawn, d)
	}
}

// all gives what the tool made up so far.
func (p *platform) all() []drawn {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.drawn)
}

// again posts the answer of a launch from whatever browser comes.
func (p *platform) again(w http.ResponseWriter, r *http.Request, a *attempt) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.redirect == "" {
		http.NotFound(w, r)
		return
	}
	page(w, "post", map[string]any{"Action": a.redirect, "Values": pairs(a.form)})
}

// response makes the authentication response and notes it.
func (p *platform) response(a *attempt, r *http.Request) (url.Values, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.requests = append(a.requests, maps.Clone(r.Form))
	a.method = r.Method
	if len(a.requests) == 1 && !a.began.IsZero() {
		p.draws(drawn{began: a.began, came: time.Now(), state: r.Form.Get("state"), nonce: r.Form.Get("nonce")})
	}
	a.state, a.redirect = r.Form.Get("state"), r.Form.Get("redirect_uri")
	form := url.Values{"state": {a.state}}
	l := a.launch
	if l.Respond.Error != "" {
		form.Set("error", l.Respond.Error)
	} else {
		if err := p.token(a, r.Form.Get("nonce")); err != nil {
			return nil, err
		}
		form.Set("id_token", a.token)
	}
	if a.launch.Storage {
		form.Set("lti_storage_target", "_parent")
	}
	for _, name := range l.Respond.Omit {
		form.Del(name)
	}
	for name, text := range l.Respond.Set {
		form.Set(name, fmt.Sprint(p.value(text, a)))
	}
	if name := l.Respond.Repeat; name != "" {
		form.Add(name, form.Get(name)+"x")
	}
	a.form, a.given = form, time.Now()
	return form, nil
}
