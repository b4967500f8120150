package rest

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/oneroster/service"
)

func at(r *harness.Response) []*harness.Response { return []*harness.Response{r} }

// createdByPut makes one object of each kind, and looks for it wherever it belongs.
func createdByPut(ctx context.Context, d *desk) {
	for _, kind := range d.kinds() {
		op := d.of(http.MethodPut, kind)
		if !d.foundation(ctx, kind) {
			continue // told of what it would stand on
		}
		id, object, r, _ := d.make(ctx, kind)
		ok := accepted(r)
		d.first(writeAt+"put-accepted", ok, harness.Finding{Expected: "201", Seen: r.Summary(),
			Where: r.Request.Method + " " + op.Path, Responses: at(r)})
		if !ok {
			continue
		}
		d.Assert(writeAt+"put-status", slices.Contains(d.Service.Made, r.Status),
			harness.Finding{Expected: statuses(d.Service.Made), Seen: r.Summary(), Where: "PUT " + op.Path, Responses: at(r)})
		if !d.stored(ctx, kind, id, object, r, writeAt+"stored") {
			// What others stand on is not as it was sent: of them nothing can be said.
			d.Settle(d.BlockedBy(writeAt+"stored", "what was put is not as it was sent", r))
			return
		}
		if d.known[kind] == "" {
			d.known[kind] = id
		}
		d.leads(ctx, kind, id)
		list := d.Service.CollectionOf(kind).List
		d.holds(ctx, list, list.Path, id, writeAt+"listed")
		for _, sub := range d.Service.Operations {
			if ids, known := d.parentsOf(sub, object); sub.Sub() && sub.Kind == kind && known {
				d.holds(ctx, sub, sub.PathFor(ids...), id, writeAt+"sub-listed")
			}
		}
	}
	d.rest(writeAt + "put-accepted")
}

// leads follows the references of an object that was put, as far as they are to objects of the
// same service.
func (d *desk) leads(ctx context.Context, kind, id string) {
	const requirement = writeAt + "references"
	object, r, there := d.read(ctx, kind, id)
	base, err := url.Parse(d.Session().Base)
	if !there || err != nil {
		return // of which others tell
	}
	for _, m := range d.Service.Kinds[kind].References() {
		reference, is := object[m.Path[0]].(map[string]any)
		if !is || len(m.Path) != 1 || d.Service.Kinds[m.Refers] == nil {
			continue
		}
		href, _ := reference["href"].(string)
		named, _ := reference["sourcedId"].(string)
		f := harness.Finding{Expected: "the address of the object with sourcedId " + named, Seen: d.Show("href", href),
			Where: d.of(http.MethodGet, kind).Path + " " + m.At + "/href", Responses: at(r)}
		u, err := url.Parse(href)
		switch {
		case err != nil || !u.IsAbs():
			d.Fail(requirement, f)
		case standardAddress(d.Service, base, u, m.Refers, named):
			d.Examined(requirement, 1)
		case !sameService(d.T, u) || innerAddress(base, u) != "":
			d.NotApplicable(requirement, "references lead out of this service, and were not followed")
		default:
			got := d.Do(ctx, harness.Request{URL: href, Owner: beyond(d.T, href, hrefResolves)})
			found, _ := singleID(d.Service, got.Body)
			f.Seen, f.Responses = got.Summary(), []*harness.Response{got, r}
			d.Assert(requirement, got.Status == http.StatusOK && found == named, f)
		}
	}
}

// ownTerm is one that no vocabulary has, in the form of those that extend one.
const ownTerm = "ext:rollcall"

// extensible names the members of a kind whose vocabulary can be extended.
func extensible(k *service.Kind) (out []service.Member) {
	for _, m := range k.Members {
		if len(m.Path) == 1 && m.Type == service.Vocabulary && m.Extensible {
			out = append(out, m)
		}
	}
	return out
}

