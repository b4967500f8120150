package onerosterfault

import (
	"encoding/json"
	"fmt"
	"iter"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/rollcall-edu/rollcall/fixtures"
	"github.com/rollcall-edu/rollcall/fixtures/framework"
)

// of applies to answers with objects of a collection, also where they are those of a class,
// school or student.
func of(name string) when {
	return func(a *answer) bool {
		parts := strings.Split(strings.Trim(a.path, "/"), "/")
		if isCollection(a.path) {
			return succeeded(a) && parts[len(parts)-1] == name
		}
		return succeeded(a) && parts[len(parts)-2] == name
	}
}

// below applies to sub-collections.
func below(a *answer) bool { return strings.Count(strings.Trim(a.path, "/"), "/") > 1 }

func ending(tail string) when {
	return func(a *answer) bool { return below(a) && strings.HasSuffix(a.path, tail) }
}

// in changes the objects of a collection of the gradebook.
func in(name string, change func(*answer)) wrapper { return changing(of(name), change) }

// inside changes assessment line items, or results.
func inside(name string, change func(*answer)) wrapper {
	return changing(of("assessment"+name), change)
}

// each changes every object.
func each(change func(object)) func(*answer) { return func(a *answer) { a.objects(change) } }

// to changes the reference that objects have at a member.
func to(name string, change func(object)) func(*answer) {
	return each(func(o object) {
		if r, is := o[name].(object); is {
			change(r)
		}
	})
}

// gone makes a reference one to what isn't there.
func gone(r object) {
	r["sourcedId"] = str(r["sourcedId"]) + "-gone"
	r["href"] = str(r["href"]) + "-gone"
}

// ordering is a filter by the order of a property.
var ordering = regexp.MustCompile(`^(score|weight|resultValueM\w+)([<>])'([^']*)'$`)

// numbersAsTexts compares numbers as if they were texts.
func numbersAsTexts(h http.Handler) http.Handler {
	return changing(func(a *answer) bool {
		return isCollection(a.path) && ordering.MatchString(a.request.URL.Query().Get("filter"))
	},
		func(a *answer) {
			m := ordering.FindStringSubmatch(a.request.URL.Query().Get("filter"))
			bare := a.request.Clone(a.request.Context())
			rewrite(bare, "filter", "")
			whole := ask(h, bare)
			whole.list(func(l []any) []any {
				return slices.DeleteFunc(l, func(o any) bool {
					v, has := o.(object)[m[1]].(json.Number)
					return !has || (strings.Compare(string(v), m[3]) > 0) != (m[2] == ">") || string(v) == m[3]
				})
			})
			a.setBody(whole.body.Bytes())
			a.header.Del("Link")
			a.header.Set("X-Total-Count", strconv.Itoa(length(a)))
		})(h)
}

func exchange(o object, a, b string) {
	if o[a] != nil && o[b] != nil {
		o[a], o[b] = o[b], o[a]
	}
}

// moved changes a part of the address of a reference.
func moved(from, to string) func(object) {
	return func(r object) { r["href"] = strings.Replace(str(r["href"]), from, to, 1) }
}

// ofList has a reference lead to all classes.
func ofList(r object) {
	base, _, _ := strings.Cut(str(r["href"]), "/classes/")
	r["href"] = base + "/classes"
}

// fromTop counts a percentile from the other end.
func fromTop(o object) {
	scaled(o, "scorePercentile", -1)
	plus(o, "scorePercentile", 100)
}

// values changes each value of a score scale.
func values(change func(object)) func(object) {
	return func(o object) { inList(o["scoreScaleValue"], change) }
}

// sets changes each set of learning objectives.
func sets(change func(object)) func(object) {
	return func(o object) { inList(o["learningObjectiveSet"], change) }
}

func inList(v any, change func(object)) {
	l, _ := v.([]any)
	for _, x := range l {
		if o, is := x.(object); is {
			change(o)
		}
	}
}

// identified puts what has a code in the fixtures' frameworks in the place of an objective.
func identified(code string) func(string) string {
	return func(id string) string {
		book, err := framework.Read()
		if err != nil {
			return id // a broken book is told where it is read
		}
		return book.Identifier(code)
	}
}

