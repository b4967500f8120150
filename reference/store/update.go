package store

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
)

// update is a transaction under way.
type update struct {
	ctx     context.Context
	d       *database
	t       transaction
	touched map[Collection]*touched
	links   *stamp // of all lists; nil while none is touched
	linked  []linkChange
	failed  error // what can't be recovered from
	over    bool
}

// touched is what a transaction changes of a collection.
type touched struct {
	entry
	replaced  int // since columns were made
	put, gone []Key
	bare      bool // without the index by sourcedId, which finish makes
}

type linkChange struct {
	relation      string
	owner, member Key
}

var errOver = errors.New("the transaction is over")

func (d *database) Update(ctx context.Context, work func(Tx) error) error {
	u := &update{ctx: ctx, d: d, touched: map[Collection]*touched{}}
	err := d.transact(ctx, false, func(t transaction) error {
		u.t = t
		defer func() { u.over = true }()
		if err := work(u); err != nil {
			return err
		}
		if u.failed != nil {
			return u.failed
		}
		return u.finish()
	}, u.publish)
	if err != nil {
		return fmt.Errorf("writing to the store: %w", err)
	}
	return nil
}

// finish writes what the next transaction begins from.
func (u *update) finish() error {
	for _, c := range slices.SortedFunc(maps.Keys(u.touched), byName) {
		x := u.touched[c]
		if err := u.cover(c, x); err != nil {
			return fmt.Errorf("%s: %w", c, err)
		}
		if err := u.sealWhatIsDue(c, x); err != nil {
			return fmt.Errorf("%s: %w", c, err)
		}
		x.stamp++
		if err := writeEntry(u.ctx, u.t, string(c), x.entry); err != nil {
			return fmt.Errorf("%s: %w", c, err)
		}
	}
	if u.links != nil {
		if err := writeEntry(u.ctx, u.t, listsTable, entry{stamp: *u.links + 1}); err != nil {
			return fmt.Errorf("lists: %w", err)
		}
	}
	return nil
}

// publish lets readers see what was committed.
func (u *update) publish() {
	d := u.d
	d.mu.Lock()
	defer d.mu.Unlock()
	d.version++
	for c, x := range u.touched {
		h := d.held[c]
		h.stamp, h.sealed, h.replaced = x.stamp, x.sealed, x.replaced
		for h.at.next < x.next {
			h.at.live.Add(uint32(h.at.next))
			h.at.next++
		}
		for _, key := range x.gone {
			h.at.live.Remove(uint32(key))
		}
		for _, key := range append(x.put, x.gone...) {
			h.changed.add(d.version, Whole, key)
		}
	}
	if u.links != nil {
		d.links++
	}
	for _, l := range u.linked {
		h := d.linked[l.relation]
		if h == nil {
			h = &history{since: d.linksAt}
			d.linked[l.relation] = h
		}
		h.add(d.version, l.owner, l.member)
	}
}

// fail notes an error after which the transaction can't go on.
func (u *update) fail(attempted string, err error) error {
	if err == nil {
		return nil
	}
	err = fmt.Errorf("%s: %w", attempted, err)
	if u.failed == nil {
		u.failed = err
	}
	return err
}

// usable says whether the transaction can be asked, of a collection if one is named.
func (u *update) usable(c Collection) error {
	switch {
	case u.over:
		return errOver
	case u.failed != nil:
		return u.failed
	case c != "":
		return u.d.known(c)
	}
	return nil
}

// ready is usable, for methods that look a document of the collection up by its sourcedId.
func (u *update) ready(c Collection) error {
	err := u.usable(c)
	if x := u.touched[c]; err == nil && x != nil {
		err = u.fail(fmt.Sprintf("completing %s", c), u.cover(c, x))
	}
	return err
}

// touch takes a collection for writing. Where another process wrote to it what is
// held of it is read anew.
func (u *update) touch(c Collection) (*touched, error) {
	if x := u.touched[c]; x != nil {
		return x, nil
	}
	e, err := readEntry(u.ctx, u.t, string(c), u.d.engine.words().lock)
	if err != nil {
		return nil, err
	}
	u.d.mu.RLock()
	h := u.d.held[c]
	u.d.mu.RUnlock()
	if h.stamp != e.stamp {
		if h, err = hold(u.ctx, u.t, c); err != nil {
			return nil, err
		}
		u.d.mu.Lock()
		u.d.version++
		h.changed.since = u.d.version
		u.d.held[c] = h
		u.d.mu.Unlock()
	}
	x := &touched{entry: e, replaced: h.replaced}
	u.touched[c] = x
	return x, nil
}

