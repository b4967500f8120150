package tool

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rollcall-edu/rollcall/reference/lti"
	"github.com/rollcall-edu/rollcall/reference/tool/client"
)

// What people do here once they were launched: learners answer a quiz, and hand in a written
// task; those who teach grade the tasks and read the roster. The platform is told of each step,
// as it happens: its gradebook shows work in progress too.

// The names of claims of services.
const (
	membersClaim = "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"
	gradesClaim  = "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"
)

// services are what a launch offers. What can't be read is not offered: the launch is one all
// the same.
type services struct {
	members string // address of the roster
	grades  client.Endpoint
}

func (l *Launch) services() (s services) {
	var claims map[string]json.RawMessage
	_ = json.Unmarshal(l.Raw, &claims) // it was read before
	var roster struct {
		URL string `json:"context_memberships_url"`
	}
	if json.Unmarshal(claims[membersClaim], &roster) == nil {
		s.members = roster.URL
	}
	_ = json.Unmarshal(claims[gradesClaim], &s.grades)
	return s
}

// question is one of the quiz.
type question struct {
	Text    string
	Answers []string
	Right   string
}

var quiz = []question{
	{"Which number solves x + 3 = 7?", []string{"1", "4", "10"}, "4"},
	{"What is 3 · (2 + 4)?", []string{"10", "18", "24"}, "18"},
}

const (
	quizMaximum = 10.0
	taskMaximum = 20.0
	worksLife   = 400 * 24 * time.Hour // a school year and a little
	sendLimit   = 20 * time.Second     // a person waits for it
	longestText = 10_000
	mostAtDesk  = 1000 // learners of one link whose work is kept
)

// What work is about: each part has a line item of its own.
const (
	quizPart = "quiz"
	taskPart = "task"
)

// work is what one learner has done at one link.
type work struct {
	Name    string
	Begun   time.Time
	Answers []string
	Done    time.Time // the quiz was submitted
	Points  float64   // for the quiz, once it is

	Text     string // the written task
	HandedIn time.Time
	Grade    *float64
	Comment  string

	Items map[string]string        // line items, by part
	Last  map[string]time.Time     // of the last score, by part: each one is later than the one before
	Owed  map[string]*client.Score // what the platform could not be told, by part
	// Endpoint is where scores of this learner go: whoever teaches may have been launched with another.
	Endpoint client.Endpoint
}

// desk is all work at one link. It is kept as one, for whoever teaches sees all of it.
type desk struct{ Works map[string]*work }

// deskOf names the desk of a launch.
func (l *Launch) deskOf() string {
	c := l.Claims
	return strings.Join([]string{l.Platform.key(), c.Deployment, c.ResourceLink.ID}, "\n")
}

// at changes the desk of a launch.
func (t *Tool) at(ctx context.Context, l *Launch, change func(d *desk)) error {
	t.desks.Lock()
	defer t.desks.Unlock()
	d, _, err := t.works.Get(ctx, l.deskOf(), t.c.Now())
	if err != nil {
		return err
	}
	if d.Works == nil {
		d.Works = map[string]*work{}
	}
	change(&d)
	now := t.c.Now()
	return t.works.Put(ctx, l.deskOf(), d, now, now.Add(worksLife))
}

// seeDesk gives the desk of a launch, to look at.
func (t *Tool) seeDesk(ctx context.Context, l *Launch) (desk, error) {
	d, _, err := t.works.Get(ctx, l.deskOf(), t.c.Now())
	return d, err
}

// learner finds the launch of a request by somebody who learns; nil where there is none, and the
// browser was told.
func (t *Tool) learner(w http.ResponseWriter, r *http.Request) *Launch {
	return t.person(w, r, "work.learner", "Only learners work here.", func(roles []string) bool { return lti.InCourse(roles)["Learner"] })
}

// teacher finds the launch of a request by somebody who teaches.
func (t *Tool) teacher(w http.ResponseWriter, r *http.Request) *Launch {
	return t.person(w, r, "work.teacher", "Only those who teach may see this.", lti.Teaches)
}

func (t *Tool) person(w http.ResponseWriter, r *http.Request, rule, text string, may func(roles []string) bool) *Launch {
	l, failed := t.find(r)
	switch {
	case failed != nil:
		t.refuse(w, failed.Status, failed.Rule, failed.Text)
		return nil
	case l.picks() || l.Claims.Roles == nil || !may(*l.Claims.Roles):
		t.refuse(w, http.StatusForbidden, rule, text)
		return nil
	}
	return l
}

// counts tells whether the work of a launch is told to the platform.
func (l *Launch) counts() bool {
	return l.Claims.Subject != nil && !slices.Contains(*l.Claims.Roles, lti.TestUser) && l.services().grades.Offers()
}

