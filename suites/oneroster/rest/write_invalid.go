package rest

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/rollcall-edu/rollcall/schemas"
	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/oneroster/service"
)

// unfit is one way in which what is put can't be.
type unfit struct {
	requirement string
	what        string
	object      map[string]any
	raw         []byte // instead of the object, where that is not even JSON
	other       string // a sourcedId under which it must not be stored either
}

// missingTried bounds how many required members are left out, one after the other.
const missingTried = 2

// unfits lists those that a kind allows.
func (d *desk) unfits(kind, id string) []unfit {
	k := d.Service.Kinds[kind]
	good := func() map[string]any { return d.object(kind, id, true) }
	var out []unfit
	bent := func(requirement, what string, bend func(o map[string]any)) {
		o := good()
		bend(o)
		out = append(out, unfit{requirement: requirement, what: what, object: o})
	}
	bent("unknown-member", "a member that there isn't", func(o map[string]any) { o["rollcallUnknown"] = "x" })
	lacking := 0
	for _, m := range k.Members {
		if len(m.Path) != 1 || slices.Contains([]string{"sourcedId", "status", "dateLastModified"}, m.Path[0]) {
			continue
		}
		name := m.Path[0]
		if !m.Required { // of what may be left out, terms alone: there is one list of them for all members
			if m.Type == service.Vocabulary || m.Type == service.Boolean {
				bent("impossible-value", name+": no term of the vocabulary", func(o map[string]any) { o[name] = "rollcall-no-term" })
			}
			continue
		}
		if lacking++; lacking <= missingTried {
			bent("missing-member", "no "+name, func(o map[string]any) { delete(o, name) })
		}
		switch m.Type {
		case service.Date:
			bent("impossible-value", name+": the 30th of February", func(o map[string]any) { o[name] = "2026-02-30" })
		case service.DateTime:
			bent("impossible-value", name+": no time", func(o map[string]any) { o[name] = "tomorrow" })
		case service.Vocabulary:
			bent("impossible-value", name+": no term of the vocabulary", func(o map[string]any) { o[name] = "rollcall-no-term" })
		case service.Text:
			bent("impossible-value", name+": an object", func(o map[string]any) { o[name] = map[string]any{"text": "x"} })
		case service.Reference:
			bent("foreign-reference", name+": to nothing that is there", func(o map[string]any) { o[name] = d.reference(m.Refers, newID()) })
		}
	}
	other := newID()
	o := maps.Clone(good())
	o["sourcedId"] = other
	out = append(out, unfit{requirement: "id-mismatch", what: "another sourcedId than the path's", object: o, other: other})
	whole, _ := json.Marshal(map[string]any{d.of(http.MethodPut, kind).Wrapper: good()})
	return append(out, unfit{requirement: "truncated", what: "a body that ends in its midst", raw: whole[:len(whole)*2/3]})
}

// refusedWrites puts what can't be. That it is refused is one thing; that nothing of it is
// stored, or shown as it can't be, the other.
func refusedWrites(ctx context.Context, d *desk) {
	for _, kind := range d.kinds() {
		made, _, r, ok := d.make(ctx, kind)
		if !ok {
			d.NotTested(d.refused(r))
			return
		}
		if _, seen, there := d.read(ctx, kind, made); !there {
			d.NotTested(d.BlockedBy(writeAt+"stored", "what was put is not there", r, seen))
			return
		}
		d.known[kind] = made
		op := d.of(http.MethodPut, kind)
		for _, u := range d.unfits(kind, "") {
			id := newID()
			if u.object != nil && u.other == "" {
				u.object["sourcedId"] = id
			}
			d.tryUnfit(ctx, kind, op, id, u)
		}
	}
	d.Settle(harness.Unclaimed("the objects have nothing of the kind"), writeAt+"foreign-reference", writeAt+"served-valid")
	d.rest(writeAt + "put-accepted")
}

func (d *desk) tryUnfit(ctx context.Context, kind string, op service.Operation, id string, u unfit) {
	d.made = append(d.made, madeObject{kind, id})
	var body any = map[string]any{op.Wrapper: u.object}
	if u.raw != nil {
		body = u.raw
	}
	r := d.send(ctx, http.MethodPut, op.PathFor(id), body)
	if Between(r) {
		d.Hinders(r)
		d.NotTested(d.BlockedAt(r, r.Summary()), writeAt+u.requirement)
		return
	}
	where := "PUT " + op.Path + ": " + u.what
	d.Assert(writeAt+"server-error", r.Status < 500, harness.Finding{Expected: "422, or 400", Seen: r.Summary(),
		Where: where, Responses: at(r)})
	refused := r.Status >= 400 && r.Status < 500
	d.Assert(writeAt+u.requirement, refused || r.Status >= 500,
		harness.Finding{Expected: "422, or 400", Seen: r.Summary(), Where: where, Responses: at(r)})
	if refused {
		d.Assert(writeAt+"refusal-status", r.Status == http.StatusUnprocessableEntity || r.Status == http.StatusBadRequest,
			harness.Finding{Expected: "422, or 400", Seen: r.Summary(), Where: where, Responses: at(r)})
		d.Assert(writeAt+"refusal-info", d.statusInfo(r), harness.Finding{Expected: "a status info object that tells of a failure",
			Seen: cmp.Or(shapeOf(r), r.Summary()), Where: where, Responses: at(r)})
	}
	for _, under := range []string{id, u.other} {
		if under == "" {
			continue
		}
		object, seen, there := d.read(ctx, kind, under)
		if unread(seen) {
			continue
		}
		shown := []*harness.Response{r, seen}
		if refused || r.Status >= 500 || under == u.other {
			d.Assert(writeAt+"not-stored", !there, harness.Finding{Expected: "404, for nothing is to be stored", Seen: "it is there",
				Where: where, Responses: shown})
		}
		d.astray[kind] = d.astray[kind] || accepted(r) && !there
		if under == u.other && there {
			d.made = append(d.made, madeObject{kind, under})
		}
		if there && accepted(r) {
			why := d.unschemed(kind, object)
			d.Assert(writeAt+"served-valid", why == "", harness.Finding{Expected: "an object as the standard has it, whatever was sent", Seen: why,
				Where: where, Responses: shown})
		}
	}
}

// shapeOf names the members of an error body.
func shapeOf(r *harness.Response) string {
	if members, fault := membersOf(r.Body); fault == "" && len(members) > 0 {
		return r.Summary() + ", members " + memberNames(members)
	}
	return ""
}

// statusInfo tells whether a refusal says by a status info object that it failed.
func (d *desk) statusInfo(r *harness.Response) bool {
	schema, err := schemas.Load(d.Service.StatusInfo)
	if err != nil {
		panic(err)
	}
	findings, err := schema.Validate(r.Body)
	if err != nil || schemas.Worst(findings) == schemas.Error {
		return false
	}
	if d.Service.Status.Set != "" {
		entries, shaped := statusSet(d.T, r.Body)
		return shaped && entries[0].Major == "failure"
	}
	var info statusInfo
	_ = decode(r.Body, &info)
	return info.Major == "failure"
}

// unschemed says what of an object the schema forbids.
func (d *desk) unschemed(kind string, object map[string]any) string {
	schema, err := schemas.Load(d.Service.Schema(kind))
	if err != nil {
		panic(err)
	}
	raw, _ := json.Marshal(object)
	findings, err := schema.Validate(raw)
	if err != nil {
		panic(err)
	}
	for _, f := range findings {
		if f.Severity == schemas.Error {
			return fmt.Sprintf("%s: %s", strings.TrimPrefix(f.Pointer, "/"), f.Message)
		}
	}
	return ""
}