// touchLinks takes the lists for writing.
func (u *update) touchLinks() error {
	if u.links != nil {
		return nil
	}
	e, err := readEntry(u.ctx, u.t, listsTable, u.d.engine.words().lock)
	if err != nil {
		return err
	}
	u.d.mu.Lock()
	if u.d.links != e.stamp {
		u.d.version++
		u.d.forgetLinks(e.stamp)
	}
	u.d.mu.Unlock()
	u.links = &e.stamp
	return nil
}

func (u *update) Get(c Collection, sourcedID string) (Key, []byte, error) {
	if err := u.ready(c); err != nil {
		return 0, nil, err
	}
	key, body, err := find(u.ctx, u.t, c, sourcedID, true)
	if err != nil && !errors.Is(err, ErrNotFound) {
		err = u.fail("reading a document", err)
	}
	return key, body, err
}

func (u *update) Put(c Collection, d Document) (Key, error) {
	if err := u.ready(c); err != nil {
		return 0, err
	}
	key, err := u.put(c, d)
	return key, u.fail(fmt.Sprintf("putting %q into %s", d.SourcedID, c), err)
}

func (u *update) put(c Collection, d Document) (Key, error) {
	if !storable(d.SourcedID) {
		return 0, errors.New("the sourcedId is no text that can be stored")
	}
	x, err := u.touch(c)
	if err != nil {
		return 0, err
	}
	key, _, err := find(u.ctx, u.t, c, d.SourcedID, false)
	switch {
	case err == nil:
		err = u.replace(c, x, key, filled(d.Body))
	case errors.Is(err, ErrNotFound):
		key = x.next
		if key < 0 || key == 1<<31-1 {
			return 0, errors.New("the collection has no keys left; load it anew")
		}
		x.next++
		statement := fmt.Sprintf(`INSERT INTO %s (key, "sourcedId", body) VALUES ($1, $2, $3)`, table(c))
		err = u.t.execute(u.ctx, statement, key, d.SourcedID, filled(d.Body))
	}
	if err == nil {
		x.put = append(x.put, key)
	}
	return key, err
}

func (u *update) replace(c Collection, x *touched, key Key, body []byte) error {
	if err := u.t.execute(u.ctx, fmt.Sprintf(`UPDATE %s SET body = $2 WHERE key = $1`, table(c)), key, body); err != nil {
		return err
	}
	if key >= x.sealed {
		return nil
	}
	first, err := lists(replacedTable).link(u.ctx, u.t, string(c), Whole, key)
	if first {
		x.replaced++
	}
	return err
}

func (u *update) Delete(c Collection, sourcedID string) (Key, error) {
	if err := u.ready(c); err != nil {
		return 0, err
	}
	key, _, err := find(u.ctx, u.t, c, sourcedID, false)
	if errors.Is(err, ErrNotFound) {
		return 0, err
	}
	if err == nil {
		err = u.delete(c, key)
	}
	return key, u.fail(fmt.Sprintf("deleting %q from %s", sourcedID, c), err)
}

func (u *update) delete(c Collection, key Key) error {
	x, err := u.touch(c)
	if err != nil {
		return err
	}
	if err := u.t.execute(u.ctx, fmt.Sprintf(`DELETE FROM %s WHERE key = $1`, table(c)), key); err != nil {
		return err
	}
	if _, err := lists(goneTable).link(u.ctx, u.t, string(c), Whole, key); err != nil {
		return err
	}
	x.gone = append(x.gone, key)
	return nil
}

func (u *update) Members(relation string, owner Key) ([]Key, error) {
	if err := u.usable(""); err != nil {
		return nil, err
	}
	members, err := lists(listsTable).read(u.ctx, u.t, relation, owner)
	return members, u.fail(fmt.Sprintf("reading the list %s of %d", relation, owner), err)
}

func (u *update) Link(relation string, owner, member Key) error {
	return u.relink("linking", lists.link, relation, owner, member)
}

func (u *update) Unlink(relation string, owner, member Key) error {
	return u.relink("unlinking", lists.unlink, relation, owner, member)
}

type linking func(l lists, ctx context.Context, t transaction, relation string, owner, member Key) (bool, error)

func (u *update) relink(attempted string, by linking, relation string, owner, member Key) error {
	if err := u.usable(""); err != nil {
		return err
	}
	err := u.touchLinks()
	changed := false
	if err == nil {
		changed, err = by(lists(listsTable), u.ctx, u.t, relation, owner, member)
	}
	if changed {
		u.linked = append(u.linked, linkChange{relation, owner, member})
	}
	return u.fail(fmt.Sprintf("%s %d in the list %s of %d", attempted, member, relation, owner), err)
}
