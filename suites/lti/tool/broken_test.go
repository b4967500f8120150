package tool

import (
	"testing"
	"time"

	"github.com/rollcall-edu/rollcall/suites/harness/browser"
)

// An answer has reached the tool where the tool breaks off, and not where nobody listens.
func TestAnsweredWhereTheToolBreaksOff(t *testing.T) {
	for problem, want := range map[string]bool{
		"net::ERR_EMPTY_RESPONSE":         true,
		"net::ERR_CONNECTION_RESET":       true,
		"net::ERR_INVALID_HTTP_RESPONSE":  true,
		"net::ERR_HTTP2_PROTOCOL_ERROR":   true,
		"net::ERR_CONNECTION_REFUSED":     false,
		"net::ERR_NAME_NOT_RESOLVED":      false,
		"net::ERR_CERT_AUTHORITY_INVALID": false,
		"net::ERR_BLOCKED_BY_RESPONSE":    false,
		"net::ERR_ABORTED":                false, // another page came in between
		"":                                false, // it may be on its way
	} {
		began := time.Now()
		s := &sight{began: began, attempt: &attempt{redirect: "https://tool.example/launch"},
			log: []browser.Exchange{{Started: began, Method: "POST", URL: "https://tool.example/launch", Problem: problem}}}
		if s.answered() != want {
			t.Errorf("%q: %v", problem, s.answered())
		}
	}
}
