// Package assessment judges OneRoster 1.2 Assessment Results Providers that are read from. What
// holds for any OneRoster service is in suites/oneroster/rest, by the description of this one,
// and what the gradebook has as well in suites/oneroster/scores; here is what only assessments
// have: trees of tests, sections and questions, and percentiles. Score scales are the Gradebook
// service's, classes and people the Rostering service's; both are read where the target file
// says where they lie. It must not know the reference.
package assessment
