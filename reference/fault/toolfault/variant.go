package toolfault

import (
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/rollcall-edu/rollcall/reference/fault/bend"
)

// kept is a map that several requests use at once.
type kept struct {
	mu sync.Mutex
	m  map[string]string
}

func newKept() *kept { return &kept{m: map[string]string{}} }

func (k *kept) put(name, value string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.m[name] = value
}

func (k *kept) get(name string) string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.m[name]
}

func quote(s string) string {
	b, _ := json.Marshal(s) // of a string
	return string(b)
}

func attribute(s string) string { return html.EscapeString(s) }

// formPage goes on to the platform by a form that posts itself.
func formPage(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	var b strings.Builder
	q := u.Query()
	u.RawQuery = ""
	fmt.Fprintf(&b, `<!doctype html><title>…</title><body onload="document.forms[0].submit()"><form method="post" action="%s">`,
		attribute(u.String()))
	for name, values := range q {
		for _, v := range values {
			fmt.Fprintf(&b, `<input type="hidden" name="%s" value="%s">`, attribute(name), attribute(v))
		}
	}
	b.WriteString("</form>")
	return b.String()
}

// cookieTest goes on once a script has seen that cookies are kept, or after a
// while.
func cookieTest(address string) string {
	return `<!doctype html><title>…</title><body><p>Looking whether cookies are kept …</p><script>
document.cookie="probe=1; SameSite=None; Secure; Partitioned";
var tries=0;(function look(){if(document.cookie.indexOf("probe=1")>=0||tries++>5){location.replace(` + quote(address) + `)}else{setTimeout(look,50)}})();
</script>`
}

// loginItself redirects a login to itself once, as tools do that test cookies.
func loginItself() behaviour {
	return at("/login", func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		_ = r.ParseForm()
		if !r.Form.Has("tested") {
			q := url.Values{"tested": {"1"}}
			for name, values := range r.Form {
				q[name] = values
			}
			http.Redirect(w, r, "/login?"+q.Encode(), http.StatusFound)
			return
		}
		r.Form.Del("tested")
		next.ServeHTTP(w, r)
	})
}

func redirectCode(path string, from, to int) behaviour {
	return at(path, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		rec := bend.Answered(next, r)
		if rec.Code == from && (to != http.StatusTemporaryRedirect || r.Method == http.MethodGet) {
			rec.Code = to
		}
		bend.Give(w, rec)
	})
}

// direct shows the resource in answer to the form post, without a redirect.
func direct() behaviour {
	return at("/launch", func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		rec := bend.Answered(next, r)
		if rec.Code != http.StatusSeeOther {
			bend.Give(w, rec)
			return
		}
		inner, err := http.NewRequestWithContext(r.Context(), http.MethodGet, rec.Header().Get("Location"), nil)
		if err != nil {
			bend.Give(w, rec)
			return
		}
		next.ServeHTTP(w, inner)
	})
}

// answerScript goes to the resource by a script.
func answerScript() behaviour {
	return at("/launch", func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		rec := bend.Answered(next, r)
		if rec.Code != http.StatusSeeOther {
			bend.Give(w, rec)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprintf(w, "<!doctype html><title>…</title><body>Loading …<script>setTimeout(function(){location.href=%s},150)</script>",
			quote(rec.Header().Get("Location")))
	})
}

// ownWindow has a login by GET go on in a window of its own where it is in a frame.
func ownWindow() behaviour {
	return at("/login", func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if r.Method != http.MethodGet || r.URL.Query().Has("own_window") {
			next.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		address := quote(r.URL.RequestURI() + "&own_window=1")
		fmt.Fprint(w, `<!doctype html><title>…</title><body><p id="note">One moment …</p><script>
if (window.top === window) location.replace(`+address+`);
else { document.getElementById("note").textContent = "This activity goes on in a window of its own."; window.open(`+address+`); }
</script>`)
	})
}

// refusalRedirect sends people to an error page of its own.
func refusalRedirect() behaviour {
	return behaviour{Wrap: func(next http.Handler) http.Handler {
		refusing := bend.At("/launch", bend.Refused(func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/error", http.StatusSeeOther)
		}))(next)
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/error" {
				w.Header().Set("Content-Type", "text/html; charset=utf-8")
				fmt.Fprint(w, "<!doctype html><title>Sorry</title><body><div class=box><h2>Something went wrong</h2><p>Please open the link in your course again.</p></div>")
				return
			}
			refusing.ServeHTTP(w, r)
		})
	}}
}

// refusalLogin shows its own sign-in page to whoever is refused.
func refusalLogin() behaviour {
	return at("/launch", func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		rec := bend.Answered(next, r)
		if rec.Code < 400 {
			bend.Give(w, rec)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(w, `<!doctype html><title>Sign in</title><body><form><label>Name <input name="user"></label><label>Password <input type="password" name="pass"></label><button>Sign in</button></form>`)
	})
}

// late fills the page by a script after a moment.
func late(body string) string {
	before, rest, ok := strings.Cut(body, "<main")
	inner, after, ok2 := strings.Cut(rest, "</main>")
	if !ok || !ok2 {
		return body
	}
	return before + `<div id="app">Loading …</div><script>setTimeout(function(){document.getElementById("app").outerHTML=` +
		strings.ReplaceAll(quote("<main"+inner+"</main>"), "</", `<\/`) + `},120)</script>` + after
}

// streaming answers /stream and never ends.
func streaming(pages behaviour) behaviour {
	return behaviour{Wrap: func(next http.Handler) http.Handler {
		next = pages.Wrap(next)
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/stream" {
				next.ServeHTTP(w, r)
				return
			}
			w.Header().Set("Content-Type", "text/event-stream")
			w.WriteHeader(http.StatusOK)
			if f, ok := w.(http.Flusher); ok {
				f.Flush()
			}
			select {
			case <-r.Context().Done():
			case <-time.After(time.Minute):
			}
		})
	}}
}

// longState uses states of some hundred characters.
func longState() behaviour {
	tail := strings.Repeat("-and-on", 80)
	return behaviour{Wrap: func(next http.Handler) http.Handler {
		ask := asking(func(q, _ url.Values) { q.Set("state", q.Get("state")+tail) }).Wrap(next)
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/launch" {
				_ = r.ParseForm()
				if s := r.PostForm.Get("state"); s != "" {
					r.PostForm.Set("state", strings.TrimSuffix(s, tail))
				}
			}
			ask.ServeHTTP(w, r)
		})
	}}
}

func manyCookies() behaviour {
	return behaviour{Wrap: func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			for i := range 20 {
				http.SetCookie(w, &http.Cookie{Name: fmt.Sprintf("c%d", i), Value: "v", Path: "/", Secure: true, SameSite: http.SameSiteNoneMode})
			}
			next.ServeHTTP(w, r)
		})
	}}
}

// consent shows a page before the tool's own.
func consent() behaviour {
	return behaviour{Wrap: func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			rec := bend.Answered(next, r)
			if own := rec.Body.String(); strings.Contains(own, `id="launched"`) {
				rec.Header().Del("Content-Security-Policy")
				rec.Body.Reset()
				rec.Body.WriteString(`<!doctype html><title>Terms</title><body><p>We need your consent.</p><button id="agree" onclick="document.body.innerHTML = document.getElementById('own').innerHTML">I agree</button><template id="own">` + own + `</template></body>`)
			}
			bend.Give(w, rec)
		})
	}}
}
