package harness_test

import (
	"context"
	"log"
	"os"

	"github.com/rollcall-edu/rollcall/reports"
	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/oneroster"
	"github.com/rollcall-edu/rollcall/suites/oneroster/rostering"
)

// A run as a library: four calls, from the target file to the report. Checks run in this
// process; a program that would rather have children calls [harness.Child] where it is
// started with [harness.ShardArgument].
func Example() {
	target, err := harness.ReadTarget("target.yaml", os.LookupEnv, oneroster.New)
	if err != nil {
		log.Fatal(err)
	}
	run, err := harness.New(target, []harness.Suite{rostering.Suite()}, harness.Options{InProcess: true})
	if err != nil {
		log.Fatal(err)
	}
	report, err := run.Run(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	if err := reports.Write("report.json", report); err != nil {
		log.Fatal(err)
	}
	os.Exit(report.Exit)
}
