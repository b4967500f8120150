package versions

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/harness/corpus"
	"github.com/rollcall-edu/rollcall/suites/oneroster/rest"
	"github.com/rollcall-edu/rollcall/suites/oneroster/service"
)

// Compare has a twin compared with a service: it gives the checks, one for each collection
// that both have whole, and notes them with the twin. Without a twin there are none.
func Compare(of *service.Service, twin *rest.Twin) []rest.Check {
	if twin == nil {
		return nil
	}
	var out []rest.Check
	for _, c := range of.Whole() {
		if !slices.ContainsFunc(twin.Service.Whole(), func(other service.Collection) bool { return other.Name == c.Name }) {
			continue
		}
		id := "versions." + service.Kebab(c.Name)
		twin.Checks = append(twin.Checks, id)
		out = append(out, rest.Check{
			ID: id, Title: fmt.Sprintf("What %s and %s say of /%s is the same", of.Standard, twin.Service.Standard, c.Name),
			Requirements: []string{id}, Labels: []string{"versions"},
			Needs: []rest.Need{judged(twin, c.Name), rest.Whole(c.Name)},
			Body:  func(ctx context.Context, t *rest.T) { compare(ctx, t, twin, c, id) },
		})
	}
	return out
}

// judged needs the other version, judged in the same run, with a collection that was read to
// its end.
func judged(twin *rest.Twin, name string) rest.Need {
	return rest.Need{
		Text:  fmt.Sprintf("the same run judging %s, its /%s read to the end", twin.Service, name),
		Unmet: func(_ context.Context, t *rest.T) (harness.Obstacle, bool) { return t.WithoutTwin(twin, name) },
	}
}

const (
	// named is how many objects a finding names.
	named = 5
	// tried is how many of those are read anew, so that nobody is accused for what changed
	// between the two crawls.
	tried = 3
	// mostTried bounds what is read anew by one check.
	mostTried = 30
)

// disagreement is one way in which the versions differ, of how many objects.
type disagreement struct {
	difference // of the first
	count      int
	ids        []string
	says       func(own, other object) (difference, bool) // of an object read anew
}

// trial is the comparison of one collection.
type trial struct {
	pair
	t          *rest.T
	twin       *rest.Twin
	of         service.Collection
	id         string // the requirement
	mine, hers *corpus.Collection
	met        []bool // of hers, which are in mine
	spools     map[string][2]*corpus.Collection
	members    map[string]*disagreement
	fresh      map[string]reading
}

// compare compares one collection, object by object as they were spooled: memory grows with
// what differs, and not with how many there are.
func compare(ctx context.Context, t *rest.T, twin *rest.Twin, of service.Collection, id string) {
	own := side{t.Service, t.Service.Kinds[of.Kind]}
	other := side{twin.Service, twin.Service.Kinds[of.Kind]}
	r := &trial{pair: pair{own: own, other: other, fields: fieldsOf(own.kind, other.kind)}, t: t, twin: twin, of: of, id: id,
		mine: t.Raw(of.Name), hers: t.Twin(twin, of.Name), spools: map[string][2]*corpus.Collection{}, members: map[string]*disagreement{},
		fresh: map[string]reading{}}
	r.settled, r.above = r.settles, r.ancestors
	mine, same := r.walk(ctx)
	hers := r.only(ctx)
	if ctx.Err() != nil {
		return // cut off: nothing is said
	}
	t.Examined(id, same)
	r.missing(ctx, mine, t.Service, twin.Service, r.mine, r.hers)
	r.missing(ctx, hers, twin.Service, t.Service, r.hers, r.mine)
	all := make([]*disagreement, 0, len(r.members))
	for _, d := range r.members {
		all = append(all, d)
	}
	slices.SortFunc(all, func(a, b *disagreement) int { return cmp.Or(b.count-a.count, strings.Compare(a.name, b.name)) })
	for _, d := range all {
		r.tell(ctx, d)
	}
	t.Absent("both versions list nothing that could be compared in /"+of.Name, id)
}

// walk compares what both list, and gathers what the version judged here lists alone.
func (r *trial) walk(ctx context.Context) (alone *disagreement, same int) {
	alone, r.met = &disagreement{}, make([]bool, r.hers.Len())
	own, other := reader{}, reader{}
	next, inOrder := 0, true // most products list the same in one order
	_ = r.mine.Each(func(_ int, id string, raw []byte) bool {
		if id == "" {
			return ctx.Err() == nil
		}
		at, twin := r.twinOf(id, next, inOrder)
		if at < 0 {
			if !r.leftOut(own.read(raw), r.other, r.own, r.lists(1)) {
				alone.add(id)
			}
			return ctx.Err() == nil
		}
		next, inOrder, r.met[at] = at+1, at == next, true
		found := r.differences(own.read(raw), other.read(twin))
		if len(found) == 0 {
			same++
		}
		for _, d := range found {
			r.note(d, id)
		}
		return ctx.Err() == nil
	})
	return alone, same
}

