package security

import (
	"errors"
	"net/http"
	"strings"
)

// ErrNoBearer says that a request carries no Authorization header at all.
var ErrNoBearer = errors.New("the request carries no access token")

// ErrMalformedBearer says that the Authorization header is there but does not
// hold one bearer token.
var ErrMalformedBearer = errors.New("the Authorization header holds no bearer token")

// BearerToken returns the access token of a request. It looks at the
// Authorization header alone (RFC 6750, section 2.1): a token in a query string
// ends up in logs, and the Security Framework has no use for it.
func BearerToken(r *http.Request) (string, error) {
	headers := r.Header.Values("Authorization")
	if len(headers) == 0 {
		return "", ErrNoBearer
	}
	scheme, token, _ := strings.Cut(headers[0], " ")
	token = strings.Trim(token, " ")
	// The scheme is case-insensitive (RFC 9110, section 11.1).
	if len(headers) > 1 || !strings.EqualFold(scheme, "Bearer") || !isB64Token(token) {
		return "", ErrMalformedBearer
	}
	return token, nil
}

// isB64Token checks the grammar of RFC 6750, section 2.1.
func isB64Token(s string) bool {
	body := strings.TrimRight(s, "=")
	if body == "" {
		return false
	}
	for _, r := range body {
		switch {
		case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9', strings.ContainsRune("-._~+/", r):
		default:
			return false
		}
	}
	return true
}
