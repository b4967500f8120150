// Package sis is the reference student information system: a OneRoster 1.2
// Rostering provider (REST binding), correct to the letter as far as the letter
// is known, and written to be read beside the standard.
//
// It owns the 41 read operations, their query parameters, payloads and errors,
// the discovery document, and the rules of which object belongs in which
// collection. It must not know the suites that judge it, nor any fault: a
// misbehaving provider is this one with a wrapper around its handler or around
// its [security.Tokens].
//
// # Where to find what
//
//   - operations.json: the 41 operations, their relations and scopes
//   - wire.go: the objects as JSON has them (information model, section 4)
//   - relations.go: which object stands in which sub-collection
//   - query.go, filter.go, match.go, sorting.go, document.go: the parameters of
//     REST binding, section 3
//   - paging.go: X-Total-Count and Link
//   - status.go: imsx_StatusInfo
//   - discovery.go: the localised OpenAPI document
//   - knobs.go: what the standard leaves open and a seed decides
//
// # How a page is found
//
// Each object is stored once as the JSON that will be sent, with a mark where
// the provider's URL goes. A collection without parameters is counted by the store;
// a sub-collection is a stored list of keys; a filter or a sort turns either
// into another list, which is made once (derive.go), of columns that the store keeps
// (columns.go) or by reading the documents, and then kept. It follows what is written
// (follow.go). So a page costs the same wherever it lies, memory holds keys and never
// documents, and both databases answer alike because neither is asked to compare
// anything.
//
// # Readings
//
// Where the standard is silent or contradicts itself, this provider does what
// most consumers can live with: an unknown parent of a sub-collection is
// unknownobject; a limit above the provider's maximum is capped without an
// error; an unknown sort property leaves the default order; objects flagged
// tobedeleted stay where they were, and so do the associations by a flagged
// enrollment; /terms holds terms and semesters.
package sis