// with puts a new object that is as others but for one member.
func (d *desk) with(ctx context.Context, kind string, m service.Member, value any) (id string, put *harness.Response) {
	id = newID()
	object := d.object(kind, id, true)
	object[m.Path[0]] = value
	return id, d.put(ctx, kind, id, object)
}

// missing is the obstacle of an object that was accepted and can't be read.
func (d *desk) missing(put, read *harness.Response) harness.Obstacle {
	if unread(read) {
		return d.BlockedAt(read, read.Summary())
	}
	return d.BlockedBy(writeAt+"stored", "what was put is not there", put, read).Expecting("the object that was stored")
}

// termsByPut puts objects with terms of our own.
func termsByPut(ctx context.Context, d *desk) {
	const requirement = writeAt + "terms"
	for _, kind := range d.kinds() {
		terms := extensible(d.Service.Kinds[kind])
		if len(terms) == 0 {
			continue
		}
		if _, _, r, ok := d.make(ctx, kind); !ok {
			d.NotTested(d.refused(r))
			return
		}
		for _, m := range terms {
			id, put := d.with(ctx, kind, m, ownTerm)
			f := harness.Finding{Expected: m.Path[0] + " " + ownTerm + " is stored", Seen: put.Summary(),
				Where: "PUT " + d.of(http.MethodPut, kind).Path, Responses: at(put)}
			if !d.Assert(requirement, accepted(put), f) {
				continue
			}
			read, r, there := d.read(ctx, kind, id)
			if !there {
				d.NotTested(d.missing(put, r), requirement)
				continue
			}
			got, _ := read[m.Path[0]].(string)
			f.Seen, f.Responses = d.Show(m.Path[0], got), []*harness.Response{put, r}
			d.Assert(requirement, got == ownTerm, f)
		}
	}
	d.rest(requirement)
}

// setsByPut puts objects with lists of objects in them, such as learning objectives. A provider
// that has no room for these may say so; it may not take them and lose them.
func setsByPut(ctx context.Context, d *desk) {
	const requirement = writeAt + "sets"
	var refused *harness.Response
	for _, kind := range d.kinds() {
		k := d.Service.Kinds[kind]
		if len(sets(k)) == 0 {
			continue
		}
		id, object, r, ok := d.make(ctx, kind)
		if !ok {
			d.NotTested(d.refused(r))
			return
		}
		if !d.stored(ctx, kind, id, object, r, writeAt+"stored") {
			d.Settle(d.BlockedBy(writeAt+"stored", "what was put is not as it was sent", r))
			return
		}
		for _, m := range sets(k) {
			id, put := d.with(ctx, kind, m, d.value(k, m))
			if !accepted(put) {
				refused = put
				continue
			}
			read, r, there := d.read(ctx, kind, id)
			if !there {
				d.NotTested(d.missing(put, r), requirement)
				continue
			}
			why := unlike(m.At, d.value(k, m), read[m.Path[0]])
			d.Assert(requirement, why == "", harness.Finding{Expected: "the " + m.Path[0] + " that was sent", Seen: why,
				Where: d.of(http.MethodGet, kind).Path, Responses: []*harness.Response{put, r}})
		}
	}
	if refused != nil {
		d.NotApplicable(requirement, "objects with such members are refused: "+refused.Summary())
	}
	d.rest(requirement)
}

// foundation looks for something to which an object of a kind may refer, where none could be
// made: that one kind isn't taken says nothing of the next.
func (d *desk) foundation(ctx context.Context, kind string) bool {
	if d.broke == nil {
		return true
	}
	for _, m := range d.Service.Kinds[kind].References() {
		if !m.Required || d.Service.Kinds[m.Refers] == nil || d.known[m.Refers] != "" {
			continue
		}
		list := d.Service.CollectionOf(m.Refers).List
		d.known[m.Refers], _ = d.referred(ctx, m.Refers)
		if page := d.List(ctx, list.Path, list.Wrapper, Query("limit", "1")); d.known[m.Refers] == "" && page.OK() && len(page.IDs) > 0 {
			d.known[m.Refers] = page.IDs[0]
		}
		if d.known[m.Refers] == "" {
			return false
		}
	}
	return true
}

