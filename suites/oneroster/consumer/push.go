package consumer

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"path"
	"slices"
	"strings"

	"github.com/rollcall-edu/rollcall/schemas"
	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/oneroster/consumer/driver"
	"github.com/rollcall-edu/rollcall/suites/oneroster/consumer/provider"
	"github.com/rollcall-edu/rollcall/suites/oneroster/service"
)

// mostRefused is how often an object that is refused may be sent in one push.
const mostRefused = 3

// pushed is an object that the product put.
type pushed struct {
	call       provider.Call
	round      int
	collection string
	id         string // at the end of the address
	object     map[string]any
	taken      bool
}

// key tells what was put, whatever is in it.
func (p pushed) key() string { return p.collection + "/" + p.id }

// refused tells whether it was refused for what it is, and not for when or by whom it was sent.
func (p pushed) refused() bool {
	s := p.call.Status
	return s >= 400 && s < 500 && !slices.Contains([]int{http.StatusTooManyRequests, http.StatusUnauthorized, http.StatusForbidden}, s)
}

// pushChecks are what is decided by what a product puts.
func pushChecks() []harness.Check {
	type decision struct {
		id, title    string
		requirements []string
		body         func(j *judge, t *harness.T, id func(string) string)
	}
	var out []harness.Check
	for _, d := range []decision{
		{"push", "What the product pushes is right", []string{"push.line-items", "push.results", "push.schema", "push.same-id", "push.references"},
			pushRight},
		{"push-busy", "What met a busy provider is pushed again", []string{"push.busy"}, pushBusy},
		{"push-broken", "What met a provider that broke is pushed again, under the same sourcedId", []string{"push.broken", "push.single"},
			pushBroken},
		{"push-again", "A second push with nothing changed", []string{"push.once", "push.again"}, pushAgain},
		{"push-refused", "What is refused isn't sent without end", []string{"push.refused"}, pushRefused},
	} {
		out = append(out, harness.Check{ID: d.id, Title: d.title, Requirements: d.requirements, Labels: []string{"consumer", "push"},
			Body: func(_ context.Context, t *harness.T) {
				j := t.Session().Shared.(*judge)
				d.body(j, t, func(below string) string { return j.id(grades + "." + below) })
			}})
	}
	return out
}

// pushes is the need of a product that can be made to push, and of its three pushes: one in which things go wrong
// (troubledWrites), one that nothing hinders, and one with nothing new.
func pushes() harness.Need {
	return harness.Need{Text: "a way to make the product push its grades (consumer.push), and grades in it",
		Unmet: func(ctx context.Context, t *harness.T) (harness.Obstacle, bool) {
			j := t.Session().Shared.(*judge)
			if !j.section.Push.Set() {
				return harness.Unconfigured("nothing says how the product is made to push its grades",
					"Add consumer.push to the target file: a command, a webhook, steps, its schedule, or a person."), true
			}
			if o, stops := j.ready(ctx); stops {
				return o, true
			}
			return j.pushThrice(ctx)
		}}
}

// ready has the product know where to push to, and have read the roster that its grades are about, where it can be made
// to.
func (j *judge) ready(ctx context.Context) (harness.Obstacle, bool) {
	if j.section.Sync.Set() {
		o, stops := j.begin(ctx)
		return o, stops && len(j.first.calls) == 0
	}
	if len(j.pushed) > 0 {
		return harness.Obstacle{}, false
	}
	out := j.driver.Connect(ctx, driver.Occasion{Mode: driver.Full, Connection: j.connection()})
	if out.Fault != nil || out.Told == driver.Failure || out.TimedOut {
		return hookFailed(out), true
	}
	return harness.Obstacle{}, false
}

// pushThrice has the product push, once in a run. One that ends a push at the first call that fails met only the first
// of what goes wrong, and pushes once more to meet the rest.
func (j *judge) pushThrice(ctx context.Context) (harness.Obstacle, bool) {
	if len(j.pushed) == 0 {
		rest := []provider.Behaviour{troubledWrites(), {}, {}}
		for len(rest) > 0 {
			b := rest[0]
			rest = rest[1:]
			j.provider.Serve(j.world, b)
			mark := j.provider.Mark()
			s := &occasion{phase: fmt.Sprintf("push number %d", len(j.pushed)+1), mode: driver.Full}
			s.outcome = j.driver.Push(ctx, driver.Occasion{Mode: driver.Full, Connection: j.connection()})
			s.calls = j.provider.Calls(mark)
			j.pushed = append(j.pushed, s)
			if s.outcome.Fault != nil {
				break
			}
			if all := putIn(j.pushed); len(j.pushed) == 1 && len(all) > 0 && all[len(all)-1].busy() {
				b.Trouble, b.Writes = "", false
				rest = append([]provider.Behaviour{b}, rest...)
			}
		}
		j.provider.Serve(j.world, provider.Behaviour{})
	}
	if last := j.pushed[len(j.pushed)-1]; last.outcome.Fault != nil {
		return configured(last.outcome.Fault), true
	}
	if len(j.puts()) == 0 {
		return harness.NoData("the product was made to push, and put nothing",
			"Give it grades of students in classes of the roster, and have them pushed."), true
	}
	return harness.Obstacle{}, false
}

