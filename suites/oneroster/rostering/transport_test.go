package rostering

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/tls"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rollcall-edu/rollcall/reports"
)

const standardRoot = "/ims/oneroster/rostering/v1p2"

// plainServer listens at an address that is no loopback address by its looks,
// and yet reaches no farther than this machine.
func plainServer(h http.Handler) *httptest.Server {
	server := httptest.NewServer(h)
	server.URL = strings.Replace(server.URL, "127.0.0.1", "0.0.0.0", 1)
	return server
}

// secureServer speaks TLS from least to most.
func secureServer(least, most uint16) func(http.Handler) *httptest.Server {
	return func(h http.Handler) *httptest.Server {
		server := httptest.NewUnstartedServer(h)
		server.TLS = &tls.Config{MinVersion: least, MaxVersion: most}
		server.Config.ErrorLog = log.New(io.Discard, "", 0) // refused handshakes are what is tested
		server.StartTLS()
		return server
	}
}

// bothServer answers TLS and plain HTTP at one port, as some gateways do.
func bothServer(h http.Handler) *httptest.Server {
	server := secureServer(tls.VersionTLS12, tls.VersionTLS13)(http.NotFoundHandler())
	both := httptest.NewUnstartedServer(h)
	both.Config.ErrorLog = log.New(io.Discard, "", 0)
	both.Listener = twoFaced{both.Listener, server.TLS}
	server.Close()
	both.Start()
	both.URL = "https" + strings.TrimPrefix(both.URL, "http")
	return both
}

type twoFaced struct {
	net.Listener
	config *tls.Config
}

type peeked struct {
	net.Conn
	ahead *bufio.Reader
}

func (p peeked) Read(b []byte) (int, error) { return p.ahead.Read(b) }

// Accept looks at the first byte: a TLS handshake begins with 22.
func (l twoFaced) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	p := peeked{c, bufio.NewReader(c)}
	if first, err := p.ahead.Peek(1); err == nil && first[0] == 22 {
		return tls.Server(p, &tls.Config{Certificates: l.config.Certificates}), nil
	}
	return p, nil
}

// trust writes the authority of httptest's certificate for target.yaml.
func trust(t *testing.T) string {
	server := httptest.NewTLSServer(http.NotFoundHandler())
	defer server.Close()
	file := filepath.Join(t.TempDir(), "ca.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(file, block, 0o600); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("tls: {ca_file: %q}\n", file)
}

// TestWire holds the checks on HTTPS and TLS to providers that are reached in
// different ways; what is not named as accused must pass or not apply.
func TestWire(t *testing.T) {
	const insecure = "tls: {insecure: true}\n"
	modern := secureServer(tls.VersionTLS12, tls.VersionTLS13)
	wire := []string{"transport.https", "transport.token-https", "transport.no-plain-http", "transport.certificate", "transport.tls-version", "transport.tls-old"}
	tests := []struct {
		name    string
		start   func(http.Handler) *httptest.Server
		more    string // "" stands for the trusted authority
		bend    func(t *testing.T, s *provider)
		verdict map[string]reports.Verdict // of wire; what is absent must pass
	}{
		{"HTTPS", modern, "", nil, nil},
		{"HTTP on loopback", httptest.NewServer, insecure, nil, all(wire, reports.NotApplicable)},
		{"HTTP elsewhere", plainServer, insecure, nil, map[string]reports.Verdict{"transport.https": reports.Fail, "transport.token-https": reports.Fail, "transport.no-plain-http": reports.Warning,
			"transport.certificate": reports.NotTested, "transport.tls-version": reports.NotTested, "transport.tls-old": reports.NotTested}},
		{"the token endpoint by HTTP", modern, "", func(t *testing.T, s *provider) {
			server := plainServer(s.fake)
			t.Cleanup(server.Close)
			s.token = server.URL + "/token"
		}, map[string]reports.Verdict{"transport.token-https": reports.Fail}},
		{"the token endpoint by HTTP on loopback", modern, "", func(t *testing.T, s *provider) {
			server := httptest.NewServer(s.fake)
			t.Cleanup(server.Close)
			s.token = server.URL + "/token"
		}, map[string]reports.Verdict{"transport.token-https": reports.NotApplicable}},
		{"a certificate of nobody known", modern, insecure, nil, map[string]reports.Verdict{"transport.certificate": reports.Fail}},
		{"a certificate for another name", func(h http.Handler) *httptest.Server {
			server := modern(h)
			server.URL = strings.Replace(server.URL, "127.0.0.1", "localhost", 1)
			return server
		}, "", nil, map[string]reports.Verdict{"transport.certificate": reports.Fail}},
		{"old TLS as well", secureServer(tls.VersionTLS10, tls.VersionTLS13), "", nil, map[string]reports.Verdict{"transport.tls-old": reports.Warning}},
		{"old TLS only", secureServer(tls.VersionTLS10, tls.VersionTLS11), "", nil, map[string]reports.Verdict{"transport.certificate": reports.NotTested, "transport.tls-version": reports.Warning, "transport.tls-old": reports.Warning}},
		{"HTTP at the same port, closed without a token", bothServer, "", nil, nil},
		{"HTTP at the same port, open", bothServer, "", func(_ *testing.T, s *provider) {
			s.ask = func(a *reply) {
				if a.r.TLS == nil && a.op.ID != "" {
					a.raw = `{"orgs":[{"sourcedId":"west"}]}`
				}
			}
		}, map[string]reports.Verdict{"transport.no-plain-http": reports.Warning}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := providerOf(newFakeAt(t, test.start, standardRoot))
			if test.bend != nil {
				test.bend(t, s)
			}
			if test.more == "" {
				test.more = trust(t)
			}
			results := judged(t, s.fake, test.more, "rostering.transport.https", "rostering.transport.tls")
			for _, id := range wire {
				want := test.verdict[id]
				if want == "" {
					want = reports.Pass
				}
				if got := results[id]; got.Verdict != want {
					t.Errorf("%s is %s, want %s: %s %v", id, got.Verdict, want, got.Reason, got.Findings)
				}
			}
		})
	}
}

