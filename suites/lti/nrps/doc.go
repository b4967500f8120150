// Package nrps judges Names and Role Provisioning Services 2.0: what platforms serve, and what
// tools make of it.
package nrps
