package sync

import (
	"time"

	"github.com/rollcall-edu/rollcall/reference/store"
)

// Outcome is what became of a sync.
type Outcome string

// The outcomes.
const (
	Committed Outcome = "committed" // the mirror is the roster that was read; it may be what it was
	Held      Outcome = "waiting"   // for a person; see Waiting
	Failed    Outcome = "failed"    // the mirror is as it was
)

// Report is what a sync did, for its log and for metrics. It tells of no person but by
// sourcedId.
type Report struct {
	Number      int64     `json:"number"` // of the sync, ascending; the mirror's Version where it was committed
	Source      string    `json:"source"`
	Mode        Mode      `json:"mode"`
	Why         string    `json:"why,omitempty"` // why the mode was chosen, where it was
	Started     time.Time `json:"started"`
	Ended       time.Time `json:"ended"`
	Resumed     int       `json:"resumed,omitempty"` // how often it went on from what an earlier process had staged
	Outcome     Outcome   `json:"outcome"`
	Error       string    `json:"error,omitempty"` // why it failed or waits
	Breaches    []Breach  `json:"breaches,omitempty"`
	Confirmed   bool      `json:"confirmed,omitempty"` // a person let breaches through
	Collections []Staged  `json:"collections"`
	// Entries are the changes, one by one, up to EntriesMost.
	Entries []Entry `json:"entries,omitempty"`
	More    int     `json:"more,omitempty"` // changes that have no entry
}

// Changed tells how many objects of the mirror a sync changed, or would where it wasn't committed.
func (r *Report) Changed() int {
	n := 0
	for _, c := range r.Collections {
		n += c.Added + c.Changed + c.Flagged + c.Deleted + c.Kept
	}
	return n
}

// Staged is what was read of one collection, and what comes of it.
type Staged struct {
	Collection store.Collection `json:"collection"`
	Mode       Mode             `json:"mode"`            // Full or Delta
	Left       bool             `json:"left,omitempty"`  // not offered: nothing was read and nothing changes
	Done       bool             `json:"done"`            // it was read to its end
	Again      int              `json:"again,omitempty"` // how often it was read anew, as it broke a rule

	Pages  int `json:"pages"`
	Read   int `json:"read"`   // different objects
	Total  int `json:"total"`  // as the last page says; -1 where the source doesn't
	First  int `json:"first"`  // as the first page says
	Twice  int `json:"twice"`  // came again
	Unfit  int `json:"unfit"`  // couldn't be used; what the mirror has of them stays
	Active int `json:"active"` // of those that were read

	Before    int `json:"before"`  // active objects that the mirror held
	After     int `json:"after"`   // and that it holds once this is committed
	Added     int `json:"added"`   // weren't held
	Changed   int `json:"changed"` // are other than they were held
	Flagged   int `json:"flagged"` // were active and are flagged tobedeleted by the source
	Unchanged int `json:"unchanged"`
	Deleted   int `json:"deleted"`  // aren't in a full reading any more
	Kept      int `json:"kept"`     // neither, but something refers to them: flagged instead
	Lost      int `json:"lost"`     // active objects that are deleted or flagged, by the source or the mirror
	Dangling  int `json:"dangling"` // references that lead nowhere

	Newest time.Time `json:"newest"` // dateLastModified that was seen
}

const (
	// EntriesMost is how many changes a report tells one by one.
	EntriesMost = 500
	// LogMost is how many reports a mirror keeps.
	LogMost = 200
	// ChangesMost is how many changes of one sync a mirror knows one by one, for whoever follows it,
	// and changesKept of how many syncs.
	ChangesMost = 50_000
	changesKept = 64
)

// Entry is one change, and why.
type Entry struct {
	Collection store.Collection `json:"collection"`
	SourcedID  string           `json:"sourcedId"`
	What       What             `json:"what"`
	Why        string           `json:"why,omitempty"`
}

// What happened to an object.
type What string

// The kinds of changes.
const (
	Added   What = "added"
	Changed What = "changed"
	Flagged What = "flagged" // tobedeleted by the source
	Deleted What = "deleted"
	Kept    What = "kept" // gone at the source, but referred to: flagged tobedeleted by the mirror
	Unfit   What = "unfit"
	Dangles What = "dangles" // came, and refers to what isn't there
)
