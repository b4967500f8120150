package rest

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/oneroster"
	"github.com/rollcall-edu/rollcall/suites/oneroster/service"
)

// desk is where a check writes. It knows what the objects of the check hang on, and what it
// has made, which it takes away at the end.
type desk struct {
	*T
	known  map[string]string // the sourcedId of an object of each kind to which references may lead
	made   []madeObject
	mark   string            // stands in the texts of all that is made, so that it can be told from others
	astray map[string]bool   // kinds of which something was accepted and is not where it was put
	seen   *harness.Response // what was read of the object that was made last
	broke  *harness.Response // by which what all else stands on failed
}

type madeObject struct{ kind, id string }

// atDesk gives a check its desk, and clears it when the check is through.
func atDesk(body func(context.Context, *desk)) func(context.Context, *T) {
	return func(ctx context.Context, t *T) {
		d := &desk{T: t, known: map[string]string{}, astray: map[string]bool{}, mark: newID()[:8]}
		if o, is := d.prepare(ctx); is {
			t.NotTested(o)
			return
		}
		defer d.clear(ctx)
		body(ctx, d)
	}
}

// prepare finds what line items and results hang on: what the target file names, and where
// it doesn't, what those refer to that are there.
func (d *desk) prepare(ctx context.Context) (harness.Obstacle, bool) {
	w := oneroster.Of(d.Session().Target).Writable
	for kind, id := range map[string]string{"class": w.Class, "org": w.School, "user": w.Student, "academicSession": w.GradingPeriod} {
		if id != "" {
			d.known[kind] = id
		}
	}
	for _, kind := range d.kinds() {
		for _, m := range d.Service.Kinds[kind].References() {
			if !m.Required || d.known[m.Refers] != "" || d.Service.Kinds[m.Refers] != nil {
				continue
			}
			var failed *Page
			if d.known[m.Refers], failed = d.referred(ctx, m.Refers); d.known[m.Refers] == "" {
				if failed != nil {
					return d.BlockedAt(failed.Response, failed.Why()), true
				}
				return harness.Unconfigured(fmt.Sprintf("nothing tells to which %s %s could refer", m.Refers, d.Service.Kinds[kind].Article()),
					fmt.Sprintf("Give oneroster.writable.%s in target.yaml.", writableKeys[m.Refers])), true
			}
		}
	}
	return fine()
}

// writableKeys are those of the target file that name what is written to, by the kind of object.
var writableKeys = map[string]string{"class": "class", "org": "school", "user": "student", "academicSession": "grading_period"}

// referred looks for an object of a kind that others refer to: of the class, if there are
// such, or else of all. Where there is none, failed is the last collection that can't be read.
func (d *desk) referred(ctx context.Context, kind string) (id string, failed *Page) {
	ops := slices.Clone(d.Service.Operations)
	slices.SortStableFunc(ops, func(a, b service.Operation) int { return b.Parameters() - a.Parameters() })
	for _, op := range ops {
		ids := []string{}
		if op.Sub() {
			if op.Parameters() > 1 || op.Root() != "classes" {
				continue
			}
			ids = append(ids, d.known["class"])
		}
		for _, m := range d.Service.Kinds[op.Kind].References() {
			if op.Single || m.Refers != kind || len(m.Path) != 1 {
				continue
			}
			page := d.List(ctx, op.PathFor(ids...), op.Wrapper, Query("limit", "1"))
			if !page.OK() {
				failed = page
			}
			if page.OK() && len(page.Objects) > 0 {
				object := map[string]any{}
				_ = json.Unmarshal(page.Objects[0], &object)
				if reference, ok := object[m.Path[0]].(map[string]any); ok {
					id, _ := reference["sourcedId"].(string)
					return id, nil
				}
			}
		}
	}
	return "", failed
}

// kinds lists those that are put, what others refer to first.
func (d *desk) kinds() []string {
	var out []string
	var add func(kind string)
	add = func(kind string) {
		if slices.Contains(out, kind) {
			return
		}
		for _, m := range d.Service.Kinds[kind].References() {
			if m.Required && m.Refers != kind && d.Service.Kinds[m.Refers] != nil {
				add(m.Refers)
			}
		}
		out = append(out, kind)
	}
	for _, op := range d.Service.Writes {
		if op.Method == http.MethodPut {
			add(op.Kind)
		}
	}
	return out
}

