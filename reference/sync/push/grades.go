package push

import (
	"context"
	"fmt"
	"maps"
	"time"

	"github.com/rollcall-edu/rollcall/fixtures"
	"github.com/rollcall-edu/rollcall/reference/platform"
	"github.com/rollcall-edu/rollcall/reference/platform/ags"
)

// Gradebook is where grades are kept, as reference/platform/ags does.
type Gradebook interface {
	Columns(ctx context.Context, course string) ([]ags.Column, error)
	Grades(ctx context.Context, column string) ([]ags.Grade, error)
}

// Grades is a platform's gradebook as something to be pushed.
type Grades struct {
	Platform *platform.Platform
	Book     Gradebook
	// Roster tells the terms of classes, which line items have dates of; nil: the platform's
	// classes have none, and line items begin when they are first pushed.
	Roster fixtures.District
}

// Name is that of all gradebooks of one platform.
func (g Grades) Name() string { return "grades of " + g.Platform.Issuer() }

// category is what all line items of tools are put in.
const category = "Learning tools"

// Objects gives the line items of all courses, and what learners got for them.
func (g Grades) Objects(ctx context.Context, to SIS) ([]Object, error) {
	terms, periods := termsOf(g.Roster), PeriodsOf(g.Roster)
	group := identifier(g.Name(), "category")
	out := []Object{{Collection: "categories", Wrapper: "category", SourcedID: group, Body: map[string]any{"title": category}}}
	for _, course := range g.Platform.Courses() {
		columns, err := g.Book.Columns(ctx, course.ID)
		if err != nil {
			return nil, fmt.Errorf("reading the line items of a course: %w", err)
		}
		for _, c := range columns {
			item := g.lineItem(c, course, terms[course.ID], group, to)
			if to.V1P1 {
				old(&item, periods.At(course.ID, fmt.Sprint(item.Body["dueDate"])), to)
			}
			out = append(out, item)
			if !c.Released() {
				continue
			}
			grades, err := g.Book.Grades(ctx, c.ID)
			if err != nil {
				return nil, fmt.Errorf("reading the grades of a line item: %w", err)
			}
			for _, grade := range grades {
				r, there := g.result(c, grade, item.SourcedID, to)
				if there && to.V1P1 {
					_, there = r.Body["score"] // who has none has no result there
					old(&r, "", to)
				}
				if there {
					out = append(out, r)
				}
			}
		}
	}
	if len(out) == 1 {
		return nil, nil // a category of nothing helps nobody
	}
	return out, nil
}

// term is when a class is taught.
type term struct {
	id         string
	start, end fixtures.Date
}

// termsOf gives the first term of each class; none where there is no roster.
func termsOf(roster fixtures.District) map[string]term {
	out := map[string]term{}
	if roster == nil {
		return out
	}
	sessions := map[string]fixtures.AcademicSession{}
	for s := range roster.AcademicSessions() {
		sessions[s.SourcedID] = s
	}
	for c := range roster.Classes() {
		if len(c.Terms) > 0 {
			s := sessions[c.Terms[0]]
			out[c.SourcedID] = term{c.Terms[0], s.StartDate, s.EndDate}
		}
	}
	return out
}

// unknownDate stands where neither the tool nor the SIS says when: both dates are required
// (OneRoster 1.2 Gradebook service, LineItemDType), and one that moved would be pushed each time.
const unknownDate = "1970-01-01T00:00:00.000Z"

func (g Grades) lineItem(c ags.Column, course platform.Course, t term, group string, to SIS) Object {
	when := func(own string, of fixtures.Date) string {
		if at, err := time.Parse(time.RFC3339, own); err == nil {
			return at.UTC().Format("2006-01-02T15:04:05.000Z")
		}
		if of != "" {
			return string(of) + "T00:00:00.000Z"
		}
		return unknownDate
	}
	body := map[string]any{
		"title":          c.Item.Label,
		"assignDate":     when(c.Item.StartDateTime, t.start),
		"dueDate":        when(c.Item.EndDateTime, t.end),
		"class":          to.Refer("class", "classes", course.ID),
		"school":         to.Refer("org", "orgs", course.School),
		"category":       to.Refer("category", "categories", group),
		"resultValueMin": 0,
		"resultValueMax": c.Item.ScoreMaximum,
	}
	if t.id != "" {
		body["academicSession"] = to.Refer("academicSession", "academicSessions", t.id)
	}
	return Object{Collection: "lineItems", Wrapper: "lineItem", SourcedID: identifier(g.Name(), c.ID), Owner: group, Body: body}
}

// result is what a learner got; there is none of whom nothing is known yet.
func (g Grades) result(c ags.Column, grade ags.Grade, item string, to SIS) (Object, bool) {
	body := map[string]any{
		"lineItem": to.Refer("lineItem", "lineItems", item),
		"student":  to.Refer("user", "users", grade.User),
		"class":    to.Refer("class", "classes", c.Course),
	}
	at := grade.Last
	points, marked := grade.Stands().Points(c)
	switch {
	case marked:
		m := grade.Stands()
		body["scoreStatus"], body["score"] = "fully graded", points
		if m.Comment != "" {
			body["comment"] = m.Comment
		}
		if o := grade.Override; o != nil {
			at = o.At.Format(time.RFC3339)
			body["metadata"] = overridden(c, grade)
		}
	case grade.Last == "":
		return Object{}, false
	default:
		maps.Copy(body, map[string]any{"scoreStatus": statusOf(grade)})
		if grade.Activity == ags.Started || grade.Activity == ags.InProgress {
			body["inProgress"] = "true"
		}
	}
	body["scoreDate"] = day(at)
	id := identifier(g.Name(), c.ID, grade.User)
	return Object{Collection: "results", Wrapper: "result", SourcedID: id, Owner: item, Lasting: true, Body: body}, true
}

// Overridden are the members of metadata of a result that a teacher set by hand: that it is so,
// who did it, and what the tool says, where it says anything.
const (
	Overridden   = "overridden"
	OverriddenBy = "overriddenBy" // sourcedId
	ToolScore    = "toolScore"
)

func overridden(c ags.Column, grade ags.Grade) map[string]any {
	out := map[string]any{Overridden: "true", OverriddenBy: grade.Override.By}
	if points, there := grade.Mark.Points(c); there {
		out[ToolScore] = points
	}
	return out
}

// statusOf says how far something is that has no mark (OneRoster 1.2 Gradebook service,
// ScoreStatusEnum).
func statusOf(grade ags.Grade) string {
	switch grade.Activity {
	case ags.Submitted, ags.Completed:
		return "submitted"
	}
	return "not submitted"
}

// day is the date of a time, in UTC as all times here; a tool may write it in any zone.
func day(at string) string {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05Z0700", "2006-01-02T15:04:05Z07"} {
		if t, err := time.Parse(layout, at); err == nil {
			return t.UTC().Format(time.DateOnly)
		}
	}
	return "1970-01-01"
}
