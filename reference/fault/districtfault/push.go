package districtfault

import (
	"context"
	"strings"

	"github.com/rollcall-edu/rollcall/reference/riverbend"
	"github.com/rollcall-edu/rollcall/reference/sis"
	"github.com/rollcall-edu/rollcall/reference/sync"
	"github.com/rollcall-edu/rollcall/reference/sync/push"
)

// changed is what is pushed, with something done to it.
type changed struct {
	push.From
	change func([]push.Object) []push.Object
}

func (c changed) Objects(ctx context.Context, to push.SIS) ([]push.Object, error) {
	objects, err := c.From.Objects(ctx, to)
	if err != nil {
		return nil, err
	}
	return c.change(objects), nil
}

// one changes the objects of one collection, each by itself; keep tells whether it is pushed.
func one(collection string, change func(o *push.Object) (keep bool)) func([]push.Object) []push.Object {
	return func(objects []push.Object) []push.Object {
		var out []push.Object
		for _, o := range objects {
			if o.Collection == collection {
				o.Body = clone(o.Body)
				if !change(&o) {
					continue
				}
			}
			out = append(out, o)
		}
		return out
	}
}

// grades are mistakes between the platform's gradebook and that of the SIS.
func grades() map[string]behaviour {
	result := func(change func(o *push.Object) bool) behaviour { return pushed(isPlatform, one("results", change)) }
	return map[string]behaviour{
		"between-grades-never": pushed(isPlatform, func([]push.Object) []push.Object { return nil }),
		"between-override-not-pushed": result(func(o *push.Object) bool {
			m, _ := o.Body["metadata"].(map[string]any)
			if m[push.Overridden] != nil && m[push.ToolScore] != nil {
				o.Body["score"] = m[push.ToolScore]
				delete(o.Body, "metadata")
			}
			return true
		}),
		"between-override-dropped": result(func(o *push.Object) bool {
			m, _ := o.Body["metadata"].(map[string]any)
			o.Lasting = false // what was pushed before goes with it
			return m[push.Overridden] == nil
		}),
		"between-grades-twice": pushed(isPlatform, func(objects []push.Object) []push.Object {
			out := objects
			for _, o := range objects {
				switch o.Collection {
				case "lineItems":
					o.SourcedID += "-2"
				case "results":
					o.SourcedID, o.Owner = o.SourcedID+"-2", o.Owner+"-2"
					o.Body = clone(o.Body)
					o.Body["lineItem"].(map[string]any)["sourcedId"] = o.Owner
				default:
					continue
				}
				out = append(out, o)
			}
			return out
		}),
		"between-grades-in-percent": result(func(o *push.Object) bool {
			if score, is := o.Body["score"].(float64); is {
				o.Body["score"] = score / 2
			}
			return true
		}),
		"between-grades-other-learner": neighbours(isPlatform, "results"),
		"between-grades-other-item": pushed(isPlatform, func(objects []push.Object) []push.Object {
			marked := map[string]bool{}
			for _, o := range objects {
				marked[o.Owner] = true
			}
			var items []string // those without results first
			for _, o := range objects {
				switch {
				case o.Collection != "lineItems":
				case marked[o.SourcedID]:
					items = append(items, o.SourcedID)
				default:
					items = append([]string{o.SourcedID}, items...)
				}
			}
			return one("results", func(o *push.Object) bool {
				for _, id := range items {
					if id != o.Owner {
						o.Owner = id
						o.Body["lineItem"].(map[string]any)["sourcedId"] = id
						return true
					}
				}
				return true
			})(objects)
		}),
		"between-grades-without-score": result(func(o *push.Object) bool {
			delete(o.Body, "score")
			o.Body["scoreStatus"] = "submitted"
			return true
		}),
	}
}

// tests are mistakes between the assessment app and the SIS.
func tests() map[string]behaviour {
	of := is(riverbend.Assessment)
	both := func(change func(body map[string]any)) behaviour {
		does := func(o *push.Object) bool { change(o.Body); return true }
		return together(pushed(of, one("assessmentResults", does)), pushed(of, one("assessmentLineItems", does)))
	}
	return map[string]behaviour{
		"between-tests-never":              pushed(of, one("assessmentResults", func(*push.Object) bool { return false })),
		"between-tests-whole-only":         pushed(of, wholeOnly),
		"between-tests-without-objectives": both(func(body map[string]any) { delete(body, "learningObjectiveSet") }),
		"between-tests-other-objectives":   both(func(body map[string]any) { objectives(body, func(id string) string { return "lost-" + id }) }),
		"between-tests-other-scores": pushed(of, one("assessmentResults", func(o *push.Object) bool {
			if score, is := o.Body["score"].(float64); is {
				o.Body["score"] = score / 2
			}
			return true
		})),
		"between-tests-other-learner": neighbours(of, "assessmentResults"),
		"between-tests-orphans": pushed(of, one("assessmentLineItems", func(o *push.Object) bool {
			delete(o.Body, "parentAssessmentLineItem")
			return true
		})),
	}
}

// neighbours has results of each student be those of the next one of some class.
func neighbours(of func(string) bool, collection string) behaviour {
	next, last := map[string]string{}, map[string]string{} // by student; by class
	return together(source(of, func() func(read) []read {
		return each(func(x *read) bool {
			if x.Collection == sis.Enrollments && x.text("role") == "student" && x.Status == sync.Active {
				student, class := refers(x.body, "user"), refers(x.body, "class")
				if last[class] != "" && last[class] != student {
					next[student] = last[class]
				}
				last[class] = student
			}
			return true
		})
	}), pushed(of, one(collection, func(o *push.Object) bool {
		if s, is := o.Body["student"].(map[string]any); is {
			own, _ := s["sourcedId"].(string)
			if other := next[own]; other != "" {
				s["sourcedId"] = other
			}
		}
		return true
	})))
}

// wholeOnly leaves sections and questions out.
func wholeOnly(objects []push.Object) []push.Object {
	parts := map[string]bool{}
	for _, o := range objects {
		if o.Collection == "assessmentLineItems" && o.Body["parentAssessmentLineItem"] != nil {
			parts[o.SourcedID] = true
		}
	}
	var out []push.Object
	for _, o := range objects {
		if !parts[o.SourcedID] && !parts[o.Owner] {
			out = append(out, o)
		}
	}
	return out
}

// objectives gives the learning objectives of an item or a result other identifiers.
func objectives(body map[string]any, other func(string) string) {
	sets, _ := body["learningObjectiveSet"].([]any)
	for _, set := range sets {
		m, _ := set.(map[string]any)
		ids, _ := m["learningObjectiveIds"].([]any)
		for i, id := range ids {
			if text, is := id.(string); is {
				ids[i] = other(text)
			}
		}
		results, _ := m["learningObjectiveResults"].([]any)
		for _, r := range results {
			x, _ := r.(map[string]any)
			if id, is := x["learningObjectiveId"].(string); is && !strings.HasPrefix(id, "lost-") {
				x["learningObjectiveId"] = other(id)
			}
		}
	}
}
