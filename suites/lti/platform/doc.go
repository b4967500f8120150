// Package platform judges LTI 1.3 platforms: Rollcall is the tool. Scripted steps
// take people through the platform's own pages to a link (target file,
// lti.platform); from there on the platform acts, and what it sends is judged.
package platform
