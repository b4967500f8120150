package ecosystem

import (
	"fmt"
	"slices"
	"strings"

	"github.com/rollcall-edu/rollcall/suites/lti/platform"
)

// standard lists the requirements of a flow, by what stands before the dot.
var requirementsOf = map[string][]string{
	"rostering": {"rostering.person-kept", "rostering.person-id", "rostering.person-mixed", "rostering.class-kept", "rostering.role-kept",
		"rostering.nobody-else", "rostering.newcomer", "rostering.withdrawn", "rostering.in-time"},
	"resourcing": {"resourcing.assigned", "resourcing.not-assigned", "resourcing.resource-id"},
	"names-roles": {"names-roles.person-id", "names-roles.same-person", "names-roles.complete", "names-roles.role",
		"names-roles.personal"},
	"search":       {"search.found", "search.offered", "search.same-item"},
	"deep-linking": {"deep-linking.answered", "deep-linking.item-kept", "deep-linking.line-item"},
	"assignment": {"assignment.line-item", "assignment.score", "assignment.right-item", "assignment.overridden",
		"assignment.tool-score"},
	"launch": {"launch.opens", "launch.person-id", "launch.person-mixed", "launch.class-id", "launch.course-id", "launch.role",
		"launch.newcomer", "launch.withdrawn", "launch.personal"},
	"assessment": {"assessment.arrives", "assessment.line-item", "assessment.items", "assessment.objectives", "assessment.resolved",
		"assessment.same"},
	"gradebook": {"gradebook.line-item", "gradebook.person", "gradebook.score", "gradebook.right-item", "gradebook.overridden"},
}

// rostering judges what of the class of the SIS arrived at a platform or a tool.
func (j *judge) rostering(sis, to SystemSeen) {
	if j.away(1, sis, to, requirementsOf["rostering"]...) {
		return
	}
	at := func(q string) *ruling { return j.at("rostering."+q, 1, sis.Name, to.Name) }
	if j.seen.SIS.Problem != "" {
		for _, q := range requirementsOf["rostering"] {
			j.at(q, 1, sis.Name, to.Name).open(missing(j.seen.SIS.Problem, "let the SIS be read, and check district.class"))
		}
		return
	}
	h := j.holdingOf(to.Name, Before)
	r := j.rosterOf(to.Name, Before)
	switch {
	case h != nil && h.Problem == "":
		j.held(sis, to, h)
	case r != nil && r.Problem == "" && to.Role == Platform:
		j.listed(sis, to, r)
	default:
		why := set(fmt.Sprintf("nothing tells what %s holds", to.Name), "say how to learn it: consumer.holds of its target file")
		if h != nil {
			why = set(h.Problem, "correct consumer.holds of its target file")
		} else if r != nil && to.Role == Platform {
			why = set(r.Problem,
				"let Rollcall be launched there by the teacher, with Names and Roles; or say what it holds: consumer.holds of its target file")
		}
		for _, q := range requirementsOf["rostering"][:6] {
			j.at(q, 1, sis.Name, to.Name).open(why)
		}
	}
	j.changes(to, at)
}

