package ecosystem

import (
	"context"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/harness/browser"
	"github.com/rollcall-edu/rollcall/suites/lti"
)

// scenes are the parts of the story, for whoever looks on.
const scenes = 8

// undoTime is how long what the story made may take to be taken away.
const undoTime = time.Minute

// prepare plays the story, and keeps what was seen.
func prepare(ctx context.Context, s *harness.Session) error {
	d, err := opened(s)
	if err != nil {
		return err
	}
	defer d.close()
	scene := func(n int) { s.Progress(n, scenes, "scenes of the story") }
	d.seen.SIS = d.register(ctx)
	d.people(ctx)
	scene(1)
	own := map[string]*Launch{} // of Rollcall's own link, by platform and part
	graded := map[string]*Graded{}
	defer func() { // also where the run is broken off
		left, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoTime)
		defer cancel()
		d.undo(left, graded, own)
	}()
	d.launches(ctx, own)
	scene(2)
	for _, at := range d.of(Platform) {
		d.seen.Rosters = append(d.seen.Rosters, d.roster(ctx, at, own[at.Name+" "+Teacher], Before))
	}
	d.holdings(ctx, Before)
	scene(3)
	for _, p := range d.section.Picks {
		if at := d.systems[p.Platform]; at.target != nil {
			d.seen.Picks = append(d.seen.Picks, d.pick(ctx, at, p))
		}
	}
	scene(4)
	for _, at := range d.of(Platform) {
		graded[at.Name] = d.grade(ctx, at, own[at.Name+" "+Learner])
		d.worked(ctx, at, graded[at.Name])
	}
	scene(5)
	if d.seen.SIS.Problem == "" {
		d.change(ctx, own)
	}
	scene(6)
	for _, at := range d.of(Platform) {
		g := graded[at.Name]
		if at.Push.Set() {
			if err := d.pull(ctx, "systems.push", at.Push, map[string]string{"class": d.section.Class}); err != nil {
				g.RegisterProblem = err.Error()
			}
		}
		if d.seen.SIS.Problem == "" {
			d.booked(ctx, at, g, min(time.Duration(at.Within), patience))
			d.earned(ctx, g)
		}
		d.seen.Grades = append(d.seen.Grades, *g)
	}
	scene(7)
	d.seen.Results = d.assessed(ctx)
	scene(8)
	if err := ctx.Err(); err != nil {
		return err
	}
	return d.seen.save(s.Dir)
}

// places lists those of a platform.
func (d *district) places(at *system) (out []Place) {
	for _, p := range d.section.Places {
		if p.Platform == at.Name && p.Tool != "" {
			out = append(out, p)
		}
	}
	return out
}

// ownLink is the place at which Rollcall itself is launched.
func (d *district) ownLink(at *system) (launching, bool) {
	for _, p := range d.section.Places {
		if p.Platform == at.Name && p.Tool == "" {
			return launching{place: p.Name, steps: p.Steps, may: true}, true
		}
	}
	links := lti.Of(at.target).Platform.Links
	if len(links) == 0 {
		return launching{}, false
	}
	return launching{place: links[0].Name, steps: links[0].Steps, may: true}, true
}

// launches has everybody who is in the class open everything that is there for them.
func (d *district) launches(ctx context.Context, own map[string]*Launch) {
	for _, at := range d.of(Platform) {
		if _, err := d.seat(ctx, at); err != nil {
			d.seen.system(at.Name).Problem = cause(err)
			continue
		}
		for _, part := range []string{Teacher, Learner, Withdrawn} {
			p, there := d.section.part(part)
			if !there || d.seen.People[part].User == nil {
				continue
			}
			if link, there := d.ownLink(at); there {
				l, page := d.launch(ctx, at, p, Before, link)
				if page != nil {
					page.Close()
				}
				own[at.Name+" "+part] = &l
				d.seen.Launches = append(d.seen.Launches, l)
			}
			for i, place := range d.places(at) {
				if part == Withdrawn && i > 0 {
					break // that they could is all that there is to see
				}
				l, page := d.launch(ctx, at, p, Before, d.opening(place, part))
				if page != nil {
					page.Close()
				}
				d.seen.Launches = append(d.seen.Launches, l)
			}
		}
	}
}