// ids changes the ids of learning objectives that are of CASE.
func ids(change func(string) string) func(object) {
	return sets(func(s object) {
		l, _ := s["learningObjectiveIds"].([]any)
		for i := range l {
			if s["source"] == "case" {
				l[i] = change(str(l[i]))
			}
		}
	})
}

// results changes the ids of learning objectives of one source in results, where there is one
// alone.
func results(source string, change func(string) string) func(object) {
	return sets(func(s object) {
		if l, _ := s["learningObjectiveResults"].([]any); s["source"] != source || len(l) != 1 {
			return
		}
		inList(s["learningObjectiveResults"], func(o object) { o["learningObjectiveId"] = change(str(o["learningObjectiveId"])) })
	})
}

// apart puts another standard in the place of each: one of the other strand.
func apart(id string) string {
	if other := identified("B.1")(id); other != id {
		return other
	}
	return identified("A.2")(id)
}

func flagsAsBooleans(o object) {
	for _, name := range []string{"inProgress", "incomplete", "late", "missing"} {
		if o[name] != nil {
			o[name] = o[name] == "true"
		}
	}
}

// numberIn reads a number of an object; ok is false where there is none.
func numberIn(o object, name string) (float64, bool) {
	switch v := o[name].(type) {
	case float64:
		return v, true
	case json.Number:
		f, err := v.Float64()
		return f, err == nil
	}
	return 0, false
}

func scaled(o object, name string, by float64) {
	if n, is := numberIn(o, name); is {
		o[name] = n * by
	}
}

func plus(o object, name string, more float64) {
	if n, is := numberIn(o, name); is {
		o[name] = n + more
	}
}

// ownParent makes a whole assessment a part of itself.
func ownParent(o object) {
	if o["parentAssessmentLineItem"] == nil {
		id := str(o["sourcedId"])
		o["parentAssessmentLineItem"] = object{"href": "https://sis.example/assessmentLineItems/" + id, "sourcedId": id,
			"type": "assessmentLineItem"}
	}
}

func nothing(a *answer) {
	a.list(func([]any) []any { return []any{} })
	a.header.Set("X-Total-Count", "0")
	a.header.Del("Link")
}

// emptyIs404 makes a page without objects, of a collection that has none, an unknown object.
func emptyIs404(a *answer) {
	empty := false
	a.list(func(l []any) []any {
		empty = len(l) == 0
		return l
	})
	if q := a.request.URL.Query(); empty && q.Get("filter") == "" && q.Get("offset") == "" {
		fail(a, http.StatusNotFound, "unknownobject")
	}
}

// redirect answers what is below a parent by the whole collection.
func redirect(parent, collection string) wrapper {
	return elsewhere(func(path string) (string, bool) {
		parts := strings.Split(strings.Trim(path, "/"), "/")
		return collection, strings.HasPrefix(path, parent) && strings.HasSuffix(path, collection) && len(parts) == 3
	})
}

// shortened leaves a line item or student out of a path.
func shortened(name string) wrapper {
	return elsewhere(func(path string) (string, bool) {
		parts := strings.Split(strings.Trim(path, "/"), "/")
		if len(parts) != 5 || parts[2] != name {
			return "", false
		}
		return "/" + strings.Join(slices.Delete(parts, 2, 4), "/"), true
	})
}

// elsewhere answers some paths as if others had been asked for.
func elsewhere(other func(path string) (string, bool)) wrapper {
	return func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			path, ours := servicePath(r)
			if to, is := other(path); ours && is {
				base := baseOf(r.URL.Path)
				prefix, _, _ := strings.Cut(r.URL.Path, base)
				inner := r.Clone(r.Context())
				inner.URL.Path, inner.URL.RawPath = prefix+base+to, ""
				r = inner
			}
			h.ServeHTTP(w, r)
		})
	}
}

