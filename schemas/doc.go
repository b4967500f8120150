// Package schemas judges the shape of documents: it owns a draft-07 JSON Schema,
// in words of our own, for every payload of the OneRoster 1.2 services Rostering,
// Resources and Gradebook, for their error payloads and for the answers of an OAuth 2 token endpoint.
//
// # Use
//
// [Load] gives a compiled [Schema] by name; [Names] lists them. A collection is
// named by its wrapper ("oneroster/1.2/users"), one object in its wrapper by that
// ("oneroster/1.2/user"), an object alone by its class ("oneroster/1.2/User").
// Demographics has one wrapper for both, so that its single form is called
// "oneroster/1.2/singleDemographics". [Schema.Validate] takes the bytes as they
// came and returns what it found, in a fixed order.
//
// A provider's own OpenAPI document is judged by [ReadOpenAPI], whose schema is the one
// that gojsonschema alone walks.
//
// # What is strict and what is not
//
// Types, closed vocabularies, formats, required members and the null ban are
// errors: so the official documents have it. Three things differ in severity:
//
//   - An unknown member is a note. The official schemas forbid it, yet a reader
//     loses nothing by it; the message names leftovers of 1.1 and misspellings.
//   - An empty text where one is required is a warning: the official type allows
//     it, and no reader can use it.
//   - A collection without its wrapper member is a warning: see errata.json.
//
// Metadata, and a credential beyond its named members, are open. A null inside
// them is a warning rather than an error, since the standard leaves open what
// stands there.
//
// # How
//
// Two engines share the files. A byte walker compiled from them reads a document
// once; it alone sees duplicate members, broken UTF-8, lone surrogates and bytes
// after the end, all of which vanish in decoding. A document it takes no offence
// at is done. Any other goes through gojsonschema, whose results are put into
// words here. The walker never judges a schema violation itself, so that it can
// only be wrong by accepting; a differential fuzz test guards that.
//
// The walker reads a small part of draft-07. A keyword outside that part is an
// error at load, never ignored.
//
// # Bounds
//
// A document may come from a hostile target: nesting, findings and offences are
// bounded (maxDepth, [MaxFindings], maxOffences), and no number is computed with
// that a double cannot hold. The size of a document is for the caller to bound.
//
// # Secrets
//
// Of all members of a [Finding], Seen alone tells something of a value, be it a
// name or a token. Whoever keeps findings redacts it by the names in Pointer.
//
// # What it must not know
//
// HTTP, targets, checks, reports, and the meaning of data: that a reference
// resolves, that dates are in order, that an instant is in UTC are matters of the
// judge. The package imports no other room.
package schemas
