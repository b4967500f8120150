package oneroster

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// setPagingHeaders tells where the page stands in its collection: X-Total-Count
// holds the number of objects after the filter, Link (RFC 8288) the URLs of the
// other pages. prev is left out on the first page and next on the last.
func setPagingHeaders(header http.Header, collectionURL string, q query, total int) {
	header.Set("X-Total-Count", strconv.Itoa(total))

	last := 0
	if total > 0 {
		last = (total - 1) / q.limit * q.limit
	}
	var links []string
	add := func(rel string, offset int) {
		links = append(links, "<"+pageURL(collectionURL, q, offset)+`>; rel="`+rel+`"`)
	}
	add("first", 0)
	if q.offset > 0 {
		// From beyond the end one gets back to the last page.
		add("prev", max(0, min(q.offset-q.limit, last)))
	}
	if q.offset+q.limit < total {
		add("next", q.offset+q.limit)
	}
	add("last", last)
	header.Set("Link", strings.Join(links, ", "))
}

// pageURL repeats the request with another offset. The limit is the one that was
// applied, so that a capped one does not leave gaps.
func pageURL(collectionURL string, q query, offset int) string {
	var b strings.Builder
	b.WriteString(collectionURL)
	b.WriteString("?limit=" + strconv.Itoa(q.limit) + "&offset=" + strconv.Itoa(offset))
	for _, p := range q.parameters {
		if p.name != "limit" && p.name != "offset" {
			b.WriteString("&" + escape(p.name) + "=" + escape(p.value))
		}
	}
	return b.String()
}

// escape percent-encodes for a query string with %20 for a blank, which unlike +
// means a blank everywhere.
func escape(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }
