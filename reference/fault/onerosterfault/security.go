package onerosterfault

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
)

// vault remembers the last good token request, so that a wrapper can get tokens
// of its own and let in whom the role would turn away.
type vault struct {
	mu     sync.Mutex
	header http.Header
	form   url.Values
	target string
}

// watch notes the credentials of successful token requests on their way.
func (v *vault) watch(h http.Handler, r *http.Request) *httptest.ResponseRecorder {
	body, _ := io.ReadAll(io.LimitReader(r.Body, 1<<16))
	again := r.Clone(r.Context())
	again.Body = io.NopCloser(bytes.NewReader(body))
	w := httptest.NewRecorder()
	h.ServeHTTP(w, again)
	form, err := url.ParseQuery(string(body))
	if w.Code == http.StatusOK && err == nil {
		v.mu.Lock()
		defer v.mu.Unlock()
		form.Del("scope") // all that the client may have
		if v.form == nil || !strings.Contains(w.Body.String(), "core") || strings.Contains(w.Body.String(), "roster.readonly") ||
			strings.Contains(w.Body.String(), "resource.readonly") {
			v.header, v.form, v.target = r.Header.Clone(), form, r.URL.Path
		}
	}
	return w
}

// token gets a fresh token with all scopes.
func (v *vault) token(h http.Handler) string {
	v.mu.Lock()
	form, header, target := v.form, v.header, v.target
	v.mu.Unlock()
	if form == nil {
		return ""
	}
	r := httptest.NewRequest(http.MethodPost, target, strings.NewReader(form.Encode()))
	r.Header = header.Clone()
	r.Header.Del("Content-Length")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	var answer struct {
		AccessToken string `json:"access_token"`
	}
	_ = json.Unmarshal(w.Body.Bytes(), &answer)
	return answer.AccessToken
}

// letting lets requests in that the role refuses: where refused says so, the
// request is answered as if it had come with a good token.
func letting(refused func(*answer) bool) wrapper {
	return func(h http.Handler) http.Handler {
		v := &vault{}
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if isToken(r) {
				replay(w, v.watch(h, r))
				return
			}
			if _, ours := servicePath(r); !ours {
				h.ServeHTTP(w, r)
				return
			}
			a := ask(h, r)
			if refused(a) {
				if token := v.token(h); token != "" {
					let := r.Clone(r.Context())
					let.Header.Set("Authorization", "Bearer "+token)
					a = ask(h, let)
					a.request = r
				}
			}
			a.send(w)
		})
	}
}

func replay(w http.ResponseWriter, got *httptest.ResponseRecorder) {
	for name, values := range got.Header() {
		w.Header()[name] = values
	}
	w.WriteHeader(got.Code)
	_, _ = w.Write(got.Body.Bytes())
}

// tokenAnswers changes what the token endpoint answers.
func tokenAnswers(applies func(*httptest.ResponseRecorder, *http.Request) bool,
	change func(*httptest.ResponseRecorder) *httptest.ResponseRecorder) wrapper {
	return func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !isToken(r) {
				h.ServeHTTP(w, r)
				return
			}
			got := httptest.NewRecorder()
			h.ServeHTTP(got, r)
			if applies(got, r) {
				got = change(got)
			}
			replay(w, got)
		})
	}
}

func granted(got *httptest.ResponseRecorder, _ *http.Request) bool { return got.Code == http.StatusOK }
func denied(got *httptest.ResponseRecorder, _ *http.Request) bool  { return got.Code >= 400 }

// grant changes the members of a granted token.
func grant(change func(object)) wrapper {
	return tokenAnswers(granted, func(got *httptest.ResponseRecorder) *httptest.ResponseRecorder {
		var o object
		if json.Unmarshal(got.Body.Bytes(), &o) != nil {
			return got
		}
		change(o)
		body, _ := json.Marshal(o)
		got.Body = bytes.NewBuffer(body)
		got.Header().Del("Content-Length")
		return got
	})
}

