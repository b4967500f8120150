package rest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/oneroster/service"

	"encoding/json"
)

// sample picks n indexes below length: the first, the last and some between.
func sample(length, n int, seed uint64) []int {
	if length <= n {
		out := make([]int, length)
		for i := range out {
			out[i] = i
		}
		return out
	}
	random := rand.New(rand.NewPCG(seed, uint64(length)))
	out := []int{0, length - 1}
	for len(out) < n {
		if i := random.IntN(length); !slices.Contains(out, i) {
			out = append(out, i)
		}
	}
	return out[:n]
}

// lifecycleChecks judge dateLastModified and records flagged for deletion.
func lifecycleChecks() []Check {
	const at = "lifecycle."
	return []Check{
		{ID: "lifecycle.deleted", Title: "Records flagged tobedeleted are listed and can be read",
			Requirements: []string{at + "deleted-reachable", at + "deleted-listed"},
			Labels:       []string{"lifecycle"}, Needs: inBody("a record with status tobedeleted"), Body: deletedRecords},
		{ID: "lifecycle.delta", Title: "A filter on dateLastModified leaves what changed since, deletions included",
			Requirements: []string{at + "delta", at + "delta-deleted"},
			Labels:       []string{"lifecycle", "filter"}, Needs: inBody("objects that changed at different times, a deleted one among them"), Body: delta},
		{ID: "lifecycle.modified", Title: "dateLastModified is the time of a change, not of the answer",
			Requirements: []string{at + "modified-stable", at + "modified-not-future"},
			Labels:       []string{"lifecycle"}, Needs: inBody("any object"), Body: modified},
	}
}

func deletedRecords(ctx context.Context, t *T) {
	const reachable, listed = "lifecycle.deleted-reachable", "lifecycle.deleted-listed"
	r := crawl(t)
	for _, c := range t.Service.Collections {
		raw := r.Raw(c.Name)
		if raw == nil || c.Derived() != "" || !t.Session().Covers(c.Read.ID) {
			continue
		}
		tried := 0
		_ = raw.Each(func(i int, id string, object []byte) bool {
			if Read[Base](object).Status != "tobedeleted" {
				return true
			}
			t.Examined(listed, 1)
			op := c.Read
			response := t.Get(ctx, op.PathFor(id), "")
			if response.Status != 200 && response.Status != 404 && !t.ItsOwn(ctx, response, reachable) {
				return false
			}
			if response.Status >= 500 && !readsOthers(ctx, t, c, op, reachable) {
				return false
			}
			single, _ := takeSingle(response, op.Wrapper)
			status := Read[Base](single).Status
			if response.Status == 200 && single == nil {
				t.Hinders(response) // the wrapper is judged by itself
				return false
			}
			t.Assert(reachable, response.Status == 200 && status == "tobedeleted",
				harness.Finding{Expected: "200 and the record with status tobedeleted",
					Seen: fmt.Sprintf("%s, status %q", response.Summary(), status), Where: id, Responses: []*harness.Response{response}})
			tried++
			return tried < 2
		})
	}
	judgeDropped(ctx, t, listed)
	t.Absent("no collection shows a record with status tobedeleted", reachable)
	t.Absent("no collection shows a record with status tobedeleted: either there is none, or they are dropped", listed)
}

// readsOthers tells whether a record that isn't flagged can be read where one that is
// can't. Where it can't either, the requirements are blocked by the endpoint.
func readsOthers(ctx context.Context, t *T, c service.Collection, op service.Operation, ids ...string) bool {
	answered := true
	_ = crawl(t).Raw(c.Name).Each(func(_ int, id string, object []byte) bool {
		if Read[Base](object).Status == "tobedeleted" {
			return true
		}
		if plain := t.Get(ctx, op.PathFor(id), ""); plain.Status != 200 || plain.Problem != "" {
			answered = false
			t.NotTested(t.BlockedAt(plain, plain.Summary()), ids...)
		}
		return false
	})
	return answered
}

// judgeDropped looks for records flagged tobedeleted that some sub-collection
// still shows, while the collection they belong to doesn't list them.
func judgeDropped(ctx context.Context, t *T, id string) {
	r := crawl(t)
	for _, name := range t.Service.Samples.Dropped {
		op := t.Service.Operation(name)
		whole := r.Raw(t.Service.CollectionOf(op.Kind).Name)
		if !t.Session().Covers(name) || whole == nil || !whole.Complete || r.Raw(op.Root()) == nil {
			continue
		}
		for n, parent := range SortedKeys(r.IDs(op.Root())) {
			if n > 4 {
				break
			}
			page := t.List(ctx, op.PathFor(parent), op.Wrapper, Query("limit", "1000"))
			if !page.OK() {
				t.Hinders(page.Response) // judged as an endpoint
				continue
			}
			for i, o := range page.Objects {
				if Read[Base](o).Status == "tobedeleted" && page.IDs[i] != "" {
					t.Assert(id, whole.Has(page.IDs[i]),
						harness.Finding{Expected: "the flagged record in /" + t.Service.CollectionOf(op.Kind).Name + " too",
							Seen: "only " + op.Path + " shows it", Where: page.IDs[i], Responses: []*harness.Response{page.Response}})
				}
			}
		}
	}
}

// changes are the distinct instants at which the objects of a collection changed.
func changes(r *Corpus, name string) map[string]time.Time {
	out := map[string]time.Time{}
	_ = r.Raw(name).Each(func(_ int, id string, object []byte) bool {
		if at, err := time.Parse(time.RFC3339Nano, Read[Base](object).DateLastModified); err == nil && id != "" {
			out[id] = at
		}
		return true
	})
	return out
}

