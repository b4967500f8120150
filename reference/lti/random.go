package lti

import (
	"crypto/rand"
	"encoding/base64"
)

// Random makes an unguessable text.
func Random() string {
	b := make([]byte, 24)
	rand.Read(b)
	return base64.RawURLEncoding.EncodeToString(b)
}
