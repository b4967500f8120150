// Package rest judges any OneRoster service over REST, driven by the service's description
// (suites/oneroster/service).
//
// A run begins with a crawl of every collection (crawl.go), which validates each object
// once and spools it; the checks then work on that corpus (corpus.go) and on requests of
// their own (request.go). Checks are grouped into one file a topic; suite.go lists the
// topics. They name their requirements below the service, as paging.limit, and the handle
// (handle.go) says the rest.
//
// What only one service has is the business of its own package, which hands over checks
// (Provider.Own) and what it knows of its objects (Model).
//
// It must not know how checks are executed, any service by name, nor the reference.
package rest
