package oneroster

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/collate"
	"golang.org/x/text/language"
)

// matcher says whether a stored document passes a filter. It is for one
// goroutine.
type matcher func(document []byte) bool

// values are those of one property that an object has: they call visit with each, until
// it returns false. A value is only valid during the call.
type values func(visit func(value []byte) bool)

// test says whether the values of a property fulfil a clause. It is for one goroutine.
type test func(values) bool

// newCollator compares and sorts by the Unicode collation algorithm, in the root
// locale: the standard names Unicode and no language.
func newCollator() *collate.Collator { return collate.New(language.Und) }

// compile checks a filter against the properties of an object and returns what
// decides it. The error says which property or literal is unusable.
func compile(f filter, properties *property) (matcher, error) {
	collator := newCollator()
	groups := make([][]matcher, len(f))
	for i, group := range f {
		for _, c := range group {
			fulfilled, err := compileClause(c, properties, collator)
			if err != nil {
				return nil, err
			}
			groups[i] = append(groups[i], func(document []byte) bool {
				return fulfilled(func(visit func([]byte) bool) { eachValue(document, c.path, visit) })
			})
		}
	}
	return func(document []byte) bool {
		return slices.ContainsFunc(groups, func(group []matcher) bool {
			for _, m := range group {
				if !m(document) {
					return false
				}
			}
			return true
		})
	}, nil
}

func compileClause(c clause, properties *property, collator *collate.Collator) (test, error) {
	property, ok := properties.find(c.path)
	if !ok {
		return nil, fmt.Errorf("there is no property %q to filter by", c.path)
	}
	compare := func(value []byte, literal string) int { return collator.Compare(value, []byte(literal)) }
	same := func(value []byte, literal string) bool { return string(value) == literal }
	switch property.kind {
	case dateProperty, dateTimeProperty:
		if c.predicate == contains {
			break // in the text as it is written
		}
		instant, err := parseInstant(strings.ToUpper(c.literal)) // RFC 3339 allows t and z
		if err != nil {
			return nil, fmt.Errorf("%s is compared with a date or a date-time with its zone, and %q is neither", c.path, c.literal)
		}
		compare = func(value []byte, _ string) int {
			t, _ := parseInstant(string(value)) // our own values are well-formed
			return t.Compare(instant)
		}
		same = func(value []byte, _ string) bool { return compare(value, "") == 0 }
	case numberProperty:
		if c.predicate == contains {
			break // in the text as it is written
		}
		wanted, err := strconv.ParseFloat(c.literal, 64)
		if err != nil {
			return nil, fmt.Errorf("%s is compared with a number, and %q is none", c.path, c.literal)
		}
		compare = func(value []byte, _ string) int {
			v, _ := strconv.ParseFloat(string(value), 64) // our own values are well-formed
			return cmp.Compare(v, wanted)
		}
		same = func(value []byte, _ string) bool { return compare(value, "") == 0 }
	case openProperty:
		compare = func(value []byte, literal string) int {
			x, errX := strconv.ParseFloat(string(value), 64)
			y, errY := strconv.ParseFloat(literal, 64)
			if errX == nil && errY == nil {
				return cmp.Compare(x, y)
			}
			return collator.Compare(value, []byte(literal))
		}
	}
	return decide(c, property.many, compare, same), nil
}

// decide builds the test of a clause from how its values compare.
//
// A property with several values passes when any of them does; for = and ~ the
// literal may then be a list separated by commas, of which = needs all and ~ any.
// A property that is absent fulfils != and nothing else, so that = and != are
// always each other's opposite. ~ ignores case.
func decide(c clause, many bool, compare func(value []byte, literal string) int, same func(value []byte, literal string) bool) test {
	some := func(of values, test func(value []byte) bool) bool {
		found := false
		of(func(value []byte) bool {
			found = test(value)
			return !found
		})
		return found
	}
	literals := []string{c.literal}
	if many && strings.Contains(c.literal, ",") {
		literals = strings.Split(c.literal, ",")
	}
	hasAll := func(of values) bool {
		if some(of, func(value []byte) bool { return same(value, c.literal) }) {
			return true // a value may hold a comma itself
		}
		for _, literal := range literals {
			if !some(of, func(value []byte) bool { return same(value, literal) }) {
				return false
			}
		}
		return true
	}
	ordered := func(fits func(order int) bool) test {
		return func(of values) bool {
			return some(of, func(value []byte) bool { return fits(compare(value, c.literal)) })
		}
	}
	switch c.predicate {
	case equal:
		return hasAll
	case notEqual:
		return func(of values) bool { return !hasAll(of) }
	case greater:
		return ordered(func(order int) bool { return order > 0 })
	case greaterOrEqual:
		return ordered(func(order int) bool { return order >= 0 })
	case less:
		return ordered(func(order int) bool { return order < 0 })
	case lessOrEqual:
		return ordered(func(order int) bool { return order <= 0 })
	default: // contains
		return func(of values) bool {
			return some(of, func(value []byte) bool {
				lower := strings.ToLower(string(value))
				return slices.ContainsFunc(literals, func(literal string) bool {
					return strings.Contains(lower, strings.ToLower(literal))
				})
			})
		}
	}
}

// parseInstant reads a date-time with its zone (RFC 3339), or a date, which
// stands for its first instant in UTC.
func parseInstant(s string) (time.Time, error) {
	if len(s) == len(time.DateOnly) {
		return time.Parse(time.DateOnly, s)
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	// Go also takes an hour of one digit and a comma before the fraction.
	if err == nil && (s[len("2006-01-02T15")] != ':' || strings.Contains(s, ",")) {
		err = errors.New("not in the form of RFC 3339")
	}
	return t, err
}
