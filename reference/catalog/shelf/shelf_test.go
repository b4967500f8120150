package shelf_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	. "github.com/rollcall-edu/rollcall/reference/catalog/shelf"
	"github.com/rollcall-edu/rollcall/reference/store/pgtest"
)

// Either database does the same.
func TestSQLite(t *testing.T)   { contract(t, "") }
func TestPostgres(t *testing.T) { contract(t, pgtest.Start(t)) }

func contract(t *testing.T, dsn string) {
	for name, test := range map[string]func(*testing.T, *Shelf){
		"clauses": findsByClauses, "order": sortsAndPages, "words": weighsWords, "fill": fillsAllOrNothing, "long": takesLongTexts,
		"many": searchesAtTheSameTime, "end": endsWithItsContext,
	} {
		t.Run(name, func(t *testing.T) { test(t, open(t, dsn)) })
	}
	if dsn == "" {
		dsn = filepath.Join(t.TempDir(), "catalog.db")
	}
	t.Run("again", func(t *testing.T) { opensAgain(t, dsn) })
}

func open(t testing.TB, dsn string) *Shelf {
	t.Helper()
	s, err := Open(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func entries(list ...Entry) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		for _, e := range list {
			if !yield(e, nil) {
				return
			}
		}
	}
}

func text(field, value string) Value { return Value{Field: field, Text: value} }

func number(field string, low, high float64) Value {
	return Value{Field: field, Text: fmt.Sprint(low), Low: low, High: high, Numeric: true}
}

// four are a few resources, called by their documents.
func four() iter.Seq2[Entry, error] {
	return entries(
		Entry{[]byte("a"), []Value{text("name", "ähre"), text("tag", "x"), text("tag", "y,z"), number("n", 3, 3)},
			[Weights][]string{{"corn", "field"}, {"plant"}, {"corn"}, nil}},
		Entry{[]byte("b"), []Value{text("name", "bread"), text("tag", "y"), number("n", 10, 12)},
			[Weights][]string{{"bread"}, nil, {"made", "of", "corn"}, {"baker"}}},
		Entry{[]byte("c"), []Value{text("name", "bread 50%_"), number("n", 11, 11)}, [Weights][]string{{"bread"}, nil, nil, {"漢字", "corn"}}},
		Entry{[]byte("d"), nil, [Weights][]string{}},
	)
}