// opening is a place as somebody opens it.
func (d *district) opening(p Place, part string) launching {
	return launching{place: p.Name, tool: p.Tool, resource: p.Resource, steps: p.Steps,
		may: p.Resource == "" || d.seen.SIS.assigned(p.Resource, part, d.seen.People[part].User)}
}

// assigned tells whether the SIS assigns a resource to somebody of the class: by the class, its course or their own record,
// and in the roles that it is for (OneRoster 1.2 Resources).
func (r Register) assigned(resource, part string, user object) bool {
	given := slices.ContainsFunc([]object{r.Class, r.Course, user}, func(o object) bool {
		return slices.ContainsFunc(o.list("resources"), func(ref object) bool { return ref.text("sourcedId") == resource })
	})
	role := "student"
	if part == Teacher {
		role = "teacher"
	}
	roles := r.Resources[resource].texts("roles")
	return given && (len(roles) == 0 || slices.Contains(roles, role))
}

// holdings reads what each system holds that tells.
func (d *district) holdings(ctx context.Context, when string) {
	for _, at := range slices.Concat(d.of(Platform), d.of(Tool)) {
		if s := d.seen.system(at.Name); s.Holds {
			d.seen.Holdings = append(d.seen.Holdings, d.holding(ctx, at, when))
		}
	}
}

// worked has the learner earn a score in each tool that says how.
func (d *district) worked(ctx context.Context, at *system, g *Graded) {
	learner, there := d.section.part(Learner)
	if !there {
		return
	}
	for _, p := range d.places(at) {
		steps := p.Score
		if y := d.systems[p.Tool]; len(steps) == 0 && y.target != nil {
			steps = lti.Of(y.target).Tool.Score
		}
		w := Worked{Place: p.Name, Tool: p.Tool}
		if len(steps) == 0 {
			w.Unset = fmt.Sprintf("say how a learner earns a score in %s: district.places.score, or lti.tool.score of its target file", p.Tool)
			g.Worked = append(g.Worked, w)
			continue
		}
		if opening := d.opening(p, Learner); opening.may {
			w.Began = time.Now()
			l, page := d.launch(ctx, at, learner, Before, opening)
			w.Title, w.Exchanges, w.Problem = l.Claims.in(claimPrefix+"resource_link").text("title"), l.Exchanges, l.Problem
			if page != nil {
				if l.opened() {
					if err := page.Run(ctx, steps); err != nil {
						w.Problem = err.Error()
					} else {
						_ = page.Settle(ctx, quiet, settleTime, nil) // whatever is there by then
					}
				}
				page.Close()
			}
			g.Worked = append(g.Worked, w)
		}
	}
}

// earned looks for what the learner earned in tools, in the gradebook of the SIS.
func (d *district) earned(ctx context.Context, g *Graded) {
	learner := d.seen.People[Learner].User.text("sourcedId")
	if !slices.ContainsFunc(g.Worked, func(w Worked) bool { return w.Unset == "" && w.Problem == "" }) {
		return
	}
	items, id, why := d.items(ctx)
	if why != "" {
		return
	}
	g.RegisterExchanges = append(g.RegisterExchanges, id)
	named := map[string]bool{g.Asked.text("label"): true}
	for _, w := range g.Worked {
		named[w.Title] = true
	}
	for i := range g.Worked {
		w := &g.Worked[i]
		for _, its := range []bool{true, false} {
			for _, o := range items {
				title := o.text("title")
				other := its && title != w.Title || !its && named[title]
				if o.text("status") == "tobedeleted" || other || title == "" || len(w.Titles) > 0 {
					continue
				}
				results, id, why := d.results(ctx, o.text("sourcedId"))
				if why != "" {
					continue
				}
				g.RegisterExchanges = append(g.RegisterExchanges, id)
				if slices.ContainsFunc(results, func(r object) bool {
					return r.refers("student") == learner && r["score"] != nil && (its || since(r.text("dateLastModified"), w.Began))
				}) {
					w.Titles = append(w.Titles, title) // a tool that makes a line item of its own calls it as it likes
				}
			}
		}
	}
}

// since tells whether an instant of the SIS isn't before another, give or take a minute for clocks that differ.
func since(instant string, began time.Time) bool {
	at, err := time.Parse(time.RFC3339, instant)
	return err == nil && at.After(began.Add(-time.Minute))
}

