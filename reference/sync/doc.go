// Package sync keeps a roster in step with a SIS: a mirror in a store, which is brought to what
// a source says by one sync after another.
package sync
