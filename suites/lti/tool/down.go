package tool

import (
	"context"

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
	for _, id := range t.Check().Requirements {
		if id == reqUp {
			t.Fail(reqUp, harness.Finding{Sent: "launch: " + l.Title, Expected: "an answer, and a tool that is there for the next launch", Seen: seen, Exchanges: exchanges})
		}
	}
	t.NotTested(harness.BlockedBy(reqUp, seen).Seen(exchanges...))
}
