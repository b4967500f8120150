package rest

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/rollcall-edu/rollcall/suites/catalogue"
	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/oneroster/service"
)

// What keeps a requirement from being examined: the one that governs an answer, a
// collection that could not be read, or data that aren't there.

// owner names the requirement that governs an answer, from its address, and from
// what is wrong with it: an endpoint answers 200; what it answers is JSON; what the
// JSON holds stands in a wrapper. base is where the service lies.
func owner(of *service.Service, s *harness.Session, base string, r *harness.Response) string {
	at, _, _ := strings.Cut(r.Request.URL, "?")
	token, _, _ := strings.Cut(s.Credentials().TokenURL, "?")
	path, below := strings.CutPrefix(at, base)
	switch {
	case strings.HasPrefix(r.Problem, "no access token"):
		return tokenOwner(r.Problem)
	case at == token && r.Status == 200 && r.Problem == "":
		return tokenAt + "access-token"
	case at == token:
		return tokenAt + "issue"
	case !below:
		return errorsAt + "unknown-route"
	case strings.HasPrefix(path, "/discovery/"):
		return discoveryAt + "document"
	}
	op, known := of.At(path)
	switch {
	case !known:
		return errorsAt + "unknown-route"
	case len(of.Writes) > 0 && slices.Contains([]string{http.MethodPut, http.MethodPost, http.MethodDelete}, r.Request.Method):
		return writeOwner(r.Request.Method)
	case len(of.Writes) > 0 && r.Request.Method == http.MethodPatch:
		return errorsAt + "method-status"
	case r.Request.Method != "" && r.Request.Method != http.MethodGet && r.Request.Method != http.MethodHead:
		return errorsAt + "write-refused"
	case r.Problem == "" && r.Status == 200:
		return bodyOwner(of, op, r.Body)
	case r.Status == http.StatusBadRequest || r.Status == http.StatusUnprocessableEntity:
		if asked := askedFor(r.Request.URL); asked != "" {
			return asked
		}
	case brokenDown(r):
		if asked := brokenBy(r.Request.URL); asked != "" {
			return asked
		}
	}
	return endpointRequirement(op)
}

// brokenDown tells whether the product itself failed at a request: by a server error that is no
// gateway's, or by closing the connection.
func brokenDown(r *harness.Response) bool {
	return r.Problem == harness.ClosedEarly || r.Problem == "" && r.Status >= 500 && r.Status != http.StatusNotImplemented && !Between(r)
}

// brokenBy names the requirement that a query parameter is no reason to break down, of those
// that a request has; empty where it has none.
func brokenBy(address string) string {
	_, q, _ := strings.Cut(address, "?")
	switch asked, err := url.ParseQuery(q); {
	case err != nil:
	case asked.Has("filter"):
		return filterAt + "no-500"
	case asked.Has("sort") || asked.Has("orderBy"):
		return sortAt + "no-500"
	}
	return ""
}

// tokenOwner names the requirement that governs why no token can be had.
func tokenOwner(why string) string {
	if strings.Contains(why, "answered 200") {
		return tokenAt + "access-token"
	}
	return tokenAt + "issue"
}

// askedFor names the requirement that a query parameter works, of those that a request
// has and that the target refuses; empty where it has none.
func askedFor(address string) string {
	_, q, _ := strings.Cut(address, "?")
	values, err := url.ParseQuery(q)
	if err != nil {
		return ""
	}
	if filter := values.Get("filter"); filter != "" {
		for _, x := range [][2]string{{">=", "greater-or-equal"}, {"<=", "less-or-equal"}, {"!=", "not-equal"}, {">", "greater"}, {"<", "less"},
			{"~", "contains"}} {
			if strings.Contains(filter, x[0]) {
				return filterAt + x[1]
			}
		}
		return filterAt + "equal"
	}
	switch limit, _ := strconv.Atoi(values.Get("limit")); {
	case values.Has("sort"):
		return sortAt + "ascending"
	case values.Has("fields"):
		return fieldsAt + "comma-list"
	case limit > 100:
		return pagingAt + "limit-large"
	}
	return ""
}

// endpointRequirement names the requirement that an operation answers at all.
func endpointRequirement(op service.Operation) string {
	return "endpoint." + service.Kebab(op.ID)
}

// bodyOwner names the requirement that governs the body of an answer with 200.
func bodyOwner(of *service.Service, op service.Operation, body []byte) string {
	var envelope map[string]json.RawMessage
	switch {
	case strings.HasPrefix(strings.TrimSpace(string(body)), "<"):
		return endpointRequirement(op)
	case !json.Valid(body):
		return idJSON
	case json.Unmarshal(body, &envelope) == nil && len(envelope) == 0 && !op.Single:
		return "payload.empty-list"
	}
	return wrapperRequirement(of, op)
}

