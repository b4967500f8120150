package riverbend

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/rollcall-edu/rollcall/fixtures"
	"github.com/rollcall-edu/rollcall/reference/sis"
	"github.com/rollcall-edu/rollcall/reference/web"
)

//go:embed page.html
var pageText string

var page = template.Must(template.New("page").Parse(pageText))

func (d *District) startPage(ctx context.Context) (err error) {
	if d.server, err = web.Bind(ctx, d.o.listen(atStart), nil); err != nil {
		return err
	}
	d.closing(d.server.Close)
	d.Origin = d.server.Named(d.o.Host)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", d.home)
	if d.SIS != nil {
		mux.HandleFunc("GET /sis", d.showSIS)
		mux.HandleFunc("POST /do", d.do)
		if d.o.Judged {
			mux.HandleFunc("POST /changes/{what}", d.change)
		}
	}
	// What a page of somebody else's has the browser send isn't taken.
	protected := http.NewCrossOriginProtection().Handler(mux)
	d.server.Serve(ctx, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !web.Ours(r) {
			http.Error(w, "This isn't the address of the district.", http.StatusMisdirectedRequest)
			return
		}
		h := w.Header()
		h.Set("Cache-Control", "no-store")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
		protected.ServeHTTP(w, r)
	}))
	return nil
}

// system is one of the list that the page has.
type system struct {
	Name, What, Link, Says string
	Facts                  [][2]string // what others have to be told of it
}

