package gradebook

import (
	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/oneroster"
	"github.com/rollcall-edu/rollcall/suites/oneroster/rest"
	"github.com/rollcall-edu/rollcall/suites/oneroster/service"
)

// PushSuite judges OneRoster 1.2 Gradebook Providers that are written to.
func PushSuite() harness.Suite {
	return rest.WriteSuite(rest.Provider{
		Service:  service.Gradebook(),
		Title:    "OneRoster 1.2 Gradebook Provider, Push (REST)",
		Profiles: []string{"or12-gradebook-push-provider"},
		Address:  func(t *harness.Target) string { return oneroster.Of(t).Gradebook },
	})
}

// PushSuite11 judges those of OneRoster 1.1.
func PushSuite11() harness.Suite {
	return rest.WriteSuite(rest.Provider{
		Service:  service.Gradebook11(),
		Title:    "OneRoster 1.1 Gradebook Provider, Push (REST)",
		Profiles: []string{"or11-gradebook-push-provider"},
		Address:  func(t *harness.Target) string { return oneroster.Of(t).V1P1 },
	})
}
