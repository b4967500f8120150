package security

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"time"
)

// certificateLife is short, so that a forgotten test certificate stops being
// trusted by itself, and long enough for a term of development.
const certificateLife = 90 * 24 * time.Hour

// clockSkew dates a certificate back, for clients whose clock is behind.
const clockSkew = time.Hour

// SelfMade is a certificate for a server on this machine, together with the
// authority that signed it. The authority's key is thrown away: it can sign
// nothing else.
type SelfMade struct {
	Certificate tls.Certificate
	// AuthorityPEM is the certificate that a client has to trust.
	AuthorityPEM []byte
}

// WriteAuthority writes AuthorityPEM to a file, for clients that are told whom
// to trust by a path. A file that is there already is replaced.
func (s *SelfMade) WriteAuthority(path string) error {
	if err := os.WriteFile(path, s.AuthorityPEM, 0o644); err != nil {
		return fmt.Errorf("writing the certificate authority: %w", err)
	}
	return nil
}

// NewSelfMade makes a certificate for the hosts, which are DNS names or IP
// addresses; for 127.0.0.1, ::1 and localhost when none are given. now is the
// time from which the certificate is good.
func NewSelfMade(now time.Time, hosts ...string) (*SelfMade, error) {
	if len(hosts) == 0 {
		hosts = []string{"127.0.0.1", "::1", "localhost"}
	}
	authorityKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("making a certificate authority: %w", err)
	}
	authority := &x509.Certificate{
		Subject:               pkix.Name{CommonName: "Rollcall test authority"},
		NotBefore:             now.Add(-clockSkew),
		NotAfter:              now.Add(certificateLife),
		IsCA:                  true,
		BasicConstraintsValid: true,
		MaxPathLenZero:        true,
		KeyUsage:              x509.KeyUsageCertSign,
	}
	authorityDER, err := sign(authority, authority, authorityKey.Public(), authorityKey)
	if err != nil {
		return nil, fmt.Errorf("making a certificate authority: %w", err)
	}
	// The parsed form carries the key identifier that the leaf refers to.
	if authority, err = x509.ParseCertificate(authorityDER); err != nil {
		return nil, fmt.Errorf("making a certificate authority: %w", err)
	}

	leafKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("making a certificate: %w", err)
	}
	leaf := &x509.Certificate{
		Subject:     pkix.Name{CommonName: hosts[0]},
		NotBefore:   now.Add(-clockSkew),
		NotAfter:    now.Add(certificateLife),
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	for _, host := range hosts {
		if ip := net.ParseIP(host); ip != nil {
			leaf.IPAddresses = append(leaf.IPAddresses, ip)
		} else {
			leaf.DNSNames = append(leaf.DNSNames, host)
		}
	}
	leafDER, err := sign(leaf, authority, leafKey.Public(), authorityKey)
	if err != nil {
		return nil, fmt.Errorf("making a certificate: %w", err)
	}
	return &SelfMade{
		Certificate:  tls.Certificate{Certificate: [][]byte{leafDER, authorityDER}, PrivateKey: leafKey},
		AuthorityPEM: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: authorityDER}),
	}, nil
}

func sign(certificate, issuer *x509.Certificate, key crypto.PublicKey, issuerKey crypto.Signer) ([]byte, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, err
	}
	certificate.SerialNumber = serial
	return x509.CreateCertificate(rand.Reader, certificate, issuer, key, issuerKey)
}

// ServerTLS is the TLS configuration for a certificate: TLS 1.2 at least, as the
// Security Framework demands.
func ServerTLS(certificate tls.Certificate) *tls.Config {
	return &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
}

// LoadTLS reads a certificate chain and its key from PEM files.
func LoadTLS(certificateFile, keyFile string) (*tls.Config, error) {
	certificate, err := tls.LoadX509KeyPair(certificateFile, keyFile)
	if err != nil {
		return nil, fmt.Errorf("reading the certificate %s and its key %s: %w", certificateFile, keyFile, err)
	}
	return ServerTLS(certificate), nil
}

// WritePair writes the certificate and its key as PEM files; the key is readable
// by its owner alone.
func (s *SelfMade) WritePair(certificateFile, keyFile string) error {
	var chain []byte
	for _, der := range s.Certificate.Certificate {
		chain = append(chain, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})...)
	}
	key, err := x509.MarshalPKCS8PrivateKey(s.Certificate.PrivateKey)
	if err != nil {
		return fmt.Errorf("writing the key of a certificate: %w", err)
	}
	if err := os.WriteFile(certificateFile, chain, 0o644); err != nil {
		return fmt.Errorf("writing a certificate: %w", err)
	}
	if err := os.WriteFile(keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}), 0o600); err != nil {
		return fmt.Errorf("writing the key of a certificate: %w", err)
	}
	return nil
}
