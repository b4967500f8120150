package rest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/oneroster/service"
)

// wrapperRequirement names the requirement that governs the wrapper of an
// operation.
func wrapperRequirement(s *service.Service, op service.Operation) string {
	name := "sub-collections"
	if !op.Sub() {
		name = s.Collection(op.Root()).Wrapper
	}
	return "payload.wrapper-" + name
}

// Requirements that hold for the answer of every operation.
const (
	idJSON        = "payload.json"
	idUTF8        = "payload.utf8"
	idAlone       = "payload.wrapper-alone"
	idContentType = "headers.content-type"
	idCharset     = "headers.charset"
	idNotPublic   = "headers.not-public"
	idNoStatus    = "errors.not-in-success"
	idNoRedirect  = "transport.no-redirect"
	idInTime      = "robustness.in-time"
)

// endpointChecks ask every operation once and judge the answer as such.
func endpointChecks(s *service.Service) []Check {
	var out []Check
	for _, op := range s.Operations {
		id := "endpoint." + service.Kebab(op.ID)
		wrapper := wrapperRequirement(s, op)
		out = append(out, Check{
			ID: "endpoint." + service.Kebab(op.ID), Title: "GET " + op.Path + " answers 200 with " + op.Wrapper,
			Requirements: []string{id, wrapper, idJSON, idUTF8, idAlone, idContentType, idCharset, idNotPublic, idNoStatus, idNoRedirect, idInTime},
			Labels:       []string{"endpoint", "smoke"}, Needs: []Need{Covered(op.ID, op.Path), parents(op)},
			Body: func(ctx context.Context, t *T) { judgeEndpoint(ctx, t, op, id, wrapper) },
		})
	}
	return append(out, Check{
		ID: "endpoint.base-path", Title: "The base URL ends in the standard's base path", Requirements: []string{"endpoint.base-path"},
		Labels: []string{"endpoint"},
		Body: func(_ context.Context, t *T) {
			u, err := url.Parse(t.Session().Base)
			t.Assert("endpoint.base-path", err == nil && strings.HasSuffix(u.Path, s.Path), harness.Finding{
				Expected: "a base URL that ends in " + s.Path, Seen: t.Session().Base, Where: s.Section + "." + s.Key + " in target.yaml"})
		},
	})
}

func judgeEndpoint(ctx context.Context, t *T, op service.Operation, id, wrapper string) {
	ids, _ := parentIDs(t, op)
	q := Query("limit", "10")
	if op.Single || op.Unpaged {
		q = ""
	}
	response := t.Get(ctx, op.PathFor(ids...), q)
	shown := []*harness.Response{response}
	if response.Status != 0 { // an answer came
		t.Assert(idNoRedirect, response.Status < 300 || response.Status >= 400,
			harness.Finding{Expected: "an answer, not a redirect", Seen: fmt.Sprintf("%d to %s", response.Status, response.Header.Get("Location")),
				Where: "header Location", Responses: shown})
	}
	t.Assert(idInTime, !strings.Contains(response.Problem, "no whole response within"),
		harness.Finding{Expected: "an answer within " + t.Session().Budgets().Request.String(), Seen: response.Summary(), Responses: shown})
	html := strings.HasPrefix(strings.TrimSpace(string(response.Body)), "<")
	if !t.Assert(id, response.Status == 200 && response.Problem == "" && !html,
		harness.Finding{Expected: "200 and a JSON body", Seen: describeBody(response, html), Responses: shown}) {
		if response.Status == 200 && response.Problem == "" {
			t.Fail(idJSON, harness.Finding{Expected: "one JSON text", Seen: "an HTML page", Responses: shown})
		}
		t.NotTested(t.BlockedBy(id, op.Path+" gives no usable answer: "+response.Summary(), response), t.Requirements()[1:]...)
		return
	}
	judgeHeaders(t, response)
	judgeBody(t, op, response, wrapper)
	if !op.Single {
		return
	}
	if object, fault := takeSingle(response, op.Wrapper); fault == "" && SourcedID(object) != "" {
		t.Assert(id, SourcedID(object) == ids[0],
			harness.Finding{Expected: "the object with sourcedId " + ids[0], Seen: "the one with sourcedId " + SourcedID(object),
				Where: "/" + op.Wrapper + "/sourcedId", Responses: shown})
	}
}

