// Package consumer judges products that call a OneRoster provider: what they call, what they make of what they get,
// and what they do when things go wrong. Rollcall is the provider (provider), with a roster that changes as the judge
// wants (world); the product is made to sync, and what it holds afterwards is read (driver).
//
// What is told of a product is a life: its one state through phases, each of which changes the roster or how the
// provider behaves, has the product sync, and looks at what it holds then (lives.yaml). What a product doesn't keep is
// learned from its first sync and never held against it.
package consumer
