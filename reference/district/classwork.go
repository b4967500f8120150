package district

import (
	"context"
	"sync"
	"time"

	"github.com/rollcall-edu/rollcall/fixtures"
	"github.com/rollcall-edu/rollcall/reference/fault/consumerfault"
	"github.com/rollcall-edu/rollcall/reference/store"
	"github.com/rollcall-edu/rollcall/reference/sync/push"
	"github.com/rollcall-edu/rollcall/reference/sync/service"
)

// mostClasswork bounds how many results are made of it.
const mostClasswork = 8

// classwork is a line item of a class of the roster, and a result of each of its students.
type classwork struct{ roster fixtures.District }

func (classwork) Name() string { return "classwork" }

// Objects gives them. Who has left the class keeps no result.
func (c classwork) Objects(_ context.Context, to push.SIS) ([]push.Object, error) {
	for like := range c.roster.LineItems() {
		if like.Status != fixtures.Active || to.V1P1 && like.GradingPeriod == "" {
			continue
		}
		item := push.Object{Collection: "lineItems", Wrapper: "lineItem", SourcedID: "classwork-1", Body: map[string]any{
			"title": "Classwork", "assignDate": "2026-09-01T00:00:00.000Z", "dueDate": "2026-09-08T00:00:00.000Z",
			"class": to.Refer("class", "classes", like.Class), "school": to.Refer("org", "orgs", like.School),
			"category": to.Refer("category", "categories", like.Category), "resultValueMin": 0, "resultValueMax": 10,
		}}
		if to.V1P1 {
			delete(item.Body, "school")
			item.Body["gradingPeriod"] = to.Refer("academicSession", "academicSessions", like.GradingPeriod)
		}
		out := []push.Object{item}
		for e := range c.roster.Enrollments() {
			if e.Class != like.Class || e.Role != "student" || e.Status != fixtures.Active || len(out) > mostClasswork {
				continue
			}
			result := push.Object{Collection: "results", Wrapper: "result", SourcedID: "classwork-1-" + e.User, Owner: item.SourcedID,
				Body: map[string]any{
					"lineItem": to.Refer("lineItem", "lineItems", item.SourcedID), "student": to.Refer("user", "users", e.User),
					"class": to.Refer("class", "classes", e.Class), "scoreStatus": "fully graded", "score": 7.5, "scoreDate": "2026-09-09",
				}}
			if to.V1P1 {
				delete(result.Body, "class")
			}
			out = append(out, result)
		}
		if len(out) > 1 {
			return out, nil
		}
	}
	return nil, nil
}

// classworkOf pushes classwork, and remembers in memory what was pushed, until it is to forget that. close ends it.
func classworkOf(ctx context.Context, bent consumerfault.Config) (do service.Pushing, forget func(context.Context) error,
	close func() error, err error) {
	kept, err := store.Open(ctx, "", push.Kept)
	if err != nil {
		return nil, nil, nil, err
	}
	var mu sync.Mutex
	pusher := &push.Pusher{Store: kept, Now: time.Now}
	return func(ctx context.Context, to push.SIS, roster fixtures.District) (push.Pushed, error) {
		mu.Lock()
		defer mu.Unlock()
		if bent.Sender != nil {
			to.Sender = bent.Sender(to.Sender)
		}
		var from push.From = classwork{roster}
		if bent.From != nil {
			from = bent.From(from)
		}
		pusher.To = to
		return pusher.Push(ctx, from)
	}, pusher.Forget, kept.Close, nil
}
