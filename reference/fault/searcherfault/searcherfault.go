// Package searcherfault makes the reference platform wrong on purpose as one that searches a catalogue (LTI Resource
// Search 1.0), and odd within the law: what it asks and what it is answered is changed on the way, its pages on their way to the
// browser, and what was chosen before it is kept.
package searcherfault

import (
	_ "embed"
	"net/http"

	"github.com/rollcall-edu/rollcall/reference/fault"
	"github.com/rollcall-edu/rollcall/reference/fault/bend"
	"github.com/rollcall-edu/rollcall/reference/lti"
)

//go:embed faults.yaml
var faultTable []byte

//go:embed variants.yaml
var variantTable []byte

// Searcher is what a platform is made of, as far as it searches.
type Searcher struct {
	// Transport sends what it asks the catalogue.
	Transport http.RoundTripper
	// Content changes what was chosen, just before it is kept; nil: as it was found.
	Content func([]lti.ContentItem) []lti.ContentItem
}

type behaviour = fault.Behaviour[Searcher]

// Kind is the faults and variants of a platform that searches.
var Kind = fault.NewKind("searcher", func() (fault.Tables, error) {
	return fault.ReadTables("searcher", faultTable, variantTable, behaviours(), nil, nil)
}, behaviours, func(*Searcher, fault.Fault) {})

func behaviours() map[string]behaviour {
	return fault.Gather(requests(), security(), questions(), pagesOf(), items(), troubles(), chosen(), odd())
}

// roundTrip is a function that sends requests.
type roundTrip func(*http.Request) (*http.Response, error)

// RoundTrip sends one.
func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// sending changes how requests are sent.
func sending(send func(r *http.Request, next http.RoundTripper) (*http.Response, error)) behaviour {
	return behaviour{Bend: func(s *Searcher) {
		next := s.Transport
		s.Transport = roundTrip(func(r *http.Request) (*http.Response, error) { return send(r, next) })
	}}
}

// searching changes how searches are sent, and leaves other requests alone.
func searching(send func(r *http.Request, next http.RoundTripper) (*http.Response, error)) behaviour {
	return sending(func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
		if !isSearch(r) {
			return next.RoundTrip(r)
		}
		return send(r.Clone(r.Context()), next)
	})
}

// asking changes what is asked.
func asking(change func(r *http.Request)) behaviour {
	return searching(func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
		change(r)
		return next.RoundTrip(r)
	})
}

// page changes the pages on which is searched.
func page(change func(body string) string) behaviour {
	return behaviour{Wrap: bend.Below("/courses/", func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if r.Method != http.MethodGet || !isPage(r) {
			next.ServeHTTP(w, r)
			return
		}
		bend.Rewritten(change)(w, r, next)
	})}
}

// content changes what was chosen.
func content(change func(*lti.ContentItem)) behaviour {
	return behaviour{Bend: func(s *Searcher) {
		former := s.Content
		s.Content = func(all []lti.ContentItem) []lti.ContentItem {
			if former != nil {
				all = former(all)
			}
			for i := range all {
				change(&all[i])
			}
			return all
		}
	}}
}