// BlockedAt is the obstacle that an unusable answer is.
func (t *T) BlockedAt(r *harness.Response, why string) harness.Obstacle {
	return t.BlockedBy(owner(t.Service, t.Session(), t.Session().Base, r), fmt.Sprintf("%s, on which this check stands: %s", r.Line(), why), r)
}

// broken is the first of the named collections that could not be read to its end,
// as an obstacle; without names the first of all.
func broken(t *T, names ...string) (harness.Obstacle, bool) {
	r := crawl(t)
	if len(names) == 0 {
		for _, c := range t.Service.Collections {
			names = append(names, c.Name)
		}
	}
	for _, name := range names {
		raw := r.raw[name]
		if raw == nil || raw.Complete {
			continue
		}
		if limit := r.Facts(name).Bound; limit != "" {
			return bounded(name, raw.Reason, limit), true
		}
		end := r.Facts(name).End
		reason := fmt.Sprintf("the crawl of /%s broke off: %s", name, raw.Reason)
		if end.Unreachable {
			return harness.Unreached(reason), true
		}
		return t.BlockedBy(end.Owner, reason).Expecting(end.Expected).Seen(t.Adopt(end.Evidence)), true
	}
	return harness.Obstacle{}, false
}

// bounded says that a limit of Rollcall's own ended a crawl.
func bounded(name, reason, limit string) harness.Obstacle {
	return harness.Unconfigured(fmt.Sprintf("/%s was not read to its end: %s", name, reason),
		"Raise "+limit+" in the target file, or judge a target that holds less.")
}

// Blocked says, where an answer or a collection kept the check from what it was to
// look at, that the requirements hang on that.
func (t *T) Blocked(ids ...string) bool {
	ids = unlooked(t, ids)
	o, is := t.inTheWay()
	if is && len(ids) > 0 {
		t.NotTested(o, ids...)
	}
	return is
}

// inTheWay is what kept the check from what it was to look at: an answer, a collection that
// broke off, parents that are not known, texts that nobody can read.
func (t *T) inTheWay() (harness.Obstacle, bool) {
	o, is := t.Hindered()
	if !is {
		o, is = broken(t)
	}
	if !is && t.alone != nil {
		o, is = *t.alone, true
	}
	if !is && t.garbled != nil {
		o, is = *t.garbled, true
	}
	return o, is
}

// garble notes that a property of a collection is not tried, for its texts are no UTF-8.
func (t *T) garble(c service.Collection) {
	if t.garbled == nil {
		o := t.BlockedBy(idUTF8, "objects of /"+c.Name+" hold bytes that are no UTF-8")
		t.garbled = &o
	}
}

// lacking is the obstacle that the target holds nothing to look at, unless something else
// kept the check from seeing it.
func (t *T) lacking(reason, load string) harness.Obstacle {
	if o, is := t.inTheWay(); is {
		return o
	}
	return harness.NoData(reason, load)
}

// absent is the obstacle that what is optional is not in the data, unless something else kept
// the check from seeing it.
func (t *T) absent(reason string) harness.Obstacle {
	if o, is := t.inTheWay(); is {
		return o
	}
	return harness.Unclaimed(reason)
}

// unlooked leaves those requirements, of the given or of all, for which nothing was
// examined, though the service has something for them.
func unlooked(t *T, ids []string) []string {
	if len(ids) == 0 {
		ids = t.Requirements()
	}
	return slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return t.spared[id] || t.Looked(id) })
}

// Settle says at the end of a check what the requirements hang on for which nothing
// was examined.
func (t *T) Settle(o harness.Obstacle, ids ...string) {
	if ids = unlooked(t, ids); len(ids) > 0 {
		t.NotTested(o, ids...)
	}
}

// Lacks says that the target holds nothing to look at, though the profile demands
// it, unless something else kept the check from seeing it.
func (t *T) Lacks(reason, load string, ids ...string) {
	if ids = unlooked(t, ids); len(ids) > 0 {
		t.NotTested(t.lacking(reason, load), ids...)
	}
}

// Absent says that what requirements are about is optional and not in the data,
// unless something else kept the check from seeing it.
func (t *T) Absent(reason string, ids ...string) {
	if ids = unlooked(t, ids); len(ids) > 0 {
		t.NotTested(t.absent(reason), ids...)
	}
}

// Outside says that no profile of the run asks for what requirements are about.
func (t *T) Outside(what string, ids ...string) {
	if len(ids) == 0 {
		ids = t.Requirements()
	}
	for _, id := range ids {
		t.NotTested(uncovered(what), id)
	}
}

