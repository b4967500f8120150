// Package resourcesearch judges catalogues of learning content by LTI Resource Search 1.0.
//
// The service is made after the model of OneRoster, and is judged by the same kernel
// (suites/oneroster/rest) from a description of its own (service.yaml). What only a search has is
// here: fields of many values, dotted fields, ranges of ages and durations in filters (filters.go),
// search~ (search.go), what items say of themselves and where their links lead (items.go), and the tree
// of subjects (subjects.go). Every answer is computed from the whole catalogue as it was read.
//
// It must not know the reference.
package resourcesearch
