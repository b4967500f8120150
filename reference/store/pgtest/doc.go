// Package pgtest gives tests a real PostgreSQL.
//
// It owns the start and the end of a throw-away server on this machine; it must
// not know the store or anything else that is tested on it. It is imported by
// tests only.
package pgtest
