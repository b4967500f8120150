package district

import (
	"context"
	"net"
	"net/http"
	"time"

	"github.com/rollcall-edu/rollcall/reference/fault/toolfault"
	"github.com/rollcall-edu/rollcall/reference/security"
	"github.com/rollcall-edu/rollcall/reference/tool"
)

// ToolOptions say how the reference tool is run. The zero value listens on a free
// port of 127.0.0.1 and is seen as https://tool.localhost.
type ToolOptions struct {
	Listen    string
	Host      string // name under which browsers see it; tool.localhost by default
	Origin    string // as browsers see it, where that differs altogether
	Platforms []tool.Platform
	Faults    []string
	TLS       *security.SelfMade // nil: plain http
	TrustPEM  []byte             // authorities of platforms
}

// Tool is a running reference tool.
type Tool struct {
	*tool.Tool
	Origin string
	server *Server
}

// StartTool serves the reference tool until Close, or until ctx ends.
func StartTool(ctx context.Context, o ToolOptions) (*Tool, error) {
	if o.Listen == "" {
		o.Listen = "127.0.0.1:0"
	}
	if o.Host == "" {
		o.Host = "tool.localhost"
	}
	bent, err := toolfault.Kind.Of(o.Faults...)
	if err != nil {
		return nil, err
	}
	listener, err := listen(ctx, o.Listen, o.TLS)
	if err != nil {
		return nil, err
	}
	if o.Origin == "" {
		o.Origin = originFor(listener.Addr(), o.Host, o.TLS != nil)
	}
	t, err := tool.New(bent.Bend(tool.Config{Origin: o.Origin, Platforms: o.Platforms, HTTP: security.LoopbackClient(o.TrustPEM)}))
	if err != nil {
		listener.Close()
		return nil, err
	}
	return &Tool{Tool: t, Origin: o.Origin, server: serve(ctx, listener, bent.Wrap(t.Handler()))}, nil
}

// Wait returns when the tool has ended.
func (t *Tool) Wait() error { return t.server.Wait() }

// Close ends the tool.
func (t *Tool) Close() error { return t.server.Close() }

// originFor puts together what browsers see.
func originFor(a net.Addr, host string, secure bool) string {
	_, port, _ := net.SplitHostPort(a.String()) // an address of ours
	scheme := "http"
	if secure {
		scheme = "https"
	}
	return scheme + "://" + net.JoinHostPort(host, port)
}

// The limits of a server that faces browsers.
const (
	headerLimit = 10 * time.Second
	idleLimit   = 2 * time.Minute
	// writeLimit is how long an answer may take altogether: longer than keys of the
	// other side take, and than the minute for which a variant streams.
	writeLimit = 3 * time.Minute
)

// Server is a running listener.
type Server struct {
	http  *http.Server
	ended chan error
}

func serve(ctx context.Context, l net.Listener, h http.Handler) *Server {
	s := &Server{http: &http.Server{Handler: h, ReadHeaderTimeout: headerLimit, ReadTimeout: 3 * headerLimit, WriteTimeout: writeLimit, IdleTimeout: idleLimit, ErrorLog: silent}, ended: make(chan error, 1)}
	go func() { s.ended <- s.http.Serve(l) }()
	context.AfterFunc(ctx, func() { _ = s.http.Close() })
	return s
}

// Wait returns when the server has ended, with the reason if it was not Close.
func (s *Server) Wait() error {
	err := <-s.ended
	s.ended <- err
	if err == http.ErrServerClosed {
		return nil
	}
	return err
}

// Close ends the server.
func (s *Server) Close() error { return s.http.Close() }
