package agsfault

import (
	"regexp"

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
		"platform-ags-book-percent": page(func(body string) string {
			return points.ReplaceAllStringFunc(body, func(string) string { return `<span class="points">99 %</span>` })
		}),
	}
}
