// Package browser drives one Chromium for checks that need a real one: cookies
// across sites, frames, form posts and storage are where launches break. A page
// has cookies and storage of its own, and notes what happens in it: requests,
// console lines, dialogs. It owns no verdicts, and knows no standard.
package browser
