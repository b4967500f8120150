package catalog

import (
	"strconv"
	"strings"
	"time"

	"github.com/rollcall-edu/rollcall/reference/catalog/shelf"
)

// Kind is how the values of a field are compared.
type Kind string

// The kinds of fields.
const (
	// Text is compared without regard to capitals, and ordered by code points.
	Text Kind = "text"
	// Number is a number.
	Number Kind = "number"
	// Date is a date of ISO 8601 (2024-08-15).
	Date Kind = "date"
	// Duration is a duration of ISO 8601: PT1H and PT60M are the same.
	Duration Kind = "duration"
	// Ages is one age in years or a span of them (11-12): two are equal where an age is in both.
	Ages Kind = "ages"
	// Measure is a text that is a number mostly, with or without a unit (850L): it is
	// compared as a number where both sides are one.
	Measure Kind = "measure"
)

// Field is one by which resources are found.
type Field struct {
	Name string // of the member, or of one within it, as in textComplexity.name
	Kind Kind
	// Many has a field with several values: it is fulfilled where one of them is what is asked
	// for, and the value of a clause may be a list, separated by commas, of which any will do.
	Many bool
	// Sorted says that resources can be ordered by it: by its first value.
	Sorted bool

	values func(*Resource) []string
}

// Fields lists the fields that a filter can name.
func Fields() []Field {
	one := func(of func(*Resource) string) func(*Resource) []string {
		return func(r *Resource) []string {
			if v := of(r); v != "" {
				return []string{v}
			}
			return nil
		}
	}
	objective := func(of func(Objective) string) func(*Resource) []string {
		return func(r *Resource) []string { return each(r.LearningObjectives, of) }
	}
	complexity := func(of func(TextComplexity) string) func(*Resource) []string {
		return func(r *Resource) []string { return each(r.TextComplexity, of) }
	}
	return []Field{
		{"name", Text, false, true, one(func(r *Resource) string { return r.Name })},
		{"description", Text, false, true, one(func(r *Resource) string { return r.Description })},
		{"subject", Text, true, true, func(r *Resource) []string { return r.Subject }},
		{"url", Text, false, true, one(func(r *Resource) string { return r.URL })},
		{"learningResourceType", Text, true, true, func(r *Resource) []string { return r.LearningResourceType }},
		{"language", Text, true, true, func(r *Resource) []string { return r.Language }},
		{"thumbnailUrl", Text, false, true, one(func(r *Resource) string { return r.ThumbnailURL })},
		{"typicalAgeRange", Ages, false, true, one(func(r *Resource) string { return r.TypicalAgeRange })},
		{"textComplexity.name", Text, true, false, complexity(func(c TextComplexity) string { return c.Name })},
		{"textComplexity.value", Measure, true, false, complexity(func(c TextComplexity) string { return c.Value })},
		{"learningObjectives.alignmentType", Text, true, false, objective(func(o Objective) string { return o.AlignmentType })},
		{"learningObjectives.educationalFramework", Text, true, false, objective(func(o Objective) string { return o.EducationalFramework })},
		{"learningObjectives.targetDescription", Text, true, false, objective(func(o Objective) string { return o.TargetDescription })},
		{"learningObjectives.targetName", Text, true, false, objective(func(o Objective) string { return o.TargetName })},
		{"learningObjectives.targetURL", Text, true, false, objective(func(o Objective) string { return o.TargetURL })},
		{"learningObjectives.caseItemUri", Text, true, false, objective(func(o Objective) string { return o.CASEItemURI })},
		{"learningObjectives.caseItemGUID", Text, true, false, objective(func(o Objective) string { return o.CASEItemGUID })},
		{"author", Text, true, true, func(r *Resource) []string { return r.Author }},
		{"publisher", Text, false, true, one(func(r *Resource) string { return r.Publisher })},
		{"useRightsURL", Text, false, true, one(func(r *Resource) string { return r.UseRightsURL })},
		{"timeRequired", Duration, false, true, one(func(r *Resource) string { return r.TimeRequired })},
		{"technicalFormat", Text, false, true, one(func(r *Resource) string { return r.TechnicalFormat })},
		{"educationalAudience", Text, true, true, func(r *Resource) []string { return r.EducationalAudience }},
		{"accessibilityAPI", Text, true, true, func(r *Resource) []string { return r.AccessibilityAPI }},
		{"accessibilityInputMethod", Text, true, true, func(r *Resource) []string { return r.AccessibilityInputMethod }},
		{"accessibilityFeatures", Text, true, true, func(r *Resource) []string { return r.AccessibilityFeatures }},
		{"accessibilityHazards", Text, true, true, func(r *Resource) []string { return r.AccessibilityHazards }},
		{"accessMode", Text, true, true, func(r *Resource) []string { return r.AccessMode }},
		{"publishDate", Date, false, true, one(func(r *Resource) string { return r.PublishDate })},
		{"rating", Number, false, true, one(func(r *Resource) string { return r.Rating })},
	}
}

