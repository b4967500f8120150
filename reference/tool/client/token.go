package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// token is an access token, or the place of one that is being asked for: whoever wants the same
// waits for it.
type token struct {
	mu    sync.Mutex
	value string
	until time.Time
}

const (
	// assertionLife is how long a client assertion is good: it is used at once.
	assertionLife = time.Minute
	// untold is how long a token is used of which the platform doesn't tell the end.
	untold = time.Minute
	// margin is how long before its end a token isn't used any more, for the way takes time.
	margin = 10 * time.Second
)

// Assertion is what a client assertion says: who asks, whom, once and now (Security Framework
// 1.0 §4.1.1). aud is one text, for some platforms can't read a list.
func Assertion(p Platform, id string, now time.Time) map[string]any {
	audience := p.Audience
	if audience == "" {
		audience = p.TokenURL
	}
	return map[string]any{"iss": p.ClientID, "sub": p.ClientID, "aud": audience, "jti": id,
		"iat": now.Unix(), "exp": now.Add(assertionLife).Unix()}
}

// token gives an access token for scopes: the one it has, or a new one. A token is one of its
// platform and its scopes, never another's.
func (c *Client) token(ctx context.Context, p Platform, scopes []string) (string, error) {
	t := c.place(p, scopes)
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.value != "" && c.c.Now().Before(t.until) {
		return t.value, nil
	}
	pause := firstPause
	for try := 1; ; try++ {
		value, life, again, err := c.ask(ctx, p, scopes)
		if err == nil {
			t.value, t.until = value, c.c.Now().Add(life)
			return value, nil
		}
		if !again || try == tries || ctx.Err() != nil {
			return "", err
		}
		if err := c.c.Wait(ctx, pause); err != nil {
			return "", err
		}
		pause *= 2
	}
}

// place is where the token of a platform and of scopes is kept.
func (c *Client) place(p Platform, scopes []string) *token {
	sorted := slices.Sorted(slices.Values(scopes))
	key := strings.Join([]string{p.Issuer, p.ClientID, p.TokenURL, strings.Join(sorted, " ")}, "\n")
	c.mu.Lock()
	defer c.mu.Unlock()
	t := c.tokens[key]
	if t == nil {
		t = &token{}
		c.tokens[key] = t
	}
	return t
}

// drop forgets a token that was not taken, unless there is another one already.
func (c *Client) drop(p Platform, scopes []string, value string) {
	t := c.place(p, scopes)
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.value == value {
		t.value = ""
	}
}

var errNoToken = errors.New("the answer has no bearer token")

// ask asks for a token once; again tells whether that may go better a moment later. The
// request of each try is signed anew, for an assertion is good once.
func (c *Client) ask(ctx context.Context, p Platform, scopes []string) (value string, life time.Duration, again bool, err error) {
	const what = "asking for an access token"
	assertion, err := c.c.Sign(c.c.Assertion(p, c.c.Random(), c.c.Now()))
	if err != nil {
		return "", 0, false, fmt.Errorf("%s: %w", what, err)
	}
	form := url.Values{
		"grant_type":            {"client_credentials"},
		"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
		"client_assertion":      {assertion},
		"scope":                 {strings.Join(scopes, " ")},
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, p.TokenURL, strings.NewReader(form.Encode()))
	if err != nil {
		return "", 0, false, fmt.Errorf("%s: %w", what, err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Accept", "application/json")
	a, err := c.send(r)
	if err != nil {
		return "", 0, true, fmt.Errorf("%s: %w", what, err)
	}
	if a.status != http.StatusOK && a.status != http.StatusCreated { // 201 is what some answer
		return "", 0, passing(a.status), &StatusError{what, a.status}
	}
	var granted struct {
		Token   string      `json:"access_token"`
		Type    string      `json:"token_type"`
		Expires json.Number `json:"expires_in"`
	}
	if err := a.read(what, &granted); err != nil {
		return "", 0, false, err
	}
	if granted.Token == "" || !strings.EqualFold(granted.Type, "Bearer") {
		return "", 0, false, fmt.Errorf("%s: %w", what, errNoToken)
	}
	life = untold
	if seconds, err := granted.Expires.Int64(); err == nil {
		life = time.Duration(seconds) * time.Second
	}
	return granted.Token, max(life-margin, 0), false, nil
}
