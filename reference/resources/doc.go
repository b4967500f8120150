// Package resources says what the Resources service of OneRoster 1.2 is (REST binding):
// its five reads, its objects as JSON has them, and what belongs to which course, class
// and user. How a service is served is in [oneroster].
//
// It owns the collections of what is taught with. It must not know the roster beyond the
// names of the collections whose objects own resources, nor the suites that judge it, nor
// any fault.
//
// # Readings
//
// The resources of a class are those assigned to it, without those of its course; an
// object flagged tobedeleted stays where it was, and an assignment that is flagged still
// assigns.
package resources
