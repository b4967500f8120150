package resources

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"time"
)

var clauseForm = regexp.MustCompile(`^([A-Za-z.]+)(>=|<=|!=|=|>|<|~)'((?:[^']|'')*)'`)

// knows tells whether resources have a member.
func (s *provider) knows(name string) bool {
	return name == "metadata" || slices.ContainsFunc(s.data["resources"], func(o object) bool { _, has := o[name]; return has })
}

// valuesAt gives the texts of a member.
func valuesAt(o object, name string) []string {
	switch v := o[name].(type) {
	case string:
		return []string{v}
	case []string:
		return v
	}
	return nil
}

// filtered applies the clauses of a filter from left to right.
func (s *provider) filtered(a *reply, list []object) (out []object, ok bool) {
	text := a.q.Get("filter")
	if !a.q.Has("filter") {
		return list, true
	}
	type clause struct{ join, name, sign, value string }
	var clauses []clause
	for join := "AND"; join != ""; {
		m := clauseForm.FindStringSubmatch(text)
		if m == nil || !s.knows(m[1]) {
			return nil, false
		}
		c := clause{join, m[1], m[2], strings.ReplaceAll(m[3], "''", "'")}
		if c.name == "dateLastModified" && instant(c.value).IsZero() {
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
			right := satisfies(c.name, c.sign, c.value, o)
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

func satisfies(name, sign, value string, o object) bool {
	have := valuesAt(o, name)
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
		c = instant(have[0]).Compare(instant(value))
	}
	return signed(sign, c)
}

func signed(sign string, c int) bool {
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

// instant reads a time, or a day as its beginning.
func instant(text string) time.Time {
	for _, layout := range []string{time.RFC3339Nano, time.DateOnly} {
		if at, err := time.Parse(layout, text); err == nil {
			return at
		}
	}
	return time.Time{}
}

func (s *provider) sorted(a *reply, list []object) ([]object, bool) {
	name, order := a.q.Get("sort"), a.q.Get("orderBy")
	if !slices.Contains([]string{"", "asc", "desc"}, order) || name != "" && !s.knows(name) {
		return nil, false
	}
	if name == "" {
		return list, true
	}
	list = slices.Clone(list)
	slices.SortStableFunc(list, func(x, y object) int {
		c := cmp.Compare(strings.Join(valuesAt(x, name), ","), strings.Join(valuesAt(y, name), ","))
		if order == "desc" {
			return -c
		}
		return c
	})
	return list, true
}

// selected leaves the members that fields names.
func (s *provider) selected(a *reply, list []object) ([]object, bool) {
	if !a.q.Has("fields") {
		return list, true
	}
	names := strings.Split(strings.Join(a.q["fields"], ","), ",")
	for _, name := range names {
		if !s.knows(name) || strings.Contains(name, ".") {
			a.refuse(400, "invalid_selection_field", "an unknown field")
			return nil, false
		}
	}
	out := []object{}
	for _, o := range list {
		kept := object{}
		for _, name := range names {
			if v, has := o[name]; has {
				kept[name] = v
			}
		}
		out = append(out, kept)
	}
	return out, true
}
