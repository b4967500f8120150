package web

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

// The limits of a server that faces strangers.
const (
	// readLimit is how long a request may take to come, its header and its body
	// alike: far longer than an honest one, short for one that comes byte by byte to
	// hold a connection.
	readLimit = 10 * time.Second
	// writeLimit is how long an answer may take altogether: longer than a page of the
	// largest size takes on a slow line, and than the minute for which a variant
	// streams.
	writeLimit = 3 * time.Minute
	// idleLimit frees connections on which nothing more is asked.
	idleLimit = 2 * time.Minute
	// grace is how long Shutdown lets requests finish.
	grace = 3 * time.Second
)

// Server is a listener with limits. It is bound first, so that what is served can
// be told its own address.
type Server struct {
	// Origin is the scheme, host and port that it listens on, such as
	// https://127.0.0.1:8443.
	Origin string

	listener net.Listener
	http     *http.Server
	ended    chan error
}

// Bind listens on an address such as 127.0.0.1:0, with TLS unless config is nil. An
// address without a host is on this machine alone: who wants to be reached by others
// names 0.0.0.0. Nothing is answered before Serve.
func Bind(ctx context.Context, address string, config *tls.Config) (*Server, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", Local(address))
	if err != nil {
		return nil, fmt.Errorf("listening on %s: %w; choose another address, or port 0 for any that is free", address, err)
	}
	origin := "http://" + listener.Addr().String()
	if config != nil {
		origin = "https://" + listener.Addr().String()
		listener = tls.NewListener(listener, config)
	}
	return on(listener, origin, config), nil
}

func on(l net.Listener, origin string, config *tls.Config) *Server {
	return &Server{Origin: origin, listener: l, ended: make(chan error, 1), http: &http.Server{
		ReadHeaderTimeout: readLimit, ReadTimeout: readLimit, WriteTimeout: writeLimit, IdleTimeout: idleLimit, TLSConfig: config,
		// The server's own complaints quote what clients sent, and browsers break
		// connections off.
		ErrorLog: log.New(io.Discard, "", 0),
	}}
}

// Local gives an address that names no host, or an empty one, as one of this machine.
func Local(address string) string {
	if address == "" {
		address = ":0"
	}
	if host, port, err := net.SplitHostPort(address); err == nil && host == "" {
		return net.JoinHostPort("127.0.0.1", port)
	}
	return address
}

// Named gives the origin under another name of the host, with the same port.
func (s *Server) Named(host string) string {
	scheme := "http"
	if s.http.TLSConfig != nil {
		scheme = "https"
	}
	_, port, _ := net.SplitHostPort(s.listener.Addr().String()) // an address of ours
	return scheme + "://" + net.JoinHostPort(host, port)
}

// Serve answers requests until Close or Shutdown, or until ctx ends. It returns at
// once.
func (s *Server) Serve(ctx context.Context, h http.Handler) {
	s.http.Handler = h
	stop := context.AfterFunc(ctx, func() { _ = s.http.Close() })
	go func() {
		defer stop()
		err := s.http.Serve(s.listener)
		if errors.Is(err, http.ErrServerClosed) {
			err = nil
		}
		s.ended <- err
	}()
}

// Wait returns when the server has ended, with the reason if it was neither its
// owner nor the context.
func (s *Server) Wait() error {
	err := <-s.ended
	s.ended <- err
	if err != nil {
		return fmt.Errorf("serving on %s: %w", s.Origin, err)
	}
	return nil
}

// Close ends the server at once. One that never served is only unbound.
func (s *Server) Close() error {
	if s.http.Handler == nil {
		return s.listener.Close()
	}
	return s.http.Close()
}

// Shutdown lets running requests finish for a moment, breaks off the rest, and waits
// for the end.
func (s *Server) Shutdown() error {
	ctx, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	if err := s.http.Shutdown(ctx); err != nil {
		_ = s.http.Close() // breaks off; its error repeats the one before
	}
	return s.Wait()
}
