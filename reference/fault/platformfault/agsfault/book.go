package agsfault

import (
	"fmt"
	"html"
	"net/http"
	"regexp"
	"strings"
	"sync"

	"github.com/rollcall-edu/rollcall/reference/fault/bend"
)

// points are a mark on the page of the gradebook.
var points = regexp.MustCompile(`<span class="points">[^<]*</span>`)

// bookFaults are platforms whose people don't see what tools sent.
func bookFaults() map[string]behaviour {
	page := func(change func(body string) string) behaviour {
		return behaviour{Wrap: bend.Below("/courses/", bend.Rewritten(change))}
	}
	return map[string]behaviour{
		"platform-ags-book-blank": page(func(body string) string { return points.ReplaceAllString(body, "–") }),
		"platform-ags-book-raw":   bookRaw(page),
		"platform-ags-book-keeps": bookKeeps(page),
		"platform-ags-book-markup": page(func(body string) string {
			return strings.ReplaceAll(body, "&lt;img id=&#34;rollcall-graded&#34; src=&#34;x&#34;&gt;", `<img id="rollcall-graded" src="x">`)
		}),
		"platform-ags-book-percent": page(func(body string) string {
			return points.ReplaceAllStringFunc(body, func(string) string { return `<span class="points">99 %</span>` })
		}),
	}
}

// bookRaw shows the points of the latest score as they were sent.
func bookRaw(page func(func(string) string) behaviour) behaviour {
	var last sync.Map
	taken := scoring(func(_ *http.Request, m object) {
		if m["scoreGiven"] != nil {
			last.Store("points", fmt.Sprint(m["scoreGiven"]))
		}
	})
	shown := page(func(body string) string {
		given, _ := last.Load("points")
		return points.ReplaceAllString(body, fmt.Sprintf(`<span class="points">%v</span>`, given))
	})
	return behaviour{Wrap: func(next http.Handler) http.Handler { return shown.Wrap(taken.Wrap(next)) }}
}

// bookKeeps shows line items that were deleted.
func bookKeeps(page func(func(string) string) behaviour) behaviour {
	var mu sync.Mutex
	var gone []string
	deleted := grades(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		label, _ := before(r, next)["label"].(string)
		rec := bend.Answered(next, r)
		mu.Lock()
		if rec.Code == http.StatusNoContent {
			gone = append(gone, html.EscapeString(label))
		}
		mu.Unlock()
		bend.Give(w, rec)
	}, "delete")
	shown := page(func(body string) string {
		mu.Lock()
		defer mu.Unlock()
		return strings.Replace(body, "</main>", "<p>"+strings.Join(gone, ", ")+"</p></main>", 1)
	})
	return behaviour{Wrap: func(next http.Handler) http.Handler { return shown.Wrap(deleted.Wrap(next)) }}
}
