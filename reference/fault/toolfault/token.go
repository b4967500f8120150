package toolfault

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/rollcall-edu/rollcall/reference/tool/client"
)

// everyScope is what libraries ask for that know no launch.
var everyScope = strings.Join([]string{client.ScopeMembers, client.ScopeLineItem, client.ScopeLineItemsRead,
	client.ScopeResults, client.ScopeScore}, " ")

// form changes the form by which a token is asked for.
func form(change func(v url.Values)) behaviour {
	return sending(ofTokens, func(_ *http.Request, body []byte) []byte {
		v, err := url.ParseQuery(string(body))
		if err != nil {
			return body
		}
		change(v)
		return []byte(v.Encode())
	})
}

// granting changes what comes with a token.
func granting(change func(a *reply, granted map[string]any)) behaviour {
	return receiving(ofTokens, func(_ *http.Request, a *reply) {
		var granted map[string]any
		if json.Unmarshal(a.body, &granted) != nil {
			return
		}
		change(a, granted)
		if body, err := json.Marshal(granted); err == nil {
			a.body = body
		}
	})
}

// tokenFaults are tools that get access tokens in a wrong way, or use them so.
func tokenFaults() map[string]behaviour {
	bare := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"RS256","typ":"JWT"}`))
	return map[string]behaviour{
		"tool-access-json": sending(ofTokens, func(r *http.Request, body []byte) []byte {
			v, _ := url.ParseQuery(string(body)) // of ours
			members := map[string]string{}
			for name := range v {
				members[name] = v.Get(name)
			}
			r.Header.Set("Content-Type", "application/json")
			out, _ := json.Marshal(members) // of texts
			return out
		}),
		"tool-access-no-scope":     form(func(v url.Values) { v.Del("scope") }),
		"tool-access-scope-twice":  form(func(v url.Values) { v.Add("scope", v.Get("scope")) }),
		"tool-access-iss-platform": asserting(func(p client.Platform, claims map[string]any) { claims["iss"] = p.Issuer }),
		"tool-access-no-sub":       asserting(func(_ client.Platform, claims map[string]any) { delete(claims, "sub") }),
		"tool-access-aud-issuer":   asserting(func(p client.Platform, claims map[string]any) { claims["aud"] = p.Issuer }),
		"tool-access-aud-two": asserting(func(p client.Platform, claims map[string]any) {
			claims["aud"] = []any{p.TokenURL, p.Issuer}
		}),
		"tool-access-no-exp": asserting(func(_ client.Platform, claims map[string]any) { delete(claims, "exp") }),
		"tool-access-milliseconds": asserting(func(_ client.Platform, claims map[string]any) {
			claims["iat"], claims["exp"] = claims["iat"].(int64)*1000, claims["exp"].(int64)*1000
		}),
		"tool-access-year":      asserting(func(_ client.Platform, claims map[string]any) { claims["exp"] = claims["iat"].(int64) + 365*24*3600 }),
		"tool-access-no-jti":    asserting(func(_ client.Platform, claims map[string]any) { delete(claims, "jti") }),
		"tool-access-jti-fixed": asserting(func(_ client.Platform, claims map[string]any) { claims["jti"] = "1" }),
		"tool-access-no-kid": form(func(v url.Values) {
			_, rest, _ := strings.Cut(v.Get("client_assertion"), ".")
			v.Set("client_assertion", bare+"."+rest)
		}),
		"tool-access-signature": form(func(v url.Values) {
			parts := strings.Split(v.Get("client_assertion"), ".")
			raw, _ := base64.RawURLEncoding.DecodeString(parts[len(parts)-1]) // of ours
			slices.Reverse(raw)
			v.Set("client_assertion", strings.Join(parts[:len(parts)-1], ".")+"."+base64.RawURLEncoding.EncodeToString(raw))
		}),
		"tool-access-in-address": sending(ofServices, func(r *http.Request, body []byte) []byte {
			q := r.URL.Query()
			q.Set("access_token", strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "))
			r.URL.RawQuery = q.Encode()
			r.Header.Del("Authorization")
			return body
		}),
		"tool-access-each-time": granting(func(_ *reply, granted map[string]any) { granted["expires_in"] = 0 }),
		"tool-access-unread":    mistaking(ofTokens, http.StatusOK, http.StatusServiceUnavailable),
		"tool-access-kept":      mistaking(ofServices, http.StatusUnauthorized, http.StatusBadRequest),
		"tool-access-lasting":   granting(func(_ *reply, granted map[string]any) { granted["expires_in"] = 365 * 24 * 3600 }),
		"tool-access-members-too": form(func(v url.Values) {
			if strings.Contains(v.Get("scope"), "lti-ags") {
				v.Set("scope", v.Get("scope")+" "+client.ScopeMembers)
			}
		}),
		"tool-access-200-only":    mistaking(ofTokens, http.StatusCreated, http.StatusBadRequest),
		"tool-access-all-scopes":  form(func(v url.Values) { v.Set("scope", everyScope) }),
		"tool-access-one-for-all": oneForAll(),
		"tool-access-bearer-case": granting(func(_ *reply, granted map[string]any) {
			if granted["token_type"] != "Bearer" {
				granted["token_type"] = "unknown"
			}
		}),
	}
}

// oneForAll keeps one token for each platform, whatever it was granted for.
func oneForAll() behaviour {
	var mu sync.Mutex
	kept := ""
	return passing(ofServices, func(r *http.Request, send func(*http.Request) (*reply, error)) (*reply, error) {
		out := changedRequest(r, func(r *http.Request, body []byte) []byte {
			mu.Lock()
			defer mu.Unlock()
			if kept == "" {
				kept = r.Header.Get("Authorization")
			}
			r.Header.Set("Authorization", kept)
			return body
		})
		a, err := send(out)
		if err == nil && a.StatusCode == http.StatusUnauthorized {
			mu.Lock()
			kept = ""
			mu.Unlock()
		}
		return a, err
	})
}

// tokenOddities are tools that do so in an unusual way.
func tokenOddities() map[string]behaviour {
	return map[string]behaviour{
		"tool-access-aud-list":  asserting(func(p client.Platform, claims map[string]any) { claims["aud"] = []any{p.TokenURL} }),
		"tool-access-half-hour": asserting(func(_ client.Platform, claims map[string]any) { claims["exp"] = claims["iat"].(int64) + 1800 }),
		"tool-access-deployment": asserting(func(_ client.Platform, claims map[string]any) {
			claims["https://purl.imsglobal.org/spec/lti/claim/deployment_id"], claims["nbf"] = "1", claims["iat"]
		}),
		"tool-access-client-id": form(func(v url.Values) { v.Set("client_id", "a-public-name") }),
		"tool-access-grades-at-once": form(func(v url.Values) {
			if strings.Contains(v.Get("scope"), "lti-ags") {
				v.Set("scope", strings.Join([]string{client.ScopeScore, client.ScopeLineItem, client.ScopeResults}, " "))
			}
		}),
		"tool-access-scheme-case": sending(ofServices, func(r *http.Request, body []byte) []byte {
			r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), "Bearer ", "bearer ", 1))
			return body
		}),
	}
}
