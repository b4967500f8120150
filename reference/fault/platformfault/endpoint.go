package platformfault

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/rollcall-edu/rollcall/reference/fault/bend"
)

// headed gives the header of the client assertion of a request.
func headed(r *http.Request) map[string]any {
	head, _, _ := strings.Cut(r.PostForm.Get("client_assertion"), ".")
	var out map[string]any
	if raw, err := base64.RawURLEncoding.DecodeString(head); err == nil {
		_ = json.Unmarshal(raw, &out) // what can't be read is refused by the platform itself
	}
	return out
}

// distrust refuses an assertion.
func distrust(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusBadRequest)
	_, _ = w.Write([]byte(`{"error":"invalid_client"}`)) // the client may be gone
}

// endpointFaults are platforms whose token endpoint believes what it must not, or
// refuses in a way that helps nobody.
func endpointFaults() map[string]behaviour {
	refusing := func(refuse func(w http.ResponseWriter)) behaviour {
		return at("/token", func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			rec := bend.Answered(next, r)
			if rec.Code >= 400 {
				refuse(w)
				return
			}
			bend.Give(w, rec)
		})
	}
	granting := func(change func(t map[string]any)) behaviour {
		return at("/token", func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			rec := bend.Answered(next, r)
			var t map[string]any
			if rec.Code == http.StatusOK && json.Unmarshal(rec.Body.Bytes(), &t) == nil {
				change(t)
				rec.Body.Reset()
				_ = json.NewEncoder(rec.Body).Encode(t) // a buffer never fails
			}
			bend.Give(w, rec)
		})
	}
	return map[string]behaviour{
		"platform-keys-page": at("/jwks", func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			rec := bend.Answered(next, r)
			var set map[string][]map[string]any
			if json.Unmarshal(rec.Body.Bytes(), &set) == nil {
				for _, k := range set["keys"] {
					k["use"], k["oth"] = "enc", []any{map[string]any{"r": "AQ"}}
				}
				rec.Body.Reset()
				_ = json.NewEncoder(rec.Body).Encode(set) // a buffer never fails
			}
			rec.Header().Set("Content-Type", "text/html")
			bend.Give(w, rec)
		}),
		"platform-access-embedded": at("/token", func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			if h := headed(r); h["jwk"] != nil || h["jku"] != nil {
				bend.Give(w, issued(r))
				return
			}
			next.ServeHTTP(w, r)
		}),
		"platform-access-half": at("/token", func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			if r.Method == http.MethodPost && (!r.PostForm.Has("scope") || !r.PostForm.Has("client_assertion_type")) {
				bend.Give(w, issued(r))
				return
			}
			next.ServeHTTP(w, r)
		}),
		"platform-access-one-code": refusing(func(w http.ResponseWriter) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusBadRequest)
			_, _ = w.Write([]byte(`{"error":"invalid_scope"}`)) // the client may be gone
		}),
		"platform-access-error-translated": at("/token", func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			rec := bend.Answered(next, r)
			body := strings.Replace(rec.Body.String(), `"error_description":"`, `"error_description":"Zurückgewiesen: `, 1)
			rec.Body.Reset()
			rec.Body.WriteString(body)
			bend.Give(w, rec)
		}),
		"platform-access-breaks": refusing(func(w http.ResponseWriter) {
			http.Error(w, "Internal Server Error", http.StatusInternalServerError)
		}),
		"platform-access-whole": at("/token", func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			if parts := strings.Split(r.PostForm.Get("client_assertion"), "."); len(parts) == 3 {
				var times struct{ Exp, Iat json.RawMessage }
				raw, err := base64.RawURLEncoding.DecodeString(parts[1])
				if err == nil && json.Unmarshal(raw, &times) == nil && strings.Contains(string(times.Exp)+string(times.Iat), ".") {
					distrust(w)
					return
				}
			}
			next.ServeHTTP(w, r)
		}),
		"platform-access-silent":   refusing(func(http.ResponseWriter) { panic(http.ErrAbortHandler) }),
		"platform-access-fraction": granting(func(t map[string]any) { t["expires_in"] = 3600.5 }),
		"platform-access-letters":  granting(func(t map[string]any) { t["access_token"] = "clé" }),
		"platform-access-no-life":  granting(func(t map[string]any) { delete(t, "expires_in") }),
		"platform-access-first-key": func() behaviour {
			first := ""
			return at("/token", func(w http.ResponseWriter, r *http.Request, next http.Handler) {
				kid, _ := headed(r)["kid"].(string)
				if first == "" {
					first = kid
				}
				if kid != first {
					distrust(w)
					return
				}
				next.ServeHTTP(w, r)
			})
		}(),
	}
}