// gradebookWrappers are what only a gradebook can get wrong, and what differs by the members of
// its objects.
func gradebookWrappers() map[string]wrapper {
	return map[string]wrapper{
		"gradebook-number-as-text":            numbersAsTexts,
		"gradebook-result-without-status":     in("results", dropping("scoreStatus")),
		"gradebook-line-item-without-due":     in("lineItems", dropping("dueDate")),
		"gradebook-category-without-title":    in("categories", dropping("title")),
		"gradebook-scale-without-type":        in("scoreScales", dropping("type")),
		"gradebook-score-as-text":             in("results", member("score", func(v any) any { return fmt.Sprint(v) })),
		"gradebook-flags-as-booleans":         in("results", each(flagsAsBooleans)),
		"gradebook-scale-empty":               in("scoreScales", member("scoreScaleValue", func(any) any { return []any{} })),
		"gradebook-scale-one-side":            in("scoreScales", each(values(func(v object) { delete(v, "itemValueRHS") }))),
		"gradebook-objectives-without-source": in("lineItems", each(sets(func(s object) { delete(s, "source") }))),
		"gradebook-objectives-empty":          in("lineItems", each(sets(func(s object) { s["learningObjectiveIds"] = []any{} }))),
		"gradebook-status-camel":              in("results", each(func(o object) { replace(o, "scoreStatus", "fully graded", "fullyGraded") })),
		"gradebook-source-capitals":           in("lineItems", each(sets(func(s object) { s["source"] = "CASE" }))),
		"gradebook-date-with-time":            in("results", member("scoreDate", func(v any) any { return str(v) + "T08:00:00Z" })),
		"gradebook-wrapper-single":            changing(both(single, of("results")), renamed("result", "results")),
		"gradebook-wrapper-line-item":         changing(both(single, of("lineItems")), renamed("lineItem", "item")),
		"gradebook-wrapper-category":          changing(both(single, of("categories")), renamed("category", "categories")),
		"gradebook-wrapper-scale":             changing(both(single, of("scoreScales")), renamed("scoreScale", "scale")),
		"gradebook-wrapper-sub":               changing(both(collection, below), renamed("results", "classResults")),
		"gradebook-result-item-gone":          in("results", to("lineItem", gone)),
		"gradebook-item-category-gone":        in("lineItems", to("category", gone)),
		"gradebook-item-scale-gone":           in("lineItems", to("scoreScale", gone)),
		"gradebook-result-scale-gone":         in("results", to("scoreScale", gone)),
		"gradebook-item-class-gone":           in("lineItems", to("class", gone)),
		"gradebook-item-school-gone":          in("lineItems", to("school", gone)),
		"gradebook-item-session-gone":         in("lineItems", to("academicSession", gone)),
		"gradebook-student-gone":              in("results", to("student", gone)),
		"gradebook-result-class-gone":         in("results", to("class", gone)),
		"gradebook-scale-class-gone":          in("scoreScales", to("class", gone)),
		"gradebook-scale-course-gone":         in("scoreScales", to("course", gone)),
		"gradebook-rosters-href-dead":         in("lineItems", to("class", moved("/rostering/v1p2/", "/rostering/v1p1/"))),
		"gradebook-rosters-href-list":         in("lineItems", to("class", ofList)),
		"gradebook-reference-plural":          in("lineItems", to("category", func(r object) { r["type"] = "categories" })),
		"gradebook-reference-without-href":    in("lineItems", to("category", func(r object) { delete(r, "href") })),
		"gradebook-reference-as-id":           in("results", member("student", func(v any) any { return str(v.(object)["sourcedId"]) })),
		"gradebook-bounds-exchanged":          in("lineItems", each(func(o object) { exchange(o, "resultValueMin", "resultValueMax") })),
		"gradebook-titles-alike":              in("lineItems", member("title", func(any) any { return "Homework" })),
		"gradebook-due-before-assigned":       in("lineItems", each(func(o object) { exchange(o, "assignDate", "dueDate") })),
		"gradebook-weight-negative":           in("categories", each(func(o object) { o["weight"] = -0.5 })),
		"gradebook-score-beyond-scale":        in("results", member("score", func(any) any { return 98765 })),
		"gradebook-text-beyond-scale":         in("results", member("textScore", func(any) any { return "splendid" })),
		"gradebook-text-is-number":            in("results", member("textScore", func(any) any { return "85" })),
		"gradebook-graded-without-score": in("results", each(func(o object) {
			if o["scoreStatus"] == "fully graded" {
				delete(o, "score")
				delete(o, "textScore")
			}
		})),
		"gradebook-exempt-with-score": in("results", each(func(o object) {
			if s := o["scoreStatus"]; s == "exempt" || s == "not submitted" {
				o["score"] = 0
			}
		})),
		"gradebook-submitted-missing": in("results", each(func(o object) {
			if o["scoreStatus"] == "submitted" {
				o["missing"] = "true"
			}
		})),
		"gradebook-flags-contradict":    in("results", each(func(o object) { o["inProgress"], o["late"] = "true", "true" })),
		"gradebook-date-in-future":      in("results", member("scoreDate", func(any) any { return "2199-01-01" })),
		"gradebook-date-before-work":    in("results", member("scoreDate", func(any) any { return "1999-01-01" })),
		"gradebook-objective-code":      in("lineItems", each(ids(func(string) string { return "5.NF.B.7" }))),
		"gradebook-objective-apart":     in("results", each(results("case", apart))),
		"gradebook-objective-strange":   in("results", each(results("unknown", func(id string) string { return id + "-b" }))),
		"gradebook-objective-urn":       in("lineItems", each(ids(func(id string) string { return "urn:uuid:" + id }))),
		"gradebook-objective-capitals":  in("lineItems", each(ids(strings.ToUpper))),
		"gradebook-scale-backwards":     in("scoreScales", each(values(func(v object) { v["itemValueLHS"] = "100-0" }))),
		"gradebook-scale-overlaps":      in("scoreScales", each(values(func(v object) { v["itemValueLHS"] = "0-100" }))),
		"gradebook-scale-short":         in("scoreScales", each(values(func(v object) { v["itemValueLHS"] = "-9--8" }))),
		"gradebook-class-all-items":     redirect("/classes/", "/lineItems"),
		"gradebook-class-all-results":   redirect("/classes/", "/results"),
		"gradebook-line-item-ignored":   shortened("lineItems"),
		"gradebook-student-ignored":     shortened("students"),
		"gradebook-class-all-scales":    redirect("/classes/", "/scoreScales"),
		"gradebook-school-all-scales":   redirect("/schools/", "/scoreScales"),
		"gradebook-class-no-categories": changing(both(collection, ending("/categories")), nothing),
		"gradebook-no-results-is-404":   changing(both(collection, below), emptyIs404),

		// legal
		"gradebook-result-without-class": in("results", dropping("class")),
	}
}

