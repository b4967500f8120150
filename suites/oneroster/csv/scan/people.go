package scan

import (
	"context"
	"errors"
	"fmt"
)

// Marks of users: the lower half are the bits of their roles (roleNames).
const (
	markEnrolled = 1 << 16
	markDeleted  = 1 << 17 // of any file
	markTaught   = 1 << 18 // of classes: a teacher is enrolled
	markHome     = 1 << 19 // there is a role at the primary org
	markTwice    = 1 << 20 // more than one row of the sourcedId names a primary org
	allRoles     = 1<<16 - 1
)

// userRule keeps, for 1.1, the role that stands with the user, and the primary
// org of 1.2 for when the roles are known.
func (f *file) userRule() rowRule {
	agents, self := f.column("agentSourcedIds"), f.s.rules.Number("rules.agent-self")
	notSelf := func(w *worker) {
		if len(w.raw(agents)) == 0 {
			return
		}
		eachItem(w.cell(agents), func(item []byte) {
			if w.f.s.hash(item) == w.self {
				w.rowSays(self, agents, "the user's own sourcedId")
			}
		})
	}
	if f.s.version.Name == "1.1" {
		role := f.column("role")
		bits := f.bitsOf(role)
		return func(w *worker, e *entry) {
			notSelf(w)
			if v := w.value[role]; v >= 0 {
				e.fact.a = int32(bits[v])
			}
		}
	}
	org := f.column("primaryOrgSourcedId")
	return func(w *worker, e *entry) {
		notSelf(w)
		e.fact.ref = w.found[org]
	}
}

// bitsOf gives the bit of each term of a role column, by number, one up.
func (f *file) bitsOf(column int) []uint16 {
	out := []uint16{otherRole}
	for _, t := range f.table.Columns[column].Terms {
		bit := f.s.roleBits[t]
		if bit == 0 {
			bit = otherRole
		}
		out = append(out, bit)
	}
	return out
}

func (f *file) roleRule() rowRule {
	dates := f.ordered("rules.role-dates", "beginDate", "endDate")
	user, org, role := f.column("userSourcedId"), f.column("orgSourcedId"), f.column("role")
	kind, profile := f.column("roleType"), f.column("userProfileSourcedId")
	users, profiles := f.targets[user], f.targets[profile]
	primary, bits := f.termOf(kind, "primary"), f.bitsOf(role)
	other := f.s.rules.Number("rules.role-profile")
	f.s.examined("rules.one-primary-role", 1)
	return func(w *worker, e *entry) {
		dates(w)
		u, o := w.found[user], w.found[org]
		if u == 0 || users == nil {
			return
		}
		if v := w.value[role]; v >= 0 && !w.status {
			users.mark(u-1, uint32(bits[v]))
		}
		if o > 0 && !w.status {
			w.placed = true
			users.atHome(w, u-1, o-1)
			if w.value[kind] == primary {
				w.key(keyPrimaryRole, two(u-1, o-1))
			}
		}
		if p := w.found[profile]; p > 0 && profiles != nil {
			if owner := profiles.facts[p-1].ref; owner != 0 && owner != u {
				w.rowSays(other, profile, "the profile is another user's")
			}
		}
	}
}

// primaryRoleKey gives the key of a primary role, for the second reading.
func primaryRoleKey(w *worker) (uint64, string, bool) {
	f := w.f
	user, org, kind, status := f.column("userSourcedId"), f.column("orgSourcedId"), f.column("roleType"), 1
	users, orgs := f.targets[user], f.targets[org]
	if users == nil || orgs == nil || string(w.cell(kind)) != "primary" || string(w.cell(status)) == "tobedeleted" {
		return 0, "", false
	}
	u, ok1 := users.ids.Find(f.s.hash(w.cell(user)))
	o, ok2 := orgs.ids.Find(f.s.hash(w.cell(org)))
	return two(u, o), string(w.cell(user)) + "\x00" + string(w.cell(org)), ok1 && ok2
}

// afterJoin does what needs all rows of a file: trees, and the rules that wait
// for other files.
func (f *file) afterJoin(total map[int]*tally) {
	switch f.table.Name {
	case "orgs":
		parent := f.column("parentSourcedId")
		f.judgeTree(total, "rules.org-tree", f.parents(parent), parent)
	case "academicSessions":
		f.judgeSessions(total)
	case "users":
		f.keepForRoles()
	case "roles":
		f.countHomes()
	case "enrollments":
		f.joinPairs()
		f.s.afterward = append(f.s.afterward, f.judgeClasses)
	}
}

