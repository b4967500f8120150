package platformfault

import (
	"html"
	"net/http"
	"regexp"
	"strings"

	"github.com/rollcall-edu/rollcall/reference/fault/bend"
)

var stateField = regexp.MustCompile(`name="state" value="[^"]*"`)

// scripted makes a behaviour that changes the page around a tool's frame, where the
// platform keeps things for tools.
func scripted(old, by string) behaviour {
	return behaviour{Wrap: bend.Below("/links/", bend.Rewritten(func(body string) string { return strings.Replace(body, old, by, 1) }))}
}

// pageFaults are platforms whose pages let markup in, or keep things for tools
// wrongly.
func pageFaults() map[string]behaviour {
	return map[string]behaviour{
		"platform-state-markup": at("/auth", func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			rec := bend.Answered(next, r)
			body := stateField.ReplaceAllStringFunc(rec.Body.String(), html.UnescapeString)
			rec.Body.Reset()
			rec.Body.WriteString(body)
			rec.Header().Del("Content-Security-Policy")
			bend.Give(w, rec)
		}),
		"platform-error-markup": at("/auth", func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			rec := bend.Answered(next, r)
			if rec.Code >= 400 {
				rec.Body.WriteString("<p>redirect_uri was " + r.Form.Get("redirect_uri"))
			}
			bend.Give(w, rec)
		}),
		"platform-storage-deaf":    scripted(`window.addEventListener("message"`, `(function () {})("message"`),
		"platform-storage-unnamed": scripted(`subjects.map(function (s) { return { subject: s }; })`, `[]`),
		"platform-storage-no-key":  scripted(`answer.key = d.key;`, ``),
		"platform-storage-forgets": scripted(`mine.set(d.key, String(d.value));`, `setTimeout(function () { mine.delete(d.key); }, 1); mine.set(d.key, String(d.value));`),
		"platform-storage-made-up": scripted(`mine.has(d.key) ? mine.get(d.key) : null`, `String(mine.get(d.key))`),
		"platform-storage-short":   scripted(`mostText = 4096`, `mostText = 1024`),
		"platform-storage-keeps":   scripted(`mine.delete(d.key); answer.value = null;`, `answer.value = null;`),
		"platform-storage-agrees":  scripted(`answer.error = { code: "unsupported_subject", message: "This subject is not supported here." };`, ``),
	}
}
