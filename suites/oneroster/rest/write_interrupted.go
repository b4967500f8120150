package rest

import (
	"context"
	"net/http"
	"time"

	"github.com/rollcall-edu/rollcall/suites/harness"
)

// writeSettles is how long a provider has, after the connection broke, to do with what it heard
// whatever it is going to: what it stores of that is looked for only then.
const writeSettles = 300 * time.Millisecond

// interruptedWrites breaks the connection off: in the midst of a body, of which nothing may be
// stored, and before the answer is read, when all may be stored or nothing. Then the client,
// who knows nothing of that, sends the same again.
func interruptedWrites(ctx context.Context, d *desk) {
	kind := d.kinds()[0]
	id, object, r, ok := d.make(ctx, kind)
	if !ok {
		d.NotTested(d.refused(r))
		return
	}
	read, seen, _ := d.read(ctx, kind, id)
	if why := unlike("", object, read); why != "" {
		d.NotTested(d.BlockedBy(writeAt+"stored", "what was put is not as it was sent", r, seen))
		return
	}
	for _, cut := range []harness.Cut{harness.CutBody, harness.CutAnswer} {
		if !d.interrupt(ctx, kind, cut) {
			return
		}
	}
}

// interrupt breaks one write off, and tells whether the check may go on.
func (d *desk) interrupt(ctx context.Context, kind string, cut harness.Cut) bool {
	const whole, again = writeAt + "interrupted-whole", writeAt + "interrupted-again"
	id, op := newID(), d.of(http.MethodPut, kind)
	object := d.object(kind, id, true)
	d.made = append(d.made, madeObject{kind, id})
	request := d.request(http.MethodPut, op.PathFor(id), map[string]any{op.Wrapper: object})
	request.Cut = cut
	broken := d.Do(ctx, request)
	if broken.Unreachable {
		d.NotTested(harness.Unreached(broken.Problem))
		return false
	}
	if !pause(ctx, writeSettles) {
		return false
	}
	read, seen, there := d.read(ctx, kind, id)
	where := map[harness.Cut]string{harness.CutBody: " broken off in its midst", harness.CutAnswer: " whose answer nobody read"}[cut]
	switch shown := []*harness.Response{broken, seen}; {
	case unread(seen):
		d.NotTested(d.BlockedAt(seen, seen.Summary()), whole)
	case cut == harness.CutBody:
		d.Assert(whole, !there, harness.Finding{Expected: "404, for no whole object came", Seen: "there is one", Where: "PUT " + op.Path + where,
			Responses: shown})
	default:
		why := ""
		if there {
			why = unlike("", object, read)
		}
		d.Assert(whole, why == "", harness.Finding{Expected: "the object as it was sent, or none", Seen: why, Where: "PUT " + op.Path + where,
			Responses: shown})
	}
	r := d.put(ctx, kind, id, object)
	if !accepted(r) && pause(ctx, writeSettles) { // the one that broke off may not be through
		r = d.put(ctx, kind, id, object)
	}
	if !d.Assert(again, accepted(r), harness.Finding{Expected: "201 or 200", Seen: r.Summary(),
		Where: "PUT " + op.Path + ", after one" + where, Responses: []*harness.Response{r, broken}}) {
		return true
	}
	if !d.stored(ctx, kind, id, object, r, again) {
		return true
	}
	list := d.Service.CollectionOf(kind).List
	if n, page := d.find(ctx, list, list.Path, id); page.OK() {
		d.Assert(again, n < 2, harness.Finding{Expected: "the object once", Seen: "it is listed twice", Where: list.Path,
			Responses: at(page.Response)})
	}
	return true
}
