// Package rostering judges a OneRoster 1.2 Rostering Provider (REST).
//
// A run begins with a crawl of every collection (crawl.go), which validates each
// object once and spools it; the checks then work on that roster (roster.go) and
// on requests of their own (api.go). Checks are grouped into one file a topic;
// suite.go lists the topics.
//
// It must not know how checks are executed, nor anything of the reference.
package rostering
