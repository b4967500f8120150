// Package alignment judges the learning objectives that line items and results name: first
// by what an identifier looks like, then by what a CASE server says of it that the target
// file names (oneroster.case). OneRoster has identifiers alone, so that nothing else could
// tell where they lead.
//
// The server is not judged. One that is down, slow, or answers what nobody can use keeps
// alignments from being tested, and says nothing of the product; neither does what it gets
// wrong of an object. It is asked in small letters, each identifier once a check, without
// anything that is the product's, and never elsewhere. It must not know the reference.
package alignment
