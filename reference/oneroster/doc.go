// Package oneroster is the engine of the reference: it serves any OneRoster 1.2
// service (REST binding), reads and writes, from a description of it ([Service]) and the
// objects in a store. Several services go on one provider, each at its base path,
// with one token endpoint.
//
// It owns query parameters, paging, payloads, errors, the discovery documents and
// what the standard leaves open. It must know no service by name, nor the suites that
// judge one, nor any fault: a misbehaving provider is this one with a wrapper around
// its handler or around its [security.Tokens].
//
// # Where to find what
//
//   - description.go, operations.go: what a service is, and its table of operations
//   - provider.go, service.go, send.go: several services, from a request to its answer
//   - query.go, filter.go, match.go, sorting.go, document.go: the parameters of
//     REST binding, section 3
//   - paging.go: X-Total-Count and Link
//   - write.go, validate.go, references.go: PUT, POST and DELETE, what is refused, and
//     what refers to what
//   - status.go: imsx_StatusInfo
//   - discovery.go: the localised OpenAPI document
//   - wire.go: what objects of all services have in common, and how they are stored
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
// error; an unknown sort property leaves the default order. What is written needn't have
// what the provider knows better: when it was modified, that it is active, and of a
// reference more than the sourcedId. An object to which others refer can't be deleted,
// which is answered 422 with deletefailure; one that was deleted is unknown.
package oneroster