func look(t *testing.T, s *Shelf, q Query) (names string, total int, page []Found) {
	t.Helper()
	if q.Limit == 0 {
		q.Limit = 100
	}
	page, total, err := s.Search(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range page {
		names += string(f.Document)
	}
	return names, total, page
}

func fill(t *testing.T, s *Shelf, label string, e iter.Seq2[Entry, error]) {
	t.Helper()
	if err := s.Fill(t.Context(), label, e); err != nil {
		t.Fatal(err)
	}
}

func findsByClauses(t *testing.T, s *Shelf) {
	is := func(field string, not bool, matches ...Match) Clause {
		return Clause{Field: field, Any: matches, Not: not}
	}
	texts := func(r Relation, value string) Match { return Match{Relation: r, Text: value} }
	span := func(r Relation, low, high float64) Match {
		return Match{Relation: r, Low: low, High: high, Numeric: true}
	}
	words := func(w ...string) Clause { return Clause{Words: w} }
	fill(t, s, "four", four())
	for _, c := range []struct {
		want   string
		groups [][]Clause
	}{
		{"abcd", nil},
		{"b", [][]Clause{{is("name", false, texts(Equal, "bread"))}}},
		{"acd", [][]Clause{{is("name", true, texts(Equal, "bread"))}}},
		{"bc", [][]Clause{{is("name", false, texts(Contains, "read"))}}},
		{"c", [][]Clause{{is("name", false, texts(Contains, "%"))}}},
		{"c", [][]Clause{{is("name", false, texts(Contains, "_"))}}},
		{"", [][]Clause{{is("name", false, texts(Contains, `\`))}}},
		{"abc", [][]Clause{{is("name", false, texts(Contains, ""))}}},
		{"ac", [][]Clause{{is("name", false, texts(Greater, "bread"))}}}, // by bytes, not by a language
		{"abc", [][]Clause{{is("name", false, texts(AtLeast, "bread"))}}},
		{"bc", [][]Clause{{is("name", false, texts(Less, "c"))}}},
		{"b", [][]Clause{{is("name", false, texts(AtMost, "bread"))}}},
		{"ab", [][]Clause{{is("tag", false, texts(Equal, "x"), texts(Equal, "y"))}}},
		{"a", [][]Clause{{is("tag", false, texts(Equal, "y,z"))}}},
		{"cd", [][]Clause{{is("tag", true, texts(Equal, "x"), texts(Equal, "y"))}}},
		{"", [][]Clause{{is("tag", false)}}},
		{"abcd", [][]Clause{{is("tag", true)}}},
		{"", [][]Clause{{is("colour", false, texts(Contains, ""))}}},
		{"bc", [][]Clause{{is("n", false, span(Equal, 11, 11))}}},
		{"bc", [][]Clause{{is("n", false, span(Equal, 11, 40))}}},
		{"ad", [][]Clause{{is("n", true, span(Equal, 11, 40))}}},
		{"a", [][]Clause{{is("n", false, span(Less, 10, 12))}}},
		{"abc", [][]Clause{{is("n", false, span(AtMost, 10, 12))}}},
		{"bc", [][]Clause{{is("n", false, span(Greater, 3, 9))}}},
		{"c", [][]Clause{{is("n", false, span(AtLeast, 11, 12))}}},
		{"", [][]Clause{{is("name", false, span(Equal, 0, 1e9))}}}, // texts are no numbers
		{"abc", [][]Clause{{words("corn")}}},
		{"b", [][]Clause{{words("corn", "bread", "baker")}}},
		{"c", [][]Clause{{words("漢字")}}},
		{"", [][]Clause{{words("cor")}}},
		{"", [][]Clause{{words("corn", "nothing")}}},
		{"b", [][]Clause{{words("corn"), is("name", false, texts(Equal, "bread"))}}},
		{"ab", [][]Clause{{is("name", false, texts(Equal, "bread"))}, {is("tag", false, texts(Equal, "x"))}}},
		{"bd", [][]Clause{{is("tag", true, texts(Equal, "x")), is("n", true, span(Equal, 11, 11))}, {words("made")}}},
		{"", [][]Clause{{is("tag", false, texts(Equal, "x")), is("tag", false, texts(Equal, "y"))}}},
		{"", [][]Clause{{is("tag", false, texts(Equal, "'; DROP TABLE catalog_documents; --"))}}},
	} {
		if got, total, _ := look(t, s, Query{Groups: c.groups}); got != c.want || total != len(c.want) {
			t.Errorf("%+v finds %q, %d; want %q", c.groups, got, total, c.want)
		}
	}
}

func sortsAndPages(t *testing.T, s *Shelf) {
	fill(t, s, "four", four())
	for _, c := range []struct {
		want string
		q    Query
	}{
		{"bcad", Query{Sort: "name"}},
		{"acbd", Query{Sort: "name", Descending: true}},
		{"abcd", Query{Sort: "n", Numbers: true}},
		{"cbad", Query{Sort: "n", Numbers: true, Descending: true}},
		{"abcd", Query{Sort: "tag"}},
		{"bacd", Query{Sort: "tag", Descending: true}},
		{"abcd", Query{Sort: "colour", Descending: true}},
	} {
		if got, total, _ := look(t, s, c.q); got != c.want || total != 4 {
			t.Errorf("%+v gives %q, %d; want %q", c.q, got, total, c.want)
		}
		for limit := 1; limit < 6; limit++ {
			var pages string
			for offset := 0; offset < 6; offset += limit {
				q := c.q
				q.Limit, q.Offset = limit, offset
				got, total, _ := look(t, s, q)
				if total != 4 {
					t.Errorf("%+v: there are %d", q, total)
				}
				pages += got
			}
			if pages != c.want {
				t.Errorf("%+v in pages of %d gives %q", c.q, limit, pages)
			}
		}
	}
	if page, total, err := s.Search(t.Context(), Query{Limit: 0}); len(page) != 0 || total != 4 || err != nil {
		t.Errorf("a page of nothing has %d of %d, %v", len(page), total, err)
	}
	if page, total, err := s.Search(t.Context(), Query{Limit: 1, Offset: math.MaxInt32}); len(page) != 0 || total != 4 || err != nil {
		t.Errorf("far beyond the end there are %d of %d, %v", len(page), total, err)
	}
}

// The heavier a word is in a resource the higher it stands, and what doesn't have it weighs nothing.
func weighsWords(t *testing.T, s *Shelf) {
	fill(t, s, "four", four())
	corn := [][]Clause{{{Words: []string{"corn"}}}}
	got, _, page := look(t, s, Query{Groups: corn, ByWeight: true, Descending: true})
	if got != "abc" {
		t.Errorf("corn is in %q", got)
	}
	for i, f := range page {
		if f.Weight <= 0 || i > 0 && f.Weight > page[i-1].Weight {
			t.Errorf("%s weighs %v", f.Document, f.Weight)
		}
	}
	if got, _, _ := look(t, s, Query{Groups: corn, ByWeight: true}); got != "cba" {
		t.Errorf("the other way round it is %q", got)
	}
	or := [][]Clause{{{Words: []string{"baker"}}}, {{Field: "tag", Any: []Match{{Text: "x"}}}}}
	got, _, page = look(t, s, Query{Groups: or, ByWeight: true, Descending: true})
	if got != "ba" || page[0].Weight <= 0 || page[1].Weight != 0 {
		t.Errorf("a baker or x: %q", got)
	}
}

// A filling that breaks off leaves what was there; one that doesn't replaces all of it.
func fillsAllOrNothing(t *testing.T, s *Shelf) {
	fill(t, s, "four", four())
	broken := errors.New("no more")
	err := s.Fill(t.Context(), "broken", func(yield func(Entry, error) bool) {
		_ = yield(Entry{Document: []byte("z")}, nil) && yield(Entry{}, broken)
	})
	if !errors.Is(err, broken) {
		t.Errorf("it ends with %v", err)
	}
	if got, _, _ := look(t, s, Query{}); got != "abcd" {
		t.Errorf("%q is left", got)
	}
	many := func(yield func(Entry, error) bool) {
		for n := range 250 {
			e := Entry{Document: []byte("."), Values: []Value{number("n", float64(n), float64(n))}, Words: [Weights][]string{{fmt.Sprint("w", n)}}}
			if !yield(e, nil) {
				return
			}
		}
	}
	fill(t, s, "many", many)
	if label, _ := s.Label(t.Context()); label != "many" {
		t.Errorf("it is called %q", label)
	}
	if _, total, _ := look(t, s, Query{Groups: [][]Clause{{{Words: []string{"corn"}}}}}); total != 0 {
		t.Errorf("%d of before are still found", total)
	}
	for _, n := range []int{0, 99, 100, 249} {
		q := Query{Groups: [][]Clause{{{Words: []string{fmt.Sprint("w", n)}}, {Field: "n", Any: []Match{{Low: float64(n), High: float64(n), Numeric: true}}}}}}
		if _, total, _ := look(t, s, q); total != 1 {
			t.Errorf("%d is found %d times", n, total)
		}
	}
	fill(t, s, "nothing", entries())
	if _, total, _ := look(t, s, Query{}); total != 0 {
		t.Errorf("%d are left", total)
	}
}

// Long texts are found, and told from others that begin in the same way.
func takesLongTexts(t *testing.T, s *Shelf) {
	long := strings.Repeat("é", 5000)
	fill(t, s, "long", entries(Entry{Document: []byte("a"), Values: []Value{text("x", long+"1")}},
		Entry{Document: []byte("b"), Values: []Value{text("x", long+"2")}}))
	if got, _, _ := look(t, s, Query{Groups: [][]Clause{{{Field: "x", Any: []Match{{Text: long + "2"}}}}}}); got != "b" {
		t.Errorf("%q has it", got)
	}
}

// What was put in is there when it is opened again; tables of another form are made anew.
func opensAgain(t *testing.T, dsn string) {
	s := open(t, dsn)
	fill(t, s, "four", four())
	s.Close()
	again := open(t, dsn)
	if got, _, _ := look(t, again, Query{}); got != "abcd" {
		t.Errorf("%q is there again", got)
	}
	if err := ChangeForm(t.Context(), again); err != nil {
		t.Fatal(err)
	}
	again.Close()
	anew := open(t, dsn)
	if _, total, _ := look(t, anew, Query{}); total != 0 {
		t.Errorf("%d are there of another form", total)
	}
	if info, err := os.Stat(dsn); err == nil && info.Mode().Perm() != 0o600 {
		t.Errorf("others may read the file: %v", info)
	}
}

func TestOpen(t *testing.T) {
	one, two := open(t, "memory"), open(t, "")
	fill(t, one, "four", four())
	if _, total, _ := look(t, two, Query{}); total != 0 {
		t.Error("two shelves in memory are one")
	}
	for _, dsn := range []string{"mysql://x", "sqlite:", filepath.Join(t.TempDir(), "no", "such", "folder.db")} {
		if _, err := Open(t.Context(), dsn); err == nil {
			t.Errorf("%q was opened", dsn)
		}
	}
}

// Many may search at the same time, while it is filled too: they see it before or after.
func searchesAtTheSameTime(t *testing.T, s *Shelf) {
	fill(t, s, "four", four())
	var group sync.WaitGroup
	for range 12 {
		group.Go(func() {
			for range 5 {
				page, total, err := s.Search(context.Background(), Query{Sort: "name", Limit: 2, Groups: [][]Clause{{{Words: []string{"corn"}}}}})
				if err != nil || total != 3 || len(page) != 2 {
					t.Errorf("%d of %d, %v", len(page), total, err)
				}
			}
		})
	}
	for range 3 {
		if err := s.Fill(t.Context(), "again", four()); err != nil {
			t.Error(err)
		}
	}
	group.Wait()
}

func endsWithItsContext(t *testing.T, s *Shelf) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := s.Search(ctx, Query{Limit: 1}); !errors.Is(err, context.Canceled) {
		t.Errorf("it ends with %v", err)
	}
}
