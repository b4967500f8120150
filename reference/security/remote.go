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
)

// The bounds of reading somebody else's keys.
const (
	keysTimeout  = 5 * time.Second
	keysBytes    = 256 << 10
	keysLife     = 5 * time.Minute // how long keys are used before they are read again
	keysInterval = time.Second     // how often unknown key ids may cause a reading
)

// What can be wrong with a token before its claims are looked at.
var (
	ErrMalformed   = errors.New("it is no signed JWT")
	ErrAlgorithm   = errors.New("its algorithm is not RS256")
	ErrNoKeyID     = errors.New("its header has no kid")
	ErrUnknownKey  = errors.New("its kid is not among the published keys")
	ErrSignature   = errors.New("its signature is wrong")
	ErrUnavailable = errors.New("the published keys can't be read")
)

// RemoteKeys is the published keys of another party, read when they are needed and
// again when a token names one that isn't known (Security Framework 1.0 §6.3). It
// is safe for concurrent use.
type RemoteKeys struct {
	URL  string
	HTTP *http.Client

	mu   sync.Mutex
	keys map[string]*rsa.PublicKey
	read time.Time
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

var everyAlgorithm = []jose.SignatureAlgorithm{jose.RS256, jose.RS384, jose.RS512, jose.PS256, jose.PS384, jose.PS512, jose.ES256, jose.ES384, jose.ES512,
	jose.HS256, jose.HS384, jose.HS512, jose.EdDSA}

// key finds a key, reading the set when it is old or lacks the key.
func (r *RemoteKeys) key(ctx context.Context, id string) (*rsa.PublicKey, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	since := time.Since(r.read)
	if key := r.keys[id]; key != nil && since < keysLife {
		return key, nil
	}
	if r.keys == nil || since > keysInterval {
		keys, err := r.fetch(ctx)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
		}
		r.keys, r.read = keys, time.Now()
	}
	if key := r.keys[id]; key != nil {
		return key, nil
	}
	return nil, ErrUnknownKey
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
		if public, ok := k.Key.(*rsa.PublicKey); ok && k.KeyID != "" && public.Size()*8 >= keyBits {
			keys[k.KeyID] = public
		}
	}
	return keys, nil
}
