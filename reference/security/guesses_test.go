package security_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rollcall-edu/rollcall/reference/security"
)

// guess asks for a token from an address and gives the answer and how long it took.
func guess(e *security.TokenEndpoint, address, id, secret string) (*httptest.ResponseRecorder, time.Duration) {
	r := httptest.NewRequest(http.MethodPost, "/token", strings.NewReader("grant_type=client_credentials"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.RemoteAddr = address
	r.SetBasicAuth(id, secret)
	w, began := httptest.NewRecorder(), time.Now()
	e.ServeHTTP(w, r)
	return w, time.Since(began)
}

// Who sends one wrong secret after the other is slowed down to one a second, from
// whatever port; who has the right one meets nothing of it unless it is the same client
// and address.
func TestGuessesAreSlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEndpoint(t)
		began := time.Now()
		const tries = 100
		for i := range tries {
			id := []string{"one", "%6Fne"}[i%2] // one client, however it is spelled
			w, _ := guess(e, fmt.Sprintf("192.0.2.1:%d", 1000+i), id, fmt.Sprint("guess-", i))
			if w.Code != http.StatusUnauthorized {
				t.Fatalf("guess %d: %d %s", i, w.Code, w.Body)
			}
		}
		if took := time.Since(began); took < 60*time.Second || took > 80*time.Second {
			t.Errorf("%d guesses took %s", tries, took)
		}
		for _, x := range []struct{ address, id, secret string }{
			{"192.0.2.2:1000", "one", "secret-one"}, // the same client elsewhere
			{"192.0.2.1:1000", "plain%41", "x"},     // another client there
		} {
			if w, took := guess(e, x.address, x.id, x.secret); w.Code != http.StatusOK || took != 0 {
				t.Errorf("%s from %s: %d after %s", x.id, x.address, w.Code, took)
			}
		}
		if w, took := guess(e, "192.0.2.1:1000", "one", "secret-one"); w.Code != http.StatusOK || took > 3*time.Second {
			t.Errorf("the right secret from where guesses came: %d after %s", w.Code, took)
		}
		time.Sleep(time.Minute)
		for range 30 {
			if w, took := guess(e, "192.0.2.1:1000", "one", "wrong"); w.Code != http.StatusUnauthorized || took != 0 {
				t.Errorf("a minute later: %d after %s", w.Code, took)
			}
		}
	})
}

// Guesses side by side are no faster: few are looked at, the others told to come again,
// the right one among them.
func TestGuessesSideBySide(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEndpoint(t)
		var mu sync.Mutex
		codes := map[int]int{}
		var all sync.WaitGroup
		for range 1000 {
			all.Go(func() {
				w, took := guess(e, "192.0.2.1:1", "one", "wrong")
				mu.Lock()
				defer mu.Unlock()
				codes[w.Code]++
				if took > 3*time.Second || w.Code == http.StatusTooManyRequests && (w.Header().Get("Retry-After") == "" || took != 0) {
					t.Errorf("%d after %s, Retry-After %q", w.Code, took, w.Header().Get("Retry-After"))
				}
			})
		}
		synctest.Wait()
		if w, _ := guess(e, "192.0.2.1:1", "one", "secret-one"); w.Code != http.StatusTooManyRequests {
			t.Errorf("the right secret is told from the wrong ones: %d", w.Code)
		}
		all.Wait()
		if codes[http.StatusUnauthorized] > 35 || codes[http.StatusUnauthorized]+codes[http.StatusTooManyRequests] != 1000 {
			t.Errorf("%v", codes)
		}
	})
}

// The right secret is never slow, however often it comes.
func TestRightSecretsAreFast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEndpoint(t)
		for range 5000 {
			if w, took := guess(e, "192.0.2.1:1", "one", "secret-one"); w.Code != http.StatusOK || took != 0 {
				t.Fatalf("%d after %s", w.Code, took)
			}
		}
	})
}
