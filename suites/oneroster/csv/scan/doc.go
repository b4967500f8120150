// Package scan reads a bundle of OneRoster CSV files once and notes everything
// that is wrong with it. One goroutine unpacks and cuts the text into blocks of
// whole records, the others check them; files come in an order in which
// references lead backwards, so that each is checked as it passes. What is kept
// grows with identifiers, never with rows. It decides no verdict.
package scan