// tokenRequests changes token requests before they are answered.
func tokenRequests(change func(r *http.Request, form url.Values)) wrapper {
	return func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !isToken(r) {
				h.ServeHTTP(w, r)
				return
			}
			body, _ := io.ReadAll(io.LimitReader(r.Body, 1<<16))
			form, _ := url.ParseQuery(string(body))
			r = r.Clone(r.Context())
			change(r, form)
			text := form.Encode()
			r.Body, r.ContentLength = io.NopCloser(strings.NewReader(text)), int64(len(text))
			h.ServeHTTP(w, r)
		})
	}
}

func securityFaults() map[string]wrapper {
	unauthorised := func(a *answer) bool { return a.status == http.StatusUnauthorized }
	authorization := func(a *answer) string { return a.request.Header.Get("Authorization") }
	return map[string]wrapper{
		"unauthorised-as-403": changing(unauthorised, func(a *answer) { fail(a, http.StatusForbidden, "forbidden") }),
		"unauthorised-as-302": changing(unauthorised, func(a *answer) {
			a.status = http.StatusFound
			a.header.Set("Location", "/login")
			say(a, "text/html", "<a href=/login>Sign in</a>")
		}),
		"unauthorised-as-200-login": changing(unauthorised, func(a *answer) {
			a.status = http.StatusOK
			say(a, "text/html", "<!doctype html><title>Sign in</title><form></form>")
		}),
		"token-not-needed":       letting(func(a *answer) bool { return unauthorised(a) && authorization(a) == "" }),
		"any-token-accepted":     letting(func(a *answer) bool { return unauthorised(a) && strings.HasPrefix(authorization(a), "Bearer ") }),
		"expired-token-accepted": letting(expired()),
		"any-scheme-accepted":    letting(func(a *answer) bool { return unauthorised(a) && strings.HasPrefix(authorization(a), "Basic ") }),
		"query-token-accepted":   letting(func(a *answer) bool { return unauthorised(a) && a.request.URL.Query().Has("access_token") }),
		"scope-not-enforced":     letting(status(http.StatusForbidden)),
		"scope-demographics-open": letting(func(a *answer) bool {
			return a.status == http.StatusForbidden && strings.HasPrefix(a.path, "/demographics")
		}),
		"scope-core-opens-subs": letting(func(a *answer) bool { return a.status == http.StatusForbidden && strings.Count(a.path, "/") > 2 }),
		"forbidden-as-401":      changing(status(http.StatusForbidden), func(a *answer) { fail(a, http.StatusUnauthorized, "unauthorisedrequest") }),
		"challenge-unquoted": changing(unauthorised, func(a *answer) {
			a.header.Set("WWW-Authenticate", strings.TrimSuffix(a.header.Get("WWW-Authenticate"), `"`)+`, error_description="token`)
		}),
		"challenge-forbidden-unquoted": changing(func(a *answer) bool { return a.status == http.StatusForbidden }, func(a *answer) {
			a.header.Set("WWW-Authenticate", strings.ReplaceAll(a.header.Get("WWW-Authenticate"), ",", ""))
		}),
		"challenge-missing":    changing(unauthorised, func(a *answer) { a.header.Del("WWW-Authenticate") }),
		"token-without-expiry": grant(func(o object) { delete(o, "expires_in") }),
		"token-expiry-text":    grant(func(o object) { o["expires_in"] = "3600" }),
		"token-without-type":   grant(func(o object) { delete(o, "token_type") }),
		"token-type-mac":       grant(func(o object) { o["token_type"] = "mac" }),
		"token-scope-commas":   grant(func(o object) { o["scope"] = strings.ReplaceAll(str(o["scope"]), " ", ",") }),
		"token-scope-lies":     grant(func(o object) { o["scope"] = "openid" }),
		"token-cacheable": tokenAnswers(granted, func(got *httptest.ResponseRecorder) *httptest.ResponseRecorder {
			got.Header().Del("Cache-Control")
			got.Header().Del("Pragma")
			return got
		}),
		"token-error-200": tokenAnswers(denied, func(got *httptest.ResponseRecorder) *httptest.ResponseRecorder { got.Code = http.StatusOK; return got }),
		"token-error-quotes": tokenAnswers(denied, func(got *httptest.ResponseRecorder) *httptest.ResponseRecorder {
			got.Body = bytes.NewBufferString(strings.Replace(got.Body.String(), `"error_description":"`, `"error_description":"\"client\": `, 1))
			return got
		}),
		"token-error-html": tokenAnswers(denied, func(got *httptest.ResponseRecorder) *httptest.ResponseRecorder {
			got.Body = bytes.NewBufferString("<h1>Denied</h1>")
			got.Header().Set("Content-Type", "text/html")
			return got
		}),
		"token-error-500": tokenAnswers(denied, func(got *httptest.ResponseRecorder) *httptest.ResponseRecorder {
			got.Code = http.StatusInternalServerError
			return got
		}),
		"token-without-allow":      tokenWithoutAllow,
		"token-basic-refused":      tokenRequests(func(r *http.Request, _ url.Values) { r.Header.Del("Authorization") }),
		"token-grant-unchecked":    tokenRequests(func(_ *http.Request, form url.Values) { form.Set("grant_type", "client_credentials") }),
		"token-unknown-scope-open": tokenRequests(func(_ *http.Request, form url.Values) { onlyKnownScopes(form) }),
		"token-secret-unchecked":   secretUnchecked,
	}
}

