package tool

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	search "github.com/rollcall-edu/rollcall/reference/catalog/client"
	"github.com/rollcall-edu/rollcall/reference/lti"
)

// searchedPage is what the picker shows of the catalogue.
type searchedPage struct {
	There          bool // there is one
	Words, Problem string
	Found          []searchedItem
	Next           string // where the next page is; empty: there is none
}

// searchedItem is what was found; Key knows it again.
type searchedItem struct {
	search.Item
	Key string
}

// pageOfFound is how many are shown at a time.
const pageOfFound = 20

// keyOf knows an item again: the standard gives it no id, and names are not alone.
func keyOf(i search.Item) string { return i.Address() + "\n" + i.Name }

// searched searches the catalogue for the words of a request (LTI Resource Search 1.0), and leaves what the platform takes.
func (t *Tool) searched(r *http.Request, s *lti.Settings) searchedPage {
	out := searchedPage{There: t.c.Catalog != nil, Words: strings.TrimSpace(r.URL.Query().Get("words"))}
	if !out.There || out.Words == "" {
		return out
	}
	skip, _ := strconv.Atoi(r.URL.Query().Get("skip")) // what is no number is the beginning
	page, err := t.c.Catalog.Search(r.Context(), search.Query{Text: out.Words, Limit: pageOfFound}, max(skip, 0))
	if err != nil {
		out.Problem = "The catalogue can't be searched now: " + err.Error()
		return out
	}
	for _, i := range page.Items {
		if _, can := t.offers(i, s); can {
			out.Found = append(out.Found, searchedItem{i, keyOf(i)})
		}
	}
	if page.More {
		out.Next = "/resources/deep-linking?" + url.Values{"launch": {r.URL.Query().Get("launch")}, "words": {out.Words},
			"skip": {strconv.Itoa(page.Next)}}.Encode()
	}
	return out
}

// offers gives an item of the catalogue as content of a course: a page, or a link that opens this tool; what opens another tool
// is that tool's to give (LTI Deep Linking 2.0 §3).
func (t *Tool) offers(i search.Item, s *lti.Settings) (lti.ContentItem, bool) {
	out := lti.ContentItem{Type: lti.TypeLink, URL: i.URL, Title: i.Name, Text: i.Description}
	if i.LTILink != nil {
		out.Type, out.URL, out.Custom = lti.TypeLTI, i.LTILink.Address(), i.LTILink.Parameters()
		if !strings.HasPrefix(out.URL, t.c.Origin+"/") {
			return out, false
		}
	}
	return out, absolute(out.URL) && slices.Contains(s.Types, out.Type)
}

// chosen finds once more what was chosen: what the catalogue says counts, and not what a form does.
func (t *Tool) chosen(ctx context.Context, keys []string, s *lti.Settings) (out []lti.ContentItem, err error) {
	if t.c.Catalog == nil {
		return nil, nil
	}
	for _, key := range keys {
		_, name, _ := strings.Cut(strings.ReplaceAll(key, "\r\n", "\n"), "\n")
		for i, err := range t.c.Catalog.All(ctx, search.Query{Name: name}) {
			if err != nil {
				return nil, err
			}
			if keyOf(i) != strings.ReplaceAll(key, "\r\n", "\n") {
				continue
			}
			if item, can := t.offers(i, s); can {
				out = append(out, item)
			}
			break
		}
	}
	return out, nil
}
