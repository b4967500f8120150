package deeplinking

import (
	"context"
	"net/http"
	"time"

	"github.com/rollcall-edu/rollcall/reference/lti"
	"github.com/rollcall-edu/rollcall/reference/platform"
	"github.com/rollcall-edu/rollcall/reference/store"
)

const (
	picksKept   store.Collection = "platformPicks"
	noncesKept  store.Collection = "platformPickNonces"
	contentKept store.Collection = "platformContent"
)

// Collections are those that the service has in the platform's store.
func Collections() []store.Collection { return []store.Collection{picksKept, noncesKept, contentKept} }

const (
	pickLife = time.Hour // a teacher may take their time
	mostKept = 10_000
	// mostItems bounds what comes with one answer, mostContent what a course has.
	mostItems   = 50
	mostContent = 500
)

// LineItems is a gradebook that makes a line item where one came with a link, and takes it away
// with the link.
type LineItems interface {
	Declare(ctx context.Context, link platform.Link, item lti.LineItem) error
	Withdraw(ctx context.Context, link platform.Link) error
}

// Options say what the service is made of; the zero value will do.
type Options struct {
	LineItems LineItems // nil: what was declared is kept on the link, and that is all
}

// Service offers deep linking.
type Service struct {
	p     *platform.Platform
	o     Options
	rules []Rule

	picks  *lti.Expiring[Pick] // under way, by their ids
	nonces *lti.Expiring[bool]
}

// Pick is a deep linking request that was begun: whose it is, and what was asked.
type Pick struct {
	User       string // sourcedId
	Session    string // in which it was begun
	Course     string
	Tool       string // client id
	Deployment string
	Settings   lti.Settings
	// Items are those that were picked, where somebody has to say yes first.
	Items []lti.ContentItem
}

// New gives the service, with the links that were picked before.
func New(ctx context.Context, o Options) func(*platform.Platform) (platform.Service, error) {
	return func(p *platform.Platform) (platform.Service, error) {
		s := &Service{
			p:      p,
			o:      o,
			picks:  lti.NewExpiring[Pick](p.Store(), picksKept, mostKept),
			nonces: lti.NewExpiring[bool](p.Store(), noncesKept, mostKept),
		}
		for _, r := range Rules() {
			if !p.Spares(r.ID) {
				s.rules = append(s.rules, r)
			}
		}
		all, err := s.content(ctx)
		if err != nil {
			return nil, err
		}
		for _, c := range all {
			if l, is := c.link(); is {
				p.AddLink(l)
			}
		}
		return s, nil
	}
}

// Handle adds the pages of teachers and the endpoint to which tools answer.
func (s *Service) Handle(mux *http.ServeMux) {
	mux.HandleFunc("GET /courses/{course}/content", s.editor)
	mux.HandleFunc("GET /courses/{course}/content/pick", s.pick)
	mux.HandleFunc("GET /courses/{course}/content/begin", s.begin)
	mux.HandleFunc("POST /courses/{course}/content/remove", s.remove)
	mux.HandleFunc("POST /courses/{course}/content/confirm", s.confirm)
	mux.HandleFunc("/content/return", s.returned)
}

// Claim has nothing to tell of launches: the settings are of a deep linking request alone.
func (s *Service) Claim(*platform.Pending) (name string, claim any) { return "", nil }
