package ecosystem

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/oneroster/consumer/driver"
)

// refers gives the sourcedId to which a member refers, in whichever form a product tells it.
func refersTo(o object, name string) string {
	if id := o.refers(name); id != "" {
		return id
	}
	if id := o.text(name); id != "" {
		return id
	}
	return o.text(name + "SourcedId")
}

// another tells whether an id is that of another class of the SIS: many have the title of one, or begin with it.
func (d *district) another(ctx context.Context, id string) bool {
	is, asked := d.others[id]
	if asked || len(d.others) > mostOthers {
		return is
	}
	if at := d.sis(); at != nil {
		b := booksOf(at)
		_, _, why := d.one(ctx, b, b.rostering+"/classes/"+url.PathEscape(id), b.roster)
		is = why == ""
	}
	if d.others == nil {
		d.others = map[string]bool{}
	}
	d.others[id] = is
	return is
}

// mostOthers bounds for how many classes the SIS is asked whether it has them.
const mostOthers = 50

// holding reads what a system holds, and keeps what has to do with the class of the story.
func (d *district) holding(ctx context.Context, at *system, when string) Holding {
	out := Holding{System: at.Name, When: when, Objects: map[string]map[string]object{"users": {}, "classes": {}, "enrollments": {},
		"resources": {}},
		From: "consumer.holds." + driver.Of(at.target).Holds.Way() + " of " + at.Name}
	var probes []driver.Probe
	for _, u := range append(append([]object{}, d.seen.SIS.Students...), d.seen.SIS.Teachers...) {
		probes = append(probes, driver.Probe(u))
	}
	for _, p := range d.seen.People {
		if p.User != nil {
			probes = append(probes, driver.Probe(p.User))
		}
	}
	began := time.Now()
	held, err := at.driver.Holdings(ctx, probes)
	if err != nil {
		out.Problem = cause(err)
		return out
	}
	all := func(collection string) map[string]map[string]any { return held.Objects[collection] }
	ids := d.section.expected(d.session.Target, ClassID, at.Name, d.seen.SIS.Class)
	title := strings.ToLower(d.seen.SIS.Class.text("title"))
	kept := map[string]bool{}
	for _, id := range ids {
		kept[id] = true
	}
	for id, c := range all("classes") {
		o := object(c)
		if kept[id] || title != "" && strings.HasPrefix(strings.ToLower(o.text("title")), title) && sameCourse(o, d.seen.SIS.Class) &&
			!d.another(ctx, id) {
			kept[id] = true
			out.Objects["classes"][id] = o
		}
	}
	people := map[string]bool{}
	enroll := func(id string, e object) {
		if kept[refersTo(e, "class")] {
			out.Objects["enrollments"][id] = e
			people[refersTo(e, "user")] = true
		}
	}
	for id, e := range all("enrollments") {
		enroll(id, e)
	}
	for i, e := range held.Unnamed {
		enroll(fmt.Sprintf("(%d)", i+1), e)
	}
	known := map[string]bool{}
	for _, p := range probes {
		for _, name := range []string{"sourcedId", "email", "username", "userMasterIdentifier", "identifier"} {
			if v := object(p).text(name); v != "" {
				known[strings.ToLower(v)] = true
			}
		}
		for _, id := range d.section.expected(d.session.Target, PersonID, at.Name, object(p)) {
			known[strings.ToLower(id)] = true
		}
	}
	for id, u := range all("users") {
		o := object(u)
		if people[id] || known[strings.ToLower(id)] || known[strings.ToLower(o.text("email"))] || known[strings.ToLower(o.text("username"))] {
			d.hush(o)
			o["sourcedId"] = id
			out.Objects["users"][id] = o
		}
	}
	out.Exchange = d.keep(d.session.Watch(harness.Watched{Started: began, Ended: time.Now(), Method: http.MethodGet, URL: heldAt(at),
		Status: http.StatusOK,
		Answer: summary(out)}))
	for _, p := range d.section.Places {
		if p.Resource == "" {
			continue
		}
		for id, r := range all("resources") {
			o := object(r)
			sis := d.seen.SIS.Resources[p.Resource]
			if id == p.Resource || sis != nil && o.text("vendorResourceId") == sis.text("vendorResourceId") && o.text("vendorResourceId") != "" {
				o["sourcedId"] = id
				out.Objects["resources"][id] = o
			}
		}
	}
	return out
}

// heldAt is where what a system holds was read, as far as that is an address.
func heldAt(at *system) string {
	switch h := driver.Of(at.target).Holds; {
	case h.Query != nil && h.Query.URL != "":
		return h.Query.URL
	case h.Export != nil && h.Export.URL != "":
		return h.Export.URL
	case h.Provider != nil:
		return orText(h.Provider.Rostering, h.Provider.V1P1)
	}
	return "holds:" + at.Name
}

// summary writes down what of the class a system holds, as evidence: who is in it, as what, and as whom they are known.
func summary(h Holding) []byte {
	type entry struct {
		User   string `json:"userSourcedId"`
		Class  string `json:"classSourcedId"`
		Role   string `json:"role,omitempty"`
		Person object `json:"user,omitempty"`
	}
	var out struct {
		Classes     []object `json:"classes"`
		Enrollments []entry  `json:"enrollments"`
	}
	for id, c := range h.Objects["classes"] {
		out.Classes = append(out.Classes, object{"sourcedId": id, "title": c.text("title")})
	}
	for _, e := range h.Objects["enrollments"] {
		id := refersTo(e, "user")
		person := object{}
		for _, name := range []string{"userMasterIdentifier", "identifier", "givenName", "familyName", "email"} {
			if v := h.Objects["users"][id].text(name); v != "" {
				person[name] = v
			}
		}
		out.Enrollments = append(out.Enrollments, entry{id, refersTo(e, "class"), e.text("role"), person})
	}
	slices.SortFunc(out.Enrollments, func(a, b entry) int { return strings.Compare(a.User, b.User) })
	text, _ := json.Marshal(out) // it was JSON before
	return text
}

// sameCourse tells whether two classes may be of one course: where one doesn't say, they may.
func sameCourse(a, b object) bool {
	x, y := refersTo(a, "course"), refersTo(b, "course")
	return x == "" || y == "" || x == y
}
