package scores

import (
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/rollcall-edu/rollcall/suites/oneroster/rest"
)

// Score scales are of the Gradebook service; assessments refer to them as well.
const (
	scaleKind       = "scoreScale"
	scaleCollection = "scoreScales"
)

// Scale says what scores are on another side.
type Scale struct {
	ID            string
	Status        string
	Class, Course uint32
	Values        []ScaleValue
}

// ScaleValue is one score, or a range of them, and what it is called on the other side.
type ScaleValue struct {
	LHS, RHS string
	// From and To are the numbers of the left side, both of which count; To is NaN where there
	// is one alone, the least of a range that is not told. From is NaN where it is no number.
	From, To float64
}

type scale struct {
	rest.Base
	Class  *rest.Ref `json:"class"`
	Course *rest.Ref `json:"course"`
	Values []struct {
		LHS string `json:"itemValueLHS"`
		RHS string `json:"itemValueRHS"`
	} `json:"scoreScaleValue"`
}

func newScale(symbols *rest.Symbols, s scale) Scale {
	out := Scale{ID: s.SourcedID, Status: s.Status, Class: symbols.Intern(s.Class.ID()), Course: symbols.Intern(s.Course.ID())}
	for _, v := range s.Values {
		value := ScaleValue{LHS: v.LHS, RHS: v.RHS}
		value.From, value.To = span(v.LHS)
		out.Values = append(out.Values, value)
	}
	return out
}

// spanForm is a number, or two with a hyphen or dash between them. The standard writes each in
// quotes, of which nobody knows whether they are part of it; a percent sign does no harm.
var spanForm = regexp.MustCompile(`^\s*['"]?\s*(-?[0-9]+(?:\.[0-9]+)?)\s*%?\s*['"]?\s*(?:[-\x{2013}]\s*['"]?\s*(-?[0-9]+(?:\.[0-9]+)?)\s*%?\s*['"]?\s*)?$`)

// span reads a side of a value as numbers; from is NaN where it is none, to where there is one
// alone.
func span(text string) (from, to float64) {
	parts := spanForm.FindStringSubmatch(text)
	if parts == nil {
		return math.NaN(), math.NaN()
	}
	from, _ = strconv.ParseFloat(parts[1], 64)
	if parts[2] == "" {
		return from, math.NaN()
	}
	to, _ = strconv.ParseFloat(parts[2], 64)
	return from, to
}

// numeric tells whether the left side is of numbers throughout.
func (s Scale) numeric() bool {
	return len(s.Values) > 0 && !slices.ContainsFunc(s.Values, func(v ScaleValue) bool { return math.IsNaN(v.From) })
}

// closeEnough is how far two neighbouring ranges may be apart for what lies between them to be
// one of the two: 80-89 and 90-100 mean to leave nothing out.
const closeEnough = 1

// Holds tells whether a score lies within the scale; known is false where the scale is not of
// numbers, so that nobody can tell.
func (s Scale) Holds(score float64) (holds, known bool) {
	if s.numeric() {
		return within(s.Values, score), true
	}
	var other []ScaleValue // the numbers may stand on the right
	for _, v := range s.Values {
		from, to := span(v.RHS)
		if math.IsNaN(from) {
			return false, false
		}
		other = append(other, ScaleValue{From: from, To: to})
	}
	return within(other, score), len(other) > 0
}

func within(values []ScaleValue, score float64) bool {
	below, above := math.Inf(-1), math.Inf(1) // the nearest ends of ranges
	for _, v := range values {
		switch {
		case math.IsNaN(v.To):
			if score >= v.From {
				return true // the range that it begins has no end that is told
			}
		case score >= v.From && score <= v.To:
			return true
		case v.To < score:
			below = max(below, v.To)
		}
		if v.From > score {
			above = min(above, v.From)
		}
	}
	return above-below <= closeEnough
}

// Names tells whether a text is a value of the scale, on either side.
func (s Scale) Names(text string) bool {
	same := func(side string) bool { return strings.EqualFold(strings.TrimSpace(side), strings.TrimSpace(text)) }
	if slices.ContainsFunc(s.Values, func(v ScaleValue) bool { return same(v.LHS) || same(v.RHS) }) {
		return true
	}
	number, alone := span(text)
	if math.IsNaN(number) || !math.IsNaN(alone) {
		return false
	}
	holds, known := s.Holds(number)
	return holds && known
}
