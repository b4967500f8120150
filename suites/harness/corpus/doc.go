// Package corpus owns what a crawl of a target brought home: collections of
// JSON objects and the pages they came on, spooled to a scratch folder, so that
// a crawl of millions of objects costs disk and not memory. One process writes,
// any number read afterwards.
//
// It knows JSON bytes and identifiers; it must not know any standard.
package corpus
