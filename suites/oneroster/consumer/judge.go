package consumer

import (
	"context"
	"encoding/base64"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/oneroster/consumer/driver"
	"github.com/rollcall-edu/rollcall/suites/oneroster/consumer/provider"
	"github.com/rollcall-edu/rollcall/suites/oneroster/consumer/world"
)

// judge is what the checks of one product share: Rollcall's provider, the product's driver, and how far its life has
// come. Checks of the group run one after the other.
type judge struct {
	version  string
	prefix   string // of requirements: or12. or or11.
	owner    string // the requirement of the first sync
	dir      string // where bundles are made
	section  *driver.Section
	provider *provider.Provider
	driver   *driver.Driver

	world  *world.World
	truth  driver.Objects // what the provider has
	gone   map[place]bool // what it had, and has no more
	known  driver.Objects // the same, as it last was
	held   driver.Objects // what the product held when it was last looked at
	before []difference   // in what it differed then
	empty  *driver.Held   // what it held before its first sync
	memory *memory
	first  *occasion         // the first sync; nil: it wasn't made yet
	loses  bool              // it takes a page that is shorter than it asked for as the last one
	behind bool              // the product may not be in step: a sound full sync comes first
	stuck  *harness.Obstacle // nothing can be judged of what the product holds
	blame                    // what was told already

	nothing *harness.Finding // the first sync brought nothing that the product holds
	madeUp  []difference     // what it held after the first sync that nobody had
	syncs   []*occasion
	pushed  []*occasion
	put     []pushed  // in them
	dropped time.Time // what changed until then was dropped
	series  *series   // of the sets of bundles; nil: none was dropped
}

// occasion is one time at which the product synced.
type occasion struct {
	phase       string
	mode        string
	sound       bool // the provider behaved as any
	outcome     driver.Outcome
	calls       []provider.Call
	truthBefore driver.Objects
	truth       driver.Objects
	heldBefore  driver.Objects
	held        *driver.Held
	unread      error // why what the product holds could not be read
	differences []difference
	before      []difference // of the sync before
	compared    int          // objects that were compared
	started     time.Time
	// taken tells that a bundle was taken away while it was being written, and idle that none is ever seen so.
	taken, idle bool
}

// open starts the provider for the product.
func open(ctx context.Context, s *harness.Session, version string) (*judge, error) {
	section := driver.Of(s.Target)
	w, err := newWorld(s.Seed)
	if err != nil {
		return nil, err
	}
	o := options(section, version)
	o.Minted = func(token string) { s.Redactor().Secret(token) }
	p, err := provider.Start(ctx, o)
	if err != nil {
		return nil, listening(section, err)
	}
	j := &judge{version: version, prefix: map[string]string{"1.1": "or11.", "1.2": "or12."}[version], section: section, provider: p, world: w,
		gone: map[place]bool{}, blame: newBlame(), held: driver.Objects{}, known: driver.Objects{}}
	j.owner = j.id(rosters + "." + reqObjects)
	j.truth = j.told(w)
	j.driver = driver.New(s, p)
	as := p.Connection()
	s.Redactor().Secret(as.ClientSecret, base64.StdEncoding.EncodeToString([]byte(as.ClientID+":"+as.ClientSecret)))
	context.AfterFunc(ctx, func() { j.driver.Close(); p.Close() })
	return j, nil
}

// listening words why the provider could not be started.
func listening(section *driver.Section, err error) error {
	var c *harness.ConfigError
	if errors.As(err, &c) {
		return c
	}
	return &harness.ConfigError{Key: "consumer.listen", Cause: "Rollcall's provider can't listen on " + section.Listen + ": " + err.Error(),
		Remedy: "name a free address, such as 127.0.0.1:0"}
}

// connection is where the product reads from.
func (j *judge) connection() driver.Connection {
	if j.provider == nil { // of a product that takes bundles
		return driver.Connection{}
	}
	return connectionOf(j.provider.Connection(), j.version)
}

// begin makes the first sync, once. It tells what is in the way of judging what the product holds.
func (j *judge) begin(ctx context.Context) (harness.Obstacle, bool) {
	if j.first != nil {
		return j.stops()
	}
	o := driver.Occasion{Mode: driver.Full, Connection: j.connection()}
	for _, hook := range []func(context.Context, driver.Occasion) driver.Outcome{j.driver.Reset, j.driver.Connect} {
		if out := hook(ctx, o); out.Fault != nil || out.Told == driver.Failure || out.TimedOut {
			j.first = &occasion{outcome: out}
			stuck := hookFailed(out)
			j.stuck = &stuck
			return stuck, true
		}
	}
	if held, err := j.driver.Holdings(ctx, j.probes()); err == nil {
		held.Name(j.truth)
		j.held, j.empty = held.Objects, held
		if left := remains(held.Left(j.truth)); j.section.Reset.Set() && len(left) > 0 {
			stuck := notEmpty(left)
			j.first, j.stuck = &occasion{}, &stuck
			return stuck, true
		}
	}
	j.first = j.act(ctx, phase{ID: "the first sync", Mode: driver.Full})
	j.conclude()
	return j.stops()
}

// stops tells what is in the way, if anything is.
func (j *judge) stops() (harness.Obstacle, bool) {
	if j.stuck != nil {
		return *j.stuck, true
	}
	return harness.Obstacle{}, false
}

// remains leaves out schools, where nothing else is left: they may have been chosen by hand.
func remains(left []string) []string {
	if len(left) == 1 && strings.HasPrefix(left[0], "orgs:") {
		return nil
	}
	return left
}

// notEmpty says that a product was to be made empty and wasn't: what it would be accused of may be of a former life.
func notEmpty(left []string) harness.Obstacle {
	return harness.Unconfigured("the product was made empty by consumer.reset, and still holds of the roster "+driver.Listed(left, 4),
		"Let consumer.reset delete all that came from Rollcall, and end when that is done; and see that consumer.holds reads what is there "+
			"now, not an old export. `rollcall doctor --reset` tries both.")
}

func hookFailed(out driver.Outcome) harness.Obstacle {
	if out.Fault != nil {
		return configured(out.Fault)
	}
	return harness.Unconfigured("the product could not be told where to read from, or be made empty: "+out.Words,
		"See consumer.connect and consumer.reset in the target file; `rollcall doctor` tries them.")
}

// configured words a fault of the set-up.
func configured(err error) harness.Obstacle {
	var c *harness.ConfigError
	if errors.As(err, &c) {
		return harness.Unconfigured(strings.TrimPrefix(c.Key+": ", ": ")+c.Cause, c.Remedy)
	}
	return harness.Unconfigured(err.Error(), "Look at the section consumer of the target file; `rollcall doctor` tries it.")
}

// conclude learns from the first sync what the product keeps.
func (j *judge) conclude() {
	s := j.first
	stop := func(o harness.Obstacle) { j.stuck = &o }
	switch {
	case s.outcome.Fault != nil:
		stop(configured(s.outcome.Fault))
		return
	case j.provider != nil && s.outcome.Idle && len(s.calls) == 0:
		stop(harness.Unconfigured("the product was made to sync, and called nothing of "+j.address(),
			"Have the product read from there (consumer.connect), or see that consumer.sync makes it sync."))
		return
	case s.unread != nil && s.outcome.Told == driver.Failure:
		j.nothing = &harness.Finding{Expected: "a sync that succeeds, for the provider answers every call",
			Seen: "the product says that the sync failed: " + s.outcome.Words + "; and what it holds can't be read: " + s.unread.Error()}
		stop(harness.BlockedBy(j.owner, "the first sync failed"))
		return
	case s.unread != nil:
		stop(configured(s.unread))
		return
	}
	j.memory = learn(j.section.Holds, s.truth, s.held, j.empty, time.Now())
	if len(j.memory.learned.Collections) == 0 {
		seen := "nothing of it is held"
		if s.outcome.Told == driver.Failure {
			seen = "the product says that the sync failed, and holds nothing of it: " + s.outcome.Words
		} else if s.outcome.TimedOut {
			seen = "the sync didn't end in time, and nothing of it is held"
		}
		j.nothing = &harness.Finding{Expected: "the product holds of what the provider has: " + count(s.truth, nil), Seen: seen}
		stop(harness.BlockedBy(j.owner, "the first sync brought nothing that the product holds"))
		return
	}
	s.differences = j.memory.compare(s.truth, s.held, j.gone)
	s.compared = j.memory.count(s.truth)
	j.before = s.differences
	s.differences = append(s.differences, j.memory.otherwise()...) // later it isn't asked for that
	if j.empty != nil && j.empty.Probed == nil {
		j.madeUp = j.memory.madeUp(s.truth, s.held, j.empty)
	}
	for _, d := range s.differences {
		j.accused[d.place] = true
	}
	if s.outcome.TimedOut || s.outcome.Told == driver.Failure {
		j.behind = true
	}
}

