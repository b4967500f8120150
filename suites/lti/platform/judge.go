package platform

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/harness/browser"
	"github.com/rollcall-edu/rollcall/suites/lti"
	"github.com/rollcall-edu/rollcall/suites/lti/mint"
	"github.com/rollcall-edu/rollcall/suites/lti/side"
)

// judge is what all checks of a run share.
type judge struct {
	target  lti.Section
	tool    *tool
	browser *browser.Browser
	budget  time.Duration
	person  *person // who opens the launches, instead of steps
	secret  func(values ...string)
	ctx     context.Context // of the run: sessions outlive the check that began them
	visits  visits
	ahead   ahead
	parts   sync.Map // what the checks of a part share, by its type

	mu     sync.Mutex
	kept   map[string]*seen // good launches, by user and link
	failed map[string]int   // how often one came to nothing
}

const defaultBudget = 15 * time.Second

func open(ctx context.Context, s *harness.Session) (any, error) {
	if s.Interactive() {
		return openPerson(ctx, s)
	}
	b, err := side.Browser(s.Target)
	if err != nil {
		return nil, err
	}
	t, err := start(ctx, s.Target)
	if err != nil {
		return nil, err
	}
	j := &judge{
		target:  *lti.Of(s.Target),
		tool:    t,
		browser: b,
		budget:  time.Duration(lti.Of(s.Target).LaunchTimeout),
		kept:    map[string]*seen{},
		failed:  map[string]int{},
		ctx:     ctx,
		visits:  noVisits(),
		ahead:   nothingAhead(),
	}
	if j.budget == 0 {
		j.budget = defaultBudget
	}
	j.secret = s.Redactor().Secret
	j.hush()
	context.AfterFunc(ctx, func() { b.Close(); _ = t.server.Close() })
	return j, nil
}

// shortestTyped is the least length of what steps type that is a secret wherever it stands:
// passwords are longer, and shorter texts are parts of anything.
const shortestTyped = 6

// hush makes what the steps type into fields known as secrets.
func (j *judge) hush() {
	for _, u := range j.target.Platform.Users {
		for _, s := range u.Steps {
			if s.Fill != "" && len(s.Value) >= shortestTyped {
				j.secret(s.Value)
			}
		}
	}
}

// Close ends the browser and Rollcall's side.
func (j *judge) Close() {
	if j.browser != nil {
		j.browser.Close()
	}
	_ = j.tool.server.Close()
}

// seen is what was seen of a launch.
type seen struct {
	launch  *launch
	since   time.Time // when the link was opened
	user    lti.User
	link    lti.Link
	header  map[string]any
	claims  map[string]any
	token   string
	answer  answer
	came    bool // an answer came
	frames  []browser.Frame
	log     []browser.Exchange
	console []string
	picture []byte
	problem error  // of the steps or of the browser
	circles string // what the page asked for without end
	once    sync.Once
	shown   []string // exchanges that show why it came to nothing
}

// begin signs a user in, opens a link and follows the plan until an answer has
// come or the budget is used up.
func (j *judge) begin(ctx context.Context, user lti.User, link lti.Link, p plan) *seen {
	if j.person != nil {
		return j.asked(ctx, user, link, p)
	}
	s := &seen{user: user, link: link}
	if p.fresh { // some platforms let nobody have two sessions, and end the other one
		defer func() { j.uncover(user) }()
	}
	v, err := j.visit(ctx, user, link, p.fresh)
	if v.page == nil {
		s.problem = err
		return s
	}
	defer func() { v.end(s.problem != nil || s.circles != "") }()
	page := v.page
	if err != nil {
		s.problem = stepsError{fmt.Errorf("signing in as %s: %w", user.Name, err)}
		s.log = page.Log()
		s.picture, _ = page.Screenshot(ctx) // a picture less
		return s
	}
	p.mark = v.mark
	s.since, s.launch = time.Now(), j.tool.expect(p)
	// Where the login came the steps have done what they are for, however they ended.
	if err := page.Run(ctx, link.Steps); err != nil && !s.launch.begun() {
		s.problem = stepsError{fmt.Errorf("opening the link %s: %w", link.Name, err)}
	} else if broken, came := j.login(ctx, page, s.launch); !came {
		switch s.problem = ctx.Err(); {
		case s.problem != nil:
		case broken:
			s.problem = idleError{fmt.Errorf("no login initiation came after the steps of the link %s, and nothing can follow", link.Name)}
		default:
			s.problem = idleError{fmt.Errorf("no login initiation came within %s after the steps of the link %s", j.budget, link.Name)}
		}
	}
	if s.problem != nil {
		if v.used && ctx.Err() == nil { // nobody may be signed in any more
			j.renounce(user)
			return j.begin(ctx, user, link, p)
		}
		var idle idleError
		j.finish(ctx, s, page)
		if errors.As(s.problem, &idle) {
			s.problem = idleError{fmt.Errorf("%w; the page shows %s", idle.error, s.pages())}
		}
		return s
	}
	if p.then != nil {
		var failed *browser.NavigationError
		if err := p.then(ctx, page, s.launch); err != nil && !errors.As(err, &failed) { // a navigation that fails is an answer
			s.problem = err
			j.finish(ctx, s, page)
			return s
		}
	}
	j.outcome(ctx, page, s)
	if p.after != nil {
		p.after(ctx, page)
	}
	j.finish(ctx, s, page)
	return s
}

