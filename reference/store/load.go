package store

import (
	"context"
	"fmt"
	"iter"
)

func (d *database) Load(ctx context.Context, data Dataset) error {
	entries, links := map[Collection]entry{}, stamp(0)
	err := d.transact(ctx, true, func(t transaction) error {
		for _, c := range d.order {
			var err error
			if entries[c], err = d.loadCollection(ctx, t, c, data); err != nil {
				return fmt.Errorf("%s: %w", c, err)
			}
		}
		var err error
		if links, err = d.loadLists(ctx, t, data); err != nil {
			return fmt.Errorf("lists: %w", err)
		}
		if err := t.execute(ctx, `DELETE FROM `+datasetTable); err != nil {
			return err
		}
		return t.execute(ctx, fmt.Sprintf(`INSERT INTO %s (label) VALUES ($1)`, datasetTable), data.Label)
	}, func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.version++
		for _, c := range d.order {
			e := entries[c]
			d.held[c] = &held{stamp: e.stamp, at: newPositions(e.next, nil), changed: history{since: d.version}, sealed: e.sealed}
		}
		d.forgetLinks(links)
	})
	if err != nil {
		return fmt.Errorf("loading the store: %w", err)
	}
	// Outside the transaction: it only tells the planner what is there now.
	tables := []string{listsTable}
	for _, c := range d.order {
		tables = append(tables, table(c))
	}
	if err := d.engine.analyze(ctx, tables); err != nil {
		return fmt.Errorf("analyzing the store: %w", err)
	}
	return nil
}

func (d *database) loadCollection(ctx context.Context, t transaction, c Collection, data Dataset) (entry, error) {
	w := d.engine.words()
	e, err := readEntry(ctx, t, string(c), w.lock)
	if err != nil {
		return e, err
	}
	// The index is built after the rows: sorting a million random ids once is several
	// times faster than inserting each in its place.
	for _, statement := range []string{fmt.Sprintf(`DROP INDEX IF EXISTS %s`, index(c)), fmt.Sprintf(w.clear, table(c))} {
		if err := t.execute(ctx, statement); err != nil {
			return e, err
		}
	}
	e = entry{stamp: e.stamp + 1}
	err = t.insert(ctx, string(c), []string{"key", "sourcedId", "body"}, func(yield func([]any, error) bool) {
		for document, err := range data.Documents(c) {
			if err == nil && !storable(document.SourcedID) {
				err = fmt.Errorf("the sourcedId %q is no text that can be stored", document.SourcedID)
			}
			if !yield([]any{e.next, document.SourcedID, filled(document.Body)}, err) || err != nil {
				return
			}
			e.next++
		}
	})
	if err != nil {
		return e, err
	}
	if err := t.execute(ctx, fmt.Sprintf(createIndex, index(c), table(c))); err != nil {
		return e, fmt.Errorf("indexing by sourcedId: %w", err)
	}
	if err := t.execute(ctx, fmt.Sprintf(`DELETE FROM %s WHERE relation = $1`, goneTable), string(c)); err != nil {
		return e, err
	}
	full := e.next // the last documents fill no row, and are read themselves
	if d.columns == nil {
		full = 0
	}
	if e.sealed, err = d.seal(ctx, t, c, 0, full); err != nil {
		return e, fmt.Errorf("making columns: %w", err)
	}
	return e, writeEntry(ctx, t, string(c), e)
}

// filled is a body as it is stored: nil would be NULL.
func filled(body []byte) []byte {
	if body == nil {
		return []byte{}
	}
	return body
}

func (d *database) loadLists(ctx context.Context, t transaction, data Dataset) (stamp, error) {
	w := d.engine.words()
	e, err := readEntry(ctx, t, listsTable, w.lock)
	if err != nil {
		return 0, err
	}
	if err := t.execute(ctx, fmt.Sprintf(w.clear, listsTable)); err != nil {
		return 0, err
	}
	if err := t.insert(ctx, listsTable, []string{"relation", "owner", "first", "members"}, listRows(data.Lists)); err != nil {
		return 0, err
	}
	e.stamp++
	return e.stamp, writeEntry(ctx, t, listsTable, e)
}

// listRows cuts lists into the rows in which they are kept.
func listRows(all iter.Seq[List]) iter.Seq2[[]any, error] {
	return func(yield func([]any, error) bool) {
		for list := range all {
			for i, part := range chunks(list.Members) {
				members, err := encodeMembers(part)
				if err == nil && i > 0 && list.Members[i-1] >= part[0] {
					err = notAscending(part[0], list.Members[i-1])
				}
				if err != nil {
					err = fmt.Errorf("%s of %d: %w", list.Relation, list.Owner, err)
				}
				if !yield([]any{list.Relation, list.Owner, chunkFirst(i, part), members}, err) || err != nil {
					return
				}
			}
		}
	}
}
