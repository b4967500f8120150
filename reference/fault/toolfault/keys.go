package toolfault

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/rollcall-edu/rollcall/reference/security"
	"github.com/rollcall-edu/rollcall/reference/tool"
)

func randomText() string {
	b := make([]byte, 18)
	rand.Read(b)
	return hex.EncodeToString(b)
}

// verifierOf gives how a tool verifies, the usual way when nothing was said.
func verifierOf(c *tool.Config) func(tool.Platform) tool.Verifier {
	if c.Verifier != nil {
		return c.Verifier
	}
	client := c.HTTP
	return func(p tool.Platform) tool.Verifier { return &security.RemoteKeys{URL: p.JWKSURL, HTTP: client} }
}

// forgiving verifies, and lets pass what excuse says all the same.
type forgiving struct {
	tool.Verifier
	excuse func(header map[string]any, err error) bool
}

// Verify verifies, more or less.
func (f forgiving) Verify(ctx context.Context, token string) ([]byte, error) {
	b, err := f.Verifier.Verify(ctx, token)
	if err == nil {
		return b, nil
	}
	parts := strings.Split(token, ".")
	if len(parts) < 2 {
		return nil, err
	}
	var header map[string]any
	raw, broken := base64.RawURLEncoding.DecodeString(parts[0])
	if broken != nil || json.Unmarshal(raw, &header) != nil || !f.excuse(header, err) {
		return nil, err
	}
	if b, broken = base64.RawURLEncoding.DecodeString(parts[1]); broken != nil {
		return nil, err
	}
	return b, nil
}

func excuse(when func(header map[string]any, err error) bool) behaviour {
	return behaviour{Bend: func(c *tool.Config) {
		verifier := verifierOf(c)
		c.Verifier = func(p tool.Platform) tool.Verifier { return forgiving{verifier(p), when} }
	}}
}

// belated verifies by the keys that it had when the token came, and reads others for the
// next one.
type belated struct {
	tool.Verifier
	mu    *sync.Mutex
	known map[string]bool // kids that were met; of the first there is nothing to be late for
}

// Verify verifies, if it knew the key before.
func (b belated) Verify(ctx context.Context, token string) ([]byte, error) {
	payload, err := b.Verifier.Verify(ctx, token)
	if err != nil {
		return nil, err
	}
	head, _, _ := strings.Cut(token, ".")
	b.mu.Lock()
	defer b.mu.Unlock()
	late := len(b.known) > 0 && !b.known[head]
	b.known[head] = true
	if late {
		return nil, security.ErrUnknownKey
	}
	return payload, nil
}

// blind never gets at the keys of a platform, as behind a firewall.
type blind struct{}

// Verify fails.
func (blind) Verify(context.Context, string) ([]byte, error) {
	return nil, errors.New("the keys of the platform can't be read: connect: network is unreachable")
}

// keyFaults are tools that take tokens which nobody trustworthy signed, or
// don't find the key of those that somebody did.
func keyFaults() map[string]behaviour {
	text := func(h map[string]any, name string) string { s, _ := h[name].(string); return s }
	late := behaviour{Bend: func(c *tool.Config) {
		verifier := verifierOf(c)
		c.Verifier = func(p tool.Platform) tool.Verifier {
			return belated{verifier(p), &sync.Mutex{}, map[string]bool{}}
		}
	}}
	return map[string]behaviour{
		"tool-keys-late": late,
		"tool-keys-unread": {Bend: func(c *tool.Config) {
			c.Verifier = func(tool.Platform) tool.Verifier { return blind{} }
		}},
		"tool-signature-unchecked": excuse(func(map[string]any, error) bool { return true }),
		"tool-signature-wrong":     excuse(func(_ map[string]any, err error) bool { return errors.Is(err, security.ErrSignature) }),
		"tool-alg-none":            excuse(func(h map[string]any, _ error) bool { return strings.EqualFold(text(h, "alg"), "none") }),
		"tool-alg-hs256":           excuse(func(h map[string]any, _ error) bool { return text(h, "alg") == "HS256" }),
		"tool-kid-optional":        excuse(func(h map[string]any, _ error) bool { return h["kid"] == nil }),
		"tool-kid-ignored":         excuse(func(_ map[string]any, err error) bool { return errors.Is(err, security.ErrUnknownKey) }),
		"tool-kid-path":            excuse(func(h map[string]any, _ error) bool { return strings.Contains(text(h, "kid"), "/dev/null") }),
		"tool-kid-sql":             excuse(func(h map[string]any, _ error) bool { return strings.Contains(text(h, "kid"), "UNION SELECT") }),
		"tool-keys-down-open":      excuse(func(_ map[string]any, err error) bool { return errors.Is(err, security.ErrUnavailable) }),
		"tool-keys-once": {Bend: func(c *tool.Config) {
			c.HTTP = transport(c.HTTP, func(next http.RoundTripper) http.RoundTripper {
				return &remembering{next: next, kept: map[string][]byte{}}
			})
		}},
		"tool-keys-patient": {Bend: func(c *tool.Config) {
			verifier := verifierOf(c)
			c.Verifier = func(p tool.Platform) tool.Verifier { return patient{verifier(p)} }
		}},
		"tool-header-closed": {Bend: func(c *tool.Config) {
			verifier := verifierOf(c)
			c.Verifier = func(p tool.Platform) tool.Verifier { return closed{verifier(p)} }
		}},
	}
}

// transport changes how a client reaches others.
func transport(c *http.Client, change func(http.RoundTripper) http.RoundTripper) *http.Client {
	copied := *c
	next := c.Transport
	if next == nil {
		next = http.DefaultTransport
	}
	copied.Transport = change(next)
	return &copied
}

// remembering asks for a thing once and never again.
type remembering struct {
	next http.RoundTripper
	mu   sync.Mutex
	kept map[string][]byte
}

// RoundTrip answers from memory.
func (r *remembering) RoundTrip(q *http.Request) (*http.Response, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if b, ok := r.kept[q.URL.String()]; ok {
		return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(string(b))), Request: q}, nil
	}
	response, err := r.next.RoundTrip(q)
	if err != nil || response.StatusCode != http.StatusOK {
		return response, err
	}
	b, err := io.ReadAll(response.Body)
	response.Body.Close()
	if err != nil {
		return nil, err
	}
	r.kept[q.URL.String()] = b
	response.Body = io.NopCloser(strings.NewReader(string(b)))
	return response, nil
}

// patient waits for keys without end.
type patient struct{ tool.Verifier }

// Verify waits.
func (v patient) Verify(ctx context.Context, token string) ([]byte, error) {
	for {
		b, err := v.Verifier.Verify(ctx, token)
		if !errors.Is(err, security.ErrUnavailable) {
			return b, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(time.Second):
		}
	}
}

// closed refuses headers with members that it doesn't know.
type closed struct{ tool.Verifier }

// Verify looks at the header first.
func (v closed) Verify(ctx context.Context, token string) ([]byte, error) {
	var header map[string]any
	first, _, _ := strings.Cut(token, ".")
	raw, err := base64.RawURLEncoding.DecodeString(first)
	if err == nil && json.Unmarshal(raw, &header) == nil {
		for name := range header {
			if name != "alg" && name != "kid" && name != "typ" {
				return nil, security.ErrMalformed
			}
		}
	}
	return v.Verifier.Verify(ctx, token)
}