// held judges what a system itself tells that it holds.
func (j *judge) held(sis, to SystemSeen, h *Holding) {
	at := func(q string) *ruling { return j.at("rostering."+q, 1, sis.Name, to.Name) }
	enrolled, elsewhere := j.enrolled(to.Name, h)
	users, roles := j.class()
	accounted := map[string]bool{}
	for _, u := range users {
		ids := j.section.ids(j.target, to.Name, u)
		var found object
		for _, id := range ids {
			if x := h.Objects["users"][id]; x != nil {
				found = x
			}
		}
		if found == nil { // a product may keep the other id beside its own
			for _, x := range h.Objects["users"] {
				if one(ids, x.text("userMasterIdentifier"), x.text("identifier")) {
					found = x
				}
			}
		}
		ends := []string{j.end(u), h.Exchange}
		if found == nil {
			var like object
			for _, x := range h.Objects["users"] {
				if alike(x, u) && (like == nil || enrolled[x.text("sourcedId")] != nil) {
					like = x
				}
			}
			if like == nil {
				note(j.lost, to.Name, u.text("sourcedId"), "rostering.person-kept")
				at("person-kept").holds(&fault{expected: fmt.Sprintf("%s of the class at %s", j.who(u), to.Name),
					seen:  "nobody by an id, a mail address or a name of theirs",
					where: h.From, exchanges: ends, cause: "lost at rostering"})
				continue
			}
			id := like.text("sourcedId")
			accounted[id] = true
			s, _ := j.compare(to.Name, id, u)
			note(j.renamed, to.Name, u.text("sourcedId"), "rostering.person-id")
			at("person-id").holds(&fault{expected: fmt.Sprintf("%s known by %s", j.who(u), j.wanted("sourcedId", ids)),
				seen: fmt.Sprintf("somebody of that name or mail address has the id %s", j.quoted("sourcedId",
					id)), where: h.From, cause: words[s], exchanges: ends})
			at("person-kept").holds(nil)
			continue
		}
		id := found.text("sourcedId")
		accounted[id] = true
		at("person-id").holds(nil)
		if told := first(found, "email", "familyName", "name"); told != "" && !alike(found, u) && !vague(found, u) {
			at("person-mixed").holds(&fault{expected: fmt.Sprintf("under %s the person whom the SIS has", j.quoted("sourcedId", id)),
				seen: fmt.Sprintf("somebody with another name and another mail address (%s)", j.show("familyName",
					told)), where: h.From, exchanges: ends})
		} else {
			at("person-mixed").holds(nil)
		}
		e := enrolled[id]
		if e == nil && elsewhere[id] != "" {
			note(j.lost, to.Name, u.text("sourcedId"), "rostering.class-kept") // told by heldClass
			continue
		}
		if e == nil {
			if len(enrolled) > 0 || len(h.Objects["classes"]) > 0 {
				note(j.lost, to.Name, u.text("sourcedId"), "rostering.person-kept")
				at("person-kept").holds(&fault{expected: fmt.Sprintf("%s in the class at %s", j.who(u), to.Name),
					seen:  "the person is known there, and is not in the class",
					where: h.From, exchanges: ends})
			}
			continue
		}
		at("person-kept").holds(nil)
		if role := e.text("role"); role != "" {
			want := roles[u.text("sourcedId")]
			if wide := widerHeld(want, role); wide {
				note(j.widened, to.Name, u.text("sourcedId"), "rostering.role-kept")
				at("role-kept").holds(&fault{expected: fmt.Sprintf("%s as %s", j.who(u), want), seen: fmt.Sprintf("the role %q", role),
					where: h.From, exchanges: ends})
			} else {
				at("role-kept").holds(nil)
			}
		}
	}
	j.heldClass(sis, to, h)
	for id, e := range enrolled {
		if accounted[id] || j.between(to.Name, id) || slices.Contains([]string{"guardian", "parent", "administrator", "aide", "proctor"},
			e.text("role")) {
			continue
		}
		at("nobody-else").holds(&fault{expected: "those alone whom the SIS has in the class", seen: fmt.Sprintf("%s is in it too, as %q",
			j.quoted("sourcedId", id),
			e.text("role")), where: h.From, exchanges: []string{j.seen.SIS.StudentsAt, j.seen.SIS.TeachersAt, h.Exchange}})
	}
	if len(enrolled) > 0 {
		at("nobody-else").holds(nil)
	}
	j.unlooked(sis, to, h.From)
}

// between tells whether an id is of somebody who may be in the class or not, by the dates of their enrollment.
func (j *judge) between(at, id string) bool {
	return id != "" && slices.ContainsFunc(j.seen.SIS.Between, func(who string) bool {
		return slices.Contains(j.section.ids(j.target, at, object{"sourcedId": who}), id)
	})
}

// unlooked rules grey what was not looked at.
func (j *judge) unlooked(sis, to SystemSeen, from string) {
	for _, q := range requirementsOf["rostering"][:6] {
		if r := j.at(q, 1, sis.Name, to.Name); r.examined == 0 {
			r.open(missing("nothing was met by which it could be told, in "+from,
				"let what is held be told with users, classes and enrollments, or load a class with people"))
		}
	}
}

