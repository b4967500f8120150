// Package oneroster owns what a target file says of OneRoster products: its section
// there, and how Rollcall is let in. How any of it is judged it must not know: that is of
// the rooms below.
package oneroster
