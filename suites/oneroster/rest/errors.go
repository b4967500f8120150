package rest

import (
	"context"
	"fmt"
	"mime"
	"net/http"
	"slices"
	"strings"

	"github.com/rollcall-edu/rollcall/schemas"
	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/oneroster/service"
)

const errorsAt = "errors."

// missing is an id that no object has.
const missing = "rollcall-no-such-object-5f0a"

// errorChecks judge how the service says no.
func errorChecks(of *service.Service) []Check {
	c := func(name, title string, needs []Need, body func(context.Context, *T), requirements ...string) Check {
		for i := range requirements {
			requirements[i] = errorsAt + requirements[i]
		}
		return Check{ID: "errors." + name, Title: title, Requirements: requirements, Labels: []string{"errors"}, Needs: needs, Body: body}
	}
	list := []Check{
		c("unknown-object", "Unknown ids are answered 404 by every single read", nil, unknownObject, "unknown-object", "invalid-id",
			"not-in-success"),
		c("unknown-parent", "Unknown parents are answered 404 by every sub-collection", nil, unknownParent, "unknown-parent"),
		c("unknown-route", "An unknown path is answered 404, in JSON", nil, unknownRoute, "unknown-route", "unknown-route-json",
			"code-major", "severity", "code-minor-shape", "code-minor-vocabulary"),
		c("body", "Error bodies are status info objects with the right values", nil, errorBodies,
			"json", "status-info", "code-major", "severity", "code-minor-shape", "code-minor-vocabulary", "code-minor-name",
			"code-unauthorised", "code-forbidden",
			"code-unknown-object", "code-invalid-filter", "code-invalid-selection", "text-unknown-object", "no-internals"),
		c("methods", "Nothing can be written, and other methods are refused", nil, otherMethods, "write-refused", "method-status",
			"code-major", "severity", "code-minor-shape", "code-minor-vocabulary"),
		c("server-error", "No well-formed request is answered with a server error", nil, serverErrors, "server-error"),
		c("unknown-parameter", "An unknown query parameter is ignored", anObject(), unknownParameter, "unknown-parameter"),
	}
	if !of.Reads() {
		list = list[1:] // single reads, which it hasn't
	}
	if of.Warns && of.Status.Set != "" {
		list = append(list, c("warning", "What is asked for in vain is warned of beside the data", anObject(), warned,
			"warning", "not-in-success"))
	}
	return list
}

func unknownObject(ctx context.Context, t *T) {
	const unknown, invalid = errorsAt + "unknown-object", errorsAt + "invalid-id"
	problems := 0
	for _, op := range t.Service.Operations {
		if !op.Single || !t.Session().Covers(op.ID) || problems > 1 {
			continue
		}
		r := t.Get(ctx, op.PathFor(missing), "")
		if r.Problem != "" {
			problems++
		}
		if r.Status != 404 && !t.ItsOwn(ctx, r, unknown, errorsAt+"not-in-success") {
			continue
		}
		if r.Status == 404 && !filled(t, op) {
			continue // what never finds anything proves nothing
		}
		t.Assert(unknown, r.Status == 404, harness.Finding{Expected: "404", Seen: r.Summary(), Where: op.Path, Responses: []*harness.Response{r}})
		info := r.Status == 200 && strings.Contains(string(r.Body), "imsx_codeMajor")
		t.Assert(errorsAt+"not-in-success", !info,
			harness.Finding{Expected: "an error status with a status info object", Seen: "200 with one", Where: op.Path,
				Responses: []*harness.Response{r}})
	}
	for _, odd := range []string{strings.Repeat("x", 400), "~!*()'", "no such id", "00000000-0000-0000-0000-000000000000"} {
		r := t.Get(ctx, t.sample().Read.PathFor(odd), "")
		ok := r.Status == 404 || r.Status == 414 && len(odd) > 255
		if !ok && !t.ItsOwn(ctx, r, invalid) {
			continue
		}
		if ok && !filled(t, t.sample().Read) {
			continue
		}
		t.Assert(invalid, ok, harness.Finding{Expected: "404", Seen: r.Summary(), Where: odd[:min(len(odd), 40)],
			Responses: []*harness.Response{r}})
	}
	t.Lacks("there are no objects that could be told from those that don't exist", "Load some objects.")
}

