package ags

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rollcall-edu/rollcall/schemas"
	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/lti"
	"github.com/rollcall-edu/rollcall/suites/lti/platform"
	"github.com/rollcall-edu/rollcall/suites/lti/side"
	"github.com/rollcall-edu/rollcall/suites/weblink"
)

// desk is where a check works: it knows what the launch said, and what it has made, which it
// takes away at the end.
type desk struct {
	*harness.T
	launch platform.Launch
	at     endpoint
	mark   string   // stands in the texts of all that is made
	made   []string // addresses of line items
	astray bool     // something was taken and can't be told where it is
	clock  time.Time
	seen   map[string]bool // line items that were made, and have been there since
	own    map[string]bool // those that were replaced or deleted here
	// said is what was answered where something was made, by its address.
	said map[string]map[string]any
	// unsaid is what was in the way of a refusal by which its status could be judged.
	unsaid harness.Obstacle
}

// claimName is that of the service's claim (AGS 2.0 §3.1).
const claimName = "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"

// endpoint is what a launch says of the service.
type endpoint struct {
	there       bool
	scopes      []string
	items, item string
	raw         any
}

func endpointOf(l platform.Launch) endpoint {
	raw, there := l.Claims[claimName]
	m, is := raw.(map[string]any)
	e := endpoint{there: there && is, raw: raw}
	list, _ := m["scope"].([]any)
	for _, v := range list {
		if s, is := v.(string); is {
			e.scopes = append(e.scopes, s)
		}
	}
	e.items, _ = m["lineitems"].(string)
	e.item, _ = m["lineitem"].(string)
	return e
}

// atDesk gives a check its desk, and clears it when the check is through.
func atDesk(body func(ctx context.Context, d *desk)) func(context.Context, *harness.T) {
	return func(ctx context.Context, t *harness.T) {
		l := platform.First(t)
		// Scores have a time of their own, which need not be now; the past leaves room.
		d := &desk{T: t, launch: l, at: endpointOf(l), mark: side.Random()[:10], clock: time.Now().UTC().Add(-time.Hour).Truncate(time.Second),
			said: map[string]map[string]any{}, seen: map[string]bool{}, own: map[string]bool{}}
		for _, scope := range d.needed() {
			token, r := platform.AccessToken(ctx, t, scope)
			if token == "" {
				t.NotTested(platform.Ungranted(PlatformPrefix+"claim.scopes", "no token is issued for "+short(scope)+" alone", r))
				return
			}
		}
		defer d.clear(ctx)
		body(ctx, d)
		if slices.Contains(t.Check().Requirements, reqStatus) && !t.Looked(reqStatus) && d.unsaid.Owner() != "" {
			t.NotTested(d.unsaid, reqStatus) // nothing was refused, so that no refusal has a status
		}
	}
}

// needed are the scopes of the check: those of grades, where it makes anything of which results
// are read.
func (d *desk) needed() []string {
	own := lti.Of(d.Session().Target).Platform
	switch {
	case slices.Contains(d.Check().Requirements, reqList):
		return []string{d.reading()}
	case slices.Contains(d.Check().Requirements, PlatformPrefix+"access.allowed"):
		return intersect(allScopes, own.Scopes)
	case slices.ContainsFunc(d.Check().Requirements, func(id string) bool {
		return strings.HasPrefix(id, PlatformPrefix+"score.") || strings.HasPrefix(id, PlatformPrefix+"result.")
	}):
		return gradeScopes
	}
	return []string{scopeItems}
}

func intersect(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(s string) bool { return !slices.Contains(b, s) })
}

// short is the name of a scope as people call it.
func short(scope string) string { return scope[strings.LastIndex(scope, "/")+1:] }

func join(texts []string) string { return strings.Join(texts, ", ") }