// assessmentWrappers are those of assessments.
func assessmentWrappers() map[string]wrapper {
	return map[string]wrapper{
		"assessment-result-without-status": inside("Results", dropping("scoreStatus")),
		"assessment-item-without-title":    inside("LineItems", dropping("title")),
		"assessment-score-as-text":         inside("Results", member("score", func(v any) any { return fmt.Sprint(v) })),
		"assessment-status-camel":          inside("Results", each(func(o object) { replace(o, "scoreStatus", "fully graded", "fullyGraded") })),
		"assessment-wrapper-of-gradebook":  changing(single, renamed("assessmentResult", "result")),
		"assessment-wrapper-of-item":       changing(single, renamed("assessmentLineItem", "lineItem")),
		"assessment-result-item-gone":      inside("Results", to("assessmentLineItem", gone)),
		"assessment-parent-gone":           inside("LineItems", to("parentAssessmentLineItem", gone)),
		"assessment-student-gone":          inside("Results", to("student", gone)),
		"assessment-class-gone":            inside("LineItems", to("class", gone)),
		"assessment-own-parent":            inside("LineItems", each(ownParent)),
		"assessment-titles-alike":          inside("LineItems", member("title", func(any) any { return "Question" })),
		"assessment-bounds-exchanged":      inside("LineItems", each(func(o object) { exchange(o, "resultValueMin", "resultValueMax") })),
		"assessment-percentile-beyond":     inside("Results", member("scorePercentile", func(any) any { return 250 })),
		"assessment-percentile-fraction":   inside("Results", each(func(o object) { scaled(o, "scorePercentile", 0.01) })),
		"assessment-percentile-from-top":   inside("Results", each(fromTop)),
		"assessment-percentile-without-score": inside("Results", each(func(o object) {
			if o["scorePercentile"] != nil {
				delete(o, "score")
				delete(o, "textScore")
			}
		})),
		"assessment-exempt-with-score":  inside("Results", each(func(o object) { o["scoreStatus"], o["score"] = "exempt", 0 })),
		"assessment-flags-contradict":   inside("Results", each(func(o object) { o["inProgress"], o["late"] = "true", "true" })),
		"assessment-date-in-future":     inside("Results", member("scoreDate", func(any) any { return "2199-01-01" })),
		"assessment-objective-code":     inside("LineItems", each(ids(func(string) string { return "5.NF.B.7" }))),
		"assessment-objective-unknown":  inside("LineItems", each(ids(func(id string) string { return id[:8] + "-0000-4000-8000-" + id[24:] }))),
		"assessment-objective-document": inside("LineItems", each(ids(identified("doc")))),
		"assessment-objective-strand":   inside("LineItems", each(ids(identified("A")))),
		"assessment-objective-retired":  inside("LineItems", each(ids(identified("P.1")))),
		"assessment-objective-ended":    inside("LineItems", each(ids(identified("A.4")))),
		"assessment-objective-apart":    inside("Results", each(results("case", apart))),
		"assessment-objective-strange":  inside("Results", each(results("unknown", func(id string) string { return id + "-b" }))),
		"assessment-objective-urn":      inside("LineItems", each(ids(func(id string) string { return "urn:uuid:" + id }))),
	}
}

