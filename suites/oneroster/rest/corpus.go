package rest

import (
	"errors"
	"fmt"
	"os"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/harness/corpus"
	"github.com/rollcall-edu/rollcall/suites/oneroster/service"
)

// Corpus is what the crawl brought home, as the checks of one process read it: every object
// raw in the spool, and where to find it. It is read-only once opened.
type Corpus struct {
	Service *service.Service
	Seed    uint64 // varies what a check is free to choose

	raw    map[string]*corpus.Collection
	facts  map[string]CrawlFacts
	places map[string]map[string]int // kind → sourcedId → index in its whole collection
	beside map[string]neighbour      // collections of the service beside

	besides besides
	twins   twins // collections of the service in its other version
	decoded decoded
}

// Model is what a service's own package keeps of the crawl and knows of its objects beyond
// the description.
type Model interface {
	// Crawled gives what the crawl brought.
	Crawled() *Corpus
	// Parents gives ids for the path of a sub-collection below a parent that has members;
	// ok is false where the crawl shows none.
	Parents(op service.Operation) (ids []string, ok bool)
	// Stands tells of object number i of a whole collection whether it may stand in a
	// derived one, and whether it must.
	Stands(derived service.Collection, i int) (may, must bool)
	// Members lists, in order of the parents' ids, what the sub-collection holds that is
	// the description's sample.
	Members() []Members
}

// Members is what a sub-collection holds: what it must, and what it may.
type Members struct {
	Parent    string
	Must, May map[string]bool
}

// Open reads the crawl that was left in the session's folder. Each object of the whole
// collections is handed to take, unless that is nil, as far as memory goes.
func Open(of *service.Service, beside []*Beside, s *harness.Session, take func(kind string, object []byte)) (*Corpus, error) {
	c := &Corpus{Service: of, Seed: s.Seed, besides: beside, raw: map[string]*corpus.Collection{}, facts: map[string]CrawlFacts{},
		places: map[string]map[string]int{}}
	for _, one := range of.Collections {
		raw, err := corpus.Open(s.Dir, one.Name)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		c.raw[one.Name] = raw
		var facts CrawlFacts
		if err := raw.Fact(&facts); err != nil {
			return nil, fmt.Errorf("reading the facts of %s: %w", one.Name, err)
		}
		if one.Part == nil {
			whole, err := c.load(one, raw, s.Crowded, take)
			if err != nil {
				return nil, err
			}
			if !whole {
				facts.Bound = "limits.memory_mib"
				raw.Complete, raw.Reason = false, "it takes more memory than limits.memory_mib lets Rollcall have"
			}
		}
		c.facts[one.Name] = facts
	}
	var err error
	c.beside, err = c.besides.open(of, s)
	return c, err
}

// loadStep is after how many objects, or bytes of them, the memory is looked at.
const (
	loadStep  = 2000
	loadBytes = 4 << 20
)

// load reads a collection, as far as memory goes: whole is false where it ended. What is
// vast is found through the spool; a map of a million ids is dear.
func (c *Corpus) load(
	of service.Collection, raw *corpus.Collection, crowded func() bool, take func(string, []byte),
) (whole bool, err error) {
	place := map[string]int{}
	whole = true
	loaded := 0
	if !of.Vast {
		c.places[of.Kind] = place
	}
	err = raw.Each(func(i int, id string, object []byte) bool {
		if loaded += len(object); i%loadStep == 0 || loaded > loadBytes {
			loaded = 0
			if whole = !crowded(); !whole {
				return false
			}
		}
		if take != nil {
			take(of.Kind, object)
		}
		if _, twice := place[id]; !twice && !of.Vast {
			place[id] = i
		}
		return true
	})
	return whole, err
}

// Crawled gives the corpus itself, for models that embed it.
func (c *Corpus) Crawled() *Corpus { return c }

// Raw gives the spool of a crawled collection; nil when it wasn't crawled.
func (c *Corpus) Raw(name string) *corpus.Collection { return c.raw[name] }

// Facts gives what the crawl noted of a collection.
func (c *Corpus) Facts(name string) CrawlFacts { return c.facts[name] }

// Index finds an object of a kind by sourcedId in its whole collection; -1 when the crawl
// has none.
func (c *Corpus) Index(kind, id string) int {
	if places, loaded := c.places[kind]; loaded {
		if i, met := places[id]; met {
			return i
		}
		return -1
	}
	for _, of := range c.Service.Whole() {
		if raw := c.raw[of.Name]; of.Kind == kind && of.Vast && raw != nil {
			return raw.Find(id)
		}
	}
	return -1
}

// Has tells whether the crawl holds an object of that kind.
func (c *Corpus) Has(kind, id string) bool { return c.Index(kind, id) >= 0 }

// IDs gives the sourcedIds of a crawled collection as a set.
func (c *Corpus) IDs(name string) map[string]bool {
	set := map[string]bool{}
	if raw := c.raw[name]; raw != nil {
		_ = raw.Each(func(_ int, id string, _ []byte) bool { set[id] = true; return true })
	}
	return set
}

// model gives the crawl to a check, with what the service's own package knows of it.
func model(t *T) Model { return t.Session().Shared.(Model) }

// crawl gives the crawl to a check.
func crawl(t *T) *Corpus { return model(t).Crawled() }

// Need tells in the midst of a check whether collections were crawled whole; where one was
// not, the requirements hang on what is in the way.
func (t *T) Need(requirements []string, names ...string) bool {
	o, is := t.cutShort(names...)
	if is {
		t.NotTested(o, requirements...)
	}
	return !is
}

// CrawlEvidence gives the exchange of the crawl that brought object i of a collection, as
// evidence of the check.
func (t *T) CrawlEvidence(name string, i int) []string {
	raw := crawl(t).raw[name]
	if raw == nil || i < 0 {
		return nil
	}
	page, ok := raw.PageOf(i)
	if !ok || page.Evidence == nil {
		return nil
	}
	return []string{t.Adopt(page.Evidence)}
}

// CrawlEvidenceIf gives the crawl's evidence of an object, where it is needed.
func (t *T) CrawlEvidenceIf(wanted bool, name, id string) []string {
	if !wanted {
		return nil
	}
	return t.CrawlEvidence(name, crawl(t).Raw(name).Find(id))
}
