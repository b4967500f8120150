package shelf

import (
	"context"
	"database/sql"
	"fmt"
	"iter"
	"strings"
)

// Relation is how a value stands to what it is compared with.
type Relation int

// The relations. Spans of numbers are equal where they have something in common, one is less
// than another where all of it lies below, and at most as much where it ends no later.
const (
	Equal Relation = iota
	Less
	AtMost
	Greater
	AtLeast
	Contains // texts alone
)

// Match is one thing that a value is compared with: the text, or the span of numbers.
type Match struct {
	Relation  Relation
	Text      string
	Low, High float64
	Numeric   bool
}

// Clause is one condition on a resource.
type Clause struct {
	// Field has the values of which one has to match any of Any.
	Field string
	Any   []Match
	// Not turns it around: none may match, and a resource without values fulfils it.
	Not bool
	// Words have to be in it, all of them. There is nothing else then.
	Words []string
}

// Query is what is looked for, and which part of it is wanted.
type Query struct {
	Groups [][]Clause // any of the groups, all clauses of it; no group at all is everything
	// Sort is the field whose first value orders what is found; resources without one come last. Empty
	// keeps the order of the shelf.
	Sort       string
	Numbers    bool // order by numbers, not by texts
	ByWeight   bool // order by how much the words weigh in it
	Descending bool
	Offset     int
	Limit      int
}

// Found is one resource that was looked for.
type Found struct {
	Document []byte
	Weight   float64 // of the words; 0 without
}

// Search gives a page of what is looked for, and how many there are altogether. Of two that
// are equal in the order the one that was put in first comes first.
func (s *Shelf) Search(ctx context.Context, q Query) (page []Found, total int, err error) {
	page, total, err = s.search(ctx, q)
	if err != nil {
		return nil, 0, fmt.Errorf("searching the catalogue: %w", err)
	}
	return page, total, nil
}

func (s *Shelf) search(ctx context.Context, q Query) (page []Found, total int, err error) {
	// One transaction, so that the page and the total are of the same moment.
	tx, err := s.db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true, Isolation: s.engine.repeatable})
	if err != nil {
		return nil, 0, err
	}
	defer tx.Rollback() // nothing was written
	statement, parameters := s.pageOf(q)
	if page, err = read(ctx, tx, statement, parameters); err != nil {
		return nil, 0, err
	}
	if n := len(page); n > 0 && n < q.Limit {
		return page, q.Offset + n, nil
	}
	statement, parameters = s.countOf(q)
	err = tx.QueryRowContext(ctx, statement, parameters...).Scan(&total)
	return page, total, err
}

func read(ctx context.Context, tx *sql.Tx, statement string, parameters []any) ([]Found, error) {
	found, err := tx.QueryContext(ctx, statement, parameters...)
	if err != nil {
		return nil, err
	}
	defer found.Close()
	var page []Found
	for found.Next() {
		var f Found
		if err := found.Scan(&f.Document, &f.Weight); err != nil {
			return nil, err
		}
		page = append(page, f)
	}
	return page, found.Err()
}

// writer makes a statement, with its parameters.
type writer struct {
	strings.Builder
	engine     engine
	parameters []any
}

// parameter adds one, and gives what stands for it in the statement.
func (w *writer) parameter(value any) string {
	w.parameters = append(w.parameters, value)
	return w.engine.parameter(len(w.parameters))
}

func (s *Shelf) countOf(q Query) (string, []any) {
	w := &writer{engine: s.engine}
	w.with(q.Groups, w.engine.matched)
	w.WriteString(`SELECT count(*) FROM ` + documentsTable + ` AS d`)
	w.joins(q.Groups)
	w.where(q.Groups)
	return w.String(), w.parameters
}

