// Package rest reads rosters of a OneRoster service over REST, of version 1.2 or 1.1: rostering
// with demographics where these are granted, resources, gradebooks and assessments.
//
// It is lenient in what it reads. Of paging it believes what was seen rather than what was told:
// it follows links, counts against the total, goes on by offset where there are neither, and takes
// neither a short page nor a total that is only the length of the page for the end. Objects may lack
// members, have more of them, or write booleans, numbers, dates and lists in other ways than the
// standard has it. What it can't use it hands on as it is, to be counted.
//
// It is exact in what it asks, and strict where leniency would lose somebody: answers that end
// early, and pages that come again or lead in a circle, are errors. Whether as many came as there
// are is for the sync to say, which is told the total.
// Each such rule can be left out (Rules), and each of its ways replaced (Manners).
package rest
