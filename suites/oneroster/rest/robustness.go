package rest

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/legible"
	"github.com/rollcall-edu/rollcall/suites/oneroster/service"

	"unicode/utf8"
)

const robustAt = "robustness."

// clients is how many read at the same time where the target file doesn't say.
const clients = 16

// threeObjects is how long a page of three objects may be, in bytes.
const threeObjects = 4 << 20

// robustnessChecks judge what the field breaks products with.
func robustnessChecks() []Check {
	c := func(name, title string, needs []Need, body func(context.Context, *T), requirements ...string) Check {
		for i := range requirements {
			requirements[i] = robustAt + requirements[i]
		}
		return Check{ID: "robustness." + name, Title: title, Requirements: requirements, Labels: []string{"robustness"}, Needs: needs, Body: body}
	}
	return []Check{
		c("concurrent", "Many clients at once see what one sees alone", tenObjects(), concurrent, "concurrent"),
		c("repeatable", "The same read twice gives the same", inBody("any collection"), repeatable, "repeatable"),
		c("ids", "Ids with reserved characters are found when encoded, others also when encoded without need",
			inBody("objects with an id that holds a reserved character, for one part"), oddIDs, "reserved-ids", "encoded-ids"),
		c("unicode", "Names arrive as they were written", inBody("a name beyond ASCII"), unicodeText, "unicode", "entities"),
		c("parameters", "Parameters come in any order, may be empty or long", inBody("any collection"), oddParameters, "parameter-order",
			"empty-parameter", "long-query"),
		c("hostile-input", "Hostile input is no server error and reveals nothing", nil, hostileInput, "hostile-input"),
	}
}

func concurrent(ctx context.Context, t *T) {
	const id = robustAt + "concurrent"
	c, _ := pageable(t, 10)
	many := clients
	if n := t.Session().Target.Limits.Concurrency; n > 0 {
		many = n
	}
	// What each would get alone: different pages, so that a mix-up shows.
	alone := make([]*Page, 4)
	for i := range alone {
		alone[i] = part(ctx, t, c, 2*i, 3)
		if !t.ReadyPage(alone[i], id) {
			return
		}
	}
	op := c.List
	pages := make([]*Page, many)
	var group sync.WaitGroup
	for i := range pages {
		group.Go(func() {
			q := Query("limit", "3", "offset", strconv.Itoa(2*(i%len(alone))))
			pages[i] = t.apart(t.Do(ctx, harness.Request{URL: address(t.Session().Base, op.Path, q), Most: threeObjects}), op.Wrapper)
		})
	}
	group.Wait()
	for i, p := range pages {
		want := alone[i%len(alone)]
		t.Assert(id, p.OK() && slices.Equal(inAnyOrder(p.IDs), inAnyOrder(want.IDs)),
			harness.Finding{Expected: "the page that one client gets alone", Seen: concurrencySeen(p, want),
				Where:     fmt.Sprintf("client %d of %d", i+1, many),
				Responses: []*harness.Response{p.Response, want.Response}})
	}
}

func concurrencySeen(p, want *Page) string {
	if !p.OK() {
		return p.Why()
	}
	return "other objects: " + difference(Set(want.IDs), Set(p.IDs))
}

func repeatable(ctx context.Context, t *T) {
	const id = robustAt + "repeatable"
	problems := 0
	for _, c := range t.Service.Collections {
		if !t.Session().Covers(c.List.ID) || c.Derived() != "" || problems > 1 {
			continue
		}
		op := c.List
		// All of a small collection, so that order does not matter.
		raw := crawl(t).Raw(c.Name)
		if raw == nil || raw.Len() == 0 || raw.Len() > PageSize(t) {
			continue
		}
		first := t.List(ctx, op.Path, op.Wrapper, paged(op, "limit", strconv.Itoa(PageSize(t))))
		if first.Problem != "" {
			problems++
		}
		if !first.OK() {
			t.Hinders(first.Response)
			continue
		}
		if len(first.Objects) < raw.Len() {
			continue
		}
		again := t.List(ctx, op.Path, op.Wrapper, paged(op, "limit", strconv.Itoa(PageSize(t))))
		if !again.OK() {
			t.Hinders(again.Response)
			continue
		}
		before, changed := t.byID(first.Objects), ""
		for _, o := range again.Objects {
			was, met := before[t.id(o)]
			if member := differs(was, o); met && member != "" && !differsOnlyInTime(was, o) {
				changed = t.id(o) + " " + member
				break
			}
			if !met && t.Service.Content { // which is told apart by what it says, so that a change makes another of it
				changed = "an object that the first read didn't have: " + t.id(o)
				break
			}
		}
		t.Assert(id, changed == "", harness.Finding{Expected: "the same values twice", Seen: "they differ at " + changed, Where: changed,
			Responses: []*harness.Response{again.Response, first.Response}})
	}
	t.Absent("no collection comes whole on one page", id)
}

