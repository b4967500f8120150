package toolfault

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rollcall-edu/rollcall/reference/fault/bend"
	"github.com/rollcall-edu/rollcall/reference/tool"
)

// boundFaults are tools that tie an answer to its login, its browser or its person in
// most cases only.
func boundFaults() map[string]behaviour {
	return map[string]behaviour{
		"tool-storage-unbound": proving(func(login, _ *http.Request) bool { return login.Form.Get("lti_storage_target") != "" }),
		"tool-any-login": proving(func(_, answer *http.Request) bool {
			for _, c := range answer.Cookies() {
				if strings.HasPrefix(c.Name, "lti_") {
					return true
				}
			}
			return false
		}),
		"tool-replay-forgotten": forgetful(10 * time.Second),
		"tool-session-first":    firstSession(),
		"tool-values-counted": {Bend: func(c *tool.Config) {
			var n atomic.Int64
			c.Random = func() string { return fmt.Sprintf("%012d", 1000+n.Add(1)) }
		}},
		"tool-values-clock": {Bend: func(c *tool.Config) {
			var mu sync.Mutex
			var last string
			c.Random = func() string { // seconds and microseconds, one after the other
				mu.Lock()
				defer mu.Unlock()
				for {
					now := time.Now()
					if v := fmt.Sprintf("%08x%05x", now.Unix(), now.Nanosecond()/1000); v != last {
						last = v
						return v
					}
				}
			}
		}},
		"tool-values-sorted": {Bend: func(c *tool.Config) {
			c.Random = func() string { return fmt.Sprintf("%012x", time.Now().UnixMilli()) + randomText() }
		}},
		"tool-messages-anywhere": scripted("postMessage(message, origin)", `postMessage(message, "*")`),
		"tool-answers-anywhere":  scripted("event.origin !== origin", "false"),
	}
}

// scripted makes a behaviour that changes the script by which the tool talks to the
// platform's storage.
func scripted(old, by string) behaviour {
	return behaviour{Wrap: bend.Below("/", bend.Rewritten(func(body string) string { return strings.Replace(body, old, by, 1) }))}
}

// proving gives an answer the proof of its login, whatever browser brings it, where
// the two requests say so.
func proving(when func(login, answer *http.Request) bool) behaviour {
	type begun struct {
		login *http.Request
		pair  string
	}
	return behaviour{Wrap: func(next http.Handler) http.Handler {
		var mu sync.Mutex
		logins := map[string]begun{}
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_ = r.ParseForm()
			switch r.URL.Path {
			case "/login":
				rec := bend.Answered(next, r)
				mu.Lock()
				for _, line := range rec.Header()["Set-Cookie"] {
					pair, _, _ := strings.Cut(line, ";")
					name, _, _ := strings.Cut(pair, "=")
					logins[name] = begun{r, pair}
				}
				mu.Unlock()
				bend.Give(w, rec)
				return
			case "/launch":
				mu.Lock()
				b := logins["lti_"+r.PostForm.Get("state")]
				mu.Unlock()
				if b.login != nil && when(b.login, r) {
					r.Header.Set("Cookie", b.pair)
				}
			}
			next.ServeHTTP(w, r)
		})
	}}
}

// forgetful forgets after a while that an answer was used, and answers it again as it was
// answered then.
func forgetful(after time.Duration) behaviour {
	type answer struct {
		at       time.Time
		location string
	}
	var mu sync.Mutex
	used := map[string]answer{}
	return at("/launch", func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		_ = r.ParseForm()
		token := r.PostForm.Get("id_token")
		mu.Lock()
		a := used[token]
		mu.Unlock()
		if a.location != "" && time.Since(a.at) > after {
			http.Redirect(w, r, a.location, http.StatusSeeOther)
			return
		}
		rec := bend.Answered(next, r)
		if rec.Code == http.StatusSeeOther {
			mu.Lock()
			used[token] = answer{time.Now(), rec.Header().Get("Location")}
			mu.Unlock()
		}
		bend.Give(w, rec)
	})
}

// firstSession leaves a browser with the session that it began first.
func firstSession() behaviour {
	return at("/launch", func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		_ = r.ParseForm()
		rec := bend.Answered(next, r)
		if rec.Code == http.StatusSeeOther {
			if c, err := r.Cookie("session"); err == nil {
				if location, err := url.QueryUnescape(c.Value); err == nil {
					rec.Header().Set("Location", location)
				}
			} else {
				http.SetCookie(rec, &http.Cookie{
					Name:     "session",
					Value:    url.QueryEscape(rec.Header().Get("Location")),
					Path:     "/",
					Secure:   true,
					HttpOnly: true,
					SameSite: http.SameSiteNoneMode,
				})
			}
		}
		bend.Give(w, rec)
	})
}
