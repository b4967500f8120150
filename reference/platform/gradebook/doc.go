// Package gradebook is the page of the reference platform on which people see grades: for
// those who teach, all learners of a course by its line items, with how far each has come,
// how each mark came about, and marks that they give by hand; for a learner, their own marks
// once these are released. What is told and changed is kept by the service of grades
// (package ags); this package owns how it is shown.
package gradebook
