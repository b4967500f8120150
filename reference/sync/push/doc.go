// Package push tells a SIS what others keep: the grades of a platform's gradebook as line
// items and results (OneRoster 1.2 Gradebook service, push), and the results of an assessment
// app (Assessment Results). Everything is written by PUT under sourcedIds that follow from
// what it is of, so that what is pushed twice takes its own place; what has been pushed is
// remembered, and only what changed since is sent.
//
// What counts for a grade:
//
//   - the mark that stands: a teacher's own where there is one, which metadata then says, else
//     the tool's last one that was fully graded;
//   - what isn't graded yet has a status and no score;
//   - of a line item whose marks aren't released yet no results are told, for a SIS may show
//     them to families. What was told once stays when a learner leaves the course;
//   - a line item that is deleted takes its results with it.
//
// How requests get their tokens is a [Sender]'s business; [Client] is one.
package push
