package diff

import (
	"cmp"
	"context"
	"fmt"
	"hash/maphash"
	"slices"

	"github.com/rollcall-edu/rollcall/suites/oneroster/csv/idset"
	"github.com/rollcall-edu/rollcall/suites/oneroster/csv/scan"
	"github.com/rollcall-edu/rollcall/suites/oneroster/csv/source"
	"github.com/rollcall-edu/rollcall/suites/oneroster/csv/table"
)

// Level says how much a warning weighs.
type Level string

// The levels: what a consumer can't process, and what looks like an accident.
const (
	Error   Level = "error"
	Warning Level = "warning"
)

// Warning kinds.
const (
	MassDeletion = "mass-deletion" // a large share of a file goes at once
	Reused       = "reused-id"     // one sourcedId, another person
	Rekeyed      = "new-ids"       // records go, and come again under another sourcedId
	DeletesNone  = "deletes-nothing"
	Dangling     = "dangling"  // a delta refers to what is in neither bundle
	Orphans      = "orphans"   // a delta deletes what other records still refer to
	FileGone     = "file-gone" // a file that was there is not in the second bulk bundle
)

// Note is something that a person should look at before the bundle is sent.
type Note struct {
	Kind     string   `json:"kind"`
	Level    Level    `json:"level"`
	File     string   `json:"file"`
	Count    int64    `json:"count"`
	Detail   string   `json:"detail"`
	Remedy   string   `json:"remedy"`
	Examples []string `json:"examples,omitempty"` // sourcedIds
}

// File says what changes in one file.
type File struct {
	Name      string   `json:"name"`
	Mode      string   `json:"mode"` // of the second bundle: bulk, delta, or absent
	Before    int64    `json:"before"`
	After     int64    `json:"after"`
	Added     int64    `json:"added"`
	Changed   int64    `json:"changed"`
	Deleted   int64    `json:"deleted"`
	Unchanged int64    `json:"unchanged"`
	Examples  Examples `json:"examples"`
}

// Examples are sourcedIds of some of the records.
type Examples struct {
	Added   []string `json:"added,omitempty"`
	Changed []string `json:"changed,omitempty"`
	Deleted []string `json:"deleted,omitempty"`
}

// Result is the whole comparison.
type Result struct {
	Old     string `json:"old"`
	New     string `json:"new"`
	Version string `json:"version"`
	Files   []File `json:"files"`
	Notes   []Note `json:"notes"`
}

// Options bound what is taken for an accident.
type Options struct {
	// MassShare is the share of a file whose deletion is suspicious, in percent;
	// 0 means 10. Fewer than MassLeast records (0: 20) never are, unless they are all.
	MassShare, MassLeast int64
}

const examples = 3

// comparison is a diff under way.
type comparison struct {
	o        Options
	old, new *source.Bundle
	version  *table.Version
	seed     maphash.Seed
	states   map[string]*state
	result   *Result
}

// state is what is known of a file: its records by hash, before and after.
type state struct {
	table *table.File
	ids   idset.Table
	rows  []record
}

// record is what is kept of one record: hashes of all it says, and of who it is.
type record struct {
	text  uint64
	name  uint64 // of users: given and family name
	keys  uint64 // of users: identifier, email and username
	state uint8
}

const (
	before uint8 = 1 << iota
	after
	gone // deleted by a delta
)

// Unreadable tells which of the two bundles can't be read, and why: a difference
// from what nobody could read says nothing.
type Unreadable struct {
	Bundle string
	Cause  error
}

func (e *Unreadable) Error() string { return e.Cause.Error() }

func (e *Unreadable) Unwrap() error { return e.Cause }

// maxRecords bounds how many records of one file are compared: several times those
// of the largest state, and some two gigabytes.
const maxRecords = 50_000_000

