package ecosystem

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/oneroster"
)

// assessed has the assessment app push, and reads what stands in the SIS of the learner of the story.
func (d *district) assessed(ctx context.Context) Results {
	out := Results{Items: map[string]object{}, Resolved: map[string]string{}, Known: map[string]bool{}}
	var app *System
	for i, y := range d.section.Systems {
		if y.Role == Assessment {
			app, out.System = &d.section.Systems[i], y.Name
		}
	}
	if app == nil {
		return out
	}
	at := d.sis()
	learner := d.seen.People[Learner].User
	switch {
	case at == nil:
		out.Problem = "the SIS can't be read"
		return out
	case learner == nil:
		out.Unset = "name a learner of the class: district.people"
		return out
	}
	b := booksOf(at)
	if b.assessment == "" {
		out.Unset = "say where the SIS has assessment results: oneroster.gradebook or oneroster.assessment of its target file"
		return out
	}
	mine := list(b.assessment, "/assessmentResults", "student.sourcedId='"+learner.text("sourcedId")+"'")
	results := func() []object {
		rs, id, why := d.all(ctx, b, mine, b.results)
		out.Exchanges, out.Problem = []string{id}, why
		var own []object
		for _, r := range rs {
			if r.text("status") != "tobedeleted" {
				own = append(own, r)
			}
		}
		return own
	}
	began := time.Now()
	out.Before = len(results())
	words := map[string]string{"class": d.section.Class, "person": learner.text("sourcedId")}
	if app.Push.Set() {
		if err := d.pull(ctx, "systems.push", app.Push, words); err != nil {
			out.Unset, out.Problem = unset(err), err.Error()
			return out
		}
		until(ctx, min(time.Duration(app.Within), patience), func() bool {
			out.Results = results()
			for _, r := range out.Results {
				if when, err := time.Parse(time.RFC3339, r.text("dateLastModified")); err == nil && when.After(began.Add(-time.Second)) {
					return true
				}
			}
			return len(out.Results) > out.Before
		})
	}
	out.Results = results()
	for _, r := range out.Results {
		d.lineage(ctx, b, r.refers("assessmentLineItem"), &out)
	}
	out.Known[learner.text("sourcedId")] = true
	d.resolve(ctx, at, &out)
	if y := d.systems[out.System]; y.target != nil && y.driver != nil {
		d.pushed(ctx, y, &out)
	}
	return out
}

// lineage reads an assessment line item, and those that it is a part of.
func (d *district) lineage(ctx context.Context, b books, id string, out *Results) {
	for n := 0; id != "" && n < 10; n++ {
		if _, met := out.Items[id]; met {
			return
		}
		o, exchange, why := d.one(ctx, b, b.assessment+"/assessmentLineItems/"+url.PathEscape(id), b.results)
		if why != "" {
			out.Items[id] = object{"missing": why}
			out.Exchanges = append(out.Exchanges, exchange)
			return
		}
		out.Items[id] = o
		if len(out.Exchanges) < 12 {
			out.Exchanges = append(out.Exchanges, exchange)
		}
		id = o.refers("parentAssessmentLineItem")
	}
}

// objectives lists the learning objectives of an item or a result that CASE identifies, as source and id.
func objectives(o object) (out []string) {
	for _, set := range o.list("learningObjectiveSet") {
		out = append(out, set.texts("learningObjectiveIds")...)
		for _, r := range set.list("learningObjectiveResults") {
			if id := r.text("learningObjectiveId"); id != "" {
				out = append(out, id)
			}
		}
	}
	return out
}

// resolve asks the CASE server for each objective.
func (d *district) resolve(ctx context.Context, at *system, out *Results) {
	c := oneroster.Of(at.target).CASE
	if c.URL == "" {
		out.CaseUnset = "name the CASE server of the district: oneroster.case of the SIS's target file"
		return
	}
	ask := func(id string) {
		if _, asked := out.Resolved[id]; asked || len(out.Resolved) > 100 {
			return
		}
		header := http.Header{"Accept": {"application/json"}}
		if c.Token != "" {
			header.Set("Authorization", "Bearer "+c.Token)
		}
		address := strings.TrimRight(string(c.URL), "/") + "/CFItems/" + url.PathEscape(id)
		r := at.session.Elsewhere(ctx, harness.Request{URL: address, Header: header})
		out.Resolved[id] = ""
		if r.Status != http.StatusOK {
			out.Resolved[id] = fmt.Sprintf("the CASE server answers %s", r.Summary())
		}
	}
	for _, o := range out.Items {
		for _, id := range objectives(o) {
			ask(id)
		}
	}
	for _, r := range out.Results {
		for _, id := range objectives(r) {
			ask(id)
		}
	}
}

// pushed reads what the app itself holds of results, where its target file says how.
func (d *district) pushed(ctx context.Context, y *system, out *Results) {
	h := d.seen.system(y.Name)
	if h == nil || !h.Holds {
		return
	}
	held, err := y.driver.Holdings(ctx, nil)
	if err != nil {
		return
	}
	text, err := json.Marshal(held.Objects["assessmentResults"])
	var all map[string]object
	if err != nil || json.Unmarshal(text, &all) != nil {
		return
	}
	out.Held = map[string]object{}
	for id, o := range all { // what is being deleted it needn't have told
		if o.text("status") != "tobedeleted" {
			out.Held[id] = o
		}
	}
	out.HeldAny = len(out.Held) > 0
}

// system finds a system by its name.
func (s *Sightings) system(name string) *SystemSeen {
	for i := range s.Systems {
		if s.Systems[i].Name == name {
			return &s.Systems[i]
		}
	}
	return nil
}
