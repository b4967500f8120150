package onerosterfault

import (
	_ "embed"
	"net/http"
	"strings"
	"time"

	"github.com/rollcall-edu/rollcall/fixtures"
)

//go:embed v1p1-resources-faults.yaml
var v1p1ResourcesFaults []byte

//go:embed v1p1-resources-variants.yaml
var v1p1ResourcesVariants []byte

//go:embed v1p1-gradebook-faults.yaml
var v1p1GradebookFaults []byte

//go:embed v1p1-gradebook-variants.yaml
var v1p1GradebookVariants []byte

//go:embed v1p1-push-faults.yaml
var v1p1PushFaults []byte

//go:embed v1p1-push-variants.yaml
var v1p1PushVariants []byte

// ofV1P1 are what the other services of 1.1 may be like: its rosters.
var ofV1P1 = origin{V1P1, "or11.rostering."}

// V1P1Resources, V1P1Gradebook and V1P1Push are the faults and variants of the other services of a
// provider's OneRoster 1.1. Nearly all are like those of 1.2, or of the rosters of 1.1.
var (
	V1P1Resources = beside("OneRoster 1.1 Resources provider", "or11.resources.", v1p1ResourcesFaults, v1p1ResourcesVariants,
		v1p1ResourcesBehaviours, ofV1P1, origin{Resources, "or12.resources."})
	V1P1Gradebook = beside("OneRoster 1.1 Gradebook provider", "or11.gradebook.", v1p1GradebookFaults, v1p1GradebookVariants,
		v1p1GradebookBehaviours, ofV1P1, origin{Gradebook, "or12.gradebook."})
	V1P1Push = beside("OneRoster 1.1 Gradebook push provider", "or11.gradebook.", v1p1PushFaults, v1p1PushVariants,
		v1p1PushBehaviours, ofV1P1, origin{Push, "or12.gradebook."})
)

type reshaping = map[string]func(fixtures.District) fixtures.District

func v1p1ResourcesBehaviours() map[string]behaviour {
	return ofService(v1p1ResourcesBase, nil, reshaping{}, v1p1ResourcesFaults, v1p1ResourcesVariants)
}

func v1p1GradebookBehaviours() map[string]behaviour {
	return ofService(v1p1GradebookBase, v1p1Marks(), v1p1Periods(), v1p1GradebookFaults, v1p1GradebookVariants)
}

func v1p1PushBehaviours() map[string]behaviour {
	return ofService(v1p1GradebookBase, v1p1Writes(), reshaping{}, v1p1PushFaults, v1p1PushVariants)
}

// v1p1Marks are what only a gradebook of 1.1 can get wrong.
func v1p1Marks() map[string]wrapper {
	ungraded := func(o object) bool { return o["scoreStatus"] == "partially graded" }
	day := func(form func(year, month, day string) string) func(any) any {
		return func(v any) any {
			if text := str(v); len(text) >= len("2026-01-15") {
				return form(text[:4], text[5:7], text[8:10])
			}
			return v
		}
	}
	dates := func(form func(year, month, day string) string) wrapper {
		return in("lineItems", func(a *answer) {
			member("assignDate", day(form))(a)
			member("dueDate", day(form))(a)
		})
	}
	return map[string]wrapper{
		"v1p1-score-missing": in("results", each(func(o object) {
			if ungraded(o) {
				delete(o, "score")
			}
		})),
		"v1p1-score-null": in("results", each(func(o object) {
			if ungraded(o) {
				o["score"] = nil
			}
		})),
		"v1p1-period-missing": in("lineItems", dropping("gradingPeriod")),
		"v1p1-bound-missing":  in("lineItems", dropping("resultValueMin")),
		"v1p1-marks-of-1.2": changing(of("results"), each(func(o object) {
			if o["score"] != nil {
				o["textScore"], o["late"] = "B", "false"
			}
		})),
		"v1p1-school-beside": in("lineItems", each(func(o object) {
			if class, is := o["class"].(object); is {
				o["school"] = object{"href": class["href"], "sourcedId": class["sourcedId"], "type": "org"}
			}
		})),
		"v1p1-session-for-period": in("lineItems", each(func(o object) {
			if period := o["gradingPeriod"]; period != nil {
				delete(o, "gradingPeriod")
				o["academicSession"] = period
			}
		})),
		"v1p1-period-gone":   in("lineItems", to("gradingPeriod", gone)),
		"v1p1-roster-hrefs":  in("lineItems", to("class", moved("/v1p1/", "/rostering/v1p1/"))),
		"v1p1-work-american": dates(func(year, month, day string) string { return month + "/" + day + "/" + year }),
		"v1p1-roster-token":  letting(func(a *answer) bool { return a.status == http.StatusForbidden }),

		// legal
		"v1p1-work-days":       dates(func(year, month, day string) string { return year + "-" + month + "-" + day }),
		"v1p1-bare-line-items": in("lineItems", dropping("description")),
	}
}

