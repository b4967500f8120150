package tool

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/harness/browser"
	"github.com/rollcall-edu/rollcall/suites/lti"
)

// Part is what a service of LTI Advantage adds to the suite for tools. Its checks share the
// browser and Rollcall's platform with those of launches.
type Part struct {
	Profile string // catalogue id; empty: its requirements are in profiles of others
	Prefix  string // begins the ids of its requirements, which its checks name without
	Checks  []harness.Check
}

// checks are those of a part, as the suite has them.
func (p Part) checks() []harness.Check {
	var out []harness.Check
	for _, c := range p.Checks {
		c.Requirements = slices.Clone(c.Requirements)
		for i, id := range c.Requirements {
			c.Requirements[i] = p.Prefix + id
		}
		c.Group, c.Timeout = group, launchTimeout
		c.Needs = append([]harness.Need{registered()}, c.Needs...)
		out = append(out, c)
	}
	return out
}

// Opens needs a plain good launch that opens.
func Opens() harness.Need { return plainOpens() }

// Setting makes a need of what the target file says.
func Setting(text string, o harness.Obstacle, lacks func(l *lti.Section) bool) harness.Need {
	return setting{text, func(j *judge) (harness.Obstacle, bool) { return o, lacks(&j.target) }}.need()
}

// Section gives what the target file says of LTI.
func Section(t *harness.T) *lti.Section { return &judgeOf(t).target }

// Budget is how long a launch may take, and what a tool does of itself.
func Budget(t *harness.T) time.Duration { return judgeOf(t).budget }

// Origin is where Rollcall's side is, which is the issuer of the platform that it is.
func Origin(t *harness.T) string { return judgeOf(t).platform.issuer }

// Shared gives what the checks of a part share in one run, one value of each type, made when
// it is first asked for. Checks of this suite run one after the other; it guards nothing within
// the value.
func Shared[T any](t *harness.T, made func() T) T {
	j := judgeOf(t)
	key := reflect.TypeFor[T]()
	if v, there := j.parts.Load(key); there {
		return v.(T)
	}
	v, _ := j.parts.LoadOrStore(key, made())
	return v.(T)
}

// Action is something that a tool does for a person who has launched it, and for which it
// asks services of the platform: it reads a roster, posts a score, has content picked.
type Action struct {
	Title string
	User  string // who launches: a name of the people in launches.yaml
	// Claims change those of a good launch, as in launches.yaml: short names, null removes.
	// $services in a text stands for the address below which Serve answers, without a slash
	// at its end: a claim may name "$services/members".
	Claims map[string]any
	// Services names the address of the services. Actions of one name have the same, as a
	// course has the same gradebook each time; empty: this action has one of its own.
	Services string
	// Steps are taken on the tool's page once the launch has come to rest. Where one can't be
	// taken the others aren't, and that is what came of the action; unless all has come that is
	// waited for, or Lenient is set: then it is what has come by then.
	Steps   []browser.Step
	Lenient bool
	Frame   bool // the tool is in a frame of the platform's page
	Window  bool // the tool is in a window that the platform's page has opened
	Blocked bool // the browser blocks cookies there
	Storage bool // the platform offers its storage
	// Target is the target_link_uri, where it isn't that of the target file.
	Target string
	// Unmarked says that the page need not be that of an opened launch: whether the steps can
	// be taken tells. Where Vain is set they may lead nowhere, and are not waited for long.
	Unmarked, Vain bool
	// Serve answers what comes below $services, by paths that begin with a slash.
	Serve http.Handler
	// Token answers at the token endpoint while the action lasts, where it returns true;
	// nil: as always.
	Token func(w http.ResponseWriter, r *http.Request) bool
	// Done tells whether all that is waited for has come, by what came; nil: when the page is
	// at rest.
	Done func(calls []Call) bool
	// Patience is how long is waited for it, once the steps were taken; 0: the budget of a launch.
	Patience time.Duration
	// Quiet is how long nothing may have come before the action is over, though all has that
	// is waited for; 0: no longer than a page takes to come to rest.
	Quiet time.Duration
}

// Acted is what came of an action.
type Acted struct {
	Calls     []Call          // in the order in which they came
	Frames    []browser.Frame // what the browser shows at the end
	Page      browser.Frame   // the one of the tool
	Exchanges []string        // the evidence: of the browser, and of the calls
	Waited    time.Duration   // for what didn't come; 0: it came
	Nonce     string          // of the launch
	// Refused words what came instead of the page, where a plain launch opens and this one
	// didn't; Halted why the steps could not be taken.
	Refused, Halted string
	Where           string // the page's address, without what may be personal
}

