package toolfault

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/rollcall-edu/rollcall/reference/fault/bend"
	"github.com/rollcall-edu/rollcall/reference/tool"
)

// cookieFaults are tools whose cookies don't come back, or that don't care.
func cookieFaults() map[string]behaviour {
	cookies := func(change func(line string) string) behaviour {
		return at("/login", func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			rec := bend.Answered(next, r)
			for i, line := range rec.Header()["Set-Cookie"] {
				rec.Header()["Set-Cookie"][i] = change(line)
			}
			bend.Give(w, rec)
		})
	}
	drop := func(attributes ...string) func(string) string {
		return func(line string) string {
			for _, a := range attributes {
				line = strings.ReplaceAll(line, "; "+a, "")
			}
			return line
		}
	}
	return map[string]behaviour{
		"tool-cookie-no-same-site": cookies(drop("SameSite=None", "Partitioned")),
		"tool-cookie-lax": cookies(func(line string) string {
			return strings.Replace(drop("Partitioned")(line), "SameSite=None", "SameSite=Lax", 1)
		}),
		"tool-cookie-insecure": cookies(drop("Secure", "Partitioned")),
		"tool-cookie-one": {Wrap: func(next http.Handler) http.Handler {
			// One cookie for all logins of a browser: the last one wins.
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				switch r.URL.Path {
				case "/login":
					rec := bend.Answered(next, r)
					for i, line := range rec.Header()["Set-Cookie"] {
						_, rest, _ := strings.Cut(line, "=")
						rec.Header()["Set-Cookie"][i] = "lti=" + rest
					}
					bend.Give(w, rec)
					return
				case "/launch":
					_ = r.ParseForm()
					if c, err := r.Cookie("lti"); err == nil {
						r.Header.Set("Cookie", "lti_"+r.PostForm.Get("state")+"="+c.Value)
					}
				}
				next.ServeHTTP(w, r)
			})
		}},
		"tool-state-unbound":      unbound(),
		"tool-storage-unknown":    refusing("/login", func(r *http.Request) bool { return r.Form.Has("lti_storage_target") }),
		"tool-storage-cookie-too": refusing("/launch", func(r *http.Request) bool { return len(r.Cookies()) == 0 }),
		"tool-storage-unused": {Wrap: func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/login" {
					_ = r.ParseForm()
					r.Form.Del("lti_storage_target")
					rec := bend.Answered(next, r)
					for i, line := range rec.Header()["Set-Cookie"] {
						rec.Header()["Set-Cookie"][i] = drop("Partitioned")(line)
					}
					bend.Give(w, rec)
					return
				}
				next.ServeHTTP(w, r)
			})
		}},
		"tool-storage-parent": {Wrap: func(next http.Handler) http.Handler {
			words := strings.NewReplacer("window.opener || window.parent", "window.parent", "if (!parent || parent === window) { on(); return; }",
				"", "setTimeout(on, 2000);", "")
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				rec := bend.Answered(next, r)
				body := words.Replace(rec.Body.String())
				rec.Body.Reset()
				rec.Body.WriteString(body)
				bend.Give(w, rec)
			})
		}},
		"tool-blocked-blank": {Wrap: func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				rec := bend.Answered(next, r)
				for i, line := range rec.Header()["Set-Cookie"] {
					rec.Header()["Set-Cookie"][i] = drop("Partitioned")(line)
				}
				if rec.Code >= 400 && r.URL.Path == "/launch" && r.Header.Get("Cookie") == "" && r.PostFormValue("lti_storage_target") == "" {
					rec.Body.Reset()
					rec.Code = http.StatusOK
				}
				bend.Give(w, rec)
			})
		}},
		"tool-no-frames": {Wrap: func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("X-Frame-Options", "DENY")
				next.ServeHTTP(w, r)
			})
		}},
	}
}

// unbound knows the proof of every state by itself, so that any browser has it.
func unbound() behaviour {
	return behaviour{Wrap: func(next http.Handler) http.Handler {
		proofs := newKept()
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			switch r.URL.Path {
			case "/login":
				rec := bend.Answered(next, r)
				for _, line := range rec.Header()["Set-Cookie"] {
					pair, _, _ := strings.Cut(line, ";")
					name, _, _ := strings.Cut(pair, "=")
					proofs.put(name, pair)
				}
				bend.Give(w, rec)
				return
			case "/launch":
				_ = r.ParseForm()
				if pair := proofs.get("lti_" + r.PostForm.Get("state")); pair != "" {
					r.Header.Set("Cookie", pair)
				}
			}
			next.ServeHTTP(w, r)
		})
	}}
}