// v1p1Periods are about the days of line items, and their grading periods.
func v1p1Periods() reshaping {
	const day = 24 * time.Hour
	return reshaping{
		"v1p1-work-days": func(d fixtures.District) fixtures.District { // whose filters go by the day too
			return marked{District: d, item: func(l fixtures.LineItem) fixtures.LineItem {
				l.AssignDate, l.DueDate = l.AssignDate.UTC().Truncate(day), l.DueDate.UTC().Truncate(day)
				return l
			}}
		},
		"v1p1-period-is-term": func(d fixtures.District) fixtures.District {
			term := sessionOf(d, "term")
			return marked{District: d, item: func(l fixtures.LineItem) fixtures.LineItem { l.GradingPeriod = term; return l }}
		},
		"v1p1-period-elsewhere": func(d fixtures.District) fixtures.District {
			return marked{District: d, item: func(l fixtures.LineItem) fixtures.LineItem {
				l.GradingPeriod = periodBeside(d, l.Class, l.GradingPeriod)
				return l
			}}
		},
	}
}

// periodBeside finds a grading period that has no day in common with the terms of a class.
func periodBeside(d fixtures.District, class, otherwise string) string {
	sessions := map[string]fixtures.AcademicSession{}
	for s := range d.AcademicSessions() {
		sessions[s.SourcedID] = s
	}
	var terms []fixtures.AcademicSession
	for c := range d.Classes() {
		if c.SourcedID == class {
			for _, id := range c.Terms {
				terms = append(terms, sessions[id])
			}
		}
	}
	for s := range d.AcademicSessions() {
		if s.Type != "gradingPeriod" || s.Status != fixtures.Active {
			continue
		}
		meets := false
		for _, t := range terms {
			meets = meets || s.StartDate < t.EndDate && t.StartDate < s.EndDate
		}
		if !meets {
			return s.SourcedID
		}
	}
	return otherwise
}

// v1p1Writes are what only one that is written to by 1.1 can get wrong.
func v1p1Writes() map[string]wrapper {
	refusal := func(w *write, why string) *answer {
		return w.as(http.StatusUnprocessableEntity,
			`{"statusInfoSet":[{"imsx_codeMajor":"failure","imsx_severity":"error","imsx_codeMinor":"invalid data","imsx_description":"`+why+`"}]}`)
	}
	return allWriting(map[string]func(*write) *answer{
		"v1p1-push-204": onAnswer(http.MethodPut, http.StatusCreated, toStatus(http.StatusNoContent)),
		"v1p1-push-wants-school": func(w *write) *answer {
			if _, o := objectOf(w.body); w.is(http.MethodPut) && o["class"] != nil && o["school"] == nil {
				return refusal(w, "school is missing")
			}
			return w.pass()
		},
		"v1p1-push-forgets-period": func(w *write) *answer {
			a := w.pass()
			if w.is(http.MethodGet) && a.status == http.StatusOK && w.before() > 0 {
				a.objects(func(o object) { delete(o, "gradingPeriod") })
			}
			return a
		},
		"v1p1-push-refuses-as-1.2": onAnswer(http.MethodPut, http.StatusUnprocessableEntity, func(w *write, _ *answer) *answer {
			return w.as(http.StatusUnprocessableEntity, `{"imsx_codeMajor":"failure","imsx_severity":"error"}`)
		}),
		"v1p1-push-scoreless": func(w *write) *answer {
			a := w.pass()
			if w.is(http.MethodPut) && a.status == http.StatusUnprocessableEntity && strings.Contains(a.body.String(), "is missing") {
				return w.as(http.StatusCreated, "")
			}
			return a
		},

		// legal
		"v1p1-push-200": onAnswer(http.MethodPut, http.StatusCreated, toStatus(http.StatusOK)),
	})
}
