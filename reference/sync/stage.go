package sync

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	stdsync "sync"
	"unicode/utf8"

	"github.com/rollcall-edu/rollcall/reference/sis"
	"github.com/rollcall-edu/rollcall/reference/store"
)

// stageAll reads every collection that isn't read yet, and finds what is gone.
func (r *run) stageAll(ctx context.Context) error {
	s := r.s
	for ; s.At < len(s.Stages); s.At, s.From = s.At+1, "" {
		if err := r.stageOne(ctx, &s.Stages[s.At]); err != nil {
			return err
		}
	}
	if !s.Read {
		s.Read, s.ReadTo = true, s.Packs
		if err := r.write(ctx); err != nil {
			return err
		}
	}
	if s.Finished {
		return nil
	}
	for i := range r.all {
		if !r.reads(i) { // what isn't read stays, and may be referred to
			if err := r.seeHeld(ctx, i); err != nil {
				return err
			}
		}
	}
	if s.Mode == Full {
		for i := range s.Stages {
			if x := &s.Stages[i]; !x.Left {
				if err := r.stageGone(ctx, x); err != nil {
					return err
				}
			}
		}
	}
	r.countDangling()
	for i := range s.Stages {
		x := &s.Stages[i]
		x.After = x.Before + x.Gained - x.Lost
	}
	s.Finished = true
	return r.write(ctx)
}

// reads says whether a collection, by its place, is read by this sync.
func (r *run) reads(place int) bool {
	for _, s := range r.s.Stages {
		if r.place[s.Collection] == place {
			return true // what was left is seen already
		}
	}
	return false
}

// stageOne reads one collection to its end.
func (r *run) stageOne(ctx context.Context, x *stage) error {
	s := r.s
	if x.Left {
		return nil
	}
	if s.From == "" && x.Pages == 0 {
		x.Pack = s.Packs
	}
	for !x.Done {
		err := r.readPages(ctx, Reading{Collection: x.Collection, Mode: x.Mode, Since: x.Since, From: s.From,
			Held: r.m.store.Lookup}, func(p Page) error {
			if x.Done {
				return fmt.Errorf("%s goes on behind its end", x.Collection)
			}
			return r.stagePage(ctx, x, p)
		})
		switch {
		case errors.Is(err, ErrNotOffered) && x.Pages == 0:
			x.Left = true
			return errors.Join(r.seeHeld(ctx, r.place[x.Collection]), r.write(ctx))
		case err != nil:
			return fmt.Errorf("reading %s: %w", x.Collection, err)
		case !x.Done:
			return fmt.Errorf("reading %s: the source stopped before its end", x.Collection)
		}
		broken := breaches(r.o.Rules, x.Staged, func(rule Rule) bool { return rule.Again })
		if len(broken) == 0 || x.Again >= again {
			break
		}
		if err := r.readAgain(ctx, x); err != nil {
			return err
		}
	}
	if x.Searched {
		return nil
	}
	return r.findGone(ctx, x)
}

