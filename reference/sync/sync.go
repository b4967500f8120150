package sync

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rollcall-edu/rollcall/reference/store"
)

// Object is one object of OneRoster, as version 1.2 has it.
type Object struct {
	Collection store.Collection // users, classes, …: as sis, resources and gradebook name them
	SourcedID  string
	Status     string // active or tobedeleted
	// Modified is dateLastModified. Where the source has none it is zero: then the object has the time
	// at which the mirror took it, and a date alone is no change.
	Modified time.Time
	// Body is its JSON as a 1.2 service sends it; a source of another version, or of CSV, has
	// turned it into that. Members that 1.2 doesn't know are left out of the mirror.
	Body []byte
	// Unfit says why the source has nothing of it that could be used; empty: it has.
	Unfit string
}

// The statuses of an object (information model 1.2, StatusEnum).
const (
	Active      = "active"
	ToBeDeleted = "tobedeleted"
)

// Source is where rosters come from. It is used by one sync at a time.
type Source interface {
	// Name tells sources apart: marks and what was staged belong to one. There are no
	// secrets in it.
	Name() string
	// Collections lists what the source has, in an order in which references lead backwards
	// as far as they can (that of sis.Collections).
	Collections() []store.Collection
	// Read reads a collection page by page. It begins behind the place that a Page named, so
	// that a sync that was killed goes on there. The page before is made durable while the next
	// one is read; an error of yield ends the reading and is returned. A source that doesn't offer the
	// collection, or may not tell it, returns an error that is ErrNotOffered.
	Read(ctx context.Context, r Reading, yield func(Page) error) error
}

// Limited is a source that can be read in one mode alone: a bundle of changes has no full roster, and a
// folder of files that says nothing of dates no delta.
type Limited interface {
	Only() Mode // Auto: it isn't limited
}

// Reading is what is read of a source.
type Reading struct {
	Collection store.Collection
	Mode       Mode      // Full or Delta
	Since      time.Time // what changed at or after; zero: everything
	From       string    // the Next of the last page that is there; empty: from the beginning
	// Held looks up what the mirror holds, as store.Store.Lookup does, for sources that have a part of an object alone; nil:
	// it holds nothing.
	Held func(ctx context.Context, c store.Collection, sourcedIDs []string, visit func(n int, body []byte) error) error
}

// Page is a part of a collection.
type Page struct {
	Objects []Object
	Next    string // the place behind the page; empty at the end
	Total   int    // how many the whole reading has, as the source says; -1 where it doesn't
}

// ErrNotOffered says that a source doesn't offer a collection, or may not tell it (a service
// that isn't there, a scope that wasn't granted). What the mirror holds of it stays as it is.
var ErrNotOffered = errors.New("the source doesn't offer the collection")

// Mode is how much a sync reads.
type Mode string

// The modes.
const (
	Auto  Mode = ""      // Delta, or Full where the last full one is too long ago or there was none
	Full  Mode = "full"  // everything; what isn't there any more is deleted
	Delta Mode = "delta" // what changed since the mark
)

// Options say how a sync is run. The zero value is one that takes care of itself.
type Options struct {
	Mode Mode
	// Rules are what a roster is held to before it is taken; nil: Rules().
	Rules []Rule
	// Confirmed lets deletions through for which a person is needed: one has looked.
	Confirmed bool
	// FullEvery is how long deltas may follow one full sync in the mode Auto; zero: a day.
	FullEvery time.Duration
	// Overlap is how long before the mark a delta begins: what a source committed late under an
	// earlier date is read too. Zero: a minute.
	Overlap time.Duration
	// Progress is told of each page that is durable; nil: nobody is.
	Progress func(Progress)
	// Now is the clock; nil: time.Now.
	Now func() time.Time
}

// Progress is how far a sync has come.
type Progress struct {
	Mode       Mode
	Collection store.Collection // "" while it is committed
	Read       int              // objects of the collection
	Total      int              // -1 where the source doesn't say
}

// RefusedError says that a roster broke rules. The mirror is as it was.
type RefusedError struct{ Breaches []Breach }

func (e *RefusedError) Error() string {
	text := "the roster is refused: " + e.Breaches[0].String()
	if more := len(e.Breaches) - 1; more > 0 {
		text += fmt.Sprintf("; and %d more", more)
	}
	return text
}

// WaitingError says that a roster would delete more than a sync does by itself. The mirror is as
// it was, and what was read is kept until Mirror.Confirm takes it, or another sync begins.
type WaitingError struct{ Waiting Waiting }

func (e *WaitingError) Error() string {
	return "waiting for a person to confirm: " + e.Waiting.Breaches[0].String()
}

// Waiting is a roster that waits for a person.
type Waiting struct {
	ID       string    `json:"id"` // what Mirror.Confirm is told
	Source   string    `json:"source"`
	Mode     Mode      `json:"mode"`
	Since    time.Time `json:"since"` // when it had been read
	Breaches []Breach  `json:"breaches"`
}
