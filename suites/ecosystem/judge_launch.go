package ecosystem

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// launching judges launches from a platform to its tools.
func (j *judge) launching(p SystemSeen) {
	all := requirementsOf["launch"]
	tools := map[string]bool{}
	for _, place := range j.section.Places {
		if place.Platform == p.Name && place.Tool != "" {
			tools[place.Tool] = true
		}
	}
	if len(tools) == 0 {
		to := j.tool(p.Name)
		if !j.away(7, p, *j.orPlace(to), all...) {
			for _, q := range all {
				j.at(q, 7, p.Name, to).open(set("no link at "+p.Name+" launches a tool", "name one: district.places"))
			}
		}
		return
	}
	for i := range j.seen.Launches {
		l := &j.seen.Launches[i]
		if l.Platform != p.Name || l.Tool == "" || !tools[l.Tool] {
			continue
		}
		if l.When == Before {
			j.launch(p, l)
		}
	}
	for tool := range tools {
		j.strangers(p, tool)
		j.later(p, tool)
		for _, q := range all {
			if r := j.at(q, 7, p.Name, tool); r.examined == 0 && r.grey == nil {
				r.open(j.unlaunched(p, tool))
			}
		}
	}
}

// unlaunched says why no launch tells of something.
func (j *judge) unlaunched(p SystemSeen, tool string) grey {
	if p.Problem != "" {
		return set(p.Problem, "correct its target file")
	}
	for _, l := range j.seen.Launches {
		if l.Platform == p.Name && l.Tool == tool && l.Unsigned {
			return set("nobody could sign in at "+p.Name+": "+l.Problem, "correct district.people.sign_in")
		}
	}
	return set("nobody of the class launched it", "name a teacher and a learner with the steps by which they sign in: district.people")
}

// ends are the exchanges of both ends of a launch of somebody.
func (j *judge) ends(u object, l *Launch) []string { return append([]string{j.end(u)}, l.Exchanges...) }

// launch judges one launch of somebody of the class.
func (j *judge) launch(p SystemSeen, l *Launch) {
	at := func(q string) *ruling { return j.at("launch."+q, 7, p.Name, l.Tool) }
	u := j.seen.People[l.Part].User
	if u == nil || l.Unsigned {
		return
	}
	id := u.text("sourcedId")
	may := l.Resource == "" || j.seen.SIS.assigned(l.Resource, l.Part, u)
	switch {
	case !may:
	case l.opened():
		at("opens").holds(nil)
	case j.lost[p.Name][id] != "":
		at("opens").open(stands(j.lost[p.Name][id], "who doesn't get in was lost at rostering", l.Exchanges...))
	case l.Resource != "" && l.Claims == nil && j.widened[p.Name][id] != "":
		at("opens").open(stands("rostering.role-kept", "the platform has their role otherwise than the SIS", l.Exchanges...))
	case l.Resource != "" && l.Claims == nil && j.launchOf(p.Name, l.Part, Before) != nil:
		at("opens").open(stands("resourcing.assigned", "what doesn't open is a resource, and other links open", l.Exchanges...))
	default:
		seen := l.Problem
		if l.Claims != nil {
			seen = fmt.Sprintf("the tool answers the launch with %d", l.Status)
		}
		at("opens").holds(&fault{expected: fmt.Sprintf("%s launches %s", j.who(u), l.Place), seen: seen, where: l.Place, exchanges: j.ends(u, l)})
	}
	if l.Claims == nil {
		return
	}
	j.launchedAs(p, l, u, at)
	j.launchedFrom(p, l, at)
	if name := private(l.Claims); name != "" {
		at("personal").holds(&fault{expected: "no demographics and no secrets of " + j.who(u), seen: "the claim " + name, where: name,
			exchanges: j.ends(u, l)})
	} else if leak := j.leak(l); leak != "" {
		at("personal").holds(&fault{expected: "addresses without the mail address or the name of " + j.who(u), seen: leak,
			where:     "the addresses that the browser opens",
			exchanges: j.ends(u, l)})
	} else {
		at("personal").holds(nil)
	}
}