// show writes a page.
func (d *District) show(w http.ResponseWriter, name string, values any) {
	var b bytes.Buffer
	if err := page.ExecuteTemplate(&b, name, values); err != nil {
		http.Error(w, "The page can't be shown.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write(b.Bytes()) // the browser may be gone
}

// done are what the page says after a button.
var done = map[string]string{
	"sync":     "Everything has synced.",
	"enroll":   "The SIS has enrolled the newcomer. The others know it after their next sync.",
	"withdraw": "The SIS has withdrawn the learner. The others know it after their next sync.",
	"add":      "The SIS has a new learner. The others know it after their next sync.",
	"restore":  "The SIS has the class as it was at the beginning. The others know it after their next sync.",
	"take":     "The class took the test. Its results are in the SIS after the next sync.",
	"failed":   "That could not be done: it is done already, or one of the systems can't be reached. Their pages say more.",
}

func (d *District) home(w http.ResponseWriter, r *http.Request) {
	d.show(w, "home", map[string]any{"Systems": d.systems(), "Flows": d.Flows(), "Done": done[r.URL.Query().Get("done")],
		"Cast": d.Cast, "People": d.people(), "Every": d.o.Every})
}

// login is somebody who can sign in at a platform, and what they are in the story.
type login struct{ Name, As, Link string }

func (d *District) people() (out []login) {
	if len(d.Platforms) == 0 {
		return nil
	}
	for _, x := range []struct {
		p  Person
		as string
	}{{d.Cast.Teacher, "teaches " + d.Cast.ClassTitle}, {d.Cast.Learner, "learns there"},
		{d.Cast.Leaver, "learns there, and is withdrawn in the story"},
		{d.Cast.Newcomer, "comes to the class in the story"}, {d.Cast.Outsider, "teaches another class"}} {
		if x.p.ID != "" {
			out = append(out, login{x.p.Name, x.as, d.Platforms[0].Origin + "/?as=" + url.QueryEscape(d.Platforms[0].Account(x.p))})
		}
	}
	return out
}

func (d *District) systems() []system {
	var out []system
	missing := func(name, what, says string) { out = append(out, system{Name: name, What: what, Says: says}) }
	if s := d.SIS; s != nil {
		out = append(out, system{Name: "SIS", What: "OneRoster 1.2 and 1.1 provider", Link: "/sis", Facts: [][2]string{{"Rostering", s.BaseURL},
			{"Resources", s.ResourcesURL}, {"Gradebook", s.GradebookURL}, {"OneRoster 1.1", s.V1P1URL}, {"Token URL", s.TokenURL}, {"Client id", s.Main.ID}}})
	} else if d.School != nil {
		missing("SIS", "your own", "It is read at "+d.School.Rostering+".")
	} else {
		missing("SIS", "a place that is left for your own", "Tell each consumer below where it is, by PUT /connection.")
	}
	for _, p := range d.Platforms {
		out = append(out, system{Name: p.Name, What: "LTI platform with a gradebook; OneRoster consumer", Link: p.Origin + "/",
			Facts: [][2]string{{"Issuer", p.Issuer()}, {"Authorization", p.AuthURL()}, {"Keys", p.JWKSURL()}, {"Token URL", p.TokenURL()},
				{"How it is in step", p.Sync.Origin + "/"}}})
	}
	if len(d.Platforms) == 0 {
		missing("platform", "a place that is left for your own", "Register the tools below there.")
	}
	for _, t := range d.Tools {
		x := system{Name: t.Name, What: "LTI tool, there for everybody", Link: t.Origin + "/", Facts: [][2]string{{"Login", t.LoginURL()},
			{"Redirect", t.RedirectURL()}, {"Target", t.TargetURL("quiz")}, {"Deep linking", t.TargetURL("deep-linking")}, {"Keys", t.JWKSURL()}}}
		if t.Sync != nil {
			x.What = "LTI tool, a resource of the SIS; OneRoster consumer"
			x.Facts = append(x.Facts, [2]string{"How it is in step", t.Sync.Origin + "/"})
		}
		out = append(out, x)
	}
	if len(d.Tools) == 0 {
		missing("tools", "a place that is left for your own", "Register them at the platform, from its page of tools.")
	}
	if a := d.Assessment; a != nil {
		out = append(out, system{Name: "assessment", What: "assessment app; OneRoster consumer that pushes results", Link: a.Origin + "/",
			Facts: [][2]string{{"Takes tests at", a.Origin + "/tests"}, {"Pushes at", a.Origin + "/push"}}})
	}
	if c := d.Catalog; c != nil {
		out = append(out, system{Name: "catalogue", What: "LTI Resource Search 1.0",
			Facts: [][2]string{{"Base URL", c.BaseURL}, {"Token URL", c.TokenURL}, {"Client id", c.Main.ID}}})
	}
	if c := d.Case; c != nil {
		out = append(out, system{Name: "CASE", What: "the learning standards that results and content are about", Link: c.URL + "/CFDocuments",
			Facts: [][2]string{{"CASE 1.1", c.URL}, {"CASE 1.0", c.Old}}})
	}
	return out
}

// do takes the buttons of the page.
func (d *District) do(w http.ResponseWriter, r *http.Request) {
	what, ctx := r.FormValue("what"), r.Context()
	c, office := d.Cast, d.SIS.Registrar()
	var err error
	switch what {
	case "sync":
		for _, o := range d.Sync(ctx) {
			err = errors.Join(err, o.Err())
		}
	case "enroll":
		if !d.enrolled(ctx, c.Newcomer.ID) {
			_, err = office.Enroll(ctx, c.Newcomer.ID, c.Class, "student")
		}
	case "withdraw":
		err = office.Withdraw(ctx, c.Leaver.ID, c.Class)
	case "add":
		_, err = office.Add(ctx, sis.Newcomer{GivenName: "Robin", FamilyName: "Newman", Class: c.Class})
	case "restore":
		if d.enrolled(ctx, c.Newcomer.ID) {
			err = office.Withdraw(ctx, c.Newcomer.ID, c.Class)
		}
		if !d.enrolled(ctx, c.Leaver.ID) {
			_, failed := office.Enroll(ctx, c.Leaver.ID, c.Class, "student")
			err = errors.Join(err, failed)
		}
	case "take":
		if d.Assessment != nil {
			err = d.Assessment.Take(ctx, c.Class, "")
		}
	default:
		http.Error(w, "There is no such thing to do.", http.StatusBadRequest)
		return
	}
	if err != nil {
		what = "failed"
	}
	http.Redirect(w, r, "/?done="+what+"#done", http.StatusSeeOther)
}

// enrolled tells whether somebody is in the class of the story, by the SIS.
func (d *District) enrolled(ctx context.Context, user string) bool {
	roster, err := d.SIS.Roster(ctx)
	if err != nil {
		return false
	}
	for e := range roster.Enrollments() {
		if e.User == user && e.Class == d.Cast.Class && e.Status == fixtures.Active {
			return true
		}
	}
	return false
}

// change takes a change of the SIS from who judges the district: POST /changes/enroll, withdraw, move, add, rename,
// leave and close, with person, class and what else they need as parameters.
func (d *District) change(w http.ResponseWriter, r *http.Request) {
	person, class, ctx := r.FormValue("person"), r.FormValue("class"), r.Context()
	office := d.SIS.Registrar()
	made, err := person, error(nil)
	switch r.PathValue("what") {
	case "enroll":
		role := r.FormValue("role")
		if role == "" {
			role = "student"
		}
		made, err = office.Enroll(ctx, person, class, role)
	case "withdraw":
		err = office.Withdraw(ctx, person, class)
	case "move":
		err = office.Move(ctx, person, class, r.FormValue("to"))
	case "add":
		made, err = office.Add(ctx, sis.Newcomer{GivenName: r.FormValue("givenName"), FamilyName: r.FormValue("familyName"), Class: class})
	case "rename":
		err = office.Rename(ctx, person, r.FormValue("givenName"), r.FormValue("familyName"))
	case "leave":
		err = office.Leave(ctx, person)
	case "close":
		made, err = class, office.CloseClass(ctx, class)
	default:
		http.NotFound(w, r)
		return
	}
	for _, known := range []error{sis.ErrNoPerson, sis.ErrNoClass, sis.ErrNotThere, sis.ErrNoName} {
		if errors.Is(err, known) {
			http.Error(w, known.Error(), http.StatusUnprocessableEntity)
			return
		}
	}
	if err != nil {
		http.Error(w, "The SIS can't be written to.", http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = w.Write([]byte(made + "\n")) // the client may be gone
}

// grade is something that somebody got, as the page of the SIS shows it.
type grade struct{ Who, What, Score, Says string }

// showSIS shows what the SIS has of the class of the story: who is in it, and what they got.
func (d *District) showSIS(w http.ResponseWriter, r *http.Request) {
	roster, err := d.SIS.Roster(r.Context())
	if err != nil {
		http.Error(w, "The SIS can't be read.", http.StatusServiceUnavailable)
		return
	}
	c := d.Cast
	names := map[string]string{}
	for u := range roster.Users() {
		names[u.SourcedID] = strings.TrimSpace(u.GivenName + " " + u.FamilyName)
	}
	var people, left []login
	for e := range roster.Enrollments() {
		switch {
		case e.Class != c.Class:
		case e.Status == fixtures.Active:
			people = append(people, login{Name: names[e.User], As: e.Role})
		default:
			left = append(left, login{Name: names[e.User], As: e.Role})
		}
	}
	items := map[string]string{}
	for l := range roster.LineItems() {
		if l.Class == c.Class && l.Status == fixtures.Active {
			items[l.SourcedID] = l.Title
		}
	}
	var grades, results []grade
	for x := range roster.Results() {
		if title, of := items[x.LineItem]; of && x.Status == fixtures.Active {
			says := x.ScoreStatus
			if x.Metadata["overridden"] != nil {
				says = "given by hand"
			}
			grades = append(grades, grade{names[x.Student], title, string(x.Score), says})
		}
	}
	tests := map[string]fixtures.AssessmentLineItem{}
	for l := range roster.AssessmentLineItems() {
		if l.Status == fixtures.Active && (l.Class == c.Class || tests[l.Parent].SourcedID != "") {
			tests[l.SourcedID] = l
		}
	}
	for x := range roster.AssessmentResults() {
		l, of := tests[x.AssessmentLineItem]
		if !of || x.Status != fixtures.Active {
			continue
		}
		var about []string
		for _, o := range l.Objectives {
			about = append(about, o.IDs...)
		}
		results = append(results, grade{names[x.Student], l.Title, string(x.Score), strings.Join(about, " ")})
	}
	if roster.Err() != nil {
		http.Error(w, "The SIS can't be read.", http.StatusServiceUnavailable)
		return
	}
	// What came last comes first.
	slices.Reverse(grades)
	slices.Reverse(results)
	const most = 200
	d.show(w, "sis", map[string]any{"Cast": c, "People": people, "Left": left, "Grades": grades[:min(len(grades), most)],
		"Results": results[:min(len(results), most)], "More": max(0, len(grades)-most) + max(0, len(results)-most)})
}
