package resttest

import (
	"cmp"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Object is a JSON object in the making.
type Object = map[string]any

var clauseForm = regexp.MustCompile(`^([A-Za-z.]+)(>=|<=|!=|=|>|<|~)'((?:[^']|'')*)'`)

// Query answers what a request asks of a list.
type Query struct {
	url.Values
	Knows func(member string) bool // whether such objects have a member
	// Holds tells whether an object satisfies one clause of a filter; right is what a faithful
	// service would say. It may be nil.
	Holds func(name, sign, value string, o Object, right bool) bool
}

// Filtered applies the clauses of a filter from left to right; ok is false where there is no
// sense in it.
func (q Query) Filtered(list []Object) (out []Object, ok bool) {
	text := q.Get("filter")
	if !q.Has("filter") {
		return list, true
	}
	type clause struct{ join, name, sign, value string }
	var clauses []clause
	for join := "AND"; join != ""; {
		m := clauseForm.FindStringSubmatch(text)
		if m == nil || !q.Knows(m[1]) {
			return nil, false
		}
		c := clause{join, m[1], m[2], strings.ReplaceAll(m[3], "''", "'")}
		if c.name == "dateLastModified" && Instant(c.value).IsZero() {
			return nil, false
		}
		clauses = append(clauses, c)
		switch text = text[len(m[0]):]; {
		case strings.HasPrefix(text, " AND "):
			join, text = "AND", text[5:]
		case strings.HasPrefix(text, " OR "):
			join, text = "OR", text[4:]
		case text != "":
			return nil, false
		default:
			join = ""
		}
	}
	for _, o := range list {
		all := true
		for _, c := range clauses {
			right := Satisfies(c.name, c.sign, c.value, o)
			if q.Holds != nil {
				right = q.Holds(c.name, c.sign, c.value, o, right)
			}
			if c.join == "AND" {
				all = all && right
			} else {
				all = all || right
			}
		}
		if all {
			out = append(out, o)
		}
	}
	return out, true
}

// Sorted puts a list into the order that is asked for; ok is false where there is none such.
func (q Query) Sorted(list []Object) (out []Object, ok bool) {
	name, order := q.Get("sort"), q.Get("orderBy")
	if !slices.Contains([]string{"", "asc", "desc"}, order) || name != "" && !q.Knows(name) {
		return nil, false
	}
	if name == "" {
		return list, true
	}
	list = slices.Clone(list)
	slices.SortStableFunc(list, func(x, y Object) int {
		c := cmp.Compare(strings.Join(ValuesAt(x, name), ","), strings.Join(ValuesAt(y, name), ","))
		if order == "desc" {
			return -c
		}
		return c
	})
	return list, true
}

// Selected leaves the members that fields names; ok is false where one of them is unknown.
func (q Query) Selected(list []Object) (out []Object, ok bool) {
	if !q.Has("fields") {
		return list, true
	}
	names := strings.Split(strings.Join(q.Values["fields"], ","), ",")
	for _, name := range names {
		if !q.Knows(name) || strings.Contains(name, ".") {
			return nil, false
		}
	}
	out = []Object{}
	for _, o := range list {
		kept := Object{}
		for _, name := range names {
			if v, has := o[name]; has {
				kept[name] = v
			}
		}
		out = append(out, kept)
	}
	return out, true
}

// Number reads limit or offset; what exceeds every collection is cut down.
func (q Query) Number(name string, otherwise, least int) (int, bool) {
	if !q.Has(name) {
		return otherwise, true
	}
	text := q.Get(name)
	if text == "" || strings.Trim(text, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.Atoi(text)
	if err != nil || n > 100_000 {
		n = 100_000
	}
	return n, n >= least
}

// Links gives the Link field of a page at an address, of n objects in all.
func (q Query) Links(address string, offset, limit, n int) string {
	var out []string
	add := func(rel string, offset int) {
		to, _ := url.ParseQuery(q.Encode())
		to.Set("offset", strconv.Itoa(offset))
		to.Set("limit", strconv.Itoa(limit))
		out = append(out, fmt.Sprintf(`<%s?%s>; rel="%s"`, address, to.Encode(), rel))
	}
	add("first", 0)
	add("last", max(n-1, 0)/limit*limit)
	if offset > 0 {
		add("prev", max(offset-limit, 0))
	}
	if offset+limit < n {
		add("next", offset+limit)
	}
	return strings.Join(out, ", ")
}

// ValuesAt gives the texts of a member, following dots.
func ValuesAt(o Object, name string) []string {
	first, rest, nested := strings.Cut(name, ".")
	switch v := o[first].(type) {
	case Object:
		if nested {
			return ValuesAt(v, rest)
		}
	case string:
		return []string{v}
	case []string:
		return v
	}
	if n, is := number(o[first]); is {
		return []string{strconv.FormatFloat(n, 'f', -1, 64)}
	}
	return nil
}

// number reads a member that is no text.
func number(v any) (float64, bool) {
	switch n := v.(type) {
	case int:
		return float64(n), true
	case float64:
		return n, true
	}
	return 0, false
}

// Satisfies tells whether an object satisfies one clause of a filter.
func Satisfies(name, sign, value string, o Object) bool {
	have := ValuesAt(o, name)
	if _, isList := o[name].([]string); isList {
		any := strings.Split(value, ",")
		switch sign {
		case "=":
			return slices.Equal(have, any)
		case "~":
			return slices.ContainsFunc(have, func(v string) bool { return slices.Contains(any, v) })
		}
	}
	if len(have) == 0 {
		return sign == "!="
	}
	if sign == "~" {
		return strings.Contains(have[0], value)
	}
	c := strings.Compare(have[0], value)
	if name == "dateLastModified" {
		c = Instant(have[0]).Compare(Instant(value))
	}
	if n, is := number(o[name]); is {
		asked, err := strconv.ParseFloat(value, 64)
		if err != nil {
			return false
		}
		c = cmp.Compare(n, asked)
	}
	return Signed(sign, c)
}

// Signed tells whether a sign fits the outcome of a comparison.
func Signed(sign string, c int) bool {
	switch sign {
	case "=":
		return c == 0
	case "!=":
		return c != 0
	case ">":
		return c > 0
	case ">=":
		return c >= 0
	case "<":
		return c < 0
	}
	return c <= 0
}

// Instant reads a time, or a day as its beginning.
func Instant(text string) time.Time {
	for _, layout := range []string{time.RFC3339Nano, time.DateOnly} {
		if at, err := time.Parse(layout, text); err == nil {
			return at
		}
	}
	return time.Time{}
}
