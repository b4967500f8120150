package push

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Client is a Sender that gets its tokens by client credentials (RFC 6749 §4.4), one for each
// scope, so that none opens more than it is sent for. It is safe for concurrent use.
type Client struct {
	TokenURL string
	ID       string
	Secret   string
	// HTTP sends requests; nil is a client with a limit of time. Redirects are never followed:
	// they could lead credentials and grades elsewhere.
	HTTP *http.Client
	// Wait waits between two tries, until ctx ends; nil: it does.
	Wait func(ctx context.Context, d time.Duration) error

	mu     sync.Mutex
	tokens map[string]token // by scope
}

type token struct {
	text string
	end  time.Time // when it is not used any more
}

const (
	// requestLimit is how long one request may take.
	requestLimit = 30 * time.Second
	// largest bounds what is read of an answer.
	largest = 1 << 20
	// tries is how often a request is sent that was answered with 429, 502, 503 or 504, or not
	// at all.
	tries = 5
	// firstWait is how long it waits before the second try, twice as long before each that
	// follows, longestWait what a SIS may ask for.
	firstWait   = 500 * time.Millisecond
	longestWait = time.Minute
	// early is how long before its end a token isn't used any more: a request takes a while.
	early = 30 * time.Second
	// tokenLife is that of tokens whose answer doesn't say how long they are good.
	tokenLife = 5 * time.Minute
)

// Send sends one request, again where that may help.
func (c *Client) Send(ctx context.Context, method, address, scope string, body []byte) (int, []byte, error) {
	renewed := false
	for try := 1; ; try++ {
		access, err := c.token(ctx, scope)
		if err != nil {
			return 0, nil, err
		}
		status, header, answer, err := c.once(ctx, method, address, access, body)
		switch {
		case ctx.Err() != nil:
			return 0, nil, ctx.Err()
		case err == nil && status == http.StatusUnauthorized && !renewed:
			renewed = true
			c.forget(scope, access)
			continue
		case err == nil && !busy(status), try == tries:
			return status, answer, err
		}
		if err := c.wait(ctx, pause(header, try)); err != nil {
			return 0, nil, err
		}
	}
}

func busy(status int) bool {
	switch status {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

// pause is how long to wait: what the SIS asks for (RFC 9110 §10.2.3), else longer each time,
// and never as long as others that were turned away at the same time.
func pause(header http.Header, try int) time.Duration {
	asked := header.Get("Retry-After")
	if seconds, err := strconv.Atoi(asked); err == nil && seconds >= 0 {
		return min(time.Duration(seconds)*time.Second, longestWait)
	}
	if at, err := http.ParseTime(asked); err == nil {
		return max(0, min(time.Until(at), longestWait))
	}
	d := min(firstWait<<(try-1), longestWait)
	return d/2 + rand.N(d/2)
}

func (c *Client) wait(ctx context.Context, d time.Duration) error {
	if c.Wait != nil {
		return c.Wait(ctx, d)
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

func (c *Client) forget(scope, access string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.tokens[scope].text == access {
		delete(c.tokens, scope)
	}
}

func (c *Client) token(ctx context.Context, scope string) (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if t, there := c.tokens[scope]; there && time.Now().Before(t.end) {
		return t.text, nil
	}
	form := url.Values{"grant_type": {"client_credentials"}, "scope": {scope}}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.TokenURL, strings.NewReader(form.Encode()))
	if err != nil {
		return "", fmt.Errorf("asking for a token: %w", err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Accept", "application/json")
	r.SetBasicAuth(url.QueryEscape(c.ID), url.QueryEscape(c.Secret)) // RFC 6749 §2.3.1
	status, _, answer, err := c.do(r)
	if err != nil {
		return "", fmt.Errorf("asking for a token: %w", err)
	}
	var grant struct {
		Token string  `json:"access_token"`
		Life  float64 `json:"expires_in"`
		Error string  `json:"error"`
	}
	_ = json.Unmarshal(answer, &grant) // what is no JSON grants nothing
	if status != http.StatusOK || grant.Token == "" {
		return "", fmt.Errorf("asking for a token: the answer was %d %s", status, strings.TrimSpace(http.StatusText(status)+" "+grant.Error))
	}
	life := tokenLife
	if grant.Life > 0 {
		life = time.Duration(grant.Life * float64(time.Second))
	}
	if c.tokens == nil {
		c.tokens = map[string]token{}
	}
	c.tokens[scope] = token{grant.Token, time.Now().Add(life - min(early, life/2))}
	return grant.Token, nil
}

func (c *Client) once(ctx context.Context, method, address, access string, body []byte) (int, http.Header, []byte, error) {
	r, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
	if err != nil {
		return 0, nil, nil, err
	}
	r.Header.Set("Authorization", "Bearer "+access)
	r.Header.Set("Accept", "application/json")
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	return c.do(r)
}

// do sends a request and reads its answer.
func (c *Client) do(r *http.Request) (int, http.Header, []byte, error) {
	own := http.Client{Timeout: requestLimit}
	if c.HTTP != nil {
		own = *c.HTTP
	}
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	response, err := own.Do(r)
	if err != nil {
		return 0, nil, nil, err // it says method and address
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, largest+1))
	if err == nil && len(answer) > largest {
		err = errors.New("the answer is too long")
	}
	if err != nil {
		return 0, nil, nil, fmt.Errorf("%s %s: %w", r.Method, r.URL, err)
	}
	return response.StatusCode, response.Header, answer, nil
}
