package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"unicode/utf8"
)

// The store's own tables begin with this, so that no collection is called like one.
const ownTables = "rollcall_"

const (
	collectionsTable = ownTables + "collections"
	datasetTable     = ownTables + "dataset"
	listsTable       = ownTables + "lists"
	// goneTable has the keys that were given and are there no longer, as a list for
	// each collection.
	goneTable = ownTables + "gone"
	// columnsTable has the values of documents by their columns, and replacedTable those
	// keys of documents that were replaced since, as a list for each collection.
	columnsTable  = ownTables + "columns"
	replacedTable = ownTables + "replaced"
)

// database is the one store, on any engine.
type database struct {
	engine  engine
	order   []Collection
	columns *Columns // nil: there are none

	// writing holds a token, which whoever writes takes: a lock that is not waited
	// for longer than the context lasts.
	writing chan struct{}

	mu      sync.RWMutex
	version Version
	held    map[Collection]*held
	linked  map[string]*history // of relations, by owner
	links   stamp               // of all lists
	linksAt Version             // nothing is known of lists before
}

// held is what is in memory of a collection.
type held struct {
	stamp   stamp
	at      *positions
	changed history
	// Columns know of documents with keys below sealed, but for those replaced since.
	sealed   Key
	replaced int
}

// stamp counts the transactions that a collection saw, in whatever process: by it
// one is told from what is held in memory.
type stamp int64

func newDatabase(ctx context.Context, e engine, columns *Columns, collections []Collection) (*database, error) {
	d := &database{
		engine: e, order: slices.Clone(collections), columns: columns, writing: make(chan struct{}, 1),
		held: map[Collection]*held{}, linked: map[string]*history{},
	}
	err := d.transact(ctx, false, func(t transaction) error {
		if err := d.createTables(ctx, t); err != nil {
			return fmt.Errorf("creating the tables: %w", err)
		}
		if err := d.reform(ctx, t); err != nil {
			return fmt.Errorf("forgetting columns of another form: %w", err)
		}
		for _, c := range collections {
			h, err := hold(ctx, t, c)
			if err != nil {
				return fmt.Errorf("reading what there is of %s: %w", c, err)
			}
			d.held[c] = h
		}
		entry, err := readEntry(ctx, t, listsTable, "")
		d.links = entry.stamp
		return err
	}, func() {})
	if err != nil {
		return nil, err
	}
	return d, nil
}

// quoted is a name as SQL has it; names have no quotes in them.
func quoted(name string) string { return `"` + name + `"` }

func table(c Collection) string { return quoted(string(c)) }

func index(c Collection) string { return quoted(string(c) + "_sourcedId") }

func (d *database) createTables(ctx context.Context, t transaction) error {
	w := d.engine.words()
	old, err := d.isOld(ctx, t)
	if err != nil {
		return err
	}
	statements := []string{
		fmt.Sprintf(`CREATE TABLE IF NOT EXISTS %s (label %s NOT NULL)`, datasetTable, w.text),
		fmt.Sprintf(`CREATE TABLE IF NOT EXISTS %s (name %s PRIMARY KEY, next BIGINT NOT NULL, stamp BIGINT NOT NULL,
			sealed BIGINT NOT NULL)`, collectionsTable, w.text),
	}
	statements = append(statements, fmt.Sprintf(`CREATE TABLE IF NOT EXISTS %s (collection %s NOT NULL, name %s NOT NULL,
		block INTEGER NOT NULL, data %s NOT NULL, PRIMARY KEY (collection, name, block))`, columnsTable, w.text, w.text, w.blob))
	for _, lists := range []string{listsTable, goneTable, replacedTable} {
		statements = append(statements, fmt.Sprintf(`CREATE TABLE IF NOT EXISTS %s (relation %s NOT NULL, owner INTEGER NOT NULL,
			first INTEGER NOT NULL, members %s NOT NULL, PRIMARY KEY (relation, owner, first))`, lists, w.text, w.blob))
	}
	for _, s := range statements {
		if err := t.execute(ctx, s); err != nil {
			return err
		}
	}
	if old {
		if err := d.migrate(ctx, t); err != nil {
			return fmt.Errorf("taking over a store of an earlier version: %w", err)
		}
	}
	for _, c := range d.order {
		if there, err := d.hasTable(ctx, t, string(c)); err != nil || there {
			if err != nil {
				return err
			}
			continue
		}
		created := []string{
			fmt.Sprintf(`CREATE TABLE %s (key INTEGER PRIMARY KEY, "sourcedId" %s NOT NULL, body %s NOT NULL)`, table(c), w.text, w.blob),
			fmt.Sprintf(createIndex, index(c), table(c)),
		}
		if w.made != "" {
			created = append(created, fmt.Sprintf(w.made, table(c)))
		}
		for _, s := range created {
			if err := t.execute(ctx, s); err != nil {
				return err
			}
		}
	}
	for _, name := range append([]string{listsTable, columnsTable}, names(d.order)...) {
		enter := fmt.Sprintf(`INSERT INTO %s (name, next, stamp, sealed) VALUES ($1, 0, 0, 0) ON CONFLICT (name) DO NOTHING`, collectionsTable)
		if err := t.execute(ctx, enter, name); err != nil {
			return err
		}
	}
	return nil
}

