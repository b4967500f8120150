package gradebook

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/rollcall-edu/rollcall/suites/oneroster/rest"
	"github.com/rollcall-edu/rollcall/suites/oneroster/scores"
)

// rule is one statement about a gradebook, judged from the crawl alone.
func rule(name, title, holder, remedy string, needs, beside []string, scan func(g *Gradebook, see rest.See)) rest.Check {
	return rest.Rule[*Gradebook]{Name: name, Title: title, Requirement: name, Needs: needs, Beside: beside, Holder: holder, Remedy: remedy,
		Scan: scan}.Check()
}

// referenceChecks judge whether what only a gradebook refers to is there.
func referenceChecks() []rest.Check {
	items, results, scales := []string{"lineItems"}, []string{"results"}, []string{"scoreScales"}
	return []rest.Check{
		rule("references.item-category", "The categories of line items exist", "lineItems", "an active line item",
			[]string{"lineItems", "categories"}, nil, func(g *Gradebook, see rest.See) {
				g.ItemTargets(see, "/category", "a category that the service lists", func(x *scores.Item) uint32 { return x.Category },
					func(id string) bool { return g.Has("category", id) })
			}),
		rule("references.item-school", "The schools of line items are orgs of the rosters", "lineItems", "an active line item", items,
			[]string{"orgs"}, func(g *Gradebook, see rest.See) {
				g.ItemTargets(see, "/school", "an org that the Rostering service lists", func(x *scores.Item) uint32 { return x.School },
					g.InRosters("orgs"))
			}),
		rule("references.item-session", "The sessions of line items are of the rosters", "lineItems", "an active line item with a session",
			items, []string{"academicSessions"}, func(g *Gradebook, see rest.See) {
				const expected = "a session that the Rostering service lists"
				has := g.InRosters("academicSessions")
				g.ItemTargets(see, "/gradingPeriod", expected, func(x *scores.Item) uint32 { return x.GradingPeriod }, has)
				g.ItemTargets(see, "/academicSession", expected, func(x *scores.Item) uint32 { return x.Session }, has)
			}),
		rule("references.result-class", "The classes of results are those of the rosters", "results", "an active result with a class", results,
			[]string{"classes"}, func(g *Gradebook, see rest.See) {
				g.ResultTargets(see, "/class", "a class that the Rostering service lists", func(r *scores.Result) uint32 { return r.Class },
					g.InRosters("classes"))
			}),
		rule("references.scale-class", "The classes of score scales are those of the rosters", "scoreScales", "an active score scale", scales,
			[]string{"classes"}, func(g *Gradebook, see rest.See) {
				g.scaleTargets(see, "/class", "a class", "classes", func(s scores.Scale) uint32 { return s.Class })
			}),
		rule("references.scale-course", "The courses of score scales are those of the rosters", "scoreScales",
			"an active score scale with a course", scales, []string{"courses"}, func(g *Gradebook, see rest.See) {
				g.scaleTargets(see, "/course", "a course", "courses", func(s scores.Scale) uint32 { return s.Course })
			}),
	}
}

func (g *Gradebook) scaleTargets(see rest.See, pointer, what, collection string, target func(s scores.Scale) uint32) {
	has := g.InRosters(collection)
	for _, s := range g.sortedScales() {
		if id := target(s); id != 0 && s.Status == "active" {
			see(has(g.Text(id)), g.atScale(s, pointer), what+" that the Rostering service lists", g.Text(id)+", which it doesn't")
		}
	}
}

func (g *Gradebook) atScale(s scores.Scale, pointer string) rest.Place {
	return rest.Place{Index: g.Index("scoreScale", s.ID), ID: s.ID, Pointer: pointer}
}

// lineItemChecks judge line items, with the categories in which they count.
func lineItemChecks() []rest.Check {
	items := []string{"lineItems"}
	return []rest.Check{
		rule("categories.weight", "No category has a weight below zero", "categories", "a category with a weight", []string{"categories"}, nil,
			func(g *Gradebook, see rest.See) {
				for i, c := range g.Categories {
					if c.Weight != nil {
						see(*c.Weight >= 0, rest.Place{Index: i, ID: c.SourcedID, Pointer: "/weight"}, "no less than 0", fmt.Sprint(*c.Weight))
					}
				}
			}),
		rule("line-items.dates-ordered", "Work is given out before it is due", "lineItems", "a line item", items, nil, datesOrdered),
		rule("line-items.school", "The school of a line item is that of its class", "lineItems", "an active line item", items,
			[]string{"classes"}, schoolOfClass),
		rule("line-items.school-type", "The school of a line item is a school", "lineItems", "an active line item", items, []string{"orgs"},
			schoolType),
		rule("line-items.session-type", "The sessions of line items are of fitting types", "lineItems", "an active line item with a session",
			items, []string{"academicSessions"}, sessionType),
		rule("line-items.session-of-class", "The sessions of line items lie in the time of their classes", "lineItems",
			"an active line item with a session", items, []string{"academicSessions", "classes"}, sessionOfClass),
		rule("line-items.session-given", "Line items name a session", "lineItems", "an active line item", items, nil,
			func(g *Gradebook, see rest.See) {
				g.eachItem(func(i int, x *scores.Item) {
					see(x.Session != 0 || x.GradingPeriod != 0, g.at(i, ""), "an academicSession or a gradingPeriod", "neither")
				})
			}),
		rule("results.class", "The class of a result is that of its line item", "results", "an active result with a class",
			[]string{"results", "lineItems"}, nil, classOfItem),
		rule("results.since-assigned", "No result is older than its line item", "results", "an active result", []string{"results", "lineItems"},
			nil, sinceAssigned),
	}
}

