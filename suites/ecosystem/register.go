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
	"github.com/rollcall-edu/rollcall/suites/oneroster"
	"github.com/rollcall-edu/rollcall/suites/oneroster/service"
	"github.com/rollcall-edu/rollcall/suites/weblink"
)

// books are where the services of the SIS lie, each with the scopes that open it.
type books struct {
	at                                          *system
	rostering, gradebook, resources, assessment string
	roster, grades, content, results            []string
}

// booksOf gives the services of a OneRoster provider, in 1.2 where it has that.
func booksOf(at *system) books {
	o := oneroster.Of(at.target)
	b := books{at: at, rostering: o.Rostering, gradebook: o.Gradebook, resources: o.Resources, assessment: o.Assessments()}
	scopes := func(s *service.Service) []string { return []string{s.Scopes.Prefix + s.Scopes.Full} }
	b.roster, b.grades = scopes(service.Rostering()), scopes(service.Gradebook())
	b.content, b.results = scopes(service.Resources()), scopes(service.Assessment())
	if o.Rostering == "" && o.V1P1 != "" {
		b.rostering, b.roster = o.V1P1, scopes(service.Rostering11())
	}
	if o.Gradebook == "" && o.V1P1 != "" {
		b.gradebook, b.grades = o.V1P1, scopes(service.Gradebook11())
	}
	if o.Resources == "" && o.V1P1 != "" {
		b.resources, b.content = o.V1P1, scopes(service.Resources11())
	}
	return b
}

// one reads an object; why says that it couldn't be.
func (d *district) one(ctx context.Context, b books, address string, scopes []string) (o object, exchange, why string) {
	r, id := d.ask(ctx, b.at, harness.Request{URL: address, Auth: harness.AuthSession, Scopes: scopes, Header: reading})
	var body object
	if r.Problem != "" || r.Status != http.StatusOK || json.Unmarshal(r.Body, &body) != nil {
		return nil, id, fmt.Sprintf("%s answers %s", b.at.Name, r.Summary())
	}
	for name := range body {
		if m := body.in(name); len(m) > 0 {
			d.hush(m)
			return m, id, ""
		}
	}
	return nil, id, b.at.Name + " answers with no object"
}

// mostRead bounds what is read of one list.
const mostRead = 5000

// all reads a list to its end.
func (d *district) all(ctx context.Context, b books, address string, scopes []string) (out []object, exchange, why string) {
	next := address
	first := ""
	for next != "" && len(out) < mostRead {
		r, id := d.ask(ctx, b.at, harness.Request{URL: next, Auth: harness.AuthSession, Scopes: scopes, Header: reading})
		if first == "" {
			first = id
		}
		var body map[string]json.RawMessage
		if r.Problem != "" || r.Status != http.StatusOK || json.Unmarshal(r.Body, &body) != nil {
			return nil, id, fmt.Sprintf("%s answers %s", b.at.Name, r.Summary())
		}
		var page []object
		for _, raw := range body {
			if json.Unmarshal(raw, &page) == nil && page != nil {
				break
			}
		}
		for _, o := range page {
			d.hush(o)
		}
		out = append(out, page...)
		next = weblink.Targets(r.Header.Values("Link"), r.URL)["next"]
		if next == "" && len(page) == pageSize { // who tells no next page may have one
			next = fmt.Sprintf("%s&offset=%d", address, len(out))
		}
	}
	return out, first, ""
}

const pageSize = 100

// list makes the address of a list.
func list(base, path, filter string) string {
	q := fmt.Sprintf("limit=%d", pageSize)
	if filter != "" {
		q += "&filter=" + strings.ReplaceAll(url.QueryEscape(filter), "+", "%20")
	}
	return base + path + "?" + q
}

