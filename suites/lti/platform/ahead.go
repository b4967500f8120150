package platform

import (
	"context"
	"net/http"
	"slices"
	"sync"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/lti"
)

// Launches cost most of a run's time, and much of that is waiting for pages. So they are
// made side by side by different people, each in the browser context in which they are
// signed in: two sessions of one person, or two launches in one session, are more than some
// platforms bear. Launches that have to be refused are made ahead, for the checks that come
// next; each person makes a good one beside them. What came to an end is taken, be it a
// refusal or a token. What broke down, ran in circles or was turned away for now is made
// again by itself, so that it is told of the launch that brought it about.

const (
	abreast = 3  // people who launch side by side
	salvo   = 12 // launches that are made ahead in one go
	// mostOdd is how many launches made side by side may come to no usual end until all are
	// made by themselves.
	mostOdd = 3
)

// trial is a launch that has to be refused.
type trial struct {
	owner string // the requirement
	sent  string
	p     plan
}

func (x trial) key() string { return x.owner + "\n" + x.sent }

// ahead is what was made side by side with other launches.
type ahead struct {
	made     map[string]*seen // that no check has asked for yet; nil: to be made by itself
	gathered bool             // the good launches were made
	wrong    map[int]*seen    // requests that are wrong in a way of which errors are told too
	odd      int              // that came to no usual end
	unfit    map[string]bool  // people whose good launches came to nothing
}

func nothingAhead() ahead {
	return ahead{made: map[string]*seen{}, wrong: map[int]*seen{}, unfit: map[string]bool{}}
}

// fit tells whether launches can be made side by side: Rollcall's side has to tell by whom
// they are, and sessions have to last.
func (j *judge) fit() bool {
	p := j.target.Platform
	if j.person != nil || len(p.Users) < 2 || len(p.Links) == 0 || !shareable(p.Links[0]) || j.ahead.odd >= mostOdd {
		return false
	}
	first := j.first()
	return first != nil && first.claims != nil && first.launch.marked() && !j.losing()
}

// people are those who launch side by side.
func (j *judge) people() []lti.User {
	if !j.fit() {
		return nil
	}
	var out []lti.User
	for _, u := range j.target.Platform.Users {
		if len(out) < abreast && !j.ahead.unfit[u.Name] {
			out = append(out, u)
		}
	}
	return out
}

// gather makes the good launches that most checks look at: each person opens all links.
func (j *judge) gather(ctx context.Context) {
	if j.ahead.gathered || !j.fit() {
		return
	}
	j.ahead.gathered = true
	var all sync.WaitGroup
	room := make(chan struct{}, abreast)
	for _, u := range j.target.Platform.Users {
		all.Go(func() {
			room <- struct{}{}
			defer func() { <-room }()
			for _, l := range j.target.Platform.Links {
				if !shareable(l) || j.had(keyOf(u, l)) != nil {
					continue
				}
				if s := j.begin(ctx, u, l, plan{}); s.brought() {
					j.keep(keyOf(u, l), s)
				}
			}
		})
	}
	all.Wait()
}

// brought tells whether a launch brought its token, and nothing of it could be another's.
func (s *seen) brought() bool {
	return s != nil && s.problem == nil && s.claims != nil && s.launch.marked()
}

// sideBySide makes launches from the first link, each by whoever is free, and gives what
// was seen of each; nil where that can't be. Beside what has to be refused, each person
// makes a good launch first.
func (j *judge) sideBySide(ctx context.Context, plans ...plan) []*seen {
	people := j.people()
	people = people[:min(len(people), len(plans))]
	out := make([]*seen, len(plans))
	if len(people) < 2 {
		return out
	}
	var (
		mu   sync.Mutex
		next int
		all  sync.WaitGroup
		link = j.target.Platform.Links[0]
	)
	take := func() int {
		mu.Lock()
		defer mu.Unlock()
		next++
		return next - 1
	}
	unfit := make([]bool, len(people))
	for n, u := range people {
		all.Go(func() {
			for i := take(); i < len(plans) && ctx.Err() == nil; i = take() {
				if plans[i].refused {
					if !j.covered(u) {
						if unfit[n] = !j.begin(ctx, u, link, plan{}).brought(); unfit[n] {
							return
						}
						j.cover(u)
					}
					j.count(u)
				}
				out[i] = j.begin(ctx, u, link, plans[i])
			}
		})
	}
	all.Wait()
	for n, u := range people {
		if unfit[n] {
			j.ahead.unfit[u.Name] = true
			j.uncover(u)
		}
	}
	return out
}

// take gives a launch that was made ahead, and makes those of the checks that follow; nil
// where it has to be made by itself.
func (j *judge) take(ctx context.Context, t *harness.T, x trial) *seen {
	if x.p.alone {
		return nil
	}
	if _, known := j.ahead.made[x.key()]; !known {
		all := j.salvoOf(t, x)
		var plans []plan
		for _, x := range all {
			plans = append(plans, x.p)
		}
		for i, s := range j.sideBySide(ctx, plans...) {
			j.ahead.made[all[i].key()] = nil
			switch {
			case s == nil, ctx.Err() != nil:
			case j.usual(s):
				j.ahead.made[all[i].key()] = s
			default:
				j.ahead.odd++
			}
		}
	}
	s := j.ahead.made[x.key()]
	delete(j.ahead.made, x.key())
	return s
}

// salvoOf lists a launch that has to be refused, and those that come next: of the same
// check, and of those that follow.
func (j *judge) salvoOf(t *harness.T, x trial) []trial {
	out, good := []trial{x}, j.had(byPost)
	posted := good != nil && good.token != ""
	planned, all := t.Session().Checks, breaches()
	for _, id := range planned[max(0, slices.Index(planned, t.Check().ID)):] {
		i := slices.IndexFunc(all, func(b breach) bool { return b.check() == id })
		if i < 0 {
			continue
		}
		past := id != t.Check().ID // what the check asked for before is past
		for _, next := range all[i].trials(j) {
			both := []trial{next}
			if all[i].post && posted {
				both = append(both, next.byPost())
			}
			for _, next := range both {
				if next.key() == x.key() {
					past = true
					continue
				}
				if _, known := j.ahead.made[next.key()]; past && !known && !next.p.alone && len(out) < salvo {
					out = append(out, next)
				}
			}
		}
	}
	return out
}

// usual tells whether a launch came to an end of which nothing has to be asked once more.
func (j *judge) usual(s *seen) bool {
	origin := originOf(j.target.Platform.AuthURL)
	return s.problem == nil && s.launch.marked() && s.circles == "" && s.worst(origin) < http.StatusInternalServerError &&
		s.last(origin) != http.StatusTooManyRequests
}
