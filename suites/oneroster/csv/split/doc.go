// Package split cuts CSV text into records and fields as fast as memory
// allows, eight bytes at a time, in the grammar of RFC 4180. It never gives up:
// what the grammar forbids is noted with the record, and reading goes on. It
// knows nothing of OneRoster.
package split
