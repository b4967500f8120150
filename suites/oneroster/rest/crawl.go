package rest

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/rollcall-edu/rollcall/schemas"
	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/harness/corpus"
	"github.com/rollcall-edu/rollcall/suites/oneroster/service"
)

const (
	// crawlPage is the page size of the crawl: large enough that a million
	// objects take a few thousand requests, small enough that a slow provider
	// answers in time. target.yaml may set another (limits.page_size).
	crawlPage = 1000
	// leastPage is the smallest page that the crawl falls back to, where larger ones
	// are more than Rollcall reads of an answer.
	leastPage = 50
	// pageEvidence is how much of a page's body the crawl keeps.
	pageEvidence = 600
)

// Fault is a kind of schema finding met in a crawl, with how often and where
// first.
type Fault struct {
	Pointer  string // array indexes replaced by *
	Keyword  string
	Expected string
	Seen     string // of the first, redacted
	Severity string
	Message  string
	Count    int
	Object   int // index in the collection of the first
	SourceID string
	Extended bool // what was seen begins like an extension term
}

// CrawlFacts is what the crawl notes of a collection besides its objects.
type CrawlFacts struct {
	Faults    []Fault
	Validated int
	Refs      []RefUse
	Members   map[string]int // how often each member was met, by general pointer, in the first objects
	NoID      int            // objects of which nothing tells them from others
	Pages     int
	PageSize  int // objects on the fullest page
	End       End // how the crawl came to its end, where it broke off
	Twice     *Twice
	// Bound is the setting of the target file that ended the crawl; empty when none did.
	Bound string
}

// End says what broke a crawl off: the requirement that governs the answer, and the
// answer. The zero value is a crawl that was read to its end.
type End struct {
	Owner       string
	Unreachable bool // the target could not be asked: nothing is held against it
	Evidence    *harness.Evidence
	Expected    string // of the owner, in plain words
}

// Twice is an object that came on two pages of a crawl, and how many did.
type Twice struct {
	ID            string
	Count         int
	Offset        int // of the later page
	Again, Before *harness.Evidence
}

// prepare crawls every collection that the run covers, and those of the services beside and of
// the twin that it takes, two at a time.
func prepare(ctx context.Context, of *service.Service, beside []*Beside, twin *Twin, s *harness.Session) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(2) // one waits for the target while the other validates
	meter := &meter{session: s, done: map[string]int{}, total: map[string]int{}}
	// The largest first, so that the end isn't one core's wait.
	order := slices.Clone(of.Collections)
	slices.SortStableFunc(order, func(a, b service.Collection) int { return b.Weight - a.Weight })
	for _, c := range order {
		if !s.Covers(c.List.ID) {
			continue
		}
		group.Go(func() error {
			crawler := &crawler{session: s, service: of, base: s.Base, collection: c, op: c.List, meter: meter, seen: map[string]struct{}{}}
			return crawler.run(ctx)
		})
	}
	for _, b := range beside {
		for _, c := range b.needed(of, s) {
			group.Go(func() error {
				crawler := &crawler{session: s, service: b.Service, base: b.base(s), scopes: b.scopes(), foreign: true, collection: c, op: c.List,
					meter: meter, seen: map[string]struct{}{}}
				return crawler.run(ctx)
			})
		}
	}
	for _, c := range twin.needed(of, s) {
		group.Go(func() error {
			crawler := &crawler{session: s, service: twin.Service, base: twin.base(s), scopes: twin.scopes(s), foreign: true, dir: twin.dir(s),
				collection: c, op: c.List, meter: meter, seen: map[string]struct{}{}}
			return crawler.run(ctx)
		})
	}
	return group.Wait()
}

type meter struct {
	mu      sync.Mutex
	session *harness.Session
	done    map[string]int
	total   map[string]int
}

func (m *meter) set(name string, done, total int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.done[name], m.total[name] = done, max(total, 0)
	var d, t int
	for n := range m.done {
		d += m.done[n]
		t += m.total[n]
	}
	m.session.Progress(d, t, "objects")
}

type crawler struct {
	session    *harness.Session
	service    *service.Service
	base       string   // where the service lies
	scopes     []string // of the token, where it isn't the session's own
	foreign    bool     // it is read for what it says of others, and not judged
	dir        string   // where the spool goes; empty: to the suite's own
	collection service.Collection
	op         service.Operation
	meter      *meter
	seen       map[string]struct{} // ids of the last pages, to notice a loop
	facts      CrawlFacts
	last       *harness.Evidence // of the last page that brought something new
	schema     *schemas.Schema
	told       announced
}

// run crawls one collection by computed offsets. It follows what came rather
// than what was asked for: a provider may cap the page size.
func (c *crawler) run(ctx context.Context) error {
	w, err := corpus.Create(cmp.Or(c.dir, c.session.Dir), c.collection.Name)
	if err != nil {
		return err
	}
	if c.schema, err = schemas.Load(c.service.Schema(c.collection.Kind)); err != nil {
		return err
	}
	limit := crawlPage
	if n := c.session.Target.Limits.PageSize; n > 0 {
		limit = n
	}
	limit = most(c.service, limit)
	reason, total, err := c.pages(ctx, w, limit)
	if err != nil {
		return err
	}
	return w.Close(reason, total, c.facts)
}

