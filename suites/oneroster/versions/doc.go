// Package versions compares what two versions of OneRoster say of the same objects, where one
// run judges one product by both: which objects only one of them lists, and what they say
// otherwise. No standard demands that a product offers two versions, nor that they agree; who
// moves from one to the other loses what they don't agree on. Where the versions themselves
// differ (terms that the other lacks, members that are optional in one) nobody is accused.
//
// It must not know the reference, nor what a product is named.
package versions
