package security_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-edu/rollcall/reference/security"
)

const awkwardSecret = "p%20 +:&=é/100%"

func newEndpoint(t *testing.T) *security.TokenEndpoint {
	t.Helper()
	clients, err := security.NewClients(
		security.Client{ID: "one", Secret: "secret-one", Scopes: []string{"a", "b"}},
		security.Client{ID: "https://two.example/ä", Secret: awkwardSecret, Scopes: []string{"a"}},
		security.Client{ID: "plain%41", Secret: "x", Scopes: []string{"a"}},
		security.Client{ID: "none", Secret: "y"},
	)
	if err != nil {
		t.Fatal(err)
	}
	now := func() time.Time { return time.Unix(1_800_000_000, 0) }
	return &security.TokenEndpoint{
		Clients: clients, KnownScopes: []string{"a", "b", "c"}, Now: now,
		Tokens: security.NewTokens(security.TokenOptions{Now: now, TTL: 90 * time.Second}),
	}
}

func basic(id, secret string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(id+":"+secret))
}

func TestTokenRequests(t *testing.T) {
	const good = "grant_type=client_credentials"
	one := basic("one", "secret-one")
	for name, c := range map[string]struct {
		authorization, body string
		status              int
		want                string // the scope, or the error
	}{
		"Basic":                        {one, good, 200, "a b"},
		"form":                         {"", good + "&client_id=one&client_secret=secret-one", 200, "a b"},
		"Basic and the same id":        {one, good + "&client_id=one", 200, "a b"},
		"Basic, encoded":               {basic("https%3A%2F%2Ftwo.example%2F%C3%A4", "p%2520+%2B%3A%26%3D%C3%A9%2F100%25"), good, 200, "a"},
		"Basic, plain though awkward":  {basic("plain%41", "x"), good, 200, "a"},
		"form, awkward":                {"", good + "&client_id=https%3A%2F%2Ftwo.example%2F%C3%A4&client_secret=p%2520+%2B%3A%26%3D%C3%A9%2F100%25", 200, "a"},
		"one scope":                    {one, good + "&scope=b", 200, "b"},
		"scopes in their order, once":  {one, good + "&scope=b+a+b", 200, "b a"},
		"a partial grant":              {one, good + "&scope=c+a", 200, "a"},
		"an empty scope":               {one, good + "&scope=", 200, "a b"},
		"an unknown parameter":         {one, good + "&resource=x&resource=y&z=", 400, "invalid_request"},
		"another parameter":            {one, good + "&audience=x", 200, "a b"},
		"an unknown scope":             {one, good + "&scope=a+zz", 400, "invalid_scope"},
		"no scope that is open":        {one, good + "&scope=c", 400, "invalid_scope"},
		"a wrong secret":               {basic("one", "secret-two"), good, 401, "invalid_client"},
		"a wrong id":                   {basic("zero", "secret-one"), good, 401, "invalid_client"},
		"an empty secret":              {basic("one", ""), good, 401, "invalid_client"},
		"nobody":                       {"", good, 401, "invalid_client"},
		"a wrong secret in the form":   {"", good + "&client_id=one&client_secret=no", 401, "invalid_client"},
		"the secret of another":        {basic("one", awkwardSecret), good, 401, "invalid_client"},
		"another scheme":               {"Bearer abc", good, 401, "invalid_client"},
		"not Base64":                   {"Basic !", good, 401, "invalid_client"},
		"a wrong header, a good form":  {basic("one", "no"), good + "&client_id=one&client_secret=secret-one", 400, "invalid_request"},
		"both ways at once":            {one, good + "&client_id=one&client_secret=secret-one", 400, "invalid_request"},
		"another id in the body":       {one, good + "&client_id=two", 400, "invalid_request"},
		"no grant type":                {one, "scope=a", 400, "invalid_request"},
		"an empty grant type":          {one, "grant_type=", 400, "invalid_request"},
		"another grant type":           {one, "grant_type=password", 400, "unsupported_grant_type"},
		"the grant type twice":         {one, good + "&" + good, 400, "invalid_request"},
		"the scope twice":              {one, good + "&scope=a&scope=b", 400, "invalid_request"},
		"a bad escape":                 {one, good + "&x=%zz", 400, "invalid_request"},
		"too long":                     {one, good + "&x=" + strings.Repeat("x", 70_000), 400, "invalid_request"},
		"a client without scopes":      {basic("none", "y"), good + "&scope=a", 400, "invalid_scope"},
		"an error that cannot be sent": {one, good + "&scope=%22%5C%C3%A9%0A", 400, "invalid_scope"},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodPost, "/token?client_id=one&client_secret=secret-one", strings.NewReader(c.body))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8")
			if c.authorization != "" {
				r.Header.Set("Authorization", c.authorization)
			}
			w := httptest.NewRecorder()
			endpoint := newEndpoint(t)
			endpoint.ServeHTTP(w, r)
			if w.Code != c.status {
				t.Fatalf("status %d, want %d: %s", w.Code, c.status, w.Body)
			}
			if w.Header().Get("Cache-Control") != "no-store" || w.Header().Get("Pragma") != "no-cache" || w.Header().Get("Content-Type") != "application/json" {
				t.Errorf("headers: %v", w.Header())
			}
			var body map[string]any
			if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil {
				t.Fatal(err)
			}
			if c.status == 200 {
				if body["scope"] != c.want || body["token_type"] != "Bearer" || body["expires_in"] != 90.0 || len(body) != 4 {
					t.Errorf("body: %v", body)
				}
				grant, err := endpoint.Tokens.Inspect(t.Context(), body["access_token"].(string))
				if err != nil || strings.Join(grant.Scopes, " ") != c.want {
					t.Errorf("the token stands for %v, %v", grant, err)
				}
				return
			}
			if body["error"] != c.want {
				t.Errorf("body: %v, want %s", body, c.want)
			}
			for _, b := range []byte(body["error_description"].(string)) {
				if b < ' ' || b > '~' || b == '"' || b == '\\' {
					t.Errorf("the description has the forbidden byte %q", b)
				}
			}
			if got := w.Header().Get("WWW-Authenticate"); (got != "") != (c.status == 401) {
				t.Errorf("WWW-Authenticate: %q", got)
			}
			for _, secret := range []string{"secret-one", awkwardSecret} {
				if strings.Contains(w.Body.String(), secret) {
					t.Error("the answer holds a secret")
				}
			}
		})
	}
}