func all(ids []string, v reports.Verdict) map[string]reports.Verdict {
	out := map[string]reports.Verdict{}
	for _, id := range ids {
		out[id] = v
	}
	return out
}

func TestBasePath(t *testing.T) {
	for root, want := range map[string]reports.Verdict{
		standardRoot:                      reports.Pass,
		"/tenants/7" + standardRoot:       reports.Pass,
		"/ims/oneroster/v1p1":             reports.Fail,
		"/ims/oneroster/rostering/v1p2/x": reports.Fail,
		"/api":                            reports.Fail,
	} {
		t.Run(root, func(t *testing.T) {
			t.Parallel()
			s := providerOf(newFakeAt(t, httptest.NewServer, root))
			results := judged(t, s.fake, "", "rostering.endpoint.base-path", "rostering.endpoint.get-all-orgs")
			if got := results["endpoint.base-path"]; got.Verdict != want {
				t.Errorf("%s, want %s: %s", got.Verdict, want, got.Reason)
			}
			// The path is judged by itself: elsewhere the service works as well.
			if got := results["endpoint.get-all-orgs"]; got.Verdict != reports.Pass {
				t.Errorf("/orgs: %s: %s", got.Verdict, got.Reason)
			}
		})
	}
}

// TestManners bends what HTTP lets a client ask for besides.
func TestManners(t *testing.T) {
	asks := func(header string, do func(a *reply)) func(*provider) {
		return func(s *provider) {
			s.change = func(a *reply) {
				if a.op.ID == "getAllOrgs" && a.status == 200 && a.r.Header.Get(header) != "" {
					do(a)
				}
			}
		}
	}
	packed := func(a *reply, body any) {
		text, _ := json.Marshal(body)
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		_, _ = z.Write(text)
		_ = z.Close()
		a.header.Set("Content-Encoding", "gzip")
		a.raw = b.String()
	}
	gzipped := func(a *reply) bool { return a.r.Header.Get("Accept-Encoding") == "gzip" }
	tagged := func(s *provider, answer func(a *reply)) {
		s.change = func(a *reply) {
			if a.op.ID == "getAllOrgs" && a.status == 200 {
				a.header.Set("ETag", `"1"`)
				if a.r.Header.Get("If-None-Match") == `"1"` {
					answer(a)
				}
			}
		}
	}
	bent(t, "transport", []row{
		{"gzip where it is offered", asks("Accept-Encoding", func(a *reply) {
			if gzipped(a) {
				packed(a, a.body)
			}
		}), nil},
		{"gzip where it is ruled out", asks("Accept-Encoding", func(a *reply) {
			if strings.Contains(a.r.Header.Get("Accept-Encoding"), "gzip") {
				packed(a, a.body)
			}
		}), []string{"transport.coding-excluded"}},
		{"gzip in any case", asks("Accept-Encoding", func(a *reply) { packed(a, a.body) }), []string{"transport.compression"}},
		{"less in gzip", asks("Accept-Encoding", func(a *reply) {
			if gzipped(a) {
				packed(a, object{"orgs": a.page()[:min(1, len(a.page()))]})
			}
		}), []string{"transport.compression", "transport.range"}},
		{"HEAD breaks the server", func(s *provider) {
			s.ask = func(a *reply) {
				if a.r.Method == http.MethodHead {
					a.status = 500
				}
			}
		}, []string{"transport.head"}},
		{"HEAD is refused", func(s *provider) {
			s.ask = func(a *reply) {
				if a.r.Method == http.MethodHead {
					a.status = 405
				}
			}
		}, nil},
		{"tags are known", func(s *provider) { tagged(s, func(a *reply) { a.status = 304 }) }, nil},
		{"tags are known, and something else comes", func(s *provider) { tagged(s, func(a *reply) { a.set([]object{}) }) }, []string{"transport.conditional"}},
		{"304 to any tag", asks("If-None-Match", func(a *reply) { a.status = 304 }), []string{"transport.conditional"}},
		{"304 to any date", asks("If-Modified-Since", func(a *reply) { a.status = 304 }), []string{"transport.conditional"}},
		{"a range is served", asks("Range", func(a *reply) {
			a.status, a.raw = 206, `{"orgs":[{`
			a.header.Set("Content-Range", "bytes 0-9/500")
		}), nil},
		{"206 without Content-Range", asks("Range", func(a *reply) { a.status, a.raw = 206, `{"orgs":[{` }), []string{"transport.range"}},
		{"206 with everything", asks("Range", func(a *reply) {
			a.status = 206
			a.header.Set("Content-Range", "bytes 0-9/500")
		}), []string{"transport.range"}},
		{"a range breaks the server", asks("Range", func(a *reply) { a.status = 500 }), []string{"transport.range"}},
	})
}
