package district

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/rollcall-edu/rollcall/fixtures"
	"github.com/rollcall-edu/rollcall/reference/store"
	"github.com/rollcall-edu/rollcall/reference/sync"
	"github.com/rollcall-edu/rollcall/reference/sync/push"
	"github.com/rollcall-edu/rollcall/reference/sync/service"
)

// takenKept is the collection in which the assessment app keeps who took its test in which class.
const takenKept store.Collection = "assessmentTaken"

// AssessmentOptions say how the reference's assessment app is run: a consumer, which knows by the roster who is in
// a class, and pushes what those got who took its test. The zero value listens on a free port of 127.0.0.1.
type AssessmentOptions struct {
	ConsumerOptions        // Push, Feeds, DB and Mirror are the app's own business
	DB              string // store DSN of what it remembers, its mirror among it; empty: memory
	Seed            uint64 // of the answers
	// From changes what is pushed, and Sender what sends it; nil is nothing.
	From   func(push.From) push.From
	Sender func(push.Sender) push.Sender
}

// Assessment is a running assessment app. POST /tests has somebody take the test, POST /push pushes, and the rest is
// that of a consumer.
type Assessment struct {
	*Consumer
	kept store.Store
	seed uint64
}

// taken is one learner who took the test in a class.
type taken struct {
	Class   string    `json:"class"`
	Student string    `json:"student"` // empty: whoever is in the class
	At      time.Time `json:"at"`
}

// StartAssessment serves the app until Close, or until ctx ends.
func StartAssessment(ctx context.Context, o AssessmentOptions) (*Assessment, error) {
	dsn := cmp.Or(o.DB, o.ConsumerOptions.DB)
	mirror, err := sync.Open(ctx, dsn)
	if err != nil {
		return nil, err
	}
	a := &Assessment{}
	if a.kept, err = store.Open(ctx, dsn, takenKept, push.Kept); err != nil {
		return nil, errors.Join(err, mirror.Close())
	}
	c := o.ConsumerOptions
	c.Mirror = mirror
	a.seed = o.Seed
	c.Push = pushing(a.kept, o.Sender, func(roster fixtures.District) []push.From { return a.tests(ctx, roster, o.From) })
	c.Feeds = []service.Feed{PushFeed("assessment results", func() *Consumer { return a.Consumer })}
	around := c.Around
	c.Around = func(next http.Handler) http.Handler {
		mux := http.NewServeMux()
		mux.HandleFunc("POST /tests", a.take)
		mux.HandleFunc("GET /tests", a.list)
		mux.HandleFunc("GET /results", a.results)
		mux.Handle("/", next)
		handler := http.NewCrossOriginProtection().Handler(mux)
		if around != nil {
			return around(handler)
		}
		return handler
	}
	consumer, err := StartConsumer(ctx, c)
	if err != nil {
		return nil, errors.Join(err, a.kept.Close(), mirror.Close())
	}
	consumer.given = false
	a.Consumer = consumer
	return a, nil
}

// tests gives what there is to push, class by class; bend changes it, if anything does.
func (a *Assessment) tests(ctx context.Context, roster fixtures.District, bend func(push.From) push.From) []push.From {
	all, err := a.taken(ctx)
	if err != nil {
		return []push.From{failing{err}}
	}
	classes := map[string][]taken{}
	for _, t := range all {
		classes[t.Class] = append(classes[t.Class], t)
	}
	var out []push.From
	for _, class := range slices.Sorted(maps.Keys(classes)) {
		took := classes[class]
		from := push.From(push.Assessment{Class: class, Roster: roster, Seed: a.seed, Took: func(student string) bool {
			return slices.ContainsFunc(took, func(t taken) bool { return t.Student == student || t.Student == "" })
		}})
		if !anybody(roster, class) {
			continue // what they got stays
		}
		if bend != nil {
			from = bend(from)
		}
		out = append(out, from)
	}
	return out
}

