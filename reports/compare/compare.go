// Package compare tells what two reports of one product say of it: what broke, what was
// mended, what is new, and what is no longer examined, requirement by requirement.
//
// It knows the report model alone, as all of reports does. Which requirements have another
// id by now it is told.
package compare

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/rollcall-edu/rollcall/reports"
)

// Format is the version of the comparison as JSON.
const Format = "1.0"

// Kind is what became of a requirement between two reports.
type Kind string

// The kinds, in the order in which a reader wants to know of them.
const (
	Broke       Kind = "broke"              // was kept, or didn't apply; is broken
	Found       Kind = "found-broken"       // was not examined before; is broken
	Still       Kind = "still-broken"       // was broken, and is
	NotExamined Kind = "no-longer-examined" // was examined; is not, for whatever reason
	Mended      Kind = "mended"             // was broken; is kept
	Examined    Kind = "now-examined"       // was not examined; is kept
	New         Kind = "new"                // the older report doesn't have it; it isn't broken
	Gone        Kind = "gone"               // the newer report doesn't ask for it
	NotAsked    Kind = "not-asked"          // the newer report is of a part, and this isn't in it
	StillOpen   Kind = "still-open"         // was not examined, and isn't
	Kept        Kind = "kept"               // was kept, or didn't apply, and so it is
)

// Kinds lists all kinds in order.
func Kinds() []Kind {
	return []Kind{Broke, Found, NotExamined, Mended, Examined, New, Gone, Still, StillOpen, NotAsked, Kept}
}

// Title heads the requirements of a kind.
func (k Kind) Title() string {
	switch k {
	case Broke:
		return "Broke"
	case Found:
		return "Found broken for the first time"
	case Still:
		return "Still broken"
	case NotExamined:
		return "No longer examined"
	case Mended:
		return "Mended"
	case Examined:
		return "Examined for the first time, and kept"
	case New:
		return "New, and not broken"
	case Gone:
		return "No longer asked for"
	case NotAsked:
		return "Not in the part that was judged"
	case StillOpen:
		return "Still not examined"
	}
	return "Kept, as before"
}

// Meaning says in a sentence what a kind tells.
func (k Kind) Meaning() string {
	switch k {
	case Broke:
		return "The product kept these, or they did not apply to it; now it breaks them."
	case Found:
		return "These were not examined before, so they may have been broken for long."
	case Still:
		return "Broken before and now."
	case NotExamined:
		return "There was a verdict before, and there is none now: what holds of them isn't known."
	case Mended:
		return "Broken before, kept now."
	case Examined:
		return "There was no verdict before; now they are found to be kept."
	case New:
		return "The older report does not have them."
	case Gone:
		return "The newer report does not ask for them: other profiles, another stance, or another catalogue."
	case NotAsked:
		return "The newer report is of a part only; it says nothing of these."
	case StillOpen:
		return "No verdict before and none now."
	}
	return "Nothing changed."
}

// Side is one of the two reports.
type Side struct {
	Run      string          `json:"run"`
	Started  time.Time       `json:"started"`
	Judge    string          `json:"judge"` // its version
	Format   string          `json:"format"`
	Target   string          `json:"target"`
	Product  string          `json:"product,omitempty"`
	Stance   string          `json:"stance"`
	Profiles []string        `json:"profiles"`
	Part     string          `json:"part,omitempty"` // words which part the report holds, where not all
	Outcome  reports.Outcome `json:"outcome"`
	Counts   reports.Counts  `json:"counts"`
}

// Change is what became of one requirement.
type Change struct {
	ID     string          `json:"id"`
	Was    string          `json:"was,omitempty"` // its older id, where it has been renamed
	Title  string          `json:"title"`
	Kind   Kind            `json:"kind"`
	Level  reports.Level   `json:"level"`              // in the newer report; in the older where it is gone
	Before reports.Verdict `json:"before,omitempty"`   // empty: the older report doesn't have it
	After  reports.Verdict `json:"after,omitempty"`    // empty: the newer report doesn't have it
	Levels string          `json:"levels,omitempty"`   // words how the level changed
	Seen   string          `json:"seen,omitempty"`     // of the first finding, or the reason why it isn't examined
	Where  string          `json:"where,omitempty"`    // of the first finding
	Remedy string          `json:"remedy,omitempty"`   // of what isn't examined
	Repeat string          `json:"repeat,omitempty"`   // command that repeats just this
	More   int             `json:"findings,omitempty"` // how many findings there are
	// Otherwise says that what is still broken shows in another way than before.
	Otherwise bool `json:"otherwise,omitempty"`
	// Waived says that a waiver excuses it in the newer report.
	Waived bool `json:"waived,omitempty"`
}