// eachItem visits the active line items.
func (g *Gradebook) eachItem(visit func(i int, x *scores.Item)) {
	for i := range g.Items {
		if x := &g.Items[i]; g.Active(x.Status) {
			visit(i, x)
		}
	}
}

func (g *Gradebook) at(i int, pointer string) rest.Place {
	return rest.Place{Index: i, ID: g.Items[i].ID, Pointer: pointer}
}

// eachResult visits the active results of line items that are there; at says where one stands.
func (g *Gradebook) eachResult(visit func(r *scores.Result, x *scores.Item, at func(pointer string) rest.Place)) {
	for i := range g.Results {
		r := &g.Results[i]
		x := g.ItemOf(r.Item)
		if x == nil || !g.Active(r.Status) {
			continue
		}
		visit(r, x, func(pointer string) rest.Place {
			return rest.Place{Index: i, ID: g.ResultID(i), Pointer: pointer}
		})
	}
}

func datesOrdered(g *Gradebook, see rest.See) {
	g.eachItem(func(i int, x *scores.Item) {
		if !x.Assign.IsZero() && !x.Due.IsZero() {
			see(!x.Assign.After(x.Due), g.at(i, "/assignDate"), "no later than dueDate, "+written(x.Due), written(x.Assign))
		}
	})
}

func written(t time.Time) string { return t.UTC().Format(time.RFC3339) }

func schoolOfClass(g *Gradebook, see rest.See) {
	g.eachItem(func(i int, x *scores.Item) {
		if c, known := g.Rosters.Class(x.Class); known && c.School != 0 && x.School != 0 {
			see(c.School == x.School, g.at(i, "/school"), "the school of its class, "+g.Text(c.School), g.Text(x.School))
		}
	})
}

func schoolType(g *Gradebook, see rest.See) {
	g.eachItem(func(i int, x *scores.Item) {
		if kind, known := g.Rosters.OrgType(x.School); known {
			see(kind == "school" || strings.HasPrefix(kind, "ext:"), g.at(i, "/school"), "an org of type school", "type "+kind)
		}
	})
}

func sessionType(g *Gradebook, see rest.See) {
	g.eachItem(func(i int, x *scores.Item) {
		if s, known := g.Rosters.Session(x.GradingPeriod); known {
			see(s.Type == "gradingPeriod" || strings.HasPrefix(s.Type, "ext:"), g.at(i, "/gradingPeriod"), "a session of type gradingPeriod",
				"type "+s.Type)
		}
		if s, known := g.Rosters.Session(x.Session); known {
			see(s.Type != "schoolYear", g.at(i, "/academicSession"), "a session of a type other than schoolYear", "type "+s.Type)
		}
	})
}

// sessionOfClass looks whether a session and the terms of the class have a day in common; ends
// are excluded.
func sessionOfClass(g *Gradebook, see rest.See) {
	g.eachItem(func(i int, x *scores.Item) {
		c, known := g.Rosters.Class(x.Class)
		if !known {
			return
		}
		var terms []scores.Session
		for _, id := range c.Terms {
			s, there := g.Rosters.Session(id)
			if !there || !dated(s) {
				return // whose time is not known
			}
			terms = append(terms, s)
		}
		for pointer, id := range map[string]uint32{"/gradingPeriod": x.GradingPeriod, "/academicSession": x.Session} {
			s, there := g.Rosters.Session(id)
			if !there || !dated(s) || len(terms) == 0 {
				continue
			}
			overlaps := slices.ContainsFunc(terms, func(t scores.Session) bool { return s.Start < t.End && t.Start < s.End })
			see(overlaps, g.at(i, pointer), "a session in the time of class "+g.Text(x.Class),
				fmt.Sprintf("%s, %s to %s", g.Text(id), s.Start, s.End))
		}
	})
}

func dated(s scores.Session) bool {
	_, err := time.Parse(time.DateOnly, s.Start)
	_, other := time.Parse(time.DateOnly, s.End)
	return err == nil && other == nil && s.Start < s.End
}

func classOfItem(g *Gradebook, see rest.See) {
	g.eachResult(func(r *scores.Result, x *scores.Item, at func(string) rest.Place) {
		switch {
		case r.Class == 0 || x.Class == 0:
		case r.Class == x.Class:
			see(true, rest.Place{}, "", "")
		default:
			see(false, at("/class"), "the class of line item "+x.ID+", "+g.Text(x.Class), g.Text(r.Class))
		}
	})
}

