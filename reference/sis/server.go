package sis

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"time"
)

// Server is a handler that listens.
type Server struct {
	// Origin is the scheme, host and port to reach it by, such as
	// https://127.0.0.1:8443.
	Origin string

	server *http.Server
	done   chan error
}

// Listen serves a handler, usually that of a SIS or a wrapper around it, on an
// address such as 127.0.0.1:0, with TLS unless tlsConfig is nil. It returns as
// soon as connections are taken; they end with Close or when ctx does.
func Listen(ctx context.Context, address string, tlsConfig *tls.Config, handler http.Handler) (*Server, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listening on %s: %w; choose another address, or port 0 for any that is free", address, err)
	}
	scheme := "http"
	if tlsConfig != nil {
		scheme = "https"
		tlsConfig = tlsConfig.Clone()
		tlsConfig.NextProtos = []string{"h2", "http/1.1"}
		listener = tls.NewListener(listener, tlsConfig)
	}
	s := &Server{
		Origin: scheme + "://" + listener.Addr().String(),
		server: &http.Server{
			Handler:           handler,
			ReadHeaderTimeout: readHeaderTimeout,
			TLSConfig:         tlsConfig,
			// The server's own complaints quote what clients sent.
			ErrorLog: log.New(io.Discard, "", 0),
		},
		done: make(chan error, 1),
	}
	stop := context.AfterFunc(ctx, func() { _ = s.server.Close() })
	go func() {
		defer stop()
		err := s.server.Serve(listener)
		if errors.Is(err, http.ErrServerClosed) {
			err = nil
		}
		s.done <- err
	}()
	return s, nil
}

// readHeaderTimeout frees connections on which nothing is asked.
const readHeaderTimeout = 30 * time.Second

// shutdownTimeout is how long Close lets requests finish.
const shutdownTimeout = 3 * time.Second

// Wait returns when the server has ended, with the reason if it was neither
// Close nor the context.
func (s *Server) Wait() error {
	err := <-s.done
	s.done <- err
	if err != nil {
		return fmt.Errorf("serving on %s: %w", s.Origin, err)
	}
	return nil
}

// Close lets running requests finish for a moment, breaks off the rest, and
// waits for the end.
func (s *Server) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), shutdownTimeout)
	defer cancel()
	if err := s.server.Shutdown(ctx); err != nil {
		_ = s.server.Close() // breaks off; its error repeats the one before
	}
	return s.Wait()
}

// Endpoints are the URLs that a client is configured with.
type Endpoints struct {
	BaseURL  string // of the Rostering service, without a slash at the end
	TokenURL string
}

// Endpoints returns the URLs of the provider when it is served at an origin.
func (s *SIS) Endpoints(origin string) Endpoints {
	base := origin + s.knobs.PathPrefix
	if s.baseURL != "" {
		base = s.baseURL
	}
	return Endpoints{BaseURL: base + BasePath, TokenURL: base + s.knobs.TokenPath}
}
