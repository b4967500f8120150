// Package access judges how tools get access tokens and use them (Security Framework 1.0 §4.1),
// which is the same for all services of LTI Advantage. What has a tool call a service is known
// to the rooms of the services, which give it.
package access
