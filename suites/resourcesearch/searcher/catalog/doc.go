// Package catalog is the catalogue that Rollcall is where it judges those who search: it has items of its own whose words
// are in nothing else, answers searches by LTI Resource Search 1.0 as it is told to, right or in trouble, and remembers
// every call, and everybody who opens what its items lead to.
package catalog
