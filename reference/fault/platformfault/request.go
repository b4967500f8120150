package platformfault

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/rollcall-edu/rollcall/reference/fault/bend"
	"github.com/rollcall-edu/rollcall/reference/platform"
	"github.com/rollcall-edu/rollcall/reference/security"
)

// at makes a behaviour that handles one path, with the form read, and leaves all
// others alone.
func at(path string, handle func(w http.ResponseWriter, r *http.Request, next http.Handler)) behaviour {
	return behaviour{Wrap: bend.At(path, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		_ = r.ParseForm() // what can't be read is refused by the platform itself
		handle(w, r, next)
	})}
}

// repairing puts a parameter of an authentication request right before the
// platform sees it: it forgives what it must not.
func repairing(repair func(q url.Values)) behaviour {
	return at("/auth", func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		repair(r.Form)
		next.ServeHTTP(w, r)
	})
}

// redirects replaces the check of the redirect URI.
func redirects(fits func(asked string, registered []string) bool) behaviour {
	return behaviour{Bend: func(c *platform.Config) {
		i := slices.IndexFunc(platform.Checks(), func(x platform.Check) bool { return x.ID == "redirect_uri" })
		check := platform.Checks()[i]
		check.Broken = func(a *platform.Asked) (security.ErrorCode, string) {
			if fits(a.Query.Get("redirect_uri"), a.Tool.RedirectURIs) {
				return "", ""
			}
			return security.InvalidRequest, "This redirect_uri is not registered."
		}
		c.Checks = append([]platform.Check{}, platform.Checks()...)
		c.Checks[i] = check
	}}
}

var tokenField = regexp.MustCompile(`name="id_token" value="([^"]*)"`)

// requestFaults are platforms that initiate logins wrongly, or answer requests that
// they must not answer.
func requestFaults() map[string]behaviour {
	login := func(change func(v url.Values)) behaviour {
		return behaviour{Bend: func(c *platform.Config) {
			c.Login = bend.Then(c.Login, func(v url.Values, _ *platform.Pending) { change(v) })
		}}
	}
	unless := func(name, value string) func(url.Values) {
		return func(q url.Values) { q.Set(name, value) }
	}
	return map[string]behaviour{
		"platform-login-iss":        login(func(v url.Values) { v.Set("iss", v.Get("iss")+"/") }),
		"platform-login-no-hint":    login(func(v url.Values) { v.Del("login_hint") }),
		"platform-login-no-target":  login(func(v url.Values) { v.Del("target_link_uri") }),
		"platform-login-no-client":  login(func(v url.Values) { v.Del("client_id") }),
		"platform-login-client":     login(func(v url.Values) { v.Set("client_id", "another") }),
		"platform-login-deployment": login(func(v url.Values) { v.Set("lti_deployment_id", "never-issued") }),
		"platform-auth-get-only": at("/auth", func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			if r.Method == http.MethodPost {
				http.Error(w, "GET only", http.StatusMethodNotAllowed)
				return
			}
			next.ServeHTTP(w, r)
		}),
		"platform-auth-closed": at("/auth", func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			if r.Form.Has("x_unknown") {
				http.Error(w, "unknown parameter", http.StatusBadRequest)
				return
			}
			next.ServeHTTP(w, r)
		}),
		"platform-answer-get": at("/auth", func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			rec := bend.Answered(next, r)
			if m := tokenField.FindStringSubmatch(rec.Body.String()); m != nil {
				http.Redirect(w, r, r.Form.Get("redirect_uri")+"?"+url.Values{"id_token": {m[1]}, "state": {r.Form.Get("state")}}.Encode(),
					http.StatusFound)
				return
			}
			bend.Give(w, rec)
		}),
		"platform-redirect-any": redirects(func(asked string, _ []string) bool { return asked != "" }),
		"platform-redirect-beginning": redirects(func(asked string, list []string) bool {
			return slices.ContainsFunc(list, func(x string) bool { return strings.HasPrefix(asked, x) })
		}),
		"platform-redirect-path": redirects(func(asked string, list []string) bool {
			path, _, _ := strings.Cut(asked, "?")
			return slices.Contains(list, path)
		}),
		"platform-redirect-default": {Wrap: defaultRedirect},
		"platform-client-any":       repairing(unless("client_id", "rollcall-judge")),
		"platform-scope-any":        repairing(unless("scope", "openid")),
		"platform-type-any":         repairing(unless("response_type", "id_token")),
		"platform-mode-any":         repairing(unless("response_mode", "form_post")),
		"platform-prompt-any":       repairing(unless("prompt", "none")),
		"platform-hint-reused":      {Wrap: hintReused},
		"platform-hint-from-session": {Bend: func(c *platform.Config) {
			// The launch that was begun last is taken, whatever the hint says.
			var last *platform.Pending
			c.Login = func(_ url.Values, l *platform.Pending) { last = l }
			c.Checks = append([]platform.Check{{ID: "find", Broken: func(a *platform.Asked) (security.ErrorCode, string) {
				if a.Pending == nil {
					a.Pending = last
				}
				return "", ""
			}}}, platform.Checks()...)
		}},
		"platform-session-not-needed": {Bend: func(c *platform.Config) {
			c.Checks = append([]platform.Check{{ID: "anybody", Broken: func(a *platform.Asked) (security.ErrorCode, string) {
				if a.Pending != nil {
					a.User = a.Pending.User
				}
				return "", ""
			}}}, platform.Checks()...)
		}},
		"platform-errors-shown": at("/auth", func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			rec := bend.Answered(next, r)
			if strings.Contains(rec.Body.String(), `name="error"`) {
				http.Error(w, "Invalid request", http.StatusBadRequest)
				return
			}
			bend.Give(w, rec)
		}),
		"platform-errors-no-state": erring(regexp.MustCompile(`<input type="hidden" name="state"[^>]*>`), ""),
		"platform-errors-one-code": erring(regexp.MustCompile(`name="error" value="[^"]*"`), `name="error" value="server_error"`),
	}
}

// erring changes the page that posts an error.
func erring(what *regexp.Regexp, by string) behaviour {
	return at("/auth", func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		rec := bend.Answered(next, r)
		if body := rec.Body.String(); strings.Contains(body, `name="error"`) {
			rec.Body.Reset()
			rec.Body.WriteString(what.ReplaceAllString(body, by))
		}
		bend.Give(w, rec)
	})
}

// defaultRedirect remembers the redirect URI of the last good request and uses it
// where none is given.
func defaultRedirect(next http.Handler) http.Handler {
	registered := "" // a tool's first request names it
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/auth" {
			_ = r.ParseForm()
			switch v := r.Form.Get("redirect_uri"); {
			case v == "":
				r.Form.Set("redirect_uri", registered)
			case registered == "":
				registered = v
			}
		}
		next.ServeHTTP(w, r)
	})
}

// hintReused answers a request again as it was answered before.
func hintReused(next http.Handler) http.Handler {
	kept := map[string]*httptest.ResponseRecorder{}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/auth" {
			next.ServeHTTP(w, r)
			return
		}
		_ = r.ParseForm()
		hint := r.Form.Get("lti_message_hint")
		rec := kept[hint]
		if rec == nil {
			rec = bend.Answered(next, r)
			if tokenField.MatchString(rec.Body.String()) {
				kept[hint] = rec
			}
		}
		bend.Give(w, rec)
	})
}
