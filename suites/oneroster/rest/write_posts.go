package rest

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/oneroster"
	"github.com/rollcall-edu/rollcall/suites/oneroster/service"
)

// postedSets sends sets of objects below each parent that takes them.
func postedSets(ctx context.Context, d *desk) {
	for _, op := range d.posts() {
		taken := writeAt + "post-accepted"
		if op.Parameters() > 1 {
			if _, has := d.below(op.Kind, "academicSession"); !has {
				continue
			}
			taken = writeAt + "post-session"
			if d.broke != nil { // nothing that is posted is taken, wherever
				d.NotTested(d.BlockedBy(writeAt+"post-accepted", "what is posted is not accepted: "+d.broke.Summary(), d.broke), taken)
				continue
			}
			if o, is := d.findSession(ctx); is {
				d.NotTested(o, taken)
				continue
			}
		}
		if !d.postedSet(ctx, op, taken) {
			return
		}
	}
	d.Settle(harness.Unclaimed("nothing is posted below two parents"), writeAt+"post-session")
	d.rest(writeAt + "post-accepted")
}

// posts lists the operations that post, those below two parents last.
func (d *desk) posts() []service.Operation {
	out := slices.DeleteFunc(slices.Clone(d.Service.Writes), func(op service.Operation) bool { return op.Method != http.MethodPost })
	slices.SortStableFunc(out, func(a, b service.Operation) int { return a.Parameters() - b.Parameters() })
	return out
}

// postedSet posts two objects, and looks for them. It tells whether the check may go on.
func (d *desk) postedSet(ctx context.Context, op service.Operation, taken string) bool {
	ids, objects, r, ok := d.posted(ctx, op)
	if !ok {
		d.NotTested(d.refused(r))
		return false
	}
	r = d.post(ctx, op, ids, objects)
	created := r.Problem == "" && r.Status == http.StatusCreated
	found := harness.Finding{Expected: "201", Seen: r.Summary(), Where: "POST " + op.Path, Responses: at(r)}
	if op.Parameters() > 1 { // its own requirement: what stands on POSTs at all is that of the others
		if !d.Assert(taken, created, found) {
			return true
		}
	} else if !d.first(taken, created, found) {
		return true
	}
	pairs := pairsOf(r)
	first, second := pairs["rollcall-1"], pairs["rollcall-2"]
	if !d.Assert(writeAt+"post-pairs", len(pairs) == 2 && first != "" && second != "" && first != second,
		harness.Finding{Expected: "for each sourcedId that was sent the one that was allocated", Seen: pairsSeen(pairs),
			Where: "POST " + op.Path + " " + service.Pairs, Responses: at(r)}) {
		return true
	}
	for i, id := range []string{first, second} {
		sent := maps.Clone(objects[i])
		sent["sourcedId"] = id
		d.stored(ctx, op.Kind, id, sent, r, writeAt+"post-stored")
	}
	for i := range ids { // each parent in its turn is one that isn't there
		elsewhere := slices.Clone(ids)
		elsewhere[i] = newID()
		nowhere := d.post(ctx, op, elsewhere, objects)
		if !Between(nowhere) {
			d.Assert(writeAt+"post-unknown-parent", nowhere.Status == http.StatusNotFound || nowhere.Status == http.StatusUnprocessableEntity,
				harness.Finding{Expected: "404", Seen: nowhere.Summary(), Where: "POST " + op.Path, Responses: at(nowhere)})
		}
	}
	return true
}

