// Package lti owns what a target file says of LTI tools and platforms, and of Rollcall's
// own side towards them: their section there. How any of it is judged it must not know:
// that is of the rooms below.
package lti