// Bundles compares two bundles of the same version. Where one of them, or a row of
// it, can't be read the error is an *Unreadable, and nothing is compared.
func Bundles(ctx context.Context, old, new *source.Bundle, o Options) (*Result, error) {
	if o.MassShare <= 0 {
		o.MassShare = 10
	}
	if o.MassLeast <= 0 {
		o.MassLeast = 20
	}
	for _, b := range []*source.Bundle{old, new} {
		if err := scan.Readable(b); err != nil {
			return nil, &Unreadable{b.Path, err}
		}
	}
	was, _ := scan.VersionOf(old)
	is, _ := scan.VersionOf(new)
	if was != is {
		return nil, fmt.Errorf("the bundles are of different versions, %s and %s: their columns can't be compared", was, is)
	}
	v, err := table.Load(is)
	if err != nil {
		return nil, err
	}
	c := &comparison{o: o, old: old, new: new, version: v, seed: maphash.MakeSeed(), states: map[string]*state{},
		result: &Result{Old: old.Path, New: new.Path, Version: is, Files: []File{}, Notes: []Note{}}}
	for i := range v.Files {
		if err := c.file(ctx, &v.Files[i]); err != nil {
			return nil, err
		}
	}
	if err := c.references(ctx); err != nil {
		return nil, err
	}
	slices.SortStableFunc(c.result.Notes, func(a, b Note) int { return cmp.Compare(a.Level, b.Level) })
	return c.result, nil
}

func (c *comparison) note(kind string, level Level, file string, count int64, ids []string, detail, remedy string) {
	c.result.Notes = append(c.result.Notes, Note{
		Kind:     kind,
		Level:    level,
		File:     file,
		Count:    count,
		Detail:   detail,
		Remedy:   remedy,
		Examples: ids,
	})
}

// hashOf takes the hash of some columns of a row.
func (c *comparison) hashOf(r *scan.Row, columns []int) uint64 {
	var h maphash.Hash
	h.SetSeed(c.seed)
	for _, column := range columns {
		_, _ = h.Write(r.Value(column)) // it never fails
		_ = h.WriteByte(0)
	}
	return h.Sum64()
}

// columns lists which columns of a file make up each hash.
func columns(t *table.File) (all, name, keys []int) {
	for i := range t.Columns {
		if i > 2 { // sourcedId, status and dateLastModified say nothing of it
			all = append(all, i)
		}
	}
	if t.Name == "users" {
		for _, n := range []string{"givenName", "familyName"} {
			name = append(name, t.Column(n))
		}
		for _, n := range []string{"identifier", "email", "username"} {
			keys = append(keys, t.Column(n))
		}
	}
	return all, name, keys
}

// file compares one file.
func (c *comparison) file(ctx context.Context, t *table.File) error {
	was, is := c.old.Entry(t.Name), c.new.Entry(t.Name)
	if was == nil && is == nil {
		return nil
	}
	s := &state{table: t}
	c.states[t.Name] = s
	all, name, keys := columns(t)
	out := File{Name: t.Name, Mode: "absent"}
	if was != nil {
		err := c.rows(ctx, c.old, t, was, func(r *scan.Row) bool {
			out.Before++
			if _, fresh := s.ids.Insert(maphash.Bytes(c.seed, r.Value(0))); fresh {
				s.rows = append(s.rows, record{c.hashOf(r, all), c.hashOf(r, name), c.hashOf(r, keys), before})
			}
			return true
		})
		if err != nil {
			return err
		}
	}
	if is != nil {
		if err := c.second(ctx, s, is, &out); err != nil {
			return err
		}
	}
	if err := c.deletions(ctx, s, was, is, &out); err != nil {
		return err
	}
	c.result.Files = append(c.result.Files, out)
	return nil
}

// rows visits the rows of a file of one of the bundles.
func (c *comparison) rows(ctx context.Context, b *source.Bundle, t *table.File, e *source.Entry, visit func(r *scan.Row) bool) error {
	kept := c.states[t.Name]
	many := false
	err := scan.Rows(ctx, c.version, t, e, func(r *scan.Row) bool {
		many = len(kept.rows) > maxRecords
		return !many && visit(r)
	})
	if many {
		err = &scan.TooMany{File: e.Path, Most: maxRecords}
	}
	if err != nil && ctx.Err() == nil {
		return &Unreadable{b.Path, err}
	}
	return err
}