// Comparison is what two reports say of one product.
type Comparison struct {
	Format string `json:"format"`
	Old    Side   `json:"old"`
	New    Side   `json:"new"`
	// Notes say what makes the two differ beside the product.
	Notes   []string     `json:"notes"`
	Changes []Change     `json:"changes"` // in the order of Kinds; what was kept and is isn't listed
	Counts  map[Kind]int `json:"counts"`
	Exit    int          `json:"exit"`
}

// Of compares two reports. Renamed gives the newer id of each requirement that has another
// one by now.
func Of(older, newer *reports.Report, renamed map[string]string) *Comparison {
	c := &Comparison{Format: Format, Old: side(older), New: side(newer), Counts: map[Kind]int{}, Notes: []string{}, Changes: []Change{}}
	c.Notes = append(c.Notes, notes(older, newer)...)
	before, formerly := byID(older, renamed)
	after, renamedToo := byID(newer, renamed) // the newer report may be of an older catalogue than this program's
	for id, was := range renamedToo {
		if formerly[id] == was {
			delete(formerly, id) // both have the older id
		}
	}
	seen := map[string]bool{}
	for _, list := range [][]reports.RequirementResult{newer.Requirements, older.Requirements} {
		for _, q := range list {
			id := cmp.Or(renamed[q.ID], q.ID)
			if seen[id] {
				continue
			}
			seen[id] = true
			change := changeOf(id, before[id], after[id], newer.Partial())
			change.Was = formerly[id]
			c.Counts[change.Kind]++
			if change.Kind != Kept {
				c.Changes = append(c.Changes, change)
			}
		}
	}
	slices.SortStableFunc(c.Changes, func(a, b Change) int {
		return cmp.Or(
			cmp.Compare(slices.Index(Kinds(), a.Kind), slices.Index(Kinds(), b.Kind)),
			cmp.Compare(levelRank(a.Level), levelRank(b.Level)),
			cmp.Compare(a.ID, b.ID))
	})
	c.Exit = c.exit()
	return c
}

// exit is 1 where a MUST broke or was found broken, 4 where one is no longer examined, and
// else 0: it says what became worse, and not how the product stands.
func (c *Comparison) exit() int {
	out := reports.ExitConforms
	for _, x := range c.Changes {
		switch {
		case x.Level != reports.Must || x.Waived:
		case (x.Kind == Broke || x.Kind == Found) && x.After == reports.Fail:
			return reports.ExitFailed
		case x.Kind == NotExamined:
			out = reports.ExitIncomplete
		}
	}
	return out
}

func side(r *reports.Report) Side {
	s := Side{Run: r.Run.ID, Started: r.Run.Started, Judge: r.Judge.Version, Format: r.Format, Target: r.Target.Name, Stance: r.Run.Stance,
		Profiles: append([]string{}, r.Run.Profiles...), Outcome: r.Outcome, Counts: reports.Tally(r.Requirements)}
	for _, word := range []string{r.Target.Vendor, r.Target.Product, r.Target.Version} {
		if word != "" {
			s.Product += " " + word
		}
	}
	s.Product = reports.OneLine(s.Product)
	if r.Partial() {
		s.Part = r.Part()
	}
	return s
}

// notes words what else differs between two reports than the product.
func notes(older, newer *reports.Report) []string {
	var out []string
	differ := func(what, a, b string) {
		if a != b {
			out = append(out, fmt.Sprintf("The reports have different %s: %q and %q.", what, a, b))
		}
	}
	differ("targets", older.Target.Name, newer.Target.Name)
	differ("versions of Rollcall", older.Judge.Version, newer.Judge.Version)
	if older.Run.Stance != newer.Run.Stance {
		out = append(out, fmt.Sprintf("The stances are %q and %q: what is a MUST in the one may be less in the other.", older.Run.Stance, newer.Run.Stance))
	}
	for _, p := range without(older.Run.Profiles, newer.Run.Profiles) {
		out = append(out, fmt.Sprintf("The newer report does not judge the profile %q.", p))
	}
	for _, p := range without(newer.Run.Profiles, older.Run.Profiles) {
		out = append(out, fmt.Sprintf("The older report does not judge the profile %q.", p))
	}
	if older.Partial() {
		out = append(out, "The older report is of a part only: what it doesn't have may have been broken then.")
	}
	if newer.Partial() {
		out = append(out, "The newer report is of a part only.")
	}
	if newer.Run.Interrupted {
		out = append(out, "The newer run was interrupted: what it did not reach is not examined.")
	}
	if older.Run.Started.After(newer.Run.Started) {
		out = append(out, "The first report is the younger of the two: were they given the wrong way round?")
	}
	return out
}