// readPages has the source read one page while the one before is staged.
func (r *run) readPages(ctx context.Context, reading Reading, stage func(Page) error) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	pages, ended := make(chan Page), make(chan error, 1)
	go func() {
		defer close(pages)
		ended <- r.from.Read(ctx, reading, func(p Page) error {
			select {
			case pages <- p:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
	}()
	var failed error
	for p := range pages { // to the end: the source is not to be left alone
		if failed == nil {
			if failed = stage(p); failed != nil {
				stop()
			}
		}
	}
	if err := <-ended; failed == nil {
		failed = err
	}
	return failed
}

// readAgain begins a collection once more, and leaves nothing of what came.
func (r *run) readAgain(ctx context.Context, x *stage) error {
	before := x.Staged
	x.Staged = Staged{Collection: before.Collection, Mode: before.Mode, Total: -1, First: -1, Before: before.Before, Again: before.Again + 1}
	x.Gained = 0
	r.s.Packs, r.s.From = x.Pack, ""
	clear(r.seen)
	clear(r.gone)
	clear(r.pending)
	return errors.Join(r.write(ctx), r.remember(ctx))
}

// prepared is an object that is ready to be compared with what is held.
type prepared struct {
	hash   uint64
	body   []byte
	refers []reference
	unfit  string
	// undated says that the source has no date of it: the one in the body is ours.
	undated bool
}

type reference struct {
	to   int
	hash uint64
	id   string
}

// stageAtOnce is how many objects of a page are in memory in every form, however large the page is.
const stageAtOnce = 2048

// stagePage compares a page with what is held, and makes what came of it durable.
func (r *run) stagePage(ctx context.Context, x *stage, p Page) error {
	packs := &packer{collection: r.place[x.Collection]}
	for objects := range slices.Chunk(p.Objects, stageAtOnce) {
		if err := r.stageObjects(ctx, x, objects, packs); err != nil {
			return err
		}
	}
	x.Pages++
	if p.Total >= 0 || x.Pages == 1 {
		x.Total = p.Total
	}
	if x.Pages == 1 {
		x.First = p.Total
	}
	r.s.From, x.Done = p.Next, p.Next == ""
	if err := r.write(ctx, packs.all()...); err != nil {
		return err
	}
	r.progress++
	r.o.Progress(Progress{Mode: x.Mode, Collection: x.Collection, Read: x.Read, Total: x.Total})
	return nil
}

// stageObjects compares objects of one collection with what is held, and stages what comes of it.
func (r *run) stageObjects(ctx context.Context, x *stage, objects []Object, packs *packer) error {
	place := r.place[x.Collection]
	ready := r.prepare(x.Collection, objects)
	held, err := r.lookUp(ctx, x.Collection, objects, ready)
	if err != nil {
		return err
	}
	seen := r.see(place)
	var open []reference // that lead to what this sync hasn't read
	var by []string
	for i := range ready {
		o, a := &objects[i], &ready[i]
		if !seen.add(a.hash) {
			x.Twice++
			if a.unfit == "" {
				packs.add(step{op: opAgain, id: o.SourcedID, body: a.body})
			}
			continue
		}
		if a.unfit != "" {
			x.Unfit++
			packs.add(step{op: opUnfit, id: o.SourcedID, body: []byte(a.unfit)})
			continue
		}
		x.count(o, a, held[i], packs)
		for _, ref := range a.refers {
			if !r.seen[ref.to].has(ref.hash) {
				open, by = append(open, ref), append(by, o.SourcedID)
			}
		}
	}
	return r.stageOpen(ctx, place, open, by, packs)
}

// count stages one object that came for the first time.
func (x *stage) count(o *Object, a *prepared, held holds, packs *packer) {
	x.Read++
	active := o.Status != ToBeDeleted
	if active {
		x.Active++
	}
	if o.Modified.After(x.Newest) {
		x.Newest = o.Modified.UTC()
	}
	switch {
	case held == holdsNone:
		x.Added++
		if active {
			x.Gained++
		}
		packs.add(step{op: opAdd, id: o.SourcedID, body: a.body})
	case held == holdsSame:
		x.Unchanged++
		packs.add(step{op: opSame, hash: a.hash})
	case held == holdsActive && !active:
		x.Flagged++
		x.Lost++
		packs.add(step{op: opFlag, id: o.SourcedID, body: a.body})
	default:
		x.Changed++
		if active && held == holdsFlagged {
			x.Gained++
		}
		packs.add(step{op: opChange, id: o.SourcedID, body: a.body})
	}
}

var (
	activeMember  = []byte(`","status":"active"`)
	flaggedMember = []byte(`","status":"tobedeleted"`)
)

// isActive reads the status of a stored object. Its first member is the sourcedId, in which a quote
// has a backslash before it, so that no text within looks like the end of it.
func isActive(body []byte) bool {
	i, j := bytes.Index(body, activeMember), bytes.Index(body, flaggedMember)
	return j < 0 || i >= 0 && i < j
}

var dateMember = []byte(`","dateLastModified":"`)

// equalButDate compares two stored objects but for their third member.
func equalButDate(a, b []byte) bool {
	beforeA, afterA, hasA := bytes.Cut(a, dateMember)
	beforeB, afterB, hasB := bytes.Cut(b, dateMember)
	if !hasA || !hasB || !bytes.Equal(beforeA, beforeB) {
		return false
	}
	_, afterA, _ = bytes.Cut(afterA, []byte{'"'})
	_, afterB, _ = bytes.Cut(afterB, []byte{'"'})
	return bytes.Equal(afterA, afterB)
}

// flagged is a stored object with the status that it is to be deleted.
func flagged(body []byte) []byte { return bytes.Replace(body, activeMember, flaggedMember, 1) }

// stageOpen notes what leads to nothing that was read yet. In a delta most of it is held.
func (r *run) stageOpen(ctx context.Context, place int, open []reference, by []string, packs *packer) error {
	held := make([]bool, len(open))
	if r.s.Mode == Delta {
		groups := map[int][]int{}
		for i, ref := range open {
			groups[ref.to] = append(groups[ref.to], i)
		}
		for to, group := range groups {
			ids := make([]string, len(group))
			for n, i := range group {
				ids[n] = open[i].id
			}
			has, err := r.m.store.Has(ctx, r.all[to], ids)
			if err != nil {
				return err
			}
			for n, i := range group {
				held[i] = has[n]
			}
		}
	}
	for i, ref := range open {
		if held[i] {
			continue
		}
		r.refer(target{ref.to, ref.hash}, place, by[i])
		packs.add(step{op: opRefers, to: ref.to, hash: ref.hash, id: by[i]})
	}
	return nil
}

// holds is how the mirror has an object that came.
type holds byte

const (
	holdsNone    holds = iota
	holdsSame          // byte for byte
	holdsActive        // otherwise, as active
	holdsFlagged       // otherwise, as flagged
)

// lookUp compares the objects of a page with what is held.
func (r *run) lookUp(ctx context.Context, c store.Collection, objects []Object, ready []prepared) ([]holds, error) {
	held := make([]holds, len(objects))
	if !r.held[c] {
		return held, nil
	}
	ids := make([]string, len(objects))
	for i := range objects {
		ids[i] = objects[i].SourcedID
	}
	err := r.m.store.Lookup(ctx, c, ids, func(n int, body []byte) error {
		switch {
		case bytes.Equal(body, ready[n].body), ready[n].undated && equalButDate(body, ready[n].body):
			held[n] = holdsSame
		case isActive(body):
			held[n] = holdsActive
		default:
			held[n] = holdsFlagged
		}
		return nil
	})
	return held, err
}

// prepareAtOnce is how many objects of a page one goroutine prepares.
const prepareAtOnce = 256

// prepare brings the objects of a page into the form in which they are stored, which takes the most
// of a sync: by as many goroutines as there are processors.
func (r *run) prepare(c store.Collection, objects []Object) []prepared {
	ready := make([]prepared, len(objects))
	var wait stdsync.WaitGroup
	limit := make(chan struct{}, runtime.GOMAXPROCS(0))
	for first := 0; first < len(objects); first += prepareAtOnce {
		limit <- struct{}{}
		wait.Go(func() {
			defer func() { <-limit }()
			for i := first; i < min(first+prepareAtOnce, len(objects)); i++ {
				ready[i] = r.prepareOne(c, &objects[i])
			}
		})
	}
	wait.Wait()
	return ready
}

func (r *run) prepareOne(c store.Collection, o *Object) prepared {
	a := prepared{hash: hashOf(o.SourcedID), undated: o.Modified.IsZero()}
	modified := o.Modified
	if a.undated {
		modified = r.s.Started
	}
	switch {
	case o.Unfit != "":
		a.unfit = o.Unfit
	case o.Collection != c:
		a.unfit = "it is of another collection"
	case o.SourcedID == "" || !utf8.ValidString(o.SourcedID) || bytes.IndexByte([]byte(o.SourcedID), 0) >= 0:
		a.unfit = "its sourcedId can't be used"
	case o.Status != Active && o.Status != ToBeDeleted:
		a.unfit = "its status is neither active nor tobedeleted"
	}
	if a.unfit != "" {
		return a
	}
	body, err := sis.Normalize(c, o.Body, o.SourcedID, o.Status, modified, func(to store.Collection, id string) {
		a.refers = append(a.refers, reference{to: r.place[to], hash: hashOf(id), id: id})
	})
	if err != nil {
		a.unfit, a.refers = err.Error(), nil
		return a
	}
	a.body = body
	return a
}

// packer cuts steps into packs.
type packer struct {
	collection int
	current    pack
	sealed     [][]byte
}

func (p *packer) add(s step) {
	p.current.add(s)
	if p.current.full() {
		p.cut()
	}
}

func (p *packer) cut() {
	if p.current.count > 0 {
		p.sealed = append(p.sealed, p.current.seal(p.collection))
		p.current.b, p.current.count = p.current.b[:0], 0
	}
}

func (p *packer) all() [][]byte {
	p.cut()
	return p.sealed
}
