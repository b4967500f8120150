package tool

import (
	"context"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/harness/browser"
)

// bindings are the checks of what ties an answer to a login, to a browser and to one
// use.
func bindings() []harness.Check {
	elsewhere := func(id, title string, l Launch, own bool) harness.Check {
		l.Title = title
		return harness.Check{ID: id, Title: title, Needs: opening(), Body: stateElsewhere(l, own),
			Requirements: refusals("refuse.state-elsewhere")}
	}
	return []harness.Check{
		elsewhere("tool.state-elsewhere", "The answer to a login comes from another browser", Launch{}, false),
		elsewhere("tool.state-elsewhere-begun", "The answer to a login comes from another browser, which has begun a login of its own",
			Launch{}, true),
		elsewhere("tool.state-elsewhere-storage", "The answer to a login comes in a frame of another browser, with the platform's storage on offer", Launch{Frame: true, Storage: true}, false),
		{ID: "tool.unguessable", Title: "Sends values of state and nonce that nobody can guess", Needs: []harness.Need{known()}, Body: unguessable, Requirements: ids("auth.unguessable")},
		{ID: "tool.deployment-other", Title: "Refuses a token from another deployment than the login said", Needs: opening(deployments.need()), Body: deploymentOther, Requirements: refusals("refuse.deployment-other")},
	}
}

// lateBindings are those that a run begins with and ends with.
func lateBindings() []harness.Check {
	return []harness.Check{{
		ID:           "tool.replay-later",
		Title:        "Refuses the same answer again after a while",
		Needs:        opening(launchedEarlier()),
		Body:         replayLater,
		Requirements: refusals("refuse.replay"),
	}}
}

// refusals are requirements on a launch that has to be refused.
func refusals(names ...string) []string { return append(ids(names...), reqVisible, reqNoCrash, reqUp) }

// controlled gives the judge and a plain good launch, nil where there is none.
func controlled(ctx context.Context, t *harness.T) (*judge, *sight) {
	j := judgeOf(t)
	return j, j.control(ctx, t)
}

// control makes a plain good launch. Where it isn't opened nothing that was refused
// proves anything: then nil.
func (j *judge) control(ctx context.Context, t *harness.T) *sight {
	s := j.steady(ctx, Launch{ID: "control", User: "learner", Expect: "open"})
	if j.unopened(ctx, t, s) {
		return nil
	}
	return s
}

