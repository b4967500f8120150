package service

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
)

// Connection is where a SIS is, and how the consumer is let in. Which services of 1.2 there
// are is said by which addresses there are.
type Connection struct {
	Version      string `json:"version,omitempty"` // 1.1 or 1.2; empty: by which addresses there are
	Rostering    string `json:"rostering,omitempty"`
	Gradebook    string `json:"gradebook,omitempty"`
	Resources    string `json:"resources,omitempty"`
	V1P1         string `json:"v1p1,omitempty"` // of all services of OneRoster 1.1
	TokenURL     string `json:"token_url,omitempty"`
	ClientID     string `json:"client_id,omitempty"`
	ClientSecret string `json:"client_secret,omitempty"`
	CAFile       string `json:"ca_file,omitempty"` // of the authorities that it trusts, PEM; empty: those of the system
	// Signed has requests of 1.1 signed by OAuth 1.0a, instead of tokens.
	Signed bool `json:"signed,omitempty"`
	// Bundle is a file or a folder of CSV that is read instead of a service, or a folder into which
	// bundles are dropped, of which the newest zip is read.
	Bundle string `json:"bundle,omitempty"`
}

// V11 tells whether a connection is one of OneRoster 1.1.
func (c Connection) V11() bool {
	return c.Version == "1.1" || c.Version == "" && c.Rostering == "" && c.V1P1 != ""
}

// Check says what of a connection can't be.
func (c Connection) Check() error {
	if c.Bundle != "" {
		return nil
	}
	if c.Version != "" && c.Version != "1.1" && c.Version != "1.2" {
		return fmt.Errorf("there is no version %q of OneRoster here; there are 1.1 and 1.2", c.Version)
	}
	main, name := c.Rostering, "rostering"
	if c.V11() {
		main, name = c.V1P1, "v1p1"
	}
	if main == "" {
		return fmt.Errorf("%s is missing: where the rosters are", name)
	}
	for _, x := range []struct{ name, address string }{
		{"rostering", c.Rostering}, {"gradebook", c.Gradebook}, {"resources", c.Resources}, {"v1p1", c.V1P1}, {"token_url", c.TokenURL},
	} {
		u, err := url.Parse(x.address)
		if x.address != "" && (err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.User != nil) {
			return fmt.Errorf("%s has to be an absolute http or https address without credentials", x.name)
		}
	}
	if c.TokenURL == "" && !c.Signed {
		return errors.New("token_url is missing: where access tokens are granted")
	}
	if c.ClientID == "" {
		return errors.New("client_id is missing")
	}
	return nil
}

// largestConnection bounds what is read of one, in bytes.
const largestConnection = 64 << 10

// reconnect takes another connection, from which it is read from now on. What the mirror holds
// stays until the next sync.
func (s *Service) reconnect(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, largestConnection))
	var c Connection
	if err == nil {
		d := json.NewDecoder(bytes.NewReader(body))
		d.DisallowUnknownFields()
		err = d.Decode(&c)
	}
	if err != nil {
		// Words of the decoder would quote what may be a secret.
		refuse(w, http.StatusBadRequest, "The body has to be a JSON object with the members of a connection and no others.")
		return
	}
	if err := s.Connect(c); err != nil {
		refuse(w, http.StatusBadRequest, err.Error())
		return
	}
	w.WriteHeader(http.StatusNoContent)
}
