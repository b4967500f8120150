// Package client calls the services of LTI Advantage for a tool: it gets access tokens by
// signed assertions (Security Framework 1.0 §4.1), reads rosters (Names and Role Provisioning
// Services 2.0), and keeps line items, posts scores and reads results (Assignment and Grade
// Services 2.0). It knows no launch and no page, and remembers nothing but tokens.
//
// What it is careful of is what tools were seen to get wrong: a roster that could not be read to
// its end is an error and never a shorter class; a score that a platform was too busy for is
// sent again, within bounds; a score that a platform has something newer than isn't.
package client