// anybody tells whether there is a student left in a class.
func anybody(roster fixtures.District, class string) bool {
	there := map[string]bool{}
	for u := range roster.Users() {
		there[u.SourcedID] = u.Status == fixtures.Active
	}
	for e := range roster.Enrollments() {
		if e.Class == class && e.Role == "student" && e.Status == fixtures.Active && there[e.User] {
			return true
		}
	}
	return false
}

// failing is something to push that can't be read.
type failing struct{ err error }

func (failing) Name() string { return "what was taken" }

func (f failing) Objects(context.Context, push.SIS) ([]push.Object, error) { return nil, f.err }

func (a *Assessment) taken(ctx context.Context) (all []taken, err error) {
	err = a.kept.Scan(ctx, takenKept, 0, math.MaxInt32, func(_ store.Key, body []byte) error {
		var t taken
		if err := json.Unmarshal(body, &t); err != nil {
			return err
		}
		all = append(all, t)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading who took the test: %w", err)
	}
	return all, nil
}

// Take has a learner of a class take the test; an empty name is everybody who is in it, or comes to it. What they
// got is pushed after the next sync.
func (a *Assessment) Take(ctx context.Context, class, student string) error {
	body, err := json.Marshal(taken{class, student, time.Now().UTC().Truncate(time.Second)})
	if err != nil {
		return fmt.Errorf("noting who took the test: %w", err)
	}
	err = a.kept.Update(ctx, func(tx store.Tx) error {
		_, err := tx.Put(takenKept, store.Document{SourcedID: class + " " + student, Body: body})
		return err
	})
	if err != nil {
		return fmt.Errorf("noting who took the test: %w", err)
	}
	return nil
}

// take is POST /tests with class and, where it is one learner, student: sourcedIds; with push the app syncs, and
// pushes, at once.
func (a *Assessment) take(w http.ResponseWriter, r *http.Request) {
	class := strings.TrimSpace(r.FormValue("class"))
	if class == "" {
		http.Error(w, "class is missing: the sourcedId of the class that takes the test", http.StatusBadRequest)
		return
	}
	if err := a.Take(r.Context(), class, strings.TrimSpace(r.FormValue("student"))); err != nil {
		http.Error(w, "The app can't remember anything now; try again.", http.StatusServiceUnavailable)
		return
	}
	if r.FormValue("push") != "" {
		if err := a.Sync(r.Context(), sync.Auto).Err(); err != nil { // which pushes
			http.Error(w, "The app is out of step with the SIS.", http.StatusBadGateway)
			return
		}
	}
	w.WriteHeader(http.StatusNoContent)
}

// list is GET /tests: who took the test in which class.
func (a *Assessment) list(w http.ResponseWriter, r *http.Request) {
	all, err := a.taken(r.Context())
	if err != nil {
		http.Error(w, "The app can't read what it remembers.", http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"tests": append([]taken{}, all...)}) // the client may be gone
}

// results is GET /results: what the app has itself, an assessment result a line, with a member "collection" as in what
// a consumer holds.
func (a *Assessment) results(w http.ResponseWriter, r *http.Request) {
	roster, err := a.Mirror.District(r.Context())
	if err != nil {
		http.Error(w, "The app can't read its roster.", http.StatusServiceUnavailable)
		return
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	for _, from := range a.tests(r.Context(), roster, nil) {
		objects, err := from.Objects(r.Context(), push.SIS{})
		if err != nil {
			http.Error(w, "The app can't read what it remembers.", http.StatusServiceUnavailable)
			return
		}
		for _, o := range objects {
			if o.Wrapper != "assessmentResult" {
				continue
			}
			o.Body["collection"], o.Body["sourcedId"] = o.Collection, o.SourcedID
			if err := e.Encode(o.Body); err != nil {
				http.Error(w, "The app can't write what it remembers.", http.StatusInternalServerError)
				return
			}
		}
	}
	w.Header().Set("Content-Type", "application/x-ndjson")
	_, _ = w.Write(b.Bytes()) // the client may be gone
}

// Close ends the app and what it remembers by.
func (a *Assessment) Close() error { return errors.Join(a.Consumer.Close(), a.kept.Close()) }
