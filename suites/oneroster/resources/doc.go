// Package resources judges OneRoster 1.2 Resources Providers. What holds for any OneRoster
// service is in suites/oneroster/rest, by the description of this one; here is what only
// resources have: what the identifiers of vendors and the roles mean, and how resources hang
// together with the classes, courses and users that refer to them. Those are of the Rostering
// service, which is read for it where the target file says where it lies. It must not know the
// reference.
package resources
