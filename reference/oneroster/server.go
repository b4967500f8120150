package oneroster

import (
	"context"
	"crypto/tls"
	"net/http"

	"github.com/rollcall-edu/rollcall/reference/web"
)

// Server is a handler that listens.
type Server struct {
	// Origin is the scheme, host and port to reach it by, such as
	// https://127.0.0.1:8443.
	Origin string

	server *web.Server
}

// Listen serves a handler, usually that of a Provider or a wrapper around it, on an
// address such as 127.0.0.1:0, with TLS unless tlsConfig is nil. It returns as
// soon as connections are taken; they end with Close or when ctx does.
func Listen(ctx context.Context, address string, tlsConfig *tls.Config, handler http.Handler) (*Server, error) {
	if tlsConfig != nil {
		tlsConfig = tlsConfig.Clone()
		tlsConfig.NextProtos = []string{"h2", "http/1.1"}
	}
	server, err := web.Bind(ctx, address, tlsConfig)
	if err != nil {
		return nil, err
	}
	server.Serve(ctx, handler)
	return &Server{Origin: server.Origin, server: server}, nil
}

// Wait returns when the server has ended, with the reason if it was neither
// Close nor the context.
func (s *Server) Wait() error { return s.server.Wait() }

// Close lets running requests finish for a moment, breaks off the rest, and
// waits for the end.
func (s *Server) Close() error { return s.server.Shutdown() }