func describeBody(r *harness.Response, html bool) string {
	if html && r.Status == 200 {
		return r.Summary() + ", an HTML page"
	}
	return r.Summary()
}

func judgeHeaders(t *T, r *harness.Response) {
	shown := []*harness.Response{r}
	raw := r.Header.Get("Content-Type")
	kind, params, err := mime.ParseMediaType(raw)
	t.Assert(idContentType, err == nil && kind == "application/json",
		harness.Finding{Expected: "application/json", Seen: quoteEmpty(raw), Where: "header Content-Type", Responses: shown})
	charset, named := params["charset"]
	t.Assert(idCharset, !named || strings.EqualFold(charset, "utf-8") || strings.EqualFold(charset, "utf8"),
		harness.Finding{Expected: "charset=utf-8, or none", Seen: raw, Where: "header Content-Type", Responses: shown})
	cache := strings.ToLower(strings.Join(r.Header.Values("Cache-Control"), ","))
	t.Assert(idNotPublic, !strings.Contains(cache, "public") && !strings.Contains(cache, "s-maxage"),
		harness.Finding{Expected: "nothing that lets shared caches keep personal data", Seen: cache, Where: "header Cache-Control",
			Responses: shown})
}

func quoteEmpty(s string) string {
	if s == "" {
		return "no such header"
	}
	return s
}

func judgeBody(t *T, op service.Operation, r *harness.Response, wrapper string) {
	shown := []*harness.Response{r}
	t.Assert(idUTF8, utf8.Valid(r.Body) && !strings.HasPrefix(string(r.Body), "\uFEFF"),
		harness.Finding{Expected: "UTF-8 without a byte order mark", Seen: "other bytes", Responses: shown})
	var whole struct{}
	err := json.Unmarshal(r.Body, &whole)
	var other *json.UnmarshalTypeError
	if errors.As(err, &other) {
		err = nil // JSON all the same
	}
	if !t.Assert(idJSON, err == nil, harness.Finding{Expected: "one JSON text, nothing before or behind it", Seen: fmt.Sprint(err),
		Responses: shown}) {
		t.NotTested(t.BlockedBy(idJSON, "the body of "+op.Path+" is no JSON", r), wrapper, idAlone, idNoStatus)
		return
	}
	envelope, broken := membersOf(r.Body)
	own(r, broken)
	if broken != "" {
		t.Fail(wrapper, harness.Finding{Expected: fmt.Sprintf("an object with member %q", op.Wrapper), Seen: "no JSON object", Responses: shown})
		t.NotTested(t.BlockedBy(wrapper, "the body of "+op.Path+" is no object", r), idAlone, idNoStatus)
		return
	}
	_, status := envelope["imsx_codeMajor"]
	t.Assert(idNoStatus, !status, harness.Finding{Expected: "a payload without imsx_ members", Seen: "imsx_codeMajor in a 200",
		Where: "/imsx_codeMajor", Responses: shown})
	if entries, shaped := statusSet(t, r.Body); shaped && t.Service.Status.Set != "" {
		t.Assert(idNoStatus, entries[0].Major != "failure" && entries[0].Severity != "error",
			harness.Finding{Expected: "no failure beside the data", Seen: "a failure in a 200", Where: "/" + t.Service.Status.Set, Responses: shown})
	}
	fault := ""
	if op.Single {
		_, fault = takeSingle(r, op.Wrapper)
	} else if _, there := envelope[op.Wrapper]; !there && envelope != nil && len(envelope) == 0 {
		t.NotTested(t.BlockedBy("payload.empty-list", op.Path+" answered {}", r), wrapper, idAlone)
		return
	} else {
		_, fault = takeList(r, op.Wrapper)
	}
	if t.Assert(wrapper, fault == "", harness.Finding{Expected: fmt.Sprintf("the payload in member %q", op.Wrapper), Seen: fault,
		Where: "/" + op.Wrapper, Responses: shown}) {
		var others []string
		for name := range envelope {
			if name != op.Wrapper && (name != t.Service.Status.Set || name == "") {
				others = append(others, name)
			}
		}
		slices.Sort(others)
		t.Assert(idAlone, len(others) == 0, harness.Finding{Expected: fmt.Sprintf("no member beside %q", op.Wrapper), Seen: Examples(others),
			Where: "/", Responses: shown})
		return
	}
	t.NotTested(t.BlockedBy(wrapper, "the wrapper of "+op.Path+" is wrong", r), idAlone)
}
