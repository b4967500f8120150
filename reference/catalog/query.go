package catalog

import (
	"errors"
	"iter"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/rollcall-edu/rollcall/reference/catalog/shelf"
)

// parameters are those that searchForResources has (OpenAPI document, /resources). Others are
// passed over.
var parameters = []string{"limit", "offset", "filter", "sort", "orderBy", "fields"}

// Request is a request for resources, as it was written.
type Request struct {
	// Given are the parameters that it has, the first where one stands twice; Twice names such a one.
	Given map[string]string
	Twice string
	// Filter is what the filter says; FilterError tells why it couldn't be read.
	Filter      Filter
	FilterError error

	limit, offset *int // nil where there is none, or it is no number
	others        []string
}

// parse reads the parameters of a request. The error says that they can't be told apart.
func parse(query string) (*Request, error) {
	q, err := url.ParseQuery(query)
	if err != nil {
		return nil, err
	}
	r := &Request{Given: map[string]string{}}
	for _, name := range parameters {
		if len(q[name]) > 0 {
			r.Given[name] = q[name][0]
		}
		if len(q[name]) > 1 {
			r.Twice = name
		}
	}
	r.limit, r.offset = whole(r.Given["limit"]), whole(r.Given["offset"])
	if text := r.Given["filter"]; text != "" {
		r.Filter, r.FilterError = ParseFilter(text)
	}
	for _, name := range slices.Sorted(mapsKeys(q)) {
		if name == "limit" || name == "offset" {
			continue
		}
		for _, value := range q[name] {
			r.others = append(r.others, escape(name)+"="+escape(value))
		}
	}
	return r, nil
}

func mapsKeys(q url.Values) iter.Seq[string] {
	return func(yield func(string) bool) {
		for name := range q {
			if !yield(name) {
				return
			}
		}
	}
}

// whole reads a whole number; nil where it is none. One beyond all bounds is the bound.
func whole(text string) *int {
	n, err := strconv.ParseInt(text, 10, 32)
	if errors.Is(err, strconv.ErrRange) && n > 0 {
		n, err = math.MaxInt32, nil
	}
	if err != nil || strings.HasPrefix(text, "+") {
		return nil
	}
	out := int(n)
	return &out
}

// good tells whether a parameter, if it is given at all, is a number.
func (r *Request) good(name string, read *int) bool { return r.Given[name] == "" || read != nil }

// number is a parameter, or what is usual.
func (r *Request) number(name string, usual int) int {
	if read := map[string]*int{"limit": r.limit, "offset": r.offset}[name]; read != nil {
		return *read
	}
	return usual
}

// clauses yields those of the filter.
func (r *Request) clauses() iter.Seq[Clause] {
	return func(yield func(Clause) bool) {
		for _, group := range r.Filter {
			for _, c := range group {
				if !yield(c) {
					return
				}
			}
		}
	}
}

// query is what is asked of the catalogue.
type query struct {
	shelf.Query
	fields   []string // that are wanted; nil: all
	searched bool     // by full text
	warnings []string
}

// query makes of a request what is asked of the catalogue, or says why it can't be answered.
func (rules *Rules) query(r *Request) (query, *failure) {
	for _, check := range rules.Checks {
		if wrong := check.Holds(r, rules); wrong != "" {
			return query{}, fail(http.StatusBadRequest, minorParameter, "%s", wrong)
		}
	}
	q := query{}
	q.Limit, q.Offset = max(0, r.number("limit", rules.DefaultLimit)), max(0, r.number("offset", 0))
	for _, group := range r.Filter {
		var clauses []shelf.Clause
		for _, c := range group {
			if c.Field == searchField {
				q.searched = true
				clauses = append(clauses, shelf.Clause{Words: words(c.Value)})
				continue
			}
			// What isn't known or can't be compared is there only where no check has found it.
			f, known := rules.field(c.Field)
			if compared, err := rules.Compare(f, c); known && err == nil {
				clauses = append(clauses, compared)
			}
		}
		if len(clauses) > 0 {
			q.Groups = append(q.Groups, clauses)
		}
	}
	rules.order(&q, r)
	rules.choose(&q, r)
	return q, nil
}

// order says how what is found is sorted: without a wish by how well it fits, where full text
// was looked for, and as it stands in the catalogue otherwise.
func (rules *Rules) order(q *query, r *Request) {
	name, given := r.Given["sort"]
	q.Descending = r.Given["orderBy"] == "desc"
	f, known := rules.sorting(name)
	switch {
	case name == searchField || name == relevance:
		q.ByWeight = q.searched
	case known:
		q.Sort, q.Numbers = f.Name, f.Kind != Text && f.Kind != Measure
	case given && name != "":
		q.warnings = append(q.warnings, "there is no field "+strconv.Quote(name)+" to sort by; the order is the usual one")
		fallthrough
	default:
		q.ByWeight, q.Descending = q.searched, q.searched
	}
}

// choose says which members are wanted. Where one of them isn't known it is all of them, with a
// warning, as in OneRoster 1.1.
func (rules *Rules) choose(q *query, r *Request) {
	list := r.Given["fields"]
	if list == "" {
		return
	}
	for _, name := range strings.Split(list, ",") {
		if !slices.Contains(Members(), name) {
			q.fields = nil
			q.warnings = append(q.warnings, "there is no field "+strconv.Quote(name)+" to select; all fields are here")
			return
		}
		q.fields = append(q.fields, name)
	}
}

// links are the addresses of the other pages (RFC 8288): prev is left out on the first page and
// next on the last.
func links(address string, r *Request, q query, total int) string {
	last := 0
	if total > 0 && q.Limit > 0 {
		last = (total - 1) / q.Limit * q.Limit
	}
	var out []string
	add := func(rel string, offset int) {
		to := "limit=" + strconv.Itoa(q.Limit) + "&offset=" + strconv.Itoa(offset)
		out = append(out, "<"+address+"?"+strings.Join(append([]string{to}, r.others...), "&")+`>; rel="`+rel+`"`)
	}
	add("first", 0)
	if q.Offset > 0 {
		add("prev", max(0, min(q.Offset-q.Limit, last))) // from beyond the end to the last page
	}
	if q.Offset+q.Limit < total {
		add("next", q.Offset+q.Limit)
	}
	add("last", last)
	return strings.Join(out, ", ")
}

// escape percent-encodes for a query string, with %20 for a blank.
func escape(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }
