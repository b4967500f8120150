package security_test

import (
	"crypto/ecdsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/rollcall-edu/rollcall/reference/security"
)

func TestSelfMade(t *testing.T) {
	made, err := security.NewSelfMade(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "ok") }))
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // of the handshakes meant to fail
	server.TLS = security.ServerTLS(made.Certificate)
	server.StartTLS()
	defer server.Close()

	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(made.AuthorityPEM) {
		t.Fatal("the authority is not PEM")
	}
	get := func(config *tls.Config) error {
		client := &http.Client{Transport: &http.Transport{TLSClientConfig: config}}
		defer client.CloseIdleConnections()
		response, err := client.Get(server.URL)
		if err == nil {
			response.Body.Close()
		}
		return err
	}
	for _, name := range []string{"", "localhost"} {
		if err := get(&tls.Config{RootCAs: pool, ServerName: name}); err != nil {
			t.Errorf("a client that trusts the authority: %v", err)
		}
	}
	if err := get(&tls.Config{}); err == nil {
		t.Error("a client that trusts nobody got in")
	}
	if err := get(&tls.Config{RootCAs: pool, ServerName: "elsewhere.example"}); err == nil {
		t.Error("the certificate is good for another host")
	}
	if err := get(&tls.Config{RootCAs: pool, MaxVersion: tls.VersionTLS11, MinVersion: tls.VersionTLS10}); err == nil {
		t.Error("TLS 1.1 is spoken")
	}
}

func TestSelfMadeForHosts(t *testing.T) {
	made, err := security.NewSelfMade(time.Now(), "sis.example", "10.1.2.3")
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(made.Certificate.Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, host := range []string{"sis.example", "10.1.2.3"} {
		if err := leaf.VerifyHostname(host); err != nil {
			t.Error(err)
		}
	}
}

func TestWriteAuthority(t *testing.T) {
	made, err := security.NewSelfMade(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "ca.pem")
	if err := made.WriteAuthority(path); err != nil {
		t.Fatal(err)
	}
	if written, err := os.ReadFile(path); err != nil || string(written) != string(made.AuthorityPEM) {
		t.Errorf("%s, %v", written, err)
	}
	if err := made.WriteAuthority(filepath.Join(path, "below")); err == nil {
		t.Error("it wrote below a file")
	}
}

func TestLoadTLS(t *testing.T) {
	made, err := security.NewSelfMade(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	key, err := x509.MarshalECPrivateKey(made.Certificate.PrivateKey.(*ecdsa.PrivateKey))
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	write := func(name, kind string, der []byte) string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	certificateFile, keyFile := write("cert.pem", "CERTIFICATE", made.Certificate.Certificate[0]), write("key.pem", "EC PRIVATE KEY", key)
	config, err := security.LoadTLS(certificateFile, keyFile)
	if err != nil || config.MinVersion != tls.VersionTLS12 {
		t.Errorf("%v, %v", config, err)
	}
	for _, files := range [][2]string{{keyFile, certificateFile}, {certificateFile, filepath.Join(folder, "none")}} {
		if _, err := security.LoadTLS(files[0], files[1]); err == nil {
			t.Errorf("LoadTLS(%v) succeeded", files)
		}
	}
}
