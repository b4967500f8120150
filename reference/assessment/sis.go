package assessment

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
)

// SIS is where a provider lies, and how the app is let in.
type SIS struct {
	Gradebook string // base URL of the Gradebook service
	Rostering string // base URL of the Rostering service, of which the students of a class are read
	TokenURL  string
	ClientID  string
	Secret    string
	// HTTP sends requests; nil is a client with a limit of time. Redirects are never followed:
	// they could lead credentials and results elsewhere.
	HTTP *http.Client
}

// The scopes that the app asks for.
const (
	scopePrefix = "https://purl.imsglobal.org/spec/or/v1p2/scope/"
	scopePut    = scopePrefix + "assessment.createput"
	scopeDelete = scopePrefix + "assessment.delete"
	scopeRoster = scopePrefix + "roster.readonly"
)

const (
	// requestLimit is how long one request may take.
	requestLimit = 30 * time.Second
	// largest bounds an answer: a page of a hundred users, or an error.
	largest = 4 << 20
	// tries is how often a request is sent that was answered with 429 or 503, or not at all:
	// PUT and DELETE do the same when they are sent twice.
	tries = 3
	// longestWait bounds what a SIS may ask to wait between two of them.
	longestWait = 20 * time.Second
)

// Refused is an answer that says no.
type Refused struct {
	Request     string
	Status      int
	Description string
}

func (r *Refused) Error() string {
	return fmt.Sprintf("%s was answered with %d %s: %s", r.Request, r.Status, http.StatusText(r.Status), r.Description)
}

// client speaks to one SIS. It is safe for several goroutines.
type client struct {
	SIS
	scope string

	mu    sync.Mutex
	token string
}

func (s SIS) client(scopes ...string) *client {
	if s.HTTP == nil {
		s.HTTP = &http.Client{Timeout: requestLimit}
	}
	own := *s.HTTP
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	s.HTTP = &own
	return &client{SIS: s, scope: strings.Join(scopes, " ")}
}

// granted gives an access token, a new one where the one before was used up (RFC 6749,
// section 4.4).
func (c *client) granted(ctx context.Context, used string) (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.token != "" && c.token != used {
		return c.token, nil
	}
	form := url.Values{"grant_type": {"client_credentials"}, "scope": {c.scope}}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.TokenURL, strings.NewReader(form.Encode()))
	if err != nil {
		return "", fmt.Errorf("asking for a token: %w", err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(url.QueryEscape(c.ClientID), url.QueryEscape(c.Secret))
	response, err := c.HTTP.Do(r)
	if err != nil {
		return "", fmt.Errorf("asking for a token: %w", err)
	}
	body, err := read(response)
	if err != nil {
		return "", fmt.Errorf("asking for a token: %w", err)
	}
	var grant struct {
		Token string `json:"access_token"`
		Error string `json:"error"`
	}
	_ = json.Unmarshal(body, &grant) // what is no JSON grants nothing
	if response.StatusCode != http.StatusOK || grant.Token == "" {
		return "", &Refused{"POST " + c.TokenURL, response.StatusCode, grant.Error}
	}
	c.token = grant.Token
	return c.token, nil
}

// read takes an answer in, up to its limit.
func read(response *http.Response) ([]byte, error) {
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, largest+1))
	if err == nil && len(body) > largest {
		err = fmt.Errorf("the answer has more than %d bytes", largest)
	}
	return body, err
}

// send does one request with a token, again where the SIS is busy, or doesn't take the token
// any more.
func (c *client) send(ctx context.Context, method, address string, body []byte) ([]byte, http.Header, error) {
	used := ""
	for try := 1; ; try++ {
		token, err := c.granted(ctx, used)
		if err != nil {
			return nil, nil, err
		}
		status, header, answer, err := c.once(ctx, method, address, token, body)
		if err == nil && status >= 200 && status < 300 {
			return answer, header, nil
		}
		refused := &Refused{method + " " + address, status, description(answer)}
		switch {
		case err != nil && (ctx.Err() != nil || try == tries):
			return nil, nil, err
		case err != nil:
		case status == http.StatusUnauthorized && used == "":
			used = token
			continue
		case status != http.StatusTooManyRequests && status != http.StatusServiceUnavailable || try == tries:
			return nil, nil, refused
		}
		select {
		case <-ctx.Done():
			return nil, nil, errors.Join(ctx.Err(), refused)
		case <-time.After(wait(header, try)):
		}
	}
}

// wait is how long to wait before the next try.
func wait(header http.Header, try int) time.Duration {
	if seconds, err := strconv.Atoi(header.Get("Retry-After")); err == nil && seconds >= 0 {
		return min(time.Duration(seconds)*time.Second, longestWait)
	}
	return time.Duration(try) * 200 * time.Millisecond
}

func (c *client) once(ctx context.Context, method, address, token string, body []byte) (int, http.Header, []byte, error) {
	r, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
	if err != nil {
		return 0, nil, nil, fmt.Errorf("%s %s: %w", method, address, err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Accept", "application/json")
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	response, err := c.HTTP.Do(r)
	if err != nil {
		return 0, nil, nil, err // it says method and address
	}
	answer, err := read(response)
	if err != nil {
		return 0, nil, nil, fmt.Errorf("%s %s: %w", method, address, err)
	}
	return response.StatusCode, response.Header, answer, nil
}

// description is what a status info says in words.
func description(body []byte) string {
	var info struct {
		Text string `json:"imsx_description"`
	}
	if json.Unmarshal(body, &info) != nil || info.Text == "" {
		return "without a word of why"
	}
	return info.Text
}

// students reads who is in a class, page by page.
func (c *client) students(ctx context.Context, class string, most int) ([]string, error) {
	const page = 100
	var out []string
	for offset := 0; len(out) < most; offset += page {
		address := fmt.Sprintf("%s/classes/%s/students?limit=%d&offset=%d", c.Rostering, url.PathEscape(class), page, offset)
		body, _, err := c.send(ctx, http.MethodGet, address, nil)
		if err != nil {
			return nil, fmt.Errorf("reading who is in the class: %w", err)
		}
		var set struct {
			Users []base `json:"users"`
		}
		if err := json.Unmarshal(body, &set); err != nil {
			return nil, fmt.Errorf("reading who is in the class: %w", err)
		}
		for _, u := range set.Users {
			if u.Status == "active" && len(out) < most {
				out = append(out, u.SourcedID)
			}
		}
		if len(set.Users) == 0 {
			break
		}
	}
	return out, nil
}
