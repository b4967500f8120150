package harness

import (
	"net/url"
	"slices"
	"strings"
)

// Credentials says how the judge is let in: with OAuth 2 client credentials, or with a
// token that somebody else has issued.
type Credentials struct {
	TokenURL     string `yaml:"token_url,omitempty"`
	ClientID     string `yaml:"client_id,omitempty"`
	ClientSecret string `yaml:"client_secret,omitempty"`
	Method       string `yaml:"method,omitempty"` // basic (default) or form
	// Scope is asked for instead of the scopes of the profiles, for an issuer that
	// has names of its own; Parameters are sent along, such as an audience.
	Scope      string            `yaml:"scope,omitempty"`
	Parameters map[string]string `yaml:"parameters,omitempty"`
	// Bearer is a token to send as it is, for products that issue none.
	Bearer string `yaml:"bearer,omitempty"`
	// Core is a second client that may only have the core scopes. With it Rollcall can test scope enforcement where the first client can't ask
	// for less than everything.
	Core *Client `yaml:"core_client,omitempty"`
	// OAuth1 has requests of services that may be signed (Access.Signed) signed by OAuth 1.0a,
	// in place of a token.
	OAuth1 *OAuth1 `yaml:"oauth1,omitempty"`
}

// Client is one more registered client.
type Client struct {
	ClientID     string `yaml:"client_id"`
	ClientSecret string `yaml:"client_secret"`
}

// Access says which credentials of the target file are a suite's own.
type Access struct {
	Key string // where they stand, for remedies: the section's key, a dot and theirs
	Of  func(*Target) *Credentials
	// Signed says that the services may be reached by signed requests (OAuth 1.0a) as well.
	Signed bool
}

// Reserved tells whether credentials hold characters that are encoded for HTTP Basic
// (RFC 6749 §2.3.1), so that it shows whether they are decoded.
func (c Credentials) Reserved() bool {
	return url.QueryEscape(c.ClientID) != c.ClientID || url.QueryEscape(c.ClientSecret) != c.ClientSecret
}

// Validate puts defaults in and holds credentials to one of the two ways of being let in.
// key says where they stand, and needed that there is something to be let into.
func (c *Credentials) Validate(t *Target, key string, needed bool) error {
	if c.Method == "" {
		c.Method = "basic"
	}
	credentials := c.TokenURL != "" || c.ClientID != "" || c.ClientSecret != ""
	switch {
	case c.Bearer != "" && (credentials || c.Core != nil || c.Scope != "" || len(c.Parameters) > 0):
		return t.Problem("bearer", "a token is given, and how to ask for one as well",
			"give either bearer, or token_url, client_id and client_secret")
	case c.Bearer != "" && strings.ContainsAny(c.Bearer, " \t\r\n"):
		return t.Problem("bearer", "the token has blanks in it", "give the token alone, without \"Bearer\" before it")
	case c.Bearer == "" && needed && (c.TokenURL == "" || c.ClientID == "" || c.ClientSecret == ""):
		return t.Problem(key[strings.LastIndex(key, ".")+1:], "token_url, client_id and client_secret are all needed",
			"take them from the product's OAuth client registration; where it issues no tokens itself, give its issuer's, or a token as `bearer: ${ROLLCALL_TOKEN}`")
	}
	if o := c.OAuth1; o != nil {
		if o.Method == "" {
			o.Method = "HMAC-SHA256"
		}
		switch {
		case o.Key == "" || o.Secret == "":
			return t.Problem("oauth1", "consumer_key and consumer_secret are both needed", "take them from the product's registration of consumers")
		case o.Method != "HMAC-SHA256" && o.Method != "HMAC-SHA1":
			return t.Problem("method", "there is no such way to sign", "write HMAC-SHA256 or HMAC-SHA1")
		}
	}
	for name := range c.Parameters {
		if slices.Contains([]string{"grant_type", "scope", "client_id", "client_secret"}, name) {
			return t.Problem("parameters", name+" has a key of its own", "take it out of "+key+".parameters")
		}
	}
	return nil
}