func TestTokenRequestForm(t *testing.T) {
	const body = "grant_type=client_credentials&client_id=one&client_secret=secret-one"
	for _, method := range []string{http.MethodGet, http.MethodPut, http.MethodHead} {
		r := httptest.NewRequest(method, "/token?"+body, nil)
		w := httptest.NewRecorder()
		newEndpoint(t).ServeHTTP(w, r)
		if w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != http.MethodPost {
			t.Errorf("%s: %d %v", method, w.Code, w.Header())
		}
	}
	for _, contentType := range []string{"", "application/json", "text/plain", ";"} {
		r := httptest.NewRequest(http.MethodPost, "/token", strings.NewReader(body))
		r.Header.Set("Content-Type", contentType)
		w := httptest.NewRecorder()
		newEndpoint(t).ServeHTTP(w, r)
		if w.Code != http.StatusBadRequest {
			t.Errorf("Content-Type %q: %d", contentType, w.Code)
		}
	}
}

// failingTokens stand for a token store that is out of order.
type failingTokens struct{ security.Tokens }

func (failingTokens) Issue(context.Context, security.Client, []string) (string, security.Grant, error) {
	return "", security.Grant{}, errors.New("disk on fire at 10.0.0.1")
}

func TestTokenFailureStaysInside(t *testing.T) {
	endpoint := newEndpoint(t)
	endpoint.Tokens = failingTokens{}
	r := httptest.NewRequest(http.MethodPost, "/token", strings.NewReader("grant_type=client_credentials"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth("one", "secret-one")
	w := httptest.NewRecorder()
	endpoint.ServeHTTP(w, r)
	if w.Code != http.StatusInternalServerError || strings.Contains(w.Body.String(), "fire") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestTokensExpire(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	tokens := security.NewTokens(security.TokenOptions{Now: func() time.Time { return now }})
	token, grant, err := tokens.Issue(t.Context(), security.Client{ID: "one"}, []string{"a"})
	if err != nil || grant.ClientID != "one" || !grant.Expires.Equal(now.Add(security.DefaultTokenTTL)) {
		t.Fatalf("%v, %v", grant, err)
	}
	now = grant.Expires.Add(-time.Nanosecond)
	if got, err := tokens.Inspect(t.Context(), token); err != nil || !got.Allows("x", "a") || got.Allows("x") || got.Allows() {
		t.Errorf("before the end: %v, %v", got, err)
	}
	now = grant.Expires
	if _, err := tokens.Inspect(t.Context(), token); !errors.Is(err, security.ErrExpiredToken) {
		t.Errorf("at the end: %v", err)
	}
	for _, unknown := range []string{"", token + "x", token[1:], strings.ToUpper(token)} {
		if _, err := tokens.Inspect(t.Context(), unknown); !errors.Is(err, security.ErrUnknownToken) {
			t.Errorf("%q: %v", unknown, err)
		}
	}
}

// A client that asks without end neither fills the memory nor shuts others out
// for longer than its tokens live.
func TestTokensAreBounded(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	tokens := security.NewTokens(security.TokenOptions{Now: func() time.Time { return now }, TTL: time.Minute})
	greedy := security.Client{ID: "greedy"}
	issued := 0
	for ; issued < 1_000_000; issued++ {
		if _, _, err := tokens.Issue(t.Context(), greedy, nil); err != nil {
			break
		}
	}
	if issued != 100_000 {
		t.Errorf("%d tokens were issued", issued)
	}
	now = now.Add(time.Minute)
	token, _, err := tokens.Issue(t.Context(), greedy, nil)
	if err != nil {
		t.Fatalf("when the others have expired: %v", err)
	}
	if _, err := tokens.Inspect(t.Context(), token); err != nil {
		t.Error(err)
	}
}

func TestTokenForms(t *testing.T) {
	for _, form := range security.TokenForms() {
		tokens := security.NewTokens(security.TokenOptions{Form: form})
		seen := map[string]bool{}
		for range 100 {
			token, _, err := tokens.Issue(t.Context(), security.Client{ID: "one"}, nil)
			if err != nil || seen[token] || len(token) < 40 {
				t.Fatalf("%s: %v", form, err)
			}
			seen[token] = true
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.Header.Set("Authorization", "bearer "+token)
			if got, err := security.BearerToken(r); err != nil || got != token {
				t.Errorf("%s is no bearer token: %v", form, err)
			}
		}
	}
}

func TestBearerToken(t *testing.T) {
	for name, c := range map[string]struct {
		headers []string
		want    string
		err     error
	}{
		"none":             {nil, "", security.ErrNoBearer},
		"good":             {[]string{"Bearer abc.-_~+/="}, "abc.-_~+/=", nil},
		"other case":       {[]string{"BEARER abc"}, "abc", nil},
		"more blanks":      {[]string{"Bearer   abc "}, "abc", nil},
		"empty":            {[]string{""}, "", security.ErrMalformedBearer},
		"no token":         {[]string{"Bearer"}, "", security.ErrMalformedBearer},
		"blank token":      {[]string{"Bearer  "}, "", security.ErrMalformedBearer},
		"other scheme":     {[]string{"Basic abc"}, "", security.ErrMalformedBearer},
		"two tokens":       {[]string{"Bearer abc def"}, "", security.ErrMalformedBearer},
		"two headers":      {[]string{"Bearer abc", "Bearer abc"}, "", security.ErrMalformedBearer},
		"token alone":      {[]string{"abc"}, "", security.ErrMalformedBearer},
		"padding alone":    {[]string{"Bearer =="}, "", security.ErrMalformedBearer},
		"padding within":   {[]string{"Bearer a=b"}, "", security.ErrMalformedBearer},
		"quoted":           {[]string{`Bearer "abc"`}, "", security.ErrMalformedBearer},
		"joined by commas": {[]string{"Bearer abc,Bearer abc"}, "", security.ErrMalformedBearer},
	} {
		r := httptest.NewRequest(http.MethodGet, "/?access_token=abc", nil)
		r.Header["Authorization"] = c.headers
		if got, err := security.BearerToken(r); got != c.want || !errors.Is(err, c.err) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

func TestClients(t *testing.T) {
	for _, bad := range [][]security.Client{{{ID: "a"}}, {{Secret: "b"}}, {{ID: "a", Secret: "b"}, {ID: "a", Secret: "c"}}} {
		if _, err := security.NewClients(bad...); err == nil {
			t.Errorf("NewClients(%v) took them", bad)
		}
	}
	client := security.Client{ID: "a", Secret: "s3cret"}
	if printed := fmt.Sprintf("%v %+v %#v %s", client, client, client, client); strings.Contains(printed, "s3cret") {
		t.Errorf("a printed client shows its secret: %s", printed)
	}
	if slices.Contains(security.TokenForms(), "") {
		t.Error("an empty form")
	}
}