// pass waits for a while.
func pass(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// stateElsewhere begins a login in one browser and answers it in another: whoever
// is lured to such an answer would work under a stranger's name. own has the other
// browser begin a login too.
func stateElsewhere(l Launch, own bool) func(context.Context, *harness.T) {
	return func(ctx context.Context, t *harness.T) {
		j, control := controlled(ctx, t)
		if control == nil {
			return
		}
		p, other := j.page(ctx, t), j.page(ctx, t)
		if p == nil || other == nil {
			return
		}
		defer p.Close()
		defer other.Close()
		l.ID, l.User = "elsewhere", "learner"
		a, begun := j.held(ctx, p, l)
		if own && begun.requested() {
			mine := l
			mine.ID = "elsewhere.own"
			_, begun = j.held(ctx, other, mine)
		}
		if !begun.requested() {
			t.NotTested(j.halted(t, begun, "a login"))
			return
		}
		j.judgeRefusal(t, Prefix+"refuse.state-elsewhere", l, j.again(ctx, other, a), control)
	}
}

// memory is how long a replay waits: tools have been seen that forget a state and a
// nonce after ten seconds, and then take both for new.
const memory = 15 * time.Second

// replayLater makes a good launch and posts its answer again after a while.
func replayLater(ctx context.Context, t *harness.T) {
	j := judgeOf(t)
	e := &j.earlier
	defer e.page.Close()
	if j.unopened(ctx, t, e.sight) {
		return
	}
	pass(ctx, memory-time.Since(e.at))
	title := fmt.Sprintf("the same answer again, from the same browser, %.0f seconds later", memory.Seconds())
	j.judgeRefusal(t, Prefix+"refuse.replay", Launch{Title: title}, j.again(ctx, e.page, e.sight.attempt), e.sight)
}

// earlier is a launch from the beginning of a run, which is replayed at its end: what a
// tool forgets after a while is looked for without a wait.
type earlier struct {
	page    *browser.Page // as it was left
	sight   *sight
	at      time.Time
	problem error
}

func (j *judge) launchEarlier() {
	p, err := j.browser.Open(j.ctx, browser.PageOptions{})
	if err != nil {
		j.earlier.problem = err
		return
	}
	j.earlier.page = p
	j.earlier.sight = j.launchIn(j.ctx, p, Launch{ID: "replay.later", User: "learner", Expect: "open"})
	j.earlier.at = time.Now()
}

// deploymentOther has the token name another deployment than the login. It needs two
// that the tool knows: else the deployment would be wrong by itself.
func deploymentOther(ctx context.Context, t *harness.T) {
	j := judgeOf(t)
	control := j.launch(ctx, Launch{
		ID:     "deployment.control",
		User:   "learner",
		Expect: "open",
		Login:  Login{Set: map[string]string{"lti_deployment_id": "$other"}},
		Claims: map[string]any{"deployment_id": "$other"},
	})
	if j.decide(control, nil) != opened {
		if !j.unopened(ctx, t, j.steady(ctx, Launch{ID: "deployment.first", User: "learner", Expect: "open"})) {
			t.NotTested(harness.BlockedBy(Prefix+"launch.deployments", "a launch from the second deployment was not opened: "+control.what()).
				Seen(control.keep(t, "a launch from the second deployment")...))
		}
		return
	}
	l := Launch{
		ID:     "deployment.other",
		Title:  "another deployment than the login said",
		User:   "learner",
		Claims: map[string]any{"deployment_id": "$other"},
	}
	j.judgeRefusal(t, Prefix+"refuse.deployment-other", l, j.launch(ctx, l), control)
}

// logins is how many logins unguessable makes at least: so many random values of eight
// characters don't follow a rule by chance. Where the run has made few others it makes more,
// by which clocks are told.
const logins = 5

// unguessable begins some logins one after the other and looks whether one value
// tells the next.
func unguessable(ctx context.Context, t *harness.T) {
	j := judgeOf(t)
	values := map[string][]string{}
	var exchanges []string
	var astray *sight
	for n := 0; n < logins || n < chainLength && astray == nil && len(chain(j.platform.all())) < chainLength; n++ {
		p := j.page(ctx, t)
		if p == nil {
			return
		}
		a, s := j.held(ctx, p, Launch{ID: "unguessable", User: "learner"})
		p.Close()
		if r, _ := a.firstRequest(); r != nil {
			for _, name := range []string{"state", "nonce"} {
				values[name] = append(values[name], r.Get(name))
			}
		} else {
			astray = s
		}
		exchanges = append(exchanges, s.keep(t, "a login")...)
	}
	id := Prefix + "auth.unguessable"
	if astray != nil {
		t.NotTested(j.halt(astray).Seen(exchanges...))
		return
	}
	for _, name := range []string{"state", "nonce"} {
		list := values[name]
		if strings.Join(list, "") == "" || slices.Contains(list[1:], list[0]) {
			t.NotTested(harness.BlockedBy(Prefix+"auth."+name, "logins have no "+name+" of their own").Seen(exchanges...), id)
			continue
		}
		why := pattern(list)
		if why == "" {
			why = clocked(j.platform.all(), func(d drawn) string {
				if name == "state" {
					return d.state
				}
				return d.nonce
			})
		}
		t.Assert(id, why == "", harness.Finding{Sent: "logins, one after the other", Expected: "values that don't tell the next one",
			Seen: why + "; the last were " + strings.Join(list, ", "), Where: name, Exchanges: exchanges})
	}
}

// fewest is how many characters at least have to differ among the values.
const fewest = 6

// pattern says by what rule values follow each other, "" where none is seen.
func pattern(list []string) string {
	first, last := list[0], len(list[0])
	before, after := len(first), len(first)
	seen := map[string]bool{}
	for _, v := range list {
		if seen[v] {
			return "one comes twice"
		}
		seen[v] = true
		before, after = min(before, common(first, v)), min(after, common(reversed(first), reversed(v)))
		last = min(last, len(v))
	}
	after = min(after, last-before)
	var middle []string
	for _, v := range list {
		middle = append(middle, v[before:len(v)-after])
	}
	if steps := steady(middle); steps != "" {
		return steps
	}
	if longest := len(middle[0]); longest < fewest {
		return fmt.Sprintf("they differ in %d characters only", longest)
	}
	return ""
}

// steady tells that numbers follow each other by the same step.
func steady(list []string) string {
	for _, base := range []int{10, 16, 36} {
		var step *big.Int
		even := true
		for i := 1; i < len(list) && even; i++ {
			a, ok := new(big.Int).SetString(list[i-1], base)
			b, ok2 := new(big.Int).SetString(list[i], base)
			if even = ok && ok2; !even {
				break
			}
			d := new(big.Int).Sub(b, a)
			even = step == nil || step.Cmp(d) == 0
			step = d
		}
		if even && step != nil {
			return "they follow each other by steps of " + step.String()
		}
	}
	return ""
}

// common is how many bytes two texts begin with alike.
func common(a, b string) int {
	n := 0
	for n < min(len(a), len(b)) && a[n] == b[n] {
		n++
	}
	return n
}

func reversed(s string) string {
	b := []byte(s)
	for i, j := 0, len(b)-1; i < j; i, j = i+1, j-1 {
		b[i], b[j] = b[j], b[i]
	}
	return string(b)
}
