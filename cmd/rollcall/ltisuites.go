package main

import (
	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/lti/deeplinking"
	ltiplatform "github.com/rollcall-edu/rollcall/suites/lti/platform"
	ltitool "github.com/rollcall-edu/rollcall/suites/lti/tool"
)

// toolSuite judges tools: launches, and the services of LTI Advantage.
func toolSuite() harness.Suite { return ltitool.Suite(deeplinking.ToolPart()) }

// platformSuite judges platforms: launches, and the services of LTI Advantage.
func platformSuite() harness.Suite { return ltiplatform.Suite(deeplinking.PlatformPart()) }
