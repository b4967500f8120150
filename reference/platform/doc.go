// Package platform is a correct LTI 1.3 platform, readable beside the standard: a
// small learning management system with the people and classes of a district, in
// which teachers and learners open links to tools. It owns registrations,
// deployments and links; people and classes come from the SIS, so that a launch
// names the SIS's sourcedIds.
//
//	GET  /                      sign in as somebody, or the list of courses
//	GET  /courses/{class}       a course and its links
//	GET  /links/{link}          opens a link: ?as=frame, window or same
//	GET, POST /auth             authorization endpoint (Security Framework 1.0 §5.1.1.2)
//	GET  /jwks                  the platform's public keys
//	POST /token                 access tokens for services (Security Framework 1.0 §4)
package platform