func unknownParent(ctx context.Context, t *T) {
	const id = errorsAt + "unknown-parent"
	problems := 0
	for _, op := range t.Service.Operations {
		if !op.Sub() || !t.Session().Covers(op.ID) || problems > 1 {
			continue
		}
		r := t.Get(ctx, op.PathFor(missing, missing), "")
		if r.Problem != "" {
			problems++
		}
		if r.Status != 404 && !t.ItsOwn(ctx, r, id) {
			continue
		}
		if r.Status == 404 && !subFound(ctx, t, op) {
			continue // a route that is missing knows no parent
		}
		t.Assert(id, r.Status == 404, harness.Finding{Expected: "404", Seen: r.Summary(), Where: op.Path, Responses: []*harness.Response{r}})
	}
	if !t.Session().Covers(t.Service.Samples.Sub.Operation) {
		t.Outside("sub-collections", id)
	}
	t.Lacks("there are no parents that could be told from those that don't exist", "Load some objects.", id)
}

// subFound tells whether a sub-collection is found below a parent that exists.
func subFound(ctx context.Context, t *T, op service.Operation) bool {
	ids, ok := parentIDs(t, op)
	if !ok {
		return false
	}
	r := t.Get(ctx, op.PathFor(ids...), Query("limit", "1"))
	if r.Status != 200 {
		t.Hinders(r)
	}
	return r.Status == 200
}

func unknownRoute(ctx context.Context, t *T) {
	const route, inJSON = errorsAt + "unknown-route", errorsAt + "unknown-route-json"
	var last *harness.Response
	for _, path := range []string{"/noSuchCollection", t.other().List.Path + "/x/noSuchCollection", t.sample().List.Path + "/x/y/z"} {
		r := t.Get(ctx, path, "")
		last = r
		if r.Status != 404 && !t.ItsOwn(ctx, r, route, inJSON) {
			continue
		}
		shown := []*harness.Response{r}
		t.Assert(route, r.Status == 404, harness.Finding{Expected: "404", Seen: r.Summary(), Where: path, Responses: shown})
		if r.Status >= 400 {
			t.Assert(inJSON, isJSONObject(r), harness.Finding{Expected: "an error body in JSON", Seen: r.Summary(), Where: path, Responses: shown})
			judgeTerms(t, r, path)
		}
	}
	termsOptional(t)
	t.Settle(t.BlockedBy(route, "unknown paths are not refused", last), inJSON)
}

func isJSONObject(r *harness.Response) bool {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	_, fault := membersOf(r.Body)
	return err == nil && kind == "application/json" && fault == ""
}

// failure is one way to make the service say no, and the code minor that fits.
type failure struct {
	name    string
	status  int
	minor   string // requirement of the code minor, below errors
	value   string
	governs string // the requirement that it is refused so, below the service
	ask     func(ctx context.Context, t *T) *harness.Response
}

// governor names the requirement that the answer which should have been this failure
// breaks. That a right is asked for at all is another one than how its lack is told.
func (f failure) governor(t *T, r *harness.Response) string {
	if f.governs == "scope.status" && r.Status < 300 {
		if beside := t.Service.Scopes.Beside; beside != "" && strings.Contains(r.Request.URL, "/"+beside) {
			return scopeAt + beside + "-needed"
		}
		if t.Service.Scopes.Core == t.Service.Scopes.Full {
			return scopeAt + "other"
		}
		return scopeAt + "core-only"
	}
	return f.governs
}

