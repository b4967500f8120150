package push_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-edu/rollcall/reference/sync/push"
)

// answers is a SIS that grants tokens and answers with one status after another.
type answers struct {
	grants   int
	statuses []int
	seen     []string // tokens
	header   http.Header
}

func (a *answers) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/token" {
		a.grants++
		id, secret, _ := r.BasicAuth()
		if id != "me" || secret != "s3%2Fcret" {
			w.WriteHeader(http.StatusUnauthorized)
			fmt.Fprint(w, `{"error":"invalid_client"}`)
			return
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"access_token": fmt.Sprintf("token %d", a.grants), "token_type": "Bearer", "expires_in": 3600})
		return
	}
	a.seen = append(a.seen, strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "))
	status := a.statuses[0]
	if len(a.statuses) > 1 {
		a.statuses = a.statuses[1:]
	}
	for name, v := range a.header {
		w.Header()[name] = v
	}
	w.WriteHeader(status)
}

func TestClient(t *testing.T) {
	for name, test := range map[string]struct {
		statuses []int
		header   http.Header
		want     int // status
		waits    []time.Duration
		seen     []string
	}{
		"at once":          {statuses: []int{200}, want: 200, seen: []string{"token 1"}},
		"a token was over": {statuses: []int{401, 201}, want: 201, seen: []string{"token 1", "token 2"}},
		"none is taken":    {statuses: []int{401}, want: 401, seen: []string{"token 1", "token 2"}},
		"busy": {statuses: []int{429, 503, 204}, header: http.Header{"Retry-After": {"7"}}, want: 204,
			waits: []time.Duration{7 * time.Second, 7 * time.Second}, seen: []string{"token 1", "token 1", "token 1"}},
		"too long to wait": {statuses: []int{429, 204}, header: http.Header{"Retry-After": {"86400"}}, want: 204,
			waits: []time.Duration{time.Minute}, seen: []string{"token 1", "token 1"}},
		"a date that is over": {statuses: []int{429, 204}, header: http.Header{"Retry-After": {"Mon, 02 Jan 2006 15:04:05 GMT"}}, want: 204,
			waits: []time.Duration{0}, seen: []string{"token 1", "token 1"}},
		"always busy":     {statuses: []int{503}, want: 503, waits: make([]time.Duration, 4), seen: slices.Repeat([]string{"token 1"}, 5)},
		"refused":         {statuses: []int{422}, want: 422, seen: []string{"token 1"}},
		"led elsewhere":   {statuses: []int{307}, header: http.Header{"Location": {"https://elsewhere.invalid/"}}, want: 307, seen: []string{"token 1"}},
		"an error inside": {statuses: []int{500}, want: 500, seen: []string{"token 1"}},
	} {
		t.Run(name, func(t *testing.T) {
			a := &answers{statuses: test.statuses, header: test.header}
			server := httptest.NewServer(a)
			defer server.Close()
			var waits []time.Duration
			c := &push.Client{TokenURL: server.URL + "/token", ID: "me", Secret: "s3/cret", Wait: func(_ context.Context, d time.Duration) error {
				waits = append(waits, d)
				return nil
			}}
			status, _, err := c.Send(t.Context(), http.MethodPut, server.URL+"/x", "scope", []byte("{}"))
			if err != nil || status != test.want || !slices.Equal(a.seen, test.seen) || len(waits) != len(test.waits) {
				t.Fatalf("%d, %v; seen were %v, waits %v", status, err, a.seen, waits)
			}
			for i, want := range test.waits {
				if test.header != nil && waits[i] != want || waits[i] < 0 || waits[i] > time.Minute {
					t.Errorf("it waited %v, want %v", waits, test.waits)
				}
			}
			if _, _, err := c.Send(t.Context(), http.MethodPut, server.URL+"/x", "another", nil); err != nil || a.grants < 2 {
				t.Errorf("a token for another scope: %d grants, %v", a.grants, err)
			}
		})
	}
	a := &answers{}
	server := httptest.NewServer(a)
	defer server.Close()
	c := &push.Client{TokenURL: server.URL + "/token", ID: "you", Secret: "s3cret"}
	if _, _, err := c.Send(t.Context(), http.MethodPut, server.URL, "scope", nil); err == nil || !strings.Contains(err.Error(), "invalid_client") ||
		strings.Contains(err.Error(), "s3cret") {
		t.Errorf("a wrong client: %v", err)
	}
}
