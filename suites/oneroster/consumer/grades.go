package consumer

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/rollcall-edu/rollcall/fixtures"
	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/oneroster/consumer/driver"
	"github.com/rollcall-edu/rollcall/suites/oneroster/consumer/world"
)

// graded are the places of results that both versions have, of students who are in the class.
func graded(w *world.World, fits func(fixtures.Result) bool) (out []int) {
	classes := map[string]string{}
	for _, l := range w.LineItem {
		if l.Status == fixtures.Active && l.GradingPeriod != "" {
			classes[l.SourcedID] = l.Class
		}
	}
	for i, r := range w.Result {
		class := classes[r.LineItem]
		if class != "" && r.Status == fixtures.Active && r.Score != "" && fits(r) && len(w.Seats(func(e fixtures.Enrollment) bool {
			return e.Class == class && e.User == r.Student
		})) > 0 {
			out = append(out, i)
		}
	}
	return out
}

// grade adds a line item and results.
func grade(w *world.World) {
	first := w.LineItem[0]
	item := first
	stamp := w.Tick()
	item.Base = fixtures.Base{SourcedID: fmt.Sprintf("%sl-%d", ours, stamp.UnixMilli()), Status: fixtures.Active, DateLastModified: stamp}
	item.Title = "Added line item"
	of := graded(w, func(r fixtures.Result) bool { return r.LineItem == first.SourcedID })
	w.LineItem = append(w.LineItem, item)
	for n, i := range of[:min(3, len(of))] {
		r := w.Result[i]
		r.Base = fixtures.Base{SourcedID: fmt.Sprintf("%sr-%d-%d", ours, stamp.UnixMilli(), n), Status: fixtures.Active,
			DateLastModified: w.Tick()}
		r.LineItem = item.SourcedID
		w.Result = append(w.Result, r)
	}
}

// regrade changes scores.
func regrade(w *world.World) {
	score := fixtures.Number(fmt.Sprintf("%d.5", 1+w.Tick().UnixMilli()%9))
	of := graded(w, func(r fixtures.Result) bool { return r.Score != score })
	for _, i := range of[:min(3, len(of))] {
		w.Result[i].Score, w.Result[i].DateLastModified = score, w.Tick()
	}
}

// restatus has one result be exempt, one submitted and one partially graded, with the scores that they have.
func restatus(w *world.World) {
	for _, status := range []string{"exempt", "submitted", "partially graded"} {
		if of := graded(w, func(r fixtures.Result) bool { return r.ScoreStatus == "fully graded" }); len(of) > 0 {
			r := &w.Result[of[len(of)/2]]
			r.ScoreStatus, r.DateLastModified = status, w.Tick()
		}
	}
}

// unmark takes two scores back: the results are there still, without one.
func unmark(w *world.World) {
	of := graded(w, func(r fixtures.Result) bool { return r.ScoreStatus == "fully graded" })
	for _, i := range of[len(of)-min(2, len(of)):] {
		r := &w.Result[i]
		r.Score, r.TextScore, r.ScoreStatus, r.DateLastModified = "", "", "not submitted", w.Tick()
	}
}

// recategorize renames the category of the first line item, and puts another one's line item into a further one.
func recategorize(w *world.World) {
	first := w.LineItem[0].Category
	for i := range w.Category {
		if c := &w.Category[i]; c.SourcedID == first {
			c.Title, c.DateLastModified = fmt.Sprintf("Renamed category %d", w.Tick().UnixMilli()%100000), w.Tick()
		}
	}
	for i := range w.LineItem {
		if l := &w.LineItem[i]; l.Status == fixtures.Active && l.GradingPeriod != "" && l.Category != first {
			l.Category, l.DateLastModified = first, w.Tick()
			return
		}
	}
}

// leave withdraws a student who has results from the class that they are of.
func leave(w *world.World) {
	of := graded(w, func(fixtures.Result) bool { return true })
	if len(of) == 0 {
		return
	}
	r := w.Result[of[len(of)/2]]
	class := w.LineItem[slices.IndexFunc(w.LineItem, func(l fixtures.LineItem) bool { return l.SourcedID == r.LineItem })].Class
	for i := range w.Enrollment {
		if e := &w.Enrollment[i]; e.Class == class && e.User == r.Student && e.Status == fixtures.Active {
			w.Flag(&e.Base, false)
		}
	}
}

