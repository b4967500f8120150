package assessment

import (
	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/oneroster/rest"
	"github.com/rollcall-edu/rollcall/suites/oneroster/scores"
	"github.com/rollcall-edu/rollcall/suites/oneroster/service"
)

// Assessments are the crawl as the checks of assessments read it. They are read-only.
type Assessments struct{ *scores.Book }

func open(of *service.Service, beside []*rest.Beside, s *harness.Session) (*Assessments, error) {
	book, err := scores.Open(of, terms, beside, s, nil)
	return &Assessments{book}, err
}

// Parents is never asked: there are no sub-collections.
func (a *Assessments) Parents(service.Operation) (ids []string, ok bool) { return nil, false }

// Members is never asked either.
func (a *Assessments) Members() []rest.Members { return nil }
