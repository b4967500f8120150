package tool

import (
	"context"
	"slices"
	"sync"

	"github.com/rollcall-edu/rollcall/suites/harness"
)

// Launches cost most of a run's time, and much of that is waiting. Those of the checks
// that come next are made ahead, two at a time, each in a browser context of its own. A
// refusal proves something only where the same launch, unbroken, opens at that time: a
// salvo of broken ones shares two such controls, the first launch and the last. Where
// anything odd happens in a salvo nothing is taken from it, and each of its launches is
// made by itself, beside a control of its own, so that what happened is told of the one
// that brought it about.

// The most launches that are made ahead in one go: few, so that a run that is ended, or a
// tool that goes down, wastes little.
const (
	goodSalvo = 4
	badSalvo  = 6
	abreast   = 2
)

// trial is a launch that was made, and the one that shows that the tool opens others.
type trial struct {
	seen, control *sight
	fell          bool // the tool went down in it, or in the control beside it
}

// back tells whether the tool was there again after it went down.
func (made *trial) back() bool {
	return !made.seen.gone && !made.control.gone
}

// ahead are the trials that no check has asked for yet, by the id of the launch; nil: that
// one is to be made by itself. Checks of the group run one after the other.
type ahead map[string]*trial

// take gives the trial of a launch, and the others of its salvo to the checks that follow;
// nil where it has to be made by itself.
func (j *judge) take(ctx context.Context, t *harness.T, l Launch) *trial {
	made, known := j.ahead[l.ID]
	if !known {
		j.salvo(ctx, t, j.salvoOf(t, l))
		made = j.ahead[l.ID]
	}
	delete(j.ahead, l.ID)
	return made
}

// salvoOf lists the launch and those of the checks that follow that can be made beside it.
func (j *judge) salvoOf(t *harness.T, l Launch) []Launch {
	if !l.together() {
		return nil
	}
	most := goodSalvo
	if l.Expect == "refuse" {
		most = badSalvo
	}
	planned := t.Session().Checks
	planned = planned[slices.Index(planned, t.Check().ID)+1:]
	out := []Launch{l}
	for _, id := range planned {
		next, is := launchOf(id)
		if !is || len(out) == most {
			break
		}
		if next.Expect == l.Expect && next.together() && next.unbroken().like(l.unbroken()) && !j.lacks(next) {
			out = append(out, next)
		}
	}
	return out
}

// together tells whether a launch can be made beside others: it leaves the platform's keys
// alone.
func (l Launch) together() bool { return l.Keys == "" && l.Expect != "answer" }

// launchOf gives the launch that a check is about.
func launchOf(check string) (Launch, bool) {
	launches, _ := Launches() // they were read when the checks were made
	i := slices.IndexFunc(launches, func(l Launch) bool { return checkPrefix+l.ID == check })
	if i < 0 {
		return Launch{}, false
	}
	return launches[i], true
}

// salvo makes launches two at a time, broken ones between two unbroken, and keeps what was
// seen where all went its usual way.
func (j *judge) salvo(ctx context.Context, t *harness.T, launches []Launch) {
	for _, l := range launches {
		j.ahead[l.ID] = nil
	}
	if len(launches) > 0 && launches[0].Expect == "refuse" {
		launches = j.byWire(ctx, t, launches)
	}
	if len(launches) < 2 {
		return
	}
	order, broken := launches, launches[0].Expect == "refuse"
	if broken {
		control := launches[0].unbroken()
		order = slices.Concat([]Launch{control}, launches, []Launch{control})
	}
	seen := make([]*sight, len(order))
	var all sync.WaitGroup
	room := make(chan struct{}, abreast)
	for i, l := range order {
		room <- struct{}{}
		all.Go(func() {
			defer func() { <-room }()
			seen[i] = j.launch(ctx, l)
		})
	}
	all.Wait()
	if !broken {
		for i, s := range seen {
			if s.usual() && j.decide(s, nil) == opened {
				j.ahead[order[i].ID] = &trial{seen: s}
			}
		}
		return
	}
	first, last := seen[0], seen[len(seen)-1]
	// What brought the tool down is told of the launch that did: once it is down nothing
	// would tell any more.
	for i, l := range launches {
		beside := i == 0 && first.fell || i == len(launches)-1 && last.fell
		if s := seen[i+1]; s.fell || beside {
			control := first
			if i == len(launches)-1 && last.fell {
				control = last
			}
			made := &trial{seen: s, control: control, fell: true}
			j.ahead[l.ID] = made
			if !made.back() { // its check will tell, which comes later than others of the salvo
				j.accused.Store(true)
			}
		}
	}
	if j.decide(first, nil) != opened || j.decide(last, nil) != opened ||
		slices.ContainsFunc(seen, func(s *sight) bool { return !s.usual() }) {
		return
	}
	for i, l := range launches {
		j.ahead[l.ID] = &trial{seen: seen[i+1], control: first}
	}
}

// usual tells whether a launch came to an end of which nothing has to be asked once more.
func (s *sight) usual() bool {
	_, passing := s.comes()
	return s.problem == nil && !s.busy && !s.fell && s.stalled == "" && !passing
}
