package gradebook

import (
	"bytes"
	"crypto/subtle"
	_ "embed"
	"errors"
	"fmt"
	"html/template"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/rollcall-edu/rollcall/reference/lti"
	"github.com/rollcall-edu/rollcall/reference/platform"
	"github.com/rollcall-edu/rollcall/reference/platform/ags"
)

//go:embed pages.html
var pagesText string

var pages = template.Must(template.New("pages").Parse(pagesText))

// Service is the gradebook of all courses of a platform.
type Service struct {
	p      *platform.Platform
	grades *ags.Service
}

// New makes the gradebook of a platform, over its service of grades.
func New(p *platform.Platform, grades *ags.Service) *Service { return &Service{p, grades} }

// Claim has nothing to tell tools.
func (s *Service) Claim(*platform.Pending) (name string, claim any) { return "", nil }

// Handle adds the pages.
func (s *Service) Handle(mux *http.ServeMux) {
	const book, cell = "/courses/{course}/gradebook", "/courses/{course}/gradebook/{column}/{user}"
	mux.HandleFunc("GET "+book, s.book)
	mux.HandleFunc("POST "+book, s.release)
	mux.HandleFunc("GET "+cell, s.cell)
	mux.HandleFunc("POST "+cell, s.byHand)
}

// Shown leads from the page of a course to its gradebook those who have something to see there.
func (s *Service) Shown(_ *http.Request, course, user string) []platform.Section {
	roles := s.p.Roles(course, user)
	if !lti.Teaches(roles) && !learns(roles) {
		return nil
	}
	return []platform.Section{{Title: "Grades", Body: render("lead", map[string]any{"Path": path(course), "Teaches": lti.Teaches(roles)})}}
}

func learns(roles []string) bool { return slices.Contains(roles, lti.Membership+"Learner") }

func path(course string) string { return "/courses/" + url.PathEscape(course) + "/gradebook" }

// render makes a part of a page.
func render(name string, values any) template.HTML {
	var b bytes.Buffer
	if err := pages.ExecuteTemplate(&b, name, values); err != nil {
		return "This can't be shown."
	}
	return template.HTML(b.String())
}

// visitor is somebody who looks at the gradebook of a course.
type visitor struct {
	user, csrf string
	course     platform.Course
	teaches    bool
}

// visiting finds who looks at which course; where they may not, it has answered.
func (s *Service) visiting(w http.ResponseWriter, r *http.Request) (v visitor, ok bool) {
	user, csrf, in := s.p.SignedIn(r)
	if !in {
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return v, false
	}
	c, there := s.p.Course(r.PathValue("course"))
	roles := s.p.Roles(c.ID, user)
	if !there || len(roles) == 0 {
		s.p.Problem(w, http.StatusNotFound, "You are in no such course.")
		return v, false
	}
	v = visitor{user, csrf, c, lti.Teaches(roles)}
	if !v.teaches && !learns(roles) {
		s.p.Problem(w, http.StatusForbidden, "Only those who teach or learn in a course see its grades.")
		return v, false
	}
	return v, true
}

// teaching is visiting for those who teach.
func (s *Service) teaching(w http.ResponseWriter, r *http.Request) (v visitor, ok bool) {
	if v, ok = s.visiting(w, r); ok && !v.teaches {
		s.p.Problem(w, http.StatusForbidden, "Only those who teach a course change or look into its grades.")
		return v, false
	}
	return v, ok
}

// column is a line item as the pages show it.
type column struct {
	ID, Label, Maximum, Tool string
	Released                 bool
}

func (s *Service) shown(c ags.Column) column {
	t, _ := s.p.Tool(c.Client)
	return column{c.ID, c.Item.Label, number(c.Item.ScoreMaximum), t.Name, c.Released()}
}

// mark is how somebody stands in a line item, in words.
type mark struct {
	Points, State, Comment string // Points is empty where there are none
	ByHand                 bool
	Href                   string
}

func (s *Service) standing(c ags.Column, g ags.Grade) mark {
	out := mark{State: progress(g), ByHand: g.Override != nil}
	if m := g.Stands(); m != nil {
		points, _ := m.Points(c)
		out.Points, out.Comment = number(points), m.Comment
	}
	return out
}