func failures(t *T) []failure {
	plain := func(path, q string) func(context.Context, *T) *harness.Response {
		return func(ctx context.Context, t *T) *harness.Response { return t.Get(ctx, path, q) }
	}
	single := func(c service.Collection) func(context.Context, *T) *harness.Response {
		if c.ReadID == "" {
			return nil
		}
		return plain(c.Read.PathFor(missing), "")
	}
	list := []failure{
		{"unknown object", 404, "code-unknown-object", "unknownobject", "errors.unknown-object", single(t.sample())},
		{"unknown " + t.other().Kind, 404, "code-unknown-object", "unknownobject", "errors.unknown-object",
			single(t.other())},
		{"unknown filter field", 400, "code-invalid-filter", "invalid_filter_field", "filter.unknown-field",
			plain(t.sample().List.Path, Query("filter", "noSuchProperty='x'"))},
		selectionFailure(t, plain),
		{"no token", 401, "code-unauthorised", "unauthorisedrequest", "access.missing", func(ctx context.Context, t *T) *harness.Response {
			return t.Do(ctx, harness.Request{URL: t.Session().Base + t.sample().List.Path, Auth: harness.AuthNone})
		}},
		{"insufficient scope", 403, "code-forbidden", "forbidden", "scope.status", func(ctx context.Context, t *T) *harness.Response {
			scope, shut := insufficient(t)
			token, _ := narrow(ctx, t, scope)
			if token == "" {
				return nil
			}
			for _, op := range shut {
				o := t.Service.Operation(op)
				if ids, ok := parentIDs(t, o); ok {
					return withToken(ctx, t, o.PathFor(ids...), token)
				}
			}
			return nil
		}},
	}
	return slices.DeleteFunc(list, func(f failure) bool { return t.spared[errorsAt+f.minor] || f.ask == nil })
}

// selectionFailure is a selection of what there isn't; where that is no failure, of nothing.
func selectionFailure(t *T, plain func(path, q string) func(context.Context, *T) *harness.Response) failure {
	if t.Service.Warns {
		return failure{"blank selection", 400, "code-invalid-selection", "invalid_selection_field", "fields.blank",
			plain(t.sample().List.Path, blankSelection)}
	}
	return failure{"unknown field", 400, "code-invalid-selection", "invalid_selection_field", "fields.unknown",
		plain(t.sample().List.Path, Query("fields", "noSuchField"))}
}

// insufficient names a scope, and operations that it doesn't open: the core one's, or where that
// opens everything another service's.
func insufficient(t *T) (scope string, shut []string) {
	if s := t.Service.Scopes; s.Core == s.Full {
		return s.Other, []string{t.sample().ListID}
	}
	return t.Service.Scopes.Core, t.Service.Samples.Beyond
}

// remedyOf says how a token for an insufficient scope could be had.
func remedyOf(t *T) string {
	scope, _ := insufficient(t)
	return narrowRemedy(t, scope)
}

func errorBodies(ctx context.Context, t *T) {
	at := func(name string) string { return errorsAt + name }
	schema, err := schemas.Load(t.Service.StatusInfo)
	if err != nil {
		panic(err)
	}
	var refused *harness.Response
	var shut harness.Obstacle // what keeps from looking into the bodies
	judged := 0
	for _, f := range failures(t) {
		r := f.ask(ctx, t)
		if r == nil || r.Status != f.status || r.Problem != "" {
			seen := "could not be provoked"
			if r != nil {
				seen = "was answered with " + r.Summary()
			}
			switch {
			case r == nil && t.alone != nil:
				t.NotTested(*t.alone, at(f.minor))
			case r == nil:
				t.NotTested(harness.Unconfigured(f.name+" "+seen, remedyOf(t)), at(f.minor))
			case f.governs == "scope.status" && r.Status == http.StatusNotFound:
				t.NotTested(t.BlockedAt(r, r.Summary()), at(f.minor)) // what isn't there says nothing of scopes
			case t.ItsOwn(ctx, r, at(f.minor)):
				refused = r
				t.NotTested(t.BlockedBy(f.governor(t, r), f.name+" "+seen, r), at(f.minor))
			}
			continue
		}
		shown := []*harness.Response{r}
		if !t.Assert(at("json"), isJSONObject(r),
			harness.Finding{Expected: "a JSON object as application/json", Seen: r.Summary(), Where: f.name, Responses: shown}) {
			t.NotTested(t.BlockedBy(at("json"), "the error body is no JSON", r), at(f.minor))
			shut = t.BlockedBy(at("json"), "the error body is no JSON", r)
			continue
		}
		judgeInternals(t, at("no-internals"), r, f.name)
		if by := judgeStatusInfo(t, schema, r, f, at); by != "" {
			shut = t.BlockedBy(by, f.name+": the error body has another shape", r)
		}
		judged++
	}
	if shut.Owner() != "" {
		t.Settle(shut)
	}
	if judged > 0 && shut.Owner() == "" {
		for _, id := range []string{at("code-minor-shape"), at("code-minor-vocabulary"), at("code-minor-name")} {
			if !t.spared[id] {
				t.NotApplicable(id, "the error bodies have no code minor, which is optional")
			}
		}
		t.NotApplicable(at("text-unknown-object"), "the error bodies have no description, which is optional")
	}
	if judged == 0 && !t.Blocked() && refused != nil {
		t.Settle(t.BlockedBy(errorsAt+"unknown-object", "no failure with such a body could be provoked", refused))
	}
}