// ask asks with a token of one scope.
func (d *desk) ask(ctx context.Context, scope string, r harness.Request) *harness.Response {
	got := platform.Ask(ctx, d.T, scope, r)
	item := d.itemAt(r.URL)
	switch missing := got.Status == http.StatusNotFound || got.Status == http.StatusGone; {
	case item == "":
	case r.Method == http.MethodDelete:
		d.own[item] = true
	case missing && d.seen[item] && !d.own[item]:
		return d.vanished(ctx, item, got)
	case taken(got):
		d.seen[item] = true
		d.own[item] = d.own[item] || r.Method == http.MethodPut
	}
	return got
}

// itemAt gives the line item, of those that were made, to which an address belongs.
func (d *desk) itemAt(address string) string {
	path, _, _ := strings.Cut(address, "?")
	for _, id := range d.made {
		of, _, _ := strings.Cut(id, "?")
		if path == of || strings.HasPrefix(path, of+"/") {
			return id
		}
	}
	return ""
}

// vanished looks after a line item that was there, and isn't found any more though nothing was done
// to it here. Whether the platform has lost it or somebody has deleted it can't be told: nothing is
// held against the platform for what was to be done with it.
func (d *desk) vanished(ctx context.Context, item string, got *harness.Response) *harness.Response {
	r := platform.Ask(ctx, d.T, scopeItems, harness.Request{URL: item, Header: http.Header{"Accept": {typeItem}}})
	if r.Status != http.StatusNotFound && r.Status != http.StatusGone {
		return got
	}
	return &harness.Response{Request: got.Request, URL: got.URL, Header: got.Header, Evidence: r.Evidence, Unreachable: true,
		Problem: "a line item that Rollcall had made was there and is gone (" + r.Summary() +
			"): somebody else deletes line items in this course, or the platform loses them"}
}

// lost gives the answer that shows that a line item which was made isn't there; nil where all are.
func (d *desk) lost(ctx context.Context) *harness.Response {
	for _, id := range d.made {
		if d.own[id] {
			continue
		}
		if r := d.get(ctx, scopeItems, id, typeItem, ""); r.Unreachable || r.Status == http.StatusNotFound || r.Status == http.StatusGone {
			return r
		}
	}
	return nil
}

// listedRight holds what is listed to what was made. Where it doesn't fit for a line item has
// vanished nothing is held against the platform.
func (d *desk) listedRight(ctx context.Context, id string, right bool, f harness.Finding) {
	if !right {
		switch gone := d.lost(ctx); {
		case gone == nil:
		case gone.Unreachable:
			f.Responses = []*harness.Response{gone}
		default: // nobody has seen it yet
			d.NotTested(harness.BlockedBy(reqRead, "a line item that was made can't be read: "+gone.Summary(), gone), id)
			return
		}
	}
	d.Assert(id, right, f)
}

func (d *desk) get(ctx context.Context, scope, address, kind, owner string) *harness.Response {
	return d.ask(ctx, scope, harness.Request{URL: address, Header: http.Header{"Accept": {kind}}, Owner: owner})
}

// send sends an object, or a text as it is.
func (d *desk) send(ctx context.Context, scope, method, address, kind string, v any) *harness.Response {
	body, is := v.(string)
	if !is {
		text, err := json.Marshal(v)
		if err != nil {
			return &harness.Response{Problem: err.Error(), Unreachable: true}
		}
		body = string(text)
	}
	return d.ask(ctx, scope, harness.Request{Method: method, URL: address, Body: []byte(body),
		Header: http.Header{"Content-Type": {kind}, "Accept": {kind}}})
}

// item is a line item that can be, changed; "absent" leaves a member out.
func (d *desk) item(change map[string]any) map[string]any {
	m := map[string]any{"label": "Rollcall " + d.mark, "scoreMaximum": 40, "resourceId": "rollcall-" + d.mark, "tag": "rollcall"}
	return changed(m, change)
}

func changed(m, change map[string]any) map[string]any {
	maps.Copy(m, change)
	maps.DeleteFunc(m, func(_ string, v any) bool { return v == absent })
	return m
}

// absent leaves a member out.
const absent = "\x00absent"