// deltaMost bounds the collections for which a delta is computed in full.
const deltaMost = 20_000

func delta(ctx context.Context, t *T) {
	const id, deleted = "lifecycle.delta", "lifecycle.delta-deleted"
	r := crawl(t)
	for _, c := range t.Service.Collections {
		raw := r.Raw(c.Name)
		if raw == nil || c.Derived() != "" || !raw.Complete || raw.Len() == 0 || raw.Len() > deltaMost {
			continue
		}
		times := changes(r, c.Name)
		since, ok := middle(times)
		if !ok || len(times) != len(r.IDs(c.Name)) {
			continue
		}
		op := c.List
		for _, predicate := range []string{">", ">="} {
			g := t.ReadAll(ctx, op.Path, op.Wrapper, deltaMost, "filter",
				"dateLastModified"+predicate+quote(since.UTC().Format("2006-01-02T15:04:05.000Z")))
			if !g.Usable(t, id, deleted) {
				continue
			}
			want := map[string]bool{}
			for x, at := range times {
				if at.After(since) || predicate == ">=" && at.Equal(since) {
					want[x] = true
				}
			}
			t.Assert(id, len(Apart(want, g.IDs))+len(Apart(g.IDs, want)) == 0, harness.Finding{
				Expected: fmt.Sprintf("the %d objects of /%s with dateLastModified %s %s", len(want), c.Name, predicate,
					since.UTC().Format(time.RFC3339Nano)),
				Seen: fmt.Sprintf("%d objects; %s", len(g.IDs), difference(want, g.IDs)), Responses: []*harness.Response{g.First.Response}})
			for x := range want {
				if i := raw.Find(x); i >= 0 {
					if _, object, err := raw.At(i); err == nil && Read[Base](object).Status == "tobedeleted" {
						t.Assert(deleted, g.IDs[x], harness.Finding{Expected: "the deletion of " + x + " among the changes", Seen: "it is missing", Where: x,
							Responses: []*harness.Response{g.First.Response}})
					}
				}
			}
		}
	}
	t.Absent("no collection of a size to compute holds objects that changed at different times", id)
	t.Absent("no record with status tobedeleted changed after others", deleted)
}

// middle picks the median instant of change with millisecond precision; ok is
// false when all are the same.
func middle(times map[string]time.Time) (time.Time, bool) {
	var all []time.Time
	for _, at := range times {
		if at.Equal(at.Truncate(time.Millisecond)) {
			all = append(all, at)
		}
	}
	slices.SortFunc(all, time.Time.Compare)
	if len(all) < 2 || all[0].Equal(all[len(all)-1]) {
		return time.Time{}, false
	}
	m := all[len(all)/2]
	if m.Equal(all[len(all)-1]) {
		// Nothing would be later: take the one before.
		i := slices.IndexFunc(all, func(x time.Time) bool { return x.Equal(m) })
		m = all[max(0, i-1)]
	}
	return m, true
}

// skew is how far ahead of ours the target's clock may be.
const skew = 5 * time.Minute

// clockStep is as long as two answers lie apart that are compared for the time of the answer.
const clockStep = 1100 * time.Millisecond

// justNow tells whether an object says that it was changed at this moment.
func justNow(object json.RawMessage) bool {
	at, err := time.Parse(time.RFC3339Nano, Read[Base](object).DateLastModified)
	return err == nil && time.Since(at).Abs() < skew
}

// pause waits, and tells whether the check may go on.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

func modified(ctx context.Context, t *T) {
	const stable, future = "lifecycle.modified-stable", "lifecycle.modified-not-future"
	r := crawl(t)
	now := time.Now()
	for _, c := range t.Service.Collections {
		raw := r.Raw(c.Name)
		if raw == nil || c.Derived() != "" || raw.Len() == 0 {
			continue
		}
		_ = raw.Each(func(i int, id string, object []byte) bool {
			at, err := time.Parse(time.RFC3339Nano, Read[Base](object).DateLastModified)
			if err == nil {
				t.Assert(future, !at.After(now.Add(skew)),
					harness.Finding{Sent: "GET /" + c.Name + " (the crawl)", Expected: "an instant in the past", Seen: at.Format(time.RFC3339),
						Where: id + " /dateLastModified"})
			}
			return i < deltaMost
		})
		op := c.List
		first := t.List(ctx, op.Path, op.Wrapper, Query("limit", "5"))
		if !first.OK() {
			t.Hinders(first.Response)
			continue
		}
		if slices.ContainsFunc(first.Objects, justNow) {
			// A clock of whole seconds is to have gone on.
			if !pause(ctx, clockStep) {
				return
			}
		}
		again := t.List(ctx, op.Path, op.Wrapper, Query("limit", "5"))
		before := map[string]string{}
		for _, o := range first.Objects {
			before[SourcedID(o)] = Read[Base](o).DateLastModified
		}
		for _, o := range again.Objects {
			id, at := SourcedID(o), Read[Base](o).DateLastModified
			was, both := before[id]
			if !both {
				continue
			}
			// A real change in this moment is possible; the time of the request
			// is told by its closeness to now on every object.
			t.Assert(stable, was == at || !justNow(o), harness.Finding{Expected: "dateLastModified " + was + " again", Seen: at,
				Where:     id + " /dateLastModified",
				Responses: []*harness.Response{again.Response, first.Response}})
		}
	}
	t.Lacks("every collection is empty", "Load some objects.")
}
