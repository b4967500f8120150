package catalog

import (
	"fmt"
	"slices"
	"strings"
)

// A filter is read as far as anybody could mean it (Resource Search 1.0, parameter filter): what is beyond the grammar is
// answered where it can be, and noted, so that one mistake in it is told once.

// Kinds of problems of a filter.
const (
	problemFilter   = "filter"   // it doesn't follow the grammar
	problemField    = "field"    // it names what items don't have
	problemOperator = "operator" // more than one AND or OR, or parentheses
)

// clause compares one field.
type clause struct{ field, op, value string }

// expression is a filter: items are found that satisfy all of one of its parts.
type expression struct {
	is   *clause
	and  bool
	of   []expression
	none bool // it finds everything
}

type reader struct {
	text     string
	at       int
	problems []Problem
	joined   int
	brackets bool
}

// readFilter reads a filter; broken says why it can't be answered, empty: it can.
func readFilter(text string) (e expression, problems []Problem, broken string) {
	r := &reader{text: text}
	e, err := r.or()
	if r.blank(); err == nil && r.at < len(r.text) {
		err = fmt.Errorf("after a comparison comes AND or OR, or nothing: %s", r.rest())
	}
	if err != nil {
		return e, []Problem{{Kind: problemFilter, Expected: grammar, Seen: err.Error(), Where: "filter"}}, err.Error()
	}
	if r.joined > 1 || r.brackets {
		r.problems = append(r.problems, Problem{Kind: problemOperator, Expected: "one AND or OR at most, without parentheses", Seen: text,
			Where: "filter"})
	}
	for _, p := range r.problems {
		if p.Kind == problemField {
			return e, r.problems, "there is no such field: " + p.Seen
		}
	}
	return e, r.problems, ""
}

const grammar = "field, operator and value in single quotes, joined by AND or OR"

func (r *reader) rest() string {
	rest := []rune(r.text[r.at:])
	return string(rest[:min(len(rest), 40)])
}

func (r *reader) blank() {
	for r.at < len(r.text) && r.text[r.at] == ' ' {
		r.at++
	}
}

// take goes past a word, where it is the next; it tells whether it was.
func (r *reader) take(words ...string) bool {
	r.blank()
	for _, w := range words {
		if len(r.text)-r.at >= len(w) && strings.EqualFold(r.text[r.at:r.at+len(w)], w) {
			r.at += len(w)
			return true
		}
	}
	return false
}

func (r *reader) or() (expression, error) {
	first, err := r.and()
	all := []expression{first}
	for err == nil && r.take("OR ", "||") {
		r.joined++
		var next expression
		next, err = r.and()
		all = append(all, next)
	}
	if len(all) == 1 {
		return first, err
	}
	return expression{of: all}, err
}

func (r *reader) and() (expression, error) {
	first, err := r.one()
	all := []expression{first}
	for err == nil && r.take("AND ", "&&") {
		r.joined++
		var next expression
		next, err = r.one()
		all = append(all, next)
	}
	if len(all) == 1 {
		return first, err
	}
	return expression{and: true, of: all}, err
}

