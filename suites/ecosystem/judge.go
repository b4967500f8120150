package ecosystem

import (
	"fmt"
	"slices"
	"strings"

	"github.com/rollcall-edu/rollcall/suites/harness"
)

// prefix begins the ids of the requirements.
const prefix = "eco."

// ruling is what was made out of one requirement at one hop.
type ruling struct {
	requirement string // without prefix
	hop         string
	flow        int
	from, to    string
	examined    int
	faults      []fault
	grey        *grey
	notes       []string // what was measured
}

// fault is something that isn't as it has to be, with what both ends say.
type fault struct {
	expected, seen, where, cause string
	exchanges                    []string
}

// grey says why something could not be looked at: what to load, what to set, or which requirement is in the way.
type grey struct {
	reason, remedy, blocked string
	data                    bool // there is nothing to look at
	exchanges               []string
}

// judge makes rulings of sightings. It asks nobody anything.
type judge struct {
	seen    *Sightings
	section *Section
	target  *harness.Target
	show    func(member, value string) string
	rulings []*ruling

	// What was accused already, by system and person: those who were lost there, who are known by another id, or in
	// another role; each with the requirement by which.
	lost, renamed, widened map[string]map[string]string
	late                   map[string]bool // system and part whose change didn't arrive
}

// judged makes all rulings.
func judged(seen *Sightings, section *Section, target *harness.Target, show func(member, value string) string) []*ruling {
	j := &judge{seen: seen, section: section, target: target, show: show, lost: map[string]map[string]string{},
		renamed: map[string]map[string]string{}, widened: map[string]map[string]string{}, late: map[string]bool{}}
	sis := j.named(SIS)
	for _, p := range j.systems(Platform) {
		j.rostering(sis, p)
		j.resourcing(sis, p)
		j.namesRoles(p)
		j.launching(p)
		j.assignment(p)
		j.gradebook(sis, p)
		j.worked(sis, p)
	}
	for _, y := range j.systems(Tool) {
		if y.Holds { // others are told who people are by launches alone
			j.rostering(sis, y)
		}
	}
	for _, p := range j.systems(Platform) {
		j.search(p)
		j.deepLinking(p)
	}
	j.assessment(sis)
	j.trace()
	return j.rulings
}

// causes are requirements that fail at a platform because of others that do: what fails of the first is told as blocked by the
// second, where both fail at one platform.
var causes = []struct {
	of, by, reason string
	teacher        bool // it is so where it is the teacher of the story in whom the second fails
}{
	{"search.same-item", "deep-linking.item-kept", "what is picked there loses the same, wherever it comes from", false},
	{"names-roles.same-person", "launch.person-mixed", "some people launch as one", false},
	{"assignment.score", "launch.person-mixed", "some people launch as one, and their scores are one person's", false},
	{"assignment.tool-score", "launch.person-mixed", "some people launch as one, and their scores are one person's", false},
	{"resourcing.assigned", "resourcing.resource-id", "the platform has the resource under another id, and so doesn't know that it is assigned", false},
	{"deep-linking.answered", "rostering.role-kept", "who has another role there than in the SIS may not pick", true},
	{"search.offered", "rostering.role-kept", "who has another role there than in the SIS may not choose", true},
	{"assignment.tool-score", "assignment.score", "the platform keeps no score that a tool sends", false},
	{"gradebook.right-item", "assignment.right-item", "the platform itself has the score in another line item", false},
}

// trace tells what fails because of something else as blocked by that.
func (j *judge) trace() {
	for _, p := range j.systems(Platform) {
		failing := func(requirement string) *ruling {
			i := slices.IndexFunc(j.rulings, func(r *ruling) bool {
				return r.requirement == requirement && len(r.faults) > 0 && (r.from == p.Name || r.to == p.Name)
			})
			if i < 0 {
				return nil
			}
			return j.rulings[i]
		}
		for _, c := range causes {
			if failing(c.by) == nil || c.teacher && j.widened[p.Name][j.seen.People[Teacher].User.text("sourcedId")] == "" {
				continue
			}
			for r := failing(c.of); r != nil; r = failing(c.of) {
				var ends []string
				for _, f := range r.faults {
					ends = append(ends, f.exchanges...)
				}
				r.faults, r.examined, r.grey = nil, 0, new(stands(c.by, c.reason, ends...))
			}
		}
	}
}

// hopID names an arrow of the picture.
func hopID(flow int, from, to string) string { return fmt.Sprintf("%d %s>%s", flow, from, to) }

// systems lists those of a role, or a place for one where there is none.
func (j *judge) systems(role string) (out []SystemSeen) { return systemsOf(j.seen.Systems, role) }

