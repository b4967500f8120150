// Package diff compares two bundles of a series: what a consumer will see when
// the second follows the first, and what looks like an accident. It judges no
// single bundle.
package diff
