package catalog

import (
	"fmt"
	"slices"
	"strings"

	"github.com/rollcall-edu/rollcall/reference/catalog/shelf"
)

// Rules are what the server decides where the standard leaves it open, and what it holds
// requests to. [NewRules] gives those of the reference; whoever wants others changes them before
// the server is made.
type Rules struct {
	// DefaultLimit is the size of a page where none is asked for, MaxLimit the largest (OpenAPI document,
	// limit).
	DefaultLimit, MaxLimit int
	// Operators is how many logical operators a filter may have. The OpenAPI document says
	// nothing of them; OneRoster, whose filters these are, promises one.
	Operators int
	// Fields are those that a filter and an order can name.
	Fields []Field
	// Checks are what a request is held to, in this order.
	Checks []Check
	// Warn is where it is said that something was asked for in vain. ResourceSet.Type has no
	// place for it.
	Warn Warning
	// Root is what the root of the subjects has for its parent, which is a number of at least 1
	// by its type, and null by its description.
	Root Root
	// Compare makes of a clause what is looked for; it is given the field that the clause
	// names. The error says what is wrong with the value.
	Compare func(f Field, c Clause) (shelf.Clause, error)
}

// Warning is a place for a warning.
type Warning string

// The places.
const (
	// WarnInBody puts members of imsx_StatusInfo beside the resources, as the open implementation does.
	WarnInBody  Warning = "body"
	WarnNowhere Warning = "nowhere"
)

// Root is how the root of a tree shows that it is the root.
type Root string

// The ways.
const (
	RootNull   Root = "null"   // its parent is null
	RootAbsent Root = "absent" // it has no parent
	RootLeft   Root = "left"   // it isn't told itself, so that whatever is told has a parent
)

// Check is one demand on a request for resources.
type Check struct {
	ID string
	// Holds tells what is wrong with the request; empty where nothing is.
	Holds func(*Request, *Rules) string
}

// NewRules are the rules of the reference.
func NewRules() Rules {
	return Rules{
		DefaultLimit: 100,
		MaxLimit:     100,
		Operators:    1,
		Fields:       Fields(),
		Checks:       Checks(),
		Warn:         WarnInBody,
		Root:         RootNull,
		Compare:      Compare,
	}
}

// Drop leaves the checks with these ids out.
func (rules *Rules) Drop(ids ...string) {
	rules.Checks = slices.DeleteFunc(slices.Clone(rules.Checks), func(c Check) bool { return slices.Contains(ids, c.ID) })
}

// field finds a field that a filter can name.
func (rules *Rules) field(name string) (Field, bool) {
	at := slices.IndexFunc(rules.Fields, func(f Field) bool { return f.Name == name })
	if at < 0 {
		return Field{}, false
	}
	return rules.Fields[at], true
}

// sorting finds a field that resources can be ordered by.
func (rules *Rules) sorting(name string) (Field, bool) {
	f, known := rules.field(name)
	return f, known && f.Sorted
}