// change enrolls somebody and withdraws somebody in the SIS, and waits until each system knows.
func (d *district) change(ctx context.Context, own map[string]*Launch) {
	changes := []struct {
		part    string
		trigger Trigger
		where   string
	}{{Newcomer, d.section.Change.Enroll, "change.enroll"}, {Withdrawn, d.section.Change.Withdraw, "change.withdraw"}}
	began := time.Now()
	problems := map[string]string{}
	unsets := map[string]string{}
	for _, c := range changes {
		p, there := d.section.part(c.part)
		user := d.seen.People[c.part]
		switch {
		case !there:
			unsets[c.part] = fmt.Sprintf("name who the %s is: district.people", c.part)
		case user.User == nil:
			problems[c.part] = fmt.Sprintf("the %s can't be read from the SIS: %s", c.part, user.Problem)
		case !c.trigger.Set():
			unsets[c.part] = "say how it is done in the SIS: district." + c.where
		case (c.part == Withdrawn) != d.seen.SIS.enrolls(p.SourcedID):
			unsets[c.part] = fmt.Sprintf("name somebody as the %s who is in the class when the story begins, or who isn't, as their part wants it",
				c.part)
		default:
			err := d.pull(ctx, c.where, c.trigger, map[string]string{"person": p.SourcedID, "class": d.section.Class, "role": "student"})
			if err != nil {
				problems[c.part] = err.Error()
				continue
			}
			d.changed = append(d.changed, c.part)
		}
	}
	var waiting []*Change
	for _, at := range slices.Concat(d.of(Platform), d.of(Tool)) {
		if at.Sync.Set() {
			if err := d.pull(ctx, "systems.sync", at.Sync, map[string]string{"class": d.section.Class}); err != nil {
				d.seen.system(at.Name).Problem = err.Error()
			}
		}
		for _, c := range changes {
			w := &Change{System: at.Name, Role: at.Role, What: c.part, Within: time.Duration(at.Within), Problem: problems[c.part],
				Unset: unsets[c.part]}
			switch {
			case w.Problem != "" || w.Unset != "":
			case !d.seen.system(at.Name).Holds && at.Role == Tool:
				w.Unset = fmt.Sprintf("say how to learn what %s holds: consumer.holds of its target file", at.Name)
			case !d.seen.system(at.Name).Holds && (own[at.Name+" "+Teacher] == nil || own[at.Name+" "+Teacher].Claims == nil):
				w.Unset = fmt.Sprintf("let Rollcall be launched at %s by the teacher, or say what it holds: consumer.holds of its target file", at.Name)
			case w.Within > patience && !at.Sync.Set():
				w.Unset = fmt.Sprintf("say how %s is made to sync (district.systems.sync), or let it sync within half an hour", at.Name)
			default:
				waiting = append(waiting, w)
				continue
			}
			d.seen.Changed = append(d.seen.Changed, *w)
		}
	}
	d.await(ctx, waiting, own, began)
	for _, w := range waiting {
		d.seen.Changed = append(d.seen.Changed, *w)
	}
	if len(waiting) == 0 {
		return
	}
	for _, at := range d.of(Platform) {
		d.seen.Rosters = append(d.seen.Rosters, d.roster(ctx, at, own[at.Name+" "+Teacher], After))
		for _, part := range []string{Newcomer, Withdrawn} {
			p, there := d.section.part(part)
			if !there || problems[part] != "" || unsets[part] != "" {
				continue
			}
			if _, err := d.signIn(ctx, at, p, true); err != nil && unset(err) != "" {
				d.seen.Launches = append(d.seen.Launches, Launch{Platform: at.Name, Part: part, When: After, Unsigned: true, Problem: err.Error()})
				continue
			}
			openings := []launching{}
			if link, there := d.ownLink(at); there {
				openings = append(openings, link)
			}
			for _, place := range d.places(at)[:min(1, len(d.places(at)))] {
				openings = append(openings, d.opening(place, part))
			}
			for _, o := range openings {
				o.may = part == Newcomer && o.may
				l, page := d.launch(ctx, at, p, After, o)
				if page != nil {
					page.Close()
				}
				d.seen.Launches = append(d.seen.Launches, l)
			}
		}
	}
	d.holdings(ctx, After)
}