// post asks for a line item to be made, and notes what was.
func (d *desk) post(ctx context.Context, v any) (id string, r *harness.Response) {
	r = d.send(ctx, scopeItems, http.MethodPost, d.at.items, typeItem, v)
	return d.note(r), r
}

// note notes what an answer says was made.
func (d *desk) note(r *harness.Response) string {
	if !taken(r) {
		sent := r.URL != ""
		d.astray = d.astray || sent && (r.Status == 0 || r.Status >= 500) // who knows
		return ""
	}
	id := textOf(objectOf(r), "id")
	if !absolute(id) {
		id = r.Header.Get("Location")
	}
	if !absolute(id) {
		d.astray = true
		return ""
	}
	if !slices.Contains(d.made, id) {
		d.made = append(d.made, id)
	}
	d.said[id] = objectOf(r)
	return id
}

// attached tells whether a line item that was made says that it belongs to the link that was sent
// with it: a platform may pass that over (AGS 2.0 §3.2.5).
func (d *desk) attached(id string) bool { return textOf(d.said[id], "resourceLinkId") != "" }

// special words what is special of a line item.
func special(change map[string]any) string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(change)) {
		with := "with "
		if change[name] == absent {
			with = "without "
		}
		out = append(out, with+name)
	}
	if len(out) == 0 {
		return ""
	}
	return " " + strings.Join(out, ", ")
}

// make makes a line item that can be; where that fails all the requirements named, or all of
// the check, are blocked by it.
func (d *desk) make(ctx context.Context, change map[string]any, requirements ...string) (id string, ok bool) {
	had := slices.Clone(d.made)
	id, r := d.post(ctx, d.item(change))
	if slices.Contains(had, id) {
		d.NotTested(harness.BlockedBy(reqAnother, "a line item"+special(change)+" isn't made: the answer is one that there was", r),
			requirements...)
		return "", false
	}
	if id == "" {
		d.NotTested(harness.BlockedBy(reqCreate, "a line item"+special(change)+" can't be made: "+r.Summary(), r), requirements...)
		return "", false
	}
	return id, true
}

// Bounds of what is waited for, and of pages that are followed.
const (
	clearTime = 20 * time.Second
	mostPages = 100
)

// clear deletes what was made, and names what is left.
func (d *desk) clear(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), clearTime)
	defer cancel()
	lost := ""
	if d.astray {
		lost = d.find(ctx)
	}
	var left []string
	for _, id := range d.made {
		r := d.ask(ctx, scopeItems, harness.Request{Method: http.MethodDelete, URL: id, Repeatable: true})
		if taken(r) || r.Status == http.StatusNotFound || r.Status == http.StatusGone {
			continue
		}
		if r := d.get(ctx, scopeItems, id, typeItem, ""); r.Status < 400 || r.Status >= 500 {
			left = append(left, id)
		}
	}
	if len(left) > 0 {
		d.Note(d.Check().Requirements[0], "left behind at the platform, for it could not be deleted: %s", strings.Join(left, ", "))
	}
	if lost != "" {
		d.Note(d.Check().Requirements[0],
			"perhaps left behind at the platform, which didn't say what it had made: line items with %s in their label (%s)", d.Own(d.mark), lost)
	}
}

// find looks for what was made without a word, by the mark, and says why it could not look through
// all.
func (d *desk) find(ctx context.Context) string {
	all, problem := d.walk(ctx, d.at.items)
	for _, m := range all.objects {
		id := textOf(m, "id")
		if text, err := json.Marshal(m); err == nil && strings.Contains(string(text), d.mark) && absolute(id) && !slices.Contains(d.made, id) {
			d.made = append(d.made, id)
		}
	}
	return problem
}

// pages are what a walk over pages brought.
type pages struct {
	objects   []map[string]any
	responses []*harness.Response
	sizes     []int
	owner     string // the requirement that governs a page which ended the walk
}

// ids are those of what was brought.
func (p pages) ids() []string {
	var out []string
	for _, m := range p.objects {
		out = append(out, textOf(m, "id"))
	}
	return out
}

