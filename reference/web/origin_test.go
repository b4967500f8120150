package web

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
)

// Nobody but this machine decides by its Host field where our addresses lead.
func TestOrigin(t *testing.T) {
	const own = "http://10.1.2.3:8080"
	for host, want := range map[string]string{
		"evil.example":            own,
		"evil.example:8080":       own,
		"10.1.2.3:8080":           own,
		"10.1.2.4:8080":           own,
		"127.0.0.1:9999":          "http://127.0.0.1:9999", // a port forwarded here
		"127.0.0.1":               "http://127.0.0.1",
		"[::1]:8080":              "http://[::1]:8080",
		"[::1]":                   "http://[::1]",
		"localhost:8080":          "http://localhost:8080",
		"sis.LOCALHOST:80":        "http://sis.LOCALHOST:80",
		"localhost.evil.example":  own,
		"127.0.0.1.evil.example":  own,
		"127.0.0.1@evil.example":  own,
		"localhost:80@evil":       own,
		"localhost:0":             own,
		"localhost:x":             own,
		"localhost/x":             own,
		"a/b.localhost":           own,
		"evil.example#.localhost": own,
		".localhost":              own,
		"a..localhost":            own,
		"[::1%25eth0]:80":         own,
		"127.1":                   own,
		"":                        own,
	} {
		r := httptest.NewRequest(http.MethodGet, "/users", nil)
		r = r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, net.Addr(&net.TCPAddr{IP: net.IPv4(10, 1, 2, 3), Port: 8080})))
		r.Host = host
		r.Header.Set("X-Forwarded-Host", "evil.example")
		r.Header.Set("X-Forwarded-Proto", "https")
		r.Header.Set("X-Forwarded-Port", "1")
		r.Header.Set("Forwarded", "host=evil.example;proto=https")
		if got := Origin(r); got != want {
			t.Errorf("%q: %s", host, got)
		}
		r.TLS = &tls.ConnectionState{}
		if got := Origin(r); got != "https"+want[4:] {
			t.Errorf("%q over TLS: %s", host, got)
		}
	}
}