// twinOf finds an object by the other version, first at the place where it is supposed; at is
// negative where that doesn't list it.
func (r *trial) twinOf(id string, supposed int, likely bool) (at int, raw []byte) {
	if likely && supposed < r.hers.Len() {
		if there, raw, err := r.hers.At(supposed); err == nil && there == id {
			return supposed, raw
		}
	}
	if at = r.hers.Find(id); at >= 0 {
		var err error
		if _, raw, err = r.hers.At(at); err != nil {
			return -1, nil
		}
	}
	return at, raw
}

// only gathers what the other version lists alone: what was not met on the walk.
func (r *trial) only(ctx context.Context) *disagreement {
	alone, other := &disagreement{}, reader{}
	for i, met := range r.met {
		if ctx.Err() != nil {
			break
		}
		if met {
			continue
		}
		id, raw, err := r.hers.At(i)
		if err != nil || id == "" || r.mine.Has(id) || r.leftOut(other.read(raw), r.own, r.other, r.lists(0)) {
			continue
		}
		alone.add(id)
	}
	return alone
}

func (d *disagreement) add(id string) {
	d.count++
	if len(d.ids) < named && !slices.Contains(d.ids, id) {
		d.ids = append(d.ids, id)
	}
}

func (r *trial) note(d difference, id string) {
	known := r.members[d.name]
	if known == nil {
		known = &disagreement{difference: d, says: func(own, other object) (difference, bool) {
			again := r.differences(own, other)
			i := slices.IndexFunc(again, func(one difference) bool { return one.name == d.name })
			return append(again, difference{})[max(i, 0)], i >= 0
		}}
		r.members[d.name] = known
	}
	known.add(id)
}

// spool gives the whole collection of a kind as each version was crawled.
func (r *trial) spool(kind string) [2]*corpus.Collection {
	both, met := r.spools[kind]
	if !met {
		for _, c := range r.t.Service.Whole() {
			if c.Kind == kind {
				both = [2]*corpus.Collection{r.t.Raw(c.Name), r.t.Twin(r.twin, c.Name)}
			}
		}
		r.spools[kind] = both
	}
	return both
}

// lists tells whether one of the versions lists an object of a kind; of what nobody crawled
// it is taken to.
func (r *trial) lists(which int) func(kind, id string) bool {
	return func(kind, id string) bool {
		spool := r.spool(kind)[which]
		return spool == nil || spool.Has(id)
	}
}

func (r *trial) settles(kind, id string) bool {
	for _, spool := range r.spool(kind) {
		if spool == nil {
			continue
		}
		i := spool.Find(id)
		if i < 0 {
			return false
		}
		if _, raw, err := spool.At(i); err != nil || statusOf(rest.Read[object](raw)) == "tobedeleted" {
			return false
		}
	}
	return true
}

// mostAbove bounds the way from a school up.
const mostAbove = 8

// ancestors follows the parents of an org.
func (r *trial) ancestors(org string) []string {
	var out []string
	for range mostAbove {
		spool := r.spool("org")[0]
		if spool == nil || !spool.Has(org) {
			break
		}
		_, raw, err := spool.At(spool.Find(org))
		org = rest.Read[rest.Ref](rest.Read[object](raw)["parent"]).SourcedID
		if err != nil || org == "" || slices.Contains(out, org) {
			break
		}
		out = append(out, org)
	}
	return out
}

// missing tells what only one version lists.
func (r *trial) missing(ctx context.Context, alone *disagreement, with, without *service.Service, listing, lacking *corpus.Collection) {
	if alone.count == 0 {
		return
	}
	if lacking.Total >= 0 && lacking.Total != lacking.Len() {
		r.t.Note(r.id, "%s announced %d of /%s and gave %d: what it lacks beside the other version is not told", without.Standard,
			lacking.Total, r.of.Name, lacking.Len())
		return
	}
	gone := func(own, other reading) reading {
		if with == r.t.Service {
			return own
		}
		return other
	}
	var responses []*harness.Response
	confirmed, unsure := false, false
	for _, id := range alone.ids[:min(tried, len(alone.ids))] {
		own, other := r.read(ctx, id)
		has, lacks := gone(own, other), gone(other, own)
		switch {
		case has.gone():
		case has.object != nil && lacks.gone():
			confirmed = true
			responses = append(responses, has.response, lacks.response)
		case has.object == nil || lacks.object == nil:
			unsure = true
		}
	}
	if !confirmed && !unsure {
		r.t.Note(r.id, "%d of /%s that only %s listed are gone meanwhile, or known to the other version all the same", alone.count, r.of.Name,
			with.Standard)
		return
	}
	finding := harness.Finding{
		Sent:     r.sent(),
		Expected: "the same objects by both versions",
		Seen: fmt.Sprintf("%s lists %d of %d that %s doesn't, such as %s", with.Standard, alone.count, listing.Len(), without.Standard,
			strings.Join(alone.ids, ", ")),
		Where: alone.ids[0], Count: alone.count, Responses: responses,
	}
	if !confirmed {
		finding.Exchanges = r.crawled(alone.ids[0])
	}
	r.t.Fail(r.id, finding)
}

