package mint

import (
	"crypto/ecdh"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"time"
)

// Certificate makes a certificate of the key that nobody but itself vouches for, as
// DER.
func (k Key) Certificate() ([]byte, error) {
	now := time.Now()
	c := &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano()),
		Subject:      pkix.Name{CommonName: k.ID},
		NotBefore:    now.Add(-time.Hour),
		NotAfter:     now.Add(24 * time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &k.Private.PublicKey, k.Private)
	if err != nil {
		return nil, fmt.Errorf("making a certificate: %w", err)
	}
	return der, nil
}

// Curve makes the JSON Web Key of a new key on the curve P-256: a kind that a reader
// of RSA keys has to step over.
func Curve(id string) (map[string]any, error) {
	k, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("making a key: %w", err)
	}
	point := k.PublicKey().Bytes() // 4, x, y
	return map[string]any{"kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": id, "x": encode(point[1:33]),
		"y": encode(point[33:])}, nil
}