// pairsSeen words what a POST told of the sourcedIds that were sent.
func pairsSeen(pairs map[string]string) string {
	seen := fmt.Sprintf("%d pairs", len(pairs))
	if len(pairs) == 1 {
		seen = "1 pair"
	}
	supplied, allocated := slices.Collect(maps.Keys(pairs)), slices.Collect(maps.Values(pairs))
	known := func(id string) bool { return strings.HasPrefix(id, "rollcall-") }
	switch {
	case len(pairs) > 0 && !slices.ContainsFunc(supplied, known) && slices.ContainsFunc(allocated, known):
		return seen + ", each turned: suppliedSourcedId is what was allocated"
	case len(pairs) > 0 && !slices.ContainsFunc(supplied, known):
		return seen + ", of which none has a suppliedSourcedId that was sent"
	}
	return seen
}

// statuses words those that will do.
func statuses(list []int) string {
	words := make([]string, len(list))
	for i, s := range list {
		words[i] = fmt.Sprint(s)
	}
	return strings.Join(words, " or ")
}

// first examines what all else of a check stands on.
func (d *desk) first(requirement string, ok bool, f harness.Finding) bool {
	if !ok {
		d.broke = f.Responses[0]
	}
	return d.Assert(requirement, ok, f)
}

// rest says at the end of a check what hangs on by, of what was not examined: where by was
// not broken there was nothing to look at.
func (d *desk) rest(by string) {
	if d.broke != nil {
		d.Settle(d.BlockedBy(by, "it is not accepted: "+d.broke.Summary(), d.broke))
		return
	}
	d.Settle(harness.Unclaimed("the service has nothing of the kind"))
}

// stored holds what is read of an object to what was sent.
func (d *desk) stored(ctx context.Context, kind, id string, object map[string]any, put *harness.Response, requirement string) bool {
	read, r, there := d.read(ctx, kind, id)
	if unread(r) {
		d.NotTested(d.BlockedAt(r, r.Summary()), requirement)
		return false
	}
	shown := []*harness.Response{put, r}
	where := d.of(http.MethodGet, kind).Path
	if !there {
		d.astray[kind] = true
		d.Fail(requirement, harness.Finding{Expected: "the object that was stored", Seen: r.Summary(), Where: where, Responses: shown})
		return false
	}
	why := unlike("", object, read)
	return d.Assert(requirement, why == "", harness.Finding{Expected: "what was sent", Seen: why, Where: where, Responses: shown})
}

// parentsOf gives ids for the path of a sub-collection in which an object must stand: those
// that it refers to itself, or that what it refers to does. Of students and schools the word
// of the path is not the kind.
func (d *desk) parentsOf(op service.Operation, object map[string]any) (ids []string, known bool) {
	segments := op.Segments()
	for i, segment := range segments[:len(segments)-1] {
		if !strings.HasPrefix(segments[i+1], "{") {
			continue
		}
		member := map[string]string{"classes": "class", "schools": "school", "students": "student", "lineItems": "lineItem",
			"academicSessions": "academicSession"}[segment]
		reference, is := object[member].(map[string]any)
		id, _ := reference["sourcedId"].(string)
		switch {
		case is:
		case slices.Contains([]string{"class", "academicSession"}, member) && object["lineItem"] != nil: // by way of the line item
			id = d.known[member]
		default:
			return nil, false
		}
		ids = append(ids, id)
	}
	return ids, len(ids) == op.Parameters() && !slices.Contains(ids, "")
}

// pagesWalked bounds how far a collection is walked to look for one object.
const pagesWalked = 40

// movedByPut puts objects again that refer to another object then, and looks whether the
// sub-collections go by that.
func movedByPut(ctx context.Context, d *desk) {
	for _, kind := range d.kinds() {
		for _, m := range moves(d.Service, kind) {
			if !d.move(ctx, kind, m) {
				return
			}
		}
	}
	d.rest(writeAt + "moved")
}

