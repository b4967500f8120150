package harness

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/rollcall-edu/rollcall/reports"
	"github.com/rollcall-edu/rollcall/suites/catalogue"
)

// DefaultCheckTimeout bounds a check that names no time limit of its own. It is
// generous: slow staging systems are common, and a stalled target is bounded by
// the request timeout long before.
const DefaultCheckTimeout = 5 * time.Minute

// Check is one thing the judge does: a value in a registry, never code that runs
// at package initialisation.
type Check struct {
	// ID is a constant of the suite, e.g. "rostering.paging.union".
	ID string
	// Title says in one sentence what is looked at.
	Title string
	// Requirements are the catalogue ids this check decides. The body must
	// come to a verdict on each: an id that is neither examined nor declared
	// not-tested ends in error.
	Requirements []string
	// Labels select checks on the command line, beside ids.
	Labels []string
	// Needs are what must be there for the check to have something to look at: they are
	// decided before the body, which may rely on them.
	Needs []Need
	// Group ties checks that must run in one process, in order. Empty: none.
	Group string
	// Timeout bounds the body; 0 means DefaultCheckTimeout.
	Timeout time.Duration
	// Body looks and reports through t. It must be a pure function of the
	// session and the target: several bodies run side by side.
	Body func(ctx context.Context, t *T)
}

// Suite is everything Rollcall knows about judging one kind of product.
type Suite struct {
	ID       string // its standard's name, a dot and its own
	Title    string
	Role     string // the role of the target: provider, consumer, tool, platform…
	Checks   []Check
	Profiles []string // catalogue ids of the profiles it can judge

	// Section makes the section of the target file that the suite reads. May be nil.
	Section func() Section
	// Access says which credentials there are for its service; nil: none.
	Access *Access
	// Service says where the target's service lies, e.g. the base URL of its
	// rostering endpoints, from the target description. May be nil.
	Service func(*Target) (string, error)
	// Groups gives the group of a check by what the target file says, where that decides which
	// checks can be made side by side; nil: it is as the check has it.
	Groups func(t *Target, c Check) string
	// Owner names the requirement that governs an answer on which checks merely
	// stand, where its Request names none; empty when nothing governs it. May be nil.
	Owner func(s *Session, r *Response) string
	// Scopes lists the OAuth scopes that the given profiles ask for.
	Scopes func([]catalogue.Profile) []string
	// Doctor looks at what is particular to this suite before a run, after
	// the general examinations. May be nil.
	Doctor func(ctx context.Context, s *Session) []Diagnosis
	// Picture draws what a district is made of; nil where the target is one product.
	Picture func(t *Target) *reports.District
	// Prepare gathers what the checks share (the crawl) into s.Dir. It runs
	// once, in a process of its own, before any check. May be nil.
	Prepare func(ctx context.Context, s *Session) error
	// Open makes what Prepare left in s.Dir available to the checks of one
	// process as Session.Shared. May be nil.
	Open func(ctx context.Context, s *Session) (any, error)
}

// Validate tells what is wrong with a suite as a value: a check without an id or
// requirement, an id given twice, a requirement the catalogue doesn't hold.
func (s Suite) Validate(c *catalogue.Catalogue) error {
	seen := map[string]bool{}
	for _, check := range s.Checks {
		switch {
		case check.ID == "" || check.Title == "" || check.Body == nil:
			return fmt.Errorf("suite %s: check %q lacks an id, a title or a body", s.ID, check.ID)
		case seen[check.ID]:
			return fmt.Errorf("suite %s: check %s is registered twice", s.ID, check.ID)
		case len(check.Requirements) == 0:
			return fmt.Errorf("suite %s: check %s decides no requirement", s.ID, check.ID)
		}
		seen[check.ID] = true
		for _, id := range check.Requirements {
			if _, known := c.Requirement(id); !known {
				return fmt.Errorf("suite %s: check %s names requirement %s, which the catalogue doesn't hold", s.ID, check.ID, id)
			}
		}
		if sorted := slices.Compact(slices.Sorted(slices.Values(check.Requirements))); len(sorted) != len(check.Requirements) {
			return fmt.Errorf("suite %s: check %s names a requirement twice", s.ID, check.ID)
		}
		if err := check.needs(); err != nil {
			return fmt.Errorf("suite %s: %w", s.ID, err)
		}
	}
	return nil
}

// Uncovered lists the requirements of the suite's profiles that no check decides
// and that the catalogue doesn't call untestable.
func (s Suite) Uncovered(c *catalogue.Catalogue) []string {
	decided := map[string]bool{}
	for _, check := range s.Checks {
		for _, id := range check.Requirements {
			decided[id] = true
		}
	}
	var out []string
	for _, r := range c.Requirements() {
		inProfile := slices.ContainsFunc(s.Profiles, func(id string) bool {
			p, ok := c.Profile(id)
			return ok && slices.Contains(p.Requirements, r.ID)
		})
		if inProfile && !decided[r.ID] && r.Untestable == "" {
			out = append(out, r.ID)
		}
	}
	return out
}
