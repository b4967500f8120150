package toolfault

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/rollcall-edu/rollcall/reference/fault/bend"
	"github.com/rollcall-edu/rollcall/reference/tool"
)

// at makes a behaviour that handles one path and leaves all others alone.
func at(path string, handle func(w http.ResponseWriter, r *http.Request, next http.Handler)) behaviour {
	return behaviour{Wrap: bend.At(path, handle)}
}

// refusing makes a behaviour that refuses a request of a path when it says so.
func refusing(path string, when func(r *http.Request) bool) behaviour {
	return at(path, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		_ = r.ParseForm() // what can't be read is refused by the tool itself
		if when(r) {
			http.Error(w, "This request is not supported.", http.StatusBadRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// asking changes the authentication request.
func asking(change func(q url.Values, login url.Values)) behaviour {
	return at("/login", func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		_ = r.ParseForm()
		rec := bend.Answered(next, r)
		if u, err := url.Parse(rec.Header().Get("Location")); err == nil && rec.Code == http.StatusFound {
			q := u.Query()
			change(q, r.Form)
			u.RawQuery = q.Encode()
			rec.Header().Set("Location", u.String())
		}
		bend.Give(w, rec)
	})
}

// known are the parameters of a login that the standard names.
var known = []string{"iss", "login_hint", "target_link_uri", "lti_message_hint", "client_id", "lti_deployment_id", "lti_storage_target"}

// loginFaults are tools that go wrong on the way to the platform.
func loginFaults() map[string]behaviour {
	set := func(name, value string) behaviour {
		return asking(func(q, _ url.Values) { q.Set(name, value) })
	}
	drop := func(name string) behaviour { return asking(func(q, _ url.Values) { q.Del(name) }) }
	return map[string]behaviour{
		"tool-login-get-only": refusing("/login", func(r *http.Request) bool { return r.Method == http.MethodPost }),
		"tool-login-post-only": at("/login", func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			if r.Method != http.MethodPost {
				w.Header().Set("Allow", http.MethodPost)
				http.Error(w, "Method Not Allowed", http.StatusMethodNotAllowed)
				return
			}
			next.ServeHTTP(w, r)
		}),
		"tool-login-needs-client":     refusing("/login", func(r *http.Request) bool { return !r.Form.Has("client_id") }),
		"tool-login-needs-hint":       refusing("/login", func(r *http.Request) bool { return !r.Form.Has("lti_message_hint") }),
		"tool-deployment-of-login":    refusing("/login", func(r *http.Request) bool { return !r.Form.Has("lti_deployment_id") }),
		"tool-login-needs-deployment": refusing("/login", func(r *http.Request) bool { return !r.Form.Has("lti_deployment_id") }),
		"tool-login-closed": refusing("/login", func(r *http.Request) bool {
			for name := range r.Form {
				if !slices.Contains(known, name) {
					return true
				}
			}
			return false
		}),
		"tool-login-any-issuer":   anyIssuer(),
		"tool-first-registration": firstRegistration(),
		"tool-aud-any-own":        anyOwn(),
		"tool-ambiguous-crash": at("/login", func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			_ = r.ParseForm()
			rec := bend.Answered(next, r)
			if rec.Code >= 400 && !r.Form.Has("client_id") {
				http.Error(w, "2 rows, 1 expected", http.StatusInternalServerError)
				return
			}
			bend.Give(w, rec)
		}),
		"tool-login-any-client": at("/login", func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			_ = r.ParseForm()
			r.Form.Del("client_id")
			next.ServeHTTP(w, r)
		}),
		"tool-login-no-hint": at("/login", func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			_ = r.ParseForm()
			if !r.Form.Has("login_hint") {
				r.Form.Set("login_hint", "somebody")
			}
			next.ServeHTTP(w, r)
		}),
		"tool-login-echoes": at("/login", func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			_ = r.ParseForm()
			rec := bend.Answered(next, r)
			if rec.Code >= 400 {
				rec.Header().Del("Content-Security-Policy")
				rec.Body.WriteString("<p>" + r.Form.Get("iss") + "</p>")
			}
			bend.Give(w, rec)
		}),
		"tool-auth-scope":            set("scope", "openid profile"),
		"tool-auth-response-type":    set("response_type", "code id_token"),
		"tool-auth-no-response-mode": drop("response_mode"),
		"tool-auth-fragment":         set("response_mode", "fragment"),
		"tool-auth-no-prompt":        drop("prompt"),
		"tool-auth-prompt-login":     set("prompt", "login"),
		"tool-auth-client":           set("client_id", "another"),
		"tool-auth-hint-dropped":     drop("lti_message_hint"),
		"tool-auth-hint-made-up":     asking(func(q, login url.Values) { q.Set("lti_message_hint", first(login.Get("lti_message_hint"), "none")) }),
		"tool-auth-redirect-target": asking(func(q, login url.Values) {
			q.Set("redirect_uri", q.Get("redirect_uri")+"?target="+url.QueryEscape(login.Get("target_link_uri")))
		}),
		"tool-auth-redirect-other": asking(func(q, _ url.Values) { q.Set("redirect_uri", q.Get("redirect_uri")+"?v=2") }),
		"tool-auth-login-hint":     asking(func(q, _ url.Values) { q.Set("login_hint", strings.ToUpper(q.Get("login_hint"))) }),
		"tool-auth-hint-decoded": asking(func(q, _ url.Values) {
			if s, err := url.QueryUnescape(q.Get("lti_message_hint")); err == nil {
				q.Set("lti_message_hint", s)
			}
		}),
		"tool-auth-redirect-fragment": asking(func(q, _ url.Values) { q.Set("redirect_uri", q.Get("redirect_uri")+"#top") }),
		"tool-auth-no-state":          drop("state"),
		"tool-auth-no-nonce":          drop("nonce"),
	}
}

// firstRegistration knows one registration for each issuer, whatever client is named.
func firstRegistration() behaviour {
	b := at("/login", func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		_ = r.ParseForm()
		r.Form.Del("client_id")
		next.ServeHTTP(w, r)
	})
	b.Bend = func(c *tool.Config) {
		var one []tool.Platform
		for _, p := range c.Platforms {
			if !slices.ContainsFunc(one, func(q tool.Platform) bool { return q.Issuer == p.Issuer }) {
				one = append(one, p)
			}
		}
		c.Platforms = one
	}
	return b
}

// anyOwn takes a token for any client id that the tool has.
func anyOwn() behaviour {
	return behaviour{Bend: func(c *tool.Config) {
		all := c.Platforms
		c.Rules = append(spare(c.Rules, "claim.aud"), tool.Rule{ID: "claim.aud", Broken: func(a *tool.Attempt) string {
			if slices.ContainsFunc(all, func(p tool.Platform) bool { return slices.Contains(a.Claims.Audience, p.ClientID) }) {
				return ""
			}
			return "The token is meant for somebody else."
		}})
	}}
}

func first(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// anyIssuer takes whoever initiates a login for the platform that did so before.
func anyIssuer() behaviour {
	seen := newKept()
	return at("/login", func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		_ = r.ParseForm()
		if good := seen.get("iss"); good != "" {
			r.Form.Set("iss", good)
		}
		rec := bend.Answered(next, r)
		if rec.Code == http.StatusFound {
			seen.put("iss", r.Form.Get("iss"))
		}
		bend.Give(w, rec)
	})
}
