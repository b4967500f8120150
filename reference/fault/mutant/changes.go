package mutant

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/rollcall-edu/rollcall/reference/oneroster"
)

// Of lists every mutant of a service, always in the same order. Each is new: what it has
// bitten is its own.
func Of(s oneroster.Service) ([]*Mutant, error) {
	places, err := placesOf(s)
	if err != nil {
		return nil, err
	}
	var all []*Mutant
	for _, p := range places {
		add := func(what string, structural bool, change func(*answer) bool) {
			all = append(all, &Mutant{Name: "GET " + p.path + ": " + what, Structural: structural, place: p, change: change})
		}
		for _, b := range bodies {
			add(b.what, true, b.change)
		}
		for _, s := range statuses {
			add(s.what, s.structural, s.change)
		}
		for _, name := range []string{"Content-Type", "Cache-Control", "X-Total-Count", "Link"} {
			if p.collection() || name == "Content-Type" || name == "Cache-Control" {
				add("no "+name, false, func(a *answer) bool { return dropHeader(a, name) })
			}
		}
		if p.collection() {
			for _, l := range lists {
				add(l.what, false, l.change)
			}
			for _, q := range queries {
				all = append(all, &Mutant{Name: "GET " + p.path + ": " + q.what, place: p, request: q.change})
			}
		}
		for i, name := range p.members {
			for _, m := range members {
				add(name+" "+m.what, false, func(a *answer) bool {
					return a.objects(func(o object) bool { return m.change(o, name) })
				})
			}
			if next := p.members[(i+1)%len(p.members)]; i+1 < len(p.members) {
				add(name+" and "+next+" are swapped", false, func(a *answer) bool {
					return a.objects(func(o object) bool {
						x, has := o[name]
						y, hasToo := o[next]
						if has && hasToo {
							o[name], o[next] = y, x
						}
						return has && hasToo
					})
				})
			}
		}
	}
	return all, nil
}

type change struct {
	what       string
	structural bool
	change     func(*answer) bool
}

// bodies are what makes an answer unreadable.
var bodies = []change{
	{what: "the body is cut in half", change: func(a *answer) bool { return a.good() && a.setBody(a.Body.Bytes()[:a.Body.Len()/2]) }},
	{what: "the body lacks its last byte", change: func(a *answer) bool {
		b := bytes.TrimSpace(a.Body.Bytes())
		return a.good() && a.setBody(slices.Clone(b[:len(b)-1]))
	}},
	{what: "the body is empty", change: func(a *answer) bool { return a.good() && a.setBody(nil) }},
	{what: "the body is a page", change: func(a *answer) bool {
		return a.good() && a.setBody([]byte("<!doctype html><title>Sign in</title><form></form>"))
	}},
	{what: "the body is {}", change: func(a *answer) bool { return a.good() && a.setBody([]byte("{}")) }},
	{what: "the body is null", change: func(a *answer) bool { return a.good() && a.setBody([]byte("null")) }},
	{what: "the wrapper has another name", change: func(a *answer) bool {
		return a.envelope(func(e object) bool {
			for name, v := range maps.Clone(e) {
				delete(e, name)
				e["x"+name] = v
			}
			return true
		})
	}},
	{what: "the wrapper is missing", change: func(a *answer) bool {
		var e map[string]json.RawMessage
		if !a.good() || json.Unmarshal(a.Body.Bytes(), &e) != nil {
			return false
		}
		for _, v := range e {
			return a.setBody(v)
		}
		return false
	}},
}

// became changes the status of answers that had another.
func became(from, to int) change {
	return change{
		what:       fmt.Sprintf("%d is %d", from, to),
		structural: from == http.StatusOK && (to >= 400 || to == http.StatusNoContent),
		change: func(a *answer) bool {
			if a.Code != from {
				return false
			}
			a.Code = to
			return true
		},
	}
}

var statuses = []change{
	became(200, 201), became(200, 206), became(200, 204), became(200, 302), became(200, 404), became(200, 500), became(200, 503),
	became(404, 400), became(404, 500), became(404, 200), became(401, 403), became(401, 500), became(403, 401), became(400, 500),
	became(400, 404), became(405, 500),
}

func dropHeader(a *answer, name string) bool {
	_, had := a.Header()[name]
	a.Header().Del(name)
	if name == "Content-Type" {
		a.Header()[name] = nil // or Go would guess one
	}
	return had
}

// lists are what goes wrong with a list, its total and its links.
var lists = []change{
	{what: "the list is empty", change: func(a *answer) bool { return a.list(func([]any) []any { return []any{} }) }},
	{what: "the first comes twice", change: func(a *answer) bool { return a.list(func(l []any) []any { return append(l[:1:1], l...) }) }},
	{what: "the last is missing", change: func(a *answer) bool { return a.list(func(l []any) []any { return l[:len(l)-1] }) }},
	{what: "the first is missing", change: func(a *answer) bool { return a.list(func(l []any) []any { return l[1:] }) }},
	{what: "the list is reversed", change: func(a *answer) bool { return a.list(func(l []any) []any { slices.Reverse(l); return l }) }},
	{what: "the last is the first", change: func(a *answer) bool { return a.list(func(l []any) []any { l[len(l)-1] = l[0]; return l }) }},
	{what: "there is a null among them", change: func(a *answer) bool { return a.list(func(l []any) []any { return append(l, nil) }) }},
	{what: "the list is one object", change: func(a *answer) bool {
		return a.envelope(func(e object) bool {
			for name, v := range e {
				if l, ok := v.([]any); ok && len(l) > 0 {
					e[name] = l[0]
					return true
				}
			}
			return false
		})
	}},
	total("one more", func(n int) string { return strconv.Itoa(n + 1) }), total("one less", func(n int) string { return strconv.Itoa(n - 1) }),
	total("zero", func(int) string { return "0" }), total("negative", func(int) string { return "-1" }),
	total("a word", func(int) string { return "many" }),
	linked("next is prev and prev is next", strings.NewReplacer(`rel="next"`, `rel="prev"`, `rel="prev"`, `rel="next"`)),
	linked("next is missing", strings.NewReplacer(`rel="next"`, `rel="x-next"`)),
	linked("offsets have another name", strings.NewReplacer("offset=", "start=")),
	linked("limits are ten times as large", strings.NewReplacer("&offset=", "0&offset=")),
}

