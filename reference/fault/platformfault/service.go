package platformfault

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"

	"github.com/rollcall-edu/rollcall/reference/fault/bend"
	"github.com/rollcall-edu/rollcall/reference/platform"
)

// serviceFaults are platforms whose keys or tokens for services are wrong.
func serviceFaults() map[string]behaviour {
	keys := func(change func(k map[string]any)) behaviour {
		return at("/jwks", func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			rec := bend.Answered(next, r)
			var set map[string][]map[string]any
			if json.Unmarshal(rec.Body.Bytes(), &set) == nil {
				for _, k := range set["keys"] {
					change(k)
				}
				rec.Body.Reset()
				_ = json.NewEncoder(rec.Body).Encode(set) // a buffer never fails
			}
			bend.Give(w, rec)
		})
	}
	return map[string]behaviour{
		"platform-link-broken": {Wrap: bend.Below("/links/", func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
			http.Error(w, "This link can't be opened just now.", http.StatusInternalServerError)
		})},
		"platform-keys-down": at("/jwks", func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
			http.Error(w, "sign in first", http.StatusForbidden)
		}),
		"platform-keys-500": at("/jwks", func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
			http.Error(w, "Internal Server Error", http.StatusInternalServerError)
		}),
		"platform-keys-plain":   keys(func(k map[string]any) { rewritten(k, base64.StdEncoding) }),
		"platform-keys-padded":  keys(func(k map[string]any) { rewritten(k, base64.URLEncoding) }),
		"platform-keys-private": keys(func(k map[string]any) { k["d"] = "c2VjcmV0" }),
		"platform-keys-no-kid":  keys(func(k map[string]any) { delete(k, "kid") }),
		"platform-keys-short": at("/jwks", func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			rec := bend.Answered(next, r)
			var set map[string][]map[string]any
			if old, err := rsa.GenerateKey(rand.Reader, 1024); err == nil && json.Unmarshal(rec.Body.Bytes(), &set) == nil {
				set["keys"] = append(set["keys"], map[string]any{"kty": "RSA", "kid": "old", "use": "sig", "alg": "RS256",
					"n": base64.RawURLEncoding.EncodeToString(old.N.Bytes()),
					"e": base64.RawURLEncoding.EncodeToString(big.NewInt(int64(old.E)).Bytes())})
				rec.Body.Reset()
				_ = json.NewEncoder(rec.Body).Encode(set) // a buffer never fails
			}
			bend.Give(w, rec)
		}),
		"platform-access-down": at("/token", func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
			http.Error(w, "not yet", http.StatusNotImplemented)
		}),
		"platform-access-text": access(http.StatusOK, func(t map[string]any, _ *http.Request) { t["expires_in"] = "3600" }),
		"platform-access-kept": at("/token", func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			rec := bend.Answered(next, r)
			rec.Header().Set("Cache-Control", "max-age=600")
			bend.Give(w, rec)
		}),
		"platform-access-echo": access(http.StatusOK, func(t map[string]any, r *http.Request) { t["scope"] = r.Form.Get("scope") }),
		"platform-access-list": at("/token", listRefused),
		"platform-access-grants": at("/token", func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			r.PostForm.Set("grant_type", "client_credentials")
			next.ServeHTTP(w, r)
		}),
		"platform-access-assertion-type": at("/token", func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			r.PostForm.Set("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
			next.ServeHTTP(w, r)
		}),
		"platform-access-repeated": at("/token", func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			_ = r.ParseForm() // what can't be read is refused by the platform itself
			for name, values := range r.PostForm {
				r.PostForm[name] = values[:1]
			}
			next.ServeHTTP(w, r)
		}),
		"platform-access-unscoped": access(http.StatusOK, func(t map[string]any, _ *http.Request) { delete(t, "scope") }),
		"platform-access-scopeless": at("/token", func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			if strings.HasPrefix(r.PostForm.Get("scope"), "https://example.org/") {
				r.Form.Set("scope", "")
				bend.Give(w, issued(r))
				return
			}
			next.ServeHTTP(w, r)
		}),
		"platform-access-scopes": at("/token", func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			if strings.HasPrefix(r.PostForm.Get("scope"), "https://example.org/") {
				bend.Give(w, issued(r))
				return
			}
			next.ServeHTTP(w, r)
		}),
		"platform-access-open": at("/token", func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			rec := bend.Answered(next, r)
			if rec.Code != http.StatusOK {
				rec = issued(r)
			}
			bend.Give(w, rec)
		}),
		"platform-access-missing": at("/token", func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			if !r.PostForm.Has("client_assertion") || !r.PostForm.Has("grant_type") {
				bend.Give(w, issued(r))
				return
			}
			next.ServeHTTP(w, r)
		}),
		"platform-access-unsigned": at("/token", func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			head, _, _ := strings.Cut(r.PostForm.Get("client_assertion"), ".")
			raw, err := base64.RawURLEncoding.DecodeString(head)
			if err == nil && strings.Contains(string(raw), `"alg":"none"`) {
				bend.Give(w, issued(r))
				return
			}
			next.ServeHTTP(w, r)
		}),
		"platform-access-exp-optional": asserted("exp", func(a *platform.Asserted) bool {
			return a.Expires == nil || a.Now.Before(a.Expires.Time())
		}),
		"platform-access-aud-optional": lenient("aud", func(a *platform.Asserted) bool { return len(a.Audience) == 0 }),
		"platform-access-iat-optional": lenient("iat", func(a *platform.Asserted) bool { return a.IssuedAt == nil }),
		"platform-access-get": at("/token", func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			if r.Method == http.MethodGet {
				r.Method, r.PostForm = http.MethodPost, r.Form
				r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			}
			next.ServeHTTP(w, r)
		}),
		"platform-access-html": at("/token", func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			rec := bend.Answered(next, r)
			if rec.Code != http.StatusOK {
				http.Error(w, "<h1>Error</h1>", http.StatusBadRequest)
				return
			}
			bend.Give(w, rec)
		}),
	}
}

