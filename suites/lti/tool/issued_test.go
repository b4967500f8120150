package tool

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// A token is known again by what it says itself, in a later run too, and nothing else is taken
// for one; what is over or was revoked opens nothing.
func TestTokensAreKnownAgain(t *testing.T) {
	now := time.Now()
	token := newAccess([]string{"a", "b"}, now, time.Hour).String()
	a, issued := readAccess(token)
	if !issued || len(a.Scopes) != 2 || !a.end().Equal(now.Add(time.Hour).Truncate(0)) {
		t.Fatalf("%t %+v", issued, a)
	}
	for name, text := range map[string]string{"empty": "", "a dot": ".", "cut": token[:len(token)-1], "changed": "x" + token,
		"another sum": strings.Split(token, ".")[0] + "." + sum("x"), "no text of ours": "abc"} {
		if _, issued := readAccess(text); issued {
			t.Errorf("%s is taken for a token", name)
		}
	}
	header := func(token string) http.Header { return http.Header{"Authorization": {"Bearer " + token}} }
	var s services
	if scopes, good := s.good(header(token)); !good || len(scopes) != 2 {
		t.Error("a token is not good")
	}
	if _, good := s.good(header(newAccess(nil, now.Add(-2*time.Hour), time.Hour).String())); good {
		t.Error("a token that is over is good")
	}
	s.revoked = now.Add(time.Second)
	if _, good := s.good(header(token)); good {
		t.Error("a token that was revoked is good")
	}
	if end, issued := Issued(header(token)); !issued || end.Before(now) {
		t.Error("a token that was revoked is not known")
	}
	if _, issued := Issued(http.Header{}); issued {
		t.Error("no header is a token")
	}
}
