package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// Many documents at once: what would take a statement for each is done by one for hundreds.

// bulkBatch is how many documents one statement looks up, replaces or deletes.
const bulkBatch = 1024

// findable are sourcedIds as a statement is given them; what can't be stored names no document
// and is left empty, as nothing is stored by no name.
func findable(sourcedIDs []string) []string {
	out := slices.Clone(sourcedIDs)
	for i, id := range out {
		if !storable(id) {
			out[i] = ""
		}
	}
	return out
}

func (d *database) Lookup(ctx context.Context, c Collection, sourcedIDs []string, visit func(n int, body []byte) error) error {
	if err := d.known(c); err != nil {
		return err
	}
	var stopped error
	err := d.lookup(ctx, d.engine, c, sourcedIDs, "t.body", func(n int, body []byte) error {
		stopped = visit(n, body)
		return stopped
	})
	switch {
	case stopped != nil:
		return stopped
	case err != nil:
		return fmt.Errorf("looking up documents of %s: %w", c, err)
	}
	return nil
}

func (d *database) Has(ctx context.Context, c Collection, sourcedIDs []string) ([]bool, error) {
	if err := d.known(c); err != nil {
		return nil, err
	}
	has := make([]bool, len(sourcedIDs))
	err := d.lookup(ctx, d.engine, c, sourcedIDs, "''", func(n int, _ []byte) error { has[n] = true; return nil })
	if err != nil {
		return nil, fmt.Errorf("looking for documents in %s: %w", c, err)
	}
	return has, nil
}