// reservedCharacters must be encoded in a path segment.
const reservedCharacters = "/ +%&?#;=:@,"

func oddIDs(ctx context.Context, t *T) {
	const reserved, encoded = robustAt + "reserved-ids", robustAt + "encoded-ids"
	tried, problems := 0, 0
	for _, c := range t.Service.Collections {
		raw := crawl(t).Raw(c.Name)
		if raw == nil || c.Derived() != "" || !t.Session().Covers(c.Read.ID) {
			continue
		}
		op := c.Read
		_ = raw.Each(func(_ int, x string, _ []byte) bool {
			if !strings.ContainsAny(x, reservedCharacters) || tried >= 4 || problems > 1 {
				return tried < 4 && problems < 2
			}
			tried++
			r := t.Get(ctx, op.PathFor(x), "")
			if r.Problem != "" {
				problems++
			}
			if Between(r) {
				t.Hinders(r)
				return true
			}
			got, _ := singleID(t.Service, r.Body)
			t.Assert(reserved, r.Status == 200 && (got == x || got == ""),
				harness.Finding{Expected: "200 and the object", Seen: r.Summary(), Where: x, Responses: []*harness.Response{r}})
			return true
		})
		if raw.Len() == 0 || tried > 3 {
			continue
		}
		x, _, err := raw.At(0)
		if err != nil || x == "" {
			continue
		}
		plain := t.Get(ctx, op.PathFor(x), "")
		if plain.Status != 200 || plain.Problem != "" {
			t.Hinders(plain) // judged as an endpoint
			continue
		}
		r := t.Get(ctx, strings.TrimSuffix(op.PathFor(""), "/")+"/"+percentEvery(x), "")
		t.Assert(encoded, r.Status == 200, harness.Finding{Expected: "200, for %41 and A are the same", Seen: r.Summary(), Where: percentEvery(x),
			Responses: []*harness.Response{r, plain}})
	}
	t.Absent("no sourcedId holds one of "+reservedCharacters, reserved)
	t.Lacks("no single object answers", "Load some objects.", encoded)
}

// percentEvery encodes every byte.
func percentEvery(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		fmt.Fprintf(&b, "%%%02X", c)
	}
	return b.String()
}

func unicodeText(ctx context.Context, t *T) {
	const whole, entities = robustAt + "unicode", robustAt + "entities"
	for _, c := range t.Service.Collections {
		raw := crawl(t).Raw(c.Name)
		if raw == nil || c.Derived() != "" || t.Service.Kinds[c.Kind].Labels == nil {
			continue
		}
		singles := 0
		_ = raw.Each(func(i int, x string, object []byte) bool {
			if !utf8.Valid(object) {
				// What its bytes were to be nobody knows.
				o := t.BlockedBy("payload.utf8", "objects of /"+c.Name+" hold bytes that are no UTF-8")
				t.NotTested(o.Seen(t.CrawlEvidence(c.Name, i)...), whole)
				return i < memberSample
			}
			members := Read[map[string]any](object)
			for _, name := range t.Service.Kinds[c.Kind].Labels {
				text, isText := members[name].(string)
				if !isText {
					continue
				}
				crawled := harness.Finding{Sent: "GET /" + c.Name + " (the crawl)", Where: x + " /" + name}
				judgeLegible(t, text, crawled, whole, entities, func() []string { return t.CrawlEvidence(c.Name, crawl(t).Raw(c.Name).Find(x)) })
				if strange(text) && singles < 2 && t.Session().Covers(c.Read.ID) {
					singles++
					op := c.Read
					r := t.Get(ctx, op.PathFor(x), "")
					one, fault := takeSingle(r, op.Wrapper)
					if r.Status != 200 || fault != "" {
						continue
					}
					got, _ := Read[map[string]any](one)[name].(string)
					judgeLegible(t, got, harness.Finding{Where: x + " /" + name, Responses: []*harness.Response{r}}, whole, entities, nil)
				}
			}
			return i < memberSample
		})
	}
	t.Absent("no label holds a letter beyond ASCII", whole)
	t.Lacks("no object has a label", "Load some objects.", entities)
}

