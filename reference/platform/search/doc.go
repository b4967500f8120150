// Package search is the part of the reference platform by which a teacher finds content in a learning object repository
// (LTI Resource Search 1.0) and puts it into a course: what opens a tool that is registered becomes a link of it, with
// the address and the custom parameters of the item; anything else a link to its page.
//
// How what was found is kept is the business of whoever keeps content ([Content]).
package search
