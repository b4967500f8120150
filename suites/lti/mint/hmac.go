package mint

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/pem"
	"hash"
)

// The ways by HMAC. A verifier that believes the header takes whatever it has as the
// secret: the public key, in the spelling in which it was kept, or nothing.
const (
	HS256        Signing = "hs256"         // the public key as platforms print it
	HS256Trimmed Signing = "hs256-trimmed" // without the line break at the end
	HS256DER     Signing = "hs256-der"
	HS256PKCS1   Signing = "hs256-pkcs1" // BEGIN RSA PUBLIC KEY
	HS256CRLF    Signing = "hs256-crlf"  // with the line ends of Windows
	HS256Empty   Signing = "hs256-empty"
	HS256Text    Signing = "hs256-text" // the word key, which an injected query may give
	HS384        Signing = "hs384"
	HS512        Signing = "hs512"
)

// mac is one way by HMAC.
type mac struct {
	alg    string
	hash   func() hash.Hash
	secret func(Key) []byte
}

var macs = map[Signing]mac{
	HS256:        {"HS256", sha256.New, Key.PEM},
	HS256Trimmed: {"HS256", sha256.New, func(k Key) []byte { return bytes.TrimSpace(k.PEM()) }},
	HS256DER:     {"HS256", sha256.New, Key.der},
	HS256PKCS1:   {"HS256", sha256.New, Key.pkcs1},
	HS256CRLF:    {"HS256", sha256.New, func(k Key) []byte { return bytes.ReplaceAll(k.PEM(), []byte("\n"), []byte("\r\n")) }},
	HS256Empty:   {"HS256", sha256.New, func(Key) []byte { return nil }},
	HS256Text:    {"HS256", sha256.New, func(Key) []byte { return []byte("key") }},
	HS384:        {"HS384", sha512.New384, Key.PEM},
	HS512:        {"HS512", sha512.New, Key.PEM},
}

func (m mac) sum(k Key, text string) []byte {
	h := hmac.New(m.hash, m.secret(k))
	h.Write([]byte(text))
	return h.Sum(nil)
}

// Alg is what the header of a token says that is signed in this way.
func (w Signing) Alg() string {
	if m, ok := macs[w]; ok {
		return m.alg
	}
	if w == None {
		return "none"
	}
	return "RS256"
}

// PEM is the public part as platforms print it.
func (k Key) PEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: k.der()})
}

func (k Key) der() []byte {
	der, err := x509.MarshalPKIXPublicKey(&k.Private.PublicKey)
	if err != nil {
		panic(err) // an RSA key always can
	}
	return der
}

func (k Key) pkcs1() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "RSA PUBLIC KEY", Bytes: x509.MarshalPKCS1PublicKey(&k.Private.PublicKey)})
}
