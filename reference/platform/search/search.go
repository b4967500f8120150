package search

import (
	"bytes"
	"context"
	"crypto/subtle"
	_ "embed"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"sync"

	"github.com/rollcall-edu/rollcall/reference/catalog/client"
	"github.com/rollcall-edu/rollcall/reference/lti"
	"github.com/rollcall-edu/rollcall/reference/platform"
)

// Content keeps what was chosen for a course, as reference/platform/deeplinking does.
type Content interface {
	Add(ctx context.Context, course, tool, deployment string, item lti.ContentItem) error
}

// Options say what the service is made of.
type Options struct {
	// Catalog gives where is searched; known is false where there is nothing to search yet.
	Catalog func() (c client.Catalog, known bool)
	Content func() Content
}

// Service is the page on which teachers search.
type Service struct {
	p *platform.Platform
	o Options

	mu     sync.Mutex
	at     client.Catalog // whose client it is
	client *client.Client // with its token
}

// New makes the service of a platform.
func New(o Options) func(*platform.Platform) (platform.Service, error) {
	return func(p *platform.Platform) (platform.Service, error) { return &Service{p: p, o: o}, nil }
}

// Handle adds the page, and what its buttons do.
func (s *Service) Handle(mux *http.ServeMux) {
	mux.HandleFunc("GET /courses/{course}/search", s.show)
	mux.HandleFunc("POST /courses/{course}/search", s.choose)
}

// Claim has nothing to tell of launches.
func (s *Service) Claim(*platform.Pending) (name string, claim any) { return "", nil }

//go:embed pages.html
var pagesText string

var pages = template.Must(template.New("pages").Parse(pagesText))

func render(name string, values any) template.HTML {
	var b bytes.Buffer
	if err := pages.ExecuteTemplate(&b, name, values); err != nil {
		return "This can't be shown."
	}
	return template.HTML(b.String())
}

// Shown leads those who teach to the page, where there is something to search.
func (s *Service) Shown(_ *http.Request, course, user string) []platform.Section {
	if _, known := s.o.Catalog(); !known || !lti.Teaches(s.p.Roles(course, user)) {
		return nil
	}
	return []platform.Section{{Title: "Catalogue", Body: render("lead", url.PathEscape(course))}}
}

// searching finds the course of a request, the token of its forms, and where is searched; where that can't be, it
// has answered.
func (s *Service) searching(w http.ResponseWriter, r *http.Request) (course platform.Course, user, csrf string, c *client.Client, ok bool) {
	user, csrf, in := s.p.SignedIn(r)
	if !in {
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return course, user, csrf, c, false
	}
	course, there := s.p.Course(r.PathValue("course"))
	roles := s.p.Roles(course.ID, user)
	c, known, err := s.caller()
	switch {
	case !there || len(roles) == 0:
		s.p.Problem(w, http.StatusNotFound, "You are in no such course.")
	case !lti.Teaches(roles):
		s.p.Problem(w, http.StatusForbidden, "Only those who teach add content.")
	case !known:
		s.p.Problem(w, http.StatusNotFound, "There is no catalogue to search.")
	case err != nil:
		s.p.Problem(w, http.StatusBadGateway, "The catalogue can't be searched: "+err.Error()+".")
	default:
		return course, user, csrf, c, true
	}
	return course, user, csrf, c, false
}

