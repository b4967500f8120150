package platform

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"net/http"
	"strings"
	"testing"
)

// What can't be read of a key is named, and the key is read all the same where only the
// alphabet is wrong; other kinds of keys are nobody's failure.
func TestReadKey(t *testing.T) {
	made, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	number := func(in *base64.Encoding) string { return in.EncodeToString(made.N.Bytes()) }
	const x, y = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"
	for name, test := range map[string]struct {
		raw  map[string]any
		flaw string
		read bool
	}{
		"right":                 {map[string]any{"kty": "RSA", "n": number(base64.RawURLEncoding), "e": "AQAB"}, "", true},
		"plain base64":          {map[string]any{"kty": "RSA", "n": number(base64.RawStdEncoding), "e": "AQAB"}, "plain base64", true},
		"padded":                {map[string]any{"kty": "RSA", "n": number(base64.URLEncoding), "e": "AQAB"}, "padded", true},
		"wrapped":               {map[string]any{"kty": "RSA", "n": number(base64.RawURLEncoding)[:60] + "\n" + number(base64.RawURLEncoding)[60:], "e": "AQAB"}, "white space", true},
		"a number":              {map[string]any{"kty": "RSA", "n": number(base64.RawURLEncoding), "e": 65537.0}, "e is missing", false},
		"no modulus":            {map[string]any{"kty": "RSA", "e": "AQAB"}, "n is missing", false},
		"no kind":               {map[string]any{"n": number(base64.RawURLEncoding), "e": "AQAB"}, "kty is missing", false},
		"elliptic":              {map[string]any{"kty": "EC", "crv": "P-256", "x": x, "y": y}, "", true},
		"elliptic, not a point": {map[string]any{"kty": "EC", "crv": "P-256", "x": x, "y": x}, "it is no key", false},
		"another curve":         {map[string]any{"kty": "EC", "crv": "secp256k1", "x": x, "y": y}, "", false},
		"Edwards":               {map[string]any{"kty": "OKP", "crv": "Ed25519", "x": x}, "", false},
	} {
		k := readKey(test.raw)
		plain := name == "plain base64" && !strings.ContainsAny(number(base64.RawStdEncoding), "+/") // it has none, once in a while
		if !plain && (test.flaw == "" && k.flaw != "" || !strings.Contains(k.flaw, test.flaw)) || (k.public != nil) != test.read {
			t.Errorf("%s: %q, read: %t", name, k.flaw, k.public != nil)
		}
	}
}

// The header that keeps a page from a frame is named as browsers rank them.
func TestForbidding(t *testing.T) {
	for want, h := range map[string]http.Header{
		"X-Frame-Options: SAMEORIGIN":                     {"X-Frame-Options": {"SAMEORIGIN"}},
		"Content-Security-Policy: frame-ancestors 'none'": {"X-Frame-Options": {"DENY"}, "Content-Security-Policy": {"default-src 'self'; frame-ancestors 'none'"}},
		"net::ERR_BLOCKED_BY_RESPONSE":                    {},
	} {
		if got := forbidding(&exchange{Response: h, Problem: blockedByResponse}); got != want {
			t.Errorf("%s, not %s", got, want)
		}
	}
}

// What is no text is shown where it can be nobody's.
func TestKindOf(t *testing.T) {
	for want, v := range map[string]any{"null": nil, "true": true, "the number 1": 1.0, "a number": 47110815.0, "a list of 2": []any{1, 2}, "an object": map[string]any{"a": 1}} {
		if got := kindOf(v); got != want {
			t.Errorf("%v is %s, not %s", v, got, want)
		}
	}
}