// oddities are tools that do right in an unusual way.
func oddities() map[string]behaviour {
	status := func(code int) behaviour {
		return at("/launch", func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			rec := bend.Answered(next, r)
			if rec.Code >= 400 {
				rec.Code = code
			}
			bend.Give(w, rec)
		})
	}
	going := func(page func(address string) string) behaviour {
		return at("/login", func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			rec := bend.Answered(next, r)
			if rec.Code != http.StatusFound {
				bend.Give(w, rec)
				return
			}
			for _, line := range rec.Header()["Set-Cookie"] {
				w.Header().Add("Set-Cookie", line)
			}
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			fmt.Fprint(w, page(rec.Header().Get("Location")))
		})
	}
	pages := func(change func(body string) string) behaviour {
		return behaviour{Wrap: bend.Below("/resources/", bend.Rewritten(change))}
	}
	script := func(text string) func(string) string {
		return func(body string) string {
			return strings.Replace(body, "</body>", "<script>"+text+"</script></body>", 1)
		}
	}
	return map[string]behaviour{
		"tool-consent":          consent(),
		"tool-calls-services":   callsServices(),
		"tool-own-window":       ownWindow(),
		"tool-refusal-200":      status(http.StatusOK),
		"tool-refusal-400":      status(http.StatusBadRequest),
		"tool-refusal-403":      status(http.StatusForbidden),
		"tool-refusal-404":      status(http.StatusNotFound),
		"tool-refusal-422":      status(http.StatusUnprocessableEntity),
		"tool-refusal-redirect": refusalRedirect(),
		"tool-refusal-login":    refusalLogin(),
		"tool-login-form":       going(formPage),
		"tool-login-script": going(func(a string) string {
			return "<!doctype html><title>…</title><body><script>setTimeout(function(){location.href=" + quote(a) + "},80)</script>"
		}),
		"tool-login-refresh": going(func(a string) string {
			return `<!doctype html><meta http-equiv="refresh" content="0;url=` + attribute(a) + `"><title>…</title>`
		}),
		"tool-login-click-test": going(cookieTest),
		"tool-login-itself":     loginItself(),
		"tool-login-303":        redirectCode("/login", http.StatusFound, http.StatusSeeOther),
		"tool-login-307":        redirectCode("/login", http.StatusFound, http.StatusTemporaryRedirect),
		"tool-answer-direct":    direct(),
		"tool-answer-script":    answerScript(),
		"tool-page-late":        pages(late),
		"tool-page-varies": pages(func(b string) string {
			return strings.Replace(b, "</main>", "<p>Page "+randomText()+" made for you, token "+randomText()+"</p></main>", 1)
		}),
		"tool-page-alert":   pages(script("alert('Welcome')")),
		"tool-page-confirm": pages(script("confirm('Cookies?')")),
		"tool-page-throws":  pages(script("console.error('oh'); throw new Error('broken')")),
		"tool-page-polls":   pages(script("(function p(){fetch('/poll').finally(function(){setTimeout(p,2000)})})()")),
		"tool-page-stream":  streaming(pages(script("fetch('/stream')"))),
		"tool-page-nested": pages(func(b string) string {
			return strings.Replace(b, "</main>", `<iframe src="about:blank" title="ad"></iframe></main>`, 1)
		}),
		"tool-page-missing-css": pages(func(b string) string {
			return strings.Replace(b, "</head>", `<link rel="stylesheet" href="/nothing.css"></head>`, 1)
		}),
		"tool-auth-extra": asking(func(q, _ url.Values) {
			q["id_token_signed_response_alg"], q["lti_deployment_id"] = []string{"RS256"}, []string{"x"}
		}),
		"tool-auth-long-state": longState(),
		"tool-cookies-many":    manyCookies(),
		"tool-cookie-unpartitioned": {Wrap: func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				rec := bend.Answered(next, r)
				for i, line := range rec.Header()["Set-Cookie"] {
					rec.Header()["Set-Cookie"][i] = strings.ReplaceAll(line, "; Partitioned", "")
				}
				bend.Give(w, rec)
			})
		}},
		"tool-old-tokens": {Bend: func(c *tool.Config) { c.Rules = spare(c.Rules, "claim.iat-old") }},
		"tool-chunked": {Wrap: func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				rec := bend.Answered(next, r)
				for name, values := range rec.Header() {
					w.Header()[name] = values
				}
				w.WriteHeader(rec.Code)
				for b := range strings.SplitSeq(rec.Body.String(), "\n") {
					_, _ = w.Write([]byte(b + "\n"))
					if f, ok := w.(http.Flusher); ok {
						f.Flush()
					}
				}
			})
		}},
	}
}