const createIndex = `CREATE UNIQUE INDEX %s ON %s ("sourcedId")`

func names(collections []Collection) []string {
	var out []string
	for _, c := range collections {
		out = append(out, string(c))
	}
	return out
}

func (d *database) hasTable(ctx context.Context, t transaction, name string) (there bool, err error) {
	err = t.query(ctx, d.engine.words().tables, []any{name}, func(n int64, _ []byte) error { there = n > 0; return nil })
	return there, err
}

// entry is the row of a collection among all of them.
type entry struct {
	stamp        stamp
	next, sealed Key
}

// readEntry reads it, with lock if it will be written.
func readEntry(ctx context.Context, q queryer, name, lock string) (e entry, err error) {
	there := false
	for column, take := range map[string]func(int64){
		"stamp":  func(n int64) { e.stamp = stamp(n) },
		"next":   func(n int64) { e.next = Key(n) },
		"sealed": func(n int64) { e.sealed = Key(n) },
	} {
		err := q.query(ctx, fmt.Sprintf(`SELECT %s, name FROM %s WHERE name = $1%s`, column, collectionsTable, lock), []any{name},
			func(n int64, _ []byte) error { there = true; take(n); return nil })
		if err != nil {
			return e, err
		}
	}
	if !there {
		return e, fmt.Errorf("%s has no entry in %s", name, collectionsTable)
	}
	return e, nil
}

func writeEntry(ctx context.Context, t transaction, name string, e entry) error {
	return t.execute(ctx, fmt.Sprintf(`UPDATE %s SET next = $2, stamp = $3, sealed = $4 WHERE name = $1`, collectionsTable),
		name, int64(e.next), int64(e.stamp), int64(e.sealed))
}

// hold reads what is kept in memory of a collection.
func hold(ctx context.Context, q queryer, c Collection) (*held, error) {
	e, err := readEntry(ctx, q, string(c), "")
	if err != nil {
		return nil, err
	}
	gone, err := lists(goneTable).read(ctx, q, string(c), Whole)
	if err != nil {
		return nil, err
	}
	replaced, err := lists(replacedTable).read(ctx, q, string(c), Whole)
	if err != nil {
		return nil, err
	}
	return &held{stamp: e.stamp, at: newPositions(e.next, gone), sealed: e.sealed, replaced: len(replaced)}, nil
}

// transact runs one transaction of the engine, and then has memory follow it, while
// nobody else writes. everything is as for begin.
func (d *database) transact(ctx context.Context, everything bool, work func(transaction) error, publish func()) error {
	select {
	case d.writing <- struct{}{}:
		defer func() { <-d.writing }()
	case <-ctx.Done():
		return ctx.Err()
	}
	t, err := d.engine.begin(ctx, everything)
	if err != nil {
		return err
	}
	defer t.rollback()
	if err := work(t); err != nil {
		return err
	}
	if err := t.commit(ctx); err != nil {
		// Whether it was committed is not known here where the connection broke. The
		// stamps will tell the next transaction.
		return fmt.Errorf("committing: %w", err)
	}
	publish()
	return nil
}

// of finds what is held of a collection; the caller has the lock.
func (d *database) of(c Collection) (*held, error) {
	h := d.held[c]
	if h == nil {
		return nil, fmt.Errorf("the store was not opened with a collection %q", c)
	}
	return h, nil
}

func (d *database) Label(ctx context.Context) (label string, err error) {
	err = d.engine.query(ctx, fmt.Sprintf(`SELECT 0, label FROM %s`, datasetTable), nil, func(_ int64, value []byte) error {
		label = string(value)
		return nil
	})
	if err != nil {
		return "", fmt.Errorf("reading the label of the store: %w", err)
	}
	return label, nil
}

func (d *database) Count(_ context.Context, c Collection) (int, error) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	h, err := d.of(c)
	if err != nil {
		return 0, err
	}
	return h.at.count(), nil
}