// puts are the objects that the product put, in order. Those whose bodies were too large to be kept are left out.
func (j *judge) puts() []pushed {
	if j.put == nil {
		j.put = putIn(j.pushed)
	}
	return j.put
}

func putIn(pushes []*occasion) []pushed {
	out := []pushed{}
	for round, s := range pushes {
		for _, c := range s.calls {
			if c.Token || c.Method != http.MethodPut || c.Cut() {
				continue
			}
			p := pushed{call: c, round: round, id: path.Base(c.Path), collection: path.Base(path.Dir(c.Path)), taken: c.Status < 300}
			var body map[string]map[string]any
			d := json.NewDecoder(bytes.NewReader(c.Body))
			d.UseNumber()
			if d.Decode(&body) == nil {
				p.object = body[wrapperOf(p.collection)]
			}
			out = append(out, p)
		}
	}
	return out
}

// wrapperOf names the member that holds one object of a collection.
func wrapperOf(collection string) string {
	if collection == "categories" {
		return "category"
	}
	return strings.TrimSuffix(collection, "s")
}

func (j *judge) gradebook() *service.Service {
	if j.version == "1.1" {
		return service.Gradebook11()
	}
	return service.Gradebook()
}

// pushRight holds what was put to the schema, to its address, and to what there is.
func pushRight(j *judge, t *harness.T, id func(string) string) {
	there := map[string]bool{}
	spoilt := map[string]bool{} // what the provider didn't take for what it is: what hangs on it tells nothing
	items, results := 0, 0
	for _, p := range j.puts() {
		switch p.collection {
		case "lineItems":
			items++
		case "results":
			results++
			to := reference(p.object["lineItem"])
			if (p.taken || p.call.Trouble == "") && !spoilt["lineItems/"+to] {
				if !j.hasItem(to) { // of any push
					t.Fail(id("push.references"), harness.Finding{Expected: "lineItem is one of the provider's lineItems, or one that is put",
						Seen: t.Own(to) + ", which is neither", Where: p.key(), Exchanges: watch(t, p.call)})
					continue
				}
				known := there["lineItems/"+to] || j.truth["lineItems"][to] != nil
				t.Assert(id("push.line-items"), known, harness.Finding{Expected: "the line item put before its result",
					Seen: "the result refers to line item " + t.Own(to) + ", which isn't there", Where: p.key(), Exchanges: watch(t, p.call)})
			}
		}
		j.pushedSchema(t, id("push.schema"), p)
		same := p.object != nil && scalar(p.object["sourcedId"]) == p.id
		t.Assert(id("push.same-id"), same, harness.Finding{Expected: "sourcedId " + t.Own(p.id) + ", as at the end of the address",
			Seen: scalar(p.object["sourcedId"]), Where: p.key(), Exchanges: watch(t, p.call)})
		j.pushedReferences(t, id("push.references"), p, there)
		if p.taken {
			there[p.key()] = true
		} else if p.refused() {
			spoilt[p.key()] = true
		}
	}
	t.Examined(id("push.line-items"), items)
	for _, s := range j.pushed {
		for _, c := range s.calls {
			if c.Cut() {
				t.Note(id("push.schema"), "%s %s was not looked at, for its body has %d bytes", c.Method, t.Where(c.URL), c.Size)
			}
		}
	}
	if items+results == 0 {
		t.NotTested(harness.NoData("the product put no line item and no result", "Give it grades, and have them pushed."), id("push.line-items"))
	}
	if results > 0 {
		t.Examined(id("push.results"), results)
	} else {
		t.Fail(id("push.results"), harness.Finding{Expected: "results put for the line items",
			Seen: fmt.Sprintf("%d line items, and no result", items)})
	}
	if !t.Looked(id("push.references")) {
		t.NotTested(harness.NoData("nothing that was put refers to anything", "Give it grades, and have them pushed."), id("push.references"))
	}
}

