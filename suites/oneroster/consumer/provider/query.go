package provider

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rollcall-edu/rollcall/suites/oneroster/service"
)

// clause is one comparison of a filter (OneRoster 1.2 REST Binding, filtering).
type clause struct {
	name, operator, value string
	kind                  service.Type
}

// operators are those of the grammar, the longer ones first.
var operators = []string{">=", "<=", "!=", "=", ">", "<", "~"}

// selection is a filter: objects are left that satisfy all clauses of one of its parts.
type selection [][]clause

// parse reads a filter on objects of a kind. why says in words what is wrong with it.
func parse(filter string, kind *service.Kind) (s selection, why string) {
	s = selection{nil}
	for rest := filter; ; {
		var c clause
		if c, rest, why = parseClause(rest, kind); why != "" {
			return nil, why
		}
		last := len(s) - 1
		s[last] = append(s[last], c)
		switch {
		case rest == "":
			return s, ""
		case strings.HasPrefix(rest, " AND "):
			rest = rest[len(" AND "):]
		case strings.HasPrefix(rest, " OR "):
			s, rest = append(s, nil), rest[len(" OR "):]
		default:
			return nil, "after a comparison comes AND or OR with a blank on each side, or nothing: " + rest
		}
	}
}

func parseClause(text string, kind *service.Kind) (c clause, rest, why string) {
	at := strings.IndexAny(text, "=<>!~")
	if at < 0 {
		return c, "", "there is no comparison: " + text
	}
	c.name = strings.TrimSpace(text[:at])
	for _, operator := range operators {
		if after, is := strings.CutPrefix(text[at:], operator); is {
			c.operator, text = operator, strings.TrimLeft(after, " ")
			break
		}
	}
	var known bool
	if c.kind, known = typeOf(kind, c.name); !known || c.operator == "" {
		return c, "", "there is no such property, or comparison: " + c.name
	}
	if !strings.HasPrefix(text, "'") {
		return c, "", "the value stands in no single quotes: " + text
	}
	var value strings.Builder
	for i := 1; ; i++ {
		switch {
		case i >= len(text):
			return c, "", "the quote of the value isn't closed: " + text
		case text[i] != '\'':
			value.WriteByte(text[i])
			continue
		case strings.HasPrefix(text[i+1:], "'"): // a quote within the value is doubled
			value.WriteByte('\'')
			i++
			continue
		}
		c.value, rest = value.String(), text[i+1:]
		break
	}
	if !readable(c.value, c.kind) {
		return c, "", fmt.Sprintf("%s is compared with %q, which is no %s", c.name, c.value, c.kind)
	}
	return c, rest, ""
}

// typeOf gives the type of a property of a kind by its name, with dots for what is within another.
func typeOf(kind *service.Kind, name string) (service.Type, bool) {
	if name == "metadata" || strings.HasPrefix(name, "metadata.") {
		return "", true
	}
	for _, m := range kind.Members {
		path := slices.DeleteFunc(slices.Clone(m.Path), func(s string) bool { return s == "*" })
		if strings.Join(path, ".") == name {
			return m.Type, true
		}
	}
	return "", false
}

// readable tells whether a value can be compared with properties of a type.
func readable(value string, kind service.Type) bool {
	switch kind {
	case service.Date, service.DateTime:
		_, ok := instantOf(value)
		return ok
	case service.Number:
		_, err := strconv.ParseFloat(value, 64)
		return err == nil
	}
	return true
}

// instantOf reads a date or a date-time; one without an offset is of UTC.
func instantOf(text string) (time.Time, bool) {
	for _, form := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02T15:04Z07:00", "2006-01-02T15:04",
		time.DateOnly,
		"2006-01-02T15:04:05.999999999Z0700", "20060102T150405Z0700", "20060102"} {
		if at, err := time.Parse(form, strings.ToUpper(text)); err == nil {
			return at, true
		}
	}
	return time.Time{}, false
}

// left gives the objects that a selection leaves.
func (s selection) left(list []map[string]any) []map[string]any {
	return slices.DeleteFunc(slices.Clone(list), func(o map[string]any) bool {
		return !slices.ContainsFunc(s, func(all []clause) bool {
			return !slices.ContainsFunc(all, func(c clause) bool { return !c.holds(o) })
		})
	})
}

// holds tells whether an object satisfies a comparison: of a list one item has to, or none has the value. What the
// object doesn't have is unlike everything.
func (c clause) holds(o map[string]any) bool {
	values := valuesAt(o, c.name)
	if c.operator == "!=" {
		return !slices.ContainsFunc(values, func(v string) bool { return c.order(v) == 0 })
	}
	return slices.ContainsFunc(values, func(v string) bool {
		switch n := c.order(v); c.operator {
		case "=":
			return n == 0
		case ">":
			return n > 0
		case ">=":
			return n >= 0
		case "<":
			return n < 0
		case "<=":
			return n <= 0
		}
		return strings.Contains(v, c.value)
	})
}

func (c clause) order(v string) int { return compareAs(c.kind, v, c.value) }

// compareAs orders two values of a type.
func compareAs(kind service.Type, a, b string) int {
	switch kind {
	case service.Number:
		x, errX := strconv.ParseFloat(a, 64)
		y, errY := strconv.ParseFloat(b, 64)
		if errX == nil && errY == nil {
			return cmp.Compare(x, y)
		}
	case service.Date, service.DateTime:
		x, okX := instantOf(a)
		y, okY := instantOf(b)
		if okX && okY {
			return x.Compare(y)
		}
	}
	return strings.Compare(a, b)
}

// valuesAt gives what stands at a name, with dots for what is within; a list gives each item.
func valuesAt(v any, name string) []string {
	switch x := v.(type) {
	case nil:
		return nil
	case []any:
		var out []string
		for _, item := range x {
			out = append(out, valuesAt(item, name)...)
		}
		return out
	case map[string]any:
		first, rest, _ := strings.Cut(name, ".")
		return valuesAt(x[first], rest)
	case string:
		return []string{x}
	case json.Number:
		return []string{x.String()}
	}
	return []string{fmt.Sprint(v)}
}

// sorted orders objects by a property; those that don't have it come last, or first where the order falls.
func sorted(list []map[string]any, by string, kind service.Type, falling bool) []map[string]any {
	list = slices.Clone(list)
	slices.SortStableFunc(list, func(a, b map[string]any) int {
		x, y := valuesAt(a, by), valuesAt(b, by)
		n := 0
		switch {
		case len(x) == 0 || len(y) == 0:
			n = cmp.Compare(len(y), len(x))
		default:
			n = compareAs(kind, x[0], y[0])
		}
		if falling {
			return -n
		}
		return n
	})
	return list
}

// fieldsOf are the members that a call asks for; none: all. unknown is one that the objects don't have, quoted.
func fieldsOf(values []string, kind *service.Kind) (fields []string, unknown string) {
	for _, value := range values {
		for name := range strings.SplitSeq(value, ",") {
			name = strings.TrimSpace(name)
			if _, known := typeOf(kind, name); !known {
				return nil, strconv.Quote(name)
			}
			fields = append(fields, name)
		}
	}
	return fields, ""
}
