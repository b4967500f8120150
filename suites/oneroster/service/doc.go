// Package service describes OneRoster services as data: one YAML file for each service
// and version says what operations it has, what they open, what kinds of objects it serves
// and how its collections hang together. What the schemas know of members is taken from
// there. Whoever judges any OneRoster service over REST reads it from here, so that another
// service is another file.
//
// A description is validated when it is loaded, and held by a test to the official OpenAPI
// document where that lies beside the checkout.
//
// It must not know how anything is judged.
package service