func each[T any](list []T, of func(T) string) []string {
	var out []string
	for _, x := range list {
		if v := of(x); v != "" {
			out = append(out, v)
		}
	}
	return out
}

// Members lists the members of a resource, as they can be selected.
func Members() []string {
	return []string{
		"name", "description", "subject", "url", "ltiLink", "learningResourceType", "language", "thumbnailUrl", "typicalAgeRange",
		"textComplexity", "learningObjectives", "author", "publisher", "useRightsURL", "timeRequired", "technicalFormat", "educationalAudience",
		"accessibilityAPI", "accessibilityInputMethod", "accessibilityFeatures", "accessibilityHazards", "accessMode", "publishDate", "rating",
		relevance,
	}
}

const (
	// searchField is no member: it is what full text is looked for by.
	searchField = "search"
	// relevance is the member that says how well a resource fits what was looked for in full text.
	relevance = "relevance"
)

// span reads a value as what it is compared as, where that is a number or a span of them.
func (k Kind) span(text string) (low, high float64, is bool) {
	switch k {
	case Number:
		low, is = number(text)
	case Measure:
		low, is = number(strings.TrimRight(text, "Ll"))
	case Date:
		t, err := time.Parse(time.DateOnly, text)
		low, is = float64(t.Unix()), err == nil
	case Duration:
		low, is = seconds(text)
	case Ages:
		return years(text)
	}
	return low, low, is
}

// number reads a decimal number, as no text else is one: no NaN, no hexadecimal.
func number(text string) (float64, bool) {
	if strings.Trim(text, "+-.0123456789") != "" {
		return 0, false
	}
	n, err := strconv.ParseFloat(text, 64)
	return n, err == nil
}

// years reads one age, or the youngest and the oldest.
func years(text string) (low, high float64, is bool) {
	first, second, span := strings.Cut(text, "-")
	if !span {
		second = first
	}
	a, errA := strconv.ParseUint(strings.Trim(first, " "), 10, 8)
	b, errB := strconv.ParseUint(strings.Trim(second, " "), 10, 8)
	return float64(a), float64(b), errA == nil && errB == nil && a <= b
}

// seconds reads a duration of ISO 8601. A year counts as 365 days and a month as 30.
func seconds(text string) (float64, bool) {
	rest, found := strings.CutPrefix(strings.ToUpper(text), "P")
	if !found || rest == "" {
		return 0, false
	}
	const day = 24 * 3600
	date, clock, timed := strings.Cut(rest, "T")
	sum, ok := parts(date, "YMWD", []float64{365 * day, 30 * day, 7 * day, day})
	if timed {
		if clock == "" {
			return 0, false
		}
		s, is := parts(clock, "HMS", []float64{3600, 60, 1})
		sum, ok = sum+s, ok && is
	}
	return sum, ok
}

// parts adds numbers with units, each unit once and in its order.
func parts(text, units string, worth []float64) (sum float64, ok bool) {
	at := 0
	for text != "" {
		end := strings.IndexAny(text, units[at:])
		if end <= 0 {
			return 0, false
		}
		n, err := strconv.ParseFloat(strings.Replace(text[:end], ",", ".", 1), 64)
		if err != nil || strings.Trim(text[:end], "0123456789.,") != "" {
			return 0, false
		}
		unit := strings.IndexByte(units, text[end])
		sum += n * worth[unit]
		at, text = unit+1, text[end+1:]
		if at == len(units) && text != "" {
			return 0, false
		}
	}
	return sum, true
}

// kept are the values that a resource has, as the shelf keeps them.
func kept(r *Resource, fields []Field) []shelf.Value {
	var out []shelf.Value
	for _, f := range fields {
		for _, text := range f.values(r) {
			v := shelf.Value{Field: f.Name, Text: folded(text)}
			v.Low, v.High, v.Numeric = f.Kind.span(text)
			out = append(out, v)
		}
	}
	return out
}