// rewritten writes the numbers of a key in another base64.
func rewritten(k map[string]any, in *base64.Encoding) {
	for _, name := range []string{"n", "e"} {
		text, _ := k[name].(string)
		if raw, err := base64.RawURLEncoding.DecodeString(text); err == nil {
			k[name] = in.EncodeToString(raw)
		}
	}
}

// asserted puts another rule for client assertions in the place of one, and leaves
// the rule out that an assertion be short-lived.
func asserted(id string, fits func(*platform.Asserted) bool) behaviour {
	return behaviour{Bend: func(c *platform.Config) {
		c.Assertions = slices.DeleteFunc(platform.Assertions(), func(a platform.Assertion) bool { return a.ID == "life" })
		i := slices.IndexFunc(c.Assertions, func(a platform.Assertion) bool { return a.ID == id })
		c.Assertions[i].Broken = func(a *platform.Asserted) string {
			if fits(a) {
				return ""
			}
			return "The assertion is refused."
		}
	}}
}

// lenient has one rule for client assertions not hold where that which it speaks of is left
// out.
func lenient(id string, absent func(*platform.Asserted) bool) behaviour {
	return behaviour{Bend: func(c *platform.Config) {
		c.Assertions = slices.Clone(platform.Assertions())
		i := slices.IndexFunc(c.Assertions, func(a platform.Assertion) bool { return a.ID == id })
		holds := c.Assertions[i].Broken
		c.Assertions[i].Broken = func(a *platform.Asserted) string {
			if absent(a) {
				return ""
			}
			return holds(a)
		}
	}}
}

// issued is a token that nobody earned.
func issued(r *http.Request) *httptest.ResponseRecorder {
	rec := httptest.NewRecorder()
	rec.Header().Set("Content-Type", "application/json")
	rec.Header().Set("Cache-Control", "no-store")
	_ = json.NewEncoder(rec.Body).Encode(map[string]any{"access_token": "for-anybody", "token_type": "Bearer", "expires_in": 3600,
		"scope": r.Form.Get("scope")}) // a buffer never fails
	return rec
}

// listRefused refuses assertions whose aud is a list.
func listRefused(w http.ResponseWriter, r *http.Request, next http.Handler) {
	if parts := strings.Split(r.PostForm.Get("client_assertion"), "."); len(parts) == 3 {
		raw, err := base64.RawURLEncoding.DecodeString(parts[1])
		if err == nil && strings.Contains(string(raw), `"aud":[`) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusBadRequest)
			_, _ = w.Write([]byte(`{"error":"invalid_client"}`)) // the client may be gone
			return
		}
	}
	next.ServeHTTP(w, r)
}

// access changes the answer of the token endpoint to those who get a token.
func access(code int, change func(t map[string]any, r *http.Request)) behaviour {
	return at("/token", func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		rec := bend.Answered(next, r)
		var t map[string]any
		if rec.Code == http.StatusOK && json.Unmarshal(rec.Body.Bytes(), &t) == nil {
			change(t, r)
			rec.Body.Reset()
			_ = json.NewEncoder(rec.Body).Encode(t) // a buffer never fails
			rec.Code = code
		}
		bend.Give(w, rec)
	})
}