// internals are marks of stack traces, SQL and paths that leak out of errors.
var internals = []string{"at java.", "at org.", "\tat ", "stack trace", "stacktrace", "Traceback (most", "goroutine ", ".java:",
	".py\", line", "SELECT ", "SQLSTATE", "ORA-0", "System.Data.", "/var/www", "/usr/local", "C:\\\\", "node_modules"}

func judgeInternals(t *T, id string, r *harness.Response, what string) {
	body := string(r.Body)
	i := slices.IndexFunc(internals, func(mark string) bool { return strings.Contains(body, mark) })
	seen := ""
	if i >= 0 {
		seen = "a body with " + strings.TrimSpace(internals[i])
	}
	t.Assert(id, i < 0, harness.Finding{Expected: "no stack trace, SQL or file path", Seen: seen, Where: what,
		Responses: []*harness.Response{r}})
}

// nothingToStore is the body with which other methods are tried: JSON, so that it comes as far
// as the router of a product that parses bodies before, and no object, so that one that has the
// method after all, and makes what it is sent, can make nothing of it.
const nothingToStore = "[]"

// otherMethods sends what could write, only at ids that don't exist and with nothing to store:
// a product that does carry it out is not harmed.
func otherMethods(ctx context.Context, t *T) {
	const refused, status = errorsAt + "write-refused", errorsAt + "method-status"
	judged := slices.DeleteFunc([]string{refused, status}, func(id string) bool { return t.spared[id] })
	problems := 0
	for _, try := range []struct {
		method, path string
		there        bool // the resource exists, so that 404 is no answer of a router
	}{
		{http.MethodPut, objectPath(t.other()), false}, {http.MethodDelete, objectPath(t.other()), false},
		{http.MethodPatch, objectPath(t.sample()), false}, {http.MethodPost, t.other().List.Path, true}, {http.MethodPost,
			"/" + t.Service.Samples.Written, true},
	} {
		if len(t.Service.Writes) > 0 && (try.method == http.MethodPut || try.method == http.MethodDelete) {
			continue // it has these operations
		}
		if problems > 1 {
			break
		}
		r := t.Do(ctx, harness.Request{Method: try.method, Repeatable: true, URL: t.Session().Base + try.path,
			Header: http.Header{"Content-Type": {"application/json"}}, Body: []byte(nothingToStore)})
		if r.Problem != "" {
			problems++
		}
		shown := []*harness.Response{r}
		if Between(r) {
			t.NotTested(t.BlockedAt(r, r.Summary()), judged...)
			continue
		}
		if !t.spared[refused] {
			t.Assert(refused, r.Status >= 400 && (r.Status < 500 || r.Status == 501),
				harness.Finding{Expected: "a refusal: 405, or another client error", Seen: r.Summary(), Where: try.method, Responses: shown})
			t.leftBehind(ctx, try.path, r, refused)
			if r.Status < 400 || r.Status >= 500 && r.Status != 501 {
				t.NotTested(t.BlockedBy(refused, try.method+" is not refused", r), status)
				continue
			}
		}
		if lookedAtBody(r) {
			judgeTerms(t, r, try.method)
			continue // it may have the method, beyond the standard
		}
		named, expected := r.Header.Get("Allow") != "", "405 with an Allow header"
		if named && try.path == t.other().List.Path { // which the run has read
			named, expected = namesMethod(r.Header.Values("Allow"), http.MethodGet), "405 with an Allow header that names GET"
		}
		ok := r.Status == 501 || r.Status == 404 && !try.there || r.Status == 403 || r.Status == 405 && named
		t.Assert(status, ok, harness.Finding{Expected: expected,
			Seen: fmt.Sprintf("%d, Allow: %q", r.Status, r.Header.Get("Allow")), Where: try.method + " " + try.path, Responses: shown})
		judgeTerms(t, r, try.method)
	}
	t.Settle(harness.Unclaimed("other methods are refused for what was sent with them: the product may have them"), status)
	termsOptional(t)
}

