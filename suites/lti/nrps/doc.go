// Package nrps judges Names and Role Provisioning Services 2.0: those that a platform offers.
// It owns what is asked and what must hold; launches, tokens and Rollcall's own side are those
// of the suites that it is a part of. It must not know the reference.
package nrps