// pageOf finds the keys of a page before it reads the documents, which are large.
func (s *Shelf) pageOf(q Query) (string, []any) {
	w := &writer{engine: s.engine}
	direction := " ASC"
	if q.Descending {
		direction = " DESC"
	}
	w.with(q.Groups, w.engine.found)
	w.WriteString(`SELECT x.body, found.weight FROM (SELECT d.key AS key, ` + weight(q.Groups) + ` AS weight`)
	column := "v.value"
	if q.Numbers {
		column = "v.low"
	}
	if q.Sort != "" {
		w.WriteString(`, ` + column + ` AS sorted`)
	}
	w.WriteString(` FROM ` + documentsTable + ` AS d`)
	w.joins(q.Groups)
	if q.Sort != "" {
		w.WriteString(` LEFT JOIN ` + valuesTable + ` AS v ON v.field = ` + w.parameter(q.Sort) + ` AND v.key = d.key AND v.place = 0`)
	}
	w.where(q.Groups)
	order := func(by, key string) string {
		switch {
		case q.ByWeight:
			return ` ORDER BY weight` + direction + `, ` + key
		case q.Sort != "":
			return ` ORDER BY ` + by + ` IS NULL, ` + by + direction + `, ` + key
		}
		return ` ORDER BY ` + key
	}
	w.WriteString(order(column, `d.key`) + ` LIMIT ` + w.parameter(q.Limit) + ` OFFSET ` + w.parameter(q.Offset))
	w.WriteString(`) AS found JOIN ` + documentsTable + ` AS x ON x.key = found.key` + order(`found.sorted`, `found.key`))
	return w.String(), w.parameters
}

// searched yields the clauses with words, with what each is called in a statement.
func searched(groups [][]Clause) iter.Seq2[string, Clause] {
	return func(yield func(string, Clause) bool) {
		for i, group := range groups {
			for j, c := range group {
				if c.Words != nil && !yield(called(i, j), c) {
					return
				}
			}
		}
	}
}

func called(group, clause int) string { return fmt.Sprintf("w%d_%d", group, clause) }

// weight is what the words of a query weigh in a document altogether.
func weight(groups [][]Clause) string {
	sum := `0.0`
	for name := range searched(groups) {
		sum += ` + coalesce(` + name + `.weight, 0.0)`
	}
	return sum
}

// with looks words up once, before anything else: a planner that begins elsewhere would do so for
// each document.
func (w *writer) with(groups [][]Clause, found string) {
	word := `WITH `
	for name, c := range searched(groups) {
		w.WriteString(word + name + ` AS MATERIALIZED (` + fmt.Sprintf(found, w.parameter(w.engine.asked(c.Words))) + `) `)
		word = `, `
	}
}

// joins has the documents beside which words were found: those alone where all clauses have to
// hold, so that few of them are looked at.
func (w *writer) joins(groups [][]Clause) {
	join := ` JOIN `
	if len(groups) > 1 {
		join = ` LEFT JOIN `
	}
	for name := range searched(groups) {
		w.WriteString(join + name + ` ON ` + name + `.key = d.key`)
	}
}

// where writes the condition of a query.
func (w *writer) where(groups [][]Clause) {
	var either []string
	for i, group := range groups {
		var all []string
		for j, c := range group {
			if c.Words != nil {
				all = append(all, called(i, j)+`.key IS NOT NULL`)
				continue
			}
			all = append(all, w.clause(c))
		}
		either = append(either, `(`+strings.Join(all, " AND ")+`)`)
	}
	if len(either) > 0 {
		w.WriteString(` WHERE ` + strings.Join(either, " OR "))
	}
}

func (w *writer) clause(c Clause) string {
	in := `IN`
	if c.Not {
		in = `NOT IN`
	}
	field := w.parameter(c.Field)
	var matches []string
	for _, m := range c.Any {
		matches = append(matches, w.match(m))
	}
	if len(matches) == 0 {
		matches = []string{`1 = 0`} // nothing is one of none
	}
	return `d.key ` + in + ` (SELECT v.key FROM ` + valuesTable + ` AS v WHERE v.field = ` + field +
		` AND (` + strings.Join(matches, " OR ") + `))`
}

func (w *writer) match(m Match) string {
	if m.Numeric {
		low, high := func() string { return w.parameter(m.Low) }, func() string { return w.parameter(m.High) }
		switch m.Relation {
		case Less:
			return `v.high < ` + low()
		case AtMost:
			return `v.high <= ` + high()
		case Greater:
			return `v.low > ` + high()
		case AtLeast:
			return `v.low >= ` + low()
		}
		return `v.low <= ` + high() + ` AND v.high >= ` + low()
	}
	switch m.Relation {
	case Less:
		return `v.value < ` + w.parameter(m.Text)
	case AtMost:
		return `v.value <= ` + w.parameter(m.Text)
	case Greater:
		return `v.value > ` + w.parameter(m.Text)
	case AtLeast:
		return `v.value >= ` + w.parameter(m.Text)
	case Contains:
		return fmt.Sprintf(w.engine.within, `v.value`, w.parameter(m.Text))
	}
	return `v.head = ` + w.parameter(head(m.Text)) + ` AND v.value = ` + w.parameter(m.Text)
}
