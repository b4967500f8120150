package toolfault

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/rollcall-edu/rollcall/reference/fault/bend"
	"github.com/rollcall-edu/rollcall/reference/lti"
)

// alikeOf are tools by whose pages it is hard to tell what was opened.
func alikeOf() map[string]behaviour {
	says := func(w http.ResponseWriter, title, body string) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = io.WriteString(w, "<!doctype html><html lang=en><title>"+title+"</title><body>"+body) // the browser may be gone
	}
	return map[string]behaviour{
		"tool-refuses-all": at("/launch", func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
			says(w, "Activity", "<header>Quizzes</header><main><h1>Activity</h1><p>We are sorry: this activity could not be opened. Please tell your teacher.</p></main>")
		}),
		"tool-instructors-blank": at("/launch", func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			_ = r.ParseForm()
			rec := bend.Answered(next, r)
			if rec.Code == http.StatusSeeOther && strings.Contains(string(claimsOf(r.PostForm.Get("id_token"))[lti.Namespace+"roles"]),
				lti.Membership+"Instructor") {
				says(w, "Nothing can be opened here", "")
				return
			}
			bend.Give(w, rec)
		}),
		"tool-one-shell": shell(),
		"tool-page-wordy": {Wrap: bend.Below("/resources/", bend.Rewritten(func(body string) string {
			before, rest, _ := strings.Cut(body, "<title>")
			_, after, _ := strings.Cut(rest, "</title>")
			return before + "<title>Error analysis: what went wrong?</title>" + after
		}))},
	}
}

// shell answers every launch with one page, which loads by a script what it shows: the
// resource, or why there is none.
func shell() behaviour {
	contents := newKept()
	return behaviour{Wrap: func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if key, is := strings.CutPrefix(r.URL.Path, "/contents/"); is {
				time.Sleep(200 * time.Millisecond)
				_, _ = io.WriteString(w, contents.get(key)) // the browser may be gone
				return
			}
			if r.URL.Path != "/launch" {
				next.ServeHTTP(w, r)
				return
			}
			rec := bend.Answered(next, r)
			if to := rec.Header().Get("Location"); rec.Code == http.StatusSeeOther {
				inner, err := http.NewRequestWithContext(r.Context(), http.MethodGet, to, nil)
				if err != nil {
					bend.Give(w, rec)
					return
				}
				rec = bend.Answered(next, inner)
			}
			_, body, _ := strings.Cut(rec.Body.String(), "<body>")
			key := randomText()
			contents.put(key, body)
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			fmt.Fprintf(w, `<!doctype html><html lang="en"><title>Quizzes</title><body><header>Quizzes for everybody</header><div id="app">One moment …</div>
<script>fetch("/contents/%s").then(function (r) { return r.text(); }).then(function (t) { document.getElementById("app").innerHTML = t; })</script>`, key)
		})
	}}
}
