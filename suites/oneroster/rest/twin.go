package rest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/rollcall-edu/rollcall/suites/catalogue"
	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/harness/corpus"
	"github.com/rollcall-edu/rollcall/suites/oneroster/service"
)

// Twin is the same service of the same product in another version of the standard, which the
// same run judges: what the two say of the same objects is compared.
type Twin struct {
	Service *service.Service
	// Suite judges it, by these profiles. Where the run has prepared that suite its crawl is
	// read; where it hasn't, as under a focus, the suite that compares crawls the twin itself.
	Suite    string
	Profiles []string
	// Address gives the base URL in the target file.
	Address func(t *harness.Target) string
	// Checks name those that compare, below the service that they are of.
	Checks []string
}

// Asked lists the profiles of the run that the twin is judged by; none where it isn't.
func (w *Twin) Asked(s *harness.Session) []catalogue.Profile {
	var out []catalogue.Profile
	for _, id := range s.Target.Profiles {
		if p, known := s.Catalogue.Profile(id); known && slices.Contains(w.Profiles, id) {
			out = append(out, p)
		}
	}
	return out
}

// covers tells whether one of those profiles contains an operation.
func (w *Twin) covers(s *harness.Session, op service.Operation) bool {
	return slices.ContainsFunc(w.Asked(s), func(p catalogue.Profile) bool { return slices.Contains(p.Operations, op.ID) })
}

func (w *Twin) base(s *harness.Session) string { return strings.TrimRight(w.Address(s.Target), "/") }

// scopes are those that the twin's profiles ask for.
func (w *Twin) scopes(s *harness.Session) []string { return scopes(w.Asked(s)) }

// dir is where the suite that compares spools what it crawls of the twin itself.
func (w *Twin) dir(s *harness.Session) string { return filepath.Join(s.Dir, "twin") }

// needed lists the collections of the twin that are still to be crawled.
func (w *Twin) needed(of *service.Service, s *harness.Session) []service.Collection {
	if w == nil || !slices.ContainsFunc(w.Checks, func(name string) bool { return slices.Contains(s.Checks, of.Checks+"."+name) }) {
		return nil
	}
	return slices.DeleteFunc(w.Service.Whole(), func(c service.Collection) bool {
		_, err := os.Stat(filepath.Join(s.DirOf(w.Suite), c.Name))
		return err == nil || !w.covers(s, c.List)
	})
}

// twins are the collections of a twin that a process has opened.
type twins struct {
	mu   sync.Mutex
	open map[string]neighbour
}

// of opens a collection of the twin; what it gives has no spool where there is none.
func (all *twins) of(s *harness.Session, w *Twin, name string) (neighbour, error) {
	all.mu.Lock()
	defer all.mu.Unlock()
	if n, met := all.open[name]; met {
		return n, nil
	}
	n := neighbour{judged: true}
	var err error
	if n.Collection, err = corpus.Open(s.DirOf(w.Suite), name); errors.Is(err, os.ErrNotExist) {
		n.judged = false
		n.Collection, err = corpus.Open(w.dir(s), name)
	}
	switch {
	case errors.Is(err, os.ErrNotExist):
		n, err = neighbour{}, nil
	case err == nil:
		err = n.Fact(&n.facts)
	}
	if err != nil {
		return neighbour{}, fmt.Errorf("reading /%s of %s: %w", name, w.Service, err)
	}
	if all.open == nil {
		all.open = map[string]neighbour{}
	}
	all.open[name] = n
	return n, nil
}

// Twin gives the spool of a collection of the service in its other version; nil where it
// wasn't crawled.
func (t *T) Twin(w *Twin, name string) *corpus.Collection {
	n, _ := crawl(t).twins.of(t.Session(), w, name) // an error is an obstacle, see WithoutTwin
	return n.Collection
}

// WithoutTwin tells what keeps a collection of the service in its other version from being
// known whole.
func (t *T) WithoutTwin(w *Twin, name string) (harness.Obstacle, bool) {
	s := t.Session()
	switch {
	case len(w.Asked(s)) == 0:
		return harness.Unclaimed(fmt.Sprintf("this run judges %s, and not %s", t.Service, w.Service)), true
	case !w.covers(s, w.Service.Collection(name).List):
		return harness.Unclaimed(fmt.Sprintf("no profile of this run covers /%s of %s", name, w.Service)), true
	}
	n, err := crawl(t).twins.of(s, w, name)
	reason := fmt.Sprintf("the crawl of /%s of %s broke off: ", name, w.Service)
	switch {
	case err != nil:
		return harness.Unconfigured(err.Error(), "Run again."), true
	case n.Collection == nil:
		return harness.Unconfigured(fmt.Sprintf("/%s of %s was not crawled", name, w.Service), "Run again, without --resume."), true
	case n.Complete:
		return harness.Obstacle{}, false
	case n.facts.Bound != "":
		return bounded(name, n.Reason, n.facts.Bound), true
	case n.facts.End.Unreachable:
		return harness.Unreached(reason + n.Reason), true
	case n.judged:
		return harness.BlockedBy(w.Service.Requirement(n.facts.End.Owner), reason+n.Reason).Expecting(n.facts.End.Expected).
			Seen(t.Adopt(n.facts.End.Evidence)), true
	}
	return harness.Unconfigured(reason+n.Reason, "Judge "+w.Service.String()+" first, and mend what that finds."), true
}

// TwinEvidence gives the exchange of the crawl that brought an object of the service in its
// other version, as evidence of the check.
func (t *T) TwinEvidence(w *Twin, name string, i int) []string {
	raw := t.Twin(w, name)
	if raw == nil || i < 0 {
		return nil
	}
	page, ok := raw.PageOf(i)
	if !ok || page.Evidence == nil {
		return nil
	}
	return []string{t.Adopt(page.Evidence)}
}

// ReadTwice reads one object by both versions, as they are now. An answer is nil where that
// version isn't asked: no profile covers it, or another token would be needed than there is.
func (t *T) ReadTwice(ctx context.Context, w *Twin, collection, id string) (own, other *harness.Response) {
	s := t.Session()
	if op := t.Service.Collection(collection).Read; s.Covers(op.ID) {
		own = t.Do(ctx, harness.Request{URL: s.Base + op.PathFor(id)})
	}
	if op := w.Service.Collection(collection).Read; w.covers(s, op) && !s.Signs() {
		other = t.Do(ctx, harness.Request{URL: w.base(s) + op.PathFor(id), Scopes: w.scopes(s),
			Owner: w.Service.Requirement(endpointRequirement(op))})
	}
	return own, other
}

// Raw gives the spool of a collection of the service itself; nil when it wasn't crawled.
func (t *T) Raw(name string) *corpus.Collection { return crawl(t).Raw(name) }