func (c *crawler) pages(ctx context.Context, w *corpus.Writer, limit int) (reason string, total int, err error) {
	total = -1
	offset, stale := 0, 0
	for {
		url := address(c.base, c.op.Path, paged(c.op, "limit", strconv.Itoa(limit), "offset", strconv.Itoa(offset)))
		response, evidence := c.session.Record(ctx, harness.Request{URL: url, Scopes: c.scopes})
		if ctx.Err() != nil {
			c.facts.End = End{Unreachable: true}
			return "the crawl was interrupted", total, nil
		}
		page := takeApart(c.service, response, c.op.Wrapper)
		if evidence != nil && len(evidence.Response.Body) > pageEvidence {
			evidence.Response.Body, evidence.Response.Cut, evidence.Response.SHA256 = evidence.Response.Body[:pageEvidence], true, ""
		}
		record := corpus.Page{Offset: offset, Limit: limit, Count: len(page.Objects), First: w.Len(), Status: response.Status,
			Evidence: evidence, Header: kept(response.Header), URL: url}
		if !page.OK() {
			record.Problem = page.Why()
			if err := w.Page(record); err != nil {
				return "", total, err
			}
			if w.Len() > 0 && PastEnd(response, offset, total) {
				// How an offset past the end is answered is judged with paging; for
				// the crawl it is the end.
				return "", total, nil
			}
			reason := fmt.Sprintf("%s answered %s", response.Line(), page.Why())
			switch {
			case response.Beyond && limit > leastPage:
				limit = max(limit/4, leastPage) // smaller pages may fit
				continue
			case response.Beyond:
				c.facts.Bound = harness.BodyLimit
			default:
				c.facts.End = End{Owner: owner(c.service, c.session, c.base, response), Unreachable: response.Unreachable, Evidence: evidence,
					Expected: "200 and a page of /" + c.collection.Name + " that can be read"}
			}
			return reason, total, nil
		}
		if most := c.session.MaxObjects(); w.Len() >= most && len(page.Objects) > 0 {
			// Only now is it known that more follow.
			c.facts.Bound = "limits.max_objects"
			return fmt.Sprintf("it holds more than %d objects, as many as limits.max_objects lets Rollcall read", most), total, nil
		}
		if fresh := c.again(page, record, total); len(page.Objects) > 0 && !fresh {
			// Nothing new: pages may overlap at their borders, or the last is given
			// again past the end. Twice in succession it leads nowhere.
			record.Count, record.Problem = 0, "it holds nothing that did not come before"
			if err := w.Page(record); err != nil {
				return "", total, err
			}
			offset += len(page.Objects)
			if stale++; stale < 2 {
				continue
			}
			return c.stuck(record, w.Len(), total), total, nil
		}
		stale = 0
		if err := w.Page(record); err != nil {
			return "", total, err
		}
		if c.facts.Pages == 0 {
			total = page.Total
		}
		c.facts.Pages++
		c.facts.PageSize = max(c.facts.PageSize, len(page.Objects))
		if err := c.take(w, page); err != nil {
			return "", total, err
		}
		c.last = evidence
		offset += len(page.Objects)
		c.told.hear(page, limit)
		if reason := c.outrun(w); reason != "" {
			return reason, total, nil
		}
		c.meter.set(c.collection.Name, w.Len(), max(total, w.Len()))
		if len(page.Objects) == 0 || c.op.Unpaged {
			return "", total, nil
		}
		// A total may lie, and a cap may hide the end: only a page shorter than
		// the fullest ends the crawl, or an empty one.
		if total >= 0 && offset >= total && len(page.Objects) < c.facts.PageSize {
			return "", total, nil
		}
		if reason := c.full(w); reason != "" {
			return reason, total, nil
		}
	}
}

// PastEnd tells whether an answer without a page, after others that had one,
// means that the collection ended there: it was announced to, or the answer says
// that there is nothing.
func PastEnd(r *harness.Response, offset, total int) bool {
	if r.Unreachable {
		return false
	}
	if total >= 0 {
		return offset >= total
	}
	return r.Problem == "" && (r.Status == http.StatusNoContent || r.Status == http.StatusNotFound)
}

// derivedSample is how many objects of a derived collection are validated; they
// are all validated where they are listed whole, and here for another serialiser.
const derivedSample = 2000

// again looks for objects that the page before held too, and tells whether any is
// new.
func (c *crawler) again(page *Page, record corpus.Page, total int) (fresh bool) {
	var old []string
	for _, id := range page.IDs {
		if _, met := c.seen[id]; met && id != "" {
			old = append(old, id)
		} else {
			fresh = true
		}
	}
	// What comes past the announced end is judged by itself.
	if len(old) > 0 && (fresh || record.Offset < total) {
		if c.facts.Twice == nil {
			c.facts.Twice = &Twice{ID: old[0], Offset: record.Offset, Again: record.Evidence, Before: c.last}
		}
		c.facts.Twice.Count += len(old)
	}
	return fresh
}

