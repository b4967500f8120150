package assessment

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/rollcall-edu/rollcall/reference/oneroster/client"
)

// SIS is where a provider lies, and how the app is let in.
type SIS struct {
	Gradebook string // base URL of the Gradebook service
	Rostering string // base URL of the Rostering service, of which the students of a class are read
	TokenURL  string
	ClientID  string
	Secret    string
	// Transport sends requests; nil: over TLS that the system's authorities vouch for.
	Transport http.RoundTripper
}

// The scopes that the app asks for.
const (
	scopePrefix = "https://purl.imsglobal.org/spec/or/v1p2/scope/"
	scopePut    = scopePrefix + "assessment.createput"
	scopeDelete = scopePrefix + "assessment.delete"
	scopeRoster = scopePrefix + "roster.readonly"
)

const (
	// largest bounds an answer: a page of a hundred users.
	largest = 4 << 20
	// longestWait is what one request may wait for a SIS that is busy: a person waits for the push.
	longestWait = time.Minute
)

// caller speaks to one SIS. It is safe for several goroutines.
type caller struct {
	SIS
	client *client.Client
}

func (s SIS) caller() (*caller, error) {
	c, err := client.New(client.Config{
		TokenURL: s.TokenURL, ClientID: s.ClientID, ClientSecret: s.Secret, Transport: s.Transport, Patience: longestWait,
		AllowPlain: true, // whoever runs it named the addresses
	})
	return &caller{s, c}, err
}

// send does one request with a token of a scope, and gives what it is answered with.
func (c *caller) send(ctx context.Context, method, address, scope string, body []byte) (answer []byte, err error) {
	request := client.Request{Method: method, URL: address, Scopes: []string{scope}, Body: body}
	err = c.client.Do(ctx, request, func(response *http.Response) error {
		if answer, err = io.ReadAll(io.LimitReader(response.Body, largest+1)); err != nil {
			return &client.BrokenError{Cause: err}
		}
		if len(answer) > largest {
			return fmt.Errorf("%s %s: the answer has more than %d bytes", method, address, largest)
		}
		return nil
	})
	return answer, err
}

// students reads who is in a class, page by page.
func (c *caller) students(ctx context.Context, class string, most int) ([]string, error) {
	const page = 100
	var out []string
	for offset := 0; len(out) < most; offset += page {
		address := fmt.Sprintf("%s/classes/%s/students?limit=%d&offset=%d", c.Rostering, url.PathEscape(class), page, offset)
		body, err := c.send(ctx, http.MethodGet, address, scopeRoster, nil)
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
