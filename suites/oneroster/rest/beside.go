package rest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/harness/corpus"
	"github.com/rollcall-edu/rollcall/suites/oneroster/service"
)

// Beside is another service of the same product, which has the parents of sub-collections:
// nothing in /resources tells which classes there are, nor what they refer to. It is read
// as far as that, and not judged.
type Beside struct {
	Service *service.Service
	// Suite judges that service: where the same run does, what it has crawled is read.
	Suite string
	// Address gives the base URL in the target file; empty where there is none.
	Address func(t *harness.Target) string
	// For names, by collection, the requirements that take it though it has no parents of
	// sub-collections: below the service that is judged.
	For map[string][]string
}

// besides are the services beside one.
type besides []*Beside

// neighbour is a collection of the service beside.
type neighbour struct {
	*corpus.Collection
	of     *Beside
	facts  CrawlFacts
	judged bool // by the suite of that service, in this run
}

func (b *Beside) base(s *harness.Session) string { return strings.TrimRight(b.Address(s.Target), "/") }

// scopes are what it takes to read the parents: they stand in collections of the core.
func (b *Beside) scopes() []string { return []string{b.Service.Scopes.Prefix + b.Service.Scopes.Core} }

// collections lists those that hold the parents of sub-collections which a run covers, and
// those that what it wants takes.
func (b *Beside) collections(of *service.Service, s *harness.Session) []service.Collection {
	var out []service.Collection
	for _, c := range b.Service.Collections {
		parents := slices.ContainsFunc(of.Operations, func(op service.Operation) bool {
			name, foreign := of.Foreign(op)
			return foreign && name == c.Name && s.Covers(op.ID)
		})
		wanted := slices.ContainsFunc(b.For[c.Name], func(name string) bool { return s.Wants(of.Requirement(name)) })
		if parents || wanted {
			out = append(out, c)
		}
	}
	return out
}

// needed lists those of them that are still to be read, where it is known where they lie.
func (b *Beside) needed(of *service.Service, s *harness.Session) []service.Collection {
	return slices.DeleteFunc(b.collections(of, s), func(c service.Collection) bool {
		_, err := corpus.Open(s.DirOf(b.Suite), c.Name)
		return err == nil || b.Address(s.Target) == ""
	})
}

// open reads what the crawls have left of them.
func (all besides) open(of *service.Service, s *harness.Session) (map[string]neighbour, error) {
	out := map[string]neighbour{}
	for _, b := range all {
		for _, c := range b.collections(of, s) {
			n, err := b.opened(c, s)
			if errors.Is(err, os.ErrNotExist) {
				continue
			}
			if err != nil {
				return nil, err
			}
			out[c.Name] = n
		}
	}
	return out, nil
}

// opened reads a crawl: that of the suite which judges the service, or our own.
func (b *Beside) opened(c service.Collection, s *harness.Session) (neighbour, error) {
	n := neighbour{of: b, judged: true}
	var err error
	if n.Collection, err = corpus.Open(s.DirOf(b.Suite), c.Name); errors.Is(err, os.ErrNotExist) {
		n.judged = false
		n.Collection, err = corpus.Open(s.Dir, c.Name)
	}
	if err != nil {
		return n, err
	}
	if err := n.Fact(&n.facts); err != nil {
		return n, fmt.Errorf("reading the facts of %s: %w", c.Name, err)
	}
	return n, nil
}

// having finds the service that has a collection.
func (all besides) having(name string) *Beside {
	for _, b := range all {
		if slices.ContainsFunc(b.Service.Collections, func(c service.Collection) bool { return c.Name == name }) {
			return b
		}
	}
	panic("no service beside has a collection " + name)
}

// doctor looks whether they can be read.
func (b *Beside) doctor(ctx context.Context, of *service.Service, s *harness.Session) []harness.Diagnosis {
	var out []harness.Diagnosis
	for _, c := range b.collections(of, s) {
		d := harness.Diagnosis{Name: "beside: /" + c.Name, OK: true, Detail: "can be read in the " + b.Service.Title + " service"}
		if b.Address(s.Target) == "" {
			d.OK, d.Detail, d.Remedy = false, b.unknown(c.Name), b.remedy()
			return append(out, d) // the same is true of all
		}
		path := address(b.base(s), c.List.Path, Query("limit", "1"))
		page := TakeApart(s.Do(ctx, harness.Request{URL: path, Scopes: b.scopes()}), c.List.Wrapper)
		if !page.OK() {
			d.OK, d.Detail = false, page.Why()
			d.Remedy = fmt.Sprintf("Open %s with a token of your own and look; what hangs on it will be not-tested.", page.URL)
		}
		out = append(out, d)
	}
	return out
}

// Scopes are what a token must have that reads a collection of a service beside.
func (c *Corpus) Scopes(name string) []string { return c.besides.having(name).scopes() }

// BesidePath is the path in which the base URL of the service beside ends that has a collection.
func (c *Corpus) BesidePath(name string) string { return c.besides.having(name).Service.Path }

func (b *Beside) unknown(name string) string {
	return fmt.Sprintf("/%s are of the %s service, and the target file doesn't say where that lies", name, b.Service.Title)
}

func (b *Beside) remedy() string {
	return fmt.Sprintf("Give oneroster.%s, and let the client have %s.", b.Service.Key, strings.Join(b.scopes(), " "))
}

// Beside gives the spool of a collection of the service beside; nil when it wasn't read.
func (c *Corpus) Beside(name string) *corpus.Collection { return c.beside[name].Collection }

// parentless tells whether the parents of a sub-collection are of another service and are
// not known; t.alone is what keeps them from being so then.
func (t *T) parentless(op service.Operation) bool {
	name, foreign := t.Service.Foreign(op)
	if !foreign {
		return false
	}
	o, is := t.WithoutBeside(name)
	if is {
		t.alone = &o
	}
	return is
}

// WithoutBeside tells what keeps collections of the service beside from being known.
func (t *T) WithoutBeside(names ...string) (harness.Obstacle, bool) {
	for _, name := range names {
		n, read := crawl(t).beside[name]
		beside := crawl(t).besides.having(name)
		reason := fmt.Sprintf("the crawl of /%s of the %s service broke off: ", name, beside.Service.Title)
		switch {
		case !read:
			return harness.Unconfigured(beside.unknown(name), beside.remedy()), true
		case n.Complete:
			continue
		case n.facts.Bound != "":
			return bounded(name, n.Reason, n.facts.Bound), true
		case n.facts.End.Unreachable:
			return harness.Unreached(reason + n.Reason), true
		case n.judged:
			return harness.BlockedBy(beside.Service.Requirement(n.facts.End.Owner), reason+n.Reason).Expecting(n.facts.End.Expected).
				Seen(t.Adopt(n.facts.End.Evidence)), true
		}
		return harness.Unconfigured(reason+n.Reason, "Judge the "+beside.Service.Title+" service first, and mend what that finds."), true
	}
	return harness.Obstacle{}, false
}

// BesideEvidence gives the exchange of the crawl that brought an object of the service beside,
// as evidence of the check.
func (t *T) BesideEvidence(name, id string) []string {
	raw := crawl(t).Beside(name)
	if raw == nil {
		return nil
	}
	page, ok := raw.PageOf(raw.Find(id))
	if !ok || page.Evidence == nil {
		return nil
	}
	return []string{t.Adopt(page.Evidence)}
}
