package store

import (
	"context"
	"errors"
	"regexp"
)

// partName is the end of a DSN that names a part of a database, as in district.db#library.
var partName = regexp.MustCompile(`^(.*)#([a-z][A-Za-z0-9]{0,15})$`)

// Part gives the DSN of a part of a database, which has its collections, lists and label for itself: several
// roles, of which some keep the same collections, can have one database. Memory has no parts, for nobody else
// opens the same. The name has a small letter, and up to 15 letters and digits behind it.
func Part(dsn, name string) string {
	if dsn == "" || dsn == "memory" {
		return dsn
	}
	return dsn + "#" + name
}

// errPart says that what replaces everything can't be done to a part.
var errPart = errors.New("a part of a database can't be loaded as a whole")

// labels is the collection in which a part keeps its label, as the only document.
const labels Collection = "label"

// part is a store within another one: its collections have a name before theirs.
type part struct {
	whole *database
	name  string
}

func (p part) in(c Collection) Collection { return Collection(p.name + "_" + string(c)) }

func (p part) list(relation string) string { return p.name + "/" + relation }

func (p part) Load(context.Context, Dataset) error { return errPart }

func (p part) Label(ctx context.Context) (label string, err error) {
	err = p.whole.Lookup(ctx, p.in(labels), []string{string(labels)}, func(_ int, body []byte) error {
		label = string(body)
		return nil
	})
	return label, err
}

func (p part) Update(ctx context.Context, work func(Tx) error) error {
	return p.whole.Update(ctx, func(tx Tx) error { return work(partTx{p, tx}) })
}

func (p part) Count(ctx context.Context, c Collection) (int, error) {
	return p.whole.Count(ctx, p.in(c))
}

func (p part) Find(ctx context.Context, c Collection, sourcedID string) (Key, error) {
	return p.whole.Find(ctx, p.in(c), sourcedID)
}

func (p part) Keys(ctx context.Context, c Collection, offset, limit int) ([]Key, error) {
	return p.whole.Keys(ctx, p.in(c), offset, limit)
}

func (p part) Read(ctx context.Context, c Collection, keys []Key, visit Visit) error {
	return p.whole.Read(ctx, p.in(c), keys, visit)
}

func (p part) Scan(ctx context.Context, c Collection, first, end Key, visit Visit) error {
	return p.whole.Scan(ctx, p.in(c), first, end, visit)
}

func (p part) Column(ctx context.Context, c Collection, column string, visit Visit) error {
	return p.whole.Column(ctx, p.in(c), column, visit)
}

func (p part) Lookup(ctx context.Context, c Collection, sourcedIDs []string, visit func(n int, body []byte) error) error {
	return p.whole.Lookup(ctx, p.in(c), sourcedIDs, visit)
}

func (p part) Has(ctx context.Context, c Collection, sourcedIDs []string) ([]bool, error) {
	return p.whole.Has(ctx, p.in(c), sourcedIDs)
}

func (p part) SourcedIDs(ctx context.Context, c Collection, visit func(sourcedID []byte) error) error {
	return p.whole.SourcedIDs(ctx, p.in(c), visit)
}

func (p part) There(ctx context.Context, c Collection, keys []Key) ([]Key, error) {
	return p.whole.There(ctx, p.in(c), keys)
}

func (p part) Members(ctx context.Context, relation string, owner Key) ([]Key, error) {
	return p.whole.Members(ctx, p.list(relation), owner)
}

func (p part) Version() Version { return p.whole.Version() }

func (p part) Changed(c Collection, since Version) ([]Key, bool) {
	return p.whole.Changed(p.in(c), since)
}

func (p part) Relinked(relation string, owner Key, since Version) ([]Key, bool) {
	return p.whole.Relinked(p.list(relation), owner, since)
}

func (p part) Close() error { return p.whole.Close() }

// partTx is a transaction of a part.
type partTx struct {
	part
	tx Tx
}

func (t partTx) Get(c Collection, sourcedID string) (Key, []byte, error) {
	return t.tx.Get(t.in(c), sourcedID)
}

func (t partTx) Put(c Collection, d Document) (Key, error) { return t.tx.Put(t.in(c), d) }

func (t partTx) PutAll(c Collection, documents []Document) error {
	return t.tx.PutAll(t.in(c), documents)
}

func (t partTx) Delete(c Collection, sourcedID string) (Key, error) {
	return t.tx.Delete(t.in(c), sourcedID)
}

func (t partTx) DeleteAll(c Collection, sourcedIDs []string) (int, error) {
	return t.tx.DeleteAll(t.in(c), sourcedIDs)
}

func (t partTx) SetLabel(label string) error {
	_, err := t.tx.Put(t.in(labels), Document{SourcedID: string(labels), Body: []byte(label)})
	return err
}

func (t partTx) Oldest(c Collection, prefix string) (sourcedID string, count int, err error) {
	return t.tx.Oldest(t.in(c), prefix)
}

func (t partTx) Members(relation string, owner Key) ([]Key, error) {
	return t.tx.Members(t.list(relation), owner)
}

func (t partTx) Link(relation string, owner, member Key) error {
	return t.tx.Link(t.list(relation), owner, member)
}

func (t partTx) Unlink(relation string, owner, member Key) error {
	return t.tx.Unlink(t.list(relation), owner, member)
}
