package sync

import "github.com/rollcall-edu/rollcall/reference/store"

// Rule is one thing that a roster is held to before the mirror takes it. They are a list, so
// that each can be read, tested and left out by itself.
type Rule struct {
	ID string
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