func (d *database) Keys(_ context.Context, c Collection, offset, limit int) ([]Key, error) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	h, err := d.of(c)
	if err != nil {
		return nil, err
	}
	return h.at.page(offset, limit), nil
}

func (d *database) There(_ context.Context, c Collection, keys []Key) ([]Key, error) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	h, err := d.of(c)
	if err != nil {
		return nil, err
	}
	return h.at.there(keys), nil
}

// known says whether a collection is one of this store's.
func (d *database) known(c Collection) error {
	d.mu.RLock()
	defer d.mu.RUnlock()
	_, err := d.of(c)
	return err
}

func (d *database) Find(ctx context.Context, c Collection, sourcedID string) (Key, error) {
	if err := d.known(c); err != nil {
		return 0, err
	}
	key, _, err := find(ctx, d.engine, c, sourcedID, false)
	return key, err
}

// find looks a document up, and reads its body if it is wanted.
func find(ctx context.Context, q queryer, c Collection, sourcedID string, body bool) (key Key, read []byte, err error) {
	if !storable(sourcedID) {
		return 0, nil, ErrNotFound
	}
	value := `''`
	if body {
		value = "body"
	}
	there := false
	statement := fmt.Sprintf(`SELECT key, %s FROM %s WHERE "sourcedId" = $1`, value, table(c))
	err = q.query(ctx, statement, []any{sourcedID}, func(n int64, b []byte) error {
		there, key = true, Key(n)
		if body {
			read = slices.Clone(b)
		}
		return nil
	})
	switch {
	case err != nil:
		return 0, nil, fmt.Errorf("finding a document in %s: %w", c, err)
	case !there:
		return 0, nil, ErrNotFound
	}
	return key, read, nil
}

// storable says whether both databases can hold a text: a sourcedId from a request
// may be any bytes, and what can't be held names no document.
func storable(s string) bool {
	for i := range len(s) {
		if s[i] == 0 {
			return false
		}
	}
	return utf8.ValidString(s)
}

func (d *database) Scan(ctx context.Context, c Collection, first, end Key, visit Visit) error {
	if err := d.known(c); err != nil {
		return err
	}
	return d.documents(ctx, c, visit, `SELECT key, body FROM %s WHERE key >= $1 AND key < $2 ORDER BY key`, first, end)
}

func (d *database) Read(ctx context.Context, c Collection, keys []Key, visit Visit) error {
	if err := d.known(c); err != nil {
		return err
	}
	return readInBatches(keys, visit, func(batch []Key, keep Visit) error {
		w := d.engine.words()
		return d.documents(ctx, c, keep, w.chosen, w.keys(batch))
	}, func(first, end Key, visit Visit) error {
		return d.Scan(ctx, c, first, end, visit)
	})
}

// documents runs a statement in which %s stands for the table and visits its rows. An
// error of visit is not wrapped.
func (d *database) documents(ctx context.Context, c Collection, visit Visit, statement string, arguments ...any) error {
	var stopped error
	err := d.engine.query(ctx, fmt.Sprintf(statement, table(c)), arguments, func(key int64, body []byte) error {
		stopped = visit(Key(key), body)
		return stopped
	})
	switch {
	case stopped != nil:
		return stopped
	case err != nil:
		return fmt.Errorf("reading %s: %w", c, err)
	}
	return nil
}

func (d *database) Members(ctx context.Context, relation string, owner Key) ([]Key, error) {
	members, err := lists(listsTable).read(ctx, d.engine, relation, owner)
	if err != nil {
		return nil, fmt.Errorf("reading the list %s of %d: %w", relation, owner, err)
	}
	return members, nil
}

func (d *database) Version() Version {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.version
}

func (d *database) Changed(c Collection, since Version) ([]Key, bool) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	h, err := d.of(c)
	if err != nil {
		return nil, false
	}
	return h.changed.keys(Whole, since)
}

func (d *database) Relinked(relation string, owner Key, since Version) ([]Key, bool) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	if since < d.linksAt {
		return nil, false
	}
	h := d.linked[relation]
	if h == nil {
		return nil, true
	}
	return h.keys(owner, since)
}

func (d *database) Close() error {
	if err := d.engine.close(); err != nil {
		return fmt.Errorf("closing the store: %w", err)
	}
	return nil
}

// forgetLinks says that any list may have changed; the caller has the lock.
func (d *database) forgetLinks(now stamp) {
	d.links, d.linksAt = now, d.version
	clear(d.linked)
}

// byName sorts what was touched: two processes that lock rows in the same order
// don't wait for each other.
func byName(a, b Collection) int { return cmp.Compare(a, b) }