// user is who works: somebody whom the platform doesn't name is known by the launch.
func (l *Launch) user() string {
	if l.Claims.Subject != nil {
		return *l.Claims.Subject
	}
	return "launch " + l.ID
}

// quizPage shows a learner the quiz, as far as it was answered.
func (t *Tool) quizPage(w http.ResponseWriter, r *http.Request) {
	l := t.learner(w, r)
	if l == nil {
		return
	}
	d, err := t.seeDesk(r.Context(), l)
	if err != nil {
		t.forgetful(w)
		return
	}
	mine := cmp.Or(d.Works[l.user()], &work{})
	view := struct {
		*work
		Launch            string
		Counts            bool
		Question          *question
		Number, Questions int
		Maximum, TaskMax  float64
	}{work: mine, Launch: l.ID, Counts: l.counts(), Questions: len(quiz), Maximum: quizMaximum, TaskMax: taskMaximum}
	if n := len(mine.Answers); !mine.Begun.IsZero() && n < len(quiz) {
		view.Question, view.Number = &quiz[n], n+1
	}
	t.page(w, http.StatusOK, "quiz", view)
}

// quizStep takes what a learner did: began, or answered.
func (t *Tool) quizStep(w http.ResponseWriter, r *http.Request) {
	l := t.learner(w, r)
	if l == nil {
		return
	}
	if err := r.ParseForm(); err != nil {
		t.refuse(w, http.StatusBadRequest, "work.form", "The form can't be read.")
		return
	}
	now := t.c.Now()
	var scores []client.Score
	err := t.at(r.Context(), l, func(d *desk) {
		mine := d.of(l)
		switch n := len(mine.Answers); {
		case r.PostForm.Get("step") == "begin" && (mine.Begun.IsZero() || !mine.Done.IsZero()):
			mine.Begun, mine.Answers, mine.Done, mine.Points = now, nil, time.Time{}, 0
			scores = []client.Score{{Activity: "Initialized", Grading: "NotReady"}}
		case r.PostForm.Get("step") == "answer" && !mine.Begun.IsZero() && n < len(quiz) &&
			r.PostForm.Get("question") == strconv.Itoa(n+1) && slices.Contains(quiz[n].Answers, r.PostForm.Get("answer")):
			mine.Answers = append(mine.Answers, r.PostForm.Get("answer"))
			scores = mine.answered(now)
		}
	})
	if err != nil {
		t.forgetful(w)
		return
	}
	for _, s := range scores {
		t.tell(r.Context(), l, l.user(), quizPart, s)
	}
	http.Redirect(w, r, "/quiz?launch="+l.ID, http.StatusSeeOther)
}

// of gives the work of a launch's learner, from now on where there was none.
func (d *desk) of(l *Launch) *work {
	mine := d.Works[l.user()]
	if mine == nil {
		d.makeRoom()
		mine = &work{Items: map[string]string{}, Last: map[string]time.Time{}, Owed: map[string]*client.Score{}}
		d.Works[l.user()] = mine
	}
	mine.Name = cmp.Or(strings.TrimSpace(l.Claims.Name),
		strings.TrimSpace(l.Claims.GivenName+" "+l.Claims.FamilyName), "Somebody without a name here")
	mine.Endpoint = l.services().grades
	return mine
}

// makeRoom forgets whose work is oldest while there is too much.
func (d *desk) makeRoom() {
	for len(d.Works) >= mostAtDesk {
		oldest := slices.MinFunc(slices.Collect(maps.Keys(d.Works)), func(a, b string) int {
			return d.Works[a].latest().Compare(d.Works[b].latest())
		})
		delete(d.Works, oldest)
	}
}

// latest is when something was done last.
func (mine *work) latest() time.Time {
	if mine.HandedIn.After(mine.Begun) {
		return mine.HandedIn
	}
	return mine.Begun
}

// answered says what the platform is told of an answer: with the last one the quiz is submitted,
// and graded at once.
func (mine *work) answered(now time.Time) []client.Score {
	if len(mine.Answers) < len(quiz) {
		return []client.Score{{Activity: "InProgress", Grading: "NotReady"}}
	}
	mine.Done = now
	right := 0
	for i, q := range quiz {
		if mine.Answers[i] == q.Right {
			right++
		}
	}
	mine.Points = quizMaximum * float64(right) / float64(len(quiz))
	times := &client.Submission{Started: client.Stamp(mine.Begun), Submitted: client.Stamp(now)}
	points, most := mine.Points, quizMaximum
	return []client.Score{
		{Activity: "Submitted", Grading: "Pending", Submission: times},
		{Activity: "Completed", Grading: "FullyGraded", Given: &points, Maximum: &most, Submission: times, Comment: told(right)},
	}
}

