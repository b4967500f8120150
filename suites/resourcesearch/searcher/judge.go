package searcher

import (
	"context"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/harness/act"
	"github.com/rollcall-edu/rollcall/suites/lti"
	"github.com/rollcall-edu/rollcall/suites/lti/desk"
	"github.com/rollcall-edu/rollcall/suites/resourcesearch/searcher/catalog"
)

// judge is what the checks of one product share. They run one after the other.
type judge struct {
	section *Section
	catalog *catalog.Catalog
	desk    *desk.Desk // nil: the target file has no platform that Rollcall's tool is registered at
	deskErr error
	seat    *seat

	closing sync.Once

	begun     bool
	plain     searched
	before    []string // that were shown last
	stuck     *harness.Obstacle
	all       []searched // those that decide how the product asks
	broken    map[string]bool
	misspells bool // words arrive in another encoding
	chosen    bool // a page that was chosen opened
	linked    bool // a link that was chosen was launched
	given     map[int]bool
}

// open starts the catalogue for the product.
func open(ctx context.Context, s *harness.Session) (*judge, error) {
	section := Of(s.Target)
	j := &judge{section: section, broken: map[string]bool{}, given: map[int]bool{}}
	l := *lti.Of(s.Target)
	tool := ""
	if l.Platform.AuthURL != "" && l.ClientID != "" {
		if j.desk, j.deskErr = desk.Open(ctx, l, func(token string) { s.Redactor().Secret(token) }); j.deskErr == nil {
			tool = l.PublicURL
		}
	}
	c, err := catalog.Start(ctx, catalog.Options{Listen: section.Listen, PublicURL: section.PublicURL, ClientID: section.Client.ID,
		Secret: section.Client.Secret, CertFile: section.CertFile, KeyFile: section.KeyFile, Tool: tool,
		Minted: func(token string) { s.Redactor().Secret(token) }})
	if err != nil {
		return nil, err
	}
	j.catalog = c
	as := c.Connection()
	s.Redactor().Secret(as.ClientSecret, base64.StdEncoding.EncodeToString([]byte(as.ClientID+":"+as.ClientSecret)))
	for _, i := range c.Items() {
		s.Redactor().Own(i.Name, i.Word)
	}
	j.seat = &seat{section: section, session: s, catalog: c, http: act.Client(s.TLSConfig())}
	context.AfterFunc(ctx, j.close)
	return j, nil
}

// close ends what was begun.
func (j *judge) close() {
	j.closing.Do(func() {
		j.seat.close()
		_ = j.catalog.Close() // nobody calls it any more
	})
}

// want gives what a search is to find, by words or a standard.
func (j *judge) want(words, standard string) []catalog.Item {
	if standard != "" {
		return j.catalog.Aligned(standard)
	}
	return j.catalog.With(words)
}

// try has the product search once while the catalogue behaves in a way, and plainly again afterwards.
func (j *judge) try(ctx context.Context, q search, words string) searched {
	j.catalog.Behave(q.Behaviour)
	defer j.catalog.Behave(catalog.Behaviour{})
	s := j.seat.search(ctx, words, q.Standard, q.Expect == expectAll || q.Expect == expectWhole || q.Expect == expectAny,
		q.Behaviour.Trouble != "")
	for _, c := range s.calls {
		for _, n := range c.Found {
			j.given[n] = true
		}
	}
	if !q.Odd {
		j.all = append(j.all, s)
	}
	return s
}

// begin connects the product, and makes the first search, once. It tells what is in the way of judging what is shown.
func (j *judge) begin(ctx context.Context) (harness.Obstacle, bool) {
	if !j.begun {
		j.begun = true
		if err := j.seat.connect(ctx); err != nil {
			o := cause(err)
			j.stuck = &o
			return o, true
		}
		all, err := searches()
		if err != nil {
			panic(err) // embedded data; the package's tests read it
		}
		j.plain = j.try(ctx, all[0], all[0].Words[0])
		j.conclude()
	}
	if j.stuck != nil {
		o := *j.stuck
		if o.Owner() != "" { // it is accused once, by the first that meets it
			*j.stuck = o.Told()
		}
		return o, true
	}
	return harness.Obstacle{}, false
}

// conclude says what of the first search is in the way of all others.
func (j *judge) conclude() {
	stop := func(o harness.Obstacle) { j.stuck = &o }
	s := j.plain
	switch {
	case s.fault != nil:
		stop(cause(s.fault))
	case len(s.calls) == 0:
		stop(harness.Unconfigured("the product was made to search, and called nothing of "+j.catalog.Connection().URL,
			"Have the product search there (searcher.connect), or see that searcher.search makes it search."))
	case !j.section.Search.tells():
		stop(harness.Unconfigured("nothing says where the product shows what it found", "Add searcher.search.shows.items: a CSS selector of the names."))
	default:
		if owner := misasked(s); owner != "" && j.found(s) != nil {
			stop(harness.BlockedBy(prefix+owner, "the catalogue can't answer what is asked for: "+asked(s)))
			return
		}
		if f := j.found(s); f != nil {
			stop(harness.BlockedBy(prefix+reqFinds, "the product doesn't find what a plain word finds").Failing(*f))
			return
		}
		if others := j.others(s); len(others) > 0 && unasked(s) {
			stop(harness.BlockedBy(prefix+reqElse, "what is searched for doesn't reach the catalogue").Failing(harness.Finding{
				Expected: "what has “" + s.words + "”", Seen: listed(others, 4) + " beside it; the catalogue was asked for " + asked(s)}))
			return
		}
		j.seat.works = true
	}
}

// misasked names the requirement of calls by which a search could not be answered; empty: it could.
func misasked(s searched) string {
	answered := false
	for _, c := range s.calls {
		answered = answered || c.Search() && c.Status == 200
	}
	for _, c := range s.calls {
		for _, p := range c.Problems {
			switch {
			case answered:
			case p.Kind == "token":
				return "token.request"
			case p.Kind == "unauthorized":
				return "token.needed"
			case c.Status == 400 && p.Kind == "filter":
				return "calls.filter"
			case c.Status == 400 && p.Kind == "field":
				return "calls.fields-known"
			case c.Status == 400 && p.Kind == "parameter":
				return "calls.parameters"
			}
		}
	}
	return ""
}

// unasked tells whether nothing of a search stood in what the catalogue was asked for.
func unasked(s searched) bool {
	for _, c := range s.calls {
		if c.Search() && c.Query.Get("filter") != "" {
			return false
		}
	}
	return true
}

// misspelt tells whether the words of a search were sent in another encoding.
func misspelt(s searched) bool {
	for _, c := range s.calls {
		for _, p := range c.Problems {
			if p.Kind == "encoding" {
				return true
			}
		}
	}
	return false
}

// others lists the names of items that are shown and that don't have what was searched for.
func (j *judge) others(s searched) (out []string) {
	counts, _ := shownOf(s.names, j.catalog.Items())
	want := namesOf(j.want(s.words, s.standard))
	for _, i := range j.catalog.Items() {
		if counts[i.Name] > 0 && !slices.Contains(want, i.Name) && !slices.Contains(out, i.Name) {
			out = append(out, i.Name)
		}
	}
	return out
}

// asked words what a search asked the catalogue for.
func asked(s searched) string {
	var out []string
	for _, c := range s.calls {
		if !c.Search() {
			continue
		}
		text := "filter=" + c.Query.Get("filter")
		if !c.Query.Has("filter") {
			text = "no filter"
		}
		if text += fmt.Sprintf(" (%d)", c.Status); !slices.Contains(out, text) {
			out = append(out, text)
		}
	}
	if len(out) == 0 {
		return "nothing"
	}
	return strings.Join(out[:min(3, len(out))], "; ")
}