// vague tells whether what a system tells of somebody has nothing in common with what the SIS tells, so that nothing can
// be compared.
func vague(a, b object) bool {
	mail := a.text("email") != "" && b.text("email") != ""
	name := first(a, "familyName", "family_name", "name") != "" && b.text("familyName") != ""
	return !mail && !name
}

// widerHeld tells whether a role there isn't the one of the SIS.
func widerHeld(want, role string) bool {
	role = strings.ToLower(role)
	if want == "student" {
		return !slices.Contains([]string{"student", "learner"}, role)
	}
	return slices.Contains([]string{"student", "learner"}, role)
}

// heldClass judges whether the class is one course.
func (j *judge) heldClass(sis, to SystemSeen, h *Holding) {
	classes := h.Objects["classes"]
	if len(classes) == 0 {
		return
	}
	_, elsewhere := j.enrolled(to.Name, h)
	r := j.at("rostering.class-kept", 1, sis.Name, to.Name)
	ids := j.section.expected(j.target, ClassID, to.Name, j.seen.SIS.Class)
	var own, others []string
	for id := range classes {
		if slices.Contains(ids, id) {
			own = append(own, id)
			continue
		}
		for _, class := range elsewhere {
			if class == id {
				others = append(others, id)
				break
			}
		}
	}
	slices.Sort(others)
	f := fault{expected: fmt.Sprintf("one course for the class, known by %s", j.wanted("sourcedId", ids)), where: h.From,
		exchanges: append(slices.Clone(j.seen.SIS.Exchanges[:min(1, len(j.seen.SIS.Exchanges))]), h.Exchange)}
	switch {
	case len(own) == 1 && len(others) == 0:
		r.holds(nil)
	case len(own) == 0:
		f.seen, f.cause = fmt.Sprintf("%d courses of its name, under other ids: %s", len(others), strings.Join(others,
			", ")), "the class has another id there"
		r.holds(&f)
	default:
		f.seen, f.cause = fmt.Sprintf("its people are in %d courses: %s", len(own)+len(others), strings.Join(append(own, others...),
			", ")), "the class was split"
		r.holds(&f)
	}
}

// enrolled parts who is in the class of the story itself, by the id that they have there, from those of its people who are
// in another that may be a part of it.
func (j *judge) enrolled(at string, h *Holding) (here map[string]object, elsewhere map[string]string) {
	here, elsewhere = map[string]object{}, map[string]string{}
	ids := j.section.expected(j.target, ClassID, at, j.seen.SIS.Class)
	own := slices.ContainsFunc(ids, func(id string) bool { return h.Objects["classes"][id] != nil })
	for _, e := range h.Objects["enrollments"] {
		if e.text("status") != "tobedeleted" && (!own || slices.Contains(ids, refersTo(e, "class"))) {
			here[refersTo(e, "user")] = e
		}
	}
	for _, e := range h.Objects["enrollments"] {
		user, class := refersTo(e, "user"), refersTo(e, "class")
		if e.text("status") != "tobedeleted" && !slices.Contains(ids, class) && (here[user] == nil || !own) && j.isOfClass(at, user) {
			elsewhere[user] = class
		}
	}
	return here, elsewhere
}

func (j *judge) isOfClass(at, id string) bool {
	users, _ := j.class()
	return slices.ContainsFunc(users, func(u object) bool { return slices.Contains(j.section.ids(j.target, at, u), id) })
}

