// Package csv judges bundles of OneRoster CSV files (OneRoster 1.1 and 1.2 CSV
// Binding): it scans a bundle once (package scan) and gives a verdict on each
// requirement from what the scan found. It renders findings for terminals and
// pipelines too.
package csv
