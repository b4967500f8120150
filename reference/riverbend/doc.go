// Package riverbend brings up the whole district Riverbend Unified in one process, with everything linked and
// synced: a SIS, a platform with its gradebook, two tools of which one is rostered and a resource that the SIS
// assigns, an assessment app, a catalogue of learning content and a CASE server, and a page from which people
// begin. Between them the nine flows run in which OneRoster and LTI Advantage meet; see [Flows].
//
// Each system is one of reference/district and knows nothing of the others but what any product is told: addresses
// and registrations. A place may be left empty (Options.Without), for a system of somebody else's.
//
// What is given on from one system to the next can be changed from outside, by [Seams]: faults between systems
// come in there.
package riverbend