// second reads the file of the second bundle over what the first had.
func (c *comparison) second(ctx context.Context, s *state, e *source.Entry, out *File) error {
	all, name, keys := columns(s.table)
	out.Mode = scan.ModeOf(c.new, s.table.Name)
	if out.Mode != "delta" {
		out.Mode = "bulk"
	}
	var reused, none []string
	var reusedCount, noneCount int64
	err := c.rows(ctx, c.new, s.table, e, func(r *scan.Row) bool {
		out.After++
		drops := out.Mode == "delta" && string(r.Value(1)) == "tobedeleted"
		place, fresh := s.ids.Insert(maphash.Bytes(c.seed, r.Value(0)))
		if fresh {
			if drops {
				noneCount++
				none = add(none, r)
				s.rows = append(s.rows, record{state: gone})
				return true
			}
			out.Added++
			out.Examples.Added = add(out.Examples.Added, r)
			s.rows = append(s.rows, record{c.hashOf(r, all), 0, 0, after})
			return true
		}
		x := &s.rows[place]
		if drops {
			out.Deleted++
			out.Examples.Deleted = add(out.Examples.Deleted, r)
			x.state |= gone
			return true
		}
		if x.state&after != 0 {
			return true // twice in one file is the check's to report
		}
		x.state |= after
		switch text := c.hashOf(r, all); {
		case text == x.text:
			out.Unchanged++
		default:
			out.Changed++
			out.Examples.Changed = add(out.Examples.Changed, r)
			if s.table.Name == "users" && c.hashOf(r, name) != x.name && c.hashOf(r, keys) != x.keys {
				reusedCount++
				reused = add(reused, r)
			}
		}
		return true
	})
	if err != nil {
		return err
	}
	if reusedCount > 0 {
		c.note(Reused, Warning, s.table.Name, reusedCount, reused,
			"name, identifier, email and username are all another: the sourcedId seems to stand for another person",
			"Give a new person a new sourcedId; consumers hang grades and work on the old one.")
	}
	if noneCount > 0 {
		c.note(DeletesNone, Warning, s.table.Name, noneCount, none, "deleted, but the earlier bundle has no such record",
			"Compare with the bundle that was sent last.")
	}
	return nil
}

func add(list []string, r *scan.Row) []string {
	if len(list) >= examples {
		return list
	}
	return append(list, string(r.Value(0)))
}

// deletions counts what a bulk file leaves out, and asks whether so much can be
// meant.
func (c *comparison) deletions(ctx context.Context, s *state, was, is *source.Entry, out *File) error {
	if is == nil {
		if c.bulk() && scan.ModeOf(c.new, s.table.Name) != "delta" {
			c.note(FileGone, Warning, s.table.Name, out.Before, nil,
				fmt.Sprintf("%d records were there, and the file is not in the second bundle", out.Before),
				"Declare the file absent on purpose only: some consumers take that for no change, others for the end of all records.")
		}
		return nil
	}
	if out.Mode == "bulk" && was != nil {
		out.Deleted = out.Before - out.Unchanged - out.Changed
		if out.Deleted > 0 {
			err := c.rows(ctx, c.old, s.table, was, func(r *scan.Row) bool {
				if p, ok := s.ids.Find(maphash.Bytes(c.seed, r.Value(0))); ok && s.rows[p].state == before {
					out.Examples.Deleted = add(out.Examples.Deleted, r)
				}
				return len(out.Examples.Deleted) < examples
			})
			if err != nil {
				return err
			}
		}
	}
	all := out.Deleted > 0 && out.Deleted >= out.Before
	if all || out.Deleted >= c.o.MassLeast && out.Deleted*100 >= out.Before*c.o.MassShare {
		c.note(MassDeletion, Warning, s.table.Name, out.Deleted, out.Examples.Deleted,
			fmt.Sprintf("%d of %d records go (%d %%)", out.Deleted, out.Before, out.Deleted*100/out.Before),
			"Look whether the export was filtered or cut short before consumers deactivate them.")
	}
	return c.rekeyed(ctx, s, was, is, out)
}

// bulk tells whether the second bundle has any bulk file.
func (c *comparison) bulk() bool {
	return slices.ContainsFunc(c.version.Files, func(f table.File) bool {
		return scan.ModeOf(c.new, f.Name) == "bulk" && c.new.Entry(f.Name) != nil
	})
}
