// Package harness is the kernel of the judge. It owns what every suite stands
// on: the description of a target, the check and the handle it works with, the
// HTTP client that records and redacts evidence, the plan, the child processes,
// and the merging of their results into one report.
//
// A suite is a value (Suite) that lists checks; a check is a value (Check) that
// names the requirements it decides. Only the package executor below this one
// knows Ginkgo, and no Ginkgo type leaves it.
//
// As a library it takes four calls:
//
//	target, err := harness.ReadTarget("target.yaml", os.LookupEnv, harness.Sections(suites...)...)
//	run, err := harness.New(target, suites, harness.Options{})
//	report, err := run.Run(ctx)
//	err = reports.Write("report.json", report)
//
// The harness must not know any one standard: endpoints, payloads and
// vocabularies belong to the suites, and what a target file says of a standard's
// products to its Section.
package harness
