package bundle

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/rollcall-edu/rollcall/fixtures"
	csv "github.com/rollcall-edu/rollcall/fixtures/bundle"
	"github.com/rollcall-edu/rollcall/reference/gradebook"
	"github.com/rollcall-edu/rollcall/reference/oneroster"
	"github.com/rollcall-edu/rollcall/reference/sis"
	"github.com/rollcall-edu/rollcall/reference/store"
	"github.com/rollcall-edu/rollcall/reference/sync"
	"github.com/rollcall-edu/rollcall/reference/sync/bundle/intake"
)

// Source reads one bundle.
type Source struct {
	// PageSize is how many objects are handed on at once.
	PageSize int

	path string
	at   time.Time // that rows have which carry no date
	csv  *csv.District
}

// ErrDelta says that a bundle is a delta and was asked for everything.
var ErrDelta = errors.New("the bundle is a delta: it tells what changed, and can't be read as a whole roster; " +
	"sync from a bulk bundle first, and from this one as a delta")

// ErrIncomplete says that a bundle has all rows of a part of objects, and of the objects what changed alone.
var ErrIncomplete = errors.New("the bundle has all of one and changes of the other, and nobody can tell whose are gone; sync from a bulk bundle")

// New opens a bundle. at is the dateLastModified of rows that carry none, as all do in bulk
// (OneRoster 1.2 CSV binding, section 4: the time of import). It is read file by file, to the end,
// before anything else is done: what can't be read to its end is refused here.
//
// What breaks a rule of intake.Rules is refused as well, with an *intake.RefusedError.
func New(path string, at time.Time) (*Source, error) { return Held(path, at, intake.Rules()) }

// Held opens a bundle that is held to some of the rules alone.
func Held(path string, at time.Time, rules []intake.Rule) (*Source, error) {
	if err := intake.Check(context.Background(), path, rules); err != nil {
		return nil, err
	}
	d, err := csv.Open(path, at)
	if err != nil {
		return nil, err
	}
	s := &Source{PageSize: defaultPageSize, path: path, at: at.UTC().Truncate(time.Millisecond), csv: d}
	for _, c := range s.Collections() {
		if _, err := s.merging(c); err != nil {
			return nil, errors.Join(fmt.Errorf("reading the bundle: %w", err), d.Close())
		}
	}
	return s, nil
}

// Close releases the bundle.
func (s *Source) Close() error { return s.csv.Close() }

// Name is the path of the bundle.
func (s *Source) Name() string { return "bundle " + filepath.Base(s.path) }

// Collections lists what the bundle has files of, if only of a part of its objects.
func (s *Source) Collections() []store.Collection {
	return slices.DeleteFunc(sis.Collections(), func(c store.Collection) bool {
		return c == sis.CSVRows || slices.Contains([]store.Collection{gradebook.AssessmentLineItems, gradebook.AssessmentResults}, c) ||
			!s.csv.Has(string(c)) && !s.partly(c)
	})
}

// partly tells whether the bundle has changes of a part of objects, and not the objects' own file.
func (s *Source) partly(c store.Collection) bool {
	return !s.csv.Has(string(c)) && slices.ContainsFunc(parts, func(p part) bool { return p.of == c && s.csv.Has(p.file) })
}

// Delta tells whether the bundle has files that are deltas.
func (s *Source) Delta() bool {
	return slices.ContainsFunc(s.Collections(), func(c store.Collection) bool { return s.changes(c) })
}

// changes tells whether the bundle has what changed of a collection, and not all of it.
func (s *Source) changes(c store.Collection) bool { return s.delta(string(c)) || s.partly(c) }

func (s *Source) delta(file string) bool { return s.csv.Processing[file] == "delta" }

// Only says that a bundle with deltas can be read as one alone.
func (s *Source) Only() sync.Mode {
	if s.Delta() {
		return sync.Delta
	}
	return sync.Auto
}

