package security

import (
	"context"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"golang.org/x/sync/singleflight"
)

// The bounds of reading somebody else's keys.
const (
	keysTimeout  = 5 * time.Second
	keysBytes    = 256 << 10
	keysLife     = 5 * time.Minute // how long keys are used before they are read again
	keysOldest   = time.Hour       // how long they are used while reading them again fails
	keysInterval = time.Second     // between two readings, whatever came of the first
	// mostKeyBits bounds what one signature costs to verify: the work grows with
	// the square of the size.
	mostKeyBits = 16384
)

// What can be wrong with a token before its claims are looked at.
var (
	ErrMalformed   = errors.New("it is no signed JWT")
	ErrAlgorithm   = errors.New("its algorithm is not RS256")
	ErrNoKeyID     = errors.New("its header has no kid")
	ErrUnknownKey  = errors.New("its kid is not among the published keys")
	ErrSignature   = errors.New("its signature is wrong")
	ErrUnavailable = errors.New("its keys can't be read")
)

// Reason says in a few words what is wrong with a token, for those who sent it. The
// error itself may tell addresses and what happened on the way there, which is
// nobody's business outside.
func Reason(err error) string {
	for _, known := range []error{ErrMalformed, ErrAlgorithm, ErrNoKeyID, ErrUnknownKey, ErrSignature, ErrUnavailable} {
		if errors.Is(err, known) {
			return known.Error()
		}
	}
	return "it can't be verified"
}

// RemoteKeys is the published keys of another party, read when they are needed and
// again when a token names one that isn't known (Security Framework 1.0 §6.3). It
// is safe for concurrent use: keys that are known are given at once, whoever needs
// others waits for one reading together.
type RemoteKeys struct {
	URL  string
	HTTP *http.Client

	flight singleflight.Group

	mu    sync.Mutex
	keys  map[string]*rsa.PublicKey
	read  time.Time // when the keys came
	tried time.Time // when the last reading ended, well or not
}

// Verify checks the signature of a token by RS256 and gives its payload. The error
// wraps one of those above.
func (r *RemoteKeys) Verify(ctx context.Context, token string) (payload []byte, err error) {
	signed, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		if _, any := jose.ParseSignedCompact(token, everyAlgorithm); any == nil {
			return nil, ErrAlgorithm
		}
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	id := signed.Signatures[0].Protected.KeyID
	if id == "" {
		return nil, ErrNoKeyID
	}
	key, err := r.key(ctx, id)
	if err != nil {
		return nil, err
	}
	if payload, err = signed.Verify(key); err != nil {
		return nil, ErrSignature
	}
	return payload, nil
}

var everyAlgorithm = []jose.SignatureAlgorithm{jose.RS256, jose.RS384, jose.RS512, jose.PS256, jose.PS384, jose.PS512, jose.ES256,
	jose.ES384, jose.ES512,
	jose.HS256, jose.HS384, jose.HS512, jose.EdDSA}

// key finds a key, reading the set when it is old or lacks the key.
func (r *RemoteKeys) key(ctx context.Context, id string) (*rsa.PublicKey, error) {
	if key := r.cached(id, keysLife); key != nil {
		return key, nil
	}
	own, err := r.renew(ctx)
	if !own && r.cached(id, keysLife) == nil && ctx.Err() == nil {
		// The reading was begun for another token: it may have come too early for this
		// one's key.
		_, err = r.renew(ctx)
	}
	if key := r.cached(id, keysOldest); key != nil {
		return key, nil
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	return nil, ErrUnknownKey
}

// cached gives a key of the last reading, if that is not older than a time.
func (r *RemoteKeys) cached(id string, life time.Duration) *rsa.PublicKey {
	r.mu.Lock()
	defer r.mu.Unlock()
	if time.Since(r.read) >= life {
		return nil
	}
	return r.keys[id]
}

// renew reads the keys, or waits for a reading that is under way; own tells which.
// Whoever sends tokens with keys that nobody knows, or while the other side is away,
// waits instead of being refused: an honest token may come a moment later.
func (r *RemoteKeys) renew(ctx context.Context) (own bool, err error) {
	led := false
	done := r.flight.DoChan("", func() (any, error) {
		led = true
		r.mu.Lock()
		wait := keysInterval - time.Since(r.tried)
		r.mu.Unlock()
		time.Sleep(wait)
		// Others wait for this too: it goes on when the first of them is gone.
		keys, err := r.fetch(context.WithoutCancel(ctx))
		r.mu.Lock()
		defer r.mu.Unlock()
		r.tried = time.Now()
		if err == nil {
			r.keys, r.read = keys, r.tried
		}
		return nil, err
	})
	select {
	case <-ctx.Done():
		return true, ctx.Err()
	case result := <-done:
		return led, result.Err
	}
}

func (r *RemoteKeys) fetch(ctx context.Context) (map[string]*rsa.PublicKey, error) {
	ctx, cancel := context.WithTimeout(ctx, keysTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, r.URL, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept", "application/json")
	client := r.HTTP
	if client == nil {
		client = http.DefaultClient
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s answered %s", r.URL, response.Status)
	}
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.NewDecoder(io.LimitReader(response.Body, keysBytes)).Decode(&set); err != nil {
		return nil, fmt.Errorf("reading %s: %w", r.URL, err)
	}
	keys := map[string]*rsa.PublicKey{}
	for _, raw := range set.Keys {
		var k jose.JSONWebKey
		if json.Unmarshal(raw, &k) != nil {
			continue // of a kind that isn't known here; alg and use may be absent
		}
		if public, ok := k.Key.(*rsa.PublicKey); ok && k.KeyID != "" && public.Size()*8 >= keyBits && public.N.BitLen() <= mostKeyBits {
			keys[k.KeyID] = public
		}
	}
	return keys, nil
}
