package driver

// Kinds of a Difference.
const (
	Missing = "missing" // it was to be held, and is not
	Extra   = "extra"   // it is held, and was not to be
	Changed = "changed" // it is held with another value
)

// Difference is one thing in which what a product holds differs from what it was told.
type Difference struct {
	Kind       string // Missing, Extra or Changed
	Collection string
	SourcedID  string
	Member     string // a JSON pointer such as /givenName; empty but for Changed
	Want, Got  any    // of the member
}

// Learned is what the first sync has shown that a product keeps.
type Learned struct {
	// Members are those that are kept, by collection: a collection that isn't there isn't kept.
	Members map[string]map[string]bool
}

// Learn tells what a product keeps, by what it was to hold after its first sync and what it
// holds then. before is what it held when it had not yet synced, or nil.
func (h Holder) Learn(expected Objects, held, before *Held) *Learned {
	return &Learned{}
}

// Compare tells in what a product differs from what it is to hold, as far as it keeps that.
func (h Holder) Compare(expected Objects, held *Held, learned *Learned) []Difference {
	return nil
}
