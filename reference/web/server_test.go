package web

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// pipes is a listener whose connections stay in memory, so that a test can have a
// clock of its own.
type pipes struct {
	incoming chan net.Conn
	closed   chan struct{}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.incoming:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { close(p.closed); return nil }
func (p *pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1} }

func (p *pipes) dial() net.Conn {
	ours, theirs := net.Pipe()
	p.incoming <- theirs
	return ours
}

// Whoever sends a request so slowly that it never ends is let go within ten seconds,
// be it the header or the body that doesn't come.
func TestSlowRequestsEnd(t *testing.T) {
	for name, sent := range map[string]string{
		"nothing":       "",
		"half a line":   "GET /us",
		"half a header": "GET / HTTP/1.1\r\nHost: x\r\nX-",
		"half a body":   "POST /token HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\ngrant_type=",
		"half a chunk":  "POST /token HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n64\r\ngrant_type=",
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := &pipes{incoming: make(chan net.Conn), closed: make(chan struct{})}
				s := on(l, "http://127.0.0.1:1", nil)
				s.Serve(t.Context(), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if _, err := io.ReadAll(r.Body); err != nil {
						panic(http.ErrAbortHandler)
					}
				}))
				defer s.Close()
				began, c := time.Now(), l.dial()
				if _, err := io.WriteString(c, sent); err != nil {
					t.Fatal(err)
				}
				_, _ = io.Copy(io.Discard, c) // until the server lets go
				if took := time.Since(began); took > 10*time.Second || took == 0 {
					t.Errorf("it was let go after %s", took)
				}
			})
		})
	}
}

// What takes the server long is no fault of the client: an answer may take minutes.
func TestSlowAnswersLive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &pipes{incoming: make(chan net.Conn), closed: make(chan struct{})}
		s := on(l, "http://127.0.0.1:1", nil)
		s.Serve(t.Context(), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			select {
			case <-time.After(2 * time.Minute):
				_, _ = io.WriteString(w, "done")
			case <-r.Context().Done():
			}
		}))
		defer s.Close()
		c := l.dial()
		if _, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		if answer, _ := io.ReadAll(c); !strings.HasSuffix(string(answer), "\r\n\r\ndone") {
			t.Errorf("%q", answer)
		}
	})
}

// Without a host in its address a server is for this machine alone.
func TestBindStaysHome(t *testing.T) {
	for _, address := range []string{"", ":0", "127.0.0.1:0"} {
		s, err := Bind(t.Context(), address, nil)
		if err != nil {
			t.Fatal(err)
		}
		if host, _, _ := net.SplitHostPort(s.listener.Addr().String()); host != "127.0.0.1" {
			t.Errorf("%q listens on %s", address, s.listener.Addr())
		}
		if s.Named("x.localhost") != strings.Replace(s.Origin, "127.0.0.1", "x.localhost", 1) {
			t.Errorf("%s and %s", s.Named("x.localhost"), s.Origin)
		}
		s.Close()
	}
	if Local("0.0.0.0:80") != "0.0.0.0:80" || Local("[::]:80") != "[::]:80" || Local("nonsense") != "nonsense" {
		t.Error("an address that names its host was changed")
	}
}

func TestEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s, err := Bind(ctx, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Bind(ctx, strings.TrimPrefix(s.Origin, "http://"), nil); err == nil || !strings.Contains(err.Error(), "choose another address") {
		t.Errorf("two servers listen on one address: %v", err)
	}
	s.Serve(ctx, http.NotFoundHandler())
	cancel()
	if err := s.Wait(); err != nil {
		t.Error(err)
	}
	if err := s.Shutdown(); err != nil {
		t.Error(err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}
