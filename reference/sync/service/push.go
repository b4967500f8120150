package service

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/rollcall-edu/rollcall/fixtures"
	"github.com/rollcall-edu/rollcall/reference/sync/push"
)

// Pushing sends what a consumer has to tell of grades: to is the SIS that it reads from, roster what
// the mirror holds.
type Pushing func(ctx context.Context, to push.SIS, roster fixtures.District) (push.Pushed, error)

// errNoGradebook says that there is nowhere to push to.
var errNothing = errors.New("there is nothing here to push")

var errNoGradebook = errors.New("the connection has no gradebook to push to")

// pushNow pushes once, and answers when that is done.
func (s *Service) pushNow(w http.ResponseWriter, r *http.Request) {
	done, err := s.Push(r.Context())
	if err != nil {
		refuse(w, http.StatusBadGateway, err.Error())
		return
	}
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprintf(w, `{"sent":%d,"deleted":%d,"unchanged":%d}`, done.Sent, done.Deleted, done.Unchanged)
}

// Push pushes what there is to push to the SIS of the connection. Of what it doesn't take the error says how much
// it is, and why the first wasn't taken.
func (s *Service) Push(ctx context.Context) (push.Pushed, error) {
	if s.c.Push == nil {
		return push.Pushed{}, errNothing
	}
	done, err := s.push(ctx)
	if err == nil && len(done.Refused) > 0 {
		err = fmt.Errorf("%d were not taken; the first: %w", len(done.Refused), done.Refused[0])
	}
	return done, err
}

func (s *Service) push(ctx context.Context) (push.Pushed, error) {
	s.mu.Lock()
	c := s.at
	s.mu.Unlock()
	to := push.SIS{Gradebook: c.Gradebook, Rostering: c.Rostering}
	if c.V11() {
		to = push.SIS{Gradebook: c.V1P1, Rostering: c.V1P1, V1P1: true}
	}
	if to.Gradebook == "" {
		return push.Pushed{}, errNoGradebook
	}
	source, err := overREST(c, s.hooks())
	if err != nil {
		return push.Pushed{}, fmt.Errorf("pushing to the SIS: %w", err)
	}
	roster, err := s.c.Mirror.District(ctx)
	if err != nil {
		return push.Pushed{}, fmt.Errorf("reading the roster to push by: %w", err)
	}
	to.Sender = push.Client{Client: source.Client()}
	done, err := s.c.Push(ctx, to, roster)
	return done, errors.Join(err, roster.Err())
}