// judgeSessions holds sessions to their parents.
func (f *file) judgeSessions(total map[int]*tally) {
	parent := f.column("parentSourcedId")
	parents := f.parents(parent)
	f.judgeTree(total, "rules.session-tree", parents, parent)
	number := f.s.rules.Number("rules.session-parent")
	for _, w := range f.workers {
		for _, l := range w.later[parent] {
			from, ok := f.ids.Find(l.from)
			if !ok || parents[from] == 0 || parents[from]-1 == from {
				continue
			}
			x, y := f.facts[from], f.facts[parents[from]-1]
			if x.a == none || x.b == none || y.a == none || y.b == none || y.a >= y.b || x.a >= x.b {
				continue
			}
			if x.a < y.a || x.b > y.b {
				f.late[number] = true
				touch(total, number).add(l.at, parent+1, nil, false, "its dates reach beyond those of its parent")
			}
		}
	}
}

// userLater is what users leave for after the roles and the enrollments.
type userLater struct {
	agents []later // from and to are hashes of users
}

// primaryOrg is what a second row of a user says of the own org.
type primaryOrg struct{ user, org uint32 } // places

// own keeps the primary org of a user, as place, one up, for when the roles are known. A
// second row with the same sourcedId may name another one.
func (f *file) own(user, org uint32, fresh bool) {
	switch {
	case fresh:
		f.orgs = append(f.orgs, org)
	case org != 0:
		f.moreOrgs = append(f.moreOrgs, primaryOrg{user, org - 1})
		f.marks[user] |= markTwice
	}
}

// atHome notes a role that a user has at an org.
func (f *file) atHome(w *worker, user, org uint32) {
	if f.orgs[user] == org+1 {
		f.mark(user, markHome)
	} else if f.marked(user)&markTwice != 0 {
		w.key(keyRole, two(user, org))
	}
}

// homeless tells whether a user has no role at what one of the rows calls the primary org.
func (f *file) homeless(user, org uint32) bool {
	if f.orgs[user] == org+1 {
		return f.marks[user]&markHome == 0
	}
	roles := f.s.keys[keyRole]
	return roles == nil || !roles.Has(two(user, org))
}

// homes is what the roles tell of the primary orgs of users.
type homes struct {
	judged  bool  // there are roles at orgs
	count   int64 // rows of users that name one
	lacking int64 // of them without a role there
}

// countHomes counts the users without a role at their primary org, once all roles are
// read. Where there are none, what it takes to name them isn't kept.
func (f *file) countHomes() {
	users := f.s.files["users"]
	if users == nil {
		return
	}
	h := &users.homes
	for _, w := range f.workers {
		h.judged = h.judged || w.placed
	}
	each := func(user, org uint32) {
		h.count++
		if users.homeless(user, org) {
			h.lacking++
		}
	}
	for user, org := range users.orgs {
		if org != 0 {
			each(uint32(user), org-1)
		}
	}
	for _, x := range users.moreOrgs {
		each(x.user, x.org)
	}
	if !h.judged || h.lacking == 0 {
		users.orgs, users.moreOrgs = nil, nil
	}
}

// judgeHomes reports users who have no role at their primary org.
func (f *file) judgeHomes(ctx context.Context, total map[int]*tally) error {
	if !f.homes.judged {
		return nil
	}
	f.s.examined("rules.primary-org", f.homes.count)
	if f.homes.lacking == 0 {
		return nil
	}
	column := f.column("primaryOrgSourcedId")
	orgs := f.targets[column]
	t := touch(total, f.s.rules.Number("rules.primary-org"))
	return f.seek(ctx, func(w *worker, user uint32) bool {
		if org, ok := orgs.ids.Find(f.s.hash(w.cell(column))); ok && f.homeless(user, org) {
			t.add(w.at(), w.field[column]+1, w.cell(column), f.private(w.field[column]), "the user has no role at that org")
		}
		return t.count < f.homes.lacking
	})
}

// keepForRoles queues the rules about users that need their roles.
func (f *file) keepForRoles() {
	var kept userLater
	agents := f.column("agentSourcedIds")
	for _, w := range f.workers {
		kept.agents = append(kept.agents, w.later[agents]...)
	}
	f.s.afterward = append(f.s.afterward, func(ctx context.Context) error { return f.judgeUsers(ctx, kept) })
}

