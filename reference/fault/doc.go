// Package fault makes a correct reference wrong on purpose, from outside. A
// fault is one named misbehaviour, tied to the requirements it breaks: the judge
// must catch it. A variant is one named, legal oddity: the judge must not mind
// it. Both change what a role is made of, or wrap its handler; the roles stay clean.
//
// This is the mechanism, which knows no role: a [Kind] of server has tables, and a
// [Behaviour] for each entry of them. What each is called, breaks and provokes is data
// (faults.yaml, variants.yaml); what it does is code, one file a topic. Both are in the
// package of the kind (onerosterfault, toolfault, platformfault). None may know the judge:
// requirement ids are mere names here, held to the catalogue by the project's own tests.
package fault