// stuck ends a crawl that brings nothing new any more, as where offset is ignored.
// What came before is whole unless more was announced.
func (c *crawler) stuck(record corpus.Page, came, total int) (reason string) {
	if came >= total {
		return ""
	}
	c.facts.End = End{Owner: pagingAt + "nothing-twice", Evidence: record.Evidence,
		Expected: fmt.Sprintf("objects at offset %d that did not come before: %d are announced", record.Offset, total)}
	return fmt.Sprintf("offset %d brought nothing but objects of the pages before, after %d of %d", record.Offset, came, total)
}

// take spools and examines the objects of a page.
func (c *crawler) take(w *corpus.Writer, page *Page) error {
	now := make(map[string]struct{}, len(page.Objects))
	for i, object := range page.Objects {
		id := page.IDs[i]
		if id == "" {
			c.facts.NoID++
		}
		now[id] = struct{}{}
		index := w.Len()
		if err := w.Add(id, object); err != nil {
			return err
		}
		derived := c.collection.Derived() != ""
		if derived && index >= derivedSample || c.foreign {
			continue
		}
		if err := c.validate(object, id, index); err != nil {
			return err
		}
		if derived {
			continue
		}
		for _, r := range References(c.service.Kinds[c.collection.Kind], object) {
			c.refer(r, id, index)
		}
		if index < memberSample {
			c.countMembers("", Read[map[string]any](object))
		}
	}
	c.seen = now
	return nil
}

var arrayIndex = regexp.MustCompile(`/[0-9]+(/|$)`)

// general replaces the array indexes of a JSON pointer by *.
func general(pointer string) string {
	for {
		next := arrayIndex.ReplaceAllString(pointer, "/*$1")
		if next == pointer {
			return next
		}
		pointer = next
	}
}

// maxFaults bounds the kinds of faults kept for a collection.
const maxFaults = 200

func (c *crawler) validate(object []byte, id string, index int) error {
	findings, err := c.schema.Validate(object)
	if err != nil {
		return fmt.Errorf("validating %s %s: %w", c.collection.Kind, id, err)
	}
	c.facts.Validated++
	for _, f := range findings {
		at := general(f.Pointer)
		i := slices.IndexFunc(c.facts.Faults, func(k Fault) bool {
			return k.Pointer == at && k.Keyword == f.Keyword && k.Expected == f.Expected && k.Severity == string(f.Severity)
		})
		if i >= 0 {
			c.facts.Faults[i].Count++
			continue
		}
		if len(c.facts.Faults) < maxFaults {
			fault := faultOf(c.session.Redactor(), f)
			fault.Count, fault.Object, fault.SourceID = 1, index, id
			c.facts.Faults = append(c.facts.Faults, fault)
		}
	}
	return nil
}

// faultOf makes a finding of one object a kind of fault.
func faultOf(redactor *harness.Redactor, f schemas.Finding) Fault {
	return Fault{Pointer: general(f.Pointer), Keyword: f.Keyword, Expected: f.Expected, Seen: shown(redactor, f),
		Extended: strings.HasPrefix(f.Seen, `string "ext:`), Severity: string(f.Severity), Message: f.Message}
}

// shown renders what a finding saw: what kind of value it was stays visible, a
// personal value becomes a pseudonym.
func shown(redactor *harness.Redactor, f schemas.Finding) string {
	kind, value, _ := strings.Cut(f.Seen, " ")
	switch kind {
	case "boolean", "number", "string":
		if redacted := redactor.At(f.Pointer, value); redacted != value {
			return kind + " " + redacted
		}
		return f.Seen
	}
	return redactor.Text(f.Seen) // null, nothing, or a container without its content
}

// memberSample is how many objects of a collection are looked at for which
// members occur at all: counting them in a million costs more than it tells.
const memberSample = 20_000

// countMembers counts the members of an object, so that a check knows whether there was
// anything to look at.
func (c *crawler) countMembers(at string, v any) {
	switch v := v.(type) {
	case map[string]any:
		for name, inner := range v {
			if pointer := at + "/" + name; name != "metadata" || at != "" {
				c.count(pointer)
				c.countMembers(pointer, inner)
			} else {
				c.count(pointer)
			}
		}
	case []any:
		for _, inner := range v {
			c.count(at + "/*")
			c.countMembers(at+"/*", inner)
		}
	}
}

// maxMembers bounds the different pointers that are counted: a hostile object
// may have any number.
const maxMembers = 500

func (c *crawler) count(pointer string) {
	if c.facts.Members == nil {
		c.facts.Members = map[string]int{}
	}
	if _, met := c.facts.Members[pointer]; met || len(c.facts.Members) < maxMembers {
		c.facts.Members[pointer]++
	}
}

// kept picks the header fields that the paging checks read.
func kept(h http.Header) map[string][]string {
	out := map[string][]string{}
	for _, name := range []string{"X-Total-Count", "Link", "Content-Type"} {
		if v := h.Values(name); len(v) > 0 {
			out[name] = v
		}
	}
	return out
}
