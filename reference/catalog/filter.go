package catalog

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Predicate is one of the seven comparisons of a filter.
type Predicate string

// The comparisons.
const (
	Equal    Predicate = "="
	NotEqual Predicate = "!="
	Greater  Predicate = ">"
	AtLeast  Predicate = ">="
	Less     Predicate = "<"
	AtMost   Predicate = "<="
	Contains Predicate = "~"
)

// predicates in an order in which none is taken for the beginning of another.
var predicates = []Predicate{NotEqual, AtLeast, AtMost, Equal, Greater, Less, Contains}

// Clause is one comparison of a filter: the value is without its quotes.
type Clause struct {
	Field     string
	Predicate Predicate
	Value     string
}

// Filter is an OR of ANDs of clauses.
type Filter [][]Clause

// Operators is how many logical operators the filter has.
func (f Filter) Operators() int {
	n := -1
	for _, group := range f {
		n += len(group)
	}
	return n
}

// maxFilter bounds a filter, in bytes, and maxClauses what it may be made of: far beyond the
// two clauses that the standard promises.
const (
	maxFilter  = 8 << 10
	maxClauses = 20
)

// ParseFilter reads a filter:
//
//	filter = clause *( blank ( "AND" / "OR" ) blank clause )
//	clause = field predicate "'" value "'"
//
// with any blanks around a predicate, and a quote within a value doubled. AND binds tighter
// than OR. How many operators are taken is a rule of its own (see [Rules]). Parentheses, double
// quotes and && or ||, which one implementation takes besides, are no part of the grammar.
func ParseFilter(text string) (Filter, error) {
	if len(text) > maxFilter {
		return nil, fmt.Errorf("it is longer than %d bytes", maxFilter)
	}
	if !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
		return nil, errors.New("it isn't text in UTF-8")
	}
	groups := Filter{nil}
	rest := text
	for n := 1; ; n++ {
		if n > maxClauses {
			return nil, fmt.Errorf("it has more than %d clauses", maxClauses)
		}
		var c Clause
		var err error
		if c, rest, err = parseClause(rest); err != nil {
			return nil, err
		}
		last := len(groups) - 1
		groups[last] = append(groups[last], c)
		if strings.Trim(rest, " ") == "" {
			return groups, nil
		}
		operator, after := parseOperator(rest)
		switch operator {
		case "AND":
		case "OR":
			groups = append(groups, nil)
		default:
			return nil, fmt.Errorf("after a clause comes AND or OR, with blanks around it, and another clause, not %q", rest)
		}
		rest = after
	}
}

// parseOperator takes the word between two blanks at the beginning.
func parseOperator(s string) (operator, rest string) {
	trimmed := strings.TrimLeft(s, " ")
	operator, rest, found := strings.Cut(trimmed, " ")
	if !found || trimmed == s {
		return "", s
	}
	return operator, rest
}

func parseClause(s string) (c Clause, rest string, err error) {
	s = strings.TrimLeft(s, " ")
	end := strings.IndexFunc(s, func(r rune) bool { return !fieldRune(r) })
	if end <= 0 {
		return Clause{}, "", fmt.Errorf("a clause reads field='value', and %q doesn't", s)
	}
	c.Field, rest = s[:end], strings.TrimLeft(s[end:], " ")
	for _, p := range predicates {
		if after, found := strings.CutPrefix(rest, string(p)); found {
			c.Predicate, rest = p, strings.TrimLeft(after, " ")
			break
		}
	}
	if c.Predicate == "" {
		return Clause{}, "", fmt.Errorf("%s is followed by none of = != > >= < <= ~", c.Field)
	}
	value, found := strings.CutPrefix(rest, "'")
	if !found {
		return Clause{}, "", fmt.Errorf("the value after %s%s isn't in single quotes", c.Field, c.Predicate)
	}
	c.Value, rest, found = parseValue(value)
	if !found {
		return Clause{}, "", fmt.Errorf("the value after %s%s has no closing quote", c.Field, c.Predicate)
	}
	return c, rest, nil
}

// fieldRune tells whether the name of a field, or of one within it, may have a character.
func fieldRune(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '.' || r == '_' || r == '-'
}

// parseValue reads up to the closing quote.
func parseValue(s string) (value, rest string, closed bool) {
	var b strings.Builder
	for {
		text, after, found := strings.Cut(s, "'")
		b.WriteString(text)
		if !found {
			return "", "", false
		}
		if !strings.HasPrefix(after, "'") {
			return b.String(), after, true
		}
		b.WriteByte('\'')
		s = after[1:]
	}
}

// String writes the filter in its grammar.
func (f Filter) String() string {
	var b strings.Builder
	for i, group := range f {
		if i > 0 {
			b.WriteString(" OR ")
		}
		for j, c := range group {
			if j > 0 {
				b.WriteString(" AND ")
			}
			b.WriteString(c.Field + string(c.Predicate) + "'" + strings.ReplaceAll(c.Value, "'", "''") + "'")
		}
	}
	return b.String()
}
