// Package competency is the reference's CASE server: the twelve read operations of CASE 1.0
// and 1.1, of which alignments in OneRoster and LTI are resolved.
//
// operations.json stands beside the REST binding's table of operations, wire.go beside the
// information model; framework.go makes the objects of the frameworks in fixtures/framework.
// Both versions have the same operations and serve the same data: 1.0 without the members
// and terms that came with 1.1. An object's uri is its address in 1.1, through whichever
// version it is read (CASE 1.1 implementation guide, section 4.1).
//
// It has nothing that anybody wrote, and knows no other standard: who refers to it is not
// its concern. What a server gets wrong is put around it from outside (reference/fault).
package competency
