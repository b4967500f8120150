// Package security is the reference of the 1EdTech Security Framework 1.0 as
// far as a OneRoster provider needs it: the OAuth 2 client-credentials grant
// (RFC 6749, section 4.4), bearer tokens (RFC 6750), and certificates to serve
// them under.
//
// It owns clients, tokens and the token endpoint. It must not know what a scope
// opens: that is for the role which guards its operations with [Tokens.Inspect],
// and neither the shape of that role's own error payloads.
//
// # Tokens
//
// An access token is opaque: random bytes that mean nothing outside the issuer,
// which keeps only their hash. [Tokens] is an interface so that a wrapper may
// issue or accept what it should not; nothing in this package misbehaves.
//
// This is a reference for tests on one machine. It keeps its tokens in memory
// and its clients' secrets in the clear; it is not an authorization server for
// real pupils' data.
package security
