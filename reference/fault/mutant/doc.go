// Package mutant makes small changes to what a Rostering Provider answers, without
// knowing what any of them means: each place of the service times each thing that can
// go wrong with an answer. Faults are what somebody thought of; mutants are what nobody
// did. Like faults they are wrapped around the handler from outside.
package mutant
