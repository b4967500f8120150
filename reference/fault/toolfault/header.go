package toolfault

import (
	"context"
	"crypto"
	"crypto/hmac"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"hash"
	"io"
	"net/http"
	"strings"

	"github.com/go-jose/go-jose/v4"

	"github.com/rollcall-edu/rollcall/reference/tool"
)

// headerFaults are tools that let the header of a token say how it is verified, and do
// verify it so.
func headerFaults() map[string]behaviour {
	return map[string]behaviour{
		"tool-jku-followed": by(func(ctx context.Context, o own, t signed) bool {
			var jku, kid string
			_ = json.Unmarshal(t.header["jku"], &jku)
			_ = json.Unmarshal(t.header["kid"], &kid)
			return jku != "" && t.rs256(o.at(ctx, jku)[kid])
		}),
		"tool-jku-read": by(func(ctx context.Context, o own, t signed) bool {
			var jku string
			_ = json.Unmarshal(t.header["jku"], &jku)
			if jku != "" {
				o.at(ctx, jku)
			}
			return false
		}),
		"tool-x5u-followed": by(func(ctx context.Context, o own, t signed) bool {
			var x5u string
			_ = json.Unmarshal(t.header["x5u"], &x5u)
			block, _ := pem.Decode(o.get(ctx, x5u))
			return block != nil && t.rs256(keyOf(block.Bytes))
		}),
		"tool-jwk-taken": by(func(_ context.Context, _ own, t signed) bool {
			var k jose.JSONWebKey
			if json.Unmarshal(t.header["jwk"], &k) != nil {
				return false
			}
			public, _ := k.Key.(*rsa.PublicKey)
			return t.rs256(public)
		}),
		"tool-x5c-taken": by(func(_ context.Context, _ own, t signed) bool {
			var chain [][]byte // base64 is how bytes are written
			return json.Unmarshal(t.header["x5c"], &chain) == nil && len(chain) > 0 && t.rs256(keyOf(chain[0]))
		}),
		"tool-crit-ignored": by(func(ctx context.Context, o own, t signed) bool {
			return t.header["crit"] != nil && t.rs256(o.named(ctx, t))
		}),
		"tool-hmac-key": by(func(ctx context.Context, o own, t signed) bool {
			key := o.named(ctx, t)
			if key == nil {
				return false
			}
			der, _ := x509.MarshalPKIXPublicKey(key) // of RSA
			text := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
			pkcs1 := pem.EncodeToMemory(&pem.Block{Type: "RSA PUBLIC KEY", Bytes: x509.MarshalPKCS1PublicKey(key)})
			for _, secret := range [][]byte{text, []byte(strings.TrimSpace(string(text))), der, pkcs1, nil} {
				if t.hmac(secret) {
					return true
				}
			}
			return false
		}),
	}
}

// own is what a verifier has: the platform, and a client.
type own struct {
	platform tool.Platform
	client   *http.Client
}

// get fetches something; nil where it doesn't come.
func (o own) get(ctx context.Context, address string) []byte {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil || address == "" {
		return nil
	}
	response, err := o.client.Do(r)
	if err != nil {
		return nil
	}
	defer response.Body.Close()
	b, _ := io.ReadAll(response.Body) // less is no key
	return b
}

// at reads the keys at an address.
func (o own) at(ctx context.Context, address string) map[string]*rsa.PublicKey {
	var set jose.JSONWebKeySet
	_ = json.Unmarshal(o.get(ctx, address), &set) // no keys, then
	keys := map[string]*rsa.PublicKey{}
	for _, k := range set.Keys {
		if public, ok := k.Key.(*rsa.PublicKey); ok {
			keys[k.KeyID] = public
		}
	}
	return keys
}

// named is the platform's key that a token names.
func (o own) named(ctx context.Context, t signed) *rsa.PublicKey {
	var kid string
	_ = json.Unmarshal(t.header["kid"], &kid)
	return o.at(ctx, o.platform.JWKSURL)[kid]
}

func keyOf(der []byte) *rsa.PublicKey {
	c, err := x509.ParseCertificate(der)
	if err != nil {
		return nil
	}
	public, _ := c.PublicKey.(*rsa.PublicKey)
	return public
}

// signed is a token taken apart.
type signed struct {
	header             map[string]json.RawMessage
	text               string
	payload, signature []byte
}

var errParts = errors.New("a token has three parts")

func takeApart(token string) (t signed, err error) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return t, errParts
	}
	var decoded [3][]byte
	for i, part := range parts {
		if decoded[i], err = base64.RawURLEncoding.DecodeString(part); err != nil {
			return t, err
		}
	}
	t.text, t.payload, t.signature = parts[0]+"."+parts[1], decoded[1], decoded[2]
	return t, json.Unmarshal(decoded[0], &t.header)
}

func (t signed) rs256(key *rsa.PublicKey) bool {
	sum := sha256.Sum256([]byte(t.text))
	return key != nil && rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], t.signature) == nil
}

func (t signed) hmac(secret []byte) bool {
	var alg string
	_ = json.Unmarshal(t.header["alg"], &alg)
	made := map[string]func() hash.Hash{"HS256": sha256.New, "HS384": sha512.New384, "HS512": sha512.New}[alg]
	if made == nil {
		return false
	}
	h := hmac.New(made, secret)
	h.Write([]byte(t.text))
	return hmac.Equal(h.Sum(nil), t.signature)
}

// by makes a behaviour that verifies in another way first, and as usual where that
// fails.
func by(good func(context.Context, own, signed) bool) behaviour {
	return behaviour{Bend: func(c *tool.Config) {
		verifier, client := verifierOf(c), c.HTTP
		c.Verifier = func(p tool.Platform) tool.Verifier { return lured{verifier(p), own{p, client}, good} }
	}}
}

type lured struct {
	tool.Verifier
	own  own
	good func(context.Context, own, signed) bool
}

// Verify verifies by what the token says.
func (l lured) Verify(ctx context.Context, token string) ([]byte, error) {
	if t, err := takeApart(token); err == nil && l.good(ctx, l.own, t) {
		return t.payload, nil
	}
	return l.Verifier.Verify(ctx, token)
}
