package toolfault

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/rollcall-edu/rollcall/reference/security"
	"github.com/rollcall-edu/rollcall/reference/tool"
)

// callsServices is a tool that reads the members of the course and its line items while it
// opens, and can't open without.
func callsServices() behaviour {
	return behaviour{Bend: func(c *tool.Config) {
		verifier, client := verifierOf(c), c.HTTP
		c.Verifier = func(p tool.Platform) tool.Verifier { return calling{verifier(p), p, client} }
	}}
}

type calling struct {
	tool.Verifier
	platform tool.Platform
	client   *http.Client
}

// Verify verifies, then calls the services that the launch names.
func (v calling) Verify(ctx context.Context, token string) ([]byte, error) {
	b, err := v.Verifier.Verify(ctx, token)
	if err != nil {
		return nil, err
	}
	var claims struct {
		Members struct {
			URL string `json:"context_memberships_url"`
		} `json:"https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"`
		Gradebook struct {
			URL string `json:"lineitems"`
		} `json:"https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"`
	}
	if json.Unmarshal(b, &claims) != nil || claims.Members.URL == "" || claims.Gradebook.URL == "" {
		return b, nil
	}
	access, err := v.access(ctx)
	if err != nil {
		return nil, err
	}
	var course struct {
		Members []struct {
			ID string `json:"user_id"`
		} `json:"members"`
	}
	var items []any
	for _, x := range []struct {
		address string
		into    any
	}{{claims.Members.URL, &course}, {claims.Gradebook.URL, &items}} {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, x.address, nil)
		if err != nil {
			return nil, err
		}
		r.Header.Set("Authorization", "Bearer "+access)
		if err := v.read(r, x.into); err != nil {
			return nil, err
		}
	}
	if len(course.Members) == 0 {
		return nil, fmt.Errorf("nobody is in the course")
	}
	return b, nil
}

// access gets a token for both services.
func (v calling) access(ctx context.Context) (string, error) {
	keys, err := security.NewKeys()
	if err != nil {
		return "", err
	}
	now := time.Now()
	assertion, err := keys.Sign(map[string]any{"iss": v.platform.ClientID, "sub": v.platform.ClientID, "aud": v.platform.TokenURL,
		"jti": randomText(), "iat": now.Unix(), "exp": now.Unix() + 60})
	if err != nil {
		return "", err
	}
	form := url.Values{"grant_type": {"client_credentials"},
		"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}, "client_assertion": {assertion},
		"scope": {"https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly https://purl.imsglobal.org/spec/lti-ags/scope/lineitem"}}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, v.platform.TokenURL, strings.NewReader(form.Encode()))
	if err != nil {
		return "", err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	var granted struct {
		Token string `json:"access_token"`
	}
	err = v.read(r, &granted)
	return granted.Token, err
}

func (v calling) read(r *http.Request, into any) error {
	answer, err := v.client.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("%s was answered with %d", r.URL.Path, answer.StatusCode)
	}
	return json.NewDecoder(io.LimitReader(answer.Body, 1<<20)).Decode(into)
}