func systemsOf(all []SystemSeen, role string) (out []SystemSeen) {
	for _, y := range all {
		if y.Role == role {
			out = append(out, y)
		}
	}
	if len(out) == 0 {
		out = append(out, SystemSeen{Name: "(" + role + ")", Role: role, Title: nobody[role],
			Problem: "the district file names no system with the role " + role})
	}
	return out
}

// nobody is how a place is called at which there is no system.
var nobody = map[string]string{SIS: "no SIS", Platform: "no platform", Tool: "no tool", Assessment: "no assessment app",
	Catalog: "no catalogue"}

func (j *judge) named(role string) SystemSeen { return j.systems(role)[0] }

// at gives the ruling of a requirement at a hop, made when it is first asked for.
func (j *judge) at(requirement string, flow int, from, to string) *ruling {
	id := hopID(flow, from, to)
	for _, r := range j.rulings {
		if r.requirement == requirement && r.hop == id {
			return r
		}
	}
	r := &ruling{requirement: requirement, hop: id, flow: flow, from: from, to: to}
	j.rulings = append(j.rulings, r)
	return r
}

// holds notes that something was looked at and is as it has to be, where f is nil; and otherwise that it isn't.
func (r *ruling) holds(f *fault) {
	r.examined++
	if f != nil {
		r.faults = append(r.faults, *f)
	}
}

// open notes why something could not be looked at.
func (r *ruling) open(g grey) {
	if r.grey == nil {
		r.grey = &g
	}
}

// set says what the district file, or one beside it, doesn't say.
func set(reason, remedy string) grey { return grey{reason: reason, remedy: remedy} }

// missing says that there is nothing to look at.
func missing(reason, remedy string) grey { return grey{reason: reason, remedy: remedy, data: true} }

// stands says that another requirement is in the way.
func stands(on, reason string, exchanges ...string) grey {
	return grey{reason: reason, blocked: on, exchanges: exchanges}
}

// note keeps of somebody by which requirement they were accused.
func note(set map[string]map[string]string, at, who, by string) {
	if set[at] == nil {
		set[at] = map[string]string{}
	}
	set[at][who] = by
}

// some gives one of the requirements by which people were accused; "" where none was.
func some(set map[string]string) string {
	for _, by := range set {
		return by
	}
	return ""
}

// who words somebody of the SIS in a finding.
func (j *judge) who(user object) string {
	id := user.text("sourcedId")
	for part, p := range j.seen.People {
		if p.User.text("sourcedId") == id {
			return fmt.Sprintf("the %s (%s)", part, j.show("sourcedId", id))
		}
	}
	return j.show("sourcedId", id)
}

// quoted words an id in a finding.
func (j *judge) quoted(member, value string) string {
	if value == "" {
		return "nothing"
	}
	return fmt.Sprintf("%q", j.show(member, value))
}

// wanted words the ids by which somebody may be known.
func (j *judge) wanted(member string, ids []string) string {
	var out []string
	for _, id := range ids {
		out = append(out, j.quoted(member, id))
	}
	if len(out) == 0 {
		return "an id that the declared mapping makes, which it makes none of"
	}
	return strings.Join(out, " or ")
}

// state is how an id compares with those that are wanted.
type state int

const (
	right state = iota
	none
	changed
	guessed
	mixed
)

// words say of a state what became of the id.
var words = map[state]string{none: "the id of the SIS is lost", changed: "another id stands in its place",
	guessed: "people are known by what only points to them, such as their mail address", mixed: "it is the id of somebody else"}

// compare tells how an id that a system has for somebody compares with what it should be. other is who has that id, where
// it is somebody else of the class.
func (j *judge) compare(at, id string, user object) (s state, other object) {
	ids := j.section.ids(j.target, at, user)
	if id == "" {
		return none, nil
	}
	if slices.Contains(ids, id) {
		return right, nil
	}
	for _, u := range j.everybody() {
		if u.text("sourcedId") != user.text("sourcedId") && slices.Contains(j.section.ids(j.target, at, u), id) {
			return mixed, u
		}
	}
	for _, name := range []string{"email", "username", "givenName", "familyName"} {
		if v := user.text(name); v != "" && strings.EqualFold(v, id) {
			return guessed, nil
		}
	}
	return changed, nil
}

// everybody lists who is in the class in the SIS, and who acts in the story.
func (j *judge) everybody() (out []object) {
	met := map[string]bool{}
	add := func(u object) {
		if id := u.text("sourcedId"); id != "" && !met[id] {
			met[id] = true
			out = append(out, u)
		}
	}
	for _, u := range slices.Concat(j.seen.SIS.Teachers, j.seen.SIS.Students) {
		add(u)
	}
	for _, part := range []string{Teacher, Learner, Newcomer, Withdrawn} {
		add(j.seen.People[part].User)
	}
	return out
}

