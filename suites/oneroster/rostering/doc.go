// Package rostering judges what only a OneRoster 1.2 Rostering Provider has: what rosters
// mean (semantics_*.go, references.go), what its derived collections and sub-collections
// hold (derived.go, subcollection.go), each told from the whole collections that the crawl
// brought (roster.go). What holds for any OneRoster service over REST is in suites/oneroster/rest.
//
// It must not know how checks are executed, nor anything of the reference.
package rostering