// caller gives the client of the catalogue, the same while the catalogue is, so that its token serves many searches.
func (s *Service) caller() (c *client.Client, known bool, err error) {
	at, known := s.o.Catalog()
	if !known {
		return nil, false, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.client != nil && s.at.BaseURL == at.BaseURL && s.at.TokenURL == at.TokenURL && s.at.ClientID == at.ClientID &&
		s.at.Secret == at.Secret {
		return s.client, true, nil
	}
	if c, err = client.New(at); err == nil {
		s.at, s.client = at, c
	}
	return c, true, err
}

// found is an item as the page shows it.
type found struct {
	client.Item
	Opens  string // name of the tool that opens it; empty: it has a page
	Cannot string // why it can't be added; empty: it can
}

// show is the page: what to search for, and what was found.
func (s *Service) show(w http.ResponseWriter, r *http.Request) {
	course, user, csrf, c, ok := s.searching(w, r)
	if !ok {
		return
	}
	q := r.URL.Query()
	query, skip := asked(q)
	view := struct {
		Course           platform.Course
		Path, CSRF       string
		Query            client.Query
		Asked, More      bool
		Found            []found
		Problem, Warning string
		Next, Add        string
		First            int // number of the first that is found here
		Kinds, Sorts     []string
	}{
		Course: course,
		Path:   url.PathEscape(course.ID),
		CSRF:   csrf,
		Query:  query,
		Asked:  q.Has("words"),
		Add:    q.Get("added"),
		First:  skip + 1,
		Kinds:  kinds,
		Sorts:  sorts,
	}
	if view.Asked {
		found, err := c.Search(r.Context(), query, skip)
		if err != nil {
			view.Problem = client.Cause(err)
		}
		view.Warning = found.Warning
		for _, i := range found.Items {
			view.Found = append(view.Found, s.seen(i, course.ID, user))
		}
		if view.More = found.More; found.More {
			next := r.URL.Query()
			next.Set("skip", strconv.Itoa(found.Next))
			next.Del("added")
			view.Next = "/courses/" + view.Path + "/search?" + next.Encode()
		}
	}
	s.p.Page(w, http.StatusOK, "Search for "+course.Title, false, func(string) template.HTML { return render("search", view) })
}

// seen says what opens an item.
func (s *Service) seen(i client.Item, course, user string) found {
	out := found{Item: i}
	if i.LTILink == nil {
		if !absolute(i.URL) {
			out.Cannot = "it has no page"
		}
		return out
	}
	t, there := s.tool(i.LTILink.Address())
	switch {
	case !there:
		out.Cannot = "the tool that opens it isn't registered here"
	case !s.p.Offers(t, course, user):
		out.Cannot = t.Name + " isn't there for this course"
	default:
		out.Opens = t.Name
	}
	return out
}

func absolute(address string) bool {
	u, err := url.Parse(address)
	return err == nil && u.Host != "" && (u.Scheme == "https" || u.Scheme == "http")
}

// tool finds whose an address is: the first that is registered with its origin.
func (s *Service) tool(address string) (platform.Registration, bool) {
	origin := originOf(address)
	tools := s.p.Tools()
	i := slices.IndexFunc(tools, func(t platform.Registration) bool {
		return origin != "" && originOf(t.TargetURI) == origin && len(t.Deployments) > 0
	})
	if i < 0 {
		return platform.Registration{}, false
	}
	return tools[i], true
}

func originOf(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

// choose puts an item into the course. It is found once more: what the catalogue says counts, and not what a form does.
func (s *Service) choose(w http.ResponseWriter, r *http.Request) {
	course, user, csrf, c, ok := s.searching(w, r)
	if !ok {
		return
	}
	if r.ParseForm() != nil || subtle.ConstantTimeCompare([]byte(csrf), []byte(r.PostForm.Get("token"))) != 1 {
		s.p.Problem(w, http.StatusForbidden, "This form was not opened here.")
		return
	}
	item, there, err := c.Again(r.Context(), r.PostForm.Get("name"), r.PostForm.Get("mark"))
	if err != nil {
		s.p.Problem(w, http.StatusBadGateway, client.Cause(err))
		return
	}
	if !there {
		s.p.Problem(w, http.StatusNotFound, "The catalogue has no such item any more.")
		return
	}
	if x := s.seen(item, course.ID, user); x.Cannot != "" {
		s.p.Problem(w, http.StatusConflict, "It can't be added: "+x.Cannot+".")
		return
	}
	tool, _ := s.tool(item.Address()) // none: the item has a page
	deployment := ""
	if item.LTILink != nil {
		deployment = tool.Deployments[0]
	}
	if err := s.o.Content().Add(r.Context(), course.ID, tool.ClientID, deployment, content(item)); err != nil {
		s.p.Forgetful(w)
		return
	}
	http.Redirect(w, r, "/courses/"+url.PathEscape(course.ID)+"/search?"+url.Values{"added": {item.Name}}.Encode(), http.StatusSeeOther)
}

// content is an item as content of a course.
func content(i client.Item) lti.ContentItem {
	out := lti.ContentItem{Type: lti.TypeLink, URL: i.URL, Title: i.Name, Text: i.Description}
	if l := i.LTILink; l != nil {
		out.Type, out.URL, out.Custom = lti.TypeLTI, l.Address(), l.Parameters()
	}
	return out
}
