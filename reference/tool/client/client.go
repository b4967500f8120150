package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// Platform is whom a client calls, as it was registered.
type Platform struct {
	Issuer   string
	ClientID string
	TokenURL string
	// Audience is aud of client assertions; empty: TokenURL. Some platforms tell their tools
	// another one.
	Audience string
}

// Config is what a client is made of.
type Config struct {
	HTTP *http.Client
	// Sign signs an assertion with the key that the tool publishes.
	Sign func(claims any) (string, error)
	Now  func() time.Time
	// Random makes the ids of assertions.
	Random func() string
	// Assertion makes the claims of a client assertion; nil: Assertion.
	Assertion func(p Platform, id string, now time.Time) map[string]any
	// Wait waits between two tries; nil: for as long as it is told.
	Wait func(ctx context.Context, d time.Duration) error
}

// Client calls services. It is safe for concurrent use.
type Client struct {
	c Config

	mu     sync.Mutex
	tokens map[string]*token // by platform and scopes
}

// New makes a client.
func New(c Config) *Client {
	if c.Assertion == nil {
		c.Assertion = Assertion
	}
	if c.Wait == nil {
		c.Wait = wait
	}
	return &Client{c: c, tokens: map[string]*token{}}
}

const (
	// tries is how often a request is made that a platform is too busy for, or that gets lost:
	// a person waits for what comes of it.
	tries = 4
	// patience is how long one try may take.
	patience = 5 * time.Second
	// firstPause is the one before the second try; each further one is twice as long.
	firstPause = 250 * time.Millisecond
	// longestPause bounds what a platform asks for by Retry-After.
	longestPause = 3 * time.Second
	// mostBytes bounds an answer: what is longer is an error, not cut.
	mostBytes = 8 << 20
)

// Errors that a caller may want to tell apart.
var (
	// ErrNotOffered: the launch offers no scope by which this could be done.
	ErrNotOffered = errors.New("the platform doesn't offer this")
	// ErrSuperseded: the platform has a score that is as new, or newer (409).
	ErrSuperseded = errors.New("the platform has a newer score")
	// ErrRoster: a roster could not be read to its end.
	ErrRoster = errors.New("the roster is not whole")
)

// StatusError is an answer that is no success.
type StatusError struct {
	What   string
	Status int
}

// Error words it without what the platform said, which may be of people.
func (e *StatusError) Error() string {
	return fmt.Sprintf("%s was answered with %d %s", e.What, e.Status, http.StatusText(e.Status))
}

// call is one request of a service.
type call struct {
	what   string // for errors: "reading the roster"
	scopes []string
	method string
	url    string
	accept string
	media  string // of the body
	body   []byte
	good   []int // statuses of success
	once   bool  // it must not be done twice: only what was refused for now is tried again
}

// answer is what came.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// do makes a request by a token for its scopes. A token that isn't taken (401) is dropped, and
// the request made once more with a new one. What a platform is too busy for, and what gets
// lost on the way, is tried again a few times: most of these requests may be repeated, for a
// score is known by its time.
func (c *Client) do(ctx context.Context, p Platform, k call) (answer, error) {
	renewed := false
	pause := firstPause
	for try := 1; ; try++ {
		access, err := c.token(ctx, p, k.scopes)
		if err != nil {
			return answer{}, fmt.Errorf("%s: %w", k.what, err)
		}
		a, err := c.once(ctx, k, access)
		switch {
		case err == nil && a.status == http.StatusUnauthorized && !renewed:
			renewed = true
			c.drop(p, k.scopes, access)
			try--
			continue
		case err == nil && k.succeeded(a.status):
			return a, nil
		case ctx.Err() != nil:
			return answer{}, fmt.Errorf("%s: %w", k.what, ctx.Err())
		case err == nil && (try == tries || !k.again(a.status)):
			return a, &StatusError{k.what, a.status}
		case err != nil && (try == tries || k.once):
			return answer{}, fmt.Errorf("%s: %w", k.what, err)
		}
		if err := c.c.Wait(ctx, asked(a.header, pause)); err != nil {
			return answer{}, fmt.Errorf("%s: %w", k.what, err)
		}
		pause *= 2
	}
}

func (k call) succeeded(status int) bool {
	for _, s := range k.good {
		if s == status {
			return true
		}
	}
	return false
}

// again tells whether a request is made again after an answer with a status.
func (k call) again(status int) bool {
	if k.once {
		return status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable
	}
	return passing(status)
}

// passing tells whether a status may be another one a moment later.
func passing(status int) bool { return status == http.StatusTooManyRequests || status >= 500 }

// asked is the pause before another try: what the platform asks for, within bounds (RFC 9110
// §10.2.3).
func asked(h http.Header, pause time.Duration) time.Duration {
	if seconds, err := strconv.Atoi(h.Get("Retry-After")); err == nil && seconds >= 0 {
		return min(max(time.Duration(seconds)*time.Second, pause), longestPause)
	}
	return pause
}

// once makes one try.
func (c *Client) once(ctx context.Context, k call, access string) (answer, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, k.method, k.url, bytes.NewReader(k.body))
	if err != nil {
		return answer{}, err
	}
	r.Header.Set("Authorization", "Bearer "+access)
	if k.accept != "" {
		r.Header.Set("Accept", k.accept)
	}
	if k.media != "" {
		r.Header.Set("Content-Type", k.media)
	}
	return c.send(r)
}

// send makes a request and reads its answer whole.
func (c *Client) send(r *http.Request) (answer, error) {
	response, err := c.c.HTTP.Do(r)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, mostBytes+1))
	switch {
	case err != nil:
		return answer{}, fmt.Errorf("reading the answer: %w", err)
	case len(body) > mostBytes:
		return answer{}, errors.New("the answer is too long")
	}
	return answer{response.StatusCode, response.Header, body}, nil
}

// read takes the JSON of an answer.
func (a answer) read(what string, into any) error {
	if err := json.Unmarshal(a.body, into); err != nil {
		return fmt.Errorf("%s: the answer can't be read: %w", what, err)
	}
	return nil
}

func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
