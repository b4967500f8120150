// Package onerosterfault makes the reference's OneRoster services wrong on purpose, and odd
// within the law: answers and requests are changed by wrappers around the handler of a
// provider, and data before it is loaded. What each breaks is data, a table for each
// service; what another service has alike is taken from the Rostering service (like).
package onerosterfault