// lookedAtBody tells whether a refusal is one of what was sent, and not of the method.
func lookedAtBody(r *harness.Response) bool {
	return slices.Contains([]int{http.StatusBadRequest, http.StatusLengthRequired, http.StatusUnsupportedMediaType,
		http.StatusUnprocessableEntity}, r.Status)
}

// leftBehind names what a product made of a request that it should have refused.
func (t *T) leftBehind(ctx context.Context, path string, r *harness.Response, requirement string) {
	if r.Request.Method != http.MethodPut || r.Status >= 300 {
		return
	}
	made := t.Get(ctx, path, "")
	if _, there := singleID(t.Service, made.Body); there && made.Status == http.StatusOK {
		t.Note(requirement, "The product stored what it should have refused: delete %s", path)
	}
}

// serverErrors asks what every HTTP client may ask, as far as no other requirement that
// is a MUST has the same question: what those that are less than that meet is laid here.
func serverErrors(ctx context.Context, t *T) {
	const id = errorsAt + "server-error"
	plain := t.sample().List.Path
	for _, try := range []struct {
		what   string
		method string
		path   string
		header http.Header
	}{
		{"an unknown parameter", "", plain + "?limit=5&noSuchParameter=1", nil},
		{"a parameter twice", "", plain + "?fields=" + t.key() + "&fields=" + t.property() + "&limit=5", nil},
		{"a question mark alone", "", plain + "?", nil},
		{"OPTIONS", http.MethodOptions, plain, nil},
		{"another language", "", plain + "?limit=5", http.Header{"Accept-Language": {"tlh;q=0.5, *;q=0.1"}}},
		{"another media type", "", plain + "?limit=5", http.Header{"Accept": {"application/xml;q=0.9, */*;q=0.1"}}},
	} {
		ask := func() *harness.Response {
			return t.Do(ctx, harness.Request{Method: try.method, URL: t.Session().Base + try.path, Header: try.header})
		}
		r := ask()
		if Between(r) {
			r = ask()
		}
		if r.Problem != "" || r.Status == http.StatusTooManyRequests {
			t.Hinders(r) // no answer is no breakdown
			continue
		}
		broke := r.Status >= 500 && r.Status != http.StatusNotImplemented
		if r.Status >= 300 { // what refuses everybody was not asked
			if plain := control(ctx, t, r); !plain.OK() {
				t.NotTested(t.BlockedAt(plain.Response, plain.Why()), id)
				continue
			}
		}
		t.Assert(id, !broke, harness.Finding{Expected: "no server error", Seen: r.Summary(), Where: try.what, Responses: []*harness.Response{r}})
	}
}

func unknownParameter(ctx context.Context, t *T) {
	const id = errorsAt + "unknown-parameter"
	c, _ := pageable(t, 1)
	plain := part(ctx, t, c, 0, 5)
	if !t.ReadyPage(plain, id) {
		return
	}
	p := part(ctx, t, c, 0, 5, "noSuchParameter", "1", "_", "1700000000")
	if !p.OK() && !t.ItsOwn(ctx, p.Response, id) {
		return
	}
	t.Assert(id, p.OK() && slices.Equal(inAnyOrder(p.IDs), inAnyOrder(plain.IDs)),
		harness.Finding{Expected: "the answer as without it", Seen: p.Summary(), Responses: []*harness.Response{p.Response, plain.Response}})
}

// inAnyOrder sorts ids, for comparison without regard to order.
func inAnyOrder(ids []string) []string { return SortedKeys(Set(ids)) }

// objectPath is the path of an object that isn't there, whether or not objects can be read singly.
func objectPath(c service.Collection) string {
	if c.ReadID == "" {
		return c.List.Path + "/" + missing
	}
	return c.Read.PathFor(missing)
}
