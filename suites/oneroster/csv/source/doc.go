// Package source opens a bundle of CSV files, however it comes: a zip, a folder,
// a single file or a stream, and lists what is wrong with the package itself. It
// reads no record.
package source
