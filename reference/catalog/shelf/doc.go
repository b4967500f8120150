// Package shelf keeps the resources of a catalogue and finds them: documents with their values
// and words, in SQLite or PostgreSQL, in tables of its own beside whatever else is in the
// database.
//
// A value belongs to a field, and is a text or a span of numbers with low and high; what
// the fields are, how their values are written and compared, and what a document says are the
// business of whoever fills the shelf. Words are looked up by SQLite's FTS5 or by PostgreSQL's
// text search. Both get them as they are given here, cut and folded, so that both find the
// same; how much a word weighs in a document each reckons in its own way.
package shelf
