// Package mutant makes small changes to what a OneRoster service answers, without knowing
// what any of them means: each place of the service, as it describes itself, times each
// thing that can go wrong with an answer. Faults are what somebody thought of; mutants are what nobody
// did. Like faults they are wrapped around the handler from outside.
package mutant