func sinceAssigned(g *Gradebook, see rest.See) {
	const day = 24 * time.Hour // a day is whatever it is where somebody lives
	g.eachResult(func(r *scores.Result, x *scores.Item, at func(string) rest.Place) {
		if r.Day == math.MinInt32 || x.Assign.IsZero() {
			return
		}
		scored := time.Unix(int64(r.Day)*int64(day/time.Second), 0).UTC()
		if !scored.Before(x.Assign.UTC().Truncate(day).Add(-day)) {
			see(true, rest.Place{}, "", "")
			return
		}
		see(false, at("/scoreDate"), "a day on which line item "+x.ID+" was given out, "+written(x.Assign), scored.Format(time.DateOnly))
	})
}

// scaleChecks judge score scales, and who uses them.
func scaleChecks() []rest.Check {
	scales, users := []string{"scoreScales"}, []string{"scoreScales", "lineItems"}
	return []rest.Check{
		rule("score-scales.ranges", "Ranges of score scales rise", "scoreScales", "a score scale with ranges", scales, nil, rangesRise),
		rule("score-scales.disjoint", "No score is of two values of a scale", "scoreScales", "a score scale with two ranges", scales, nil,
			rangesDisjoint),
		rule("score-scales.covers-bounds", "Score scales reach to the bounds of their line items", "lineItems",
			"a line item with bounds and a score scale of numbers", users, nil, coversBounds),
		rule("score-scales.class", "Line items and results use scales of their class", "lineItems", "a line item or result with a score scale",
			append(users, "results"), nil, scaleOfClass),
		rule("score-scales.course", "The course of a score scale is that of its class", "scoreScales", "a score scale with a course", scales,
			[]string{"classes"}, courseOfClass),
	}
}

func rangesRise(g *Gradebook, see rest.See) {
	for _, s := range g.sortedScales() {
		for i, v := range s.Values {
			if !math.IsNaN(v.To) {
				see(v.From <= v.To, g.atScale(s, fmt.Sprintf("/scoreScaleValue/%d/itemValueLHS", i)), "a range from the smaller number to the larger",
					v.LHS)
			}
		}
	}
}

// rangesDisjoint compares ranges that mean different values. One number alone is the beginning
// of a range that ends where the next one begins.
func rangesDisjoint(g *Gradebook, see rest.See) {
	for _, s := range g.sortedScales() {
		for i, v := range s.Values {
			if math.IsNaN(v.To) || v.From > v.To {
				continue
			}
			other := slices.IndexFunc(s.Values[:i], func(o scores.ScaleValue) bool {
				return !math.IsNaN(o.To) && o.From <= o.To && o.From <= v.To && v.From <= o.To && o.RHS != v.RHS
			})
			seen := ""
			if other >= 0 {
				seen = v.LHS + " beside " + s.Values[other].LHS
			}
			see(other < 0, g.atScale(s, fmt.Sprintf("/scoreScaleValue/%d/itemValueLHS", i)), "a range that has no score in common with others", seen)
		}
	}
}

func coversBounds(g *Gradebook, see rest.See) {
	g.eachItem(func(i int, x *scores.Item) {
		s, known := g.Scales[g.Text(x.Scale)]
		if !known || x.Scale == 0 {
			return
		}
		for pointer, n := range map[string]float64{"/resultValueMin": x.Min, "/resultValueMax": x.Max} {
			if math.IsNaN(n) {
				continue
			}
			if holds, told := s.Holds(n); told {
				see(holds, g.at(i, pointer), "a score of the scale "+s.ID, fmt.Sprint(n))
			}
		}
	})
}

func scaleOfClass(g *Gradebook, see rest.See) {
	g.eachItem(func(i int, x *scores.Item) {
		if s, known := g.Scales[g.Text(x.Scale)]; known && x.Scale != 0 && s.Class != 0 && x.Class != 0 {
			see(s.Class == x.Class, g.at(i, "/scoreScale"), "a scale of class "+g.Text(x.Class), s.ID+" of "+g.Text(s.Class))
		}
	})
	g.eachResult(func(r *scores.Result, x *scores.Item, at func(string) rest.Place) {
		s, known := g.Scales[g.Text(r.Scale)]
		switch {
		case !known || r.Scale == 0 || s.Class == 0 || x.Class == 0:
		case s.Class == x.Class:
			see(true, rest.Place{}, "", "")
		default:
			place := at("/scoreScale")
			place.Collection = "results"
			see(false, place, "a scale of class "+g.Text(x.Class), s.ID+" of "+g.Text(s.Class))
		}
	})
}

func courseOfClass(g *Gradebook, see rest.See) {
	for _, s := range g.sortedScales() {
		if c, known := g.Rosters.Class(s.Class); known && s.Course != 0 && c.Course != 0 {
			see(s.Course == c.Course, g.atScale(s, "/course"), "the course of its class, "+g.Text(c.Course), g.Text(s.Course))
		}
	}
}
