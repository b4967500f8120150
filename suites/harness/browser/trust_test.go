package browser

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// signed makes an authority, and a server that sends no more than its own
// certificate.
func signed(t *testing.T) (authority []byte, s *httptest.Server) {
	t.Helper()
	make := func(serial int64, parent *x509.Certificate, by *ecdsa.PrivateKey) (*x509.Certificate, *ecdsa.PrivateKey) {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		c := &x509.Certificate{SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: "test"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
			BasicConstraintsValid: true, IsCA: parent == nil, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign}
		if parent == nil {
			parent, by = c, key
		} else {
			c.IPAddresses, c.ExtKeyUsage = []net.IP{net.IPv4(127, 0, 0, 1)}, []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
		}
		raw, err := x509.CreateCertificate(rand.Reader, c, parent, key.Public(), by)
		if err != nil {
			t.Fatal(err)
		}
		c, err = x509.ParseCertificate(raw)
		if err != nil {
			t.Fatal(err)
		}
		return c, key
	}
	ca, caKey := make(1, nil, nil)
	leaf, key := make(2, ca, caKey)
	s = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<p id=here>here")) }))
	s.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{leaf.Raw}, PrivateKey: key}}}
	s.StartTLS()
	t.Cleanup(s.Close)
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: ca.Raw}), s
}

// Servers seldom send the certificate of their authority: it is trusted all the
// same, and no other is.
func TestTrust(t *testing.T) {
	if testing.Short() {
		t.Skip("starting a browser is left out with -short")
	}
	if _, err := Find(); err != nil {
		t.Skip(err)
	}
	ours, s := signed(t)
	other, _ := signed(t)
	for _, test := range []struct {
		name    string
		trust   []byte
		trusted bool
	}{{"its own authority", ours, true}, {"another authority", other, false}, {"none", nil, false}} {
		b, err := New(Options{TrustPEM: test.trust, Hosts: []string{s.Listener.Addr().String(), "127.0.0.1:1", "nonsense"}})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(b.Close)
		err = opened(t, b).Run(t.Context(), []Step{{Open: s.URL}, {Wait: "#here"}})
		if test.trusted != (err == nil) || err != nil && !strings.Contains(err.Error(), "CERT_AUTHORITY") {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}
