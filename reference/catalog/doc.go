// Package catalog is the reference's learning object repository: LTI Resource Search 1.0, final
// of 2018, as far as it can be read (its OpenAPI document, and what the one open implementation
// does).
//
//	GET /ims/rs/v1p0/resources   searchForResources
//	GET /ims/rs/v1p0/subjects    getAllSubjects
//	POST /token                  access tokens (OAuth 2, client credentials)
//	GET /items/{number}          the page that a resource's url leads to
//	GET /thumbnails/{number}     the picture that its thumbnailUrl leads to
//
// wire.go stands beside the definitions of the OpenAPI document, fields.go says of each field
// how it is compared, filter.go has the grammar of filters, query.go the parameters and the
// rules that they are held to, subjects.go the tree. library.go makes resources of
// fixtures/library. Where they are kept and how they are found is the business of
// reference/catalog/shelf.
//
// What the standard leaves open, or contradicts itself in, is decided in [Rules], one value each,
// so that whoever wants it decided in another way, or wrongly, changes that value. Nothing in this
// package misbehaves.
package catalog
