package security

import (
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// TokenEndpoint answers the token requests of the client-credentials grant
// (RFC 6749, section 4.4; Security Framework, section 4.1).
type TokenEndpoint struct {
	// Clients may ask for tokens.
	Clients *Clients
	// Tokens issues them.
	Tokens Tokens
	// KnownScopes are all scopes that have a meaning somewhere. One that is
	// known but not open to the client is left out of the grant; one that is not
	// known makes the request invalid_scope.
	KnownScopes []string
	// Now is the clock that expires_in is reckoned by; time.Now when nil. It
	// must be the clock of Tokens.
	Now func() time.Time

	guesses guesses
}

// tokenResponse is the success body of RFC 6749, section 5.1.
type tokenResponse struct {
	AccessToken string `json:"access_token"`
	TokenType   string `json:"token_type"`
	ExpiresIn   int    `json:"expires_in"`
	Scope       string `json:"scope"`
}

// tokenError is the error body of RFC 6749, section 5.2, with what the status
// line and the headers need beside it.
type tokenError struct {
	Code        ErrorCode `json:"error"`
	Description string    `json:"error_description,omitempty"`

	status     int
	allow      string // the methods allowed, with 405
	retryAfter string // seconds, with 429
}

func (e *tokenError) Error() string { return string(e.Code) + ": " + e.Description }

func refuse(code ErrorCode, format string, arguments ...any) *tokenError {
	return &tokenError{Code: code, Description: fmt.Sprintf(format, arguments...), status: http.StatusBadRequest}
}

// maxTokenRequest is far above any honest token request, in bytes.
const maxTokenRequest = 64 << 10

// ServeHTTP answers one token request.
func (e *TokenEndpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	// Section 5.1 demands both headers wherever a token may be in the body.
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Pragma", "no-cache")
	response, err := e.issue(w, r)
	if err != nil {
		writeTokenError(w, err)
		return
	}
	writeJSON(w, http.StatusOK, response)
}

func (e *TokenEndpoint) issue(w http.ResponseWriter, r *http.Request) (*tokenResponse, error) {
	form, err := readForm(w, r)
	if err != nil {
		return nil, err
	}
	client, err := e.authenticate(r, form)
	if err != nil {
		return nil, err
	}
	switch grantType := form.Get("grant_type"); grantType {
	case "client_credentials":
	case "":
		return nil, refuse(InvalidRequest, "the parameter grant_type is missing")
	default:
		return nil, refuse(UnsupportedGrantType, "only grant_type=client_credentials is supported")
	}
	scopes, err := e.grantedScopes(client, form.Get("scope"))
	if err != nil {
		return nil, err
	}
	token, grant, err := e.Tokens.Issue(r.Context(), client, scopes)
	if err != nil {
		return nil, err
	}
	now := time.Now
	if e.Now != nil {
		now = e.Now
	}
	return &tokenResponse{
		AccessToken: token,
		TokenType:   "Bearer",
		ExpiresIn:   int(grant.Expires.Sub(now()) / time.Second),
		Scope:       strings.Join(grant.Scopes, " "),
	}, nil
}

// readForm reads the body as section 4.4.2 has it: parameters come in the body
// of a POST, never in the query string, and none comes twice (section 3.2).
func readForm(w http.ResponseWriter, r *http.Request) (url.Values, error) {
	if r.Method != http.MethodPost {
		err := refuse(InvalidRequest, "a token is asked for with POST")
		err.status, err.allow = http.StatusMethodNotAllowed, http.MethodPost
		return nil, err
	}
	mediaType, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || mediaType != "application/x-www-form-urlencoded" {
		return nil, refuse(InvalidRequest, "the body must be application/x-www-form-urlencoded")
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxTokenRequest)
	if err := r.ParseForm(); err != nil {
		return nil, refuse(InvalidRequest, "the body is not a readable form")
	}
	for name, values := range r.PostForm {
		// A parameter without a value counts as omitted (section 3.2).
		values = slices.DeleteFunc(values, func(v string) bool { return v == "" })
		if len(values) > 1 {
			return nil, refuse(InvalidRequest, "the parameter %q comes more than once", printable(name))
		}
		r.PostForm[name] = values
	}
	return r.PostForm, nil
}

// authenticate finds the client, and slows down whoever guesses secrets (section
// 2.3.1).
func (e *TokenEndpoint) authenticate(r *http.Request, form url.Values) (Client, error) {
	named, _, basic := r.BasicAuth()
	if !basic {
		named = form.Get("client_id")
	}
	if err := e.guesses.admit(r, named); err != nil {
		return Client{}, err
	}
	client, err := e.identify(r, form)
	if err == nil {
		e.guesses.right(r, named)
	}
	return client, err
}

// identify finds the client by the Basic scheme or by the form (section 2.3.1). A
// request that uses both is refused (section 2.3).
func (e *TokenEndpoint) identify(r *http.Request, form url.Values) (Client, error) {
	formID, formSecret := form.Get("client_id"), form.Get("client_secret")
	if r.Header.Get("Authorization") == "" {
		if client, ok := e.Clients.Authenticate(formID, formSecret); ok {
			return client, nil
		}
		return Client{}, invalidClient()
	}
	id, secret, ok := r.BasicAuth()
	if !ok || len(r.Header.Values("Authorization")) > 1 {
		return Client{}, invalidClient()
	}
	if formSecret != "" {
		return Client{}, refuse(InvalidRequest, "the client authenticates in the header and in the body; use one of them")
	}
	// The standard has both parts form-encoded before Base64. Several consumers
	// in the field send them plain, so a plain match counts as well.
	plainID, idErr := url.QueryUnescape(id)
	plainSecret, secretErr := url.QueryUnescape(secret)
	client, matches := Client{}, false
	if idErr == nil && secretErr == nil {
		client, matches = e.Clients.Authenticate(plainID, plainSecret)
	}
	if !matches {
		client, matches = e.Clients.Authenticate(id, secret)
	}
	if !matches {
		return Client{}, invalidClient()
	}
	if formID != "" && formID != client.ID {
		return Client{}, refuse(InvalidRequest, "client_id in the body is not the client of the header")
	}
	return client, nil
}

func invalidClient() *tokenError {
	return &tokenError{
		Code:        InvalidClient,
		Description: "the client is unknown, or its secret is missing or wrong",
		status:      http.StatusUnauthorized,
	}
}

// grantedScopes decides what the client gets: all its scopes when it names none
// (section 3.3), else those it asked for and may have.
func (e *TokenEndpoint) grantedScopes(client Client, requested string) ([]string, error) {
	names := strings.Fields(requested)
	if len(names) == 0 {
		return client.Scopes, nil
	}
	var granted []string
	for _, name := range names {
		switch {
		case slices.Contains(client.Scopes, name):
			if !slices.Contains(granted, name) {
				granted = append(granted, name)
			}
		case !slices.Contains(e.KnownScopes, name):
			return nil, refuse(InvalidScope, "there is no scope %q", printable(name))
		}
	}
	if len(granted) == 0 {
		return nil, refuse(InvalidScope, "none of the scopes is open to this client")
	}
	return granted, nil
}

// printable reduces a text to what error_description may hold (section 5.2:
// printable ASCII without the quote and the backslash).
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' || r == '"' || r == '\\' {
			return '?'
		}
		return r
	}, text)
}

func writeTokenError(w http.ResponseWriter, err error) {
	var refused *tokenError
	if !errors.As(err, &refused) {
		// What went wrong inside is not the client's business.
		refused = &tokenError{Code: ServerError, Description: "no token could be issued", status: http.StatusInternalServerError}
	}
	if refused.allow != "" {
		w.Header().Set("Allow", refused.allow)
	}
	if refused.retryAfter != "" {
		w.Header().Set("Retry-After", refused.retryAfter)
	}
	if refused.status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Basic realm="token"`)
	}
	refused.Description = strings.ReplaceAll(refused.Description, `"`, "'")
	writeJSON(w, refused.status, refused)
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	// A write error means that the client left; there is nobody to tell.
	_ = encoder.Encode(body)
}
