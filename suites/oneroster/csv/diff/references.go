package diff

import (
	"bytes"
	"context"
	"hash/maphash"

	"github.com/rollcall-edu/rollcall/suites/oneroster/csv/scan"
	"github.com/rollcall-edu/rollcall/suites/oneroster/csv/source"
	"github.com/rollcall-edu/rollcall/suites/oneroster/csv/table"
)

// references looks, where the second bundle is a delta, at what it and what
// stays of the first refer to.
func (c *comparison) references(ctx context.Context) error {
	deletes := false
	for _, f := range c.result.Files {
		deletes = deletes || f.Mode == "delta" && f.Deleted > 0
	}
	for _, f := range c.result.Files {
		t := c.version.File(f.Name)
		if e := c.new.Entry(f.Name); e != nil && f.Mode == "delta" {
			if err := c.refer(ctx, t, e, false); err != nil {
				return err
			}
		}
		if e := c.old.Entry(f.Name); e != nil && deletes {
			if err := c.refer(ctx, t, e, true); err != nil {
				return err
			}
		}
	}
	return nil
}

// refer follows every reference of one file. stays: the file is that of the
// first bundle, of which only what the second doesn't touch is looked at.
func (c *comparison) refer(ctx context.Context, t *table.File, e *source.Entry, stays bool) error {
	var columns []int
	for i, col := range t.Columns {
		if col.Target != "" && c.states[col.Target] != nil {
			columns = append(columns, i)
		}
	}
	own := c.states[t.Name]
	if len(columns) == 0 {
		return nil
	}
	var dangling, orphans int64
	var danglingIDs, orphanIDs []string
	b := c.new
	if stays {
		b = c.old
	}
	err := c.rows(ctx, b, t, e, func(r *scan.Row) bool {
		p, ok := own.ids.Find(maphash.Bytes(c.seed, r.Value(0)))
		if !ok || own.rows[p].state&gone != 0 || stays && own.rows[p].state&after != 0 {
			return true
		}
		for _, i := range columns {
			for list := r.Value(i); len(list) > 0; {
				item, rest, _ := bytes.Cut(list, []byte{','})
				list = rest
				target := c.states[t.Columns[i].Target]
				q, known := target.ids.Find(maphash.Bytes(c.seed, item))
				switch {
				case len(item) == 0:
				case !known && !stays:
					dangling++
					danglingIDs = add(danglingIDs, r)
				case known && target.rows[q].state&gone != 0:
					orphans++
					orphanIDs = add(orphanIDs, r)
				}
			}
		}
		return true
	})
	if err != nil {
		return err
	}
	if dangling > 0 {
		c.note(Dangling, Error, t.Name, dangling, danglingIDs, "records refer to what is in neither bundle",
			"Send what they refer to in the same delta, or before it.")
	}
	if orphans > 0 {
		c.note(Orphans, Warning, t.Name, orphans, orphanIDs, "records stay that refer to what the delta deletes",
			"Delete them in the same delta too.")
	}
	return nil
}