// defaultPageSize makes few pages, each of which is small in memory.
const defaultPageSize = 1000

// Read reads a file as a collection; see sync.Source. A bulk file is read as a whole, whatever is
// asked for: what changed is among its rows.
func (s *Source) Read(ctx context.Context, r sync.Reading, yield func(sync.Page) error) error {
	file := string(r.Collection)
	switch {
	case !slices.Contains(s.Collections(), r.Collection):
		return fmt.Errorf("%s.csv: %w", file, sync.ErrNotOffered)
	case s.changes(r.Collection) && r.Since.IsZero() && r.Mode != sync.Delta:
		return fmt.Errorf("%s.csv: %w", file, ErrDelta)
	}
	begin := 0
	if r.From != "" {
		var err error
		if begin, err = strconv.Atoi(r.From); err != nil || begin < 0 {
			return errors.New("the place at which it shall go on is none of this source: sync from the beginning")
		}
	}
	m, err := s.merging(r.Collection)
	if err != nil {
		return err
	}
	var page []sync.Object
	n := 0
	turn := func(last bool) error { // hands a page on
		if m != nil {
			if err := m.complete(ctx, r, page); err != nil {
				return fmt.Errorf("%s.csv: %w", file, err)
			}
		}
		p := sync.Page{Objects: page, Next: strconv.Itoa(n - 1), Total: -1}
		if page = nil; last {
			p.Next, p.Total = "", n
		}
		return yield(p)
	}
	next := func(o sync.Object) error {
		if n++; n <= begin {
			return nil
		}
		if len(page) >= s.PageSize {
			if err := turn(false); err != nil {
				return err
			}
		}
		page = append(page, o)
		return nil
	}
	for document, err := range sis.Documents(ctx, modern{s.csv, s.types()}, r.Collection) {
		if err != nil {
			return fmt.Errorf("%s.csv: %w", file, err)
		}
		if err := next(s.object(r.Collection, document)); err != nil {
			return err
		}
	}
	if m != nil {
		for _, id := range m.alone {
			if err := next(sync.Object{Collection: r.Collection, SourcedID: id, Status: sync.Active}); err != nil {
				return err
			}
		}
	}
	return turn(true)
}

// object reads what all objects have in common. The date of one that carries none is that of the
// reading, and so it has none for a sync.
func (s *Source) object(c store.Collection, d store.Document) sync.Object {
	o := sync.Object{Collection: c, SourcedID: d.SourcedID, Body: oneroster.AppendDocument(nil, d.Body, oneroster.Addresses{})}
	oneroster.Members(d.Body, func(name string, value []byte) {
		switch name {
		case "status":
			o.Status = oneroster.Text(value)
		case "dateLastModified":
			o.Modified, _ = time.Parse(oneroster.TimestampLayout, oneroster.Text(value)) // as it was encoded
			if o.Modified.Equal(s.at) {
				o.Modified = time.Time{}
			}
		}
	})
	return o
}

// types are those of orgs, where a user of 1.1 may be an administrator of one.
func (s *Source) types() map[string]string {
	out := map[string]string{}
	if len(s.csv.Version) > 2 && s.csv.Version[:3] == "1.1" {
		for o := range s.csv.Orgs() {
			out[o.SourcedID] = o.Type
		}
	}
	return out
}

// modern is a bundle in the words of 1.2.
type modern struct {
	*csv.District
	types map[string]string // of orgs; only of 1.1
}

// Users reads the users. An administrator of 1.1 is one of a district or of a school.
func (m modern) Users() iter.Seq[fixtures.User] {
	return func(yield func(fixtures.User) bool) {
		for u := range m.District.Users() {
			for i, r := range u.Roles {
				if r.Role == "administrator" && len(m.types) > 0 {
					u.Roles[i].Role = sis.AdministratorOf(m.types[r.Org])
				}
			}
			if !yield(u) {
				return
			}
		}
	}
}
