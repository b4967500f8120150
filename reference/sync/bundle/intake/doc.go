// Package intake holds a bundle of OneRoster CSV files to the standard before any of it is taken in (OneRoster 1.2 CSV
// Binding, sections 2 to 6): what breaks one of its MUSTs is refused as a whole, for of a bundle that is wrong nobody
// can tell what else it doesn't say. Each [Rule] can be left out by itself. It reads a bundle once, to its end, and
// keeps eight bytes of each record.
package intake
