package competency

import (
	"cmp"
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

// defaultLimit is the size of a page where none is asked for (CASE 1.1 REST binding, section
// 3.1).
const defaultLimit = 100

// list answers getAllCFDocuments, the one operation with parameters (CASE 1.1 REST binding,
// section 3).
func (s *Server) list(w http.ResponseWriter, r *http.Request, l *library, version Version) *failure {
	q, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return fail(http.StatusBadRequest, minorSelection, "the query string can't be read: %v", err)
	}
	limit, failed := count(q, "limit", defaultLimit, 1)
	if failed != nil {
		return failed
	}
	offset, failed := count(q, "offset", 0, 0)
	if failed != nil {
		return failed
	}
	rows, err := rowsOf(l.documents)
	if err != nil {
		return fail(http.StatusInternalServerError, minorInternal, "the documents could not be written")
	}
	if text := q.Get("filter"); q.Has("filter") {
		filter, err := oneroster.ParseFilter(text)
		if err != nil {
			return fail(http.StatusBadRequest, minorSelection, "%v", err)
		}
		if rows, err = matching(rows, filter); err != nil {
			return fail(http.StatusBadRequest, minorSelection, "%v", err)
		}
	}
	if failed := order(rows, q.Get("sort"), q.Get("orderBy")); failed != nil {
		return failed
	}
	total := len(rows)
	rows = rows[min(offset, total):min(offset+limit, total)]
	if q.Has("fields") {
		if rows, failed = chosen(rows, q.Get("fields")); failed != nil {
			return failed
		}
	}
	w.Header().Set("X-Total-Count", strconv.Itoa(total))
	w.Header().Set("Link", links(s.base(r)+version.BasePath()+"/CFDocuments", q, offset, limit, total))
	send(w, http.StatusOK, map[string]any{"CFDocuments": rows})
	return nil
}

// row is a document by its members.
type row map[string]any

// rowsOf takes documents apart as they are sent. The list is never null.
func rowsOf(all []document) ([]row, error) {
	text, err := json.Marshal(all)
	if err != nil {
		return nil, err
	}
	rows := []row{}
	return rows, json.Unmarshal(text, &rows)
}

// count reads a whole number that is no less than least.
func count(q url.Values, name string, usual, least int) (int, *failure) {
	if !q.Has(name) {
		return usual, nil
	}
	n, err := strconv.ParseInt(q.Get(name), 10, 32)
	if err != nil || int(n) < least {
		return 0, fail(http.StatusBadRequest, minorSelection, "%s is a whole number of at least %d", name, least)
	}
	return int(n), nil
}

// texts gives the values of a member: one, or those of a list.
func (r row) texts(member string) []string {
	switch v := r[member].(type) {
	case string:
		return []string{v}
	case []any:
		var out []string
		for _, x := range v {
			if text, is := x.(string); is {
				out = append(out, text)
			}
		}
		return out
	}
	return nil
}

// filterable are the members of a document that hold texts.
var filterable = []string{"identifier", "uri", "frameworkType", "caseVersion", "creator", "title", "lastChangeDateTime",
	"officialSourceURL",
	"publisher", "description", "subject", "language", "version", "adoptionStatus", "statusStartDate", "statusEndDate", "notes"}

// matching keeps the rows that pass a filter. Values are compared without regard to case; =
// on a list needs the whole of it, and ~ any part (REST binding, section 3.3).
func matching(rows []row, filter [][]oneroster.Clause) ([]row, error) {
	for _, group := range filter {
		for _, c := range group {
			if !slices.Contains(filterable, c.Property) {
				return nil, fmt.Errorf("there is no member %q to filter by", c.Property)
			}
		}
	}
	kept := []row{}
	for _, r := range rows {
		if slices.ContainsFunc(filter, func(group []oneroster.Clause) bool {
			return !slices.ContainsFunc(group, func(c oneroster.Clause) bool { return !passes(r, c) })
		}) {
			kept = append(kept, r)
		}
	}
	return kept, nil
}

func passes(r row, c oneroster.Clause) bool {
	values, literal := r.texts(c.Property), strings.ToLower(c.Literal)
	for i := range values {
		values[i] = strings.ToLower(values[i])
	}
	whole := strings.Join(values, ",")
	switch c.Predicate {
	case "=":
		return len(values) > 0 && whole == literal
	case "!=":
		return whole != literal
	case "~":
		return slices.ContainsFunc(values, func(v string) bool { return strings.Contains(v, literal) })
	}
	return slices.ContainsFunc(values, func(v string) bool {
		switch order := cmp.Compare(v, literal); c.Predicate {
		case ">":
			return order > 0
		case ">=":
			return order >= 0
		case "<":
			return order < 0
		default: // <=
			return order <= 0
		}
	})
}

// order sorts the rows. A member that documents don't have leaves them as they are: the
// binding's prose has it so, while the guide's appendix has an error.
func order(rows []row, by, direction string) *failure {
	if direction != "" && direction != "asc" && direction != "desc" {
		return fail(http.StatusBadRequest, minorSelection, "orderBy is asc or desc")
	}
	if !slices.Contains(filterable, by) {
		return nil
	}
	slices.SortStableFunc(rows, func(a, b row) int {
		x, y := strings.ToLower(strings.Join(a.texts(by), ",")), strings.ToLower(strings.Join(b.texts(by), ","))
		if direction == "desc" {
			x, y = y, x
		}
		return cmp.Compare(x, y)
	})
	return nil
}

// chosen leaves the members that are asked for. Where none of them is known all are sent,
// and a blank list alone is an error (REST binding, section 3.4).
func chosen(rows []row, list string) ([]row, *failure) {
	if strings.TrimSpace(list) == "" {
		return nil, fail(http.StatusBadRequest, minorSelection, "fields names no member")
	}
	names := strings.Split(list, ",")
	out := []row{}
	for _, r := range rows {
		part := maps.Clone(r)
		maps.DeleteFunc(part, func(name string, _ any) bool { return !slices.Contains(names, name) })
		if len(part) == 0 {
			part = r
		}
		out = append(out, part)
	}
	return out, nil
}

// links names the other pages (RFC 8288).
func links(collection string, q url.Values, offset, limit, total int) string {
	last := max(0, total-1) / limit * limit
	var out []string
	add := func(rel string, offset int) {
		page := maps.Clone(q)
		page.Set("limit", strconv.Itoa(limit))
		page.Set("offset", strconv.Itoa(offset))
		out = append(out, fmt.Sprintf("<%s?%s>; rel=%q", collection, page.Encode(), rel))
	}
	add("first", 0)
	if offset > 0 {
		add("prev", max(0, min(offset-limit, last)))
	}
	if offset+limit < total {
		add("next", offset+limit)
	}
	add("last", last)
	return strings.Join(out, ", ")
}
