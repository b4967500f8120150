// Package store keeps the documents that the reference roles serve.
//
// It owns persistence and nothing else: a [Store] holds collections of opaque
// documents, each with the sourcedId it is found by, and named lists of
// documents. What a document says, which collections stand in which relation,
// and how a request is filtered or sorted are the business of the role that
// loads it; this package must not know any wire format.
//
// # Ranks
//
// Every document has a rank: its dense, zero-based position in the order in
// which its collection was loaded. The rank is the key of the table, so that a
// page is found at the same cost wherever it lies. An OFFSET would have to walk
// over everything before it, which costs a factor of a hundred at 900,000 rows.
// A sub-collection is a stored list of ranks; the list of one owner is read in
// one go.
//
// # Two databases, one contract
//
// [Open] chooses by DSN between SQLite, in memory or in a file, and PostgreSQL.
// Both keep the same contract, and the same test holds them to it.
package store
