package deeplinking

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"html/template"
	"net/http"
	"net/url"
	"slices"

	"github.com/rollcall-edu/rollcall/reference/lti"
	"github.com/rollcall-edu/rollcall/reference/platform"
)

//go:embed pages.html
var pagesText string

var pages = template.Must(template.New("pages").Funcs(template.FuncMap{"moment": platform.Moment}).Parse(pagesText))

// render makes a part of a page.
func render(name string, values any) template.HTML {
	var b bytes.Buffer
	if err := pages.ExecuteTemplate(&b, name, values); err != nil {
		return "This can't be shown."
	}
	return template.HTML(b.String())
}

// teacher is somebody who may change what a course has.
type teacher struct {
	user, csrf string
	course     platform.Course
}

// editing finds the course of a request and whoever teaches there.
func (s *Service) editing(w http.ResponseWriter, r *http.Request) (t teacher, ok bool) {
	user, csrf, in := s.p.SignedIn(r)
	if !in {
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return t, false
	}
	course, there := s.p.Course(r.PathValue("course"))
	switch roles := s.p.Roles(course.ID, user); {
	case !there || len(roles) == 0:
		s.p.Problem(w, http.StatusNotFound, "You are in no such course.")
		return t, false
	case !lti.Teaches(roles):
		s.p.Problem(w, http.StatusForbidden, "Only those who teach add content.")
		return t, false
	}
	return teacher{user, csrf, course}, true
}

// editor shows what has been added to a course, and by which tools more can be.
func (s *Service) editor(w http.ResponseWriter, r *http.Request) {
	t, ok := s.editing(w, r)
	if !ok {
		return
	}
	all, err := s.of(r.Context(), t.course.ID)
	if err != nil {
		s.p.Forgetful(w)
		return
	}
	var tools []platform.Registration
	for _, tool := range s.p.Tools() {
		if len(tool.Deployments) > 0 && s.p.Offers(tool, t.course.ID, t.user) {
			tools = append(tools, tool)
		}
	}
	s.p.Page(w, http.StatusOK, "Content of "+t.course.Title, true, func(string) template.HTML {
		return render("editor",
			map[string]any{"Course": t.course, "Path": url.PathEscape(t.course.ID), "CSRF": t.csrf, "Tools": tools, "Content": all})
	})
}

// pick shows a tool's picker in a frame of its page, or goes to it.
func (s *Service) pick(w http.ResponseWriter, r *http.Request) {
	if r.URL.Query().Get("as") != "frame" {
		s.begin(w, r)
		return
	}
	t, ok := s.editing(w, r)
	if !ok {
		return
	}
	s.p.Frame(w, "Add content to "+t.course.Title, t.course.ID, "/courses/"+url.PathEscape(t.course.ID)+"/content/begin?"+r.URL.RawQuery)
}

// begin sends a deep linking request to the tool (LTI Deep Linking 2.0 §4.4).
func (s *Service) begin(w http.ResponseWriter, r *http.Request) {
	t, ok := s.editing(w, r)
	if !ok {
		return
	}
	q := r.URL.Query()
	tool, there := s.p.Tool(q.Get("tool"))
	if !there || len(tool.Deployments) == 0 || !s.p.Offers(tool, t.course.ID, t.user) {
		s.p.Problem(w, http.StatusNotFound, "There is no such tool.")
		return
	}
	id, secret := lti.Random(), lti.Random()
	data, _ := json.Marshal(map[string]string{"pick": secret, "note": "a+b %2F ü & <c>"}) // texts can be written
	pick := Pick{User: t.user, Session: t.csrf, Course: t.course.ID, Tool: tool.ClientID, Deployment: tool.Deployments[0],
		Settings: settings(s.p.Issuer()+"/content/return?"+url.Values{"pick": {id}}.Encode(), string(data), q)}
	now := s.p.Now()
	if err := s.picks.Put(r.Context(), id, pick, now, now.Add(pickLife)); err != nil {
		s.p.Forgetful(w)
		return
	}
	s.p.Begin(w, r, &platform.Pending{
		User:    t.user,
		Tool:    tool,
		Link:    platform.Link{Course: t.course.ID, Tool: tool.ClientID, Deployment: pick.Deployment},
		As:      q.Get("as"),
		Target:  tool.PickerURI,
		Message: lti.DeepLinkingRequest,
		Own:     map[string]any{lti.DeepLinking + "deep_linking_settings": claimed(pick.Settings)},
	})
}

// settings are what a picker is told. What is asked for may be narrowed: types, one item alone,
// and whether somebody says yes before anything is kept.
func settings(address, data string, q url.Values) lti.Settings {
	yes, several, create := true, q.Get("one") == "", q.Get("ask") == ""
	types := []string{lti.TypeLTI, lti.TypeLink, lti.TypeFile, lti.TypeHTML, lti.TypeImage}
	if only := q["type"]; len(only) > 0 {
		types = slices.DeleteFunc(types, func(t string) bool { return !slices.Contains(only, t) })
	}
	return lti.Settings{
		ReturnURL:  address,
		Types:      types,
		Targets:    []string{"iframe", "window", "embed"},
		MediaTypes: "text/*,image/*,application/pdf",
		Multiple:   &several,
		LineItem:   &yes,
		AutoCreate: &create,
		Title:      "New content",
		Text:       "Chosen by somebody who teaches",
		Data:       &data,
	}
}

// claimed is the claim as a map, which faults can change.
func claimed(settings lti.Settings) map[string]any {
	var out map[string]any
	text, _ := json.Marshal(settings) // a struct of our own
	_ = json.Unmarshal(text, &out)    // it was just written
	return out
}

// Shown has everybody see the content of a course, and those who teach add some.
func (s *Service) Shown(r *http.Request, course, user string) []platform.Section {
	all, err := s.of(r.Context(), course)
	if err != nil {
		return nil // the page shows what there is
	}
	teaches := lti.Teaches(s.p.Roles(course, user))
	all = slices.DeleteFunc(all, func(c content) bool {
		_, link := c.link()
		return link || !teaches && !c.Item.Available.Open(s.p.Now())
	})
	if len(all) == 0 && !teaches {
		return nil
	}
	return []platform.Section{{Title: "Content",
		Body: render("shown", map[string]any{"Content": all, "Teaches": teaches, "Path": url.PathEscape(course)})}}
}
