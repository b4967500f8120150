package resourcesearch

import (
	_ "embed"
	"fmt"
	"slices"
	"sync"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/oneroster/rest"
	"github.com/rollcall-edu/rollcall/suites/oneroster/service"
)

//go:embed service.yaml
var description []byte

// Service is LTI Resource Search 1.0; it is read once a process.
var Service = sync.OnceValue(func() *service.Service {
	s, err := service.Parse(description)
	if err != nil {
		panic(fmt.Errorf("the description of Resource Search: %w", err)) // embedded data; the package's tests read it
	}
	return s
})

// Suite judges catalogues.
func Suite() harness.Suite {
	of := Service()
	return rest.Suite(rest.Provider{
		ID:       "resourcesearch.catalog",
		Role:     "catalog",
		Service:  of,
		Title:    of.Standard + " Catalogue",
		Profiles: []string{"rs10-catalog"},
		Section:  New,
		Access:   Access(),
		Address:  func(t *harness.Target) string { return Of(t).URL },
		Own:      slices.Concat(pageChecks(), filterChecks(), searchChecks(), itemChecks(), subjectChecks()),
		Open:     func(s *harness.Session) (rest.Model, error) { return open(of, s) },
	})
}
