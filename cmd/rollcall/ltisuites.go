package main

import (
	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/lti/access"
	"github.com/rollcall-edu/rollcall/suites/lti/ags"
	"github.com/rollcall-edu/rollcall/suites/lti/deeplinking"
	"github.com/rollcall-edu/rollcall/suites/lti/nrps"
	ltiplatform "github.com/rollcall-edu/rollcall/suites/lti/platform"
	ltitool "github.com/rollcall-edu/rollcall/suites/lti/tool"
)

// Suites judge LTI Advantage Complete as the sum of launches and of all services.

// toolSuite judges tools, with the services of LTI Advantage that they call.
func toolSuite() harness.Suite {
	return ltitool.Suite(append(calledParts(), deeplinking.ToolPart(), ltitool.Part{Profile: "lti-advantage-tool"})...)
}

// calledParts are the services that tools call.
func calledParts() []ltitool.Part {
	return []ltitool.Part{nrps.ToolPart(), ags.ToolPart(), access.ToolPart(nrps.ToolProvokes(), ags.ToolProvokes())}
}

// platformSuite judges platforms, with the services of LTI Advantage that they offer.
func platformSuite() harness.Suite {
	return ltiplatform.Suite(nrps.PlatformPart(), ags.PlatformPart(), deeplinking.PlatformPart(),
		ltiplatform.Part{Profile: "lti-advantage-platform"})
}

// toolProfiles are those that the reference tool claims.
func toolProfiles() []string { return toolSuite().Profiles }