// listed judges a platform that doesn't tell what it holds, by what it tells tools: of two things that it tells otherwise
// than the SIS the same way, the roster is the cause.
func (j *judge) listed(sis, to SystemSeen, r *Roster) {
	at := func(q string) *ruling { return j.at("rostering."+q, 1, sis.Name, to.Name) }
	users, roles := j.class()
	accounted := map[string]bool{}
	service := j.gap(to.Name, r)
	for _, u := range users {
		m := member(r.Members, j.section.ids(j.target, to.Name, u), u)
		if m != nil {
			accounted[m.text("user_id")] = true
			at("person-kept").holds(nil)
			continue
		}
		if service {
			at("person-kept").open(stands("names-roles.complete",
				"the class list of the platform lacks people who can launch, so that it tells of nobody who is missing", r.Exchanges...))
			continue
		}
		note(j.lost, to.Name, u.text("sourcedId"), "rostering.person-kept")
		at("person-kept").holds(&fault{expected: fmt.Sprintf("%s in the course at %s", j.who(u), to.Name),
			seen:  "nobody by an id, a mail address or a name of theirs",
			where: "Names and Roles of " + to.Name, exchanges: append([]string{j.end(u)}, r.Exchanges...), cause: "lost at rostering"})
	}
	for _, m := range r.Members {
		p := principals(m)
		if accounted[m.text("user_id")] || !slices.Contains(p, "Learner") && !slices.Contains(p, "Instructor") {
			continue
		}
		if slices.ContainsFunc(users, func(u object) bool { return alike(m, u) }) {
			continue
		}
		id, _ := j.carried(to.Name, m, false)
		if j.between(to.Name, id) {
			continue
		}
		at("nobody-else").holds(&fault{expected: "those alone whom the SIS has in the class", where: "Names and Roles of " + to.Name,
			seen: fmt.Sprintf("%s is in it too, as %s", j.quoted("sourcedId", first(object{"a": id, "b": m.text("user_id")}, "a", "b")),
				strings.Join(p, ", ")),
			exchanges: append([]string{j.seen.SIS.StudentsAt, j.seen.SIS.TeachersAt}, r.Exchanges...)})
	}
	at("nobody-else").holds(nil)
	for _, part := range []string{Teacher, Learner, Withdrawn} {
		u := j.seen.People[part].User
		l := j.launchOf(to.Name, part, Before)
		m := member(r.Members, j.section.ids(j.target, to.Name, u), u)
		if u == nil || l == nil || m == nil {
			continue
		}
		ends := append(append([]string{j.end(u)}, l.Exchanges...), r.Exchanges...)
		told, _ := j.carried(to.Name, l.Claims, true)
		held, where := j.carried(to.Name, m, false)
		a, other := j.compare(to.Name, told, u)
		b, _ := j.compare(to.Name, held, u)
		switch {
		case a == right || b == right:
			at("person-id").holds(nil)
			at("person-mixed").holds(nil)
		case a == mixed && b == mixed && told == held:
			note(j.renamed, to.Name, u.text("sourcedId"), "rostering.person-mixed")
			at("person-mixed").holds(&fault{expected: fmt.Sprintf("%s under %s", j.who(u), j.wanted("sourcedId", j.section.ids(j.target, to.Name,
				u))),
				seen: fmt.Sprintf("launches and class lists have the id of %s", j.who(other)), where: where, cause: words[mixed], exchanges: ends})
		case told == held:
			note(j.renamed, to.Name, u.text("sourcedId"), "rostering.person-id")
			at("person-id").holds(&fault{expected: fmt.Sprintf("%s known by %s", j.who(u), j.wanted("sourcedId", j.section.ids(j.target, to.Name,
				u))),
				seen: fmt.Sprintf("launches and class lists have %s", j.quoted("sourcedId", told)), where: where, cause: words[a], exchanges: ends})
		}
		want := roles[u.text("sourcedId")]
		x, y := wrong(want, l.Claims.texts(claimPrefix+"roles")), wrong(want, m.texts("roles"))
		switch {
		case want == "":
		case x == "" || y == "":
			at("role-kept").holds(nil)
		default:
			note(j.widened, to.Name, u.text("sourcedId"), "rostering.role-kept")
			at("role-kept").holds(&fault{expected: fmt.Sprintf("%s as %s", j.who(u), want), seen: "launches and class lists have " + y,
				where: "roles", exchanges: ends})
		}
	}
	j.contexts(sis, to)
	for _, q := range requirementsOf["rostering"][:6] {
		if r := j.at(q, 1, sis.Name, to.Name); r.examined == 0 {
			r.open(set("nobody of the story launched Rollcall, or a tool, by whom it could be told",
				"name people and places (district.people, district.places), or say what "+to.Name+" holds: consumer.holds of its target file"))
		}
	}
}

