package tool

import (
	"encoding/json"
	"encoding/pem"
	"io"
	"net/http"
	"time"

	"github.com/rollcall-edu/rollcall/suites/lti/mint"
	"github.com/rollcall-edu/rollcall/suites/lti/side"
)

// slowKeys is how long keys take that don't come.
const slowKeys = 20 * time.Second

// publish sets how keys are published. Where a new key is needed the old one stays
// published.
func (p *platform) publish(how string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.keys, p.reads = how, 0
	if !newKey(how) {
		return nil
	}
	made, err := mint.NewKey("rollcall-" + side.Random()[:12])
	if err != nil {
		return err
	}
	p.old = append(p.old, p.key)
	p.key = made
	return nil
}

// unread tells whether nobody has asked for the keys yet.
func (p *platform) unread() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return !p.read
}

// withdraw signs by the key before the last again, where the tool has not taken the last.
func (p *platform) withdraw() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if n := len(p.old); n > 0 {
		p.key, p.old = p.old[n-1], append(p.old[:n-1:n-1], p.key)
	}
}

// readings is how often the keys were asked for since they were published last.
func (p *platform) readings() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.reads
}

// jwks publishes the keys.
func (p *platform) jwks(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	p.reads++
	p.read = true
	how := p.keys
	keys := []any{p.key.JWK()}
	for _, k := range p.old {
		keys = append(keys, k.JWK())
	}
	p.mu.Unlock()
	switch how {
	case "down":
		http.Error(w, "The keys are not to be had just now.", http.StatusInternalServerError)
		return
	case "slow":
		select {
		case <-time.After(slowKeys):
		case <-r.Context().Done():
		}
		http.Error(w, "The keys are not to be had just now.", http.StatusServiceUnavailable)
		return
	case "bare":
		for _, k := range keys {
			delete(k.(map[string]any), "alg")
			delete(k.(map[string]any), "use")
		}
	case "mixed":
		keys = append([]any{p.curve, map[string]any{"kty": "x-rollcall", "kid": "of-no-known-kind", "x": []int{1}}}, keys...)
	case "empty":
		keys = []any{}
	case "html":
		page(w, "held", nil)
		return
	case "garbage":
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"keys":[{"kty":"RSA","kid":`)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "max-age=0, no-cache")
	_ = json.NewEncoder(w).Encode(map[string]any{"keys": keys}) // the client may be gone
}

// stolen gives the key that nobody should ask for: as a key set, or as a certificate.
func (p *platform) stolen(w http.ResponseWriter, r *http.Request, a *attempt) {
	a.mu.Lock()
	a.fetched++
	a.mu.Unlock()
	if r.PathValue("form") == "certificate" {
		w.Header().Set("Content-Type", "application/x-pem-file")
		_ = pem.Encode(w, &pem.Block{Type: "CERTIFICATE", Bytes: p.certificate})
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"keys": []any{p.foreign.JWK()}})
}
