// Package catalogue owns the requirements: every normative statement that
// Rollcall judges, and the profiles that gather them. It is data (YAML, embedded)
// behind a loader that refuses a catalogue with a dangling id, a requirement
// without a citation, or an unconfirmed fact that claims to be a MUST.
//
// It is ground floor: it imports no other room and knows nothing of checks.
package catalogue
