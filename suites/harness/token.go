package harness

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// Token is an access token as a target granted it (RFC 6749 §5.1).
type Token struct {
	AccessToken string
	Type        string
	Scope       string // as answered; empty when absent
	ExpiresIn   float64
	Granted     time.Time
}

// TokenRequest is a client-credentials request (RFC 6749 §4.4); the zero value
// asks with the target's own credentials for no particular scope.
type TokenRequest struct {
	ClientID     string
	ClientSecret string
	Method       string // one of ways; empty: as target.yaml says, or what the doctor has found to work
	GrantType    string // empty: client_credentials
	Scopes       []string
	Anonymous    bool // send no client credentials at all
	Extra        url.Values
}

// RequestToken asks the target's token endpoint and records the exchange. The
// token is nil when the answer holds none.
func (t *T) RequestToken(ctx context.Context, r TokenRequest) (*Token, *Response) {
	return t.session.requestToken(ctx, r, t.kept)
}

func (s *Session) requestToken(ctx context.Context, r TokenRequest, keep *keeper) (*Token, *Response) {
	auth := s.credentials()
	if r.ClientID == "" {
		r.ClientID, r.ClientSecret = auth.ClientID, auth.ClientSecret
	}
	if auth.TokenURL == "" {
		return nil, &Response{
			Header:      http.Header{},
			Problem:     "the target file names no token endpoint",
			Unreachable: true,
			line:        "a token request",
		}
	}
	if r.Method == "" {
		r.Method = cmp.Or(s.way(), auth.Method)
	}
	form := url.Values{"grant_type": {"client_credentials"}}
	if r.GrantType != "" {
		form.Set("grant_type", r.GrantType)
	}
	if len(r.Scopes) > 0 {
		form.Set("scope", strings.Join(r.Scopes, " "))
		if auth.Scope != "" && slices.Equal(r.Scopes, s.Scopes) {
			form.Set("scope", auth.Scope) // the issuer has names of its own
		}
	}
	for k, v := range auth.Parameters {
		form.Set(k, v)
	}
	for k, v := range r.Extra {
		form[k] = v
	}
	header := http.Header{}
	place, how, _ := strings.Cut(r.Method, "-")
	switch {
	case r.Anonymous:
	case place == "basic" || how == "basic":
		// RFC 6749 §2.3.1: both parts are form-encoded before they are joined.
		pair := url.QueryEscape(r.ClientID) + ":" + url.QueryEscape(r.ClientSecret)
		if r.Method == rawBasic {
			pair = r.ClientID + ":" + r.ClientSecret
		}
		header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(pair)))
	default:
		form.Set("client_id", r.ClientID)
		form.Set("client_secret", r.ClientSecret)
	}
	request := Request{Method: http.MethodPost, URL: auth.TokenURL, Header: header, Auth: AuthNone, Secret: true, Repeatable: true}
	switch place {
	case "query":
		request.URL += "?" + form.Encode()
		request.Body = []byte{}
	case "json":
		header.Set("Content-Type", "application/json")
		members := map[string]string{}
		for k := range form {
			members[k] = form.Get(k)
		}
		request.Body, _ = json.Marshal(members) // texts alone
		request.Secret = false                  // JSON is redacted member by member
	default:
		header.Set("Content-Type", "application/x-www-form-urlencoded")
		request.Body = []byte(form.Encode())
	}
	granted := time.Now()
	response := s.client.do(ctx, request, keep)
	if response.Problem != "" || response.Status != http.StatusOK {
		return nil, response
	}
	var answer struct {
		AccessToken string          `json:"access_token"`
		TokenType   string          `json:"token_type"`
		Scope       string          `json:"scope"`
		ExpiresIn   json.RawMessage `json:"expires_in"`
	}
	if err := json.Unmarshal(response.Body, &answer); err != nil || answer.AccessToken == "" {
		return nil, response
	}
	s.redactor.Secret(answer.AccessToken)
	token := &Token{AccessToken: answer.AccessToken, Type: answer.TokenType, Scope: answer.Scope, Granted: granted}
	// Some servers quote the number; that is a finding of the token checks and
	// no reason to stop here.
	fmt.Sscanf(strings.Trim(string(answer.ExpiresIn), `"`), "%g", &token.ExpiresIn)
	return token, response
}

