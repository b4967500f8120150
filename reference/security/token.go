package security

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

// Grant is what an access token stands for.
type Grant struct {
	ClientID string
	Scopes   []string
	Expires  time.Time
}

// Allows says whether the grant holds any one of the scopes.
func (g Grant) Allows(anyOf ...string) bool {
	return slices.ContainsFunc(anyOf, func(scope string) bool { return slices.Contains(g.Scopes, scope) })
}

// The reasons for which Inspect refuses a token. A client sees the same answer
// for both (RFC 6750, section 3.1, invalid_token).
var (
	ErrUnknownToken = errors.New("the access token was not issued here")
	ErrExpiredToken = errors.New("the access token has expired")
)

// Tokens issues access tokens and says what they stand for. Its methods may be
// called from several goroutines.
type Tokens interface {
	// Issue makes a new token for the client and the scopes granted to it.
	Issue(ctx context.Context, client Client, scopes []string) (token string, grant Grant, err error)

	// Inspect returns the grant of a token that is good now. The error is
	// ErrUnknownToken, ErrExpiredToken, or says why the tokens could not be
	// looked up at all.
	Inspect(ctx context.Context, token string) (Grant, error)
}

// TokenForm is how a token is spelled. RFC 6750, section 2.1, allows any
// b64token; a client that parses a token, or keeps it in a short column, breaks
// on one of the forms.
type TokenForm string

// The forms a token may take.
const (
	HexToken    TokenForm = "hex"    // 64 hexadecimal digits
	Base64Token TokenForm = "base64" // the standard alphabet, with + / and =
	DottedToken TokenForm = "dotted" // three parts like those of a JWT, but opaque
	TildeToken  TokenForm = "tilde"  // a short prefix and the characters ~ . _ -
)

// TokenForms lists all forms.
func TokenForms() []TokenForm {
	return []TokenForm{HexToken, Base64Token, DottedToken, TildeToken}
}

// DefaultTokenTTL is an hour, the usual life of an access token between a
// consumer and a provider.
const DefaultTokenTTL = time.Hour

// TokenOptions configures [NewTokens]. The zero value is ready to use.
type TokenOptions struct {
	TTL  time.Duration    // how long a token is good; DefaultTokenTTL when zero
	Form TokenForm        // HexToken when empty
	Now  func() time.Time // the clock; time.Now when nil
}

// maxTokens bounds the memory that a client can fill by asking for tokens:
// beyond it the issue of a token drops those that have expired, and fails if
// that frees nothing.
const maxTokens = 100_000

type issuedTokens struct {
	options TokenOptions

	mu     sync.Mutex
	grants map[[sha256.Size]byte]Grant // by the hash of the token
}

// NewTokens returns tokens that live in memory.
func NewTokens(options TokenOptions) Tokens {
	if options.TTL <= 0 {
		options.TTL = DefaultTokenTTL
	}
	if options.Form == "" {
		options.Form = HexToken
	}
	if options.Now == nil {
		options.Now = time.Now
	}
	return &issuedTokens{options: options, grants: map[[sha256.Size]byte]Grant{}}
}

func (t *issuedTokens) Issue(_ context.Context, client Client, scopes []string) (string, Grant, error) {
	token := newToken(t.options.Form)
	now := t.options.Now()
	grant := Grant{ClientID: client.ID, Scopes: slices.Clone(scopes), Expires: now.Add(t.options.TTL)}

	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.grants) >= maxTokens {
		for key, old := range t.grants {
			if !now.Before(old.Expires) {
				delete(t.grants, key)
			}
		}
		if len(t.grants) >= maxTokens {
			return "", Grant{}, fmt.Errorf("issuing a token: %d tokens are alive already; wait until some expire", maxTokens)
		}
	}
	t.grants[sha256.Sum256([]byte(token))] = grant
	return token, grant, nil
}

func (t *issuedTokens) Inspect(_ context.Context, token string) (Grant, error) {
	t.mu.Lock()
	grant, known := t.grants[sha256.Sum256([]byte(token))]
	t.mu.Unlock()
	switch {
	case !known:
		return Grant{}, ErrUnknownToken
	case !t.options.Now().Before(grant.Expires):
		return Grant{}, ErrExpiredToken
	}
	return grant, nil
}

// newToken makes 256 random bits and spells them in the form. crypto/rand never
// fails (since Go 1.24 it ends the program rather than return weak bits).
func newToken(form TokenForm) string {
	var random [32]byte
	rand.Read(random[:])
	text := base64.RawURLEncoding.EncodeToString(random[:])
	switch form {
	case Base64Token:
		return base64.StdEncoding.EncodeToString(random[:])
	case DottedToken:
		return text[:14] + "." + text[14:28] + "." + text[28:]
	case TildeToken:
		return "or~1.2_" + text + "-~"
	default:
		return hex.EncodeToString(random[:])
	}
}