// listed is what can be read page by page, with the requirements that govern its pages.
type listed struct {
	name, kind, scope, answers, form, union string
}

var (
	itemsKind = listed{"line items", typeItems, "", reqList, PlatformPrefix + "list.form", PlatformPrefix + "page.union"}
	// resultsKind are those of a line item.
	resultsKind = listed{"results", typeResults, scopeResults, reqResults, PlatformPrefix + "result.form", PlatformPrefix + "result.pages"}
)

// walk follows the pages of line items to their end; problem says why there is none.
func (d *desk) walk(ctx context.Context, address string) (p pages, problem string) {
	return d.walkOf(ctx, address, itemsKind)
}

// walkOf does so with what is listed.
func (d *desk) walkOf(ctx context.Context, address string, of listed) (p pages, problem string) {
	if p.owner = of.answers; of.scope == "" {
		of.scope = d.reading()
	}
	seen := map[string]bool{}
	for next := address; next != ""; {
		if seen[next] {
			p.owner = of.union
			return p, "a page leads back to one that was read before"
		}
		if len(seen) > 0 && platform.Stranger(d.T, next) {
			p.owner = of.union
			return p, "a next link leads to a host that is none of the platform's: " + next
		}
		if len(seen) == mostPages {
			p.owner = of.union
			return p, fmt.Sprintf("there is no end after %d pages", mostPages)
		}
		seen[next] = true
		r := d.get(ctx, of.scope, next, of.kind, of.answers)
		p.responses = append(p.responses, r)
		list, is := listOf(r)
		switch {
		case r.Problem != "" || r.Status != http.StatusOK:
			return p, of.name + " are answered with " + r.Summary()
		case !is:
			p.owner = of.form
			return p, of.name + " are no list"
		}
		p.objects, p.sizes = append(p.objects, list...), append(p.sizes, len(list))
		for _, m := range list {
			if id := textOf(m, "id"); slices.Contains(d.made, id) {
				d.seen[id] = true
			}
		}
		next = weblink.Targets(r.Header.Values("Link"), next)["next"]
	}
	return p, ""
}

// reading is the scope by which line items are read: the lesser one where nothing is written.
func (d *desk) reading() string {
	own := lti.Of(d.Session().Target).Platform
	if slices.Contains(own.Scopes, scopeItems) && (own.MayWrite() || !slices.Contains(own.Scopes, scopeReading)) {
		return scopeItems
	}
	return scopeReading
}

// last are the latest responses of a walk, the last one first.
func (p pages) last() []*harness.Response {
	out := slices.Clone(p.responses)
	slices.Reverse(out)
	return out[:min(len(out), 3)]
}

// tick gives the time of the next score, a while behind the one before.
func (d *desk) tick(by time.Duration) string {
	d.clock = d.clock.Add(by)
	return d.clock.Format(stamp)
}

// stamp is how times are sent: with milliseconds, in UTC.
const stamp = "2006-01-02T15:04:05.000Z07:00"

// score is one that can be, changed; "absent" leaves a member out.
func (d *desk) score(user string, change map[string]any) map[string]any {
	return changed(map[string]any{"userId": user, "timestamp": d.tick(time.Second), "activityProgress": "Completed",
		"gradingProgress": "FullyGraded", "scoreGiven": 3, "scoreMaximum": 4}, change)
}

// give posts a score.
func (d *desk) give(ctx context.Context, item string, v any) *harness.Response {
	return d.send(ctx, scopeScores, http.MethodPost, below(item, "scores"), typeScore, v)
}

// student finds out who can have a score; where that fails the check is blocked.
func (d *desk) student(ctx context.Context) (user string, ok bool) {
	p := lti.Of(d.Session().Target).Platform
	i := slices.IndexFunc(p.Users, isLearner) // a need of the check
	l, o, ok := platform.As(ctx, d.T, p.Users[i], d.launch.Link)
	if !ok {
		d.NotTested(o)
		return "", false
	}
	user, _ = l.Claims["sub"].(string)
	if user == "" {
		d.NotTested(harness.BlockedBy("lti13.platform.token.sub", "the learner's launch names nobody").Seen(l.Exchanges...))
		return "", false
	}
	return user, true
}