func without(all, some []string) []string {
	return slices.DeleteFunc(slices.Clone(all), func(s string) bool { return slices.Contains(some, s) })
}

// byID lists the requirements of a report by the ids that they have now, and the older ids of
// those that had another one. An id that comes twice, as in no report of ours, counts by its
// worse verdict.
func byID(r *reports.Report, renamed map[string]string) (all map[string]*reports.RequirementResult, formerly map[string]string) {
	all, formerly = map[string]*reports.RequirementResult{}, map[string]string{}
	for i := range r.Requirements {
		q := &r.Requirements[i]
		id := cmp.Or(renamed[q.ID], q.ID)
		if id != q.ID {
			formerly[id] = q.ID
		}
		if there := all[id]; there == nil || standOf(q) < standOf(there) {
			all[id] = q
		}
	}
	return all, formerly
}

// stand is what a verdict tells, as far as two reports are compared.
type stand int

const (
	broken   stand = iota // fail, warning
	open                  // not-tested, error, unknown and whatever this version doesn't know
	kept                  // pass
	notTheir              // not-applicable
	absent
)

func standOf(q *reports.RequirementResult) stand {
	if q == nil {
		return absent
	}
	switch q.Verdict {
	case reports.Fail, reports.Warning:
		return broken
	case reports.Pass:
		return kept
	case reports.NotApplicable:
		return notTheir
	}
	return open
}

func changeOf(id string, before, after *reports.RequirementResult, part bool) Change {
	x := Change{ID: id, Kind: kindOf(standOf(before), standOf(after), part)}
	q := after
	if q == nil {
		q = before
	}
	x.Title, x.Level, x.Repeat = q.Title, q.Level, q.Repeat
	if before != nil {
		x.Before = before.Verdict
	}
	if after == nil {
		return x
	}
	x.After, x.Waived, x.More, x.Remedy = after.Verdict, after.Waived, len(after.Findings), after.Remedy
	if before != nil && before.Level != after.Level {
		x.Levels = fmt.Sprintf("was a %s, is a %s", before.Level, after.Level)
	}
	x.Seen = after.Reason
	if len(after.Findings) > 0 && standOf(after) == broken {
		f := after.Findings[0]
		x.Seen, x.Where = f.Seen, f.Where
	}
	if x.Kind == Still {
		had := map[string]bool{}
		for _, f := range before.Findings {
			had[f.Expected] = true
		}
		x.Otherwise = slices.ContainsFunc(after.Findings, func(f reports.Finding) bool { return !had[f.Expected] })
	}
	return x
}

func kindOf(before, after stand, part bool) Kind {
	switch after {
	case absent:
		if part {
			return NotAsked
		}
		return Gone
	case broken:
		switch before {
		case broken:
			return Still
		case kept, notTheir:
			return Broke
		}
		return Found
	case open:
		switch before {
		case absent:
			return New
		case open:
			return StillOpen
		}
		return NotExamined
	case notTheir:
		// What was broken isn't mended by being left out.
		switch before {
		case absent:
			return New
		case notTheir:
			return Kept
		}
		return NotExamined
	}
	switch before {
	case absent:
		return New
	case broken:
		return Mended
	case open:
		return Examined
	}
	return Kept
}

func levelRank(l reports.Level) int {
	return (slices.Index([]reports.Level{reports.Must, reports.Should, reports.May}, l) + 4) % 4 // what is no level comes last
}

// Kind gives the changes of a kind.
func (c *Comparison) Kind(k Kind) []Change {
	return slices.DeleteFunc(slices.Clone(c.Changes), func(x Change) bool { return x.Kind != k })
}