// found tells what is wrong with a search that was to show what the catalogue has; nil: nothing.
func (j *judge) found(s searched) *harness.Finding {
	want := j.want(s.words, s.standard)
	counts, _ := shownOf(s.names, j.catalog.Items())
	lacking := missing(want, counts)
	if len(lacking) == 0 && !s.over {
		return nil
	}
	given := map[int]bool{}
	for _, c := range s.calls {
		for _, n := range c.Found {
			given[n] = true
		}
	}
	f := &harness.Finding{Expected: listed(namesOf(want), 4)}
	lost := slices.ContainsFunc(lacking, func(i catalog.Item) bool { return !given[i.Number] && !j.given[i.Number] })
	switch {
	case s.over:
		f.Seen = "the search didn't end in its time"
	case s.failed:
		f.Seen = "the search is told to have failed: " + s.said + "; the catalogue was asked for " + asked(s)
	case lost:
		f.Seen = fmt.Sprintf("the catalogue was asked for %s, which finds %s of them; shown is %s", asked(s), numberOf(want, given), listed(s.names, 4))
	default:
		f.Seen = fmt.Sprintf("the catalogue gave them, and shown is %s: %s missing", listed(s.names, 4), listed(namesOf(lacking), 4))
	}
	if !lost && !s.failed && s.said != "" {
		f.Seen += " (" + s.said + ")"
	}
	return f
}

