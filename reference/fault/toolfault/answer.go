package toolfault

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"github.com/rollcall-edu/rollcall/reference/fault/bend"
)

// answerFaults are tools that go wrong once the platform has answered.
func answerFaults() map[string]behaviour {
	return map[string]behaviour{
		"tool-frames-only": inWindow(`document.body.textContent = "Open this in your course."`),
		"tool-window-shut": inWindow(`window.close()`),
		"tool-answer-closed": refusing("/launch", func(r *http.Request) bool {
			for name := range r.PostForm {
				if name != "id_token" && name != "state" && !strings.HasPrefix(name, "error") && name != "lti_storage_target" {
					return true
				}
			}
			return false
		}),
		"tool-methods-unnamed": at("/launch", func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			rec := bend.Answered(next, r)
			rec.Header().Del("Allow")
			bend.Give(w, rec)
		}),
		"tool-answer-get": at("/launch", func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			if r.Method == http.MethodGet && r.URL.Query().Has("id_token") {
				r.Method, r.Header = http.MethodPost, r.Header.Clone()
				r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
				r.Body = io.NopCloser(strings.NewReader(r.URL.RawQuery))
			}
			next.ServeHTTP(w, r)
		}),
		"tool-twice-crash": at("/launch", func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			_ = r.ParseForm()
			if len(r.PostForm["id_token"]) > 1 || len(r.PostForm["state"]) > 1 {
				http.Error(w, "TypeError: expected a text", http.StatusInternalServerError)
				return
			}
			next.ServeHTTP(w, r)
		}),
		"tool-twice-dies": dying(func(r *http.Request) bool { return len(r.PostForm["id_token"]) > 1 || len(r.PostForm["state"]) > 1 }),
		"tool-refusal-dies": dying(func(r *http.Request) bool {
			header, _, _ := strings.Cut(r.PostForm.Get("id_token"), ".")
			text, err := base64.RawURLEncoding.DecodeString(header)
			return err == nil && strings.Contains(string(text), `"none"`)
		}),
		"tool-answer-replayed":  forgetful(0),
		"tool-state-any":        stateless(func(string) bool { return true }),
		"tool-state-missing":    stateless(func(state string) bool { return state == "" }),
		"tool-error-opens":      errorOpens(),
		"tool-error-echoes":     echoing("error_description"),
		"tool-token-in-address": tokenInAddress(),
		"tool-refusal-empty":    refusals(func(w http.ResponseWriter, status int) { w.WriteHeader(status) }),
		"tool-refusal-crash": refusals(func(w http.ResponseWriter, _ int) {
			http.Error(w, "Internal Server Error", http.StatusInternalServerError)
		}),
		"tool-malformed-opens":     malformedOpens(),
		"tool-state-fixed":         fixedState(),
		"tool-nonce-fixed":         asking(func(q, _ url.Values) { q.Set("nonce", "one-nonce-for-everybody") }),
		"tool-token-missing-opens": missingOpens(),
	}
}

// stateless remembers the last login of all and uses it where the state of an
// answer is not known.
func stateless(when func(state string) bool) behaviour {
	return behaviour{Wrap: func(next http.Handler) http.Handler {
		var mu sync.Mutex
		known := map[string]string{} // state → cookie
		byNonce := map[string]string{}
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_ = r.ParseForm()
			switch r.URL.Path {
			case "/login":
				rec := bend.Answered(next, r)
				if u, err := url.Parse(rec.Header().Get("Location")); err == nil {
					mu.Lock()
					for _, line := range rec.Header()["Set-Cookie"] {
						pair, _, _ := strings.Cut(line, ";")
						known[u.Query().Get("state")] = pair
					}
					byNonce[u.Query().Get("nonce")] = u.Query().Get("state")
					mu.Unlock()
				}
				bend.Give(w, rec)
				return
			case "/launch":
				mu.Lock()
				state := r.PostForm.Get("state")
				if known[state] == "" && when(state) {
					state = byNonce[nonceOf(r.PostForm.Get("id_token"))]
					if cookie := known[state]; cookie != "" {
						r.PostForm.Set("state", state)
						r.Header.Add("Cookie", cookie)
					}
				}
				mu.Unlock()
			}
			next.ServeHTTP(w, r)
		})
	}}
}

// opened is a page that looks as an opened launch does.
const opened = `<!doctype html><html lang="en"><head><title>quiz</title></head><body><main id="launched" data-view="learner"><h1>Algebra, chapter 1</h1>
<p>Welcome, <b id="person">Carla Adeyemi</b>, in <span id="course">Algebra 1</span>.</p><p id="learner">You learn here: answer the questions below.</p>
<p><a href="/decoded">What the platform told us</a></p></main></body></html>`

