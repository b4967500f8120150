// Package gradebook says what the Gradebook service of OneRoster 1.2 is (REST binding):
// its operations, those of the Assessment Results Profile among them, its objects as JSON
// has them, and what belongs to which class, school, student and line item. How a service
// is served is in [oneroster].
//
// It owns the collections of what students are to do and what they got. It must not know
// the roster beyond the names of the collections and relations that its paths go through,
// nor the suites that judge it, nor any fault.
//
// # Readings
//
// What is a class's follows from its line items: its results are theirs, whether or not a
// result names its class, and its categories are those that they name. The score scales of
// a school are those of its classes. A student of a class is who is enrolled there as one.
// An object flagged tobedeleted stays where it was.
package gradebook
