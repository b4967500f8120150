package sync

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"github.com/rollcall-edu/rollcall/reference/sis"
	"github.com/rollcall-edu/rollcall/reference/store"
)

// goneAtOnce is how many objects that are gone are staged at once.
const goneAtOnce = 4096

// findGone notes what is held of a collection and didn't come. From then on a collection that nothing
// refers to needs not be remembered.
func (r *run) findGone(ctx context.Context, x *stage) error {
	place := r.place[x.Collection]
	packs := &packer{collection: place}
	if r.s.Mode == Full {
		seen := r.see(place)
		err := r.m.store.SourcedIDs(ctx, x.Collection, func(id []byte) error {
			if !seen.has(hashOf(string(id))) {
				r.gone[place] = append(r.gone[place], string(id))
				packs.add(step{op: opGone, id: string(id)})
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	x.Searched = true
	if err := r.write(ctx, packs.all()...); err != nil {
		return err
	}
	if !sis.Referred(x.Collection) {
		r.seen[place] = nil
	}
	return nil
}

// stageGone stages what becomes of what is gone. What something refers to that did come stays, flagged: a
// reference shall not be broken by us.
func (r *run) stageGone(ctx context.Context, x *stage) error {
	for ids := range slices.Chunk(r.gone[r.place[x.Collection]], goneAtOnce) {
		if err := r.stageGoneOf(ctx, x, ids); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) stageGoneOf(ctx context.Context, x *stage, ids []string) error {
	place := r.place[x.Collection]
	packs := &packer{collection: place}
	err := r.m.store.Lookup(ctx, x.Collection, ids, func(n int, body []byte) error {
		active := isActive(body)
		p := r.pending[target{place, hashOf(ids[n])}]
		if p != nil {
			p.kept = true
			if !active {
				return nil // as it is already
			}
			x.Kept++
			packs.add(step{op: opKeep, id: ids[n], body: flagged(bytes.Clone(body))})
		} else {
			x.Deleted++
			packs.add(step{op: opDelete, id: ids[n]})
		}
		if active {
			x.Lost++
			x.LostGone++
		}
		return nil
	})
	if err != nil {
		return err
	}
	return r.write(ctx, packs.all()...)
}

// danglesMost is how many references that lead nowhere are told one by one.
const danglesMost = 50

// countDangling counts the references that lead nowhere.
func (r *run) countDangling() {
	stages := map[int]*stage{}
	for i := range r.s.Stages {
		stages[r.place[r.s.Stages[i].Collection]] = &r.s.Stages[i]
	}
	r.s.Dangles = nil
	for t, p := range r.pending {
		if p.kept || r.seen[t.collection].has(t.hash) {
			continue
		}
		x := stages[p.from]
		if x == nil {
			continue
		}
		x.Dangling += p.count
		if len(r.s.Dangles) < danglesMost {
			r.s.Dangles = append(r.s.Dangles, Entry{Collection: x.Collection, SourcedID: p.id, What: Dangles,
				Why: fmt.Sprintf("it refers to something in %s that isn't there", r.all[t.collection])})
		}
	}
}

// entries are the changes of a sync for its report, and for whoever follows the mirror.
type entries struct {
	Entries []Entry
	more    int
	follow  changes
}

var whatOf = map[op]What{
	opAdd: Added, opChange: Changed, opAgain: Changed, opFlag: Flagged, opDelete: Deleted, opKeep: Kept, opUnfit: Unfit,
}

func (e *entries) add(c store.Collection, s step, why string) {
	what := whatOf[s.op]
	x := Entry{Collection: c, SourcedID: s.id, What: what, Why: why}
	if s.op != opUnfit {
		if len(e.follow.Entries) < ChangesMost {
			e.follow.Entries = append(e.follow.Entries, Entry{Collection: c, SourcedID: s.id, What: what})
		} else {
			e.follow.All = true
		}
	}
	if len(e.Entries) < EntriesMost {
		e.Entries = append(e.Entries, x)
	} else {
		e.more++
	}
}