func (j *judge) address() string {
	if j.provider == nil {
		return "the bundle"
	}
	c := j.connection()
	return cmpOr(c.Rostering, c.V1P1)
}

// alter changes the roster.
func (j *judge) alter(p phase) {
	all := func() {
		for _, name := range p.Change {
			changes[name](j.world)
		}
	}
	if at := j.readPeople(); p.Between && !at.IsZero() {
		j.world.Back(at, all)
		return
	}
	all()
}

// readPeople is when the last sync had read people; zero where it read none.
func (j *judge) readPeople() (at time.Time) {
	for _, c := range j.syncs[len(j.syncs)-1].calls {
		if isRead(c) && strings.HasSuffix(c.Path, "/users") && c.Ended.After(at) {
			at = c.Ended
		}
	}
	if last := newest(j.truth); !at.IsZero() && last.After(at) {
		return last // changes in one millisecond have run ahead of the clock
	}
	return at
}

// act has the product sync, and looks at what it holds then.
func (j *judge) act(ctx context.Context, p phase) *occasion {
	s := &occasion{phase: p.ID, mode: p.Mode, sound: p.plain(), started: time.Now(), truthBefore: j.truth, heldBefore: j.held}
	j.truth = j.told(j.world)
	for collection, objects := range s.truthBefore {
		for id, object := range objects {
			if at := (place{collection: collection, id: id}); j.truth[collection][id] == nil {
				j.gone[at] = true
				if j.known[collection] == nil {
					j.known[collection] = map[string]map[string]any{}
				}
				j.known[collection][id] = object
			}
		}
	}
	s.truth = j.truth
	j.sync(ctx, p, s)
	j.syncs = append(j.syncs, s)
	s.held, s.unread = j.driver.Holdings(ctx, j.probes())
	if s.unread != nil {
		return s
	}
	s.held.Name(j.truth, j.known)
	j.held = s.held.Objects
	if j.memory == nil {
		return s
	}
	s.differences = j.memory.compare(s.truth, s.held, j.gone)
	s.compared = j.memory.count(s.truth)
	s.before, j.before = j.before, s.differences
	still := map[place]bool{}
	for _, d := range s.differences {
		still[d.place] = true
	}
	// What was told of an object stays told while the product doesn't hold that.
	maps.DeleteFunc(j.accused, func(at place, _ bool) bool {
		return !still[at] && j.memory.has(s.held.Objects, at.collection, at.id)
	})
	return s
}

// sync has the product sync once.
func (j *judge) sync(ctx context.Context, p phase, s *occasion) {
	if j.provider == nil {
		path, err := j.bundle(p)
		if err != nil {
			s.outcome = driver.Outcome{Fault: err}
			return
		}
		if p.Bundle == bundleGrows {
			j.grow(ctx, p, s, path)
			return
		}
		s.outcome = j.driver.Sync(ctx, driver.Occasion{Mode: p.Mode, Bundle: path})
		j.dropped = newest(s.truth)
		return
	}
	mark := j.provider.Mark()
	j.provider.Serve(j.world, p.Behaviour)
	o := driver.Occasion{Mode: p.Mode, Connection: j.connection()}
	if p.Untrusted {
		back := o
		o.Connection = connectionOf(j.provider.Untrusted(), j.version)
		j.driver.Connect(ctx, o)
		defer j.driver.Connect(ctx, back)
	}
	s.outcome = j.driver.Sync(ctx, o)
	s.calls = j.provider.Calls(mark)
	j.provider.Behave(provider.Behaviour{})
}

// probes are the people who are looked for where only pages tell what the product holds.
func (j *judge) probes() []driver.Probe {
	if !j.section.Holds.Looks() {
		return nil
	}
	truth := j.told(j.world)
	var out []driver.Probe
	ids := slices.Sorted(maps.Keys(truth["users"]))
	for i, id := range ids {
		if i%max(1, len(ids)/mostProbes) == 0 {
			out = append(out, driver.Probe(truth["users"][id]))
		}
	}
	return out
}

// mostProbes bounds how many people are looked for on pages.
const mostProbes = 12
