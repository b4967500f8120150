package platformfault

import (
	"crypto"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"sync"

	"github.com/rollcall-edu/rollcall/reference/platform"
	"github.com/rollcall-edu/rollcall/reference/security"
)

// signing makes a behaviour that signs in another way.
func signing(sign func(keys *security.Keys, claims map[string]any) (string, error)) behaviour {
	return behaviour{Bend: func(c *platform.Config) { c.Sign = sign }}
}

// byHand signs a header of one's own.
func byHand(header map[string]any, claims map[string]any, sign func(text string) ([]byte, error)) (string, error) {
	h, err := json.Marshal(header)
	if err != nil {
		return "", err
	}
	b, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	text := base64.RawURLEncoding.EncodeToString(h) + "." + base64.RawURLEncoding.EncodeToString(b)
	signature, err := sign(text)
	if err != nil {
		return "", err
	}
	return text + "." + base64.RawURLEncoding.EncodeToString(signature), nil
}

func rs256(key *rsa.PrivateKey) func(string) ([]byte, error) {
	return func(text string) ([]byte, error) {
		sum := sha256.Sum256([]byte(text))
		return rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
	}
}

// tokenFaults are platforms whose tokens are signed wrongly, or come back wrongly.
func tokenFaults() map[string]behaviour {
	responding := func(change func(url.Values)) behaviour {
		return behaviour{Bend: func(c *platform.Config) { c.Respond = change }}
	}
	return map[string]behaviour{
		"platform-kid-none": signing(func(keys *security.Keys, claims map[string]any) (string, error) {
			_, key := keys.Current()
			return byHand(map[string]any{"alg": "RS256", "typ": "JWT"}, claims, rs256(key))
		}),
		"platform-kid-other": signing(func(keys *security.Keys, claims map[string]any) (string, error) {
			_, key := keys.Current()
			return byHand(map[string]any{"alg": "RS256", "kid": "of-another-installation"}, claims, rs256(key))
		}),
		"platform-rs512": signing(func(keys *security.Keys, claims map[string]any) (string, error) {
			id, key := keys.Current()
			return byHand(map[string]any{"alg": "RS512", "kid": id}, claims, func(text string) ([]byte, error) {
				sum := sha512.Sum512([]byte(text))
				return rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA512, sum[:])
			})
		}),
		"platform-key-other": signing(func(keys *security.Keys, claims map[string]any) (string, error) {
			id, _ := keys.Current()
			key, err := rsa.GenerateKey(rand.Reader, 2048)
			if err != nil {
				return "", err
			}
			return byHand(map[string]any{"alg": "RS256", "kid": id}, claims, rs256(key))
		}),
		"platform-hs256": signing(func(keys *security.Keys, claims map[string]any) (string, error) {
			id, _ := keys.Current()
			return byHand(map[string]any{"alg": "HS256", "kid": id}, claims, func(text string) ([]byte, error) {
				mac := hmac.New(sha256.New, []byte("a shared secret"))
				mac.Write([]byte(text))
				return mac.Sum(nil), nil
			})
		}),
		"platform-token-kept": keeping(),
		"platform-state-lost": responding(func(v url.Values) { v.Set("state", "") }),
		"platform-state-decoded": responding(func(v url.Values) {
			if s, err := url.QueryUnescape(v.Get("state")); err == nil {
				v.Set("state", s)
			}
		}),
		"platform-token-none": responding(func(v url.Values) { v.Del("id_token") }),
	}
}

// keeping gives the same token to the same user and link again.
func keeping() behaviour {
	var mu sync.Mutex
	kept := map[string]string{}
	return signing(func(keys *security.Keys, claims map[string]any) (string, error) {
		mu.Lock()
		defer mu.Unlock()
		link, _ := claims[ns+"resource_link"].(map[string]any)
		id, _ := link["id"].(string)
		sub, _ := claims["sub"].(string)
		if t := kept[sub+id]; t != "" {
			return t, nil
		}
		t, err := keys.Sign(claims)
		kept[sub+id] = t
		return t, err
	})
}
