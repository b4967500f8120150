package provider

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/oneroster/consumer/world"
)

// TestSigned: where requests are signed there are no tokens, and what isn't signed is refused.
func TestSigned(t *testing.T) {
	p, err := Start(t.Context(), Options{Version: "1.1", ClientID: "lms", Secret: "s&cret", Signed: true})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	w, err := world.New(7)
	if err != nil {
		t.Fatal(err)
	}
	p.Serve(w, Behaviour{})
	if c := p.Connection(); c.TokenURL != "" || !strings.HasSuffix(c.V1P1, "/ims/oneroster/v1p1") {
		t.Errorf("%+v", c)
	}
	target, err := harness.ParseTarget("target.yaml", []byte("rollcall: 1\nname: x\nprofiles: [or11-rostering-consumer]\n"), os.LookupEnv)
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		by   *harness.OAuth1
		want int
	}{
		"right":          {&harness.OAuth1{Key: "lms", Secret: "s&cret", Method: "HMAC-SHA1"}, http.StatusOK},
		"right, by 256":  {&harness.OAuth1{Key: "lms", Secret: "s&cret", Method: "HMAC-SHA256"}, http.StatusOK},
		"another secret": {&harness.OAuth1{Key: "lms", Secret: "other", Method: "HMAC-SHA1"}, http.StatusUnauthorized},
		"nothing":        {nil, http.StatusUnauthorized},
	} {
		s, err := harness.NewSession(target, harness.Suite{Access: &harness.Access{Signed: true,
			Of: func(*harness.Target) *harness.Credentials { return &harness.Credentials{OAuth1: test.by} }}}, harness.SessionOptions{})
		if err != nil {
			t.Fatal(err)
		}
		address := p.Connection().V1P1 + "/users?limit=2&filter=role%3D%27student%27"
		mark := p.Mark()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", s.Authorization(http.MethodGet, address, harness.Signature{}))
		s.Close()
		got, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = got.Body.Close()
		if got.StatusCode != test.want {
			t.Errorf("%s: %s", name, got.Status)
		}
		if c := p.Calls(mark); len(c) != 1 || (len(c[0].Problems) > 0) != (test.want != http.StatusOK) {
			t.Errorf("%s: %+v", name, c)
		}
	}
}

// TestCertificate: with a certificate the provider is reached by https, by that one.
func TestCertificate(t *testing.T) {
	some := httptest.NewTLSServer(nil)
	pair := some.TLS.Certificates[0]
	some.Close()
	key, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	certFile, keyFile := filepath.Join(t.TempDir(), "cert.pem"), filepath.Join(t.TempDir(), "key.pem")
	if err := errors.Join(os.WriteFile(certFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: pair.Certificate[0]}), 0o600),
		os.WriteFile(keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}), 0o600)); err != nil {
		t.Fatal(err)
	}
	p, err := Start(t.Context(), Options{Version: "1.2", CertFile: certFile, KeyFile: keyFile})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	c := p.Connection()
	if !strings.HasPrefix(c.Rostering, "https://127.0.0.1:") || c.CAFile != certFile {
		t.Fatalf("%+v", c)
	}
	pool := x509.NewCertPool()
	pool.AddCert(some.Certificate())
	client := http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}}
	for address, good := range map[string]bool{c.Rostering + "/users": true, strings.Replace(c.Rostering, "https", "http", 1): false} {
		r, err := client.Get(address)
		if err == nil {
			_ = r.Body.Close()
		}
		if (err == nil && r.StatusCode == http.StatusUnauthorized) != good {
			t.Errorf("%s: %v %v", address, r, err)
		}
	}
	if _, err := Start(t.Context(), Options{Version: "1.2", CertFile: keyFile, KeyFile: certFile}); err == nil {
		t.Error("a key is taken for a certificate")
	}
}
