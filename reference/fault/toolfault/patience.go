package toolfault

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/rollcall-edu/rollcall/reference/fault/bend"
)

// delayed goes on to an address by a script, after a while.
func delayed(address string, after time.Duration) string {
	return fmt.Sprintf("<!doctype html><title>…</title><body><p>One moment, please …</p><script>setTimeout(function(){location.replace(%s)},%d)</script>", quote(address), after.Milliseconds())
}

// slowly makes a behaviour whose path answers a redirect by a page that goes on after
// a while.
func slowly(path string, code int, after time.Duration) behaviour {
	return at(path, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		rec := bend.Answered(next, r)
		if rec.Code != code {
			bend.Give(w, rec)
			return
		}
		for _, line := range rec.Header()["Set-Cookie"] {
			w.Header().Add("Set-Cookie", line)
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(w, delayed(rec.Header().Get("Location"), after))
	})
}

// patienceOf are tools that take their time, or end a refusal by breaking off.
func patienceOf() map[string]behaviour {
	return map[string]behaviour{
		"tool-login-slow":   slowly("/login", http.StatusFound, time.Second),
		"tool-login-slower": slowly("/login", http.StatusFound, 2500*time.Millisecond),
		"tool-answer-slow":  slowly("/launch", http.StatusSeeOther, 1500*time.Millisecond),
		// A refusal that takes its time too: until then nothing tells the two apart.
		"tool-refusal-slow":   refusalSlow(),
		"tool-page-inner":     inner(),
		"tool-cookies-others": otherCookies(),
		"tool-refusal-abort":  refusals(func(http.ResponseWriter, int) { panic(http.ErrAbortHandler) }),
		"tool-refusal-loop": {Wrap: func(next http.Handler) http.Handler {
			round := bend.At("/launch", bend.Refused(func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, "/round", http.StatusFound)
			}))(next)
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/round" {
					http.Redirect(w, r, "/round?"+randomText(), http.StatusFound)
					return
				}
				round.ServeHTTP(w, r)
			})
		}},
		// Signatures are not looked at, and what comes of it is shown after a while.
		"tool-opens-late": {Bend: excuse(func(map[string]any, error) bool { return true }).Bend, Wrap: slowly("/launch", http.StatusSeeOther, 1500*time.Millisecond).Wrap},
	}
}

// inner shows the resource in a frame of an otherwise empty page.
func inner() behaviour {
	return behaviour{Wrap: func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !strings.HasPrefix(r.URL.Path, "/resources/") || r.URL.Query().Has("inner") {
				next.ServeHTTP(w, r)
				return
			}
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			fmt.Fprintf(w, `<!doctype html><title>App</title><body><iframe title="app" style="width:95vw;height:90vh" src="%s"></iframe>`,
				attribute(r.URL.Path+"?"+r.URL.RawQuery+"&inner=1"))
		})
	}}
}

// otherCookies sets cookies at the login that have nothing to do with it: of a load
// balancer, and a second one for browsers that know no SameSite=None.
func otherCookies() behaviour {
	return at("/login", func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		rec := bend.Answered(next, r)
		more := []string{"AWSALB=" + randomText() + "; Path=/"}
		for _, line := range rec.Header()["Set-Cookie"] {
			pair, _, _ := strings.Cut(line, ";")
			more = append(more, "LEGACY_"+pair+"; Path=/")
		}
		rec.Header()["Set-Cookie"] = append(more, rec.Header()["Set-Cookie"]...)
		bend.Give(w, rec)
	})
}

// refusalSlow answers every launch by a page that goes on after a while: to the
// resource, or to an error page.
func refusalSlow() behaviour {
	return behaviour{Wrap: func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			switch r.URL.Path {
			case "/refused":
				fmt.Fprint(w, "<!doctype html><title>Sorry</title><body><div class=box><h2>Something went wrong</h2><p>Please open the link in your course again.</p></div>")
			case "/launch":
				rec := bend.Answered(next, r)
				where := rec.Header().Get("Location")
				if rec.Code >= 400 {
					where = "/refused"
				}
				fmt.Fprint(w, delayed(where, 1200*time.Millisecond))
			default:
				w.Header().Del("Content-Type")
				next.ServeHTTP(w, r)
			}
		})
	}}
}