// gap tells whether somebody can launch who isn't in the class list: then the list is at fault, and not the roster.
func (j *judge) gap(at string, r *Roster) bool {
	for _, part := range []string{Teacher, Learner, Withdrawn} {
		u := j.seen.People[part].User
		l := j.launchOf(at, part, Before)
		if u == nil || l == nil || member(r.Members, j.section.ids(j.target, at, u), u) != nil {
			continue
		}
		if teacher := j.launchOf(at, Teacher, Before); teacher == nil || contextOf(teacher) == contextOf(l) {
			return true
		}
	}
	return false
}

func contextOf(l *Launch) string { return l.Claims.in(claimPrefix + "context").text("id") }

// contexts judges by launches whether the class is one course.
func (j *judge) contexts(sis, to SystemSeen) {
	r := j.at("rostering.class-kept", 1, sis.Name, to.Name)
	met := map[string]*Launch{}
	for i := range j.seen.Launches {
		if l := &j.seen.Launches[i]; l.Platform == to.Name && l.When == Before && l.Claims != nil && contextOf(l) != "" {
			if met[contextOf(l)] == nil {
				met[contextOf(l)] = l
			}
		}
	}
	switch len(met) {
	case 0:
	case 1:
		r.holds(nil)
	default:
		var ids, ends []string
		for id, l := range met {
			ids, ends = append(ids, fmt.Sprintf("%s (%s, by the %s)", id, l.Place, l.Part)), append(ends, l.Exchanges...)
		}
		slices.Sort(ids)
		r.holds(&fault{expected: "launches of one class from one course", seen: "they come from " + strings.Join(ids, " and "),
			where: "context.id",
			cause: "the class was split, or a place is in another course", exchanges: append(j.seen.SIS.Exchanges[:min(1,
				len(j.seen.SIS.Exchanges))], ends...)})
	}
}

// principals are the roles in a course that a member has.
func principals(m object) (out []string) {
	for _, r := range m.texts("roles") {
		if p := platform.Principal(r); p != "" && !slices.Contains(out, p) {
			out = append(out, p)
		}
	}
	return out
}

// wrong says what is wrong with the roles that LTI tells of somebody; "" where nothing is.
func wrong(want string, roles []string) string {
	p := principals(object{"roles": anys(roles)})
	switch {
	case want == "":
		return ""
	case want == "student" && !slices.Contains(p, "Learner"):
		return "no role Learner, but " + orNone(roles)
	case want == Teacher && !slices.Contains(p, "Instructor"):
		return "no role Instructor, but " + orNone(roles)
	}
	if want != "student" {
		return ""
	}
	for _, r := range roles {
		if slices.Contains([]string{"Instructor", "Administrator", "ContentDeveloper", "Manager"}, platform.Principal(r)) {
			return "the role " + r
		}
		for _, wide := range []string{"system/person#Administrator", "system/person#SysAdmin", "institution/person#Administrator",
			"institution/person#Faculty",
			"institution/person#Instructor", "institution/person#Staff"} {
			if strings.HasSuffix(r, wide) {
				return "the role " + r
			}
		}
	}
	return ""
}

func anys(texts []string) (out []any) {
	for _, s := range texts {
		out = append(out, s)
	}
	return out
}

func orNone(texts []string) string {
	if len(texts) == 0 {
		return "none"
	}
	return strings.Join(texts, ", ")
}

