// Package deeplinking is the part of the reference platform by which a teacher has a tool's
// picker add content to a course (LTI Deep Linking 2.0): the page where that begins, the
// settings that the tool is told, the endpoint to which it answers, and what becomes of each
// type of content. What is picked to open the tool becomes a link of the course.
//
// It knows nothing of gradebooks: whoever has one is told of the line items that come with a
// link (LineItems).
package deeplinking
