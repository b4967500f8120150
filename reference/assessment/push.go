package assessment

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/rollcall-edu/rollcall/reference/oneroster/client"
)

const (
	// side is how many results are pushed at a time. Line items go one after another, as each
	// may have to be there for the next.
	side = 4
	// patience is after how many refusals in all the rest is given up: nothing of it would be
	// taken either.
	patience = 10
)

// Push is one class that takes the test.
type Push struct {
	SIS   SIS
	Class string // its sourcedId
	Most  int    // students at most; 0: all there are
	Seed  uint64 // of the answers
}

// Pushed says what became of it.
type Pushed struct {
	Students  int
	LineItems int // that were stored
	Results   int
	Refused   []error // why others were not
}

// Run gives the test to the students of a class, and pushes what they got. What the SIS refuses
// is among what it tells; the error is of what kept it from pushing at all.
func (p Push) Run(ctx context.Context) (*Pushed, error) {
	c, objects, students, err := p.prepare(ctx)
	if err != nil {
		return nil, err
	}
	out := &Pushed{Students: students}
	first := slices.IndexFunc(objects, func(o object) bool { return o.wrapper == "assessmentResult" })
	for _, o := range objects[:first] {
		if err := c.put(ctx, o); err != nil {
			// Its results would have nothing to hang on.
			return out, fmt.Errorf("pushing the test: %w", err)
		}
		out.LineItems++
	}
	out.Refused = each(ctx, objects[first:], func(o object) error { return c.put(ctx, o) })
	out.Results = len(objects) - first - len(out.Refused)
	return out, ctx.Err()
}

// Remove deletes what Run has pushed, results before the line items that they hang on, and
// children before parents. What isn't there is passed over.
func (p Push) Remove(ctx context.Context) (*Pushed, error) {
	c, objects, students, err := p.prepare(ctx)
	if err != nil {
		return nil, err
	}
	first := slices.IndexFunc(objects, func(o object) bool { return o.wrapper == "assessmentResult" })
	out := &Pushed{Students: students}
	out.Refused = each(ctx, objects[first:], func(o object) error { return c.remove(ctx, o) })
	out.Results = len(objects) - first - len(out.Refused)
	for _, o := range slices.Backward(objects[:first]) {
		if err := c.remove(ctx, o); err != nil {
			out.Refused = append(out.Refused, err)
			continue
		}
		out.LineItems++
	}
	return out, ctx.Err()
}

// prepare reads who is in the class, and makes everything that there is to push.
func (p Push) prepare(ctx context.Context) (*caller, []object, int, error) {
	test, err := Garden()
	if err != nil {
		return nil, nil, 0, err
	}
	c, err := p.SIS.caller()
	if err != nil {
		return nil, nil, 0, err
	}
	most := p.Most
	if most <= 0 {
		most = 10_000
	}
	students, err := c.students(ctx, p.Class, most)
	if err != nil {
		return nil, nil, 0, err
	}
	if len(students) == 0 {
		return nil, nil, 0, fmt.Errorf("the class %s has no active students", p.Class)
	}
	answers := map[string]Answers{}
	for _, student := range students {
		answers[student] = test.Answer(p.Seed, student)
	}
	made := pushing{test, p.Class, p.SIS, time.Now()}
	return c, made.objects(answers), len(answers), nil
}

func (o object) address(service string) string {
	return service + "/" + o.collection + "/" + url.PathEscape(o.sourcedID)
}

func (c *caller) put(ctx context.Context, o object) error {
	body, err := json.Marshal(map[string]any{o.wrapper: o.body})
	if err != nil {
		return fmt.Errorf("writing %s: %w", o.wrapper, err)
	}
	_, err = c.send(ctx, http.MethodPut, o.address(c.Gradebook), scopePut, body)
	return err
}

func (c *caller) remove(ctx context.Context, o object) error {
	_, err := c.send(ctx, http.MethodDelete, o.address(c.Gradebook), scopeDelete, nil)
	var refused *client.StatusError
	if errors.As(err, &refused) && refused.Status == http.StatusNotFound {
		return nil
	}
	return err
}

// errInterrupted stands for what was not tried any more, as somebody ended it.
var errInterrupted = errors.New("was not tried, for the push was interrupted")

// errGivenUp stands for what was not tried any more.
var errGivenUp = errors.New("was not tried, for the SIS took nothing of what came before")

// each does something with objects, some at a time, and gives an error for each with which it
// could not be done.
func each(ctx context.Context, objects []object, do func(object) error) (failed []error) {
	work := make(chan object)
	var mu sync.Mutex
	done := 0
	var all sync.WaitGroup
	for range side {
		all.Go(func() {
			for o := range work {
				mu.Lock()
				hopeless := len(failed) >= patience && done == 0
				mu.Unlock()
				err := errGivenUp
				switch {
				case ctx.Err() != nil:
					err = errInterrupted
				case !hopeless:
					err = do(o)
				}
				mu.Lock()
				if err != nil {
					failed = append(failed, err)
				} else {
					done++
				}
				mu.Unlock()
			}
		})
	}
	for _, o := range objects {
		work <- o
	}
	close(work)
	all.Wait()
	return failed
}