// launchedAs judges as whom somebody launches.
func (j *judge) launchedAs(p SystemSeen, l *Launch, u object, at func(string) *ruling) {
	id := u.text("sourcedId")
	told, where := j.carried(p.Name, l.Claims, true)
	s, other := j.compare(p.Name, told, u)
	switch {
	case s == right:
		at("person-id").holds(nil)
		at("person-mixed").holds(nil)
	case j.renamed[p.Name][id] != "":
		at("person-id").open(stands(j.renamed[p.Name][id], "the platform knows the person by another id, which launches tell", l.Exchanges...))
	case s != mixed && some(j.renamed[p.Name]) != "":
		at("person-id").open(stands(some(j.renamed[p.Name]), "the platform knows people by other ids, which launches tell", l.Exchanges...))
	case s == mixed:
		at("person-mixed").holds(&fault{expected: fmt.Sprintf("%s as %s", j.who(u), j.wanted("sourcedId", j.section.ids(j.target, p.Name,
			u))), seen: "the id of " + j.who(other),
			where: where, cause: words[s], exchanges: j.ends(u, l)})
	default:
		at("person-id").holds(&fault{expected: fmt.Sprintf("%s with %s", j.who(u), j.wanted("sourcedId", j.section.ids(j.target, p.Name, u))),
			seen: fmt.Sprintf("%s, and sub is %s", j.quoted("sourcedId", told), j.quoted("sub",
				l.Claims.text("sub"))), where: where, cause: words[s], exchanges: j.ends(u, l)})
	}
	want := "student"
	if l.Part == Teacher {
		want = Teacher
	}
	switch why := wrong(want, l.Claims.texts(claimPrefix+"roles")); {
	case why == "":
		at("role").holds(nil)
	case j.widened[p.Name][id] != "":
		at("role").open(stands("rostering.role-kept", "the platform has the role otherwise than the SIS, which launches tell", l.Exchanges...))
	default:
		at("role").holds(&fault{expected: fmt.Sprintf("%s as %s", j.who(u), want), seen: why, where: "roles", exchanges: j.ends(u, l)})
	}
}

// launchedFrom judges whence somebody launches.
func (j *judge) launchedFrom(p SystemSeen, l *Launch, at func(string) *ruling) {
	ctx, lis := l.Claims.in(claimPrefix+"context"), l.Claims.in(claimPrefix+"lis")
	class := j.section.expected(j.target, ClassID, p.Name, j.seen.SIS.Class)
	ends := append(slices.Clone(j.seen.SIS.Exchanges[:min(1, len(j.seen.SIS.Exchanges))]), l.Exchanges...)
	ids := []string{ctx.text("id"), lis.text("course_section_sourcedid")}
	if m, declared := j.section.mapping(ClassID, p.Name); declared && m.In != "" {
		ids = []string{j.pointed(l.Claims, m.In, true)}
	}
	section := lis.text("course_section_sourcedid")
	switch {
	case j.seen.SIS.Class == nil:
	case j.split(p.Name):
		at("class-id").open(stands("rostering.class-kept", "the class is several courses there", l.Exchanges...))
	case !one(class, ids...):
		at("class-id").holds(&fault{expected: "the class as " + j.wanted("classSourcedId", class),
			seen:  fmt.Sprintf("context.id %q, lis.course_section_sourcedid %q", ids[0], section),
			where: "context.id", cause: "the id of the class is lost", exchanges: ends})
	case section != "" && len(ids) == 2 && !slices.Contains(class, section):
		at("class-id").holds(&fault{expected: "the class as " + j.wanted("classSourcedId", class), seen: fmt.Sprintf("%q", section),
			where: "lis.course_section_sourcedid",
			cause: "another id stands in its place", exchanges: ends})
	default:
		at("class-id").holds(nil)
	}
	course := lis.text("course_offering_sourcedid")
	want := append(j.section.expected(j.target, CourseID, p.Name, j.seen.SIS.Course), class...)
	switch {
	case course == "":
		at("course-id").open(set("launches don't say of which course they are",
			"let "+p.Name+" tell lis.course_offering_sourcedid, where it can"))
	case slices.Contains(want, course):
		at("course-id").holds(nil)
	default:
		at("course-id").holds(&fault{expected: "the course as " + j.wanted("courseSourcedId", want), seen: fmt.Sprintf("%q", course),
			where: "lis.course_offering_sourcedid", exchanges: ends})
	}
}

// split tells whether the class was found to be several courses at a platform.
func (j *judge) split(at string) bool {
	return slices.ContainsFunc(j.rulings, func(r *ruling) bool {
		return r.requirement == "rostering.class-kept" && strings.HasSuffix(r.hop, ">"+at) && len(r.faults) > 0
	})
}

// leak says which address of a launch tells who somebody is.
func (j *judge) leak(l *Launch) string {
	for _, leak := range j.seen.Leaks {
		if slices.Contains(l.Exchanges, leak.Exchange) {
			return leak.What
		}
	}
	return ""
}

// leaking says what of somebody stands in an address; "" where nothing does.
func leaking(address string, user object) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	for name, values := range u.Query() {
		for _, v := range values {
			for _, m := range []string{"email", "familyName", "username"} {
				if w := user.text(m); len(w) > 3 && strings.Contains(strings.ToLower(v), strings.ToLower(w)) {
					return fmt.Sprintf("the parameter %s has the %s", name, map[string]string{"email": "mail address", "familyName": "name",
						"username": "user name"}[m])
				}
			}
		}
	}
	return ""
}

