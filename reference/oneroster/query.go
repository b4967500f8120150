package oneroster

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// DefaultLimit is the page size of a request that names none (OpenAPI document,
// parameter limit).
const DefaultLimit = 100

// query is what the parameters of a request ask for.
type query struct {
	limit, offset int
	sort          string // empty for the default order
	descending    bool
	filter        filter          // nil for all
	fields        map[string]bool // nil for all
	parameters    []parameter     // all of them, as they came, for Link
	warnings      []failure       // what was asked for in vain, where that is no failure
}

type parameter struct{ name, value string }

// parseParameters splits a query string. Unlike url.ParseQuery it keeps the
// order, takes a semicolon for what it is, and refuses a bad escape.
func parseParameters(raw string) ([]parameter, *failure) {
	var parameters []parameter
	for part := range strings.SplitSeq(raw, "&") {
		if part == "" {
			continue
		}
		name, value, _ := strings.Cut(part, "=")
		name, nameErr := url.QueryUnescape(name)
		value, valueErr := url.QueryUnescape(value)
		if nameErr != nil || valueErr != nil {
			return nil, fail(http.StatusBadRequest, minorInvalidData, "the query string has a %% that does not begin an escape")
		}
		parameters = append(parameters, parameter{name, value})
	}
	return parameters, nil
}

// parseQuery reads the parameters that an operation takes: all six for a
// collection, fields alone for a single object. Others are ignored. One of the
// six that comes twice (but for fields) or empty is refused, since there is no
// telling what was meant.
func parseQuery(raw string, single bool, properties *property, maxLimit int, d *Dialect) (query, *failure) {
	q := query{limit: min(DefaultLimit, maxLimit)}
	var failed *failure
	if q.parameters, failed = parseParameters(raw); failed != nil {
		return q, failed
	}
	given := map[string]string{}
	for _, p := range q.parameters {
		switch {
		case p.name == "fields":
			switch failed := q.addFields(p.value, properties, d); {
			case d.warnedOf(failed):
				q.warnings = append(q.warnings, *failed)
			case failed != nil:
				return q, failed
			}
			continue
		case single || !slices.Contains([]string{"limit", "offset", "sort", "orderBy", "filter"}, p.name):
			continue
		}
		minor := minorInvalidData
		if p.name == "filter" {
			minor = minorInvalidFilter
		}
		if _, twice := given[p.name]; twice {
			return q, fail(http.StatusBadRequest, minor, "the parameter %s comes more than once", p.name)
		}
		if p.value == "" {
			return q, fail(http.StatusBadRequest, minor, "the parameter %s is empty", p.name)
		}
		given[p.name] = p.value
	}

	if text, ok := given["limit"]; ok {
		if q.limit, failed = parseCount("limit", text, 1); failed != nil {
			return q, failed
		}
		q.limit = min(q.limit, maxLimit)
	}
	if text, ok := given["offset"]; ok {
		if q.offset, failed = parseCount("offset", text, 0); failed != nil {
			return q, failed
		}
	}
	switch given["orderBy"] {
	case "", "asc":
	case "desc":
		q.descending = true
	default:
		return q, fail(http.StatusBadRequest, minorInvalidData, "orderBy is asc or desc")
	}
	// No description says what a bad sort property leads to; the data comes in the
	// default order then, as 1.1 ruled.
	if _, ok := properties.find(given["sort"]); ok {
		q.sort = given["sort"]
	} else if given["sort"] != "" && d != nil {
		q.warnings = append(q.warnings, *fail(http.StatusBadRequest, minorInvalidSort, "there is no property %q to sort by", given["sort"]))
	}
	if slices.ContainsFunc(q.warnings, func(f failure) bool { return f.minor == minorInvalidSelection }) {
		q.fields = nil // all data, as 1.1 has it
	}
	if text, ok := given["filter"]; ok {
		f, err := parseFilter(text)
		if err != nil {
			return q, fail(http.StatusBadRequest, minorInvalidFilter, "%v", err)
		}
		// Compiled again when it is run; here only to find its faults.
		if _, err := compile(f, properties); err != nil {
			return q, fail(http.StatusBadRequest, minorInvalidFilter, "%v", err)
		}
		q.filter = f
	}
	return q, nil
}

// parseCount reads a plain decimal number of 32 bits.
func parseCount(name, text string, least int) (int, *failure) {
	n, err := strconv.ParseInt(text, 10, 32)
	if err != nil || text[0] == '+' || text[0] == '-' || int(n) < least {
		return 0, fail(http.StatusBadRequest, minorInvalidData, "%s is a whole number of at least %d", name, least)
	}
	return int(n), nil
}

// addFields takes the names of one fields parameter. The OpenAPI document has
// the parameter repeated, everybody else separates by commas; both count.
func (q *query) addFields(value string, properties *property, d *Dialect) *failure {
	if d != nil && strings.Trim(value, ", ") == "" {
		return fail(http.StatusBadRequest, minorBlankSelection, "the selection is blank")
	}
	if q.fields == nil {
		q.fields = map[string]bool{}
	}
	for name := range strings.SplitSeq(value, ",") {
		if _, ok := properties.members[name]; !ok {
			return fail(http.StatusBadRequest, minorInvalidSelection, "there is no property %q to select", name)
		}
		q.fields[name] = true
	}
	return nil
}