// moving is a reference of a kind by which its objects are in a sub-collection.
type moving struct {
	member service.Member
	sub    service.Operation
}

// moves lists those to objects of the same service.
func moves(of *service.Service, kind string) (out []moving) {
	k := of.Kinds[kind]
	for _, sub := range of.Operations {
		for _, m := range k.References() {
			if sub.Sub() && sub.Kind == kind && len(m.Path) == 1 && of.Kinds[m.Refers] != nil &&
				strings.Contains(sub.Path, "/"+of.CollectionOf(m.Refers).Name+"/{") {
				out = append(out, moving{m, sub})
			}
		}
	}
	return out
}

// move does so for one reference; false where the check hangs on something else.
func (d *desk) move(ctx context.Context, kind string, by moving) bool {
	const requirement = writeAt + "moved"
	id, object, r, ok := d.make(ctx, kind)
	if !ok {
		d.NotTested(d.refused(r))
		return false
	}
	from, known := d.parentsOf(by.sub, object)
	if n, page := d.find(ctx, by.sub, by.sub.PathFor(from...), id); !known || n == 0 {
		d.NotTested(d.BlockedBy(writeAt+"sub-listed", "what was put is not in its sub-collection", r, page.Response))
		return false
	}
	other, _, r, ok := d.make(ctx, by.member.Refers)
	if !ok {
		d.NotTested(d.refused(r))
		return false
	}
	object[by.member.Path[0]] = d.reference(by.member.Refers, other)
	put := d.put(ctx, kind, id, object)
	if !accepted(put) {
		d.NotTested(d.BlockedBy(writeAt+"replace-accepted", "what is put again is not accepted: "+put.Summary(), put))
		return false
	}
	read, seen, there := d.read(ctx, kind, id)
	switch {
	case there:
	case unread(seen):
		d.NotTested(d.BlockedAt(seen, seen.Summary()))
		return false
	default:
		d.NotTested(d.BlockedBy(writeAt+"replaced", "what was put last is not there", put, seen).Expecting("the object that was put last"))
		return false
	}
	if why := unlike(by.member.At, object[by.member.Path[0]], read[by.member.Path[0]]); why != "" {
		d.NotTested(d.BlockedBy(writeAt+"replaced", "what was put last is not what is read: "+why, put, seen))
		return false
	}
	to, _ := d.parentsOf(by.sub, object)
	for _, place := range []struct {
		ids      []string
		is       bool
		expected string
	}{{to, true, "the object is in the sub-collection of what it refers to now"},
		{from, false, "the object is no more in the sub-collection of what it referred to before"}} {
		n, page := d.find(ctx, by.sub, by.sub.PathFor(place.ids...), id)
		if !page.OK() {
			d.NotTested(d.BlockedAt(page.Response, page.Why()), requirement)
			continue
		}
		d.Assert(requirement, (n > 0) == place.is, harness.Finding{Expected: place.expected, Seen: fmt.Sprintf("it is there %d times", n),
			Where: by.sub.Path, Responses: []*harness.Response{page.Response, put}})
	}
	return true
}

// find counts an object in a collection: by a filter, and where that finds nothing by a walk.
func (d *desk) find(ctx context.Context, op service.Operation, path, id string) (n int, page *Page) {
	of := func(p *Page) int {
		return len(slices.DeleteFunc(slices.Clone(p.IDs), func(other string) bool { return other != id }))
	}
	page = d.List(ctx, path, op.Wrapper, Query("filter", "sourcedId="+quote(id)))
	if page.OK() && of(page) > 0 {
		return of(page), page
	}
	for offset, walked := 0, 0; walked < pagesWalked; walked++ {
		page = d.List(ctx, path, op.Wrapper, Query("limit", "1000", "offset", fmt.Sprint(offset)))
		if n = of(page); !page.OK() || n > 0 || len(page.IDs) == 0 {
			break
		}
		offset += len(page.IDs)
	}
	return n, page
}

