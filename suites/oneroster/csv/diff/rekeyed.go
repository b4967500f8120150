package diff

import (
	"context"
	"fmt"
	"hash/maphash"
	"strings"

	"github.com/rollcall-edu/rollcall/suites/oneroster/csv/scan"
	"github.com/rollcall-edu/rollcall/suites/oneroster/csv/source"
	"github.com/rollcall-edu/rollcall/suites/oneroster/csv/table"
)

// Records that go, and come again under another sourcedId: consumers take them for
// others, deactivate the old ones and start anew. They are told by what a person would
// know them by.

// marks lists, by file, the columns by which a record is known beside its sourcedId: the
// first group whose first column is filled.
var marks = map[string][]string{
	"orgs":             {"identifier", "name type"},
	"academicSessions": {"title type startDate"},
	"courses":          {"courseCode title", "title grades"},
	"classes":          {"classCode title", "title grades"},
	"users":            {"identifier", "userMasterIdentifier", "username", "email", "givenName familyName"},
}

// known gives the hash of what a record is known by, and the columns; every column
// where nothing better is known of the file.
func (c *comparison) known(t *table.File, r *scan.Row) (hash uint64, by string) {
	for i, group := range marks[t.Name] {
		var columns []int
		for _, name := range strings.Fields(group) {
			if column := t.Column(name); column >= 0 {
				columns = append(columns, column)
			}
		}
		if len(columns) > 0 && len(r.Value(columns[0])) > 0 {
			return c.hashOf(r, columns) + uint64(i), strings.Join(strings.Fields(group), " and ")
		}
	}
	all, _, _ := columns(t)
	return c.hashOf(r, all), "all that they say"
}

// maxGone bounds how many records that go are looked for under another sourcedId.
const maxGone = 2_000_000

type missing struct {
	id, by string
	count  int
}

// rekeyed finds records of a file that go and come again under another sourcedId.
func (c *comparison) rekeyed(ctx context.Context, s *state, was, is *source.Entry, out *File) error {
	if was == nil || is == nil || out.Deleted == 0 || out.Added == 0 {
		return nil
	}
	lost := map[uint64]*missing{}
	err := c.rows(ctx, c.old, s.table, was, func(r *scan.Row) bool {
		p, ok := s.ids.Find(maphash.Bytes(c.seed, r.Value(0)))
		if !ok || s.rows[p].state&after != 0 {
			return true
		}
		hash, by := c.known(s.table, r)
		if lost[hash] == nil {
			lost[hash] = &missing{id: string(r.Value(0)), by: by}
		}
		lost[hash].count++
		return len(lost) < maxGone
	})
	if err != nil {
		return err
	}
	var count int64
	var ids []string
	by := ""
	err = c.rows(ctx, c.new, s.table, is, func(r *scan.Row) bool {
		p, ok := s.ids.Find(maphash.Bytes(c.seed, r.Value(0)))
		if !ok || s.rows[p].state&(before|after) != after {
			return true
		}
		hash, _ := c.known(s.table, r)
		x := lost[hash]
		if x == nil || x.count == 0 {
			return true
		}
		x.count--
		count++
		by = x.by
		if len(ids) < examples {
			ids = append(ids, x.id+" is now "+string(r.Value(0)))
		}
		return true
	})
	if err != nil || count == 0 {
		return err
	}
	c.note(Rekeyed, Warning, s.table.Name, count, ids, fmt.Sprintf("%d of the %d records that go come again under another sourcedId, with the same %s", count, out.Deleted, by),
		"Keep the sourcedIds of before: consumers take these for other records, and what hangs on the old ones is lost. Look whether a source was changed, or identifiers were made anew.")
	return nil
}
