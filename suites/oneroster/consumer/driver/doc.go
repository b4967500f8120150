// Package driver makes a OneRoster consumer act, and reads what it holds afterwards.
//
// A consumer syncs when it likes: because a command or a webhook says so, because somebody
// clicks in its pages, or by a schedule of its own. The section consumer of the target file
// says which of them it is, and how to learn what the product then has: from an export, by
// a query, from its own OneRoster provider, or on its pages. Nothing here judges: what a
// product says of itself is an Outcome, and what it has is Held.
package driver
