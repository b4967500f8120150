// Package gradestory plays the story that LTI Advantage is for, and keeps it as a page with
// pictures: a teacher picks content of a tool for a course, a learner works with it, the
// score stands in the gradebook, and the teacher gives another mark by hand, which stays
// when the tool posts again. It knows addresses, people and what is on the pages of the
// reference platform and the reference tool; it judges nothing and needs no Go of theirs.
package gradestory
