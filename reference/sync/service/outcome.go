package service

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/rollcall-edu/rollcall/reference/sync"
)

// Outcome is what came of one sync, as POST /sync answers it.
type Outcome struct {
	*sync.Report
	Fed []Fed `json:"fed,omitempty"`

	status int // of the answer
	err    error
}

// Fed says what came of giving the roster on.
type Fed struct {
	Name  string    `json:"name"`
	At    time.Time `json:"at"`
	Says  string    `json:"says,omitempty"`
	Error string    `json:"error,omitempty"`
}

// Err tells why a sync didn't end well; nil where it did.
func (o Outcome) Err() error { return o.err }

// Says words it for people, in one line.
func (o Outcome) Says() string {
	if o.err != nil {
		return o.err.Error()
	}
	text := changes(*o.Report)
	for _, f := range o.Fed {
		text += "; " + f.Name + ": " + f.Says + f.Error
	}
	return text
}

// statusOf is what a sync is answered with.
func statusOf(err error) int {
	switch {
	case err == nil:
		return http.StatusOK
	case errors.As(err, new(*sync.WaitingError)), errors.Is(err, errNowhere), errors.Is(err, sync.ErrNotWaiting):
		return http.StatusConflict
	case errors.As(err, new(*sync.RefusedError)):
		return http.StatusUnprocessableEntity
	}
	return http.StatusBadGateway
}

// endOf is how metrics call the end of a sync.
func endOf(err error) string {
	switch {
	case err == nil:
		return "ok"
	case errors.As(err, new(*sync.WaitingError)):
		return "waiting"
	case errors.As(err, new(*sync.RefusedError)):
		return "refused"
	}
	return "failed"
}

// shownRun is a sync as the page shows it.
type shownRun struct {
	At          time.Time
	Took        time.Duration
	Mode        string
	State, Says string
}

func shown(r sync.Report) shownRun {
	out := shownRun{At: r.Started, Took: r.Ended.Sub(r.Started), Mode: string(r.Mode), State: "good", Says: changes(r)}
	switch r.Outcome {
	case sync.Failed:
		out.State, out.Says = "bad", r.Error
	case sync.Held:
		out.State, out.Says = "wait", r.Error
	}
	if r.Resumed > 0 {
		out.Says += "; it went on from what had been read before"
	}
	return out
}

// changes words what a sync changed.
func changes(r sync.Report) string {
	var parts []string
	for _, c := range r.Collections {
		var of []string
		for _, x := range []struct {
			n    int
			what string
		}{
			{c.Added, "added"}, {c.Changed, "changed"}, {c.Flagged, "flagged"}, {c.Deleted, "deleted"},
			{c.Kept, "gone, but referred to"}, {c.Unfit, "of no use"},
		} {
			if x.n > 0 {
				of = append(of, number(x.n)+" "+x.what)
			}
		}
		if len(of) > 0 {
			parts = append(parts, fmt.Sprintf("%s: %s", c.Collection, strings.Join(of, ", ")))
		}
	}
	if len(parts) == 0 {
		return "nothing changed"
	}
	return strings.Join(parts, "; ")
}
