package security

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// publisher publishes keys, slowly or not at all.
type publisher struct {
	keys  *Keys
	asked atomic.Int32
	down  atomic.Bool
	hold  chan struct{} // when there: readings wait for it
}

// ServeHTTP publishes them.
func (p *publisher) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.asked.Add(1)
	if p.hold != nil {
		<-p.hold
	}
	if p.down.Load() {
		http.Error(w, "away", http.StatusInternalServerError)
		return
	}
	p.keys.ServeHTTP(w, r)
}

func published(t *testing.T) (*publisher, *RemoteKeys) {
	t.Helper()
	keys, err := NewKeys()
	if err != nil {
		t.Fatal(err)
	}
	p := &publisher{keys: keys}
	s := httptest.NewServer(p)
	t.Cleanup(s.Close)
	return p, &RemoteKeys{URL: s.URL}
}

func signed(t *testing.T, k *Keys) string {
	t.Helper()
	token, err := k.Sign(map[string]any{"sub": "x"})
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func TestRotatedKeys(t *testing.T) {
	p, r := published(t)
	old := signed(t, p.keys)
	if _, err := r.Verify(t.Context(), old); err != nil {
		t.Fatal(err)
	}
	if err := p.keys.Rotate(); err != nil {
		t.Fatal(err)
	}
	for _, token := range []string{signed(t, p.keys), old} {
		if _, err := r.Verify(t.Context(), token); err != nil {
			t.Errorf("after the rotation: %v", err)
		}
	}
}

// A key that can't be kept doesn't sign, and what was kept must be keys.
func TestKeysThatCantBeKept(t *testing.T) {
	var last []KeptKey
	failing := false
	k, err := RestoreKeys(nil, func(keys []KeptKey) error {
		if failing {
			return errors.New("no room")
		}
		last = keys
		return nil
	})
	if err != nil || len(last) != 1 {
		t.Fatalf("%v; kept are %d", err, len(last))
	}
	id, _ := k.Current()
	failing = true
	if err := k.Rotate(); err == nil {
		t.Error("a key is not kept, and signs")
	}
	if now, _ := k.Current(); now != id || id != last[0].ID {
		t.Errorf("%s was kept, and %s signs, after %s", last[0].ID, now, id)
	}
	for _, bad := range []KeptKey{{"k", []byte("no key")}, {"", last[0].Private}} {
		if _, err := RestoreKeys([]KeptKey{bad}, nil); err == nil {
			t.Errorf("%q passes for a key", bad.ID)
		}
	}
}

func TestRotateEvery(t *testing.T) {
	k, err := NewKeys()
	if err != nil {
		t.Fatal(err)
	}
	first, _ := k.Current()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan struct{})
	go func() { k.RotateEvery(ctx, time.Millisecond); close(ended) }()
	for {
		if id, _ := k.Current(); id != first {
			break
		}
		time.Sleep(time.Millisecond)
	}
	cancel()
	<-ended
	if n := len(k.Public().Keys); n < 2 {
		t.Errorf("%d keys are published after a rotation", n)
	}
}

// While one token waits for keys, those whose keys are known do not, and several
// that wait cause one reading.
func TestReadingHoldsNobodyUp(t *testing.T) {
	p, r := published(t)
	known := signed(t, p.keys)
	if _, err := r.Verify(t.Context(), known); err != nil {
		t.Fatal(err)
	}
	p.hold = make(chan struct{})
	if err := p.keys.Rotate(); err != nil {
		t.Fatal(err)
	}
	fresh, before := signed(t, p.keys), p.asked.Load()
	var wait sync.WaitGroup
	for range 5 {
		wait.Go(func() {
			if _, err := r.Verify(t.Context(), fresh); err != nil {
				t.Error(err)
			}
		})
	}
	for p.asked.Load() == before { // until the reading is under way
		time.Sleep(time.Millisecond)
	}
	if _, err := r.Verify(t.Context(), known); err != nil {
		t.Error(err)
	}
	close(p.hold)
	wait.Wait()
	if n := p.asked.Load() - before; n != 1 {
		t.Errorf("%d readings for one new key", n)
	}
}

// Keys that are too old to be trusted without a look still do while the other side
// is away, for a time, and what is asked for in vain is asked for seldom.
func TestAwayForAWhile(t *testing.T) {
	p, r := published(t)
	token := signed(t, p.keys)
	if _, err := r.Verify(t.Context(), token); err != nil {
		t.Fatal(err)
	}
	p.down.Store(true)
	age := func(by time.Duration) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.read, r.tried = time.Now().Add(-by), time.Now().Add(-by)
	}
	age(2 * keysLife)
	if _, err := r.Verify(t.Context(), token); err != nil {
		t.Errorf("away for a while: %v", err)
	}
	age(2 * keysOldest)
	_, err := r.Verify(t.Context(), token)
	if !errors.Is(err, ErrUnavailable) {
		t.Errorf("away for long: %v", err)
	}
	if why := Reason(err); strings.Contains(why, r.URL) || why != "its keys can't be read" {
		t.Errorf("strangers are told %q", why)
	}
	began := time.Now()
	if _, err := r.Verify(t.Context(), token); !errors.Is(err, ErrUnavailable) || time.Since(began) < keysInterval/2 {
		t.Errorf("the next reading came after %s: %v", time.Since(began), err)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := r.Verify(gone, token); err == nil {
		t.Error("somebody who has gone is given a key")
	}
}

// A key of a size that nobody needs is not used: each token would cost seconds.
func TestHugeKeys(t *testing.T) {
	n := new(big.Int).Add(new(big.Int).Lsh(big.NewInt(1), mostKeyBits), big.NewInt(1))
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: &rsa.PublicKey{N: n, E: 65537}, KeyID: "huge"}}}) // the client may be gone
	}))
	defer s.Close()
	r := &RemoteKeys{URL: s.URL}
	keys, err := r.fetch(t.Context())
	if err != nil || len(keys) != 0 {
		t.Errorf("%d keys, %v", len(keys), err)
	}
}

// What a token says that one must understand (crit) and isn't understood makes it
// void (RFC 7515 §4.1.11).
func TestCritical(t *testing.T) {
	p, r := published(t)
	id, private := p.keys.Current()
	for extra, good := range map[string]bool{`,"x":1`: true, `,"x":1,"crit":["x"]`: false, `,"crit":["exp"],"exp":1`: false} {
		text := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"RS256","kid":"`+id+`"`+extra+`}`)) + "." + base64.RawURLEncoding.EncodeToString([]byte(`{"sub":"x"}`))
		sum := sha256.Sum256([]byte(text))
		signature, err := rsa.SignPKCS1v15(rand.Reader, private, crypto.SHA256, sum[:])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.Verify(t.Context(), text+"."+base64.RawURLEncoding.EncodeToString(signature)); (err == nil) != good {
			t.Errorf("a header with %s: %v", extra, err)
		}
	}
}