// hasItem tells whether the provider has a line item, or was ever put it.
func (j *judge) hasItem(id string) bool {
	return j.truth["lineItems"][id] != nil || slices.ContainsFunc(j.puts(), func(p pushed) bool { return p.key() == "lineItems/"+id })
}

// lenient are what many clients leave out of what they put, and providers set themselves.
var lenient = []string{"status", "dateLastModified", "href", "type"}

func (j *judge) pushedSchema(t *harness.T, id string, p pushed) {
	kind := j.gradebook().Collection(p.collection).Kind
	if p.object == nil || kind == "" {
		t.Fail(id, harness.Finding{Expected: "an object in the member " + wrapperOf(p.collection), Seen: "none", Where: p.key(),
			Exchanges: watch(t, p.call)})
		return
	}
	schema, err := schemas.Load(j.gradebook().Schema(kind))
	if err != nil {
		panic(err) // embedded data
	}
	text, _ := json.Marshal(p.object) // it was JSON before
	found, err := schema.Validate(text)
	if err != nil {
		t.Fail(id, harness.Finding{Expected: "an object of the standard", Seen: err.Error(), Where: p.key(), Exchanges: watch(t, p.call)})
	}
	for _, f := range found {
		if f.Severity != schemas.Error || f.Keyword == "required" && slices.Contains(lenient, path.Base(f.Pointer)) {
			continue
		}
		t.Fail(id, harness.Finding{Expected: f.Expected, Seen: t.ShowAt(f.Pointer, f.Seen), Where: p.collection + " " + f.Pointer,
			Exchanges: watch(t, p.call)})
	}
	t.Examined(id, 1)
}

// pushedReferences holds what an object refers to to what the provider has.
func (j *judge) pushedReferences(t *harness.T, id string, p pushed, there map[string]bool) {
	for member, collection := range map[string]string{"class": "classes", "school": "orgs", "category": "categories",
		"gradingPeriod":   "academicSessions",
		"academicSession": "academicSessions", "student": "users", "scoreScale": "scoreScales"} {
		to := reference(p.object[member])
		if to == "" {
			continue
		}
		known := j.truth[collection][to] != nil || there[collection+"/"+to]
		t.Assert(id, known, harness.Finding{Expected: member + " is one of the provider's " + collection, Seen: t.Own(to) + ", which isn't",
			Where: p.key(), Exchanges: watch(t, p.call)})
	}
}

// busy tells whether an object met an answer that says when to come again, or that it may be sent later.
func (p pushed) busy() bool {
	return p.call.Status == http.StatusTooManyRequests || p.call.Status == http.StatusServiceUnavailable
}

// pushBusy looks whether what met a busy provider arrived later.
func pushBusy(j *judge, t *harness.T, id func(string) string) {
	j.pushedLater(t, id("push.busy"), pushed.busy, harness.NoData("nothing that was put met a busy provider",
		"Have the product push its grades in this run."))
}

// broken tells whether an object met an answer that says nothing of whether it was taken.
func (p pushed) broken() bool {
	return p.call.Status >= http.StatusInternalServerError && p.call.Status != http.StatusServiceUnavailable
}

// pushBroken looks whether what met a provider that broke arrived later, and whether it is there once.
func pushBroken(j *judge, t *harness.T, id func(string) string) {
	few := harness.NoData("nothing that was put met a provider that broke", "Let the product push three results and more.")
	j.pushedLater(t, id("push.broken"), pushed.broken, few)
	met := 0
	for i, p := range j.puts() {
		if !p.broken() {
			continue
		}
		met++
		if q, is := j.another(i); is {
			t.Fail(id("push.single"), harness.Finding{Expected: "sent again under the same sourcedId, for it may have been taken all the same",
				Seen:  fmt.Sprintf("it was answered %d, and came again under another sourcedId in push number %d", p.call.Status, q.round+1),
				Where: p.key(), Exchanges: watch(t, p.call, q.call)})
		}
	}
	if met == 0 {
		t.NotTested(few, id("push.single"))
		return
	}
	t.Examined(id("push.single"), met)
}

