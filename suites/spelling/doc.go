// Package spelling finds what somebody may have meant by a name that doesn't exist:
// a key, a profile, an id, a fault. It knows no list of names itself.
package spelling
