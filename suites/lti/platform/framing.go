package platform

import (
	"strings"
)

// A link that opens in a frame has its answer there. A platform that forbids frames for
// all of its pages forbids that one too, and the browser shows nothing.

// unframed gives the document of a platform that the browser did not show in a frame, and
// the header by which it was forbidden; nil where there is none.
func (s *seen) unframed(origin string) (x *exchange, by string) {
	for i := range s.log {
		x := &s.log[i]
		if !x.Document || x.Started.Before(s.since) || originOf(x.URL) != origin || !strings.HasPrefix(x.Problem, blockedByResponse) {
			continue
		}
		return x, forbidding(x)
	}
	return nil, ""
}

// blockedByResponse is Chromium's word for a document that its own headers keep from where
// it was to be shown.
const blockedByResponse = "net::ERR_BLOCKED_BY_RESPONSE"

// forbidding words the header that keeps a document from a frame.
func forbidding(x *exchange) string {
	for _, policy := range x.Response.Values("Content-Security-Policy") {
		for _, rule := range strings.FieldsFunc(policy, func(r rune) bool { return r == ';' || r == ',' }) {
			if rule = strings.TrimSpace(rule); strings.HasPrefix(strings.ToLower(rule), "frame-ancestors") { // it wins over the older one
				return "Content-Security-Policy: " + rule
			}
		}
	}
	if v := x.Response.Get("X-Frame-Options"); v != "" {
		return "X-Frame-Options: " + v
	}
	return x.Problem
}