// changes judges whether and when a system knew what changed.
func (j *judge) changes(to SystemSeen, at func(string) *ruling) {
	for _, what := range []string{Newcomer, Withdrawn} {
		r := at(what)
		i := slices.IndexFunc(j.seen.Changed, func(c Change) bool { return c.System == to.Name && c.What == what })
		if i < 0 {
			r.open(set("nothing was changed in the SIS", "say how: district.change, and a newcomer and one who is withdrawn in district.people"))
			at("in-time").open(set("nothing was changed in the SIS", "say how: district.change"))
			continue
		}
		c := j.seen.Changed[i]
		user := j.seen.People[what].User
		ends := append([]string{j.seen.People[what].Exchange}, c.Exchanges...)
		switch {
		case c.Unset != "":
			r.open(set("the change was not made, or can't be seen: "+c.Unset, c.Unset))
			at("in-time").open(set("a change was not made, or can't be seen: "+c.Unset, c.Unset))
		case c.Problem != "":
			r.open(set("the change could not be made: "+c.Problem, "correct district.change"))
			at("in-time").open(set("a change could not be made: "+c.Problem, "correct district.change"))
		case !c.Known && j.lost[to.Name][user.text("sourcedId")] != "":
			r.open(stands(j.lost[to.Name][user.text("sourcedId")], "the person was lost before", ends...))
		case !c.Known:
			j.late[to.Name+" "+what] = true
			seen := fmt.Sprintf("%s is still in it %s after they were withdrawn in the SIS", j.who(user), rounded(c.After))
			expected := "the class at " + to.Name + " without them"
			if what == Newcomer {
				seen = fmt.Sprintf("%s isn't in it %s after they were enrolled in the SIS", j.who(user), rounded(c.After))
				expected = "the class at " + to.Name + " with them"
			}
			r.holds(&fault{expected: fmt.Sprintf("%s, within %s", expected, c.Within), seen: seen, where: "the class at " + to.Name,
				exchanges: ends})
			at("in-time").open(stands("rostering."+what, "the change never arrived", ends...))
		default:
			r.holds(nil)
			at("in-time").notes = append(at("in-time").notes, fmt.Sprintf("%s knew of the %s %s after the change", to.Name, what, rounded(c.After)))
			if c.After > c.Within {
				at("in-time").holds(&fault{expected: fmt.Sprintf("what changes in the SIS known at %s within %s", to.Name, c.Within),
					seen: fmt.Sprintf("the %s was known of after %s", what, rounded(c.After)), where: "the class at " + to.Name, exchanges: ends})
			} else {
				at("in-time").holds(nil)
			}
		}
	}
}