// onlyKnownScopes drops scopes that OneRoster doesn't know; with none left the
// client gets all it may have.
func onlyKnownScopes(form url.Values) {
	var kept []string
	for _, s := range strings.Fields(form.Get("scope")) {
		if strings.HasPrefix(s, "https://purl.imsglobal.org/spec/or/v1p2/scope/roster") ||
			strings.HasPrefix(s, "https://purl.imsglobal.org/spec/or/v1p2/scope/resource") {
			kept = append(kept, s)
		}
	}
	form.Del("scope")
	if len(kept) > 0 {
		form.Set("scope", strings.Join(kept, " "))
	}
}

// expired lets in tokens that were good once.
func expired() func(*answer) bool {
	var mu sync.Mutex
	once := map[string]bool{}
	return func(a *answer) bool {
		token := a.request.Header.Get("Authorization")
		mu.Lock()
		defer mu.Unlock()
		if a.status != http.StatusUnauthorized {
			once[token] = true
			return false
		}
		return once[token]
	}
}

// secretUnchecked lets a client in whatever secret it sends.
func secretUnchecked(h http.Handler) http.Handler {
	v := &vault{}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !isToken(r) {
			h.ServeHTTP(w, r)
			return
		}
		got := v.watch(h, r)
		if id, _, basic := r.BasicAuth(); got.Code == http.StatusUnauthorized && basic {
			v.mu.Lock()
			header := v.header.Clone()
			v.mu.Unlock()
			known := &http.Request{Header: header}
			if last, _, ok := known.BasicAuth(); ok && last == id {
				again := r.Clone(r.Context())
				again.Header = header
				form := url.Values{"grant_type": {"client_credentials"}}
				again.Body, again.ContentLength = io.NopCloser(strings.NewReader(form.Encode())), int64(len(form.Encode()))
				again.Header.Del("Content-Length")
				got = httptest.NewRecorder()
				h.ServeHTTP(got, again)
			}
		}
		replay(w, got)
	})
}

// tokenWithoutAllow leaves out which methods there are beside the one that was refused.
func tokenWithoutAllow(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if baseOf(r.URL.Path) != "" {
			h.ServeHTTP(w, r)
			return
		}
		got := httptest.NewRecorder()
		h.ServeHTTP(got, r)
		if got.Code == http.StatusMethodNotAllowed {
			got.Header().Del("Allow")
		}
		replay(w, got)
	})
}
