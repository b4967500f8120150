package harness

import (
	"crypto/tls"
	"net/http/httptrace"
	"sync"
	"time"
)

// restOfConnection is how long a connection may have rested for its end to count as a
// break: servers close those that rest longer when they like (RFC 9112 §9.5), and a
// request may cross that on its way.
const restOfConnection = time.Second

// keptConnections watches one request. Go's client asks again by itself where a
// connection that was used before breaks before anything of the answer came (RFC 9110
// §9.2.2), and tells nobody: seen from here, the request gets a second connection.
type keptConnections struct {
	mu     sync.Mutex
	fresh  bool // the last connection was in use a moment ago
	breaks int
}

func (k *keptConnections) trace() *httptrace.ClientTrace {
	return &httptrace.ClientTrace{GotConn: func(got httptrace.GotConnInfo) {
		k.mu.Lock()
		defer k.mu.Unlock()
		if k.fresh {
			k.breaks++
		}
		k.fresh = got.Reused && got.IdleTime < restOfConnection
		// HTTP/2 announces what it doesn't answer (GOAWAY), and nothing is lost by it.
		if c, ok := got.Conn.(*tls.Conn); ok && c.ConnectionState().NegotiatedProtocol == "h2" {
			k.fresh = false
		}
	}}
}

// next tells that a redirect is followed: what it asks gets a connection of its own.
func (k *keptConnections) next() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.fresh = false
}

func (k *keptConnections) broken() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.breaks
}