// strange tells whether a text holds what may get lost on its way.
func strange(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool { return r >= 0x80 || r == '&' })
}

// judgeLegible judges whether a label arrived as it was written. Letters beyond ASCII are
// one thing, the entities of HTML another.
func judgeLegible(t *T, text string, found harness.Finding, whole, entities string, shown func() []string) {
	harm := legible.Of(text)
	if harm != legible.Whole && shown != nil {
		found.Exchanges = shown()
	}
	found.Seen = string(harm)
	found.Expected = "characters as they are, such as & and '"
	t.Assert(entities, harm != legible.Entities, found)
	if strings.ContainsFunc(text, func(r rune) bool { return r >= 0x80 }) {
		found.Expected = "letters as they are"
		t.Assert(whole, harm != legible.Twice && harm != legible.Replaced, found)
	}
}

func oddParameters(ctx context.Context, t *T) {
	const order, empty, long = robustAt + "parameter-order", robustAt + "empty-parameter", robustAt + "long-query"
	sample := t.sample()
	a := t.Get(ctx, sample.List.Path, Query("limit", "3", "offset", "1", "sort", t.key(), "orderBy", "asc"))
	b := t.Get(ctx, sample.List.Path, Query("orderBy", "asc", "sort", t.key(), "offset", "1", "limit", "3"))
	if t.Ready(a, 200, order) {
		seen := "another page"
		if b.Status != 200 {
			seen = b.Summary()
		}
		t.Assert(order, b.Status == 200 && sameObjects(t, a, b),
			harness.Finding{Expected: "the same page, whatever the order of the parameters", Seen: seen, Responses: []*harness.Response{b, a}})
	}
	for _, name := range []string{"filter", "fields", "sort", "limit"} {
		r, ok := provoked(ctx, t, sample.List.Path, name+"=", empty)
		if !ok {
			continue
		}
		t.Assert(empty, r.Status < 500 && r.Problem == "",
			harness.Finding{Expected: "no server error", Seen: r.Summary(), Where: name + "=", Responses: []*harness.Response{r}})
	}
	r, ok := provoked(ctx, t, sample.List.Path,
		Query("limit", "1", "filter", t.property()+"='"+strings.Repeat("long ", 1200)+"'"), long)
	if !ok {
		return
	}
	t.Assert(long, r.Status > 0 && r.Status < 500,
		harness.Finding{Expected: "an answer, or a client error such as 414", Seen: r.Summary(), Responses: []*harness.Response{r}})
}

func hostileInput(ctx context.Context, t *T) {
	const id = robustAt + "hostile-input"
	sample, named := t.sample(), t.property()
	below := func(id string) string { return sample.List.Path + "/" + service.EscapeSegment(id) }
	problems := 0
	for _, x := range []struct{ path, q string }{
		{below("' OR '1'='1"), ""},
		{below("x'; DROP TABLE " + sample.Name + ";--"), ""},
		{below("../../../../etc/passwd"), ""},
		{below("<script>alert(1)</script>"), ""},
		{below("a\x00b"), ""},
		{sample.List.Path, Query("limit", "3", "filter", named+"='x' OR 1=1--'")},
		{sample.List.Path, Query("limit", "3", "sort", named+";DROP TABLE "+sample.Name)},
		{sample.List.Path, Query("limit", "3", "fields", named+",(SELECT 1)")},
		{sample.List.Path, Query("limit", "3", "filter", named+"='\x00\x01'")},
		{sample.List.Path, Query("limit", "99999999999999999999", "offset", "-99999999999999999999")},
	} {
		if problems > 1 {
			break
		}
		r, asked := provoked(ctx, t, x.path, x.q, id)
		if r.Problem != "" {
			problems++
		}
		if !asked {
			continue
		}
		single, revealed := singleID(t.Service, r.Body)
		ok := r.Status > 0 && r.Status < 500 && !(strings.HasPrefix(x.path, sample.List.Path+"/") && r.Status == 200 && revealed)
		t.Assert(id, ok, harness.Finding{Expected: "a client error, and no data", Seen: r.Summary() + single, Where: x.path + "?" + x.q,
			Responses: []*harness.Response{r}})
	}
}