// holds asserts that a collection has an object once.
func (d *desk) holds(ctx context.Context, op service.Operation, path, id, requirement string) {
	n, page := d.find(ctx, op, path, id)
	if !page.OK() {
		d.NotTested(d.BlockedAt(page.Response, page.Why()), requirement)
		return
	}
	d.Assert(requirement, n == 1, harness.Finding{Expected: "the object that was stored, once", Seen: fmt.Sprintf("it is there %d times", n),
		Where: op.Path, Responses: at(page.Response)})
}

// replacedByPut puts an object again, with other texts and without what it needn't have.
func replacedByPut(ctx context.Context, d *desk) {
	for _, kind := range d.kinds() {
		id, object, r, ok := d.make(ctx, kind)
		if !ok {
			d.NotTested(d.refused(r))
			return
		}
		d.known[kind] = id
		before, seen, there := d.read(ctx, kind, id)
		if !there {
			d.NotTested(d.BlockedBy(writeAt+"stored", "what was put is not there", r, seen))
			return
		}
		op := d.of(http.MethodPut, kind)
		// The same once more changes nothing.
		same := d.put(ctx, kind, id, object)
		if !d.first(writeAt+"replace-accepted", accepted(same),
			harness.Finding{Expected: "201 or 200", Seen: same.Summary(), Where: "PUT " + op.Path + ", the same again", Responses: at(same)}) {
			continue
		}
		list := d.Service.CollectionOf(kind).List
		d.holds(ctx, list, list.Path, id, writeAt+"idempotent")

		smaller := d.object(kind, id, false)
		text := ""
		for _, name := range d.Service.Kinds[kind].Labels {
			if _, has := smaller[name].(string); has {
				text, smaller[name] = name, d.text("replaced "+name)
			}
		}
		smaller["dateLastModified"] = before["dateLastModified"]
		again := d.put(ctx, kind, id, smaller)
		if !d.first(writeAt+"replace-accepted", accepted(again),
			harness.Finding{Expected: "201 or 200", Seen: again.Summary(), Where: "PUT " + op.Path + ", changed", Responses: at(again)}) {
			continue
		}
		d.Assert(writeAt+"replace-status", again.Status == http.StatusCreated || again.Status == http.StatusOK,
			harness.Finding{Expected: "201, or 200", Seen: again.Summary(), Where: "PUT " + op.Path, Responses: at(again)})
		after, read, there := d.read(ctx, kind, id)
		if unread(read) {
			d.NotTested(d.BlockedAt(read, read.Summary()), writeAt+"replaced", writeAt+"replaced-whole", writeAt+"modified")
			continue
		}
		shown, where := []*harness.Response{again, read}, d.of(http.MethodGet, kind).Path
		if text != "" || !there {
			why := "it is not there"
			if there {
				why = unlike("", smaller, after)
			}
			d.Assert(writeAt+"replaced", why == "", harness.Finding{Expected: "what was sent last", Seen: why, Where: where, Responses: shown})
		}
		if !there {
			continue
		}
		for _, name := range d.Service.Kinds[kind].Sent {
			_, was := before[name]
			kept, still := after[name]
			d.Assert(writeAt+"replaced-whole", !was || !still || !alike(kept, before[name]),
				harness.Finding{Expected: "no " + name + ", for the object that was sent last has none", Seen: "that of the one before",
					Where: where, Responses: shown})
		}
		d.Assert(writeAt+"modified", later(before, after), harness.Finding{Expected: "a later dateLastModified than before",
			Seen: fmt.Sprintf("%v, after %v", after["dateLastModified"], before["dateLastModified"]), Where: where, Responses: shown})
	}
	d.rest(writeAt + "replace-accepted")
}

// later tells whether an object says that it was modified after another.
func later(before, after map[string]any) bool {
	was, errWas := time.Parse(time.RFC3339, fmt.Sprint(before["dateLastModified"]))
	is, errIs := time.Parse(time.RFC3339, fmt.Sprint(after["dateLastModified"]))
	sent, _ := time.Parse(time.RFC3339, sentAt)
	// Clocks of whole seconds need not show that it moved; what the client said is no clock.
	return errWas != nil || errIs != nil || is.After(was) || is.Equal(was) && was.Nanosecond() == 0 && !is.Equal(sent)
}

// writers is how many write at once.
const writers = 20

// concurrentPuts has many write at once: each an object of its own, and all one and the same.
func concurrentPuts(ctx context.Context, d *desk) {
	kind := d.kinds()[0]
	common, object, r, ok := d.make(ctx, kind)
	if !ok {
		d.NotTested(d.refused(r))
		return
	}
	if _, seen, there := d.read(ctx, kind, common); !there {
		d.NotTested(d.BlockedBy(writeAt+"stored", "what was put is not there", r, seen))
		return
	}
	op := d.of(http.MethodPut, kind)
	ids, answers := make([]string, writers), make([][2]*harness.Response, writers)
	objects := make([]map[string]any, writers)
	for i := range ids {
		ids[i] = newID()
		objects[i] = d.object(kind, ids[i], true)
		d.made = append(d.made, madeObject{kind, ids[i]})
	}
	var wait sync.WaitGroup
	for i := range ids {
		wait.Go(func() {
			answers[i][0] = d.send(ctx, http.MethodPut, op.PathFor(ids[i]), map[string]any{op.Wrapper: objects[i]})
			answers[i][1] = d.send(ctx, http.MethodPut, op.PathFor(common), map[string]any{op.Wrapper: object})
		})
	}
	wait.Wait()
	for i, id := range ids {
		own, shared := answers[i][0], answers[i][1]
		d.Assert(writeAt+"concurrent-same", accepted(shared) || Between(shared),
			harness.Finding{Expected: "each of twenty that put the same to be answered 201 or 200", Seen: shared.Summary(),
				Where: "PUT " + op.Path, Responses: at(shared)})
		if !accepted(own) {
			d.Assert(writeAt+"concurrent", Between(own),
				harness.Finding{Expected: "201, or to be told to wait", Seen: own.Summary(), Where: "PUT " + op.Path, Responses: at(own)})
			continue
		}
		if !d.kept(ctx, kind, id, objects[i], own) {
			break
		}
	}
	list := d.Service.CollectionOf(kind).List
	d.holds(ctx, list, list.Path, common, writeAt+"concurrent-same")
}

// kept holds what is read of an object that was put among others to what was sent. What a
// provider loses of those as well that come one after another is lost by no race.
func (d *desk) kept(ctx context.Context, kind, id string, object map[string]any, put *harness.Response) bool {
	const requirement = writeAt + "concurrent"
	if read, r, there := d.read(ctx, kind, id); unread(r) || there && unlike("", object, read) == "" {
		return d.stored(ctx, kind, id, object, put, requirement)
	}
	for range writers {
		alone := newID()
		sent := d.object(kind, alone, true)
		answer := d.put(ctx, kind, alone, sent)
		read, r, there := d.read(ctx, kind, alone)
		if accepted(answer) && !unread(r) && (!there || unlike("", sent, read) != "") {
			d.NotTested(d.BlockedBy(writeAt+"stored", "objects are lost that were put one after another as well", answer, r).
				Expecting("the object that was stored"), requirement)
			return false
		}
	}
	return d.stored(ctx, kind, id, object, put, requirement)
}