// Results may come a while after their scores.
const (
	resultTime = 3 * time.Second
	resultLook = 250 * time.Millisecond
)

// result reads how somebody stands, until it fits or the time is over.
func (d *desk) result(ctx context.Context, item, user string, fits func(m map[string]any) bool) (m map[string]any, r *harness.Response) {
	end := time.Now().Add(resultTime)
	for {
		r = d.get(ctx, scopeResults, query(below(item, "results"), "user_id", user), typeResults, reqResults)
		list, is := listOf(r)
		m = nil
		for _, x := range list {
			if is && textOf(x, "userId") == user {
				m = x
			}
		}
		if !is || r.Status != http.StatusOK || fits(m) || time.Now().After(end) || ctx.Err() != nil {
			return m, r
		}
		time.Sleep(resultLook)
	}
}

// readable tells whether results were answered; otherwise the requirements are blocked.
func (d *desk) readable(r *harness.Response, user string, requirements ...string) bool {
	list, is := listOf(r)
	if is && r.Status == http.StatusOK && r.Problem == "" {
		others := len(list) > 0 && !slices.ContainsFunc(list, func(m map[string]any) bool { return textOf(m, "userId") == user })
		if others {
			d.NotTested(harness.BlockedBy(PlatformPrefix+"result.user", "there are results, and none names the learner", r), requirements...)
		}
		return !others
	}
	d.NotTested(harness.BlockedBy(reqResults, "results are answered with "+r.Summary(), r), requirements...)
	return false
}

// share is a result as a part of its maximum, which is 1 where nothing is said.
func share(m map[string]any) (part float64, there bool) {
	given, there := m["resultScore"].(float64)
	top, said := m["resultMaximum"].(float64)
	if !said || top == 0 {
		top = 1
	}
	return given / top, there
}

// near tells whether a result is a part of its maximum, as nearly as products round.
func near(want float64) func(map[string]any) bool {
	return func(m map[string]any) bool {
		part, there := share(m)
		return there && part > want-0.006 && part < want+0.006
	}
}

// told words a result.
func told(m map[string]any) string {
	if m == nil {
		return "no result"
	}
	show := func(name string) string {
		if v, there := m[name]; there {
			return fmt.Sprintf("%s %v", name, v)
		}
		return "no " + name
	}
	return show("resultScore") + ", " + show("resultMaximum")
}

// refuses holds an answer to being a refusal, by one of the statuses.
func (d *desk) refuses(id, sent string, r *harness.Response, statuses ...int) {
	id = PlatformPrefix + id
	f := harness.Finding{Sent: sent, Expected: "a refusal, " + codes(statuses), Seen: r.Summary(), Responses: []*harness.Response{r}}
	switch {
	case r.Unreachable:
		d.Fail(id, f) // which leaves it open
		return
	case r.Status >= 500:
		d.unsaid = harness.BlockedBy(reqBroke, sent+": nothing was taken, but the platform broke down with "+r.Summary(), r)
		d.NotTested(d.unsaid, id)
		return
	case r.Status >= 400:
		d.Examined(id, 1)
	default:
		d.Fail(id, f)
		d.unsaid = harness.BlockedBy(id, sent+": it was taken, and not refused", r)
		if slices.Contains(d.Check().Requirements, reqBroke) {
			d.Examined(reqBroke, 1)
		}
		return
	}
	if slices.Contains(d.Check().Requirements, reqStatus) {
		f.Expected = codes(statuses)
		d.Assert(reqStatus, slices.Contains(statuses, r.Status), f)
	}
	if slices.Contains(d.Check().Requirements, reqBroke) {
		d.Examined(reqBroke, 1)
	}
}

