package tool

import (
	"bytes"
	"context"
	"errors"
	"io"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/harness/browser"
	"github.com/rollcall-edu/rollcall/suites/lti"
)

// Part is what a service of LTI Advantage adds to the suite for tools. Its checks share the
// browser and Rollcall's platform with those of launches.
type Part struct {
	Profile string // catalogue id
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

// Shared gives what the checks of a part share in one run, one value of each type, made when
// it is first asked for. It guards nothing within the value.
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
	// Steps are taken on the tool's page once the launch has come to rest.
	Steps   []browser.Step
	Frame   bool // the tool is in a frame of the platform's page
	Window  bool // the tool is in a window that the platform's page has opened
	Blocked bool // the browser blocks cookies there
	Storage bool // the platform offers its storage
	// Target is the target_link_uri, where it isn't that of the target file.
	Target string
	// Unmarked says that the page need not be that of an opened launch: whether the steps can
	// be taken tells. Where Vain is set they may lead nowhere.
	Unmarked, Vain bool
	// Serve answers what comes below $services, by paths that begin with a slash.
	Serve http.Handler
	// Token answers at the token endpoint while the action lasts, where it returns true;
	// nil: as always.
	Token func(w http.ResponseWriter, r *http.Request) bool
	// Done tells whether all that is waited for has come; nil: when the page is at rest.
	Done func() bool
	// Patience is how long is waited for it, once the steps were taken; 0: the budget of a launch.
	Patience time.Duration
}

// Call is one request that came from the tool, or from its browser, while an action was
// under way.
type Call struct {
	At     time.Time
	Token  bool   // it came to the token endpoint, otherwise below $services
	Method string // of HTTP
	Path   string // below $services
	Query  string
	Header http.Header
	Body   []byte
	Status int    // with which it was answered
	Answer []byte // the body of the answer

	url string
}

// Acted is what came of an action.
type Acted struct {
	Calls     []Call          // in the order in which they came
	Frames    []browser.Frame // what the browser shows at the end
	Exchanges []string        // the evidence: of the browser, and of the calls
	Nonce     string          // of the launch
	// Refused words what came instead of the page, where a plain launch opens and this one
	// didn't; Halted why the steps could not be taken.
	Refused, Halted string
	Where           string // the page's address, without what may be personal
}

// acting is an action under way.
type acting struct {
	origin string // of Rollcall's side

	mu    sync.Mutex
	calls []Call
	token func(w http.ResponseWriter, r *http.Request) bool
}

// mostCalls bounds what is kept of a tool that asks without end.
const mostCalls = 500

// Act has somebody launch the tool and take the steps of an action, and waits until what is
// waited for has come. Where the launch or the steps don't lead there it gives what that
// hangs on.
func Act(ctx context.Context, t *harness.T, a Action) (got Acted, o harness.Obstacle, ok bool) {
	j := judgeOf(t)
	p, err := j.browser.Open(ctx, browser.PageOptions{BlockThirdParty: a.Blocked})
	if err != nil {
		return got, j.failing(err), false
	}
	defer p.Close()
	under := &acting{origin: j.platform.issuer, token: a.Token}
	j.platform.acting.Store(under)
	defer j.platform.acting.CompareAndSwap(under, nil)
	if b := j.stand(); b != nil {
		return got, j.footless(t, b), false
	}
	s := j.launchIn(ctx, p, a.launch(under))
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
	if err := take(ctx, a.Steps); err != nil && (!a.Vain || ctx.Err() != nil) && (a.Done == nil || !a.Done()) {
		if ctx.Err() != nil {
			return got, unknown(err.Error()), false
		}
		got.Halted = err.Error()
		return got, harness.Unconfigured("the steps of the target file could not be taken: "+err.Error(), stepsRemedy), false
	} else if err != nil {
		got.Halted = err.Error()
	}
	end := time.Now().Add(max(a.Patience, 0))
	if a.Patience == 0 {
		end = time.Now().Add(j.budget)
	}
	done := a.Done
	if done == nil {
		done = func() bool { return true }
	}
	for {
		if err := p.Settle(ctx, activeTime, time.Until(end), nil); errors.Is(err, browser.ErrGone) || ctx.Err() != nil {
			break
		}
		if done() || time.Now().After(end) {
			break
		}
		pass(ctx, activeTime)
	}
	got.Frames, _ = p.Look(ctx) // what can't be read is not shown
	under.mu.Lock()
	got.Calls = slices.Clone(under.calls)
	under.mu.Unlock()
	for _, c := range got.Calls {
		got.Exchanges = append(got.Exchanges, t.Watch(c.watched()))
	}
	return got, harness.Obstacle{}, true
}

// launch is what the action begins with.
func (a Action) launch(under *acting) Launch {
	l := Launch{ID: "act", Title: a.Title, User: a.User, Expect: "open", Claims: a.Claims, Frame: a.Frame, Window: a.Window, Blocked: a.Blocked,
		Storage: a.Storage, Serve: under.record(a.Serve)}
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

// record notes what comes, and how it is answered.
func (a *acting) record(next http.Handler) http.Handler {
	if next == nil {
		next = http.NotFoundHandler()
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { a.note(w, r, false, next.ServeHTTP) })
}

func (a *acting) note(w http.ResponseWriter, r *http.Request, token bool, answer func(http.ResponseWriter, *http.Request)) {
	body, _ := io.ReadAll(r.Body) // what broke off is judged as it came
	r.Body = io.NopCloser(bytes.NewReader(body))
	c := Call{At: time.Now(), Token: token, Method: r.Method, Path: r.URL.Path, Query: r.URL.RawQuery, Header: r.Header.Clone(), Body: body,
		url: a.origin + r.RequestURI}
	seen := &answered{ResponseWriter: w, status: http.StatusOK}
	answer(seen, r)
	c.Status, c.Answer = seen.status, seen.body.Bytes()
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.calls) < mostCalls {
		a.calls = append(a.calls, c)
	}
}

// answered keeps what is answered.
type answered struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

func (a *answered) WriteHeader(status int) { a.status = status; a.ResponseWriter.WriteHeader(status) }

func (a *answered) Write(b []byte) (int, error) {
	a.body.Write(b)
	return a.ResponseWriter.Write(b)
}

// Unwrap has whoever breaks a connection off find it.
func (a *answered) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// watched is a call as evidence.
func (c Call) watched() harness.Watched {
	return harness.Watched{Started: c.At, Ended: c.At, Method: c.Method, URL: c.url, Request: c.Header, Body: string(c.Body), Form: c.Token, Status: c.Status,
		Answer: c.Answer}
}

// act is where the services of a launch answer.
func (p *platform) act(w http.ResponseWriter, r *http.Request) {
	a := p.find(r.PathValue("hint"))
	if a == nil || a.launch.Serve == nil {
		http.NotFound(w, r)
		return
	}
	http.StripPrefix("/acts/"+r.PathValue("hint"), a.launch.Serve).ServeHTTP(w, r)
}

// tokens is the token endpoint, which an action may answer at.
func (p *platform) tokens(w http.ResponseWriter, r *http.Request) {
	under := p.acting.Load()
	if under == nil {
		p.services.token(w, r)
		return
	}
	under.note(w, r, true, func(w http.ResponseWriter, r *http.Request) {
		if under.token == nil || !under.token(w, r) {
			p.services.token(w, r)
		}
	})
}

// Granted gives the scopes of the access token that a request brings; none where it brings
// no token that was given out here.
func Granted(t *harness.T, r *http.Request) []string {
	token, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !bearer {
		return nil
	}
	s := &judgeOf(t).platform.services
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tokens[token]
}
