package rest

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/rollcall-edu/rollcall/suites/harness"
)

// withToken requests a path with a bearer token other than the session's.
func withToken(ctx context.Context, t *T, path, token string) *harness.Response {
	return t.Do(ctx, harness.Request{URL: t.Session().Base + path, Auth: harness.AuthNone,
		Header: http.Header{"Authorization": {"Bearer " + token}}})
}

// narrow obtains a token with one scope alone: from the main client where it
// grants no more than is asked for, else from the core client of the target
// file. The token is empty, with a reason, when none can be had.
func narrow(ctx context.Context, t *T, scope string) (token, why string) {
	asked := t.Service.Scopes.Prefix + scope
	got, r := t.RequestToken(ctx, harness.TokenRequest{Scopes: []string{asked}})
	if got != nil && onlyScope(got.Scope, asked, t.Service.Scopes.Family) {
		return got.AccessToken, ""
	}
	if core := t.Session().Credentials().Core; core != nil && scope == t.Service.Scopes.Core {
		got, r := t.RequestToken(ctx, harness.TokenRequest{ClientID: core.ClientID, ClientSecret: core.ClientSecret, Scopes: []string{asked}})
		if got != nil {
			return got.AccessToken, ""
		}
		return "", "the core client of target.yaml gets no token: " + r.Summary()
	}
	if got == nil {
		return "", "a token with the scope " + scope + " alone is refused: " + r.Summary()
	}
	return "", "a token asked for with the scope " + scope + " alone is granted with " + got.Scope
}

// onlyScope tells whether the granted scopes are the one asked for. A response
// Without scope means just that (RFC 6749 §5.1).
func onlyScope(granted, asked, family string) bool {
	fields := strings.Fields(granted)
	return len(fields) == 0 || !slices.ContainsFunc(fields, func(s string) bool { return s != asked && strings.Contains(s, "/scope/"+family) })
}

// narrowRemedy says how a token with one scope alone could be had, by what the target file
// doesn't have yet.
func narrowRemedy(t *T, scope string) string {
	switch core := t.Session().Credentials().Core; {
	case scope != t.Service.Scopes.Core:
		return "Grant the client " + t.Service.Scopes.Prefix + scope + " alone where it asks for no more."
	case core != nil:
		return "Register core_client of target.yaml at the token endpoint for " + t.Service.Scopes.Prefix + scope + " alone."
	}
	return "Let the client be granted less than everything, or give a core_client in target.yaml."
}
