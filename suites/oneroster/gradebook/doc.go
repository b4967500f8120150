// Package gradebook judges OneRoster Gradebook Providers, of 1.2 and 1.1. What holds for
// any OneRoster service is in suites/oneroster/rest, by the description of this one, and what
// assessments have as well in suites/oneroster/scores; here is what only a gradebook has: line
// items with their classes, schools, categories and sessions, score scales, and the
// sub-collections. It must not know the reference.
package gradebook