func (r *reader) one() (expression, error) {
	if r.take("(") {
		r.brackets = true
		e, err := r.or()
		if err == nil && !r.take(")") {
			err = fmt.Errorf("a parenthesis isn't closed")
		}
		return e, err
	}
	r.blank()
	begin := r.at
	for r.at < len(r.text) && !strings.ContainsRune("=<>!~ '\"()", rune(r.text[r.at])) {
		r.at++
	}
	c := clause{field: r.text[begin:r.at]}
	r.blank()
	for _, op := range []string{"!=", ">=", "<=", "=", ">", "<", "~"} {
		if strings.HasPrefix(r.text[r.at:], op) {
			c.op = op
			r.at += len(op)
			break
		}
	}
	if c.field == "" || c.op == "" {
		r.at = begin
		return expression{}, fmt.Errorf("there is no comparison: %s", r.rest())
	}
	r.blank()
	if r.at >= len(r.text) || r.text[r.at] != '\'' && r.text[r.at] != '"' {
		return expression{}, fmt.Errorf("the value stands in no single quotes: %s", r.rest())
	}
	quote := r.text[r.at]
	if quote == '"' {
		r.problems = append(r.problems, Problem{Kind: problemFilter, Expected: grammar, Seen: "a value in double quotes: " + r.rest(),
			Where: "filter"})
	}
	r.at++
	var value strings.Builder
	for closed := false; !closed; {
		switch {
		case r.at >= len(r.text):
			return expression{}, fmt.Errorf("the quote of a value isn't closed")
		case r.text[r.at] == '\\' && r.at+1 < len(r.text) && r.text[r.at+1] == quote: // the standard doesn't say how a quote is written
			value.WriteByte(quote)
			r.at += 2
		case r.text[r.at] != quote:
			value.WriteByte(r.text[r.at])
			r.at++
		case r.at+1 < len(r.text) && r.text[r.at+1] == quote:
			value.WriteByte(quote)
			r.at += 2
		default:
			closed = true
			r.at++
		}
	}
	c.value = value.String()
	if !knownField(c.field) {
		r.problems = append(r.problems, Problem{Kind: problemField, Expected: "a field of a resource, or search", Seen: c.field, Where: "filter"})
	}
	return expression{is: &c}, nil
}

func knownField(name string) bool {
	if name == "search" {
		return true
	}
	member, part, nested := strings.Cut(name, ".")
	if !slices.Contains(Members(), member) {
		return false
	}
	return !nested || slices.Contains(parts[member], part)
}

// finds tells whether an item satisfies a filter.
func (e expression) finds(i Item) bool {
	switch {
	case e.none:
		return true
	case e.is != nil:
		return e.is.finds(i)
	}
	for _, part := range e.of {
		if part.finds(i) != e.and {
			return !e.and
		}
	}
	return e.and
}

func (c clause) finds(i Item) bool {
	if c.field == "search" {
		all := strings.Join(append(textsOf(i.object["description"]), append(textsOf(i.object["subject"]),
			append(textsOf(i.object["learningObjectives"]), i.Name)...)...), "\n")
		return contains(strings.Join(strings.Fields(all), " "), strings.Join(strings.Fields(c.value), " "))
	}
	member, part, _ := strings.Cut(c.field, ".")
	values := textsOf(i.object[member])
	if part != "" {
		values = nil
		list, is := i.object[member].([]any)
		if !is {
			list = []any{i.object[member]}
		}
		for _, x := range list {
			if o, is := x.(map[string]any); is {
				values = append(values, textsOf(o[part])...)
			}
		}
	}
	any := func(is func(string) bool) bool { return slices.ContainsFunc(values, is) }
	switch c.op {
	case "~":
		return any(func(v string) bool { return contains(v, c.value) })
	case "!=":
		return !any(func(v string) bool { return v == c.value })
	case "=":
		return any(func(v string) bool { return v == c.value }) || len(values) > 0 && strings.Contains(c.value, ",") &&
			any(func(v string) bool { return slices.Contains(strings.Split(c.value, ","), v) })
	case "<":
		return any(func(v string) bool { return v < c.value })
	case "<=":
		return any(func(v string) bool { return v <= c.value })
	case ">":
		return any(func(v string) bool { return v > c.value })
	}
	return any(func(v string) bool { return v >= c.value })
}

// textsOf lists the texts of a value, however deep.
func textsOf(v any) (out []string) {
	switch x := v.(type) {
	case string:
		return []string{x}
	case []any:
		for _, one := range x {
			out = append(out, textsOf(one)...)
		}
	case map[string]any:
		for _, one := range x {
			out = append(out, textsOf(one)...)
		}
	}
	return out
}