// shaped holds a body to a schema; what is null though it may be left out has a requirement of
// its own, where the check decides it.
func (d *desk) shaped(id, schema string, r *harness.Response) {
	id = PlatformPrefix + id
	findings, err := schemas.MustLoad("lti/ags/2.0/" + schema).Validate(r.Body)
	if err != nil {
		d.Fail(id, harness.Finding{Expected: "JSON", Seen: err.Error(), Responses: []*harness.Response{r}})
		return
	}
	const noNull = PlatformPrefix + "list.no-null"
	fine, nulls := true, false
	for _, f := range findings {
		told := harness.Finding{Expected: f.Expected, Seen: f.Message, Where: f.Pointer, Responses: []*harness.Response{r}}
		switch {
		case blank(f):
		case f.Seen == "null" && !demanded(f.Pointer):
			if nulls = true; slices.Contains(d.Check().Requirements, noNull) {
				told.Expected, told.Seen = "no member at all where nothing is known", "null"
				d.Fail(noNull, told)
			}
		case f.Severity == schemas.Error:
			fine = false
			d.Fail(id, told)
		}
	}
	if fine {
		d.Examined(id, 1)
	}
	if !nulls && slices.Contains(d.Check().Requirements, noNull) {
		d.Examined(noNull, 1)
	}
}

// blank tells whether a finding is of a member that may be null or blank where nothing is known of
// it: tag and resourceId, and times, of which that is even asked for (AGS 2.0 §3.2.10 to §3.2.13).
func blank(f schemas.Finding) bool {
	name := f.Pointer[strings.LastIndex(f.Pointer, "/")+1:]
	return slices.Contains([]string{"tag", "resourceId", "startDateTime", "endDateTime"}, name) &&
		slices.Contains([]string{"null", `string ""`}, f.Seen)
}

// demanded tells whether a member has to be there.
func demanded(pointer string) bool {
	name := pointer[strings.LastIndex(pointer, "/")+1:]
	_, number := strconv.Atoi(name)
	return number == nil || slices.Contains([]string{"", "id", "label", "scoreMaximum"}, name)
}

// typed holds an answer to a media type.
func (d *desk) typed(id, kind string, r *harness.Response) {
	got, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	d.Assert(PlatformPrefix+id, strings.EqualFold(strings.TrimSpace(got), kind), harness.Finding{
		Expected:  "Content-Type: " + kind,
		Seen:      "Content-Type: " + r.Header.Get("Content-Type"),
		Where:     "Content-Type",
		Responses: []*harness.Response{r},
	})
}

// below puts a name behind the path of a line item, where its query string stays (AGS 2.0
// §3.3.1, §3.4.1).
func below(item, name string) string {
	path, rest, has := strings.Cut(item, "?")
	if has {
		rest = "?" + rest
	}
	return strings.TrimSuffix(path, "/") + "/" + name + rest
}

// query adds parameters to an address that may have some.
func query(address string, pairs ...string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	q := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		q.Add(pairs[i], pairs[i+1])
	}
	if u.RawQuery != "" {
		u.RawQuery += "&"
	}
	u.RawQuery += q.Encode()
	return u.String()
}

func taken(r *harness.Response) bool { return r.Problem == "" && r.Status >= 200 && r.Status < 300 }

// objectOf and listOf read a body; an object is empty where there is none.
func objectOf(r *harness.Response) (m map[string]any) {
	_ = json.Unmarshal(r.Body, &m) // what can't be read is none
	return m
}

func listOf(r *harness.Response) (list []map[string]any, is bool) {
	err := json.Unmarshal(r.Body, &list)
	return list, err == nil && list != nil
}

func textOf(m map[string]any, name string) string {
	s, _ := m[name].(string)
	return s
}

func absolute(s string) bool {
	u, err := url.Parse(s)
	return err == nil && u.Host != "" && (u.Scheme == "https" || u.Scheme == "http")
}

// codes words statuses.
func codes(statuses []int) string {
	var out []string
	for _, s := range statuses {
		out = append(out, fmt.Sprintf("%d %s", s, http.StatusText(s)))
	}
	return strings.Join(out, " or ")
}