func errorOpens() behaviour {
	return at("/launch", func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		_ = r.ParseForm()
		if r.PostForm.Has("error") {
			_, _ = io.WriteString(w, opened)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func malformedOpens() behaviour {
	return at("/launch", func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		_ = r.ParseForm()
		if t := r.PostForm.Get("id_token"); t != "" && nonceOf(t) == "" && strings.Count(t, ".") == 2 && strings.HasPrefix(t, "not.") {
			_, _ = io.WriteString(w, opened)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func missingOpens() behaviour {
	return at("/launch", func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		_ = r.ParseForm()
		if r.Method == http.MethodPost && !r.PostForm.Has("id_token") && !r.PostForm.Has("error") {
			_, _ = io.WriteString(w, opened)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// echoing shows a parameter of a refused answer without escaping.
func echoing(name string) behaviour {
	return at("/launch", func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		_ = r.ParseForm()
		rec := bend.Answered(next, r)
		if v := r.PostForm.Get(name); v != "" && rec.Code >= 400 {
			rec.Header().Del("Content-Security-Policy")
			rec.Body.WriteString("<p>" + v + "</p>")
		}
		bend.Give(w, rec)
	})
}

func tokenInAddress() behaviour {
	return at("/launch", func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		_ = r.ParseForm()
		rec := bend.Answered(next, r)
		if u, err := url.Parse(rec.Header().Get("Location")); err == nil && rec.Code == http.StatusSeeOther {
			q := u.Query()
			q.Set("id_token", r.PostForm.Get("id_token"))
			u.RawQuery = q.Encode()
			rec.Header().Set("Location", u.String())
		}
		bend.Give(w, rec)
	})
}

// refusals answers what the tool refuses in another way.
func refusals(answer func(w http.ResponseWriter, status int)) behaviour {
	return at("/launch", func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		rec := bend.Answered(next, r)
		if rec.Code >= 400 {
			answer(w, rec.Code)
			return
		}
		bend.Give(w, rec)
	})
}

// fixedState has every login use one state, and finds out by the nonce which one an
// answer belongs to.
func fixedState() behaviour {
	const fixed = "one-state-for-everybody"
	return behaviour{Wrap: func(next http.Handler) http.Handler {
		var mu sync.Mutex
		states := map[string]string{} // nonce → state
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_ = r.ParseForm()
			switch r.URL.Path {
			case "/login":
				rec := bend.Answered(next, r)
				if u, err := url.Parse(rec.Header().Get("Location")); err == nil && rec.Code == http.StatusFound {
					q := u.Query()
					mu.Lock()
					states[q.Get("nonce")] = q.Get("state")
					mu.Unlock()
					q.Set("state", fixed)
					u.RawQuery = q.Encode()
					rec.Header().Set("Location", u.String())
				}
				bend.Give(w, rec)
				return
			case "/launch":
				mu.Lock()
				if state := states[nonceOf(r.PostForm.Get("id_token"))]; state != "" && r.PostForm.Get("state") == fixed {
					r.PostForm.Set("state", state)
				}
				mu.Unlock()
			}
			next.ServeHTTP(w, r)
		})
	}}
}

// nonceOf reads the nonce of a token without a look at its signature.
func nonceOf(token string) string {
	parts := strings.Split(token, ".")
	if len(parts) < 2 {
		return ""
	}
	raw, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return ""
	}
	var claims struct {
		Nonce string `json:"nonce"`
	}
	_ = json.Unmarshal(raw, &claims) // no nonce, then
	return claims.Nonce
}

// inWindow runs a script on the page in a window that some page has opened.
func inWindow(script string) behaviour {
	return behaviour{Wrap: func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			rec := bend.Answered(next, r)
			if strings.Contains(rec.Body.String(), `id="launched"`) {
				rec.Header().Del("Content-Security-Policy")
				rec.Body.WriteString("<script>if (window.opener) { " + script + " }</script>")
			}
			bend.Give(w, rec)
		})
	}}
}

// dying ends the whole server with an answer that is not understood, as an error does
// that nothing catches.
func dying(of func(r *http.Request) bool) behaviour {
	return at("/launch", func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		_ = r.ParseForm()
		server, ok := r.Context().Value(http.ServerContextKey).(*http.Server)
		if !ok || !of(r) {
			next.ServeHTTP(w, r)
			return
		}
		_ = server.Close() // what it says is of connections that break off, which is the point
		panic(http.ErrAbortHandler)
	})
}
