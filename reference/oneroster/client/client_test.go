package client_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rollcall-edu/rollcall/reference/oneroster/client"
)

// serve answers token requests by grant and others by answer.
func serve(t *testing.T, grant, answer http.HandlerFunc) (*client.Client, string) {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("/token", grant)
	mux.HandleFunc("/", answer)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	c, err := client.New(client.Config{
		TokenURL: server.URL + "/token", ClientID: "an id", ClientSecret: "p%/+ss w:rd&=ä",
		Wait: func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
	})
	if err != nil {
		t.Fatal(err)
	}
	return c, server.URL
}

func granting(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"access_token":"t"}`) }

func get(t *testing.T, c *client.Client, address string) error {
	return c.Do(t.Context(), client.Request{URL: address + "/users", Scopes: []string{"core", "all"}}, func(r *http.Response) error {
		_, err := io.ReadAll(r.Body)
		return err
	})
}

func TestGrants(t *testing.T) {
	for name, x := range map[string]struct {
		grant http.HandlerFunc
		want  string // a part of the error; "": none
	}{
		"as the standard has it": {func(w http.ResponseWriter, r *http.Request) {
			id, secret, _ := r.BasicAuth()
			if id != "an+id" || secret != url.QueryEscape("p%/+ss w:rd&=ä") || r.FormValue("grant_type") != "client_credentials" ||
				r.FormValue("scope") != "core" || r.FormValue("client_secret") != "" {
				w.WriteHeader(http.StatusBadRequest)
			}
			fmt.Fprint(w, `{"access_token":"t","token_type":"BEARER","expires_in":3600,"scope":"other core"}`)
		}, ""},
		"sloppily": {granting, ""},
		"with a text for a number": {func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprint(w, `{"access_token":"t","expires_in":"3600","scope":""}`)
		}, ""},
		"to credentials that are not encoded": {func(w http.ResponseWriter, r *http.Request) {
			if id, _, _ := r.BasicAuth(); id != "an id" {
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
			granting(w, r)
		}, ""},
		"to credentials in the body": {func(w http.ResponseWriter, r *http.Request) {
			if r.FormValue("client_secret") != "p%/+ss w:rd&=ä" {
				w.WriteHeader(http.StatusBadRequest)
				fmt.Fprint(w, `{"error":"invalid_client"}`)
				return
			}
			granting(w, r)
		}, ""},
		"for another of the scopes": {func(w http.ResponseWriter, r *http.Request) {
			if r.FormValue("scope") != "all" {
				w.WriteHeader(http.StatusBadRequest)
				fmt.Fprint(w, `{"error":"invalid_scope"}`)
				return
			}
			granting(w, r)
		}, ""},
		"for none of them": {func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprint(w, `{"access_token":"t","scope":"other"}`)
		}, "have the provider grant one of them"},
		"to nobody": {func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusUnauthorized)
			fmt.Fprint(w, `{"error":"invalid_client","error_description":"who\u0007 is that"}`)
		}, "who  is that"},
		"as a page":         {func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>") }, "granted no token"},
		"of another type":   {func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"access_token":"t","token_type":"mac"}`) }, "Bearer"},
		"that can't be one": {func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"access_token":"t\r\nX: y"}`) }, "granted no token"},
	} {
		t.Run(name, func(t *testing.T) {
			c, address := serve(t, x.grant, func(w http.ResponseWriter, r *http.Request) {
				if r.Header.Get("Authorization") != "Bearer t" {
					t.Errorf("%q was sent", r.Header.Get("Authorization"))
				}
			})
			err := get(t, c, address)
			if (err == nil) != (x.want == "") || err != nil && !strings.Contains(err.Error(), x.want) {
				t.Errorf("%v says nothing of %q", err, x.want)
			}
			if err != nil && strings.Contains(err.Error(), "p%/+ss") {
				t.Error("the error has the secret")
			}
		})
	}
}

func TestTokensAreUsedAgain(t *testing.T) {
	n := 0
	c, address := serve(t, func(w http.ResponseWriter, r *http.Request) { n++; granting(w, r) }, func(http.ResponseWriter, *http.Request) {})
	for range 5 {
		if err := get(t, c, address); err != nil {
			t.Fatal(err)
		}
	}
	if n != 1 {
		t.Errorf("%d tokens were asked for", n)
	}
}

// A token that is new and not taken is no reason to ask for ever.
func TestTokenThatIsNeverTaken(t *testing.T) {
	n, calls := 0, 0
	c, address := serve(t, func(w http.ResponseWriter, _ *http.Request) { n++; fmt.Fprintf(w, `{"access_token":"t%d"}`, n) },
		func(w http.ResponseWriter, _ *http.Request) { calls++; w.WriteHeader(http.StatusUnauthorized) })
	var refused *client.StatusError
	if err := get(t, c, address); !errors.As(err, &refused) || refused.Status != http.StatusUnauthorized || n != 2 || calls != 2 {
		t.Errorf("%v after %d tokens and %d calls", err, n, calls)
	}
}

func TestWhatIsPostedIsNotSentTwice(t *testing.T) {
	var calls atomic.Int32
	c, address := serve(t, granting, func(http.ResponseWriter, *http.Request) { calls.Add(1); panic(http.ErrAbortHandler) })
	nothing := func(*http.Response) error { return nil }
	if err := c.Do(t.Context(), client.Request{Method: "POST", URL: address, Scopes: []string{"a"}, Body: []byte("{}")}, nothing); err == nil {
		t.Error("no answer is no error")
	}
	if n := calls.Load(); n != 1 {
		t.Errorf("it was sent %d times", n)
	}
}

func TestPause(t *testing.T) {
	now := time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
	after := func(s string) http.Header { return http.Header{"Retry-After": {s}} }
	for _, x := range []struct {
		try         client.Try
		least, most time.Duration
		again       bool
	}{
		{client.Try{1, 429, after("7"), now}, 7 * time.Second, 8 * time.Second, true},
		{client.Try{30, 503, after("0"), now}, 0, time.Second, true},
		{client.Try{1, 429, after("Tue, 01 Dec 2026 00:01:00 GMT"), now}, time.Minute, 61 * time.Second, true},
		{client.Try{1, 429, after("Mon, 30 Nov 2026 00:01:00 GMT"), now}, 0, time.Second, true},
		{client.Try{1, 429, after("soon"), now}, 250 * time.Millisecond, 500 * time.Millisecond, true},
		{client.Try{3, 500, nil, now}, time.Second, 2 * time.Second, true},
		{client.Try{5, 500, nil, now}, 0, 0, false},
		{client.Try{10, 429, nil, now}, 0, 0, false},
		{client.Try{1, 404, after("7"), now}, 0, 0, false},
		{client.Try{1, 400, nil, now}, 0, 0, false},
		{client.Try{1, 0, nil, now}, 250 * time.Millisecond, 500 * time.Millisecond, true},
	} {
		pause, again := client.Pause(x.try)
		if again != x.again || pause < x.least || pause > x.most {
			t.Errorf("%+v: %s, %v", x.try, pause, again)
		}
	}
	if wait, said := client.RetryAfter(after("99999999999999999"), now); !said || wait < 0 {
		t.Errorf("%s", wait)
	}
}

func TestSameOrigin(t *testing.T) {
	for address, same := range map[string]bool{
		"https://sis.example/x": true, "https://SIS.example:443/": true, "http://sis.example/": false, "https://sis.example:8443/": false,
		"https://sis.example.net/": false, "https://u:p@sis.example/": false, "//sis.example": false,
	} {
		a, _ := url.Parse("https://sis.example/ims")
		b, _ := url.Parse(address)
		if client.SameOrigin(a, b) != same {
			t.Errorf("%s: %v", address, !same)
		}
	}
}