// of finds the operation that does something with one object of a kind.
func (d *desk) of(method, kind string) service.Operation {
	if method == http.MethodGet {
		return d.Service.CollectionOf(kind).Read
	}
	i := slices.IndexFunc(d.Service.Writes, func(op service.Operation) bool { return op.Method == method && op.Kind == kind })
	return d.Service.Writes[i]
}

// newID makes a sourcedId that nobody has: a UUID, as the standard would have it.
func newID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // it never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// text makes a text that says who made it.
func (d *desk) text(name string) string { return "Rollcall " + d.mark + " " + name }

// send does a request that writes, with the session's token unless another is given.
func (d *desk) send(ctx context.Context, method, path string, body any, token ...string) *harness.Response {
	return d.Do(ctx, d.request(method, path, body, token...))
}

// request makes it.
func (d *desk) request(method, path string, body any, token ...string) harness.Request {
	r := harness.Request{Method: method, URL: d.Session().Base + path, Header: http.Header{}, Repeatable: method == http.MethodPut,
		Owner: d.Service.Requirement(writeOwner(method))}
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
		if raw, is := body.([]byte); is {
			r.Body = raw
		} else {
			r.Body, _ = json.Marshal(body) // of maps and texts alone
		}
	}
	if len(token) > 0 {
		r.Auth = harness.AuthNone
		if token[0] != "" {
			r.Header.Set("Authorization", "Bearer "+token[0])
		}
	}
	return r
}

// put sends an object. Whatever is answered, it may be there from then on.
func (d *desk) put(ctx context.Context, kind, id string, object map[string]any, token ...string) *harness.Response {
	op := d.of(http.MethodPut, kind)
	if !slices.Contains(d.made, madeObject{kind, id}) {
		d.made = append(d.made, madeObject{kind, id})
	}
	return d.send(ctx, http.MethodPut, op.PathFor(id), map[string]any{op.Wrapper: object}, token...)
}

// make puts an object of a kind, with all that it has to refer to. Where that is not
// accepted, or not there then, ok is false, and refused says on what the check hangs.
func (d *desk) make(ctx context.Context, kind string) (id string, object map[string]any, r *harness.Response, ok bool) {
	for _, m := range d.Service.Kinds[kind].References() {
		if m.Required && d.Service.Kinds[m.Refers] != nil && d.known[m.Refers] == "" {
			below, _, r, ok := d.make(ctx, m.Refers)
			if !ok {
				return "", nil, r, false
			}
			d.known[m.Refers] = below
		}
	}
	id = newID()
	object = d.object(kind, id, true)
	r = d.put(ctx, kind, id, object)
	if !accepted(r) {
		return id, object, r, false
	}
	var there bool
	_, d.seen, there = d.read(ctx, kind, id)
	d.astray[kind] = d.astray[kind] || !there
	return id, object, r, there
}

// refused says that a check stands on an object that could not be made.
func (d *desk) refused(r *harness.Response) harness.Obstacle {
	switch {
	case accepted(r) && unread(d.seen):
		return d.BlockedAt(d.seen, d.seen.Summary())
	case accepted(r):
		return d.BlockedBy(writeAt+"stored", "what the check writes is not there", r, d.seen).Expecting("the object that was stored")
	}
	return d.BlockedBy(writeOwner(r.Request.Method), "what the check writes is not accepted: "+r.Summary(), r).Expecting("201")
}

// accepted tells whether a write was carried out, as its answer says.
func accepted(r *harness.Response) bool {
	return r.Problem == "" && slices.Contains([]int{http.StatusOK, http.StatusCreated, http.StatusAccepted, http.StatusNoContent}, r.Status)
}

// read asks for one object. there is false where it isn't, or is flagged for deletion.
func (d *desk) read(ctx context.Context, kind, id string) (object map[string]any, r *harness.Response, there bool) {
	op := d.of(http.MethodGet, kind)
	r = d.Get(ctx, op.PathFor(id), "")
	raw, fault := d.Single(r, op.Wrapper)
	if fault != "" || json.Unmarshal(raw, &object) != nil {
		return nil, r, false
	}
	return object, r, object["status"] != "tobedeleted"
}

// unread tells whether an answer says neither that an object is there nor that it isn't.
func unread(r *harness.Response) bool {
	return Between(r) || r.Status != http.StatusOK && r.Status != http.StatusNotFound && r.Status != http.StatusGone
}
