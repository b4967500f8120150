package assessment

import (
	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/oneroster"
	"github.com/rollcall-edu/rollcall/suites/oneroster/rest"
	"github.com/rollcall-edu/rollcall/suites/oneroster/service"
)

// PushSuite judges OneRoster 1.2 Assessment Results Providers that are written to.
func PushSuite() harness.Suite {
	return rest.WriteSuite(rest.Provider{
		Service:  service.Assessment(),
		Title:    "OneRoster 1.2 Assessment Results Provider, Push (REST)",
		Profiles: []string{"or12-assessment-push-provider"},
		Address:  func(t *harness.Target) string { return oneroster.Of(t).Assessments() },
	})
}
