// Package fault makes a correct reference wrong on purpose, from outside. A
// fault is one named misbehaviour, tied to the requirements it breaks: the judge
// must catch it. A variant is one named, legal oddity: the judge must not mind
// it. Both are wrappers around a role's handler; the roles stay clean.
//
// What each is called, breaks and provokes is data (faults.yaml, variants.yaml);
// what it does is code, one file a topic. The package must not know the judge:
// requirement ids are mere names to it, held to the catalogue by the project's
// own tests.
package fault
