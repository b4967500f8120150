// Package resttest is what fake services in tests of suites have in common: how a correct
// service filters, sorts, selects and pages, grants tokens and looks at them; and what a test
// says of a judgement. Each suite's tests keep their own data and their own ways to bend a
// service. It must not be used outside of tests, and knows no service by name.
package resttest
