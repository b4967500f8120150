package tool

import (
	"errors"
	"net/http"
	"sort"
	"strconv"
	"strings"

	"github.com/rollcall-edu/rollcall/reference/tool/client"
)

// rosterPage shows whoever teaches who is in the course, as the platform says. What could not be
// read whole isn't shown at all: a class that lacks somebody looks like any other.
func (t *Tool) rosterPage(w http.ResponseWriter, r *http.Request) {
	l := t.teacher(w, r)
	if l == nil {
		return
	}
	address := l.services().members
	if address == "" {
		t.refuse(w, http.StatusNotFound, "roster.offered", "The platform doesn't tell who is in this course.")
		return
	}
	roster, err := t.client.Members(r.Context(), l.Platform.services(), address)
	if err != nil {
		t.page(w, http.StatusBadGateway, "no-roster", struct{ Launch, Why string }{l.ID, rosterProblem(err)})
		return
	}
	type row struct{ Name, Roles, Email string }
	var rows []row
	for _, m := range roster.Members {
		if !m.Active() {
			continue
		}
		name := strings.TrimSpace(m.Name)
		if name == "" {
			name = strings.TrimSpace(m.GivenName + " " + m.FamilyName)
		}
		if name == "" {
			name = "No name is told (" + m.UserID + ")"
		}
		rows = append(rows, row{name, shortRoles(m.Roles), m.Email})
	}
	t.page(w, http.StatusOK, "roster", struct {
		Launch string
		Rows   []row
	}{l.ID, rows})
}

// rosterProblem words an error for people.
func rosterProblem(err error) string {
	var status *client.StatusError
	if errors.As(err, &status) {
		return "The platform answered with " + strconv.Itoa(status.Status) + " " + http.StatusText(status.Status) + "."
	}
	return "What the platform answered is not a whole roster."
}

// shortRoles are roles in the course as people call them.
func shortRoles(roles []string) string {
	var out []string
	for _, r := range roles {
		_, short, found := strings.Cut(r, "#")
		if !found {
			short = r
		}
		out = append(out, short)
	}
	return strings.Join(out, ", ")
}

// tasksPage shows whoever teaches the work of all, and takes grades of written tasks.
func (t *Tool) tasksPage(w http.ResponseWriter, r *http.Request) {
	l := t.teacher(w, r)
	if l == nil {
		return
	}
	d, err := t.seeDesk(r.Context(), l)
	if err != nil {
		t.forgetful(w)
		return
	}
	type row struct {
		*work
		User string
		Told bool // the platform has all of it
	}
	var rows []row
	for user, x := range d.Works {
		rows = append(rows, row{x, user, len(x.Owed) == 0})
	}
	sort.Slice(rows, func(i, j int) bool { return rows[i].Name+rows[i].User < rows[j].Name+rows[j].User })
	t.page(w, http.StatusOK, "tasks", struct {
		Launch           string
		Rows             []row
		Maximum, TaskMax float64
	}{l.ID, rows, quizMaximum, taskMaximum})
}

// grade takes the grade of a written task from whoever teaches.
func (t *Tool) grade(w http.ResponseWriter, r *http.Request) {
	l := t.teacher(w, r)
	if l == nil {
		return
	}
	user := r.PostFormValue("user")
	points, err := strconv.ParseFloat(strings.TrimSpace(r.PostFormValue("points")), 64)
	if err != nil || !(points >= 0 && points <= taskMaximum) {
		t.refuse(w, http.StatusBadRequest, "work.points", "Points are a number from 0 to "+strconv.Itoa(taskMaximum)+".")
		return
	}
	comment := strings.TrimSpace(r.PostFormValue("comment"))
	var s client.Score
	found := false
	err = t.at(r.Context(), l, func(d *desk) {
		x := d.Works[user]
		if x == nil || x.HandedIn.IsZero() {
			return
		}
		found = true
		most := float64(taskMaximum)
		x.Grade, x.Comment = &points, comment
		// When it was handed in stays: a grade after the due date makes no work late.
		s = client.Score{Activity: "Completed", Grading: "FullyGraded", Given: &points, Maximum: &most, Comment: comment,
			Submission: &client.Submission{Submitted: client.Stamp(x.HandedIn)}}
		if l.Claims.Subject != nil {
			s.ScoringUser = *l.Claims.Subject
		}
	})
	switch {
	case err != nil:
		t.forgetful(w)
		return
	case !found:
		t.refuse(w, http.StatusNotFound, "work.task", "Nothing was handed in by this learner.")
		return
	}
	t.tell(r.Context(), l, user, taskPart, s)
	http.Redirect(w, r, "/tasks?launch="+l.ID, http.StatusSeeOther)
}