// posted makes two objects to be posted, and what they have to refer to.
func (d *desk) posted(ctx context.Context, op service.Operation) (ids []string, objects []map[string]any, r *harness.Response, ok bool) {
	if op.Parameters() > 1 {
		// What they refer to has to be of the session; what others of the check refer to needn't.
		known := maps.Clone(d.known)
		defer func() { d.known = known }()
		below, _ := d.below(op.Kind, "academicSession")
		if _, _, r, ok = d.make(ctx, below); !ok {
			return nil, nil, r, false
		}
		id := newID()
		object := d.object(below, id, true)
		object["academicSession"] = d.reference("academicSession", d.known["academicSession"])
		if r = d.put(ctx, below, id, object); !accepted(r) {
			return nil, nil, r, false
		}
		d.known[below] = id
	} else if _, _, r, ok = d.make(ctx, op.Kind); !ok {
		// What they refer to is made by way of one that is put.
		return nil, nil, r, false
	}
	objects = []map[string]any{d.object(op.Kind, "rollcall-1", true), d.object(op.Kind, "rollcall-2", true)}
	for i, o := range objects { // so that one can be told from the other
		for _, name := range slices.Concat(d.Service.Kinds[op.Kind].Labels, d.Service.Kinds[op.Kind].Sent) {
			if text, is := o[name].(string); is && strings.HasPrefix(text, "Rollcall") {
				o[name] = fmt.Sprintf("%s %d", text, i+1)
			}
		}
	}
	ids, known := d.parentsOf(op, objects[0])
	if !known {
		panic("an object tells nothing of " + op.Path)
	}
	return ids, objects, r, true
}

// post sends a set. What came of it is taken away by the ids that are told; where they don't
// tell of each object, the rest is looked for.
func (d *desk) post(
	ctx context.Context, op service.Operation, parents []string, objects []map[string]any, token ...string,
) *harness.Response {
	r := d.send(ctx, http.MethodPost, op.PathFor(parents...), map[string]any{op.Wrapper: objects}, token...)
	pairs := pairsOf(r)
	allocated := map[string]bool{}
	for supplied, id := range pairs {
		allocated[id] = true
		d.made = append(d.made, madeObject{op.Kind, id})
		if !strings.HasPrefix(supplied, "rollcall-") { // turned, it is what was allocated
			d.made = append(d.made, madeObject{op.Kind, supplied})
		}
	}
	if (r.Problem != "" || r.Status < 300 || r.Status >= 500) && len(allocated) < len(objects) {
		d.astray[op.Kind] = true
	}
	return r
}

// below finds, of what a kind has to refer to, what refers to another kind.
func (d *desk) below(kind, refers string) (below string, has bool) {
	for _, m := range d.Service.Kinds[kind].References() {
		if k := d.Service.Kinds[m.Refers]; m.Required && k != nil &&
			slices.ContainsFunc(k.References(), func(m service.Member) bool { return m.Refers == refers && m.Path[0] == refers }) {
			return m.Refers, true
		}
	}
	return "", false
}

// findSession looks for an academic session of the class: what the target file names, or that
// of a line item of the class. Nothing is looked for where nothing is posted below a session.
func (d *desk) findSession(ctx context.Context) (harness.Obstacle, bool) {
	if !slices.ContainsFunc(d.posts(), func(op service.Operation) bool { return op.Parameters() > 1 }) {
		return fine()
	}
	if d.known["academicSession"] = oneroster.Of(d.Session().Target).Writable.Session; d.known["academicSession"] != "" {
		return fine()
	}
	for _, op := range d.Service.Operations {
		if !op.Sub() || op.Parameters() > 1 || op.Root() != "classes" {
			continue
		}
		if _, refers := d.Service.Kinds[op.Kind].Member("/academicSession"); !refers {
			continue
		}
		page := d.List(ctx, op.PathFor(d.known["class"]), op.Wrapper, Query("limit", "100"))
		for _, raw := range page.Objects {
			object := map[string]any{}
			_ = json.Unmarshal(raw, &object)
			if reference, is := object["academicSession"].(map[string]any); is {
				if id, _ := reference["sourcedId"].(string); id != "" {
					d.known["academicSession"] = id
					return fine()
				}
			}
		}
	}
	return harness.Unconfigured("nothing tells which academic session the class could have results in",
		"Give oneroster.writable.session in target.yaml."), true
}

// pairsOf reads the sourcedIds that a provider allocated, by those that were sent.
func pairsOf(r *harness.Response) map[string]string {
	var answer struct {
		Pairs []struct {
			Supplied  string `json:"suppliedSourcedId"`
			Allocated string `json:"allocatedSourcedId"`
		} `json:"sourcedIdPairs"`
	}
	_ = decode(r.Body, &answer)
	pairs := map[string]string{}
	for _, p := range answer.Pairs {
		pairs[p.Supplied] = p.Allocated
	}
	return pairs
}
