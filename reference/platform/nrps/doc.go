// Package nrps is the Names and Role Provisioning Services 2.0 of the reference platform:
// tools read who is in a course, page by page, and later what changed. It owns what is asked
// and answered; who is in a course, and what a tool may be told of them, is the platform's.
package nrps