const (
	// refusedTime is how long an answer that must not come is waited for, once the page
	// is at rest: a script of it could still send one.
	refusedTime = 3 * time.Second
	quietTime   = 100 * time.Millisecond // without a request, a page is at rest
	lookTime    = 100 * time.Millisecond // between two looks at a page that may go on
)

// outcome waits for what a launch comes to: the answer, or a page at rest that has
// nothing left by which it could send one.
func (j *judge) outcome(ctx context.Context, page *browser.Page, s *seen) {
	l, want := s.launch, 1
	if l.plan.twice {
		want = 2
	}
	// A page that goes in circles has nothing else to come.
	came := func() bool { return l.count() >= want || page.Circling(s.since) != "" }
	end := time.Now().Add(j.budget)
	err := page.Settle(ctx, quietTime, j.budget, came)
	if soon := time.Now().Add(refusedTime); l.plan.refused && soon.Before(end) {
		end = soon
	}
	for !came() && time.Now().Before(end) && ctx.Err() == nil && !errors.Is(err, browser.ErrGone) {
		// What can't be read now is on its way to another page.
		if frames, unread := page.Look(ctx); unread == nil && !moving(frames) {
			break
		}
		err = page.Settle(ctx, lookTime, time.Until(end), came)
		time.Sleep(lookTime)
	}
	_ = page.Settle(ctx, quietTime, j.budget, func() bool { return page.Circling(s.since) != "" }) // as settled does
}

// moving tells whether a page may yet go on by itself. Of frames within each other
// the innermost count: a launch is under way there.
func moving(frames []browser.Frame) bool {
	holds := map[string]bool{}
	for _, f := range frames {
		holds[f.Parent] = true
	}
	return slices.ContainsFunc(frames, func(f browser.Frame) bool { return f.Active > 0 && !holds[f.ID] })
}

// settled waits a little for what must not come.
func (j *judge) settled(ctx context.Context, p *browser.Page) {
	_ = p.Settle(ctx, quietTime, j.budget, nil) // a page that stays busy is looked at all the same
}

// login waits until the login of a launch has come. A page that says by its status that it
// broke, and has nothing by which it could go on, isn't waited for.
func (j *judge) login(ctx context.Context, page *browser.Page, l *launch) (broken, came bool) {
	for end := time.Now().Add(j.budget); time.Now().Before(end) && ctx.Err() == nil; {
		_ = page.Settle(ctx, quietTime, time.Until(end), l.begun)
		select {
		case <-l.loggedIn:
			return false, true
		case <-ctx.Done():
		case <-time.After(lookTime):
		}
		frames, err := page.Look(ctx)
		if err == nil && !l.begun() && !moving(frames) && slices.ContainsFunc(frames, func(f browser.Frame) bool { return f.Status >= 400 }) {
			return true, false
		}
	}
	return false, l.begun()
}

func (j *judge) finish(ctx context.Context, s *seen, page *browser.Page) {
	s.log, s.console, s.circles = page.Log(), page.Console(), page.Circling(s.since)
	s.frames, _ = page.Look(ctx) // what can't be read is not shown
	if s.problem != nil {
		s.picture, _ = page.Screenshot(ctx) // a picture less
	}
	j.read(s)
}