// deleted takes objects away, those on which others hang among them.
func deleted(ctx context.Context, d *desk) {
	for _, kind := range d.kinds() {
		id, _, r, ok := d.make(ctx, kind)
		if !ok {
			d.NotTested(d.refused(r))
			return
		}
		if _, seen, there := d.read(ctx, kind, id); !there {
			d.NotTested(d.BlockedBy(writeAt+"stored", "what was put is not there", r, seen))
			return
		}
		op := d.of(http.MethodDelete, kind)
		gone := d.send(ctx, http.MethodDelete, op.PathFor(id), nil)
		if !d.first(writeAt+"delete-accepted", accepted(gone),
			harness.Finding{Expected: "204", Seen: gone.Summary(), Where: "DELETE " + op.Path, Responses: at(gone)}) {
			continue
		}
		d.Assert(writeAt+"delete-status", gone.Status == http.StatusNoContent,
			harness.Finding{Expected: "204", Seen: gone.Summary(), Where: "DELETE " + op.Path, Responses: at(gone)})
		_, seen, there := d.read(ctx, kind, id)
		if unread(seen) {
			d.NotTested(d.BlockedAt(seen, seen.Summary()), writeAt+"deleted")
			continue
		}
		if !d.Assert(writeAt+"deleted", !there,
			harness.Finding{Expected: "404, or the object flagged tobedeleted", Seen: seen.Summary(),
				Where: op.Path, Responses: []*harness.Response{gone, seen}}) {
			continue
		}
		list := d.Service.CollectionOf(kind).List
		n, page := d.find(ctx, list, list.Path, id)
		if page.OK() && seen.Status != http.StatusOK {
			d.Assert(writeAt+"deleted", n == 0, harness.Finding{Expected: "a collection without it", Seen: "it is listed",
				Where: list.Path, Responses: at(page.Response)})
		}
	}
	unknown := d.of(http.MethodDelete, d.kinds()[0])
	switch r := d.send(ctx, http.MethodDelete, unknown.PathFor(newID()), nil); {
	case Between(r):
		d.NotTested(d.BlockedAt(r, r.Summary()), writeAt+"delete-unknown")
	case d.broke != nil && r.Status == d.broke.Status: // that nothing is deleted, whether it is there or not
	default:
		d.Assert(writeAt+"delete-unknown", r.Status == http.StatusNotFound,
			harness.Finding{Expected: "404", Seen: r.Summary(), Where: "DELETE " + unknown.Path, Responses: at(r)})
	}
	deletedInUse(ctx, d)
	d.rest(writeAt + "delete-accepted")
}

// deletedInUse deletes what other objects refer to. It may be refused, or flag or take away
// what hangs on it: only a reference that leads nowhere must not remain.
func deletedInUse(ctx context.Context, d *desk) {
	for _, kind := range d.kinds() {
		for _, m := range d.Service.Kinds[kind].References() {
			if !m.Required || d.Service.Kinds[m.Refers] == nil {
				continue
			}
			delete(d.known, m.Refers) // of which others of this check know nothing
			id, _, r, ok := d.make(ctx, kind)
			if !ok {
				d.NotTested(d.refused(r), writeAt+"delete-in-use")
				return
			}
			d.deleteUnder(ctx, kind, id, m)
			delete(d.known, m.Refers)
		}
	}
}

// deleteUnder deletes what an object refers to.
func (d *desk) deleteUnder(ctx context.Context, kind, id string, m service.Member) {
	below, op := d.known[m.Refers], d.of(http.MethodDelete, m.Refers)
	gone := d.send(ctx, http.MethodDelete, op.PathFor(below), nil)
	_, target, still := d.read(ctx, m.Refers, below)
	_, reading, hangs := d.read(ctx, kind, id)
	if Between(gone) || unread(target) || unread(reading) {
		d.NotTested(d.BlockedAt(gone, gone.Summary()), writeAt+"delete-in-use")
		return
	}
	dangling := hangs && target.Status != http.StatusOK
	seen := fmt.Sprintf("%s; the %s is there, and what it refers to isn't", gone.Summary(), kind)
	if !accepted(gone) {
		dangling = !still || !hangs
		seen = gone.Summary() + ", and not all is there as before"
	}
	d.Assert(writeAt+"delete-in-use", !dangling, harness.Finding{
		Expected: "a refusal with deletefailure, or no reference that leads nowhere",
		Seen:     seen, Where: "DELETE " + op.Path, Responses: []*harness.Response{gone, target, reading},
	})
}
