package sync

import (
	"fmt"

	"github.com/rollcall-edu/rollcall/reference/store"
)

// Rule is one thing that a roster is held to before the mirror takes it. They are a list, so
// that each can be read, tested and left out by itself.
type Rule struct {
	ID string
	// Again says that a collection which breaks it is read once more, and then once more.
	Again bool
	// Confirmable says that a person may let through what breaks it.
	Confirmable bool
	// Broken says what breaks it, of what was staged of one collection; "" when all is well.
	Broken func(Staged) string
}

// Breach is a rule that was broken.
type Breach struct {
	Rule       string           `json:"rule"`
	Collection store.Collection `json:"collection"`
	Text       string           `json:"text"` // what is wrong, for people
}

func (b Breach) String() string { return string(b.Collection) + ": " + b.Text }

const (
	// lostShare is how much of a collection one sync deletes or flags without a person, in percent: a
	// school that closes is less of a district, and a year that ends is to be confirmed.
	lostShare = 20
	// lostLeast is what may go without one from a collection however small.
	lostLeast = 10
	// emptiedLeast is how many a collection must have had for its emptiness to be noticed.
	emptiedLeast = 3
	// unfitShare is how much of a collection may be unusable, in percent; unfitLeast in any.
	unfitShare, unfitLeast = 5, 5
)

// Rules lists what a roster is held to. No text of OneRoster says how a consumer protects itself;
// these are ours.
func Rules() []Rule {
	return []Rule{
		// As many as the source says, each counted once: a lost page is a failure and no deletion.
		{ID: "complete", Again: true, Broken: func(s Staged) string {
			came := s.Read + s.Unfit
			return unless(s.Total < 0 || came >= s.Total, "%d came of the %d that the source says there are", came, s.Total)
		}},
		// Where something left the collection while it was read, what was behind it moved to a page
		// that was there already.
		{ID: "steady", Again: true, Broken: func(s Staged) string {
			return unless(s.First < 0 || s.Total < 0 || s.Total >= s.First,
				"there were %d when the reading began and %d at its end", s.First, s.Total)
		}},
		// Some that can't be used stay as the mirror has them; many are a source that has gone wrong.
		{ID: "usable", Broken: func(s Staged) string {
			came := s.Read + s.Unfit
			return unless(s.Unfit <= unfitLeast || s.Unfit*100 <= came*unfitShare, "%d of %d can't be used", s.Unfit, came)
		}},
		{ID: "guard.empty", Confirmable: true, Broken: func(s Staged) string {
			return unless(s.Mode != Full || s.Before < emptiedLeast || s.Active > 0, "none is left of %d", s.Before)
		}},
		{ID: "guard.share", Confirmable: true, Broken: func(s Staged) string {
			return unless(s.Lost <= lostLeast || s.Lost*100 <= s.Before*lostShare, "%d of %d would be deleted or flagged", s.Lost, s.Before)
		}},
	}
}

func unless(well bool, text string, arguments ...any) string {
	if well {
		return ""
	}
	return fmt.Sprintf(text, arguments...)
}

// breaches holds one collection to the rules that want is true of.
func breaches(rules []Rule, s Staged, want func(Rule) bool) []Breach {
	if s.Left {
		return nil
	}
	var out []Breach
	for _, r := range rules {
		if !want(r) {
			continue
		}
		if text := r.Broken(s); text != "" {
			out = append(out, Breach{Rule: r.ID, Collection: s.Collection, Text: text})
		}
	}
	return out
}
