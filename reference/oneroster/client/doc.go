// Package client is how a consumer calls OneRoster services: it gets access tokens and renews
// them, or signs requests; it waits when it is told to; it keeps credentials with those whom they
// are for. It knows no object of OneRoster, and nothing of paging.
//
// What it does by itself, where one could do otherwise, are functions (Manners), each of which
// can be replaced from outside.
package client
