package client

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rollcall-edu/rollcall/reference/security"
)

// token is an access token, or the knowledge that there is none.
type token struct {
	text string
	ends time.Time // from when on it is asked for anew; zero: unknown
}

const (
	// early is how long before its end a token is not used any more, or a quarter of its life
	// where that is shorter.
	early = time.Minute
	// largestGrant bounds the answer of a token endpoint, in bytes.
	largestGrant = 256 << 10
)

// authorize gives a request its credentials. used are those that were not taken before.
func (c *Client) authorize(ctx context.Context, r *http.Request, scopes []string, used string) (string, error) {
	if c.c.Signed {
		c.mu.Lock()
		defer c.mu.Unlock()
		method := security.HMACSHA256
		if used != "" {
			c.old = used == security.HMACSHA256 // some know the other one alone
		}
		if c.old {
			method = security.HMACSHA1
		}
		return method, security.Sign(r, c.c.ClientID, c.c.ClientSecret, method, c.c.Now(), rand.Text())
	}
	text, err := c.granted(ctx, scopes, used)
	if err == nil {
		r.Header.Set("Authorization", "Bearer "+text)
	}
	return text, err
}

// granted gives an access token that opens one of the scopes (RFC 6749, section 4.4). There is
// one at a time for each set of scopes.
func (c *Client) granted(ctx context.Context, scopes []string, used string) (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	key := strings.Join(scopes, " ")
	if t := c.tokens[key]; t != nil && t.text != used && !c.c.Manners.Renews(t.ends, c.c.Now()) {
		return t.text, nil
	}
	delete(c.tokens, key)
	var last error
	for _, scope := range scopes {
		t, err := c.ask(ctx, scope, scopes)
		if err == nil {
			c.tokens[key] = t
			return t.text, nil
		}
		var refused *TokenError
		if !errors.As(err, &refused) || refused.Code != "invalid_scope" {
			return "", err
		}
		last = refused
	}
	return "", errors.Join(&ScopeError{scopes}, last)
}

// The ways of authentication at a token endpoint, in the order in which they are tried: HTTP
// Basic as RFC 6749 section 2.3.1 has it, with everything form-encoded; HTTP Basic as it stands, as
// some products want it; and in the body.
const (
	basicEncoded = iota
	basicPlain
	inBody
	ways
)

// ask asks for a token of a scope, in another way where a client wasn't known in the first.
func (c *Client) ask(ctx context.Context, scope string, wanted []string) (*token, error) {
	var first error
	for i := range ways {
		way := (c.way + i) % ways
		if way == basicPlain && c.spelt() {
			continue // it would be the same once more
		}
		t, err := c.askBy(ctx, way, scope, wanted)
		if err == nil {
			c.way = way
			return t, nil
		}
		if first == nil {
			first = err
		}
		var refused *TokenError
		if !errors.As(err, &refused) {
			return nil, err
		}
		if refused.Code != "invalid_client" && (refused.Code != "" || refused.Status != http.StatusUnauthorized) {
			return nil, err
		}
	}
	return nil, first
}

func (c *Client) spelt() bool {
	return c.c.Manners.Spell(c.c.ClientID) == c.c.ClientID && c.c.Manners.Spell(c.c.ClientSecret) == c.c.ClientSecret
}

func (c *Client) askBy(ctx context.Context, way int, scope string, wanted []string) (*token, error) {
	form := url.Values{"grant_type": {"client_credentials"}}
	if scope != "" {
		form.Set("scope", scope)
	}
	if way == inBody {
		form.Set("client_id", c.c.ClientID)
		form.Set("client_secret", c.c.ClientSecret)
	}
	var t *token
	err := c.send(ctx, "POST "+c.c.TokenURL, true, c.c.TokenURL, func(address string) (*http.Request, error) {
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(form.Encode()))
		if err != nil {
			return nil, err
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Accept", "application/json")
		switch way {
		case basicEncoded:
			r.SetBasicAuth(c.c.Manners.Spell(c.c.ClientID), c.c.Manners.Spell(c.c.ClientSecret))
		case basicPlain:
			r.SetBasicAuth(c.c.ClientID, c.c.ClientSecret)
		}
		return r, nil
	}, func(response *http.Response) (err error) {
		t, err = c.read(response, wanted)
		return err
	})
	var refused *StatusError
	if errors.As(err, &refused) {
		return nil, &TokenError{c.c.TokenURL, refused.Status, refused.CodeMinor, refused.Description}
	}
	if err != nil {
		return nil, fmt.Errorf("asking for a token: %w", err)
	}
	return t, nil
}

// read reads a grant (RFC 6749, section 5.1), leniently: scope, expires_in and token_type may be
// missing, and expires_in be a text.
func (c *Client) read(response *http.Response, wanted []string) (*token, error) {
	body, err := io.ReadAll(io.LimitReader(response.Body, largestGrant))
	if err != nil {
		return nil, &BrokenError{err}
	}
	var grant struct {
		Token   string  `json:"access_token"`
		Type    string  `json:"token_type"`
		Expires any     `json:"expires_in"`
		Scope   *string `json:"scope"`
		Error   string  `json:"error"`
	}
	err = json.Unmarshal(body, &grant)
	bearer := grant.Type == "" || strings.EqualFold(grant.Type, "bearer")
	if err != nil || !bearer || !sendable(grant.Token) {
		return nil, &TokenError{URL: c.c.TokenURL, Status: response.StatusCode, Code: plain(grant.Error)}
	}
	if grant.Scope != nil && *grant.Scope != "" && !slices.Contains(wanted, "") && !slices.ContainsFunc(strings.Fields(*grant.Scope),
		func(granted string) bool { return slices.Contains(wanted, granted) }) {
		return nil, &TokenError{c.c.TokenURL, response.StatusCode, "invalid_scope", "another scope was granted than the one asked for"}
	}
	t := &token{text: grant.Token}
	if seconds, err := strconv.ParseFloat(fmt.Sprint(grant.Expires), 64); err == nil && seconds > 0 && seconds < 1e9 {
		life := time.Duration(seconds * float64(time.Second))
		t.ends = c.c.Now().Add(life - min(early, life/4))
	}
	return t, nil
}

// sendable tells whether a token can stand in a header (RFC 6750, section 2.1, leniently).
func sendable(token string) bool {
	return token != "" && !strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' })
}
