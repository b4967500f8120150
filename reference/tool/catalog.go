package tool

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/rollcall-edu/rollcall/reference/catalog/client"
	"github.com/rollcall-edu/rollcall/reference/lti"
)

// A tool that has a catalogue lets those who pick content search it (LTI Resource Search 1.0), and answers with what they picked
// there as it answers with its own (LTI Deep Linking 2.0 §4.5): what it opens itself as a link of it, anything else that has a
// page as a link to that. What another tool opens is that tool's to offer.

// shownAtOnce is how many of those found are shown.
const shownAtOnce = 20

// searched is what the picker shows of a search; nil where there is no catalogue.
type searched struct {
	Query         client.Query
	Asked         bool
	Found         []choice
	Problem, Next string
}

// choice is something that can be picked, by the name under which a form sends it.
type choice struct{ Name, What, More string }

// search answers what was searched for on the page of a launch.
func (t *Tool) search(r *http.Request, l *Launch) *searched {
	if t.catalog == nil {
		return nil
	}
	q := r.URL.Query()
	out := &searched{Asked: q.Has("words"), Query: client.Query{Text: strings.TrimSpace(q.Get("words")),
		Standard: strings.TrimSpace(q.Get("standard")), Grade: strings.TrimSpace(q.Get("grade")), Limit: shownAtOnce}}
	if !out.Asked {
		return out
	}
	skip, _ := strconv.Atoi(q.Get("skip")) // what is no number is the beginning
	page, err := t.catalog.Search(r.Context(), out.Query, max(skip, 0))
	out.Problem = client.Cause(err)
	for _, i := range page.Items {
		c := choice{url.Values{"name": {i.Name}, "mark": {i.Mark()}}.Encode(), i.Name, i.Description}
		if _, why := t.contentOf(i, l.Claims.Settings); why != "" {
			c.Name, c.More = "", why
		}
		out.Found = append(out.Found, c)
	}
	if page.More {
		q.Set("skip", strconv.Itoa(page.Next))
		out.Next = r.URL.Path + "?" + q.Encode()
	}
	return out
}

// contentOf gives an item as content for a platform, or why it can't be picked.
func (t *Tool) contentOf(i client.Item, s *lti.Settings) (lti.ContentItem, string) {
	out := lti.ContentItem{Type: lti.TypeLink, URL: i.URL, Title: i.Name, Text: i.Description}
	switch {
	case i.LTILink != nil && strings.HasPrefix(i.LTILink.Address(), t.c.Origin+"/"):
		out.Type, out.URL, out.Custom = lti.TypeLTI, i.LTILink.Address(), i.LTILink.Parameters()
	case i.URL == "" && i.LTILink != nil:
		return out, "another tool opens it"
	case !absolute(i.URL):
		return out, "it has no page"
	}
	if !slices.Contains(s.Types, out.Type) {
		return out, "it is of no kind that your course takes"
	}
	return out, ""
}

// pickedThere finds once more what was picked of those found: what the catalogue says counts, and not what a form does. What is
// there no more, or can't be picked, is left out.
func (t *Tool) pickedThere(ctx context.Context, names []string, s *lti.Settings) (items []lti.ContentItem, err error) {
	if t.catalog == nil {
		return nil, nil
	}
	for _, name := range names {
		was, err := url.ParseQuery(name)
		if err != nil || !was.Has("mark") {
			continue
		}
		i, there, err := t.catalog.Again(ctx, was.Get("name"), was.Get("mark"))
		if err != nil {
			return nil, err
		}
		if item, why := t.contentOf(i, s); there && why == "" {
			items = append(items, item)
		}
	}
	return items, nil
}