// strangers judges whether two people of the story launch a tool as one.
func (j *judge) strangers(p SystemSeen, tool string) {
	met := map[string]*Launch{}
	for i := range j.seen.Launches {
		l := &j.seen.Launches[i]
		sub := l.Claims.text("sub")
		if l.Platform != p.Name || l.Tool != tool || sub == "" {
			continue
		}
		if o := met[sub]; o != nil && o.Part != l.Part {
			j.at("launch.person-mixed", 7, p.Name, tool).holds(&fault{expected: "a sub of their own for each person",
				seen: fmt.Sprintf("the %s and the %s launch as %s", o.Part,
					l.Part, j.quoted("sub", sub)), where: "sub", exchanges: slices.Concat(o.Exchanges, l.Exchanges)})
		}
		met[sub] = l
	}
}

// later judges launches after the changes in the SIS.
func (j *judge) later(p SystemSeen, tool string) {
	for _, part := range []string{Newcomer, Withdrawn} {
		r := j.at("launch."+part, 7, p.Name, tool)
		i := slices.IndexFunc(j.seen.Changed, func(c Change) bool { return c.System == p.Name && c.What == part })
		if i < 0 || j.seen.Changed[i].Unset != "" || j.seen.Changed[i].Problem != "" {
			why := "say how: district.change"
			if i >= 0 && j.seen.Changed[i].Unset != "" {
				why = j.seen.Changed[i].Unset
			}
			r.open(set("nothing was changed in the SIS", why))
			continue
		}
		k := slices.IndexFunc(j.seen.Launches, func(l Launch) bool {
			return l.Platform == p.Name && l.Part == part && l.When == After && (l.Tool == tool || l.Tool == "")
		})
		for n, l := range j.seen.Launches { // of the tool rather than of Rollcall itself
			if l.Platform == p.Name && l.Part == part && l.When == After && l.Tool == tool {
				k = n
			}
		}
		if k < 0 {
			r.open(set("they launched nothing afterwards", "say how the "+part+" signs in at "+p.Name+": district.people"))
			continue
		}
		l := &j.seen.Launches[k]
		if l.Tool != tool && slices.ContainsFunc(j.section.Places, func(x Place) bool { return x.Platform == p.Name && x.Tool == tool }) &&
			slices.ContainsFunc(j.seen.Launches, func(x Launch) bool {
				return x.Platform == p.Name && x.Part == part && x.When == After &&
					x.Tool != ""
			}) {
			r.open(missing("what became of them was seen at the first place of the platform, which launches another tool",
				"put a place of this tool first in district.places"))
			continue
		}
		u := j.seen.People[part].User
		if part == Newcomer {
			j.arrived(r, p, l, u)
			continue
		}
		before := slices.ContainsFunc(j.seen.Launches, func(x Launch) bool {
			return x.Platform == p.Name && x.Part == part && x.When == Before && x.Place == l.Place && x.Claims != nil
		})
		switch {
		case l.Claims == nil && !before:
			r.open(missing("they could not launch before they were withdrawn either", "name somebody as the withdrawn who can launch"))
		case l.Claims == nil:
			r.holds(nil)
		case j.late[p.Name+" "+Withdrawn]:
			r.open(stands("rostering.withdrawn", "the platform doesn't know yet that they were withdrawn", l.Exchanges...))
		case !l.opened():
			r.holds(nil) // the tool refused
		default:
			r.holds(&fault{expected: j.who(u) + " is refused, for they were withdrawn", seen: "the launch goes through", where: l.Place,
				exchanges: j.ends(u, l)})
		}
	}
}

// arrived judges whether somebody who was enrolled can launch.
func (j *judge) arrived(r *ruling, p SystemSeen, l *Launch, u object) {
	switch {
	case l.opened():
		r.holds(nil)
	case l.Unsigned && !slices.ContainsFunc(j.seen.Launches, func(x Launch) bool { return x.Platform == p.Name && !x.Unsigned }):
		r.open(set("nobody could sign in at "+p.Name+": "+l.Problem, "correct district.people.sign_in, and see that the platform answers"))
	case l.Claims == nil && j.shut(p.Name):
		r.open(stands("launch.opens", nothingOpens, l.Exchanges...))
	case j.late[p.Name+" "+Newcomer]:
		r.open(stands("rostering.newcomer", "the platform doesn't know yet that they were enrolled", l.Exchanges...))
	case l.Resource != "" && !j.seen.SIS.assigned(l.Resource, Newcomer, u):
		r.open(missing("the place is a resource that isn't theirs", "put a place first in district.places that all may open"))
	default:
		seen := l.Problem
		if l.Claims != nil {
			seen = fmt.Sprintf("the tool answers the launch with %d", l.Status)
		}
		r.holds(&fault{expected: j.who(u) + " launches " + l.Place + ", for they were enrolled", seen: seen, where: l.Place,
			exchanges: j.ends(u, l)})
	}
}

