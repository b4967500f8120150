package tool

import (
	"context"
	"errors"
	"net"
	"net/url"
	"slices"
	"syscall"
	"time"

	"github.com/rollcall-edu/rollcall/suites/harness"
)

// A launch may bring a tool down: its process ends, and with it everybody's work. One
// requirement owns that, and all else that the launch was about, and all that comes after
// it while nothing starts the tool again, is blocked by it. Where something does, the same
// launch is made once more, by itself: what else ends a tool, such as a new version that is
// put in place, doesn't come at the same launch twice.

// fellText is what is seen of a tool that a launch brought down.
const fellText = "the tool went down: it answered at first, and nothing listened there any more"

// up tells whether the tool is there: no launch brought it down for good.
func (j *judge) up() bool { return j.fell.Load() == nil }

// fall notes that the tool went down in a launch, and whether it is there again.
func (j *judge) fall(ctx context.Context, s *sight, at *url.URL) {
	s.fell = true
	if s.gone = !j.up() && deserted(ctx, at) || !risen(ctx, at); s.gone { // it is waited for once
		title := s.attempt.launch.Title
		j.fell.Store(&title)
	}
}

// proven makes a launch in which the tool went down once more, where the tool is there again.
func (j *judge) proven(ctx context.Context, l Launch, s *sight) *sight {
	if s.fell && !s.gone {
		s = j.launch(ctx, l)
		s.proven = s.fell
	}
	return s
}

// felled accuses a launch of having brought the tool down, by which all else that the check
// is about is blocked.
func (j *judge) felled(t *harness.T, l Launch, s *sight) {
	exchanges := s.keep(t, l.Title)
	seen := fellText
	switch {
	case s.proven:
		seen += "; it was started again, and the same launch brought it down a second time"
	case !s.fell:
		seen += ", in this launch or in the good one beside it"
	}
	o := harness.BlockedBy(reqUp, seen).Seen(exchanges...)
	if slices.Contains(t.Check().Requirements, reqUp) {
		j.accused.Store(true)
		t.Fail(reqUp, harness.Finding{
			Sent:      "launch: " + l.Title,
			Expected:  "an answer, and a tool that is there for the next launch",
			Seen:      seen,
			Exchanges: exchanges,
		})
		o = o.Told()
	}
	t.NotTested(o)
}

// nobodyListens is Chromium's error where a process has ended.
const nobodyListens = "net::ERR_CONNECTION_REFUSED"

// cutOff begins the reasons of Chromium where an answer ended before it began: the tool
// broke the connection off, or went down while it made the answer.
var cutOff = []string{"net::ERR_EMPTY_RESPONSE", "net::ERR_CONNECTION_RESET", "net::ERR_CONNECTION_CLOSED"}

// restartTime is how long a tool that went down may take to be there again: something
// may watch over it.
const restartTime = 20 * time.Second

// knock connects to where an address leads, and closes the connection at once.
func knock(ctx context.Context, at *url.URL) error {
	host := at.Host
	if at.Port() == "" {
		host = net.JoinHostPort(at.Hostname(), at.Scheme) // a service has that name too
	}
	c, err := harness.Dial(ctx, "tcp", host)
	if err != nil {
		return err
	}
	_ = c.Close() // it was there, which is all
	return nil
}

// deserted tells whether nothing listens there.
func deserted(ctx context.Context, at *url.URL) bool {
	return errors.Is(knock(ctx, at), syscall.ECONNREFUSED)
}

// risen waits until something listens there again, or for so long, and tells whether
// something does.
func risen(ctx context.Context, at *url.URL) bool {
	ctx, cancel := context.WithTimeout(ctx, restartTime)
	defer cancel()
	for ctx.Err() == nil {
		if knock(ctx, at) == nil {
			return true
		}
		pass(ctx, restartTime/50)
	}
	return false
}
