package web

import (
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
)

// Origin is the scheme, host and port to put into addresses that are sent in answer
// to a request, where no other was configured. What a client wrote into Host, let
// alone into X-Forwarded-Host, is no address of ours only because it was written: a
// cache between would keep the answer for others, and lead them and their tokens
// there (RFC 9110 §17.1; RFC 3986 §7). So it is the address on which the request came
// in. A name of this machine is believed, whatever the port: only the machine itself
// reaches anything by it, be it through a port that a container or ssh forwards.
func Origin(r *http.Request) string {
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	host := r.Host
	if !loopback(host) {
		host = "127.0.0.1"
		if a, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr); ok {
			host = a.String()
		}
	}
	return scheme + "://" + host
}

// loopback tells whether a Host field names this machine to itself (RFC 6761 §6.3).
func loopback(field string) bool {
	host, port, err := net.SplitHostPort(field)
	if err != nil {
		host = strings.TrimSuffix(strings.TrimPrefix(field, "["), "]") // no port
	} else if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
		return false
	}
	if a, err := netip.ParseAddr(host); err == nil {
		return a.IsLoopback() && a.Zone() == ""
	}
	host = strings.ToLower(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") && plain(host)
}

// plain tells whether a name has nothing but letters, digits, hyphens and dots.
func plain(name string) bool {
	return strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-.") == "" && name[0] != '.' && !strings.Contains(name, "..")
}

// Ours tells whether a request that came in on a loopback address names this machine as its
// host. A page that somebody else serves under a name which leads to this machine (DNS
// rebinding) could read what is here otherwise. What came in on another address may have
// any name.
func Ours(r *http.Request) bool {
	a, known := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	if !known {
		return true
	}
	at, err := netip.ParseAddrPort(a.String())
	return err != nil || !at.Addr().IsLoopback() || loopback(r.Host)
}