// lookup gives a value of each document that is there, with the place of its sourcedId in the list.
func (d *database) lookup(ctx context.Context, q queryer, c Collection, sourcedIDs []string, value string,
	visit func(n int, value []byte) error,
) error {
	w := d.engine.words()
	for first := 0; first < len(sourcedIDs); first += bulkBatch {
		batch := findable(sourcedIDs[first:min(first+bulkBatch, len(sourcedIDs))])
		err := q.query(ctx, fmt.Sprintf(w.named, table(c), value), []any{w.texts(batch)}, func(n int64, value []byte) error {
			if i := int(n); batch[i] != "" || sourcedIDs[first+i] == "" {
				return visit(first+i, value)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (d *database) SourcedIDs(ctx context.Context, c Collection, visit func(sourcedID []byte) error) error {
	if err := d.known(c); err != nil {
		return err
	}
	// In the order of the index, which has all that is asked for.
	return d.documents(ctx, c, func(_ Key, id []byte) error { return visit(id) }, `SELECT key, "sourcedId" FROM %s ORDER BY "sourcedId"`)
}

func (u *update) PutAll(c Collection, documents []Document) error {
	if err := u.usable(c); err != nil {
		return err
	}
	return u.fail(fmt.Sprintf("putting %d documents into %s", len(documents), c), u.putAll(c, documents))
}

func (u *update) putAll(c Collection, documents []Document) error {
	x, err := u.touch(c)
	if err != nil || len(documents) == 0 {
		return err
	}
	ids := make([]string, len(documents))
	for i, d := range documents {
		if !storable(d.SourcedID) {
			return errors.New("a sourcedId is no text that can be stored")
		}
		ids[i] = d.SourcedID
	}
	if !x.bare {
		if err := u.layBare(c, x, len(documents)); err != nil {
			return err
		}
	}
	keys := make([]Key, len(documents))
	for i := range keys {
		keys[i] = -1
	}
	if !x.bare {
		err := u.d.lookup(u.ctx, u.t, c, ids, keyText, func(n int, key []byte) error {
			k, err := parseKey(key)
			keys[n] = k
			return err
		})
		if err != nil {
			return err
		}
	}
	if err := u.replaceAll(c, x, documents, keys); err != nil {
		return err
	}
	return u.appendAll(c, x, documents, keys)
}

// bareFrom is how many documents are put at once into an empty collection before its index is
// made after them: sorting a million random ids once is several times faster than inserting each
// in its place.
const bareFrom = 256

// layBare takes the index off a collection that is empty.
func (u *update) layBare(c Collection, x *touched, documents int) error {
	u.d.mu.RLock()
	empty := u.d.held[c].at.count() == 0
	u.d.mu.RUnlock()
	if !empty || documents < bareFrom || len(x.put) > 0 {
		return nil
	}
	x.bare = true
	return u.t.execute(u.ctx, fmt.Sprintf(`DROP INDEX IF EXISTS %s`, index(c)))
}

// cover makes the index of a collection that was laid bare.
func (u *update) cover(c Collection, x *touched) error {
	if !x.bare {
		return nil
	}
	if err := u.t.execute(u.ctx, fmt.Sprintf(createIndex, index(c), table(c))); err != nil {
		return fmt.Errorf("indexing by sourcedId: %w", err)
	}
	x.bare = false
	return nil
}

// replaceAll replaces the documents that have a key.
func (u *update) replaceAll(c Collection, x *touched, documents []Document, keys []Key) error {
	var there []Key
	var bodies [][]byte
	for i, key := range keys {
		if key >= 0 {
			there, bodies = append(there, key), append(bodies, filled(documents[i].Body))
		}
	}
	if len(there) == 0 {
		return nil
	}
	for first := 0; first < len(there); first += bulkBatch {
		end := min(first+bulkBatch, len(there))
		if err := u.t.replace(u.ctx, string(c), there[first:end], bodies[first:end]); err != nil {
			return err
		}
	}
	x.put = append(x.put, there...)
	inColumns := slices.DeleteFunc(slices.Clone(there), func(key Key) bool { return key >= x.sealed })
	if len(inColumns) == 0 {
		return nil
	}
	added, err := lists(replacedTable).linkAll(u.ctx, u.t, string(c), Whole, inColumns)
	x.replaced += added
	return err
}

// appendAll puts the documents without a key at the end.
func (u *update) appendAll(c Collection, x *touched, documents []Document, keys []Key) error {
	added := 0
	for i := range keys {
		if keys[i] < 0 {
			added++
		}
	}
	if int64(x.next)+int64(added) >= 1<<31-1 {
		return errors.New("the collection has no keys left; load it anew")
	}
	if added == 0 {
		return nil
	}
	x.put = slices.Grow(x.put, added)
	return u.t.insert(u.ctx, string(c), []string{"key", "sourcedId", "body"}, func(yield func([]any, error) bool) {
		row := make([]any, 3) // copied by whoever takes it
		for i, d := range documents {
			if keys[i] >= 0 {
				continue
			}
			row[0], row[1], row[2] = x.next, d.SourcedID, filled(d.Body)
			if !yield(row, nil) {
				return
			}
			x.put = append(x.put, x.next)
			x.next++
		}
	})
}

func (u *update) DeleteAll(c Collection, sourcedIDs []string) (int, error) {
	if err := u.ready(c); err != nil {
		return 0, err
	}
	n, err := u.deleteAll(c, sourcedIDs)
	return n, u.fail(fmt.Sprintf("deleting %d documents from %s", len(sourcedIDs), c), err)
}

func (u *update) deleteAll(c Collection, sourcedIDs []string) (int, error) {
	x, err := u.touch(c)
	if err != nil {
		return 0, err
	}
	w := u.d.engine.words()
	var keys []Key
	err = u.d.lookup(u.ctx, u.t, c, sourcedIDs, keyText, func(_ int, key []byte) error {
		k, err := parseKey(key)
		keys = append(keys, k)
		return err
	})
	if err != nil || len(keys) == 0 {
		return 0, err
	}
	slices.Sort(keys)
	keys = slices.Compact(keys)
	for batch := range slices.Chunk(keys, bulkBatch) {
		if err := u.t.execute(u.ctx, fmt.Sprintf(w.remove, table(c)), w.keys(batch)); err != nil {
			return 0, err
		}
	}
	if _, err := lists(goneTable).linkAll(u.ctx, u.t, string(c), Whole, keys); err != nil {
		return 0, err
	}
	x.gone = append(x.gone, keys...)
	return len(keys), nil
}

// keyText is the key of a document as a text.
const keyText = `'' || t.key`

// parseKey reads a key that came as a text.
func parseKey(text []byte) (Key, error) {
	n := int64(0)
	for _, b := range text {
		if b < '0' || b > '9' || n >= 1<<31 {
			return 0, fmt.Errorf("the database has %q where a key belongs", text)
		}
		n = n*10 + int64(b-'0')
	}
	return Key(n), nil
}

func (u *update) SetLabel(label string) error {
	if err := u.usable(""); err != nil {
		return err
	}
	err := u.t.execute(u.ctx, `DELETE FROM `+datasetTable)
	if err == nil {
		err = u.t.execute(u.ctx, fmt.Sprintf(`INSERT INTO %s (label) VALUES ($1)`, datasetTable), label)
	}
	return u.fail("writing the label", err)
}

// linkAll puts members into a list, in any order, and says how many weren't there. The list is
// written anew, so that many cost no more than one does.
func (l lists) linkAll(ctx context.Context, t transaction, relation string, owner Key, members []Key) (int, error) {
	before, err := l.read(ctx, t, relation, owner)
	if err != nil {
		return 0, err
	}
	all := slices.Concat(before, members)
	slices.Sort(all)
	all = slices.Compact(all)
	if err := t.execute(ctx, fmt.Sprintf(`DELETE FROM %s WHERE relation = $1 AND owner = $2`, l), relation, owner); err != nil {
		return 0, err
	}
	one := List{Relation: relation, Owner: owner, Members: all}
	columns := []string{"relation", "owner", "first", "members"}
	if err := t.insert(ctx, string(l), columns, listRows(slices.Values([]List{one}))); err != nil {
		return 0, err
	}
	return len(all) - len(before), nil
}