// tokens caches the session's own token, and those with other scopes, and renews each before
// it runs out.
type tokens struct {
	mu      sync.Mutex
	session *Session
	current map[string]*Token // by scopes
}

// renewal is how long before its end a token is no longer used: clocks differ
// and a page takes time. Short-lived tokens are used for half their life.
const renewal = 30 * time.Second

// get gives a token for some scopes; without any, for those of the session.
func (k *tokens) get(ctx context.Context, scopes []string) (string, error) {
	if k.session.Signs() {
		return "", errors.New("requests are signed, and no token is asked for")
	}
	if bearer := k.session.credentials().Bearer; bearer != "" {
		return bearer, nil
	}
	if len(scopes) == 0 || k.session.credentials().Scope != "" { // an issuer's own scope stands for all
		scopes = k.session.Scopes
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	asked := strings.Join(scopes, " ")
	if current := k.current[asked]; current != nil {
		life := time.Duration(current.ExpiresIn * float64(time.Second))
		if life <= 0 {
			life = time.Hour
		}
		if time.Since(current.Granted) < max(life-renewal, life/2) {
			return current.AccessToken, nil
		}
	}
	token, response := k.session.requestToken(ctx, TokenRequest{Scopes: scopes}, nil)
	if token == nil {
		return "", fmt.Errorf("%s answered %s", k.session.credentials().TokenURL, response.Summary())
	}
	if k.current == nil {
		k.current = map[string]*Token{}
	}
	k.current[asked] = token
	return token.AccessToken, nil
}

// forget drops the token that was refused, unless another took its place.
func (k *tokens) forget(used string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for scopes, token := range k.current {
		if token.AccessToken == used {
			delete(k.current, scopes)
		}
	}
}

// AccessToken gives the session's token, for requests that send it in their own
// way.
func (t *T) AccessToken(ctx context.Context) (string, error) { return t.session.tokens.get(ctx, nil) }

// HasTokenEndpoint tells whether the target file names a token endpoint; where it gives
// a token instead there is none to judge.
func (s *Session) HasTokenEndpoint() bool { return s.credentials().TokenURL != "" && !s.Signs() }

// WithoutTokenEndpoint is the obstacle that there is no token endpoint to ask; ok is false
// where there is one.
func (s *Session) WithoutTokenEndpoint() (o Obstacle, ok bool) {
	if s.Signs() {
		return Unclaimed("requests are signed (" + s.keyOf("oauth1") + "), and no token is asked for"), true
	}
	return Unconfigured("the target file gives a token ("+s.keyOf("bearer")+"), and names no token endpoint",
		"Give token_url, client_id and client_secret instead of bearer, where the product issues tokens."), !s.HasTokenEndpoint()
}

// SpoiltTokenError names a member of the answer to a refused token request that holds a
// character which it must not (RFC 6749 §5.2: printable ASCII, without the quote and the
// backslash), and that character; "" where there is none.
func SpoiltTokenError(body []byte) string {
	var members map[string]any
	_ = json.Unmarshal(body, &members) // what can't be read has no members
	for _, name := range []string{"error", "error_description", "error_uri"} {
		text, _ := members[name].(string)
		at := strings.IndexFunc(text, func(r rune) bool {
			return r < ' ' || r > '~' || r == '"' || r == '\\' || r == ' ' && name == "error_uri"
		})
		if at >= 0 {
			r, _ := utf8.DecodeRuneInString(text[at:])
			return fmt.Sprintf("%s holds %q", name, r)
		}
	}
	return ""
}
