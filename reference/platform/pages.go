package platform

import (
	"bytes"
	"cmp"
	"crypto/subtle"
	_ "embed"
	"html/template"
	"net/http"
	"net/url"
	"sort"
	"time"

	"github.com/rollcall-edu/rollcall/reference/lti"
)

//go:embed pages.html
var pagesText string

var pages = template.Must(template.New("pages").Funcs(template.FuncMap{"moment": Moment}).Parse(pagesText))

// Moment words a time of a message for people; what is no time stays as it is.
func Moment(text string) string {
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return text
	}
	return at.UTC().Format("2 Jan 2006, 15:04 UTC")
}

// Handler serves the platform.
func (p *Platform) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", p.home)
	mux.HandleFunc("POST /signin", p.signIn)
	mux.HandleFunc("POST /signout", p.signOut)
	mux.HandleFunc("GET /courses/{course}", p.course)
	mux.HandleFunc("GET /courses/{course}/people", p.showPeople)
	mux.HandleFunc("POST /courses/{course}/people", p.changePeople)
	mux.HandleFunc("GET /links/{link}", p.openLink)
	mux.HandleFunc("GET /links/{link}/begin", p.begin)
	mux.HandleFunc("GET /tools", p.showTools)
	mux.HandleFunc("POST /tools", p.registerTool)
	mux.HandleFunc("/auth", p.auth)
	mux.Handle("GET /jwks", p.keys)
	mux.HandleFunc("/token", p.token)
	for _, s := range p.services {
		s.Handle(mux)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		h := w.Header()
		h.Set("Cache-Control", "no-store")
		h.Set("X-Content-Type-Options", "nosniff")
		// Not no-referrer: a browser would then post to tools with "Origin: null".
		h.Set("Referrer-Policy", "strict-origin")
		mux.ServeHTTP(w, r)
	})
}

const maxBody = 1 << 20

// policies are what a page may do beside showing itself (Content Security Policy).
// A page that isn't named has neither a form nor a reason not to be in a frame.
var policies = map[string]string{
	"signin":  "; form-action 'self'; frame-ancestors 'none'",
	"courses": "; form-action 'self'; frame-ancestors 'none'",
	"tools":   "; form-action 'self'; frame-ancestors 'none'",
	"people":  "; form-action 'self'; frame-ancestors 'none'",
	// A page of a service may be where a tool has sent the browser in our own frame.
	"service": "; form-action 'self'; img-src http: https:; frame-ancestors 'self'",
	// A tool may go to its return_url in our own frame.
	"course": "; form-action 'self'; img-src http: https:; frame-ancestors 'self'",
	"frame":  "; form-action 'none'; frame-src http: https:; frame-ancestors 'self'",
	// Browsers hold to this where a form's answer redirects to as well, and a tool may
	// have hosts that nobody registered.
	"post": "; form-action http: https:",
}

// page shows a page. Where the browser posts to a tool, the form's action is what
// was registered.
func (p *Platform) page(w http.ResponseWriter, status int, name string, values any) {
	p.write(w, status, name, lti.Random(), values)
}

// write shows a page whose scripts have a nonce.
func (p *Platform) write(w http.ResponseWriter, status int, name, nonce string, values any) {
	var b bytes.Buffer
	if err := pages.ExecuteTemplate(&b, name, struct {
		V     any
		Nonce string
	}{values, nonce}); err != nil {
		http.Error(w, "The page can't be shown.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; script-src 'nonce-"+nonce+"'; base-uri 'none'"+
		cmp.Or(policies[name], "; form-action 'none'"))
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes()) // the browser may be gone
}

// problem shows what is wrong, without sending the browser anywhere.
func (p *Platform) problem(w http.ResponseWriter, status int, text string) {
	p.page(w, status, "problem", struct {
		Status int
		Text   string
	}{status, text})
}

type pair struct{ Name, Value string }

// post sends the browser on by a form that posts itself (OAuth 2.0 Form Post
// Response Mode).
func (p *Platform) post(w http.ResponseWriter, action string, values url.Values) {
	var fields []pair
	for name, list := range values {
		for _, v := range list {
			fields = append(fields, pair{name, v})
		}
	}
	sort.Slice(fields, func(i, j int) bool { return fields[i].Name < fields[j].Name })
	p.page(w, http.StatusOK, "post", struct {
		Action string
		Fields []pair
	}{action, fields})
}

// cookie is the name of the session's cookie. It has to come along when a tool in
// a frame sends the browser back here, hence SameSite=None; forms that change
// something carry a token of their own.
const cookie = "rollcall_session"

// signedIn gives the session of a browser; nil: nobody is signed in there.
func (p *Platform) signedIn(r *http.Request) (*session, error) {
	c, err := r.Cookie(cookie)
	if err != nil {
		return nil, nil
	}
	s, there, err := p.sessions.Get(r.Context(), c.Value, p.c.Now())
	if err != nil || !there {
		return nil, err
	}
	if _, known := p.school().people[s.User]; !known {
		return nil, nil // the store is from when there was another school here
	}
	return &s, nil
}

