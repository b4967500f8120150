// Package act has a product do something, as its target file says: by a command, by a webhook, by steps that somebody
// takes in its pages. It fills in what the occasion has, bounds how long that may take and how much is read, and words
// what is wrong with the target file rather than with the product.
//
// What is to be done, and what its outcome means, is the business of the suites.
package act