// judgeUsers looks at users once all files are read.
func (f *file) judgeUsers(ctx context.Context, kept userLater) error {
	s := f.s
	total := map[int]*tally{}
	complain := func(id string, at place, column int, detail string) {
		n := s.rules.Number(id)
		f.late[n] = true
		touch(total, n).add(at, column+1, nil, false, detail)
	}
	known := s.version.Name == "1.1" || s.whole("roles")
	if !known || !f.complete() {
		return nil
	}
	student := uint32(s.roleBits["student"])
	agents := f.column("agentSourcedIds")
	for _, l := range kept.agents {
		// The relation is kept on both sides: a parent names the student too.
		p, ok1 := f.ids.Find(l.to)
		from, ok2 := f.ids.Find(l.from)
		if ok1 && ok2 && f.marks[p]&allRoles == student && f.marks[from]&allRoles == student {
			complain("rules.agent-role", l.at, agents, "both are students and nothing else")
		}
	}
	s.examined("rules.agent-role", int64(len(kept.agents)))
	s.examined("rules.agent-self", int64(len(kept.agents)))
	if err := f.judgeHomes(ctx, total); err != nil {
		return err
	}
	if err := f.judgeMarks(ctx, total); err != nil {
		return err
	}
	if err := f.again(ctx, total, nil); err != nil && !errors.Is(err, errEnough) {
		return fmt.Errorf("reading %s again: %w", f.stream.entry.Path, err)
	}
	f.publish(total)
	return nil
}

// judgeMarks finds users without a role, and students whom nobody enrolled.
func (f *file) judgeMarks(ctx context.Context, total map[int]*tally) error {
	s := f.s
	student := uint32(s.roleBits["student"])
	lacks := map[string]func(mark uint32) bool{}
	if s.version.Name != "1.1" {
		lacks["rules.user-role"] = func(mark uint32) bool { return mark&(allRoles|markDeleted) == 0 }
	}
	if s.whole("enrollments") {
		lacks["rules.enrolled"] = func(mark uint32) bool { return mark&student != 0 && mark&(markEnrolled|markDeleted) == 0 }
	}
	for id, lack := range lacks {
		if err := f.lacking(ctx, total, id, "", lack); err != nil {
			return err
		}
	}
	return nil
}

// lacking reports the records of whom no other file says what a rule asks for, told by
// their marks.
func (f *file) lacking(ctx context.Context, total map[int]*tally, id, detail string, lack func(mark uint32) bool) error {
	s := f.s
	var count int64
	for _, m := range f.marks {
		if lack(m) {
			count++
		}
	}
	s.examined(id, int64(len(f.marks)))
	if count == 0 {
		return nil
	}
	t := touch(total, s.rules.Number(id))
	err := f.seek(ctx, func(w *worker, place uint32) bool {
		if lack(f.marks[place]) {
			t.add(w.at(), w.field[0]+1, w.cell(0), f.private(w.field[0]), detail)
		}
		return len(t.first) < firsts && t.count < count
	})
	t.count = count
	return err
}

// seek reads the rows again whose sourcedId has a place, until visit has seen enough.
func (f *file) seek(ctx context.Context, visit func(w *worker, place uint32) bool) error {
	err := f.each(ctx, f.stream.entry, func(w *worker) bool {
		p, ok := f.ids.Find(f.s.hash(w.cell(0)))
		return !ok || visit(w, p)
	})
	if err != nil && !errors.Is(err, errEnough) {
		return fmt.Errorf("reading %s again: %w", f.stream.entry.Path, err)
	}
	return nil
}

// noTeacher is said of a class; the remedy of the rule is about teachers who are too
// many.
const noTeacher = "people are enrolled in the class, and none of them is its teacher"

func init() {
	remedies[noTeacher] = "Add a row to enrollments.csv with the teacher of the class, role teacher and primary true; without it nobody can open the class."
}

// judgeClasses finds classes with people and without a teacher, once all enrollments
// are known.
func (f *file) judgeClasses(ctx context.Context) error {
	classes := f.s.files["classes"]
	if classes == nil || !classes.complete() || classes.shut != nil || !f.s.whole("enrollments") || f.without(f.column("role")) != nil {
		return nil
	}
	total := map[int]*tally{}
	err := classes.lacking(ctx, total, "rules.primary-teacher", noTeacher, func(mark uint32) bool {
		return mark&(markEnrolled|markTaught|markDeleted) == markEnrolled
	})
	if err == nil {
		classes.publish(total)
	}
	return err
}