// Checks lists the demands of the reference on a request for resources. All that fails is a
// 400 with invalidqueryparameter.
func Checks() []Check {
	unless := func(good bool, format string, arguments ...any) string {
		if good {
			return ""
		}
		return fmt.Sprintf(format, arguments...)
	}
	return []Check{
		{"parameter.once", func(r *Request, _ *Rules) string {
			return unless(r.Twice == "", "the parameter %s stands twice", r.Twice)
		}},
		// All parameters have allowEmptyValue: false.
		{"parameter.empty", func(r *Request, _ *Rules) string {
			for _, name := range parameters {
				if value, given := r.Given[name]; given && value == "" {
					return "the parameter " + name + " has no value"
				}
			}
			return ""
		}},
		{"limit.form", func(r *Request, _ *Rules) string {
			return unless(r.good("limit", r.limit), "limit is a whole number, not %q", r.Given["limit"])
		}},
		{"limit.range", func(r *Request, rules *Rules) string {
			n := r.number("limit", rules.DefaultLimit)
			return unless(1 <= n && n <= rules.MaxLimit, "limit is between 1 and %d", rules.MaxLimit)
		}},
		{"offset.form", func(r *Request, _ *Rules) string {
			return unless(r.good("offset", r.offset), "offset is a whole number, not %q", r.Given["offset"])
		}},
		{"offset.range", func(r *Request, _ *Rules) string {
			return unless(r.number("offset", 0) >= 0, "offset is not below 0")
		}},
		{"orderBy.value", func(r *Request, _ *Rules) string {
			by, given := r.Given["orderBy"]
			return unless(!given || by == "asc" || by == "desc", "orderBy is asc or desc, not %q", by)
		}},
		{"fields.blank", func(r *Request, _ *Rules) string {
			list, given := r.Given["fields"]
			return unless(!given || !slices.Contains(strings.Split(list, ","), ""), "fields has a name that is empty")
		}},
		{"filter.grammar", func(r *Request, _ *Rules) string {
			if r.FilterError == nil {
				return ""
			}
			return "the filter can't be read: " + r.FilterError.Error()
		}},
		{"filter.operators", func(r *Request, rules *Rules) string {
			return unless(r.Filter == nil || r.Filter.Operators() <= rules.Operators,
				"a filter has at most %d logical operator; this one has %d", rules.Operators, r.Filter.Operators())
		}},
		{"filter.field", func(r *Request, rules *Rules) string {
			for c := range r.clauses() {
				if _, known := rules.field(c.Field); !known && c.Field != searchField {
					return unless(false, "there is no field %q to filter by", c.Field)
				}
			}
			return ""
		}},
		{"filter.search", func(r *Request, _ *Rules) string {
			for c := range r.clauses() {
				if c.Field == searchField && (c.Predicate != Contains || len(words(c.Value)) == 0) {
					return "full text is looked for by search~'some words'"
				}
			}
			return ""
		}},
		{"filter.value", func(r *Request, rules *Rules) string {
			for c := range r.clauses() {
				if f, known := rules.field(c.Field); known {
					if _, err := rules.Compare(f, c); err != nil {
						return err.Error()
					}
				}
			}
			return ""
		}},
	}
}

// Compare makes of a clause what is looked for, by the kind of its field.
//
// A resource without a value of the field fulfils != and nothing else, so that = and != are each
// other's opposite. ~ looks into the value as it is written. Values that aren't numbers where
// their field's are fulfil nothing that compares numbers.
func Compare(f Field, c Clause) (shelf.Clause, error) {
	out := shelf.Clause{Field: f.Name, Not: c.Predicate == NotEqual}
	relation := map[Predicate]shelf.Relation{
		Equal: shelf.Equal, NotEqual: shelf.Equal, Greater: shelf.Greater, AtLeast: shelf.AtLeast, Less: shelf.Less, AtMost: shelf.AtMost,
		Contains: shelf.Contains,
	}[c.Predicate]
	literals := []string{c.Value}
	listed := c.Predicate == Equal || c.Predicate == NotEqual || c.Predicate == Contains
	if f.Many && listed && strings.Contains(c.Value, ",") {
		for _, part := range strings.Split(c.Value, ",") {
			if part = strings.Trim(part, " "); part != "" { // nothing stands in every text
				literals = append(literals, part)
			}
		}
	}
	for _, literal := range literals {
		m := shelf.Match{Relation: relation, Text: folded(literal)}
		if f.Kind != Text && c.Predicate != Contains {
			m.Low, m.High, m.Numeric = f.Kind.span(literal)
			if !m.Numeric && f.Kind != Measure {
				return shelf.Clause{}, fmt.Errorf("%s is compared with %s, and %q is none", f.Name, forms[f.Kind], literal)
			}
		}
		out.Any = append(out.Any, m)
	}
	return out, nil
}

// forms are what values are called that a kind is compared with.
var forms = map[Kind]string{
	Number:   "a number",
	Date:     "a date such as 2024-08-15",
	Duration: "a duration such as PT45M",
	Ages:     "an age or a span of ages such as 11-12",
}