// read takes in the answer, if one has come.
func (j *judge) read(s *seen) {
	s.answer, s.came = s.launch.first()
	if s.came {
		s.token = s.answer.form.Get("id_token")
		j.secret(s.token)
		if s.token != "" {
			s.header, s.claims, _ = mint.Decode(s.token) // what can't be read is no token
		}
	}
}

// good gives a launch by the plain plan, made once for each user and link. One that
// came to nothing is tried once more; then that is how it is, for every check.
func (j *judge) good(ctx context.Context, user lti.User, link lti.Link) *seen {
	return j.once(ctx, keyOf(user, link), user, link, plan{})
}

// posted gives a good launch whose authentication request comes by POST.
func (j *judge) posted(ctx context.Context) *seen {
	return j.once(ctx, byPost, j.target.Platform.Users[0], j.target.Platform.Links[0], plan{post: true})
}

// byPost is where that launch is kept.
const byPost = "by POST"

func (j *judge) once(ctx context.Context, key string, user lti.User, link lti.Link, p plan) *seen {
	j.mu.Lock()
	defer j.mu.Unlock()
	if s := j.kept[key]; s != nil && (s.claims != nil || j.failed[key] >= mostTries) {
		return s
	}
	began := time.Now()
	s := j.begin(ctx, user, link, p)
	if s.claims == nil && ctx.Err() == nil { // a check whose time is over says nothing of the launch
		j.failed[key]++
		if time.Since(began) >= j.budget { // nothing is waited for twice
			j.failed[key] = mostTries
		}
	}
	if s.claims == nil && j.failed[key] < mostTries && ctx.Err() == nil && j.person == nil {
		s = j.begin(ctx, user, link, p) // what comes and goes is no breach
		j.failed[key]++
	}
	j.kept[key] = s
	return s
}

const mostTries = 2

// launches gives a good launch by every user from every link; where the first brings no
// token, that one alone.
func (j *judge) launches(ctx context.Context) iter.Seq[*seen] {
	return func(yield func(*seen) bool) {
		j.gather(ctx)
		for _, u := range j.target.Platform.Users {
			for _, l := range j.target.Platform.Links {
				if s := j.good(ctx, u, l); !yield(s) || s.claims == nil && j.first() == s {
					return
				}
			}
		}
	}
}

// first is the launch that all others stand on, nil where it wasn't made yet.
func (j *judge) first() *seen {
	return j.had(keyOf(j.target.Platform.Users[0], j.target.Platform.Links[0]))
}

// had gives a good launch that was made, nil where it wasn't.
func (j *judge) had(key string) *seen {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.kept[key]
}

// keep keeps a good launch for all checks.
func (j *judge) keep(key string, s *seen) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.kept[key] = s
}

func keyOf(u lti.User, l lti.Link) string { return u.Name + "\n" + l.Name }

// sent words who opened what.
func (s *seen) sent() string { return s.user.Name + " opens " + s.link.Name }

// what words what came of a launch.
func (s *seen) what() string {
	switch {
	case s.problem != nil:
		return s.problem.Error()
	case s.came && s.answer.form.Get("error") != "":
		return "the error " + s.answer.form.Get("error") + " " + s.answer.form.Get("error_description")
	case s.came && s.answer.query.Get("error") != "":
		return "the error " + s.answer.query.Get("error") + ", in the address"
	case s.came && s.claims != nil:
		return "a token"
	case s.came && s.token != "":
		return "an id_token that can't be read"
	case s.came:
		return "an answer without a token"
	case s.circles != "":
		return "no answer: the page goes in circles, by " + s.circles
	}
	return "no answer; the page shows " + s.pages()
}

// pages words what the frames show.
func (s *seen) pages() string {
	var texts []string
	for _, f := range s.frames {
		text := strings.Join(strings.Fields(f.Text), " ")
		switch {
		case f.Failed:
			texts = append(texts, "an error of the browser, "+f.Why)
		case text == "":
		case f.Status >= 400:
			texts = append(texts, fmt.Sprintf("%d: %.120s", f.Status, text))
		default: // it may name people
			texts = append(texts, fmt.Sprintf("a page with status %d", f.Status))
		}
	}
	if len(texts) == 0 {
		return "nothing"
	}
	return strings.Join(texts, " | ")
}
