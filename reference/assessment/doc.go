// Package assessment is the reference's assessment app: it gives a test to the students of a
// class, marks it, and pushes the results into a SIS, item by item (OneRoster 1.2 Gradebook
// service, Assessment Results). The test is a tree of line items (test.yaml): the whole, its
// sections and its questions, each of which is aligned to standards of the framework in
// fixtures/framework.
//
// It knows a SIS by its addresses and its credentials alone, and writes by PUT: what is pushed
// a second time takes the place of the first. There are no students behind it: answers are
// made up, the same for the same seed.
package assessment
