package tool

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"html/template"
	"net/http"
	"sort"
	"strings"

	"github.com/rollcall-edu/rollcall/reference/lti"
)

//go:embed pages.html
var pagesText string

//go:embed work.html
var workText string

var pages = template.Must(template.Must(template.New("pages").Parse(pagesText)).Parse(workText))

func (t *Tool) page(w http.ResponseWriter, status int, name string, data any) {
	var b bytes.Buffer
	script, actions := "'none'", "'self'"
	switch with := data.(type) { // the pages with a script
	case storagePage:
		with.Nonce = lti.Random()
		script, data = "'nonce-"+with.Nonce+"'", with
	case replyPage:
		with.Nonce = lti.Random()
		// Browsers hold to this where a form's answer redirects to as well.
		script, actions, data = "'nonce-"+with.Nonce+"'", "http: https:", with
	}
	if err := pages.ExecuteTemplate(&b, name, data); err != nil {
		http.Error(w, "The page can't be shown.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; script-src "+script+
		"; form-action "+actions+"; base-uri 'none'")
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes()) // the client may be gone
}

// refuse shows what failed, in words for people and with the name of the rule.
func (t *Tool) refuse(w http.ResponseWriter, status int, rule, text string) {
	t.page(w, status, "refused", struct {
		Rule, Text string
		Status     int
	}{rule, strings.TrimSpace(text), status})
}

// forgetful says that the store can't be reached. What is wrong with it is nobody's
// business who asks.
func (t *Tool) forgetful(w http.ResponseWriter) {
	t.refuse(w, http.StatusServiceUnavailable, "store", forgetfulText)
}

const forgetfulText = "The tool can't remember anything now; try again."

func (t *Tool) home(w http.ResponseWriter, _ *http.Request) {
	t.page(w, http.StatusOK, "home", struct{ Login, Redirect, JWKS, Target string }{t.LoginURL(), t.RedirectURL(), t.JWKSURL(),
		t.TargetURL("quiz")})
}

// resource is what a link opens. Who may see what hangs on the roles in the
// course.
func (t *Tool) resource(w http.ResponseWriter, r *http.Request) {
	l, failed := t.find(r)
	if failed != nil {
		t.refuse(w, failed.Status, failed.Rule, failed.Text)
		return
	}
	if l.picks() {
		t.picker(w, r, l)
		return
	}
	c := l.Claims
	var roles []string
	if c.Roles != nil {
		roles = *c.Roles
	}
	view := struct {
		Name, Person, Course, Resource, Launch string
		Teaches, Learns, Mentors, Test         bool
		Roster                                 bool
		Mentored                               []string
		Return                                 string
	}{
		Name:     r.PathValue("name"),
		Launch:   l.ID,
		Teaches:  lti.Teaches(roles),
		Learns:   lti.InCourse(roles)["Learner"],
		Mentors:  lti.InCourse(roles)["Mentor"],
		Mentored: c.Mentored,
		Roster:   l.services().members != "",
		Person:   strings.TrimSpace(c.Name),
	}
	for _, r := range roles {
		view.Test = view.Test || r == lti.TestUser
	}
	if view.Person == "" {
		view.Person = strings.TrimSpace(c.GivenName + " " + c.FamilyName)
	}
	if view.Person == "" {
		view.Person = "Somebody without a name here"
	}
	if c.Context != nil {
		view.Course = c.Context.Title
	}
	if c.ResourceLink != nil {
		view.Resource = c.ResourceLink.Title
	}
	if p := c.Presentation; p != nil && (strings.HasPrefix(p.ReturnURL, "https://") || strings.HasPrefix(p.ReturnURL, "http://")) {
		view.Return = p.ReturnURL
	}
	t.page(w, http.StatusOK, "resource", view)
}

// decoded shows the launch as the tool understood it.
func (t *Tool) decoded(w http.ResponseWriter, r *http.Request) {
	l, failed := t.find(r)
	if failed != nil {
		t.refuse(w, failed.Status, failed.Rule, failed.Text)
		return
	}
	var claims map[string]json.RawMessage
	_ = json.Unmarshal(l.Raw, &claims) // it was read before
	type row struct{ Name, Value string }
	var rows []row
	for name, value := range claims {
		var b bytes.Buffer
		if json.Indent(&b, value, "", "  ") != nil {
			b.Write(value)
		}
		rows = append(rows, row{name, b.String()})
	}
	sort.Slice(rows, func(i, j int) bool { return rows[i].Name < rows[j].Name })
	t.page(w, http.StatusOK, "decoded", struct {
		Rows   []row
		Launch string
		Issuer string
	}{rows, l.ID, l.Platform.Issuer})
}