// enrolls tells whether the class has somebody.
func (r Register) enrolls(id string) bool {
	return slices.ContainsFunc(slices.Concat(r.Students, r.Teachers), func(u object) bool { return u.text("sourcedId") == id })
}

// await asks each system again and again whether it knows.
func (d *district) await(ctx context.Context, waiting []*Change, own map[string]*Launch, began time.Time) {
	limit := time.Duration(0)
	for _, w := range waiting {
		limit = max(limit, w.Within)
	}
	limit = min(limit, patience)
	limit += limit/2 + 2*time.Second // to tell late from never
	until(ctx, limit, func() bool {
		rosters := map[string]Roster{}
		holds := map[string]Holding{}
		open := false
		for _, w := range waiting {
			if w.Known {
				continue
			}
			at, user := d.systems[w.System], d.seen.People[w.What].User
			var in, sure bool
			if d.seen.system(w.System).Holds {
				h, read := holds[w.System]
				if !read {
					h = d.holding(ctx, at, "")
					holds[w.System] = h
				}
				in, sure = h.enrolls(h.as(d.section.ids(d.session.Target, at.Name, user), user)), h.Problem == ""
				w.Exchanges = []string{h.Exchange}
			} else {
				r, read := rosters[w.System]
				if !read {
					r = d.roster(ctx, at, own[at.Name+" "+Teacher], "")
					rosters[w.System] = r
				}
				in, sure = member(r.Members, d.section.ids(d.session.Target, at.Name, user), user) != nil, r.Problem == ""
				w.Exchanges = r.Exchanges
			}
			if sure && in == (w.What == Newcomer) {
				w.Known, w.After = true, time.Since(began)
				continue
			}
			open = true
		}
		return !open
	})
	for _, w := range waiting {
		if !w.Known {
			w.After = time.Since(began)
		}
	}
}

// undo takes back what the story made.
func (d *district) undo(ctx context.Context, graded map[string]*Graded, own map[string]*Launch) {
	for i, p := range d.section.Picks {
		if at := d.systems[p.Platform]; at.target != nil && i < len(d.seen.Picks) {
			d.takeAway(ctx, at, p, d.seen.Picks[i].Title)
		}
	}
	for _, at := range d.of(Platform) {
		if g := graded[at.Name]; g != nil && g.Asked != nil {
			d.tidy(ctx, at, g, own[at.Name+" "+Learner])
		}
	}
	back := func(part, where string, t Trigger) {
		if p, there := d.section.part(part); there && t.Set() && slices.Contains(d.changed, part) {
			// Whether it can be taken back says nothing of the district.
			_ = d.pull(ctx, where, t, map[string]string{"person": p.SourcedID, "class": d.section.Class, "role": "student"})
		}
	}
	back(Newcomer, "change.withdraw", d.section.Change.Withdraw)
	back(Withdrawn, "change.enroll", d.section.Change.Enroll)
}

// doctor looks whether the story can be played.
func doctor(_ context.Context, s *harness.Session) []harness.Diagnosis {
	section := Of(s.Target)
	if len(section.Systems) == 0 {
		return []harness.Diagnosis{{Name: "district", Fatal: true, Detail: "the target file says of no systems",
			Remedy: "add `district: {systems: […], class: …}` to it; docs/district.md has an example"}}
	}
	path, err := browser.Find()
	if err != nil {
		return []harness.Diagnosis{{Name: "browser", Fatal: true, Detail: err.Error(),
			Remedy: "install Chromium (apt-get install chromium-headless-shell), or name one in ROLLCALL_CHROMIUM"}}
	}
	out := []harness.Diagnosis{{Name: "browser", OK: true, Detail: path}}
	for _, y := range section.Systems {
		if y.File == "" {
			continue
		}
		d := harness.Diagnosis{Name: y.Name, OK: true, Detail: "its target file " + y.File + " can be read"}
		if _, err := harness.ReadTarget(beside(s.Target, y.File), os.LookupEnv, standing()...); err != nil {
			d = harness.Diagnosis{Name: y.Name, Fatal: y.Role == SIS, Detail: cause(err),
				Remedy: "correct " + y.File + "; until then its flows are not tested, and without the SIS none is"}
		}
		out = append(out, d)
	}
	return out
}