// told is what a gradebook shows beside the points of a quiz.
func told(right int) string {
	if right == 1 {
		return fmt.Sprintf("1 of %d answers is right.", len(quiz))
	}
	return fmt.Sprintf("%d of %d answers are right.", right, len(quiz))
}

// taskStep takes a written task.
func (t *Tool) taskStep(w http.ResponseWriter, r *http.Request) {
	l := t.learner(w, r)
	if l == nil {
		return
	}
	text := strings.TrimSpace(r.PostFormValue("text"))
	if text == "" || len(text) > longestText {
		t.refuse(w, http.StatusBadRequest, "work.form", "Write something, and no more than a few pages.")
		return
	}
	now := t.c.Now()
	err := t.at(r.Context(), l, func(d *desk) {
		mine := d.of(l)
		mine.Text, mine.HandedIn, mine.Grade, mine.Comment = text, now, nil, ""
	})
	if err != nil {
		t.forgetful(w)
		return
	}
	t.tell(r.Context(), l, l.user(), taskPart, client.Score{Activity: "Submitted", Grading: "PendingManual",
		Submission: &client.Submission{Submitted: client.Stamp(now)}})
	http.Redirect(w, r, "/quiz?launch="+l.ID, http.StatusSeeOther)
}

// again sends what the platform could not be told.
func (t *Tool) again(w http.ResponseWriter, r *http.Request) {
	l := t.learner(w, r)
	if l == nil {
		return
	}
	d, err := t.seeDesk(r.Context(), l)
	if err != nil {
		t.forgetful(w)
		return
	}
	if mine := d.Works[l.user()]; mine != nil {
		for part, s := range mine.Owed {
			t.tell(r.Context(), l, l.user(), part, *s)
		}
	}
	http.Redirect(w, r, "/quiz?launch="+l.ID, http.StatusSeeOther)
}

// tell tells the platform of a learner's work, later than of anything before. What could not be
// told is owed, and nothing is lost: the page says so.
func (t *Tool) tell(ctx context.Context, l *Launch, user, part string, s client.Score) {
	var mine work
	err := t.at(ctx, l, func(d *desk) {
		if d.Works[user] == nil {
			return
		}
		s.At = t.c.Now().Truncate(time.Millisecond)
		if last := d.Works[user].Last[part]; !s.At.After(last) {
			s.At = last.Add(time.Millisecond)
		}
		d.Works[user].Last[part] = s.At
		mine = *d.Works[user]
	})
	if err != nil || !mine.Endpoint.Offers() || strings.HasPrefix(user, "launch ") || slices.Contains(*l.Claims.Roles, lti.TestUser) {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, sendLimit)
	defer cancel()
	s.UserID = user
	item, err := t.item(ctx, l, part, &mine)
	if err == nil {
		err = t.client.Post(ctx, l.Platform.services(), mine.Endpoint, item, s)
	}
	if errors.Is(err, client.ErrSuperseded) { // the platform has this one, or a newer one
		err = nil
	}
	_ = t.at(context.WithoutCancel(ctx), l, func(d *desk) { // without it nothing more is owed than before
		if d.Works[user] == nil {
			return
		}
		delete(d.Works[user].Owed, part)
		if err != nil {
			d.Works[user].Owed[part] = &s
		}
		if item != "" {
			d.Works[user].Items[part] = item
		}
	})
}

// item gives the address of the line item of a part: the one that the launch names for the quiz,
// or one of the tool's own, which is made where there is none yet.
func (t *Tool) item(ctx context.Context, l *Launch, part string, mine *work) (string, error) {
	if part == quizPart && mine.Endpoint.LineItem != "" {
		return mine.Endpoint.LineItem, nil
	}
	if mine.Endpoint.LineItems == "" {
		return "", client.ErrNotOffered
	}
	t.making.Lock() // two at once would make two
	defer t.making.Unlock()
	link := l.Claims.ResourceLink
	own := client.LineItem{Label: cmp.Or(strings.TrimSpace(link.Title), "Quiz"), Maximum: quizMaximum, Tag: part,
		ResourceID:     part + " of " + link.ID,
		ResourceLinkID: link.ID}
	if part == taskPart { // beside the one of the quiz: a launch names the one item of its link, if it has one
		own.Label, own.Maximum, own.ResourceLinkID = own.Label+": written task", taskMaximum, ""
	}
	p := l.Platform.services()
	items, err := t.client.LineItems(ctx, p, mine.Endpoint, own.ResourceID)
	if err != nil {
		return "", err
	}
	if len(items) > 0 {
		return items[0].ID, nil
	}
	made, err := t.client.MakeLineItem(ctx, p, mine.Endpoint, own)
	return made.ID, err
}

// services is the platform as the client knows it.
func (p Platform) services() client.Platform {
	return client.Platform{Issuer: p.Issuer, ClientID: p.ClientID, TokenURL: p.TokenURL, Audience: p.Audience}
}
