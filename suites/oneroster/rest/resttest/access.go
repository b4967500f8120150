package resttest

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/rollcall-edu/rollcall/suites/oneroster/service"
)

// Client and Secret are what a fake's token endpoint knows.
const Client, Secret = "me", "hush-hush"

// Grant answers a token request: of the scopes, which are of a service, any may be asked for.
// issue makes the token.
func Grant(header http.Header, r *http.Request, of *service.Service, scopes []string, life time.Duration,
	issue func(asked []string) string) (status int, body Object) {
	header.Set("Cache-Control", "no-store")
	if r.Method != http.MethodPost || r.ParseForm() != nil {
		header.Set("Allow", "POST")
		return http.StatusMethodNotAllowed, Object{"error": "invalid_request"}
	}
	id, secret, basic := r.BasicAuth()
	if !basic {
		id, secret = r.PostForm.Get("client_id"), r.PostForm.Get("client_secret")
	}
	asked := strings.Fields(r.PostForm.Get("scope"))
	foreign := slices.ContainsFunc(asked, func(x string) bool {
		return !slices.Contains(scopes, strings.TrimPrefix(x, of.Scopes.Prefix))
	})
	switch {
	case id != Client || secret != Secret:
		header.Set("WWW-Authenticate", "Basic")
		return http.StatusUnauthorized, Object{"error": "invalid_client"}
	case r.PostForm.Get("grant_type") != "client_credentials":
		return http.StatusBadRequest, Object{"error": "unsupported_grant_type"}
	case foreign:
		return http.StatusBadRequest, Object{"error": "invalid_scope"}
	}
	return http.StatusOK, Object{"access_token": issue(asked), "token_type": "Bearer", "expires_in": life.Seconds(),
		"scope": strings.Join(asked, " ")}
}

// Admit looks at the token of a request for an operation. scopes gives what a token opens; it
// is false for one that opens nothing. Where nobody is let in status isn't 200, and minor and
// text say why.
func Admit(header http.Header, r *http.Request, of *service.Service, op service.Operation,
	scopes func(token string) ([]string, bool)) (status int, minor, text string) {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	granted, ok := scopes(token)
	if !ok || !strings.EqualFold(scheme, "bearer") {
		header.Set("WWW-Authenticate", "Bearer")
		return http.StatusUnauthorized, "unauthorisedrequest", "no good token"
	}
	if op.ID != "" && !slices.ContainsFunc(op.Scopes, func(x string) bool { return slices.Contains(granted, of.Scopes.Prefix+x) }) {
		header.Set("WWW-Authenticate", `Bearer error="insufficient_scope"`)
		return http.StatusForbidden, "forbidden", "not within the scope"
	}
	return http.StatusOK, "", ""
}

// Failure is the status info of a request that was refused.
func Failure(minor, text string) Object {
	return Object{"imsx_codeMajor": "failure", "imsx_severity": "error", "imsx_description": text,
		"imsx_CodeMinor": Object{"imsx_codeMinorField": []Object{
			{"imsx_codeMinorFieldName": "TargetEndSystem", "imsx_codeMinorFieldValue": minor}}}}
}