// Between tells whether an answer is none of the product's own to what was asked: a
// gateway's, a refusal for want of time, or no whole one.
func Between(r *harness.Response) bool {
	return r.Problem != "" || slices.Contains([]int{http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable,
		http.StatusGatewayTimeout}, r.Status)
}

// ItsOwn tells whether an answer that is not as it should be is the target's to just
// this request. Where it isn't, since the collection doesn't answer a plain request
// either, or something between the two answered, the requirements are blocked by the
// one that governs that answer.
func (t *T) ItsOwn(ctx context.Context, r *harness.Response, ids ...string) bool {
	if Between(r) {
		t.Hinders(r)
		t.NotTested(t.BlockedAt(r, r.Summary()), ids...)
		return false
	}
	// What can't be read at all says nothing of the rule by which it was asked for. A
	// page for those who came without the session's token says enough: it let them in.
	if r.Request.Auth == harness.AuthSession && r.Status == http.StatusOK && !json.Valid(r.Body) {
		t.Hinders(r)
		t.NotTested(t.BlockedAt(r, "the body is no JSON"), ids...)
		return false
	}
	if o, is := broken(t, rootOf(t, r)); is {
		t.NotTested(o, ids...)
		return false
	}
	plain := control(ctx, t, r)
	if plain.OK() {
		return !brokeDown(t, r, ids)
	}
	t.Hinders(plain.Response)
	t.NotTested(t.BlockedAt(plain.Response, plain.Why()), ids...)
	return false
}

// brokeDown tells that a target broke down where requirements are at stake that leave it
// free to do otherwise: a server error is a MUST wherever it comes, and they are blocked
// by that.
func brokeDown(t *T, r *harness.Response, ids []string) bool {
	if r.Status < 500 || r.Status == http.StatusNotImplemented || slices.ContainsFunc(ids, t.musts) {
		return false
	}
	by := cmp.Or(brokenBy(r.Request.URL), errorsAt+"server-error")
	t.NotTested(t.BlockedBy(by, r.Line()+" is answered with a server error: "+r.Summary(), r).Expecting("no server error"), ids...)
	return true
}

// musts tells whether the standard demands what a requirement says.
func (t *T) musts(name string) bool {
	q, known := t.Session().Catalogue.Requirement(t.Service.Requirement(name))
	return known && q.Level == catalogue.Must
}

// rootOf gives the first segment of an answer's path.
func rootOf(t *T, r *harness.Response) string {
	at, _, _ := strings.Cut(strings.TrimPrefix(r.Request.URL, t.Session().Base), "?")
	name, _, _ := strings.Cut(strings.Trim(at, "/"), "/")
	return name
}

// control asks the collection at the root of an answer's path for one object.
func control(ctx context.Context, t *T, r *harness.Response) *Page {
	name := rootOf(t, r)
	i := slices.IndexFunc(t.Service.Collections, func(c service.Collection) bool { return c.Name == name && t.Session().Covers(c.List.ID) })
	if i < 0 {
		i = max(0, slices.IndexFunc(t.Service.Collections, func(c service.Collection) bool { return t.Session().Covers(c.List.ID) }))
	}
	op := t.Service.Collections[i].List
	return t.List(ctx, op.Path, op.Wrapper, Query("limit", "1"))
}

// subAnswers tells whether a sub-collection that didn't answer as asked does when it
// is asked plainly. Where it doesn't, the requirements are blocked by its endpoint.
func subAnswers(ctx context.Context, t *T, path string, op service.Operation, asked *Page, ids ...string) bool {
	plain := asked
	if !Between(asked.Response) {
		plain = t.List(ctx, path, op.Wrapper, Query("limit", "20"))
	}
	return t.ReadyPage(plain, ids...)
}

// provoked asks for what may break a product. What a gateway answers is asked for
// again, for it may have nothing to do with the request. ok is false where plain
// requests break as well: then the requirements are blocked.
func provoked(ctx context.Context, t *T, path, q string, ids ...string) (r *harness.Response, ok bool) {
	if o, is := broken(t, strings.Split(path, "/")[1]); is {
		t.NotTested(o, ids...)
		return &harness.Response{}, false
	}
	r = t.Get(ctx, path, q)
	for range 2 {
		if r.Status != http.StatusBadGateway && r.Status != http.StatusServiceUnavailable && r.Status != http.StatusGatewayTimeout {
			break
		}
		r = t.Get(ctx, path, q)
	}
	if r.Problem == "" && r.Status < 500 && r.Status != http.StatusTooManyRequests {
		return r, true
	}
	plain := control(ctx, t, r)
	if r.Unreachable || !plain.OK() {
		t.Hinders(plain.Response)
		t.NotTested(t.BlockedAt(plain.Response, plain.Why()), ids...)
		return r, false
	}
	return r, true
}
