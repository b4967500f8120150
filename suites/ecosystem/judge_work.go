package ecosystem

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

func rounded(d time.Duration) time.Duration { return d.Round(100 * time.Millisecond) }

// search judges whether what a catalogue has can be found at a platform, and is what is opened.
func (j *judge) search(p SystemSeen) {
	for _, c := range j.systems(Catalog) {
		all := requirementsOf["search"]
		if j.away(4, c, p, all...) {
			continue
		}
		at := func(q string) *ruling { return j.at("search."+q, 4, c.Name, p.Name) }
		for i := range j.seen.Picks {
			k := &j.seen.Picks[i]
			if k.Platform != p.Name || k.From != c.Name {
				continue
			}
			if k.Unset != "" || k.Unsigned {
				for _, q := range all {
					j.at(q, 4, c.Name, p.Name).open(k.unpicked())
				}
				continue
			}
			if len(k.Found) == 0 {
				at("found").holds(&fault{expected: fmt.Sprintf("the item %q", k.Title), seen: orText(k.Problem, "a search without it"),
					where: c.Name, exchanges: k.Exchanges})
				at("offered").open(stands("search.found", "the catalogue itself doesn't find the item", k.Exchanges...))
				at("same-item").open(stands("search.found", "the catalogue itself doesn't find the item", k.Exchanges...))
				continue
			}
			at("found").holds(nil)
			if on := j.broken(2, j.named(SIS).Name, p.Name); k.Problem != "" && on != "" && j.assigned(k) {
				at("offered").open(stands(on, "the item opens a tool that is a resource, with which something else is wrong there", k.Exchanges...))
				at("same-item").open(stands(on, "the item could not be chosen", k.Exchanges...))
				continue
			}
			if k.Problem != "" {
				at("offered").holds(&fault{expected: fmt.Sprintf("the item %q can be chosen at %s", k.Title, p.Name), seen: k.Problem,
					where: k.Name, exchanges: k.Exchanges})
				at("same-item").open(stands("search.offered", "the item could not be chosen", k.Exchanges...))
				continue
			}
			at("offered").holds(nil)
			j.sameItem(at("same-item"), k)
		}
		for _, q := range all {
			if r := j.at(q, 4, c.Name, p.Name); r.examined == 0 && r.grey == nil {
				r.open(set("nothing of "+c.Name+" is chosen at "+p.Name, "say how a teacher does so: district.picks"))
			}
		}
	}
}

// unpicked says why nothing could be picked at all.
func (k *Picked) unpicked() grey {
	if k.Unset != "" {
		return set(k.Unset, k.Unset)
	}
	return set(k.Problem, "correct district.people.sign_in, and see that the platform answers")
}

// assigned tells whether what is picked opens a tool that is a resource of the SIS.
func (j *judge) assigned(k *Picked) bool {
	for _, p := range j.section.Picks {
		if p.Name == k.Name && p.Platform == k.Platform {
			return slices.ContainsFunc(j.section.Places, func(x Place) bool { return x.Tool == p.Tool && x.Resource != "" && p.Tool != "" })
		}
	}
	return false
}