// state words how far a learner has come, and the grading.
func state(g ags.Grade) string {
	work := map[string]string{ags.Initialized: "opened", ags.Started: "started", ags.InProgress: "in progress", ags.Submitted: "submitted",
		ags.Completed: "completed"}[g.Activity]
	grading := map[string]string{
		ags.Pending: "being graded", ags.PendingManual: "to be graded by hand", ags.Failed: "grading failed",
	}[g.Grading]
	return strings.Trim(work+", "+grading, ", ")
}

// progress words how far a learner has come, and with which attempt where there are several.
func progress(g ags.Grade) string {
	text := state(g)
	if n := len(attempts(g.History)); n > 1 {
		text += fmt.Sprintf(", attempt %d", n)
	}
	return text
}

// number writes points, to two decimals at most.
func number(x float64) string { return strconv.FormatFloat(math.Round(x*100)/100, 'f', -1, 64) }

// row is a learner with a mark for each line item.
type row struct {
	Name  string
	Marks []mark
}

// book shows all grades of a course to those who teach, and to a learner their own.
func (s *Service) book(w http.ResponseWriter, r *http.Request) {
	v, ok := s.visiting(w, r)
	if !ok {
		return
	}
	items, err := s.grades.Columns(r.Context(), v.course.ID)
	if err != nil {
		s.p.Forgetful(w)
		return
	}
	var columns []column
	stand := make([]map[string]ags.Grade, len(items)) // by user
	for i, c := range items {
		all, err := s.grades.Grades(r.Context(), c.ID)
		if err != nil && !errors.Is(err, ags.ErrNoColumn) { // it may have gone meanwhile
			s.p.Forgetful(w)
			return
		}
		stand[i] = map[string]ags.Grade{}
		for _, g := range all {
			stand[i][g.User] = g
		}
		columns = append(columns, s.shown(c))
	}
	values := map[string]any{"Course": v.course, "Back": "/courses/" + url.PathEscape(v.course.ID), "Columns": columns, "CSRF": v.csrf,
		"Done": done[r.URL.Query().Get("done")]}
	if !v.teaches {
		var own []mark
		for i, c := range items {
			m := s.standing(c, stand[i][v.user])
			if !c.Released() {
				m = mark{State: progress(stand[i][v.user])}
			}
			own = append(own, m)
		}
		values["Marks"] = own
		s.show(w, http.StatusOK, "Your grades in "+v.course.Title, "own", values)
		return
	}
	var rows []row
	for _, m := range s.p.Members(v.course.ID, platform.Registration{}) {
		if !learns(m.Roles) {
			continue
		}
		one := row{Name: m.Name}
		for i, c := range items {
			x := s.standing(c, stand[i][m.User])
			x.Href = path(v.course.ID) + "/" + url.PathEscape(c.ID) + "/" + url.PathEscape(m.User)
			one.Marks = append(one.Marks, x)
		}
		rows = append(rows, one)
	}
	values["Rows"] = rows
	s.show(w, http.StatusOK, "Gradebook of "+v.course.Title, "book", values)
}

// done are what a page says after something was changed.
var done = map[string]string{
	"override": "The mark was given by hand. It stands until you let it go, whatever the tool sends.",
	"letgo":    "The mark given by hand was let go: what the tool sent counts again.",
	"release":  "The marks are released: learners see them.",
	"hide":     "The marks are hidden from learners.",
}

func (s *Service) show(w http.ResponseWriter, status int, title, name string, values map[string]any) {
	s.p.Page(w, status, title, false, func(string) template.HTML { return render(name, values) })
}

// posted tells whether a form was opened here; where it wasn't, it has answered.
func (s *Service) posted(w http.ResponseWriter, r *http.Request, v visitor) bool {
	if r.ParseForm() == nil && subtle.ConstantTimeCompare([]byte(v.csrf), []byte(r.PostForm.Get("token"))) == 1 {
		return true
	}
	s.p.Problem(w, http.StatusForbidden, "This form was not opened here.")
	return false
}

