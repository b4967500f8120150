package security

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// keyBits is the size of RSA keys: 2048 at least (1EdTech Security Framework
// 1.0, §6.1).
const keyBits = 2048

// keptKeys is how many retired keys stay published, so that a token signed just
// before a rotation can still be verified.
const keptKeys = 2

// Keys is the signing keys of one party, the newest in use. It is safe for
// concurrent use.
type Keys struct {
	mu   sync.RWMutex
	keys []signingKey // the newest first
	keep func([]KeptKey) error
}

// KeptKey is a key as it is kept over a restart. Whoever has it can sign: it belongs nowhere
// but there.
type KeptKey struct {
	ID      string `json:"kid"`
	Private []byte `json:"pkcs8"` // PKCS #8, DER (RFC 5208)
}

type signingKey struct {
	id      string
	private *rsa.PrivateKey
}

// NewKeys makes a first key.
func NewKeys() (*Keys, error) { return RestoreKeys(nil, nil) }

// RestoreKeys goes on with keys that were kept, the newest first; where there are none it
// makes a first one. keep, unless it is nil, is told of all keys before a new one signs: a
// token can't be signed by a key that a restart would lose.
func RestoreKeys(kept []KeptKey, keep func([]KeptKey) error) (*Keys, error) {
	k := &Keys{keep: keep}
	for _, one := range kept {
		parsed, err := x509.ParsePKCS8PrivateKey(one.Private)
		if err != nil {
			return nil, fmt.Errorf("reading a signing key: %w", err)
		}
		private, is := parsed.(*rsa.PrivateKey)
		if !is || one.ID == "" {
			return nil, errors.New("reading a signing key: it is no RSA key, or has no id")
		}
		k.keys = append(k.keys, signingKey{one.ID, private})
	}
	if len(k.keys) > 0 {
		return k, nil
	}
	return k, k.Rotate()
}

// kept writes keys as they are kept.
func kept(keys []signingKey) ([]KeptKey, error) {
	var out []KeptKey
	for _, key := range keys {
		der, err := x509.MarshalPKCS8PrivateKey(key.private)
		if err != nil {
			return nil, fmt.Errorf("writing a signing key: %w", err)
		}
		out = append(out, KeptKey{key.id, der})
	}
	return out, nil
}

// Rotate makes a new key, which signs from now on. The former keys stay published
// for a while. Where it can't be kept the one in use stays.
func (k *Keys) Rotate() error {
	private, err := rsa.GenerateKey(rand.Reader, keyBits)
	if err != nil {
		return fmt.Errorf("making a signing key: %w", err)
	}
	id := make([]byte, 9)
	rand.Read(id)
	k.mu.Lock()
	defer k.mu.Unlock()
	keys := append([]signingKey{{base64.RawURLEncoding.EncodeToString(id), private}}, k.keys...)
	keys = keys[:min(len(keys), 1+keptKeys)]
	if k.keep != nil {
		records, err := kept(keys)
		if err != nil {
			return err
		}
		if err := k.keep(records); err != nil {
			return err
		}
	}
	k.keys = keys
	return nil
}

// MinRotation is the shortest time between two rotations that a server should be
// told: with keptKeys retired ones, a token that was just signed can be verified
// for twice as long.
const MinRotation = 10 * time.Second

// RotateEvery rotates until ctx ends. Where no key can be made, the one in use stays
// until the next time.
func (k *Keys) RotateEvery(ctx context.Context, every time.Duration) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			_ = k.Rotate()
		}
	}
}

// Current gives the key that signs, for those who build tokens by hand.
func (k *Keys) Current() (id string, private *rsa.PrivateKey) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return k.keys[0].id, k.keys[0].private
}

// Sign makes a JWT of claims, signed by RS256 with the key's id in its header
// (Security Framework 1.0 §5.1.2, §5.1.3).
func (k *Keys) Sign(claims any) (string, error) {
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", fmt.Errorf("writing the claims of a token: %w", err)
	}
	id, private := k.Current()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: private, KeyID: id}},
		(&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		return "", fmt.Errorf("signing a token: %w", err)
	}
	signed, err := signer.Sign(payload)
	if err != nil {
		return "", fmt.Errorf("signing a token: %w", err)
	}
	return signed.CompactSerialize()
}

// Public lists the public keys (RFC 7517).
func (k *Keys) Public() jose.JSONWebKeySet {
	k.mu.RLock()
	defer k.mu.RUnlock()
	var set jose.JSONWebKeySet
	for _, key := range k.keys {
		set.Keys = append(set.Keys, jose.JSONWebKey{Key: key.private.Public(), KeyID: key.id, Algorithm: string(jose.RS256), Use: "sig"})
	}
	return set
}

// ServeHTTP publishes the keys. They may be kept for a few minutes: whoever meets
// an unknown key id asks again.
func (k *Keys) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "public, max-age=300")
	_ = json.NewEncoder(w).Encode(k.Public()) // the client may be gone
}
