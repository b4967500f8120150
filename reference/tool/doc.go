// Package tool is a correct LTI 1.3 tool, readable beside the standard: it takes
// part in the OpenID Connect login that a platform initiates, checks the id_token
// by a list of rules, and opens the resource that the launch names. It owns no
// people and no courses: it knows what a launch tells it.
//
//	GET, POST /login            login initiation (Security Framework 1.0 §5.1.1.1)
//	POST      /launch           the authentication response (§5.1.1.3); the one redirect URI
//	POST      /launch/stored    the same, with proof from the platform's storage
//	GET       /resources/{name} what is launched: any target_link_uri
//	GET       /decoded          the launch as the tool understood it
//	GET       /jwks             the tool's public keys
//	GET, POST /quiz             what a learner answers; POST /task a written task
//	GET       /roster           who is in the course (NRPS 2.0), for those who teach
//	GET, POST /tasks            the work of all, graded by those who teach (AGS 2.0)
package tool
