// Package reports owns the report of a run: one versioned model, and its
// renderings. A report is the whole truth about one run: who was judged, by
// what, against which requirements, with which evidence. Every rendering (HTML,
// JUnit, HAR, terminal) is a pure function of a saved report.json.
//
// The package must not know how a report came about: it imports neither the
// judge (suites) nor the reference, and makes no network calls.
package reports
