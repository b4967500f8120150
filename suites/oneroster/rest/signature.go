package rest

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/rollcall-edu/rollcall/suites/harness"
)

const signatureAt = "signature."

// signed needs a target that is reached by signed requests.
func signed() Need {
	return Need{
		Text: "oauth1 in the target file",
		Unmet: func(_ context.Context, t *T) (harness.Obstacle, bool) {
			return harness.Unclaimed("the target file has no oauth1, and requests have a token"), !t.Session().Signs()
		},
	}
}

// tokened needs a target that is reached by tokens.
func tokened() Need {
	return Need{
		Text: "requests with a token",
		Unmet: func(_ context.Context, t *T) (harness.Obstacle, bool) {
			return harness.Unclaimed("requests are signed, and there is no token"), t.Session().Signs()
		},
	}
}

// signatureChecks judge requests that are signed by OAuth 1.0a (RFC 5849).
func signatureChecks() []Check {
	c := func(name, title string, body func(context.Context, *T), requirements ...string) Check {
		for i := range requirements {
			requirements[i] = signatureAt + requirements[i]
		}
		return Check{ID: "signature." + name, Title: title, Requirements: requirements, Labels: []string{"security", "signature"},
			Needs: []Need{signed()}, Body: body}
	}
	return []Check{
		c("accepted", "Signed requests are let in, whatever their query", signaturesTaken,
			"sha1", "sha256", "query", "blank", "reserved", "form"),
		c("refused", "A request that is not signed right is refused", signaturesRefused, "altered", "wrong-secret", "unknown-key", "bound",
			"incomplete", "version", "stale", "replayed"),
	}
}

// signedGet asks with a signature of its own.
func signedGet(ctx context.Context, t *T, query string, x harness.Signature) *harness.Response {
	to := address(t.Session().Base, t.sample().List.Path, query)
	return t.Do(ctx, harness.Request{URL: to, Auth: harness.AuthNone,
		Header: http.Header{"Authorization": {t.Session().Authorization(http.MethodGet, to, x)}}})
}

// signaturesTaken tries what has to be let in. What the query makes of the data is judged
// elsewhere: here, that nobody is turned away.
func signaturesTaken(ctx context.Context, t *T) {
	at := func(name string) string { return signatureAt + name }
	property := t.property()
	for _, x := range []struct {
		id, what, query string
		how             harness.Signature
	}{
		{at("sha1"), "HMAC-SHA1", "limit=1", harness.Signature{Method: "HMAC-SHA1"}},
		{at("sha256"), "HMAC-SHA256", "limit=1", harness.Signature{Method: "HMAC-SHA256"}},
		{at("query"), "limit and offset", "limit=1&offset=0", harness.Signature{}},
		{at("query"), "a filter", Query("limit", "1", "filter", "status='active'"), harness.Signature{}},
		{at("query"), "parameters in another order than the sorted one", Query("sort", "sourcedId", "limit", "1"), harness.Signature{}},
		{at("blank"), "blanks as %20", Query("limit", "1", "filter", property+"='Colin Robert'"), harness.Signature{}},
		{at("blank"), "blanks around an operator", Query("limit", "1", "filter", "status='active' AND "+property+"='Colin Robert'"),
			harness.Signature{}},
		{at("reserved"), "reserved characters", Query("limit", "1", "filter", property+"='a&b=c+d/é~*'"), harness.Signature{}},
		{at("form"), "a realm, which is not signed", "limit=1", harness.Signature{Realm: "OneRoster"}},
		{at("form"), "the parameters of the header in another order", "limit=1", harness.Signature{Backwards: true}},
		{at("form"), "without oauth_version, which is optional", "limit=1", harness.Signature{Leave: []string{"oauth_version"}}},
	} {
		r := signedGet(ctx, t, x.query, x.how)
		if Between(r) {
			t.NotTested(t.BlockedAt(r, r.Summary()), x.id)
			continue
		}
		t.Assert(x.id, r.Status != http.StatusUnauthorized && r.Status != http.StatusForbidden,
			harness.Finding{Expected: "the data, for the signature is right", Seen: r.Summary(), Where: x.what, Responses: []*harness.Response{r}})
	}
}

// signaturesRefused tries what must not be let in, beside a request that is.
func signaturesRefused(ctx context.Context, t *T) {
	at := func(name string) string { return signatureAt + name }
	good := signedGet(ctx, t, "limit=1", harness.Signature{})
	if good.Status != 200 || good.Problem != "" {
		t.NotTested(t.BlockedAt(good, good.Summary()))
		return
	}
	base, path := t.Session().Base, t.sample().List.Path
	day := 24 * time.Hour
	for _, x := range []struct {
		id, what string
		how      harness.Signature
	}{
		{at("altered"), "a signature with one character changed", harness.Signature{Altered: flip}},
		{at("altered"), "an empty signature", harness.Signature{Altered: func(string) string { return "" }}},
		{at("wrong-secret"), "another secret", harness.Signature{Secret: "not-" + "the-secret"}},
		{at("unknown-key"), "an unknown consumer", harness.Signature{Key: missing}},
		{at("bound"), "a signature of another query", harness.Signature{Of: base + path + "?limit=2"}},
		{at("bound"), "a signature without the query", harness.Signature{Of: base + path}},
		{at("bound"), "a signature of another path", harness.Signature{Of: base + "/elsewhere?limit=1"}},
		{at("bound"), "a signature of another method", harness.Signature{Verb: http.MethodPost}},
		{at("incomplete"), "no nonce", harness.Signature{Leave: []string{"oauth_nonce"}}},
		{at("incomplete"), "no timestamp", harness.Signature{Leave: []string{"oauth_timestamp"}}},
		{at("incomplete"), "no consumer key", harness.Signature{Leave: []string{"oauth_consumer_key"}}},
		{at("incomplete"), "no signature", harness.Signature{Leave: []string{"oauth_signature"}}},
		{at("version"), "oauth_version 2.0", harness.Signature{Version: "2.0"}},
		{at("stale"), "a timestamp of yesterday", harness.Signature{Timestamp: time.Now().Add(-day)}},
		{at("stale"), "a timestamp of tomorrow", harness.Signature{Timestamp: time.Now().Add(day)}},
	} {
		judgeUnsigned(t, x.id, signedGet(ctx, t, "limit=1", x.how), x.what)
	}
	once := harness.Signature{Nonce: fmt.Sprintf("rollcall-%d", time.Now().UnixNano()), Timestamp: time.Now()}
	if first := signedGet(ctx, t, "limit=1", once); t.Ready(first, 200, at("replayed")) {
		judgeUnsigned(t, at("replayed"), signedGet(ctx, t, "limit=1", once), "a nonce that was used a moment before")
	}
}

// judgeUnsigned judges that a request wasn't let in.
func judgeUnsigned(t *T, id string, r *harness.Response, what string) {
	if Between(r) {
		t.NotTested(t.BlockedAt(r, r.Summary()), id)
		return
	}
	t.Assert(id, r.Status == http.StatusUnauthorized || r.Status == http.StatusBadRequest || r.Status == http.StatusForbidden,
		harness.Finding{Expected: "401", Seen: r.Summary(), Where: what, Responses: []*harness.Response{r}})
}
