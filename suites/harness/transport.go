package harness

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Dial connects to a host and port. Names below localhost are this machine, as browsers have it
// (RFC 6761 §6.3), whatever the resolver says.
func Dial(ctx context.Context, network, address string) (net.Conn, error) {
	if host, port, err := net.SplitHostPort(address); err == nil && strings.HasSuffix(strings.ToLower(host), ".localhost") {
		address = net.JoinHostPort("127.0.0.1", port)
	}
	return (&net.Dialer{Timeout: 10 * time.Second}).DialContext(ctx, network, address)
}

// ClosedEarly is the Problem of a response that never began: the target took the request and hung up.
const ClosedEarly = "the connection was closed before a response came"

func newTransport(config *tls.Config) *http.Transport {
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            Dial,
		TLSClientConfig:        config,
		TLSHandshakeTimeout:    10 * time.Second,
		MaxIdleConnsPerHost:    32,
		IdleConnTimeout:        30 * time.Second,
		MaxResponseHeaderBytes: 256 << 10,
		DisableCompression:     true, // decoded below, so that the evidence shows what was negotiated
		ForceAttemptHTTP2:      true,
	}
}

// transportProblem words a transport error, and tells whether it means that the
// target is gone rather than that it answers wrongly.
func transportProblem(err error) (string, bool) {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	var op *net.OpError
	if errors.As(err, &op) && op.Op == "dial" {
		return "the target can't be reached: " + err.Error(), true
	}
	var dns *net.DNSError
	if errors.As(err, &dns) {
		return "the host name can't be resolved: " + err.Error(), true
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return ClosedEarly, false
	}
	return err.Error(), false
}
