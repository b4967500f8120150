package toolfault

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/rollcall-edu/rollcall/reference/lti"
	"github.com/rollcall-edu/rollcall/reference/tool"
)

// nearFaults are tools that compare loosely: what is nearly right is right.
func nearFaults() map[string]behaviour {
	instead := func(id string, good func(*tool.Attempt) bool) behaviour {
		return behaviour{Bend: func(c *tool.Config) {
			c.Rules = append(spare(c.Rules, id), tool.Rule{ID: id, Broken: func(a *tool.Attempt) string {
				if good(a) {
					return ""
				}
				return "This launch is not for us."
			}})
		}}
	}
	return map[string]behaviour{
		"tool-aud-within": instead("claim.aud", func(a *tool.Attempt) bool {
			return strings.Contains(strings.Join(a.Claims.Audience, " "), a.Platform.ClientID)
		}),
		"tool-aud-any-case": instead("claim.aud", func(a *tool.Attempt) bool {
			return slices.ContainsFunc(a.Claims.Audience, func(s string) bool { return strings.EqualFold(s, a.Platform.ClientID) })
		}),
		"tool-aud-empty": instead("claim.aud", func(a *tool.Attempt) bool {
			// None of the entries is somebody else.
			return a.Claims.Audience != nil && !slices.ContainsFunc(a.Claims.Audience,
				func(s string) bool { return s != a.Platform.ClientID && len(a.Claims.Audience) == 1 })
		}),
		"tool-nonce-any-case": instead("claim.nonce", func(a *tool.Attempt) bool { return a.Claims.Nonce != "" && strings.EqualFold(a.Claims.Nonce, a.Nonce) }),
		"tool-iss-any-case":   instead("claim.iss", func(a *tool.Attempt) bool { return strings.EqualFold(a.Claims.Issuer, a.Platform.Issuer) }),
		"tool-deployment-any-case": instead("message.deployment", func(a *tool.Attempt) bool {
			return slices.ContainsFunc(a.Platform.Deployments, func(s string) bool {
				return strings.EqualFold(s, strings.TrimSpace(a.Claims.Deployment))
			})
		}),
		"tool-leeway-long": instead("claim.exp", func(a *tool.Attempt) bool {
			return a.Claims.Expires != nil && a.Now.Before(a.Claims.Expires.Time().Add(9*time.Minute))
		}),
		"tool-exp-by-age": instead("claim.exp", func(a *tool.Attempt) bool {
			return a.Claims.Expires != nil && a.Claims.IssuedAt != nil && a.Now.Sub(a.Claims.IssuedAt.Time()) < 5*time.Minute
		}),
		"tool-exp-word": payload(func(claims map[string]json.RawMessage) bool {
			if e := claims["exp"]; len(e) > 0 && e[0] == '"' { // what isn't a number never comes
				claims["exp"] = json.RawMessage(fmt.Sprint(time.Now().Unix() + 300))
			}
			return true
		}),
		"tool-target-prefix": instead("message.target-own", func(a *tool.Attempt) bool {
			return a.Claims.Target == nil || strings.HasPrefix(*a.Claims.Target, a.Origin)
		}),
		"tool-sub-role-teaches": payload(func(claims map[string]json.RawMessage) bool {
			if r := string(claims[lti.Namespace+"roles"]); strings.Contains(r, `membership/Learner#Instructor"`) {
				claims[lti.Namespace+"roles"] = json.RawMessage(`["` + lti.Membership + `Instructor"]`)
			}
			return true
		}),
		"tool-system-teaches": payload(func(claims map[string]json.RawMessage) bool {
			if r := string(claims[lti.Namespace+"roles"]); strings.Contains(r, `system/person#Administrator"`) {
				claims[lti.Namespace+"roles"] = json.RawMessage(`["` + lti.Membership + `Instructor"]`)
			}
			return true
		}),
		"tool-principal-role": rule("principal-role", func(a *tool.Attempt) bool {
			return a.Claims.Roles != nil && len(*a.Claims.Roles) == 1 && strings.Contains((*a.Claims.Roles)[0], "/membership/")
		}),
		"tool-types-crash": at("/launch", func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			_ = r.ParseForm()
			claims := claimsOf(r.PostForm.Get("id_token"))
			is := func(name, first string) bool { return strings.HasPrefix(string(claims[name]), first) }
			if is(lti.Namespace+"context", "[") || is("sub", "1") || is(lti.Namespace+"resource_link", `"`) {
				http.Error(w, "TypeError: cannot read properties of undefined", http.StatusInternalServerError)
				return
			}
			next.ServeHTTP(w, r)
		}),
		"tool-login-crash": at("/login", func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			_ = r.ParseForm()
			if len(r.Form["iss"]) != 1 || !r.Form.Has("target_link_uri") {
				http.Error(w, "KeyError: iss", http.StatusInternalServerError)
				return
			}
			next.ServeHTTP(w, r)
		}),
	}
}

// claimsOf reads the claims of a token without a look at its signature.
func claimsOf(token string) map[string]json.RawMessage {
	var claims map[string]json.RawMessage
	if parts := strings.Split(token, "."); len(parts) > 1 {
		if raw, err := base64.RawURLEncoding.DecodeString(parts[1]); err == nil {
			_ = json.Unmarshal(raw, &claims) // none, then
		}
	}
	return claims
}
