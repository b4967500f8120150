// Package executor is the wall around Ginkgo: it takes plain specs, grows a
// Ginkgo tree from them, runs it and hands back what became of each. No Ginkgo
// type leaves the package, and nothing else in Rollcall imports Ginkgo.
//
// It must not know requirements, targets or verdicts.
package executor
