package client

import (
	"cmp"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Query is what is searched for; what is empty isn't.
type Query struct {
	Text     string // anywhere, best first
	Standard string // a learning standard: its name, its GUID, or the address of its CFItem
	Name     string // exactly
	Type     string // such as Media/Video
	Ages     string // such as 11 or 11-12: content for some of them
	Grade    string // KG, or 1 to 13: the ages at which it is visited, where Ages says nothing (see GradeAges)
	Sort     string // by a member of items; empty: as the catalogue likes, or best first
	Reversed bool
	Fields   []string // members that are wanted; none: all
	Limit    int      // items a page, MostLimit at most; 0: as many as that
}

// Empty tells whether nothing is searched for.
func (q Query) Empty() bool { return len(q.clauses()) == 0 }

// clause is a part of a filter, and what tells of an item whether it satisfies it; nil: the catalogue alone can tell.
type clause struct {
	text string
	is   func(Item) bool
}

// quoted writes a value in the grammar of filters; quotes within it are doubled.
func quoted(value string) string { return "'" + strings.ReplaceAll(value, "'", "''") + "'" }

// clauses lists what is searched for, what the catalogue alone can tell first.
func (q Query) clauses() (out []clause) {
	if q.Text != "" {
		out = append(out, clause{text: "search~" + quoted(q.Text)})
	}
	if q.Standard != "" {
		member, of := standard(q.Standard)
		out = append(out, clause{"learningObjectives." + member + "=" + quoted(q.Standard), func(i Item) bool {
			return slices.ContainsFunc(i.Objectives, func(o Objective) bool { return strings.EqualFold(of(o), q.Standard) })
		}})
	}
	if q.Name != "" {
		out = append(out, clause{"name=" + quoted(q.Name), func(i Item) bool { return i.Name == q.Name }})
	}
	if q.Type != "" {
		out = append(out, clause{"learningResourceType=" + quoted(q.Type), func(i Item) bool {
			return slices.ContainsFunc(i.Kinds, func(k string) bool { return strings.EqualFold(k, q.Type) })
		}})
	}
	if wanted := cmp.Or(q.Ages, GradeAges(q.Grade)); wanted != "" {
		out = append(out, clause{"typicalAgeRange=" + quoted(wanted), func(i Item) bool { return overlap(i.Ages, wanted) }})
	}
	return out
}

var guid = regexp.MustCompile(`^(?i)[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// standard tells by which member of a learning objective a standard is found, and reads it.
func standard(text string) (member string, of func(Objective) string) {
	switch {
	case guid.MatchString(text):
		return "caseItemGUID", func(o Objective) string { return o.CASEItemGUID }
	case strings.HasPrefix(text, "https://"), strings.HasPrefix(text, "http://"):
		return "caseItemUri", func(o Objective) string { return o.CASEItemURI }
	}
	return "targetName", func(o Objective) string { return o.Name }
}

// GradeAges gives the ages at which a grade is visited, in the form of typicalAgeRange: the first grade is for those of 6 to 7.
// Resource Search tells content apart by age and knows no grades. A grade is KG, or a number from 1 to 13 (01 is 1, as in CEDS);
// "" for anything else.
func GradeAges(grade string) string {
	grade = strings.ToUpper(strings.TrimSpace(grade))
	n, err := strconv.Atoi(grade)
	if grade == "KG" || grade == "K" {
		n, err = 0, nil
	}
	if err != nil || n < 0 || n > 13 || n == 0 && !strings.HasPrefix(grade, "K") {
		return ""
	}
	return strconv.Itoa(n+5) + "-" + strconv.Itoa(n+6)
}

// mostClauses is how many comparisons a filter joins: the standard, like OneRoster, allows one AND or OR at most as far as
// its public documents tell.
const mostClauses = 2

// parameters are those of a search (Resource Search 1.0, parameters of searchForResources).
func (q Query) parameters(offset int) url.Values {
	limit := q.Limit
	if limit <= 0 || limit > MostLimit {
		limit = MostLimit
	}
	out := url.Values{"limit": {strconv.Itoa(limit)}, "offset": {strconv.Itoa(max(0, offset))}}
	var parts []string
	all := q.clauses()
	for _, c := range all[:min(len(all), mostClauses)] {
		parts = append(parts, c.text)
	}
	if len(parts) > 0 {
		out.Set("filter", strings.Join(parts, " AND "))
	}
	if q.Sort != "" {
		out.Set("sort", q.Sort)
		out.Set("orderBy", map[bool]string{false: "asc", true: "desc"}[q.Reversed])
	}
	if len(q.Fields) > 0 {
		fields := slices.Clone(q.Fields)
		for _, c := range all[min(len(all), mostClauses):] { // what is narrowed here has to be there
			if member, _, _ := strings.Cut(c.text, "="); !slices.Contains(fields, member) {
				member, _, _ = strings.Cut(member, ".")
				fields = append(fields, member)
			}
		}
		out.Set("fields", strings.Join(fields, ","))
	}
	return out
}

// narrows tells whether an item satisfies what the filter has no room for: a filter has the two clauses that leave out the most,
// words among them, which only the catalogue can look for.
func (q Query) narrows(i Item) bool {
	all := q.clauses()
	for _, c := range all[min(len(all), mostClauses):] {
		if c.is != nil && !c.is(i) {
			return false
		}
	}
	return true
}

var ageRange = regexp.MustCompile(`^\s*(\d{1,3})(?:\s*-\s*(\d{1,3})?)?\s*$`)

// ages reads a range, or one age; what has no end ends never.
func ages(text string) (low, high int, ok bool) {
	m := ageRange.FindStringSubmatch(text)
	if m == nil {
		return 0, 0, false
	}
	low, _ = strconv.Atoi(m[1])
	high, _ = strconv.Atoi(cmp.Or(m[2], m[1]))
	if strings.Contains(text, "-") && m[2] == "" {
		high = 999
	}
	return low, high, low <= high
}

// overlap tells whether two ranges have an age in common.
func overlap(a, b string) bool {
	low, high, ok := ages(a)
	from, to, known := ages(b)
	return ok && known && low <= to && from <= high
}