// namesRoles judges what a platform tells tools of the people of the course.
func (j *judge) namesRoles(p SystemSeen) {
	to := j.tool(p.Name)
	all := requirementsOf["names-roles"]
	if j.away(3, p, *j.orPlace(to), all...) {
		return
	}
	at := func(q string) *ruling { return j.at("names-roles."+q, 3, p.Name, to) }
	r := j.rosterOf(p.Name, Before)
	if r == nil || r.Problem != "" {
		why := set("Rollcall was not launched there",
			"let Rollcall be launched at "+p.Name+" by the teacher: lti.platform.links of its target file, district.people")
		if r != nil {
			why = set(r.Problem, "let Rollcall's registration at "+p.Name+" be launched by the teacher and use Names and Roles")
			why.exchanges = r.Exchanges
		}
		for _, q := range all {
			j.at(q, 3, p.Name, to).open(why)
		}
		return
	}
	users, roles := j.class()
	for _, u := range users {
		id := u.text("sourcedId")
		m := member(r.Members, j.section.ids(j.target, p.Name, u), u)
		if m == nil || j.lost[p.Name][id] != "" {
			continue
		}
		ends := append([]string{j.end(u)}, r.Exchanges...)
		told, where := j.carried(p.Name, m, false)
		s, other := j.compare(p.Name, told, u)
		switch {
		case s == right:
			at("person-id").holds(nil)
		case some(j.renamed[p.Name]) != "":
			at("person-id").open(stands(some(j.renamed[p.Name]), "the platform knows people by other ids, which its class list tells", ends...))
		default:
			seen := j.quoted("sourcedId", told)
			if other != nil {
				seen = "the id of " + j.who(other)
			}
			at("person-id").holds(&fault{expected: fmt.Sprintf("%s with %s", j.who(u), j.wanted("sourcedId", j.section.ids(j.target, p.Name,
				u))), seen: seen, where: where,
				cause: words[s], exchanges: ends})
		}
		if why := wrong(roles[id], m.texts("roles")); why == "" {
			at("role").holds(nil)
		} else if j.widened[p.Name][id] != "" {
			at("role").open(stands("rostering.role-kept", "the platform has the role otherwise than the SIS, which its class list tells", ends...))
		} else {
			at("role").holds(&fault{expected: fmt.Sprintf("%s as %s", j.who(u), roles[id]), seen: why, where: "roles", exchanges: ends})
		}
		if name := private(m); name != "" {
			at("personal").holds(&fault{expected: "no demographics and no secrets of " + j.who(u), seen: fmt.Sprintf("the member %s", name),
				where: name, exchanges: ends})
		} else {
			at("personal").holds(nil)
		}
	}
	for _, part := range []string{Teacher, Learner, Withdrawn} {
		u, l := j.seen.People[part].User, j.launchOf(p.Name, part, Before)
		if u == nil || l == nil {
			continue
		}
		ends := slices.Concat(l.Exchanges, r.Exchanges)
		m := member(r.Members, j.section.ids(j.target, p.Name, u), u)
		if m == nil {
			if j.lost[p.Name][u.text("sourcedId")] == "" {
				if t := j.launchOf(p.Name, Teacher, Before); t != nil && contextOf(t) == contextOf(l) {
					at("complete").holds(&fault{expected: j.who(u) + " in the class list, for they can launch",
						seen:  fmt.Sprintf("%d members without them", len(r.Members)),
						where: "members", exchanges: ends})
				}
			}
			continue
		}
		at("complete").holds(nil)
		if m.text("user_id") == l.Claims.text("sub") {
			at("same-person").holds(nil)
		} else {
			at("same-person").holds(&fault{expected: fmt.Sprintf("the user_id %s, with which %s launches", j.quoted("sub", l.Claims.text("sub")),
				j.who(u)),
				seen: j.quoted("user_id", m.text("user_id")), where: "user_id", exchanges: ends})
		}
	}
	if h := j.holdingOf(p.Name, Before); h != nil && h.Problem == "" {
		for _, u := range users {
			ids := j.section.ids(j.target, p.Name, u)
			if h.enrolls(h.as(ids, u)) && j.lost[p.Name][u.text("sourcedId")] == "" && member(r.Members, ids, u) == nil {
				at("complete").holds(&fault{expected: j.who(u) + " in the class list, for the platform holds that they are in the class",
					seen: fmt.Sprintf("%d members without them", len(r.Members)), where: "members", exchanges: append([]string{j.end(u), h.Exchange},
						r.Exchanges...)})
			}
		}
	}
	for _, q := range all {
		if x := j.at(q, 3, p.Name, to); x.examined == 0 && x.grey == nil {
			x.open(missing("the class list has nobody by whom it could be told",
				"name people of the class, who can launch Rollcall at "+p.Name+": district.people"))
		}
	}
}

// orPlace gives a system, or the place for one.
func (j *judge) orPlace(name string) *SystemSeen {
	if s := j.seen.system(name); s != nil {
		return s
	}
	y := systemsOf(nil, strings.Trim(name, "()"))[0]
	return &y
}

// private names a member that has no place where people are told of to tools.
func private(o object) string {
	for n, v := range o {
		if m, is := v.(map[string]any); is {
			if inner := private(m); inner != "" {
				return n + "." + inner
			}
		}
		switch strings.ToLower(strings.NewReplacer("_", "", "-", "", " ", "").Replace(n)) {
		case "birthdate", "dateofbirth", "dob", "sex", "gender", "ethnicity", "race",
			"americanindianoralaskanative", "asian", "blackorafricanamerican",
			"nativehawaiianorotherpacificislander", "white", "demographicracetwoormoreraces", "hispanicorlatinoethnicity", "demographics",
			"countryofbirthcode", "cityofbirth", "publicschoolresidencestatus", "password", "ssn":
			return n
		}
	}
	return ""
}
