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
	There                  bool // there is one
	Words, Standard, Grade string
	Asked                  bool // something is searched for
	Problem                string
	Found                  []searchedItem
	Next                   string // where the next page is; empty: there is none
}

// searchedItem is what was found; Key knows it again.
type searchedItem struct {
	search.Item
	Key string
}

// pageOfFound is how many are shown at a time.
const pageOfFound = 20

// keyOf knows an item again: the standard gives it no id, and names are not alone.
func keyOf(i search.Item) string { return url.Values{"name": {i.Name}, "mark": {i.Mark()}}.Encode() }

// searched searches the catalogue for the words of a request (LTI Resource Search 1.0), and leaves what the platform takes.
func (t *Tool) searched(r *http.Request, s *lti.Settings) searchedPage {
	given := func(name string) string { return strings.TrimSpace(r.URL.Query().Get(name)) }
	out := searchedPage{There: t.c.Catalog != nil, Words: given("words"), Standard: given("standard"), Grade: given("grade")}
	query := search.Query{Text: out.Words, Standard: out.Standard, Grade: out.Grade, Limit: pageOfFound}
	if out.Asked = out.There && (!query.Empty() || out.Grade != ""); !out.Asked {
		return out
	}
	skip, _ := strconv.Atoi(given("skip")) // what is no number is the beginning
	page, err := t.c.Catalog.Search(r.Context(), query, max(skip, 0))
	if err != nil {
		out.Problem = search.Cause(err)
		return out
	}
	for _, i := range page.Items {
		if _, can := t.offers(i, s); can {
			out.Found = append(out.Found, searchedItem{i, keyOf(i)})
		}
	}
	if page.More {
		next := r.URL.Query()
		next.Set("skip", strconv.Itoa(page.Next))
		out.Next = "/resources/deep-linking?" + next.Encode()
	}
	return out
}

// offers gives an item of the catalogue as content of a course: a page, or a link that opens this tool; what opens another tool
// is that tool's to give (LTI Deep Linking 2.0 §3).
func (t *Tool) offers(i search.Item, s *lti.Settings) (lti.ContentItem, bool) {
	out := lti.ContentItem{Type: lti.TypeLink, URL: i.URL, Title: i.Name, Text: i.Description}
	if i.LTILink != nil && strings.HasPrefix(i.LTILink.Address(), t.c.Origin+"/") {
		out.Type, out.URL, out.Custom = lti.TypeLTI, i.LTILink.Address(), i.LTILink.Parameters()
	}
	return out, absolute(out.URL) && slices.Contains(s.Types, out.Type)
}

// chosen finds once more what was chosen: what the catalogue says counts, and not what a form does.
func (t *Tool) chosen(ctx context.Context, keys []string, s *lti.Settings) (out []lti.ContentItem, err error) {
	if t.c.Catalog == nil {
		return nil, nil
	}
	for _, key := range keys {
		was, err := url.ParseQuery(key)
		if err != nil || !was.Has("mark") {
			continue
		}
		i, there, err := t.c.Catalog.Again(ctx, was.Get("name"), was.Get("mark"))
		if err != nil {
			return nil, err
		}
		if item, can := t.offers(i, s); there && can {
			out = append(out, item)
		}
	}
	return out, nil
}
