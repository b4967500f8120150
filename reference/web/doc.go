// Package web is the one HTTP server of the reference: every role listens through it,
// so that each has the same limits on time, whoever writes to it, and the same idea of
// the address under which it is reached. It must not know what it serves.
package web