// ungrade flags the line item that was added last, and its results.
func ungrade(w *world.World) {
	if i := lastItem(w); i >= 0 {
		l := &w.LineItem[i]
		w.Flag(&l.Base, false)
		for n := range w.Result {
			if r := &w.Result[n]; r.LineItem == l.SourcedID && r.Status == fixtures.Active {
				w.Flag(&r.Base, false)
			}
		}
	}
}

// loseGrades takes the last line item with its results out of the gradebook, without a flag.
func loseGrades(w *world.World) {
	if i := lastItem(w); i >= 0 {
		id := w.LineItem[i].SourcedID
		w.LineItem = slices.Delete(slices.Clone(w.LineItem), i, i+1)
		w.Result = slices.DeleteFunc(slices.Clone(w.Result), func(r fixtures.Result) bool { return r.LineItem == id })
	}
}

// lastItem is the place of the last line item that both versions have and that has results; -1 where there is none.
func lastItem(w *world.World) int {
	of := graded(w, func(fixtures.Result) bool { return true })
	for i := len(w.LineItem) - 1; i >= 0; i-- {
		if slices.ContainsFunc(of, func(n int) bool { return w.Result[n].LineItem == w.LineItem[i].SourcedID }) {
			return i
		}
	}
	return -1
}

// leavers tells of results whether they are of students who aren't in the class any more: a product may leave these out,
// or flag them.
func leavers(truth driver.Objects, today string) func(result map[string]any) bool {
	seated := map[[2]string]bool{}
	for _, e := range truth["enrollments"] {
		if ends := scalar(e["endDate"]); active(e) && (ends == "" || ends > today) {
			seated[[2]string{reference(e["user"]), reference(e["class"])}] = true
		}
	}
	return func(result map[string]any) bool {
		class := reference(truth["lineItems"][reference(result["lineItem"])]["class"])
		return class != "" && !seated[[2]string{reference(result["student"]), class}]
	}
}

// stays holds the results of students who left a class to what the product held of them before: whether it flags them is
// its own to choose.
func (j *judge) stays(ctx context.Context, t *harness.T, p phase, s *occasion) {
	id, nothingElse := j.id(p.own()), j.id(p.shared(reqNothingElse))
	if owner, is := j.failed(ctx, t, id, s); is {
		t.NotTested(harness.BlockedBy(owner, "the sync failed"), nothingElse)
		return
	}
	left, before := leavers(s.truth, j.memory.today), leavers(s.truthBefore, j.memory.today)
	of, gone := map[place]bool{}, []difference(nil)
	for result, object := range s.truth["results"] {
		at := place{collection: "results", id: result}
		if !active(object) || !left(object) || before(object) || !active(j.memory.object(s.heldBefore, at.collection, at.id)) {
			continue
		}
		of[at] = true
		if !j.memory.has(s.held.Objects, at.collection, at.id) && !j.accused[at] {
			gone = append(gone, difference{place: at, what: missing, want: "held, or flagged, for the provider has it still", got: "not held"})
		}
	}
	if len(of) == 0 {
		t.NotTested(harness.NoData("the product held no results of students who then left their class",
			"Have it read results, and tell of them by consumer.holds; or leave the profile out."), id, nothingElse)
		return
	}
	slices.SortFunc(gone, func(a, b difference) int { return strings.Compare(a.id, b.id) })
	touched, others := touches(s.truthBefore, s.truth), []difference(nil)
	diffs := j.fresh(s.differences)
	for _, d := range diffs {
		switch _, is := touched[d.object()]; {
		case of[d.object()]:
			gone = append(gone, d)
		case !is: // what became of the enrollment is told by the phases that are about those
			others = append(others, d)
		}
	}
	j.examine(t, id, s, nil, gone)
	j.examine(t, nothingElse, s, nil, others)
	j.note(append(gone, diffs...))
}
