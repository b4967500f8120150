// Package service keeps a mirror in step with a SIS for years: by a schedule, by hand and on
// request, one sync at a time, and tells people and monitoring how it stands.
//
//	GET  /            how things stand, for people
//	GET  /metrics     the same for Prometheus
//	POST /sync        syncs now and waits: ?mode=full or delta, else whichever is due
//	POST /confirm     takes the roster that waits for a person, which ?waiting= may name
//	GET  /held        every object of the mirror, a line each, as OneRoster 1.2 has it
//	GET  /export.zip  the same as a bundle of CSV files
//	PUT  /connection  where to read from, from now on
//	POST /reset       forgets everything, where it was started with Config.Reset
//
// A sync that ended well is answered with 200, one that waits for a person or can't begin with
// 409, one whose roster was refused with 422, and one that failed with 502: of all but the first
// the mirror is as it was.
//
// Feeds are given the roster after a sync: a platform that follows it, grades that are pushed
// back to the SIS. A feed that fails makes no sync fail; it is fed again by the next.
package service
