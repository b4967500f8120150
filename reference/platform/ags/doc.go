// Package ags is the Assignment and Grade Services 2.0 of the reference platform: line
// items, results and scores, as tools see them over HTTP (Service.Handle), and the
// gradebook behind them as teachers see it (Service.Columns, Grades, Override, Release,
// History), for pages of the platform.
//
// A tool sees its own line items, in the course and the deployment that a launch told it
// of, and nothing else: what belongs to others isn't there for it. Everything is kept in
// the platform's store, every score that was taken included, so that a restart loses
// nothing and a teacher can see how a mark came about.
//
// The standard leaves much to the platform. This one rescales scores to the line item,
// changes a result only by scores that are fully graded, lets a teacher's override stand
// until it is let go, and tells tools of it once the marks are released.
package ags