func total(what string, of func(int) string) change {
	return change{what: "the total is " + what, change: func(a *answer) bool {
		n, err := strconv.Atoi(a.Header().Get("X-Total-Count"))
		if err != nil || a.Header().Get("X-Total-Count") == of(n) {
			return false
		}
		a.Header().Set("X-Total-Count", of(n))
		return true
	}}
}

func linked(what string, by *strings.Replacer) change {
	return change{what: what, change: func(a *answer) bool {
		old := a.Header().Get("Link")
		if by.Replace(old) == old {
			return false
		}
		a.Header().Set("Link", by.Replace(old))
		return true
	}}
}

// members are what goes wrong with a member.
var members = []struct {
	what   string
	change func(o object, name string) bool
}{
	{"is missing", func(o object, name string) bool { _, has := o[name]; delete(o, name); return has }},
	{"is null", func(o object, name string) bool { return put(o, name, func(any) any { return nil }) }},
	{"is of another type", func(o object, name string) bool {
		return put(o, name, func(v any) any {
			switch v := v.(type) {
			case string:
				return []any{v}
			case []any:
				return "x"
			}
			return true
		})
	}},
	{"is empty", func(o object, name string) bool {
		return put(o, name, func(v any) any {
			switch v.(type) {
			case string:
				return ""
			case []any:
				return []any{}
			}
			return object{}
		})
	}},
	{"is in upper case", texts(strings.ToUpper)},
	{"is in lower case", texts(strings.ToLower)},
	{"has a blank behind it", texts(func(s string) string { return s + " " })},
	{"is another text", texts(func(s string) string { return s + "x" })},
	{"is a year off", texts(func(s string) string {
		if len(s) > 9 && s[4] == '-' && s[7] == '-' {
			if year, err := strconv.Atoi(s[:4]); err == nil {
				return strconv.Itoa(year+1) + s[4:]
			}
		}
		return s
	})},
	{"is negated", texts(func(s string) string {
		switch s {
		case "true":
			return "false"
		case "false":
			return "true"
		}
		return s
	})},
	{"lacks its first entry", func(o object, name string) bool {
		l, ok := o[name].([]any)
		if ok && len(l) > 0 {
			o[name] = l[1:]
		}
		return ok && len(l) > 0
	}},
	{"has its first entry twice", func(o object, name string) bool {
		l, ok := o[name].([]any)
		if ok && len(l) > 0 {
			o[name] = append(l[:1:1], l...)
		}
		return ok && len(l) > 0
	}},
	{"leads elsewhere", func(o object, name string) bool { return astray(o[name]) }},
	{"is misspelt", func(o object, name string) bool {
		v, has := o[name]
		if has {
			delete(o, name)
			o[name[:len(name)-1]] = v
		}
		return has
	}},
}

func put(o object, name string, change func(any) any) bool {
	v, has := o[name]
	if has {
		o[name] = change(v)
	}
	return has
}

func texts(change func(string) string) func(o object, name string) bool {
	return func(o object, name string) bool {
		s, is := o[name].(string)
		if !is || change(s) == s {
			return false
		}
		o[name] = change(s)
		return true
	}
}

// astray lets references lead to what isn't there.
func astray(v any) (changed bool) {
	switch v := v.(type) {
	case object:
		if id, is := v["sourcedId"].(string); is {
			v["sourcedId"] = id + "-x"
			return true
		}
	case []any:
		for _, one := range v {
			changed = astray(one) || changed
		}
	}
	return changed
}

type asked struct {
	what   string
	change func(url.Values) bool
}

// queries are parameters that are taken for others.
var queries = []asked{
	unheard("limit"), unheard("offset"), unheard("sort"), unheard("orderBy"), unheard("filter"), unheard("fields"),
	off("limit", 1), off("limit", -1), off("offset", 1), off("offset", -1),
	{"AND is OR", inFilter(" AND ", " OR ")}, {"OR is AND", inFilter(" OR ", " AND ")},
	{"= is !=", inFilter("='", "!='")}, {"> is >=", inFilter(">'", ">='")}, {"< is >", inFilter("<'", ">'")}, {"~ is =", inFilter("~'", "='")},
}

func unheard(name string) asked {
	return asked{name + " is not heard", func(q url.Values) bool { had := q.Has(name); q.Del(name); return had }}
}

func off(name string, by int) asked {
	return asked{fmt.Sprintf("%s is off by %+d", name, by), func(q url.Values) bool {
		n, err := strconv.Atoi(q.Get(name))
		if err != nil || n+by < 0 {
			return false
		}
		q.Set(name, strconv.Itoa(n+by))
		return true
	}}
}

func inFilter(from, to string) func(url.Values) bool {
	return func(q url.Values) bool {
		f := q.Get("filter")
		if !strings.Contains(f, from) {
			return false
		}
		q.Set("filter", strings.ReplaceAll(f, from, to))
		return true
	}
}
