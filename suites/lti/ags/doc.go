// Package ags judges Assignment and Grade Services 2.0: what a platform offers to a tool, which
// Rollcall is then (platform*.go), and how a tool keeps line items and posts scores (tool*.go).
// It must not know the reference.
package ags