// Missing is the obstacle of what didn't come of an action: where a step could not be taken, the
// target file is at fault, and else its steps lead elsewhere.
func (a Acted) Missing(what, key string) harness.Obstacle {
	reason := fmt.Sprintf("no %s came within %s", what, a.Waited.Round(time.Second))
	if a.Halted != "" {
		reason += ": the steps of " + key + " could not be taken: " + a.Halted
	}
	return harness.Unconfigured(reason, "Correct "+key+" in the target file, so that its steps lead there; run with --keep-personal-data to see where they ended.").
		Seen(a.Exchanges...)
}

// Text is all that the tool's page shows, in one line.
func (a Acted) Text() string { return strings.Join(strings.Fields(a.Page.Text), " ") }

// Broken says how the tool's page shows that it broke down or refused; "" where it doesn't.
func (a Acted) Broken() string {
	switch {
	case a.Page.Failed, a.Page.Closed, a.Page.Status >= 400:
		return describeStatus(a.Page)
	}
	return ""
}

// Act has somebody launch the tool and take the steps of an action, and waits until what is
// waited for has come. Where the launch doesn't open it gives what that hangs on.
func Act(ctx context.Context, t *harness.T, a Action) (got Acted, o harness.Obstacle, ok bool) {
	j := judgeOf(t)
	if b := j.stand(); b != nil {
		return got, j.footless(t, b), false
	}
	l := a.launch()
	p, err := j.opens(ctx, l)
	if err != nil {
		return got, j.failing(err), false
	}
	defer p.Close()
	under := j.platform.enact(a)
	defer j.platform.acting.CompareAndSwap(under, nil)
	s := j.launchIn(ctx, p, l)
	got.Where = t.Where(s.page.URL)
	if s.attempt != nil {
		s.attempt.mu.Lock()
		got.Nonce, _ = s.attempt.claims["nonce"].(string)
		s.attempt.mu.Unlock()
	}
	if s.problem != nil || j.turnedAway(s, a) {
		if s.problem == nil && s.answered() {
			got.Refused, got.Exchanges = s.shows(), s.keep(t, a.Title)
			return got, j.halt(s).Seen(got.Exchanges...), false
		}
		return got, j.halted(t, s, a.Title), false
	}
	got.Exchanges = s.keep(t, a.Title)
	take := p.Run
	if a.Vain {
		take = func(ctx context.Context, steps []browser.Step) error { return p.RunWithin(ctx, vainPatience, steps) }
	}
	if err := take(ctx, a.Steps); err != nil {
		if ctx.Err() != nil {
			return got, unknown(err.Error()), false
		}
		got.Halted = err.Error()
		if !a.Vain && !a.Lenient && (a.Done == nil || !a.Done(under.all())) {
			return got, harness.Unconfigured("the steps of the target file could not be taken: "+err.Error(), stepsRemedy), false
		}
	}
	under.await(ctx, p, a, j.budget, &got)
	if got.Frames, err = p.Look(ctx); err == nil { // what can't be read is not shown
		got.Page = shown(got.Frames)
	}
	got.Calls = under.all()
	for i := range got.Calls {
		got.Calls[i].Exchange = t.Watch(got.Calls[i].watched())
		got.Exchanges = append(got.Exchanges, got.Calls[i].Exchange)
	}
	return got, harness.Obstacle{}, true
}

// launch is what the action begins with.
func (a Action) launch() Launch {
	l := Launch{ID: "act", Title: a.Title, User: a.User, Expect: "open", Claims: a.Claims, Frame: a.Frame,
		Window: a.Window, Blocked: a.Blocked,
		Storage: a.Storage, Services: a.Services}
	if a.Unmarked {
		l.Expect = "answer"
	}
	if a.Target != "" {
		l.Login.Set = map[string]string{"target_link_uri": a.Target}
		l.Claims = maps.Clone(l.Claims)
		if l.Claims == nil {
			l.Claims = map[string]any{}
		}
		l.Claims["target_link_uri"] = a.Target
	}
	return l
}

// turnedAway tells whether the launch of an action was not opened.
func (j *judge) turnedAway(s *sight, a Action) bool {
	if a.Unmarked {
		return s.page.Status >= http.StatusBadRequest || s.page.Failed || s.page.Closed || !s.answered()
	}
	return j.decide(s, nil) == refused
}

// vainPatience is how long is waited for what a step needs that may not be there.
const vainPatience = 2 * time.Second

const stepsRemedy = "Correct the steps in the target file; run with --keep-personal-data to see where they ended."

// Open starts Rollcall's platform and the browser for a suite of another standard, in which tools of
// the section lti are launched by [Act]. What it gives is the session's shared value.
func Open(ctx context.Context, s *harness.Session) (any, error) {
	return open(ctx, s, *lti.Of(s.Target))
}