func (r *trial) sent() string {
	return fmt.Sprintf("GET /%s by %s and by %s (the crawls)", r.of.Name, r.t.Service.Standard, r.twin.Service.Standard)
}

// crawled gives the exchanges of the crawls that brought an object.
func (r *trial) crawled(id string) []string {
	return slices.Concat(r.t.CrawlEvidence(r.of.Name, r.mine.Find(id)), r.t.TwinEvidence(r.twin, r.of.Name, r.hers.Find(id)))
}

// tell tells of a member in which objects differ, once it was seen anew that one does.
func (r *trial) tell(ctx context.Context, d *disagreement) {
	shown, unsure := false, false
	finding := harness.Finding{Sent: r.sent(), Count: d.count}
	show := func(id string, d difference) {
		shown = true
		finding.Where = id + " /" + d.name
		finding.Seen = fmt.Sprintf("%s by %s, %s by %s", r.show(d.name, d.own), r.t.Service.Standard, r.show(d.name, d.other),
			r.twin.Service.Standard)
	}
	for _, id := range d.ids[:min(tried, len(d.ids))] {
		own, other := r.read(ctx, id)
		if own.object == nil || other.object == nil {
			unsure = unsure || !own.gone() && !other.gone()
			continue
		}
		if now, differs := d.says(own.object, other.object); differs && !shown {
			show(id, now)
			finding.Responses = []*harness.Response{own.response, other.response}
		}
	}
	switch {
	case shown:
	case unsure:
		show(d.ids[0], d.difference)
		finding.Exchanges = r.crawled(d.ids[0])
	default:
		r.t.Note(r.id, "%s of %d objects changed while both versions were read", d.name, d.count)
		return
	}
	finding.Expected = fmt.Sprintf("the same %s by both versions", d.name)
	finding.Seen += fmt.Sprintf("; %d of %d differ, such as %s", d.count, r.mine.Len(), strings.Join(d.ids, ", "))
	r.t.Fail(r.id, finding)
}

func (r *trial) show(name, value string) string {
	if value == "" {
		return "nothing that both know"
	}
	if r.kindOf(name) == service.Reference {
		return value // sourcedIds, which reports show
	}
	return r.t.ShowAt("/"+name, value)
}

func (r *trial) kindOf(name string) service.Type {
	if name == "orgs" {
		return service.Reference
	}
	if f := r.field(name); f != nil {
		return f.kind
	}
	return ""
}

// reading is an object as it is now, by one version.
type reading struct {
	object   object
	response *harness.Response
}

// gone tells that the version says that there is no such object any more.
func (r reading) gone() bool { return r.response != nil && r.response.Status == 404 }

// quick bounds one of those readings.
const quick = 10 * time.Second

// read reads an object anew by both versions.
func (r *trial) read(ctx context.Context, id string) (own, other reading) {
	mine, hers := r.t.Service.Standard+" "+id, r.twin.Service.Standard+" "+id
	if _, met := r.fresh[mine]; !met && len(r.fresh) < 2*mostTried {
		ctx, cancel := context.WithTimeout(ctx, 2*quick)
		defer cancel()
		x, y := r.t.ReadTwice(ctx, r.twin, r.of.Name, id)
		r.fresh[mine], r.fresh[hers] = r.taken(x, r.t.Service, id), r.taken(y, r.twin.Service, id)
	}
	return r.fresh[mine], r.fresh[hers]
}

func (r *trial) taken(response *harness.Response, of *service.Service, id string) reading {
	out := reading{response: response}
	if response == nil {
		return out
	}
	if raw, fault := r.t.Single(response, of.Collection(r.of.Name).Read.Wrapper); fault == "" {
		if o := rest.Read[object](raw); idOf(o) == id {
			out.object = o
		}
	}
	return out
}