func (p *Platform) home(w http.ResponseWriter, r *http.Request) {
	s, err := p.signedIn(r)
	if err != nil {
		p.forgetful(w)
		return
	}
	if s == nil {
		token := lti.Random()
		http.SetCookie(w, &http.Cookie{
			Name:     "rollcall_signin",
			Value:    token,
			Path:     "/",
			HttpOnly: true,
			Secure:   true,
			SameSite: http.SameSiteStrictMode,
		})
		var people []pair
		for _, id := range p.school().order {
			who := p.school().people[id]
			if len(p.school().coursesOf(id)) > 0 {
				people = append(people, pair{id, who.name + p.asWhat(id)})
			}
		}
		p.page(w, http.StatusOK, "signin", struct {
			People        []pair
			Token, Chosen string
		}{people, token, r.URL.Query().Get("as")})
		return
	}
	var courses []pair
	for _, c := range p.school().coursesOf(s.User) {
		courses = append(courses, pair{url.PathEscape(c.id), c.title})
	}
	p.page(w, http.StatusOK, "courses", struct {
		Name, CSRF  string
		Courses     []pair
		Administers bool
	}{p.school().people[s.User].name, s.CSRF, courses, p.school().administers(s.User)})
}

// asWhat tells who somebody is, for the list of people.
func (p *Platform) asWhat(user string) string {
	for _, c := range p.school().courses {
		switch roles := p.school().roles(c.id, user); {
		case len(roles) == 0:
		case roles[0] == lti.Membership+"Instructor":
			return " (teacher)"
		case roles[0] == lti.Membership+"Learner":
			return " (student)"
		case roles[0] == lti.Membership+"Mentor":
			return " (parent)"
		case roles[0] == lti.Membership+"Administrator":
			return " (administrator)"
		default:
			return " (staff)"
		}
	}
	return ""
}

// signIn begins a session. Nobody has a password here: it is a reference with made
// up people, on this machine.
func (p *Platform) signIn(w http.ResponseWriter, r *http.Request) {
	c, err := r.Cookie("rollcall_signin")
	if err != nil || r.ParseForm() != nil || subtle.ConstantTimeCompare([]byte(c.Value), []byte(r.PostForm.Get("token"))) != 1 {
		p.problem(w, http.StatusForbidden, "This form was not opened here; go back and sign in again.")
		return
	}
	user := r.PostForm.Get("user")
	if _, there := p.school().people[user]; !there {
		p.problem(w, http.StatusForbidden, "There is nobody of that name.")
		return
	}
	id, now := lti.Random(), p.c.Now()
	if err := p.sessions.Put(r.Context(), id, session{User: user, CSRF: lti.Random()}, now, now.Add(sessionLife)); err != nil {
		p.forgetful(w)
		return
	}
	http.SetCookie(w, &http.Cookie{
		Name:     cookie,
		Value:    id,
		Path:     "/",
		HttpOnly: true,
		Secure:   true,
		SameSite: http.SameSiteNoneMode,
		MaxAge:   int(sessionLife.Seconds()),
	})
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

func (p *Platform) signOut(w http.ResponseWriter, r *http.Request) {
	s, err := p.signedIn(r)
	if err != nil {
		p.forgetful(w)
		return
	}
	if s == nil || r.ParseForm() != nil || subtle.ConstantTimeCompare([]byte(s.CSRF), []byte(r.PostForm.Get("token"))) != 1 {
		p.problem(w, http.StatusForbidden, "This form was not opened here.")
		return
	}
	c, _ := r.Cookie(cookie) // there is one: somebody is signed in
	if err := p.sessions.Drop(r.Context(), c.Value); err != nil {
		p.forgetful(w)
		return
	}
	http.SetCookie(w, &http.Cookie{Name: cookie, Path: "/", MaxAge: -1, HttpOnly: true, Secure: true, SameSite: http.SameSiteNoneMode})
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

func (p *Platform) course(w http.ResponseWriter, r *http.Request) {
	s, err := p.signedIn(r)
	if err != nil {
		p.forgetful(w)
		return
	}
	if s == nil {
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return
	}
	c, there := p.school().course(r.PathValue("course"))
	if !there || p.school().roles(c.id, s.User) == nil {
		p.problem(w, http.StatusNotFound, "You are in no such course.")
		return
	}
	people := ""
	if p.mayEnroll(c.id, s.User) {
		people = "/courses/" + url.PathEscape(c.id) + "/people"
	}
	var all, links []Link
	p.mu.Lock()
	for _, l := range p.links {
		if l.Course == c.id {
			all = append(all, l)
		}
	}
	p.mu.Unlock()
	for _, l := range all {
		if t, there := p.tool(l.Tool); !there || p.Offers(t, c.id, s.User) {
			links = append(links, l)
		}
	}
	var sections []Section
	for _, service := range p.services {
		if shower, is := service.(Shower); is {
			sections = append(sections, shower.Shown(r, c.id, s.User)...)
		}
	}
	p.page(w, http.StatusOK, "course", struct {
		Title, Name, People string
		Links               []Link
		Sections            []Section
	}{c.title, p.school().people[s.User].name, people, links, sections})
}
