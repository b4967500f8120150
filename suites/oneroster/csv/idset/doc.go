// Package idset keeps very many identifiers by their 64-bit hash: a table that
// finds the place of an identifier, and a sink that tells which came twice. Both
// cost a fraction of a map of strings. A hash accuses nobody: whoever reports a
// repetition compares the texts first.
package idset
