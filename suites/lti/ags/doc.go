// Package ags judges Assignment and Grade Services 2.0: what platforms serve, and how tools keep
// line items and post scores.
package ags
