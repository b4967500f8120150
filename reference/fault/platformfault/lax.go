package platformfault

import (
	"html"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/rollcall-edu/rollcall/reference/fault/bend"
)

// answering changes the page that answers an authentication request.
func answering(change func(body string, r *http.Request) string) behaviour {
	return at("/auth", func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		rec := bend.Answered(next, r)
		body := change(rec.Body.String(), r)
		rec.Body.Reset()
		rec.Body.WriteString(body)
		rec.Header().Del("Content-Security-Policy")
		bend.Give(w, rec)
	})
}

// laxFaults are platforms that hold some requests to less than others, or answer
// where nothing vouches for the address.
func laxFaults() map[string]behaviour {
	return map[string]behaviour{
		"platform-redirect-loose": redirects(func(asked string, list []string) bool {
			return slices.ContainsFunc(list, func(x string) bool {
				plain, _, _ := strings.Cut(asked, "#")
				if strings.EqualFold(strings.TrimRight(plain, "/"), x) {
					return true
				}
				if strings.Contains(plain, "/../") {
					return strings.HasPrefix(plain, x)
				}
				return strings.Contains(asked, x) && !strings.HasPrefix(asked, x)
			})
		}),
		"platform-redirect-open": at("/auth", func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			rec := bend.Answered(next, r)
			if to := r.Form.Get("redirect_uri"); rec.Code == http.StatusBadRequest && to != "" &&
				strings.Contains(rec.Body.String(), "redirect_uri is not registered") {
				http.Redirect(w, r, to, http.StatusFound)
				return
			}
			bend.Give(w, rec)
		}),
		"platform-client-told": at("/auth", func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			if !strings.HasPrefix(r.Form.Get("client_id"), "rollcall-judge") && strings.HasSuffix(r.Form.Get("redirect_uri"), "/callback") {
				http.Redirect(w, r, r.Form.Get("redirect_uri")+"?"+url.Values{"error": {"unauthorized_client"}, "state": r.Form["state"]}.Encode(),
					http.StatusFound)
				return
			}
			next.ServeHTTP(w, r)
		}),
		"platform-redirect-circles": at("/auth", circling(func(q url.Values) bool { return !q.Has("redirect_uri") })),
		"platform-client-circles":   at("/auth", circling(func(q url.Values) bool { return !strings.HasPrefix(q.Get("client_id"), "rollcall-judge") })),
		"platform-errors-by-get": at("/auth", func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			rec := bend.Answered(next, r)
			if m := errorField.FindStringSubmatch(rec.Body.String()); m != nil {
				http.Redirect(w, r, r.Form.Get("redirect_uri")+"?"+url.Values{"error": {m[1]}, "state": r.Form["state"]}.Encode(), http.StatusFound)
				return
			}
			bend.Give(w, rec)
		}),
		"platform-answer-unframed":     unframed("X-Frame-Options", "DENY"),
		"platform-answer-no-ancestors": unframed("Content-Security-Policy", "default-src 'self' 'unsafe-inline'; frame-ancestors 'none'"),
		"platform-post-unchecked":      at("/auth", postUnchecked),
		"platform-repeated": repairing(func(q url.Values) {
			for name, values := range q {
				q[name] = values[:1]
			}
		}),
		"platform-mode-optional": repairing(func(q url.Values) {
			if !q.Has("response_mode") {
				q.Set("response_mode", "form_post")
			}
		}),
		"platform-prompt-optional": repairing(func(q url.Values) {
			if !q.Has("prompt") || q.Get("prompt") == "consent" {
				q.Set("prompt", "none")
			}
		}),
		"platform-state-cut": answering(func(body string, r *http.Request) string {
			if state := r.Form.Get("state"); len(state) > 255 {
				return stateField.ReplaceAllLiteralString(body, `name="state" value="`+html.EscapeString(state[:255])+`"`)
			}
			return body
		}),
		"platform-answer-top": answering(func(body string, _ *http.Request) string {
			return strings.Replace(body, `<form method="post"`, `<form target="_top" method="post"`, 1)
		}),
		"platform-token-shown": answering(func(body string, _ *http.Request) string {
			if m := tokenField.FindStringSubmatch(body); m != nil {
				return strings.Replace(body, `/callback"`, `/callback?id_token=`+m[1]+`"`, 1)
			}
			return body
		}),
		"platform-errors-same-code": erring(regexp.MustCompile(`name="error" value="[^"]*"`), `name="error" value="unsupported_response_type"`),
		"platform-refusals-empty": at("/auth", func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			rec := bend.Answered(next, r)
			if rec.Code >= http.StatusBadRequest {
				w.Header().Set("Content-Type", "text/html; charset=utf-8")
				return
			}
			bend.Give(w, rec)
		}),
		"platform-auth-breaks": at("/auth", func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			rec := bend.Answered(next, r)
			if !tokenField.MatchString(rec.Body.String()) && r.Form.Get("response_type") != "code" {
				http.Error(w, "Something went wrong.", http.StatusInternalServerError)
				return
			}
			bend.Give(w, rec)
		}),
	}
}

var errorField = regexp.MustCompile(`name="error" value="([^"]*)"`)

// circling answers some requests by a form that posts itself to where it came from.
func circling(wrong func(q url.Values) bool) func(w http.ResponseWriter, r *http.Request, next http.Handler) {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if !wrong(r.Form) {
			next.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = io.WriteString(w, `<!doctype html><title>One moment</title><form method="post" id="form"></form><script>document.getElementById("form").submit()</script>`) // the browser may be gone
	}
}

// unframed has a header forbid frames of other sites where the platform answers.
func unframed(name, value string) behaviour {
	return at("/auth", func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		rec := bend.Answered(next, r)
		rec.Header().Set(name, value)
		bend.Give(w, rec)
	})
}

// postUnchecked puts everything right about a request by POST but the launch and who
// is signed in, and answers to wherever it says.
func postUnchecked(w http.ResponseWriter, r *http.Request, next http.Handler) {
	if r.Method != http.MethodPost {
		next.ServeHTTP(w, r)
		return
	}
	said, own := r.Form.Get("redirect_uri"), strings.TrimSuffix(r.Header.Get("Origin"), "/")+"/callback"
	for name, v := range map[string]string{"redirect_uri": own, "client_id": "rollcall-judge", "scope": "openid", "response_type": "id_token",
		"response_mode": "form_post", "prompt": "none"} {
		r.Form.Set(name, v)
	}
	if r.Form.Get("nonce") == "" {
		r.Form.Set("nonce", "of-its-own")
	}
	rec := bend.Answered(next, r)
	body := strings.Replace(rec.Body.String(), own, html.EscapeString(said), 1)
	rec.Body.Reset()
	rec.Body.WriteString(body)
	rec.Header().Del("Content-Security-Policy")
	bend.Give(w, rec)
}