// class lists who is in the class in the SIS, with the role there.
func (j *judge) class() (users []object, role map[string]string) {
	role = map[string]string{}
	for _, u := range j.seen.SIS.Teachers {
		role[u.text("sourcedId")] = Teacher
	}
	for _, u := range j.seen.SIS.Students {
		if role[u.text("sourcedId")] == "" {
			role[u.text("sourcedId")] = "student"
		}
	}
	return slices.Concat(j.seen.SIS.Teachers, j.seen.SIS.Students), role
}

// end is the exchange by which the SIS told of somebody.
func (j *judge) end(user object) string {
	id := user.text("sourcedId")
	if slices.ContainsFunc(j.seen.SIS.Teachers, func(u object) bool { return u.text("sourcedId") == id }) {
		return j.seen.SIS.TeachersAt
	}
	if slices.ContainsFunc(j.seen.SIS.Students, func(u object) bool { return u.text("sourcedId") == id }) {
		return j.seen.SIS.StudentsAt
	}
	for _, p := range j.seen.People {
		if p.User.text("sourcedId") == id {
			return p.Exchange
		}
	}
	return ""
}

// carried gives the id of somebody in what a platform tells (claims of a launch, or a member), and where it stands.
func (j *judge) carried(at string, o object, launch bool) (id, where string) {
	m, declared := j.section.mapping(PersonID, at)
	if declared && m.In != "" {
		return j.pointed(o, m.In, launch), m.In
	}
	if launch {
		if id := o.in(claimPrefix + "lis").text("person_sourcedid"); id != "" {
			return id, "lis.person_sourcedid"
		}
		id, where = o.text("sub"), "sub"
	} else {
		if id := o.text("lis_person_sourcedid"); id != "" {
			return id, "lis_person_sourcedid"
		}
		id, where = o.text("user_id"), "user_id"
	}
	// An id of the platform's own is no id of the SIS, and may be one by chance or by plan only where it is one.
	for _, u := range j.everybody() {
		if slices.Contains(j.section.ids(j.target, at, u), id) {
			return id, where
		}
	}
	if launch {
		return "", "lis.person_sourcedid"
	}
	return "", "lis_person_sourcedid"
}

// pointed gives a member by its name as the district file has it.
func (j *judge) pointed(o object, name string, launch bool) string {
	if launch {
		switch name {
		case "user_id", "sub":
			return o.text("sub")
		case "lis_person_sourcedid":
			name = "lis.person_sourcedid"
		}
		if head, rest, has := strings.Cut(name, "."); has {
			return o.in(claimPrefix + head).text(rest)
		}
		return o.text(name)
	}
	if name == "sub" {
		name = "user_id"
	}
	return o.text(strings.TrimPrefix(strings.ReplaceAll(name, "lis.person_sourcedid", "lis_person_sourcedid"), "."))
}

// launchOf finds a launch of somebody at a platform that brought a token.
func (j *judge) launchOf(at, part, when string) *Launch {
	for i := range j.seen.Launches {
		if l := &j.seen.Launches[i]; l.Platform == at && l.Part == part && l.When == when && l.Claims != nil {
			return l
		}
	}
	return nil
}

// nothingOpens words what a platform does that is shut.
const nothingOpens = "nothing at all launches there"

// shut tells whether nobody launched anything at a platform before something changed, though somebody tried.
func (j *judge) shut(at string) bool {
	tried := false
	for _, l := range j.seen.Launches {
		if l.Platform != at || l.When != Before || l.Unsigned {
			continue
		}
		if l.Claims != nil {
			return false
		}
		tried = true
	}
	return tried
}

// rosterOf and holdingOf give what a system told at a time; nil where it told nothing.
func (j *judge) rosterOf(at, when string) *Roster {
	for i := range j.seen.Rosters {
		if r := &j.seen.Rosters[i]; r.Platform == at && r.When == when {
			return r
		}
	}
	return nil
}

func (j *judge) holdingOf(at, when string) *Holding {
	for i := range j.seen.Holdings {
		if h := &j.seen.Holdings[i]; h.System == at && h.When == when {
			return h
		}
	}
	return nil
}

// tool is the tool of a district in whose place Rollcall asks a platform.
func (j *judge) tool(platform string) string {
	for _, p := range j.section.Places {
		if p.Platform == platform && p.Tool != "" {
			return p.Tool
		}
	}
	return j.named(Tool).Name
}

// away rules all of some requirements grey, where one of the two ends can't be looked into.
func (j *judge) away(flow int, from, to SystemSeen, requirements ...string) bool {
	for _, y := range []SystemSeen{from, to} {
		if y.Problem == "" {
			continue
		}
		remedy := "correct its target file, or leave the system out"
		if strings.HasPrefix(y.Name, "(") {
			remedy = "add one to district.systems, yours or one of `rollcall serve district`"
		}
		for _, q := range requirements {
			j.at(q, flow, from.Name, to.Name).open(set(y.Problem, remedy))
		}
		return true
	}
	return false
}
