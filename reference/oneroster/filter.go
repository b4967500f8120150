package oneroster

import (
	"fmt"
	"strings"
)

// predicate is one of the seven comparisons of a filter (REST binding, section
// on filtering).
type predicate string

const (
	equal          predicate = "="
	notEqual       predicate = "!="
	greater        predicate = ">"
	greaterOrEqual predicate = ">="
	less           predicate = "<"
	lessOrEqual    predicate = "<="
	contains       predicate = "~"
)

// predicates in an order in which none is taken for the beginning of another.
var predicates = []predicate{notEqual, greaterOrEqual, lessOrEqual, equal, greater, less, contains}

// clause is one comparison: property, predicate and the literal without quotes.
type clause struct {
	path      string
	predicate predicate
	literal   string
}

// filter is an OR of ANDs of clauses. The standard asks for one logical
// operator; where there are more, AND binds tighter.
type filter [][]clause

// The bounds of a filter. The standard promises consumers two clauses.
const (
	maxClauses      = 20
	maxFilterLength = 8 << 10
)

// parseFilter reads a filter in its grammar:
//
//	filter = clause *( " AND " clause / " OR " clause )
//	clause = property predicate "'" literal "'"
//
// with no blank around the predicate, exactly one around each operator, and a
// quote within a literal doubled. Whether the object has such a property is not
// looked at here.
func parseFilter(s string) (filter, error) {
	if len(s) > maxFilterLength {
		return nil, fmt.Errorf("the filter is longer than %d bytes", maxFilterLength)
	}
	groups := filter{nil}
	for count := 1; ; count++ {
		if count > maxClauses {
			return nil, fmt.Errorf("the filter has more than %d clauses", maxClauses)
		}
		c, rest, err := parseClause(s)
		if err != nil {
			return nil, err
		}
		last := len(groups) - 1
		groups[last] = append(groups[last], c)
		if rest == "" {
			return groups, nil
		}
		if after, ok := strings.CutPrefix(rest, " AND "); ok {
			s = after
		} else if after, ok := strings.CutPrefix(rest, " OR "); ok {
			s = after
			groups = append(groups, nil)
		} else {
			return nil, fmt.Errorf("after a clause comes \" AND \" or \" OR \" and another one, not %q", rest)
		}
	}
}

func parseClause(s string) (c clause, rest string, err error) {
	end := strings.IndexAny(s, "=!<>~' ")
	if end < 0 {
		return clause{}, "", fmt.Errorf("%q has no predicate; a clause reads property='value'", s)
	}
	c.path, s = s[:end], s[end:]
	if c.path == "" || strings.HasPrefix(c.path, ".") || strings.HasSuffix(c.path, ".") || strings.Contains(c.path, "..") {
		return clause{}, "", fmt.Errorf("%q is not the name of a property", c.path)
	}
	for _, p := range predicates {
		if after, ok := strings.CutPrefix(s, string(p)); ok {
			c.predicate, s = p, after
			break
		}
	}
	if c.predicate == "" {
		return clause{}, "", fmt.Errorf("%q is followed by none of the predicates = != > >= < <= ~", c.path)
	}
	if !strings.HasPrefix(s, "'") {
		return clause{}, "", fmt.Errorf("the value after %s%s is not in single quotes", c.path, c.predicate)
	}
	c.literal, rest, err = parseLiteral(s[1:])
	if err != nil {
		return clause{}, "", fmt.Errorf("the value after %s%s: %w", c.path, c.predicate, err)
	}
	return c, rest, nil
}

// parseLiteral reads up to the closing quote.
func parseLiteral(s string) (literal, rest string, err error) {
	var b strings.Builder
	for {
		text, after, found := strings.Cut(s, "'")
		b.WriteString(text)
		if !found {
			return "", "", fmt.Errorf("the closing quote is missing")
		}
		if !strings.HasPrefix(after, "'") {
			return b.String(), after, nil
		}
		b.WriteByte('\'')
		s = after[1:]
	}
}

// String writes the filter in its grammar.
func (f filter) String() string {
	var b strings.Builder
	for i, group := range f {
		if i > 0 {
			b.WriteString(" OR ")
		}
		for j, c := range group {
			if j > 0 {
				b.WriteString(" AND ")
			}
			b.WriteString(c.path + string(c.predicate) + "'" + strings.ReplaceAll(c.literal, "'", "''") + "'")
		}
	}
	return b.String()
}
