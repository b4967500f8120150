package search

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/rollcall-edu/rollcall/reference/catalog/client"
)

// page is how many are shown at a time.
const page = 20

// kinds are the types of content that a teacher chooses from (Resource.Type, learningResourceType): those that most look for.
var kinds = []string{"Activity/Learning", "Activity/Worksheet", "Assessment/Formative", "Assessment/Item",
	"Collection/Lesson", "Collection/Unit",
	"Game", "Interactive/Simulation", "Lecture", "Media/Audio", "Media/Video", "Text/Article", "Text/Book", "Text/Website"}

// sorts are what is sorted by.
var sorts = []string{"name", "publisher", "publishDate", "rating"}

// asked reads what a teacher searches for, and how many of those found come before the page.
func asked(q url.Values) (out client.Query, skip int) {
	given := func(name string) string { return strings.TrimSpace(q.Get(name)) }
	out = client.Query{Text: given("words"), Standard: given("standard"), Ages: given("ages"), Grade: given("grade"), Limit: page}
	if k := given("type"); slices.Contains(kinds, k) {
		out.Type = k
	}
	if s := given("sort"); slices.Contains(sorts, s) {
		out.Sort, out.Reversed = s, s == "rating" || s == "publishDate" // the best and the newest come first
	}
	skip, _ = strconv.Atoi(q.Get("skip")) // what is no number is the beginning
	return out, max(skip, 0)
}