func orText(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// sameItem judges whether what opens is the item of the catalogue.
func (j *judge) sameItem(r *ruling, k *Picked) {
	if k.Launch == nil {
		r.open(set("what was chosen is not opened", "say how: district.picks.opens"))
		return
	}
	ends := slices.Concat(k.Exchanges, k.Launch.Exchanges)
	link := k.Found[0].in("ltiLink")
	if len(link) == 0 {
		r.open(missing("the item is a page and no LTI link", "choose an item with a link that launches a tool"))
		return
	}
	if k.Launch.Claims == nil && j.shut(k.Platform) {
		r.open(stands("launch.opens", nothingOpens, ends...))
		return
	}
	if k.Launch.Claims == nil {
		r.holds(&fault{expected: fmt.Sprintf("%q launches", k.Title), seen: k.Launch.Problem, where: k.Name, exchanges: ends})
		return
	}
	target := k.Launch.Claims.text(claimPrefix + "target_link_uri")
	addresses := []string{link.text("launch_url"), link.text("secure_launch_url")}
	want := map[string]string{}
	for _, p := range link.in("custom").list("properties") {
		want[p.text("name")] = p.text("value")
	}
	if !slices.Contains(addresses, target) {
		r.holds(&fault{expected: "the address of the item's LTI link, " + strings.TrimSpace(strings.Join(addresses, " ")), seen: target,
			where: "target_link_uri", exchanges: ends})
		return
	}
	if f := differs(k.Launch.Claims, want); f != nil {
		f.exchanges = ends
		r.holds(f)
		return
	}
	r.holds(nil)
}

// differs says in which custom parameter a launch differs from those of a link; variables are the platform's.
func differs(claims object, want map[string]string) *fault {
	custom := claims.in(claimPrefix + "custom")
	for name, v := range want {
		if strings.HasPrefix(v, "$") {
			continue
		}
		if got := custom.text(name); got != v {
			return &fault{expected: fmt.Sprintf("the custom parameter %s with %q", name, v), seen: fmt.Sprintf("%q", got),
				where: "custom." + name, cause: "the id of the content is lost or changed"}
		}
	}
	return nil
}

// deepLinking judges whether what a teacher picks in a tool stands in the course as the tool answered it.
func (j *judge) deepLinking(p SystemSeen) {
	all := requirementsOf["deep-linking"]
	tools := map[string]bool{}
	for i := range j.seen.Picks {
		k := &j.seen.Picks[i]
		if k.Platform != p.Name || k.Role != Tool {
			continue
		}
		tools[k.From] = true
		at := func(q string) *ruling { return j.at("deep-linking."+q, 5, k.From, p.Name) }
		if j.away(5, *j.orPlace(k.From), p, all...) {
			continue
		}
		switch {
		case k.Unset != "" || k.Unsigned:
			for _, q := range all {
				j.at(q, 5, k.From, p.Name).open(k.unpicked())
			}
			continue
		case k.Answer == "" || len(k.Items) == 0:
			seen := orText(k.Problem, "no deep linking response passed through the browser")
			if k.Answer != "" {
				seen = "a response without content items"
			}
			at("answered").holds(&fault{expected: "a deep linking response with a content item", seen: seen, where: k.Name, exchanges: k.Exchanges})
			at("item-kept").open(stands("deep-linking.answered", "nothing was picked", k.Exchanges...))
			at("line-item").open(stands("deep-linking.answered", "nothing was picked", k.Exchanges...))
			continue
		}
		at("answered").holds(nil)
		j.itemKept(k, at)
	}
	for _, t := range j.systems(Tool) {
		if tools[t.Name] || len(tools) > 0 {
			continue
		}
		if !j.away(5, t, p, all...) {
			for _, q := range all {
				j.at(q, 5, t.Name, p.Name).open(set("nothing of "+t.Name+" is picked at "+p.Name, "say how a teacher does so: district.picks"))
			}
		}
	}
}

func (j *judge) itemKept(k *Picked, at func(string) *ruling) {
	item := k.Items[0]
	l := k.Launch
	if l == nil {
		at("item-kept").open(set("what was picked is not opened", "say how: district.picks.opens"))
		at("line-item").open(set("what was picked is not opened", "say how: district.picks.opens"))
		return
	}
	ends := slices.Concat(k.Exchanges, l.Exchanges)
	if l.Claims == nil && j.shut(k.Platform) {
		at("item-kept").open(stands("launch.opens", nothingOpens, ends...))
		at("line-item").open(stands("launch.opens", nothingOpens, ends...))
		return
	}
	if l.Claims == nil {
		at("item-kept").holds(&fault{expected: fmt.Sprintf("%q launches", k.Title), seen: orText(k.Problem, l.Problem), where: k.Name,
			exchanges: ends})
		at("line-item").open(stands("deep-linking.item-kept", "what was picked doesn't launch", ends...))
		return
	}
	want := map[string]string{}
	for name, v := range item.in("custom") {
		if s, is := v.(string); is {
			want[name] = s
		}
	}
	f := differs(l.Claims, want)
	link := l.Claims.in(claimPrefix + "resource_link")
	switch target := l.Claims.text(claimPrefix + "target_link_uri"); {
	case f != nil:
	case item.text("url") != "" && target != item.text("url"):
		f = &fault{expected: "the address of the content item, " + item.text("url"), seen: target, where: "target_link_uri"}
	case item.text("title") != "" && link.text("title") != "" && link.text("title") != item.text("title"):
		f = &fault{expected: fmt.Sprintf("the title %q", item.text("title")), seen: fmt.Sprintf("%q", link.text("title")),
			where: "resource_link.title"}
	}
	if f != nil {
		f.exchanges = ends
	}
	at("item-kept").holds(f)
	switch {
	case len(item.in("lineItem")) == 0:
		at("line-item").open(missing("the content item has no line item", "pick something that is graded"))
	case l.Claims.in(agsClaim).text("lineitem") == "":
		at("line-item").holds(&fault{expected: "a launch with the address of its line item", seen: "none", where: "endpoint.lineitem",
			exchanges: ends})
	default:
		at("line-item").holds(nil)
	}
}

// graded gives what became of grades at a platform.
func (j *judge) graded(at string) *Graded {
	for i := range j.seen.Grades {
		if j.seen.Grades[i].Platform == at {
			return &j.seen.Grades[i]
		}
	}
	return nil
}

func number(o object, name string) (float64, bool) { v, is := o[name].(float64); return v, is }

// part is a result of Assignment and Grade Services as a part of what there was to get.
func part(o object) (float64, bool) {
	score, is := number(o, "resultScore")
	most, has := number(o, "resultMaximum")
	if !is {
		return 0, false
	}
	if !has || most == 0 {
		most = 1
	}
	return score / most, true
}

// assignment judges line items and scores between tools and a platform: Rollcall stands in the place of a tool.
func (j *judge) assignment(p SystemSeen) {
	to := j.tool(p.Name)
	all := requirementsOf["assignment"]
	if j.away(6, *j.orPlace(to), p, all...) {
		return
	}
	at := func(q string) *ruling { return j.at("assignment."+q, 6, to, p.Name) }
	g := j.graded(p.Name)
	switch {
	case g == nil:
		for _, q := range all {
			j.at(q, 6, to, p.Name).open(set("nobody was graded", "name a learner who can launch Rollcall at "+p.Name+": district.people"))
		}
		return
	case g.Unset != "":
		for _, q := range all[:4] {
			j.at(q, 6, to, p.Name).open(set(g.Unset, g.Unset))
		}
	case g.Problem != "" && g.Asked == nil:
		for _, q := range all[:4] {
			j.at(q, 6, to, p.Name).open(set(g.Problem,
				"let a learner launch Rollcall there: lti.platform.links of its target file, district.people"))
		}
	case g.Problem != "" && g.Made.text("id") != "" && j.widened[p.Name][j.seen.People[Learner].User.text("sourcedId")] != "":
		j.lineItem(at("line-item"), g)
		for _, q := range []string{"score", "right-item", "overridden"} {
			at(q).open(stands("rostering.role-kept", "who is no learner at the platform gets no scores there", g.Exchanges...))
		}
	case g.Problem != "":
		broken := "line-item"
		if g.Made.text("id") != "" {
			broken = "score"
			j.lineItem(at("line-item"), g)
		}
		at(broken).holds(&fault{expected: "the platform takes a line item and a score", seen: g.Problem, where: p.Name, exchanges: g.Exchanges})
		for _, q := range []string{"line-item", "score", "right-item", "overridden"} {
			if r := at(q); r.examined == 0 {
				r.open(stands("assignment."+broken, "the platform doesn't take what a tool sends", g.Exchanges...))
			}
		}
	default:
		j.lineItem(at("line-item"), g)
		j.scored(at, g)
	}
}

// broken names a requirement that is broken at a hop; "" where none is.
func (j *judge) broken(flow int, from, to string) string {
	for _, r := range j.rulings {
		if r.hop == hopID(flow, from, to) && len(r.faults) > 0 {
			return r.requirement
		}
	}
	return ""
}

func (j *judge) lineItem(r *ruling, g *Graded) {
	for _, name := range []string{"label", "resourceId", "tag"} {
		if g.Made.text(name) != g.Asked.text(name) {
			r.holds(&fault{expected: fmt.Sprintf("%s %q", name, g.Asked.text(name)), seen: fmt.Sprintf("%q", g.Made.text(name)), where: name,
				exchanges: g.Exchanges})
			return
		}
	}
	if most, _ := number(g.Made, "scoreMaximum"); most != scoreMaximum {
		r.holds(&fault{expected: fmt.Sprintf("scoreMaximum %v", scoreMaximum), seen: fmt.Sprint(g.Made["scoreMaximum"]),
			where: "scoreMaximum", exchanges: g.Exchanges})
		return
	}
	if len(g.Listed) != 1 || g.Listed[0].text("id") != g.Made.text("id") {
		r.holds(&fault{expected: "the line item alone, asked for by its resourceId", seen: fmt.Sprintf("%d line items", len(g.Listed)),
			where: "resource_id", exchanges: g.Exchanges})
		return
	}
	r.holds(nil)
}

func (j *judge) scored(at func(string) *ruling, g *Graded) {
	want := g.Given / scoreMaximum
	got, there := part(g.Result)
	learner := j.seen.People[Learner].User
	switch {
	case len(g.Others) > 0:
		at("right-item").holds(&fault{expected: "no result in the line item for which no score was sent", seen: fmt.Sprintf("%d results",
			len(g.Others)), where: "results", exchanges: g.Exchanges})
		if !there {
			at("score").open(stands("assignment.right-item", "the score stands in another line item", g.Exchanges...))
			break
		}
		at("score").holds(nil)
	case !there:
		at("score").holds(&fault{expected: fmt.Sprintf("the result of %s: %v of %v", j.who(learner), g.Given, scoreMaximum), seen: "none",
			where: "results", exchanges: g.Exchanges})
		at("right-item").holds(nil)
	default:
		at("right-item").holds(nil)
		if near(got, want) {
			at("score").holds(nil)
		} else {
			at("score").holds(&fault{expected: fmt.Sprintf("%v of %v", g.Given, scoreMaximum), seen: fmt.Sprintf("%v of %v",
				g.Result["resultScore"], g.Result["resultMaximum"]),
				where: "resultScore", exchanges: g.Exchanges})
		}
	}
	switch {
	case g.Override == 0 && g.OverrideUnset != "":
		at("overridden").open(set(g.OverrideUnset, g.OverrideUnset))
	case g.Override == 0 && !there:
		at("overridden").open(stands("assignment.score", "there is no score to change", g.Exchanges...))
	case g.Override == 0:
		at("overridden").open(set("no score was given by hand: "+g.OverrideProblem, "correct district.grades"))
	default:
		after, _ := part(g.After)
		if near(after, g.Override/scoreMaximum) {
			at("overridden").holds(nil)
		} else {
			at("overridden").holds(&fault{expected: fmt.Sprintf("%v of %v, as the teacher gave", g.Override, scoreMaximum),
				seen: fmt.Sprintf("%v of %v", g.After["resultScore"],
					g.After["resultMaximum"]), where: "resultScore", exchanges: g.Exchanges})
		}
	}
}

// worked judges what a learner earned in tools, as far as it is told from the end of the way.
func (j *judge) worked(sis, p SystemSeen) {
	g := j.graded(p.Name)
	if g == nil || p.Problem != "" {
		return // nobody was graded: that is said already
	}
	done := map[string]bool{}
	broken := j.broken(9, p.Name, sis.Name)
	for _, w := range g.Worked {
		r := j.at("assignment.tool-score", 6, w.Tool, p.Name)
		done[w.Tool] = true
		switch {
		case w.Unset != "":
			r.open(set(w.Unset, w.Unset))
		case w.Problem != "":
			r.open(set("the learner could not earn a score: "+w.Problem,
				"correct district.places.score, or lti.tool.score of the tool's target file"))
		case len(w.Titles) > 0:
			r.holds(nil)
		case broken != "":
			r.open(stands(broken, "what the platform gives on to the SIS, by which alone it could be told, is broken", g.RegisterExchanges...))
		case g.RegisterProblem != "" || len(g.Register) == 0:
			r.open(set("nothing of the platform's gradebook is seen in the SIS, by which alone it could be told",
				"let the platform push its gradebook to the SIS: flow 9"))
		default:
			r.holds(&fault{expected: fmt.Sprintf("a result of the learner in the line item %q", w.Title),
				seen:  "none in the gradebook of the SIS, where other line items of the platform are",
				where: w.Place, exchanges: slices.Concat(w.Exchanges, g.RegisterExchanges)})
		}
	}
	if len(done) == 0 {
		j.at("assignment.tool-score", 6, j.tool(p.Name), p.Name).open(set("no learner earned a score in a tool",
			"name places, and how a score is earned there: district.places"))
	}
}

// gradebook judges what of the platform's gradebook stands in the SIS.
func (j *judge) gradebook(sis, p SystemSeen) {
	all := requirementsOf["gradebook"]
	if j.away(9, p, sis, all...) {
		return
	}
	at := func(q string) *ruling { return j.at("gradebook."+q, 9, p.Name, sis.Name) }
	every := func(g grey) {
		for _, q := range all {
			if r := j.at(q, 9, p.Name, sis.Name); r.examined == 0 {
				r.open(g)
			}
		}
	}
	g := j.graded(p.Name)
	learner := j.seen.People[Learner].User
	switch {
	case g == nil || g.Unset != "" || g.Asked == nil:
		every(set("nothing was graded at "+p.Name+" that could be looked for in the SIS", "let Rollcall, as a tool, send scores there"))
		return
	case g.Problem != "":
		on := "assignment.score"
		if g.Made.text("id") == "" {
			on = "assignment.line-item"
		} else if j.widened[p.Name][learner.text("sourcedId")] != "" {
			on = "rostering.role-kept"
		}
		every(stands(on, "the platform took no score that could be looked for in the SIS", g.Exchanges...))
		return
	case g.RegisterProblem != "":
		every(set("the gradebook of the SIS can't be read: "+g.RegisterProblem,
			"say where it lies (oneroster.gradebook of the SIS's target file), and how the platform pushes (district.systems.push)"))
		return
	}
	ends := slices.Concat(g.Exchanges, g.RegisterExchanges)
	title := g.Asked.text("label")
	if len(g.Register) != 1 {
		at("line-item").holds(&fault{expected: fmt.Sprintf("the line item %q in the class, once", title),
			seen:  fmt.Sprintf("%d of them, %s after the score", len(g.Register), rounded(g.Waited)),
			where: "lineItems of the class", exchanges: ends})
		if len(g.Register) == 0 {
			every(stands("gradebook.line-item", "the line item isn't in the SIS", ends...))
			return
		}
	} else {
		at("line-item").holds(nil)
	}
	if len(g.Stray) > 0 {
		at("right-item").holds(&fault{expected: "no result in the line item for which there is none", seen: fmt.Sprintf("%d results",
			len(g.Stray)), where: "results", exchanges: ends})
	} else {
		at("right-item").holds(nil)
	}
	j.booked(at, g, learner, ends)
}

func (j *judge) booked(at func(string) *ruling, g *Graded, learner object, ends []string) {
	var own, other object
	for _, r := range g.Scores {
		if r.text("status") == "tobedeleted" || r["score"] == nil {
			continue
		}
		if r.refers("student") == learner.text("sourcedId") {
			own = r
		} else {
			other = r
		}
	}
	want, standing := g.Given, "assignment.score"
	if g.Override > 0 {
		want = g.Override
	}
	switch {
	case own == nil && other != nil:
		at("person").holds(&fault{expected: "the result of " + j.who(learner), seen: "that of " + j.quoted("sourcedId",
			other.refers("student")), where: "result.student", exchanges: ends})
		at("score").open(stands("gradebook.person", "the result is somebody else's", ends...))
		at("overridden").open(stands("gradebook.person", "the result is somebody else's", ends...))
		return
	case own == nil && len(g.Stray) > 0:
		at("person").open(stands("gradebook.right-item", "the result stands in another line item", ends...))
		at("score").open(stands("gradebook.right-item", "the result stands in another line item", ends...))
		at("overridden").open(stands("gradebook.right-item", "the result stands in another line item", ends...))
		return
	case own == nil:
		if got, there := part(g.Result); !there || !near(got, g.Given/scoreMaximum) {
			for _, q := range []string{"person", "score", "overridden"} {
				at(q).open(stands(standing, "the platform itself has no such result", ends...))
			}
			return
		}
		at("score").holds(&fault{expected: fmt.Sprintf("the result of %s: %v of %v", j.who(learner), want, scoreMaximum),
			seen:  fmt.Sprintf("none, %s after the score", rounded(g.Waited)),
			where: "results of the line item", exchanges: ends})
		at("person").open(stands("gradebook.score", "there is no result", ends...))
		at("overridden").open(stands("gradebook.score", "there is no result", ends...))
		return
	}
	if other != nil {
		at("person").holds(&fault{expected: "the result of " + j.who(learner) + " alone", seen: "one of " + j.quoted("sourcedId",
			other.refers("student")) + " too", where: "result.student", exchanges: ends})
	} else {
		at("person").holds(nil)
	}
	got := ratio(own)
	tool := near(got, g.Given/scoreMaximum)
	hand := g.Override > 0 && near(got, g.Override/scoreMaximum)
	after, _ := part(g.After)
	seen := fmt.Sprintf("%v of %v", own["score"], own["lineItemMax"])
	switch {
	case tool || hand:
		at("score").holds(nil)
	default:
		at("score").holds(&fault{expected: fmt.Sprintf("%v of %v", want, scoreMaximum), seen: seen, where: "result.score", exchanges: ends})
	}
	switch {
	case g.Override == 0:
		at("overridden").open(set("no score was given by hand", orText(g.OverrideUnset, "correct district.grades")))
	case hand:
		at("overridden").holds(nil)
	case !tool:
		at("overridden").open(stands("gradebook.score", "the score is another altogether", ends...))
	case !near(after, g.Override/scoreMaximum):
		at("overridden").open(stands("assignment.overridden", "the platform itself doesn't have the score of the teacher", ends...))
	default:
		at("overridden").holds(&fault{expected: fmt.Sprintf("%v of %v, as the teacher gave", g.Override, scoreMaximum),
			seen: seen + ", as the tool sent", where: "result.score", exchanges: ends})
	}
}

// assessment judges what an assessment app has put into the SIS.
func (j *judge) assessment(sis SystemSeen) {
	app := j.named(Assessment)
	all := requirementsOf["assessment"]
	if j.away(8, app, sis, all...) {
		return
	}
	at := func(q string) *ruling { return j.at("assessment."+q, 8, app.Name, sis.Name) }
	r := j.seen.Results
	every := func(g grey) {
		for _, q := range all {
			if x := j.at(q, 8, app.Name, sis.Name); x.examined == 0 {
				x.open(g)
			}
		}
	}
	learner := j.seen.People[Learner].User
	switch {
	case r.Unset != "":
		every(set(r.Unset, r.Unset))
		return
	case learner == nil:
		every(set("nothing says whose results to look for", "name a learner of the class: district.people"))
		return
	case r.Problem != "":
		every(set(r.Problem, "let the SIS be read, and check district.systems.push"))
		return
	case len(r.Results) == 0:
		at("arrives").holds(&fault{expected: "assessment results of " + j.who(learner), seen: "none", where: "assessmentResults",
			exchanges: r.Exchanges})
		every(stands("assessment.arrives", "there are no results", r.Exchanges...))
		return
	}
	at("arrives").holds(nil)
	parts, aligned, lost := 0, 0, 0
	for _, o := range r.Results {
		item := r.Items[o.refers("assessmentLineItem")]
		if item == nil || item.text("missing") != "" {
			lost++
			at("line-item").holds(&fault{expected: "the assessment line item of the result " + o.text("sourcedId"),
				seen: orText(item.text("missing"), "none"), where: "assessmentLineItem",
				exchanges: r.Exchanges})
			continue
		}
		at("line-item").holds(nil)
		if item.refers("parentAssessmentLineItem") != "" {
			parts++
		}
		if len(objectives(o))+len(objectives(item)) > 0 {
			aligned++
		}
	}
	if lost == len(r.Results) {
		for _, q := range []string{"items", "objectives", "resolved", "same"} {
			at(q).open(stands("assessment.line-item", "none of the line items that results name is there", r.Exchanges...))
		}
		return
	}
	if parts == 0 {
		at("items").holds(&fault{expected: "results of parts or questions", seen: fmt.Sprintf("%d results, all of whole assessments",
			len(r.Results)), where: "parentAssessmentLineItem", exchanges: r.Exchanges})
	} else {
		at("items").holds(nil)
	}
	if aligned == 0 {
		at("objectives").holds(&fault{expected: "learning objectives of what was assessed",
			seen: "none, at results and at assessment line items", where: "learningObjectiveSet", exchanges: r.Exchanges})
		at("resolved").open(stands("assessment.objectives", "there are no learning objectives", r.Exchanges...))
	} else {
		at("objectives").holds(nil)
		j.resolved(at("resolved"), r)
	}
	if parts == 0 {
		at("same").open(stands("assessment.items", "results of parts are not in the SIS", r.Exchanges...))
		return
	}
	j.same(at("same"), app, r)
}

func (j *judge) resolved(r *ruling, seen Results) {
	if seen.CaseUnset != "" {
		r.open(set("nobody says where the learning objectives lie", seen.CaseUnset))
		return
	}
	for id, why := range seen.Resolved {
		if why == "" {
			r.holds(nil)
			continue
		}
		r.holds(&fault{expected: "the learning objective " + id + " at the CASE server", seen: why, where: "learningObjectiveIds",
			exchanges: seen.Exchanges})
	}
}

func (j *judge) same(r *ruling, app SystemSeen, seen Results) {
	if !seen.HeldAny {
		r.open(set("nothing tells what "+app.Name+" has itself",
			"give it a target file with consumer.holds that tells assessmentResults, where it can"))
		return
	}
	learner := j.seen.People[Learner].User.text("sourcedId")
	for id, o := range seen.Held {
		if refersTo(o, "student") != learner {
			continue
		}
		i := slices.IndexFunc(seen.Results, func(x object) bool {
			return x.text("sourcedId") == id || x.refers("assessmentLineItem") == refersTo(o, "assessmentLineItem")
		})
		switch {
		case i < 0:
			r.holds(&fault{expected: "the result " + id + " in the SIS", seen: "none", where: "assessmentResults", exchanges: seen.Exchanges})
		case fmt.Sprint(seen.Results[i]["score"]) != fmt.Sprint(o["score"]):
			r.holds(&fault{expected: fmt.Sprintf("the score %v", o["score"]), seen: fmt.Sprint(seen.Results[i]["score"]), where: "score",
				exchanges: seen.Exchanges})
		default:
			r.holds(nil)
		}
	}
	if r.examined == 0 {
		r.open(missing("the app tells of no result of the learner", "have the learner take an assessment"))
	}
}
