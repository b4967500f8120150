// Package mint makes JSON Web Tokens, right ones and wrong ones: a judge of
// launches must be able to sign with any key, by any algorithm, under any header.
package mint

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"strings"
)

// Key is an RSA key with the id under which it is published.
type Key struct {
	ID      string
	Private *rsa.PrivateKey
}

// NewKey makes a key of 2048 bits.
func NewKey(id string) (Key, error) {
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return Key{}, fmt.Errorf("making a key: %w", err)
	}
	return Key{id, private}, nil
}

// JWK is the public part as a JSON Web Key (RFC 7517).
func (k Key) JWK() map[string]any {
	public := k.Private.PublicKey
	return map[string]any{"kty": "RSA", "use": "sig", "alg": "RS256", "kid": k.ID, "n": encode(public.N.Bytes()),
		"e": encode(big.NewInt(int64(public.E)).Bytes())}
}

// Signing is how a token is signed.
type Signing string

// The ways; hmac.go has more of them. All but RS256 are wrong.
const (
	RS256   Signing = ""
	None    Signing = "none"    // no signature at all
	Corrupt Signing = "corrupt" // one bit of the signature is another's
	Cut     Signing = "cut"     // only two parts
)

// Sign makes a token of a header and claims.
func Sign(header, claims map[string]any, k Key, way Signing) (string, error) {
	h, err := json.Marshal(header)
	if err != nil {
		return "", fmt.Errorf("writing the header of a token: %w", err)
	}
	c, err := json.Marshal(claims)
	if err != nil {
		return "", fmt.Errorf("writing the claims of a token: %w", err)
	}
	text := encode(h) + "." + encode(c)
	sum := sha256.Sum256([]byte(text))
	switch way {
	case None:
		return text + ".", nil
	case Cut:
		return text, nil
	}
	if m, ok := macs[way]; ok {
		return text + "." + encode(m.sum(k, text)), nil
	}
	signature, err := rsa.SignPKCS1v15(rand.Reader, k.Private, crypto.SHA256, sum[:])
	if err != nil {
		return "", fmt.Errorf("signing a token: %w", err)
	}
	if way == Corrupt {
		signature[len(signature)/2] ^= 1
	}
	return text + "." + encode(signature), nil
}

var errParts = errors.New("a signed token has three parts")

// Decode takes a token apart, without a look at its signature.
func Decode(token string) (header, claims map[string]any, err error) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return nil, nil, errParts
	}
	for i, into := range []*map[string]any{&header, &claims} {
		raw, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(parts[i], "="))
		if err != nil {
			return nil, nil, fmt.Errorf("part %d of the token: %w", i+1, err)
		}
		if err := json.Unmarshal(raw, into); err != nil {
			return nil, nil, fmt.Errorf("part %d of the token: %w", i+1, err)
		}
	}
	return header, claims, nil
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