// resourcing judges whether what the SIS assigns is there for those to whom it does.
func (j *judge) resourcing(sis, p SystemSeen) {
	all := requirementsOf["resourcing"]
	if j.away(2, sis, p, all...) {
		return
	}
	at := func(q string) *ruling { return j.at("resourcing."+q, 2, sis.Name, p.Name) }
	none := set("no place says of which resource of the SIS it is", "name the resource that a tool is: district.places.resource")
	for _, place := range j.section.Places {
		if place.Platform != p.Name || place.Resource == "" {
			continue
		}
		if j.seen.SIS.Resources[place.Resource] == nil {
			none = set("the SIS doesn't tell of the resource "+place.Resource,
				"check district.places.resource, and oneroster.resources of the SIS's target file")
			continue
		}
		for i := range j.seen.Launches {
			l := &j.seen.Launches[i]
			if l.Platform != p.Name || l.Place != place.Name || l.When != Before || l.Unsigned || l.Part == Withdrawn {
				continue
			}
			u := j.seen.People[l.Part].User
			ends := append(slices.Clone(j.seen.SIS.Exchanges), l.Exchanges...)
			switch may := j.seen.SIS.assigned(place.Resource, l.Part, u); {
			case may && l.Claims != nil:
				at("assigned").holds(nil)
			case may && j.lost[p.Name][u.text("sourcedId")] != "":
				at("assigned").open(stands(j.lost[p.Name][u.text("sourcedId")], "who doesn't get in was lost at rostering", l.Exchanges...))
			case may && j.widened[p.Name][u.text("sourcedId")] != "":
				at("assigned").open(stands("rostering.role-kept", "the platform has their role otherwise than the SIS", l.Exchanges...))
			case may && j.launchOf(p.Name, l.Part, Before) == nil:
				at("assigned").open(stands("launch.opens", "they launch nothing at all there", l.Exchanges...))
			case may:
				at("assigned").holds(&fault{expected: fmt.Sprintf("%s opens %s, for the SIS assigns it", j.who(u), l.Place), seen: l.Problem,
					where: l.Place, exchanges: ends})
			case l.Claims == nil:
				at("not-assigned").holds(nil)
			case j.widened[p.Name][u.text("sourcedId")] != "":
				at("not-assigned").open(stands("rostering.role-kept", "the platform has their role otherwise than the SIS", l.Exchanges...))
			default:
				at("not-assigned").holds(&fault{expected: fmt.Sprintf("%s is not offered %s, for the SIS doesn't assign it to them", j.who(u),
					l.Place), seen: "the launch goes through",
					where: l.Place, exchanges: ends})
			}
		}
		j.heldResource(p, place, at("resource-id"))
	}
	for _, q := range all {
		if r := j.at(q, 2, sis.Name, p.Name); r.examined == 0 && r.grey == nil {
			if q == "resourcing.not-assigned" && j.at("resourcing.assigned", 2, sis.Name, p.Name).examined > 0 {
				r.open(missing("the SIS assigns the resource to everybody who was tried", "assign a resource to one role alone, such as to students"))
				continue
			}
			r.open(none)
		}
	}
}

// heldResource judges under which ids a platform holds a resource.
func (j *judge) heldResource(p SystemSeen, place Place, r *ruling) {
	h := j.holdingOf(p.Name, Before)
	if h == nil || h.Problem != "" || len(h.Objects["resources"]) == 0 {
		r.open(set("nothing tells which resources "+p.Name+" holds", "let consumer.holds of its target file tell resources, where it keeps them"))
		return
	}
	sis := j.seen.SIS.Resources[place.Resource]
	ids := j.section.expected(j.target, ResourceID, p.Name, sis)
	for _, id := range ids {
		if o := h.Objects["resources"][id]; o != nil {
			if v := o.text("vendorResourceId"); v != "" && v != sis.text("vendorResourceId") {
				r.holds(&fault{expected: fmt.Sprintf("the vendorResourceId %q", sis.text("vendorResourceId")), seen: fmt.Sprintf("%q", v),
					where: h.From, exchanges: append(slices.Clone(j.seen.SIS.Exchanges), h.Exchange)})
				return
			}
			r.holds(nil)
			return
		}
	}
	var others []string
	for id := range h.Objects["resources"] {
		others = append(others, id)
	}
	slices.Sort(others)
	r.holds(&fault{expected: "the resource as " + j.wanted("resourceSourcedId", ids), seen: "under " + strings.Join(others, ", "),
		where: h.From, cause: "another id stands in its place",
		exchanges: append(slices.Clone(j.seen.SIS.Exchanges), h.Exchange)})
}