// pushedLater looks whether each object that met something arrived later. What was taken though the answer didn't say so,
// or came again under another sourcedId, isn't lost.
func (j *judge) pushedLater(t *harness.T, id string, met func(pushed) bool, none harness.Obstacle) {
	turned, arrived := map[string]pushed{}, map[string]bool{}
	for i, p := range j.puts() {
		if p.taken || p.call.Taken {
			arrived[p.key()] = true
		}
		if !met(p) {
			continue
		}
		turned[p.key()] = p
		if _, is := j.another(i); is {
			arrived[p.key()] = true
		}
	}
	if len(turned) == 0 {
		t.NotTested(none, id)
		return
	}
	for key, p := range turned {
		t.Assert(id, arrived[key], harness.Finding{Expected: "sent again, in the same push or the next",
			Seen: fmt.Sprintf("it was answered %d and not taken in the pushes after that", p.call.Status), Where: key, Exchanges: watch(t, p.call)})
	}
}

// another finds the same thing under another sourcedId: put for the first time after the object of a place among all, which
// wasn't put again.
func (j *judge) another(at int) (pushed, bool) {
	all := j.puts()
	p := all[at]
	what := p.about()
	if what == "" || slices.ContainsFunc(all[at+1:], func(q pushed) bool { return q.key() == p.key() }) {
		return pushed{}, false
	}
	for _, q := range all[at+1:] {
		if q.about() == what && q.key() != p.key() && !slices.ContainsFunc(all[:at], func(o pushed) bool { return o.key() == q.key() }) {
			return q, true
		}
	}
	return pushed{}, false
}

// about tells what an object is, whatever sourcedId it has: whose result of which line item, or which line item of which
// class. Empty where that can't be told.
func (p pushed) about() string {
	of, what := reference(p.object["lineItem"]), reference(p.object["student"])
	if p.collection == "lineItems" {
		of, what = reference(p.object["class"]), scalar(p.object["title"])
	}
	if of == "" || what == "" {
		return ""
	}
	return p.collection + " " + of + " " + what
}

// pushAgain looks at a push with nothing new.
func pushAgain(j *judge, t *harness.T, id func(string) string) {
	before, after := map[string]bool{}, map[string]int{}
	last := len(j.pushed) - 1
	for _, p := range j.puts() {
		switch {
		case p.round < last:
			before[p.key()] = true
		case p.round == last:
			after[p.key()]++
		}
	}
	again := map[int]map[string]int{}
	for _, p := range j.puts() {
		if p.taken {
			if again[p.round] == nil {
				again[p.round] = map[string]int{}
			}
			again[p.round][p.key()]++
		}
	}
	for round, keys := range again {
		for key, n := range keys {
			t.Assert(id("push.once"), n == 1, harness.Finding{Expected: "each object put once in a push, where it was taken",
				Seen: fmt.Sprintf("%d times in push number %d", n, round+1), Where: key})
		}
	}
	t.Examined(id("push.once"), 1)
	for _, p := range j.puts() {
		if p.round == last && !before[p.key()] {
			t.Fail(id("push.again"), harness.Finding{Expected: "an object that was put before, for nothing is new",
				Seen: "one under another sourcedId", Where: p.key(), Exchanges: watch(t, p.call)})
		}
	}
	t.Examined(id("push.again"), max(1, len(after)))
}

// pushRefused looks how often what was refused for what it is was sent in one push.
func pushRefused(j *judge, t *harness.T, id func(string) string) {
	times := map[string][]pushed{}
	for _, p := range j.puts() {
		if p.refused() {
			key := fmt.Sprint(p.round, " ", p.key())
			times[key] = append(times[key], p)
		}
	}
	if len(times) == 0 {
		t.NotTested(harness.NoData("nothing that the product put was refused", "Nothing has to be done: what it puts is taken."),
			id("push.refused"))
		return
	}
	for _, list := range times {
		t.Assert(id("push.refused"), len(list) <= mostRefused, harness.Finding{
			Expected: fmt.Sprintf("%d times at most in one push", mostRefused), Seen: fmt.Sprintf("%d times", len(list)), Where: list[0].key(),
			Exchanges: watch(t, list[0].call)})
	}
	j.pushedOn(t, id("push.refused"))
}

// pushedOn looks whether a push went on behind what was refused: what comes for the first time in the next one was
// held up.
func (j *judge) pushedOn(t *harness.T, id string) {
	seen, last := map[string]bool{}, map[int]pushed{}
	for _, p := range j.puts() {
		if p.round > 0 && !seen[p.key()] && last[p.round-1].refused() {
			t.Fail(id, harness.Finding{Expected: "the others sent all the same, in the same push",
				Seen: "a push that ended with what was refused, and this one with the next", Where: p.key(),
				Exchanges: watch(t, last[p.round-1].call, p.call)})
			return
		}
		seen[p.key()], last[p.round] = true, p
	}
}
