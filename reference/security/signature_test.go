package security

import "testing"

// A port that goes without saying is no part of what is signed (RFC 5849 §3.4.1.2).
func TestPlainAddress(t *testing.T) {
	for address, want := range map[string]string{
		"HTTPS://SIS.example:443/ims": "https://sis.example/ims",
		"http://sis.example:80/ims":   "http://sis.example/ims",
		"https://sis.example:80/ims":  "https://sis.example:80/ims",
		"http://sis.example:443/ims":  "http://sis.example:443/ims",
		"https://sis.example/a%20b":   "https://sis.example/a%20b",
	} {
		if got := plainAddress(address); got != want {
			t.Errorf("%s is signed as %s, want %s", address, got, want)
		}
	}
}
