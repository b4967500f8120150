// Package scores judges what OneRoster's Gradebook and Assessment Results have in common:
// items of work and what students got for them, score scales, status and flags, learning
// objectives, and how all of it hangs together with rosters. It owns the Book, the crawl of
// either service in columns, and its checks; which of the two it is, Terms say. Line items,
// sub-collections and trees of assessments are for the packages of the two services. It must
// not know the reference.
package scores