// marked is a district whose line items or results are others.
type marked struct {
	fixtures.District
	item   func(fixtures.LineItem) fixtures.LineItem
	result func(fixtures.Result) fixtures.Result
}

func (m marked) LineItems() iter.Seq[fixtures.LineItem] {
	if m.item == nil {
		return m.District.LineItems()
	}
	return changed(m.District.LineItems(), m.item)
}

func (m marked) Results() iter.Seq[fixtures.Result] {
	if m.result == nil {
		return m.District.Results()
	}
	return changed(m.District.Results(), m.result)
}

// gradebookReshapes are about what the gradebook holds.
func gradebookReshapes() map[string]func(fixtures.District) fixtures.District {
	return map[string]func(fixtures.District) fixtures.District{
		"gradebook-school-of-district": func(d fixtures.District) fixtures.District {
			org := orgOf(d, "district")
			return marked{District: d, item: func(l fixtures.LineItem) fixtures.LineItem { l.School = org; return l }}
		},
		"gradebook-session-of-year": func(d fixtures.District) fixtures.District {
			year := sessionOf(d, "schoolYear")
			return marked{District: d, item: func(l fixtures.LineItem) fixtures.LineItem { l.AcademicSession = year; return l }}
		},
		"gradebook-class-of-result-other": func(d fixtures.District) fixtures.District {
			first := ""
			for c := range d.Classes() {
				first = c.SourcedID
				break
			}
			return marked{District: d, result: func(r fixtures.Result) fixtures.Result { r.Class = first; return r }}
		},
		"gradebook-not-enrolled": func(d fixtures.District) fixtures.District {
			somebody := noStudent(d)
			return marked{District: d, result: func(r fixtures.Result) fixtures.Result { r.Student = somebody; return r }}
		},
		"gradebook-status-extended": func(d fixtures.District) fixtures.District {
			return marked{District: d, result: func(r fixtures.Result) fixtures.Result {
				if r.ScoreStatus == "partially graded" {
					r.ScoreStatus = "ext:half-done"
				}
				return r
			}}
		},
		"gradebook-extra-credit": func(d fixtures.District) fixtures.District {
			return marked{District: d, result: func(r fixtures.Result) fixtures.Result {
				if r.ScoreScale == "" && r.Score != "" {
					r.Score = "1000"
				}
				return r
			}}
		},
	}
}

// assessmentReshapes are none: what is changed in assessments stands in answers.
func assessmentReshapes() map[string]func(fixtures.District) fixtures.District {
	return map[string]func(fixtures.District) fixtures.District{}
}

// noStudent finds somebody who is in no class as a student.
func noStudent(d fixtures.District) string {
	students := map[string]bool{}
	for e := range d.Enrollments() {
		if e.Role == "student" {
			students[e.User] = true
		}
	}
	for u := range d.Users() {
		if !students[u.SourcedID] && active(u.Base) {
			return u.SourcedID
		}
	}
	return ""
}
