package nrps

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/rollcall-edu/rollcall/suites/harness"
)

// oddRequests are requests that are wrong, or that nobody expects; each may be refused, and
// breaks nothing.
var oddRequests = []struct {
	sent   string
	params []string
	header http.Header
	limit  bool // an impossible limit
}{
	{sent: "limit=0", params: []string{"limit", "0"}, limit: true},
	{sent: "limit=-1", params: []string{"limit", "-1"}, limit: true},
	{sent: "limit=ten", params: []string{"limit", "ten"}, limit: true},
	{sent: "limit=99999999999999999999", params: []string{"limit", "99999999999999999999"}},
	{sent: "an empty role", params: []string{"role", ""}},
	{sent: "a role that there isn't", params: []string{"role", "https://rollcall.example/role#Nobody"}},
	{sent: "a role with signs of every kind", params: []string{"role", `'"<>%\` + "\u2028"}},
	{sent: "an empty rlid", params: []string{"rlid", ""}},
	{sent: "an rlid of 2,000 characters", params: []string{"rlid", strings.Repeat("x", 2000)}},
	{sent: "role twice", params: []string{"role", membership + "Learner", "role", membership + "Instructor"}},
	{sent: "Accept: text/html", header: http.Header{"Accept": {"text/html"}}},
}

func odd(ctx context.Context, t *harness.T) {
	first := ask(ctx, t, address(t))
	for _, x := range oddRequests {
		p := askBy(ctx, t, harness.Request{URL: with(address(t), x.params...), Header: x.header})
		f := harness.Finding{Sent: x.sent, Expected: "a refusal, or members: no breakdown", Seen: p.what(),
			Responses: []*harness.Response{p.Response}}
		if !t.Assert(reqBroken, p.Problem == "" && p.Status < 500, f) {
			left(t, harness.BlockedBy(reqBroken, x.sent+" is answered with "+p.what(), p.Response), "limit.invalid")
			continue
		}
		if x.limit {
			f.Expected = "400, or as many members as without a limit"
			f.Seen = p.what() + ", " + many(len(p.members), "member")
			t.Assert(PlatformPrefix+"limit.invalid", p.Status >= 400 || p.usable() && len(p.members) == len(first.members), f)
		}
	}
	more := ask(ctx, t, with(address(t), "rollcall_unknown", "1"))
	t.Assert(PlatformPrefix+"query.unknown", more.usable() && len(more.members) == len(first.members), harness.Finding{
		Sent:      "a parameter that nobody knows",
		Expected:  "members as without it",
		Seen:      more.what() + ", " + many(len(more.members), "member"),
		Responses: []*harness.Response{more.Response, first.Response},
	})
	head := askBy(ctx, t, harness.Request{URL: address(t), Method: http.MethodHead})
	t.Assert(PlatformPrefix+"method.head", head.Status == http.StatusOK, harness.Finding{
		Sent:      "HEAD",
		Expected:  "200, as for GET",
		Seen:      head.Summary(),
		Responses: []*harness.Response{head.Response},
	})
	written := askBy(ctx, t, harness.Request{URL: address(t), Method: http.MethodPost, Body: []byte("{}"),
		Header: http.Header{"Content-Type": {"application/json"}, "Accept": {mediaType}}})
	f := harness.Finding{Sent: "POST with an empty object", Expected: "a refusal", Seen: written.Summary(),
		Responses: []*harness.Response{written.Response}}
	t.Assert(PlatformPrefix+"method.refused", written.Status < 200 || written.Status > 299, f)
	switch {
	case written.Status >= 500 || written.Problem != "":
		f.Expected = "a refusal: no breakdown"
		t.Fail(reqBroken, f)
		left(t, harness.BlockedBy(reqBroken, "POST is answered with "+written.Summary(), written.Response), "method.status")
	case written.Status < 300:
		left(t, harness.BlockedBy(PlatformPrefix+"method.refused", "POST is not refused", written.Response), "method.status")
	default:
		f.Expected, f.Seen = "405, with GET in Allow", written.Summary()+", Allow: "+written.Header.Get("Allow")
		t.Assert(PlatformPrefix+"method.status", written.Status == http.StatusMethodNotAllowed && reads(written.Header.Values("Allow")), f)
	}
}

// reads tells whether Allow names the method by which members are read (RFC 9110 §10.2.1).
func reads(allow []string) bool {
	return slices.ContainsFunc(strings.Split(strings.Join(allow, ","), ","), func(s string) bool {
		return strings.TrimSpace(s) == http.MethodGet
	})
}
