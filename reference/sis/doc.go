// Package sis is the reference student information system: what its services are, of
// OneRoster 1.2, correct to the letter as far as the letter is known, and written to be
// read beside the standard. How a service is served is in [oneroster].
//
// It owns the objects of a roster, the rules of which object belongs in which
// collection, and the way of a district into a store and out of it. It must not know
// the suites that judge it, nor any fault.
//
// # Where to find what
//
//   - rostering.go, operations.json: the 41 operations, their relations and scopes
//   - wire.go: the objects as JSON has them (information model, section 4)
//   - relations.go: which object stands in which sub-collection
//   - load.go, unload.go: a district goes into the store, and comes out of it
//
// # Readings
//
// Objects flagged tobedeleted stay where they were, and so do the associations by a
// flagged enrollment; /terms holds terms and semesters.
package sis