// register reads the class of the story.
func (d *district) register(ctx context.Context) Register {
	at := d.sis()
	if at == nil {
		return Register{Problem: "the target file of the SIS can't be read"}
	}
	b := booksOf(at)
	if b.rostering == "" {
		return Register{Problem: "the target file of the SIS doesn't say where its Rostering service lies"}
	}
	out := Register{Resources: map[string]object{}}
	note := func(id string) string { out.Exchanges = append(out.Exchanges, id); return id }
	class := b.rostering + "/classes/" + url.PathEscape(d.section.Class)
	var id, why string
	if out.Class, id, why = d.one(ctx, b, class, b.roster); why != "" {
		out.Problem = "the class can't be read: " + why
		note(id)
		return out
	}
	note(id)
	if course := out.Class.refers("course"); course != "" {
		out.Course, id, _ = d.one(ctx, b, b.rostering+"/courses/"+url.PathEscape(course), b.roster)
		note(id)
	}
	if out.Students, out.StudentsAt, why = d.all(ctx, b, list(class, "/students", ""), b.roster); why != "" {
		out.Problem = "the students of the class can't be read: " + why
	}
	note(out.StudentsAt)
	if out.Teachers, out.TeachersAt, why = d.all(ctx, b, list(class, "/teachers", ""), b.roster); why != "" {
		out.Problem = "the teachers of the class can't be read: " + why
	}
	note(out.TeachersAt)
	note(d.enrolled(ctx, b, &out))
	if b.resources != "" {
		for _, p := range d.section.Places {
			if p.Resource == "" {
				continue
			}
			if r, id, why := d.one(ctx, b, b.resources+"/resources/"+url.PathEscape(p.Resource), b.content); why == "" {
				out.Resources[p.Resource] = r
				note(id)
			}
		}
	}
	return out
}

// enrolled leaves of those whom the SIS lists with a class those who are in it by their enrollments: a list may have people
// whose enrollment is being deleted. It gives the exchange.
func (d *district) enrolled(ctx context.Context, b books, r *Register) string {
	active := map[string]bool{}
	enrollments, id, why := d.all(ctx, b, list(b.rostering, "/enrollments", "class.sourcedId='"+d.section.Class+"'"), b.roster)
	today := time.Now().UTC().Format(time.DateOnly)
	for _, e := range enrollments {
		if e.refers("class") != d.section.Class || e.text("status") == "tobedeleted" {
			continue
		}
		who, role := e.refers("user"), e.text("role")
		if end, begin := e.text("endDate"), e.text("beginDate"); end != "" && end < today || begin > today {
			r.Between = append(r.Between, who) // some count them, and some don't
			continue
		}
		active[role+" "+who] = true
	}
	keep := func(users []object, role string) []object {
		return slices.DeleteFunc(users, func(u object) bool {
			// A SIS that can't filter enrollments is believed what it lists.
			return u.text("status") == "tobedeleted" || why == "" && len(active) > 0 && !active[role+" "+u.text("sourcedId")]
		})
	}
	r.Students, r.Teachers = keep(r.Students, "student"), keep(r.Teachers, "teacher")
	return id
}

// people reads those who act.
func (d *district) people(ctx context.Context) {
	at := d.sis()
	if at == nil {
		return
	}
	b := booksOf(at)
	for _, p := range d.section.People {
		u, id, why := d.one(ctx, b, b.rostering+"/users/"+url.PathEscape(p.SourcedID), b.roster)
		d.seen.People[p.Part] = PersonSeen{Name: p.Name, User: u, Exchange: id, Problem: why}
	}
}

// items are the line items of the class, and results what there is of them.
func (d *district) items(ctx context.Context) (items []object, exchange, why string) {
	at := d.sis()
	if at == nil {
		return nil, "", "the SIS can't be read"
	}
	b := booksOf(at)
	if b.gradebook == "" {
		return nil, "", "the target file of the SIS doesn't say where its Gradebook service lies (oneroster.gradebook)"
	}
	return d.all(ctx, b, list(b.gradebook+"/classes/"+url.PathEscape(d.section.Class), "/lineItems", ""), b.grades)
}

func (d *district) results(ctx context.Context, item string) (results []object, exchange, why string) {
	b := booksOf(d.sis())
	path := b.gradebook + "/classes/" + url.PathEscape(d.section.Class) + "/lineItems/" + url.PathEscape(item)
	return d.all(ctx, b, list(path, "/results", ""), b.grades)
}
