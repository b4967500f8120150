// Package searcher judges products that search a catalogue by LTI Resource Search 1.0: platforms and tools in which a
// teacher finds content and puts it into a course. Rollcall is the catalogue, and has the product search as its target
// file says; what it asks is seen in its calls, what it shows on its pages or in what it prints, and what was chosen by where
// it opens.
package searcher
