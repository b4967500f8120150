// Package bundle is a bundle of OneRoster CSV files as the source of a sync: a zip or a folder, of
// version 1.2 or 1.1, bulk or delta.
//
// A bulk file is everything that there is. A delta is what changed, and is never read as a whole
// roster: who asks for all of it gets an error, rather than a roster from which everybody else is
// missing. A file that is absent says nothing of its collection, which stays as it is.
package bundle