func numberOf(want []catalog.Item, given map[int]bool) string {
	n := 0
	for _, i := range want {
		if given[i.Number] {
			n++
		}
	}
	if n == 0 {
		return "none"
	}
	return fmt.Sprint(n)
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// run takes the product through one of the searches.
func (j *judge) run(ctx context.Context, t *harness.T, q search) {
	own := prefix + q.Requirement
	if o, blocked := j.blocked(q); blocked {
		t.NotTested(o)
		return
	}
	if q.ID == first {
		j.before = j.plain.names
	}
	words := q.Words
	if q.Standard != "" {
		words = []string{""}
	}
	for _, w := range words {
		s := j.plain
		if q.ID != first {
			s = j.try(ctx, q, w)
		}
		if s.fault != nil {
			t.NotTested(cause(s.fault))
			return
		}
		if q.ID != first && s.words != j.plain.words && j.stale(s) {
			j.broken[reqElse] = true
			j.stuck = new(harness.BlockedBy(prefix+reqElse, "what is shown is of a search before").Seen(watch(t,
				s.calls...)...).Failing(harness.Finding{
				Expected: "what has “" + s.words + s.standard + "”, or nothing", Seen: "what the search before has found: " + listed(s.names, 4)}))
			t.NotTested(*j.stuck)
			return
		}
		if !met(q, s) {
			t.NotTested(harness.NoData("the product made no call to which that could have happened",
				"Have it search anew each time; it may have kept what it found before."), own)
			continue
		}
		j.one(ctx, t, q, own, s)
		if q.Behaviour.Trouble == catalog.TokenEnded && j.broken[q.Requirement] {
			j.catalog.Remember() // a product that keeps its token is judged on
		}
	}
	if q.Behaviour.Trouble != "" {
		j.recovers(ctx, t)
	}
}

// met tells whether a product met what a catalogue is like meanwhile, beside behaving plainly: who asks nothing anew shows the
// same whatever the catalogue does, and nothing is said by that.
func met(q search, s searched) bool {
	b := q.Behaviour
	return b == catalog.Behaviour{} || slices.ContainsFunc(s.calls, func(c catalog.Call) bool {
		switch {
		case b.Trouble != "":
			return c.Trouble == b.Trouble
		case b.Links != "":
			return c.Search() && c.Response.Get("Link") != ""
		}
		return c.Search() && c.Total > c.Offset+len(c.Found) // a page after which there is more
	})
}

// blocked tells on what a search stands that is broken, or isn't said.
func (j *judge) blocked(q search) (harness.Obstacle, bool) {
	on := func(id, reason string) (harness.Obstacle, bool) {
		return harness.BlockedBy(prefix+id, reason).Told(), true
	}
	s := j.section.Search
	paged := q.Expect == expectAll || q.Expect == expectWhole || q.Behaviour.Links != ""
	switch {
	case j.broken[reqRecovers]:
		return on(reqRecovers, "the product doesn't recover from a search that failed")
	case q.Standard != "" && !s.knows(ByStandard):
		return harness.Unclaimed("the product isn't searched by learning standards (searcher.search.by)"), true
	case paged && !s.pages():
		return harness.Unconfigured("nothing says how the product comes to the next page",
			"Add searcher.search.shows.more: what is clicked for it, a CSS selector or text=…."), true
	case paged && q.ID != "many" && j.broken[reqToEnd]:
		return on(reqToEnd, "the product doesn't come to the end of what is found")
	case paged && q.Behaviour.Cap > 0 && q.Requirement != reqCapped && j.broken[reqCapped]:
		return on(reqCapped, "the product doesn't read on after a short page")
	case (q.Expect == expectTold || q.Expect == expectWhole) && !s.confesses():
		return harness.Unconfigured("nothing says how the product tells that a search failed",
			"Add searcher.search.shows.problem: what is there then, a CSS selector or text=…."), true
	case (q.Expect == expectTold || q.Expect == expectWhole) && q.Requirement != reqTold && j.broken[reqTold]:
		return on(reqTold, "the product tells of no search that failed")
	case q.Expect == expectOpens && len(j.section.Choose) == 0:
		return harness.Unconfigured("nothing says how an item is put into a course",
			"Add searcher.choose and searcher.open: what a teacher does from where a search ended on."), true
	}
	if q.Expect != expectOpens {
		return harness.Obstacle{}, false
	}
	item := j.want(q.Words[0], "")[max(q.Nth, 1)-1]
	linked := slices.Contains([]string{reqLaunches, "chosen.secure", "chosen.query"}, q.Requirement)
	switch {
	case linked && j.deskErr != nil:
		return cause(j.deskErr), true
	case linked && !item.Link:
		return harness.Unconfigured("the target file doesn't say of a platform at which Rollcall is registered as a tool",
			"Register Rollcall as a tool at the product (`rollcall registration` prints by what), and set lti.client_id, lti.platform.issuer, auth_url and jwks_url."), true
	case q.Nth > 1 && !j.distinguishes():
		return harness.Unconfigured("searcher.choose tells items apart by their names alone",
			"Name the item by $address in searcher.choose: items may have one name."), true
	case !linked && q.Requirement != reqOpens && j.broken[reqOpens]:
		return on(reqOpens, "what was chosen doesn't open")
	case linked && q.Requirement != reqLaunches && j.broken[reqLaunches]:
		return on(reqLaunches, "links that were chosen aren't launched")
	}
	return harness.Obstacle{}, false
}

// distinguishes tells whether an item is chosen by more than its name.
func (j *judge) distinguishes() bool {
	for _, s := range j.section.Choose {
		for _, text := range []string{s.Click, s.Fill, s.Select, s.Value, s.Open, s.Wait} {
			if strings.Contains(text, "$address") {
				return true
			}
		}
	}
	return false
}

// fail tells of a requirement that is broken, and remembers that.
func (j *judge) fail(t *harness.T, id string, f harness.Finding, s searched) {
	j.broken[strings.TrimPrefix(id, prefix)] = true
	f.Seen = t.Own(f.Seen)
	if len(f.Exchanges) == 0 {
		f.Exchanges = watch(t, s.calls...)
	}
	t.Fail(id, f)
}

// one judges what came of one search.
func (j *judge) one(ctx context.Context, t *harness.T, q search, own string, s searched) {
	counts, _ := shownOf(s.names, j.catalog.Items())
	want := j.want(s.words, s.standard)
	good := func(id string) {
		t.Examined(id, 1)
		if n := len(s.calls); n > 0 {
			watch(t, s.calls[n-1])
		}
	}
	switch q.Expect {
	case expectFound:
		if q.Requirement == reqInert {
			j.inert(t, own, s, good)
		} else if f := j.found(s); f != nil && q.Requirement != reqWritten {
			if j.misspells = j.misspells || misspelt(s); j.misspells {
				t.NotTested(harness.BlockedBy(prefix+"calls.encoding", "the words arrive in another encoding"))
				return
			}
			j.fail(t, own, *f, s)
			if q.narrows() {
				t.NotTested(harness.BlockedBy(own, "what was searched for isn't found").Told(), prefix+reqElse)
			}
			return
		} else if f == nil && q.Requirement != reqWritten {
			good(own)
		}
		if q.Written {
			j.asWritten(t, want, s, good)
		}
		if q.narrows() {
			j.nothingElse(t, s)
		}
	case expectNothing:
		switch {
		case s.failed || s.over:
			j.fail(t, own, harness.Finding{Expected: "nothing, and no failure", Seen: "the search is told to have failed: " + s.said}, s)
		case len(counts) > 0:
			j.fail(t, own, harness.Finding{Expected: "nothing", Seen: "shown is " + listed(s.names,
				4) + "; the catalogue was asked for " + asked(s)}, s)
		default:
			good(own)
		}
	case expectAll:
		if f := j.found(s); f != nil {
			f.Expected = fmt.Sprintf("all %d items that are found, one page after the other", len(want))
			f.Seen = fmt.Sprintf("%d of them, on %s; the catalogue was asked for %s", len(want)-len(missing(want, counts)),
				count(s.turns+1, "page", "pages"), offsets(s))
			j.fail(t, own, *f, s)
		} else {
			good(own)
		}
		if q.ID == "many" {
			j.once(t, counts, s, good)
		}
	case expectTold, expectWhole:
		j.toldOf(t, q, own, s, good)
	case expectAny:
		j.home(t, own, s, good)
	case expectOpens:
		j.opens(ctx, t, q, own, s)
	}
}

// offsets words which pages were asked for.
func offsets(s searched) string {
	var out []string
	for _, c := range s.calls {
		if c.Search() {
			text := "offset " + c.Query.Get("offset")
			if !c.Query.Has("offset") {
				text = "no offset"
			}
			if limit := c.Query.Get("limit"); limit != "" {
				text += ", limit " + limit
			}
			out = append(out, text)
		}
	}
	if len(out) > 6 {
		out = append(out[:6], "…")
	}
	return strings.Join(out, "; ")
}

// inert looks whether what stands in texts of items was loaded or run.
func (j *judge) inert(t *harness.T, own string, s searched, good func(string)) {
	if j.section.Search.way() != "steps" {
		t.NotApplicable(own, "the product shows no pages: what it gives is JSON")
		return
	}
	var met []string
	for _, v := range j.catalog.Visits() {
		if at := strings.TrimPrefix(v.URL, j.catalog.Origin()); strings.HasPrefix(at, "/canary/") && !slices.Contains(met, at) {
			met = append(met, at)
		}
	}
	if s.injected {
		met = append(met, "the image in a name or description is a part of the page")
	}
	if len(met) > 0 {
		j.fail(t, own, harness.Finding{Expected: "markup in names and descriptions shown as text",
			Seen: "it came into the page: " + strings.Join(met, ", ")}, s)
		return
	}
	if want := j.want(s.words, ""); len(missing(want, j.counts(s))) == len(want) {
		t.NotTested(harness.BlockedBy(prefix+reqWritten, "no item with markup in its name is shown"), own)
		return
	}
	good(own)
}

// counts tells how often each item is shown.
func (j *judge) counts(s searched) map[string]int {
	counts, _ := shownOf(s.names, j.catalog.Items())
	return counts
}

// asWritten looks whether names are shown as they are.
func (j *judge) asWritten(t *harness.T, want []catalog.Item, s searched, good func(string)) {
	id := prefix + reqWritten
	for _, i := range want {
		if !written(i.Name, s.names) {
			if j.broken[reqInert] {
				t.NotTested(harness.BlockedBy(prefix+reqInert, "what is taken for markup isn't shown as it is written").Told(), id)
			} else {
				j.fail(t, id, harness.Finding{Expected: "“" + i.Name + "”", Seen: "shown is " + listed(s.names, 4)}, s)
			}
			continue
		}
		good(id)
	}
}

// nothingElse looks whether what is shown has what was searched for.
func (j *judge) nothingElse(t *harness.T, s searched) {
	id := prefix + reqElse
	others := j.others(s)
	switch {
	case len(others) == 0:
		t.Examined(id, 1)
	case !j.broken[reqElse]: // the same once more is no other cause
		j.fail(t, id, harness.Finding{Expected: "what has “" + s.words + s.standard + "”",
			Seen: listed(others, 4) + " beside it; the catalogue was asked for " + asked(s)}, s)
	}
}

// stale tells whether a search shows what the one before showed, though it has nothing of what was searched for.
func (j *judge) stale(s searched) bool {
	before := j.before
	j.before = s.names
	counts, _ := shownOf(s.names, j.catalog.Items())
	want := j.want(s.words, s.standard)
	return len(s.names) > 0 && slices.Equal(before, s.names) && len(missing(want, counts)) == len(want)
}

// once looks whether an item is shown more than once.
func (j *judge) once(t *harness.T, counts map[string]int, s searched, good func(string)) {
	var twice []string
	for _, i := range j.want(s.words, "") {
		if counts[i.Name] > 1 {
			twice = append(twice, i.Name)
		}
	}
	switch {
	case j.broken[reqToEnd]:
		t.NotTested(harness.BlockedBy(prefix+reqToEnd, "the pages don't lead to the end").Told(), prefix+reqOnce)
	case len(twice) > 0:
		j.fail(t, prefix+reqOnce, harness.Finding{Expected: "each item once", Seen: listed(twice,
			4) + " more than once; the catalogue was asked for " + offsets(s)}, s)
	default:
		good(prefix + reqOnce)
	}
}

// toldOf judges a search that went wrong.
func (j *judge) toldOf(t *harness.T, q search, own string, s searched, good func(string)) {
	want := j.want(s.words, s.standard)
	counts, _ := shownOf(s.names, j.catalog.Items())
	found := len(missing(want, counts)) == 0
	if q.Behaviour.Trouble == catalog.Busy {
		if f := early(s); f != nil {
			j.fail(t, own, *f, s)
			return
		}
	}
	switch {
	case s.failed, found && !s.over:
		good(own)
	case s.over:
		j.fail(t, own, harness.Finding{Expected: "the search told to have failed", Seen: "it didn't end in its time"}, s)
	default:
		seen := "shown is " + listed(s.names, 4)
		if s.said != "" {
			seen += " (" + s.said + ")"
		}
		j.fail(t, own, harness.Finding{Expected: "the search told to have failed, or all " + count(len(want), "item", "items"),
			Seen: seen + "; nothing tells that it failed"}, s)
	}
}

// early finds a call that came before the time that was asked for.
func early(s searched) *harness.Finding {
	var since time.Time
	for _, c := range s.calls {
		if c.Trouble == catalog.Busy {
			since = c.Ended
		} else if !since.IsZero() && c.Search() && c.Started.Sub(since) < catalog.Wait-100*time.Millisecond {
			return &harness.Finding{Expected: fmt.Sprintf("nothing for %s, as Retry-After says", catalog.Wait),
				Seen: fmt.Sprintf("a call %d ms later", c.Started.Sub(since).Milliseconds())}
		}
	}
	return nil
}

// home looks whether a token was carried to another host.
func (j *judge) home(t *harness.T, own string, s searched, good func(string)) {
	for _, c := range s.calls {
		if c.Trouble == catalog.Elsewhere && (c.Header.Get("Authorization") != "" || c.Query.Has("access_token")) {
			j.fail(t, own, harness.Finding{Expected: "no token at another host", Seen: "a call there with Authorization",
				Sent:      c.Method + " " + t.Where(c.URL),
				Exchanges: watch(t, c)}, s)
			return
		}
	}
	good(own)
}

// recovers makes a plain search after one that went wrong.
func (j *judge) recovers(ctx context.Context, t *harness.T) {
	all, _ := searches() // read already
	s := j.try(ctx, all[0], all[0].Words[0])
	id := prefix + reqRecovers
	switch f := j.found(s); {
	case s.fault != nil:
		t.NotTested(cause(s.fault), id)
	case f != nil:
		f.Seen = "the next search: " + f.Seen
		j.fail(t, id, *f, s)
	case len(s.calls) == 0:
		t.NotTested(harness.NoData("the next search asked nothing", "Have it search anew each time; it may have kept what it found before."), id)
	default:
		t.Examined(id, 1)
	}
}
