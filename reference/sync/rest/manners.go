package rest

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/rollcall-edu/rollcall/reference/oneroster"
	"github.com/rollcall-edu/rollcall/reference/oneroster/client"
	"github.com/rollcall-edu/rollcall/reference/store"
)

// Manners are what a source does where one could do otherwise, with those of its client. A field
// that is nil is done as Usual does it.
type Manners struct {
	client.Manners
	// Query writes the parameters of a request.
	Query func([]Parameter) string
	// Since writes the filter by which only what changed is read; "" reads everything.
	Since func(time.Time) string
	// Next tells where the page behind another is; "" behind the last.
	Next func(*Arrival) string
	// Total reads how many objects there are; -1 where that isn't said.
	Total func(http.Header) int
}

// Parameter is one of a query.
type Parameter struct{ Name, Value string }

// Usual are the manners of a source that is worth copying.
func Usual() Manners {
	return Manners{Manners: client.Usual(), Query: Query, Since: Since, Next: Next, Total: Total}
}

func (m Manners) filled() Manners {
	u := Usual()
	u.Manners = m.Manners.Filled()
	if m.Query != nil {
		u.Query = m.Query
	}
	if m.Since != nil {
		u.Since = m.Since
	}
	if m.Next != nil {
		u.Next = m.Next
	}
	if m.Total != nil {
		u.Total = m.Total
	}
	return u
}

// Query encodes everything but letters, digits and the signs -._~, blanks as %20: services that
// know forms read it as well as those that know only RFC 3986, and so does whoever checks a
// signature.
func Query(parameters []Parameter) string {
	var pairs []string
	for _, p := range parameters {
		pairs = append(pairs, p.Name+"="+strings.ReplaceAll(url.QueryEscape(p.Value), "+", "%20"))
	}
	return strings.Join(pairs, "&")
}

// Since asks for what changed at or after a time, in UTC with milliseconds, in the quotes that
// every value of a filter has (OneRoster 1.2 REST binding, filtering).
func Since(at time.Time) string {
	return "dateLastModified>=" + Quoted(at.UTC().Format(oneroster.TimestampLayout))
}

// Quoted writes a value of a filter; a quote in it is doubled.
func Quoted(value string) string { return "'" + strings.ReplaceAll(value, "'", "''") + "'" }

// Total reads X-Total-Count.
func Total(h http.Header) int {
	n, err := strconv.Atoi(strings.TrimSpace(h.Get("X-Total-Count")))
	if err != nil || n < 0 {
		return -1
	}
	return n
}

// Arrival is a page that came, with what is known of the reading that it belongs to.
type Arrival struct {
	Collection store.Collection
	First      *url.URL // where the reading began
	Asked      *url.URL // the page
	Header     http.Header
	Objects    int  // on the page
	Read       int  // with those of the pages before
	Total      int  // as said last; -1: never
	Limit      int  // that was asked for
	Linked     bool // this page, or one before, had links
	Trusts     func(from, to *url.URL) bool

	Next  string // where the page behind is; "" behind the last
	Again bool   // its objects are those of an earlier page
	Round bool   // Next was asked before
}

// Next follows the link of a page, where it leads to the same service. It goes on by offset where
// there is no such link, and the total says more; or where there is neither, until a page is
// empty, as a short page is one of a provider that gives fewer than were asked for. A total that
// is only the length of the page says nothing, where there are no links.
func Next(a *Arrival) string {
	if a.Objects == 0 {
		return ""
	}
	link := client.Links(a.Header)["next"]
	if to, err := a.Asked.Parse(link); link != "" && err == nil && followed(a, to) {
		to.RawQuery = encoded(to.RawQuery)
		return to.String()
	}
	switch {
	case link != "": // somewhere else: a gateway changed the addresses
	case a.Total >= 0 && a.Read < a.Total:
	case a.Total == a.Objects && !a.Linked: // as it may be the length of the page
	case a.Total >= 0:
		return ""
	case a.Linked:
		return ""
	}
	return atOffset(a.First, a.Read)
}

// followed tells whether a link is one to a page of the same collection, at a service that is
// trusted.
func followed(a *Arrival, to *url.URL) bool {
	if to.Scheme == "http" && a.Asked.Scheme == "https" && to.Hostname() == a.Asked.Hostname() {
		return false // a gateway has TLS in front of a service that knows nothing of it
	}
	return a.Trusts(a.First, to) && to.Path == a.First.Path || a.Trusts(a.First, to) && !client.SameOrigin(a.First, to)
}

// encoded encodes what can't stand in a query, and leaves what is encoded.
func encoded(query string) string {
	var b strings.Builder
	for i := range len(query) {
		if c := query[i]; c <= ' ' || c >= 0x7f || strings.IndexByte("\"'<>\\^`{|}", c) >= 0 {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// atOffset is the address of the page that begins behind so many objects.
func atOffset(first *url.URL, offset int) string {
	at := *first
	parts := strings.Split(at.RawQuery, "&")
	for i, part := range parts {
		if strings.HasPrefix(part, "offset=") {
			parts[i] = fmt.Sprintf("offset=%d", offset)
		}
	}
	at.RawQuery = strings.Join(parts, "&")
	return at.String()
}