// release releases the marks of a line item to learners, or hides them.
func (s *Service) release(w http.ResponseWriter, r *http.Request) {
	v, ok := s.teaching(w, r)
	if !ok || !s.posted(w, r, v) {
		return
	}
	c, ok := s.columnOf(w, r, v, r.PostForm.Get("column"))
	if !ok {
		return
	}
	do := r.PostForm.Get("do")
	if do != "release" && do != "hide" {
		s.p.Problem(w, http.StatusBadRequest, "The form doesn't say what to do.")
		return
	}
	if err := s.grades.Release(r.Context(), c.ID, do == "release"); err != nil {
		s.failed(w, err)
		return
	}
	http.Redirect(w, r, path(v.course.ID)+"?done="+do, http.StatusSeeOther)
}

// columnOf finds a line item of a course; where there is none, it has answered.
func (s *Service) columnOf(w http.ResponseWriter, r *http.Request, v visitor, id string) (ags.Column, bool) {
	c, err := s.grades.Column(r.Context(), id)
	if err == nil && c.Course != v.course.ID {
		err = ags.ErrNoColumn
	}
	if err != nil {
		s.failed(w, err)
	}
	return c, err == nil
}

func (s *Service) failed(w http.ResponseWriter, err error) {
	if errors.Is(err, ags.ErrNoColumn) || errors.Is(err, ags.ErrNoLearner) {
		s.p.Problem(w, http.StatusNotFound, "There is no such grade here: "+err.Error()+".")
		return
	}
	s.p.Forgetful(w)
}

// moment is a point in time, as people and as programs read it.
type moment struct{ Text, Day, Clock, Exact string }

func at(t time.Time) moment {
	t = t.UTC()
	m := moment{Day: t.Format("2 Jan 2006"), Clock: t.Format("15:04:05 UTC"), Exact: t.Format(time.RFC3339Nano)}
	m.Text = m.Day + ", " + m.Clock
	return m
}

// said is a point in time as a tool told it; empty where it told none.
func said(text string) moment {
	if t, err := time.Parse(time.RFC3339Nano, text); err == nil {
		return at(t)
	}
	return moment{Text: text}
}

// event is one line of a history.
type event struct {
	When       moment
	What, Said string // what happened, and the comment
	Told       moment // the time that the tool gave
}

func (s *Service) event(c ags.Column, e ags.Event) event {
	out := event{When: at(e.At)}
	switch {
	case e.Kind == ags.Scored && e.Score != nil:
		out.What = "The tool sent: " + state(ags.Grade{Activity: e.Score.Activity, Grading: e.Score.Grading})
		if e.Score.Grading == ags.FullyGraded {
			out.What += ", graded"
		}
		if e.Score.Given != nil && e.Score.Maximum != nil {
			out.What += fmt.Sprintf(", %s of %s", number(*e.Score.Given), number(*e.Score.Maximum))
		}
		if e.Score.Comment != nil {
			out.Said = *e.Score.Comment
		}
		out.Told = said(e.Score.Timestamp)
	case e.Kind == ags.Overridden && e.Mark != nil:
		points, _ := e.Mark.Points(c)
		out.What, out.Said = s.p.Name(e.By)+" gave "+number(points)+" by hand", e.Mark.Comment
	case e.Kind == ags.LetGo:
		out.What = s.p.Name(e.By) + " let the mark given by hand go"
	}
	return out
}

// attempt is one go of a learner at a line item, as the tool told of it.
type attempt struct {
	Number          int
	Begun, HandedIn moment
	State           string
	Points, Of      string // empty where it isn't graded
	Comment         string

	started string // startedAt, as the tool gave it
	over    bool   // handed in
}

// attempts gathers the scores of a history: the service doesn't number attempts. Another one
// begins where a tool tells of another start, or of work that goes on after it was handed in.
func attempts(history []ags.Event) (all []attempt) {
	for _, e := range history {
		if e.Kind != ags.Scored || e.Score == nil {
			continue
		}
		x := e.Score
		starts := slices.Contains([]string{ags.Initialized, ags.Started, ags.InProgress}, x.Activity)
		n := len(all) - 1
		if n < 0 || all[n].over && starts || x.Submission.StartedAt != "" && all[n].started != "" && all[n].started != x.Submission.StartedAt {
			all = append(all, attempt{Number: n + 2})
			n++
			if starts {
				all[n].Begun = said(x.Timestamp)
			}
		}
		a := &all[n]
		if x.Submission.StartedAt != "" {
			a.started, a.Begun = x.Submission.StartedAt, said(x.Submission.StartedAt)
		}
		if x.Submission.SubmittedAt != "" {
			a.HandedIn = said(x.Submission.SubmittedAt)
		} else if !starts && !a.over {
			a.HandedIn = said(x.Timestamp)
		}
		a.over = a.over || !starts
		a.State = state(ags.Grade{Activity: x.Activity, Grading: x.Grading})
		if x.Grading == ags.FullyGraded {
			a.Points, a.Of = "", ""
			if x.Given != nil && x.Maximum != nil {
				a.Points, a.Of = number(*x.Given), number(*x.Maximum)
			}
		}
		if x.Comment != nil {
			a.Comment = *x.Comment
		}
	}
	return all
}

// form is what a teacher filled in, and what is wrong with it.
type form struct{ Points, Comment, Problem string }

// cell shows how one learner stands in one line item, and how that came about.
func (s *Service) cell(w http.ResponseWriter, r *http.Request) {
	v, ok := s.teaching(w, r)
	if !ok {
		return
	}
	c, ok := s.columnOf(w, r, v, r.PathValue("column"))
	if !ok {
		return
	}
	s.detail(w, r, v, c, http.StatusOK, nil)
}

func (s *Service) detail(w http.ResponseWriter, r *http.Request, v visitor, c ags.Column, status int, filled *form) {
	user := r.PathValue("user")
	if !learns(s.p.Roles(v.course.ID, user)) {
		s.failed(w, ags.ErrNoLearner)
		return
	}
	g, err := s.grades.Grade(r.Context(), c.ID, user)
	if err != nil {
		s.failed(w, err)
		return
	}
	if filled == nil {
		filled = &form{}
		if g.Override != nil {
			points, _ := g.Override.Points(c)
			filled.Points, filled.Comment = number(points), g.Override.Comment
		}
	}
	var history []event
	for _, e := range slices.Backward(g.History) {
		history = append(history, s.event(c, e))
	}
	values := map[string]any{"Name": s.p.Name(user), "Column": s.shown(c), "Back": path(v.course.ID), "CSRF": v.csrf, "Form": filled,
		"Stands": s.standing(c, g), "History": history, "Attempts": attempts(g.History),
		"Done": done[r.URL.Query().Get("done")]}
	if points, there := g.Mark.Points(c); there {
		values["FromTool"] = number(points)
	}
	if g.Override != nil {
		values["By"], values["Since"] = s.p.Name(g.Override.By), at(g.Override.At)
	}
	s.show(w, status, c.Item.Label+": "+s.p.Name(user), "cell", values)
}

// mostPoints and mostComment bound what is given by hand.
const (
	mostPoints  = 1_000_000
	mostComment = 2_000
)

// byHand takes the forms of a cell.
func (s *Service) byHand(w http.ResponseWriter, r *http.Request) {
	v, ok := s.teaching(w, r)
	if !ok || !s.posted(w, r, v) {
		return
	}
	c, ok := s.columnOf(w, r, v, r.PathValue("column"))
	if !ok {
		return
	}
	user, do := r.PathValue("user"), r.PostForm.Get("do")
	var err error
	switch do {
	case "override":
		filled := form{Points: r.PostForm.Get("points"), Comment: r.PostForm.Get("comment")}
		points, bad := strconv.ParseFloat(strings.Replace(strings.TrimSpace(filled.Points), ",", ".", 1), 64)
		switch {
		case bad != nil || math.IsNaN(points) || points < 0 || points > mostPoints:
			filled.Problem = "Points have to be a number, 0 or more."
		case utf8.RuneCountInString(filled.Comment) > mostComment:
			filled.Problem = fmt.Sprintf("The comment has more than %d characters.", mostComment)
		}
		if filled.Problem != "" {
			s.detail(w, r, v, c, http.StatusBadRequest, &filled)
			return
		}
		err = s.grades.Override(r.Context(), c.ID, user, v.user, points, filled.Comment)
	case "letgo":
		err = s.grades.LetGo(r.Context(), c.ID, user, v.user)
	default:
		s.p.Problem(w, http.StatusBadRequest, "The form doesn't say what to do.")
		return
	}
	if err != nil {
		s.failed(w, err)
		return
	}
	http.Redirect(w, r, path(v.course.ID)+"/"+url.PathEscape(c.ID)+"/"+url.PathEscape(user)+"?done="+do, http.StatusSeeOther)
}
