package act

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Webhook is one HTTP request to the product. In its address, its header and its body $name stands for what the occasion
// has under that name.
type Webhook struct {
	URL    string            `yaml:"url"`
	Method string            `yaml:"method,omitempty"` // POST by default
	Header map[string]string `yaml:"header,omitempty"`
	Body   string            `yaml:"body,omitempty"`
	// Expect are the statuses that mean success; any of 2xx by default.
	Expect []int `yaml:"expect,omitempty"`
}

// Answer is what came of a request to the product.
type Answer struct {
	Status   int
	Location string
	Body     []byte // its beginning, as much as was asked for
	Words    string // the same, for people
	Over     bool   // no answer came in time
	Problem  error
}

// Good tells whether the status means success.
func (a Answer) Good(expect []int) bool {
	if len(expect) > 0 {
		return slices.Contains(expect, a.Status)
	}
	return a.Status >= 200 && a.Status < 300
}

// Fault says what is wrong with an answer that says nothing of the product's work; nil where
// it does. where is the key of the request in the target file.
func (a Answer) Fault(where, address string, expect []int) error {
	switch {
	case a.Good(expect) || a.Over:
		return nil
	case a.Problem != nil:
		return Fault(where, fmt.Sprintf("nothing answers at %s: %s", bare(address), Plain(a.Problem)),
			"start the product, check the URL, and tls.ca_file where its certificate is self-made")
	case a.Status >= 300 && a.Status < 400:
		return Fault(where, fmt.Sprintf("%s answers %d and points to %s", bare(address), a.Status, orNowhere(bare(a.Location))),
			"redirects are not followed: write the address to which it points, let the product sign Rollcall in by a header, or list the status in expect where it means success")
	case a.Status == http.StatusUnauthorized || a.Status == http.StatusForbidden:
		return Fault(where, fmt.Sprintf("%s answers %d: %s", bare(address), a.Status, OrNothing(a.Words)),
			"give what it wants as a header, such as Authorization: \"Bearer ${PRODUCT_TOKEN}\"")
	case a.Status == http.StatusNotFound || a.Status == http.StatusMethodNotAllowed:
		return Fault(where, fmt.Sprintf("%s answers %d", bare(address), a.Status),
			"check its URL and its method")
	}
	return nil
}

func orNowhere(s string) string {
	if s == "" {
		return "nowhere"
	}
	return s
}

// Client makes a client that sends requests to the product: none is followed elsewhere, for what is in it is for
// the product alone.
func Client(config *tls.Config) *http.Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig, transport.DisableKeepAlives = config, true
	return &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// Send sends a webhook on an occasion that has values for the words in it. fallback is its body where it has none; most is
// how many bytes of the answer are read.
func Send(ctx context.Context, c *http.Client, w *Webhook, values map[string]string, fallback string,
	limit time.Duration, most int64) Answer {
	body, kind := w.Body, headerOf(w.Header, "Content-Type")
	if body == "" && w.Method != http.MethodGet && w.Method != http.MethodHead {
		body = fallback
	}
	text := Filled(body, values, inBody(body, kind))
	r, err := http.NewRequestWithContext(ctx, w.Method, Filled(w.URL, values, InURL), strings.NewReader(text))
	if err != nil {
		return Answer{Problem: err}
	}
	for name, value := range w.Header {
		r.Header.Set(name, Filled(value, values, AsIs))
	}
	if kind == "" && text != "" {
		r.Header.Set("Content-Type", "text/plain; charset=utf-8")
		if trimmed := strings.TrimSpace(text); strings.HasPrefix(trimmed, "{") || strings.HasPrefix(trimmed, "[") {
			r.Header.Set("Content-Type", "application/json")
		}
	}
	return Ask(c, r, limit, most)
}

func headerOf(header map[string]string, name string) string {
	for k, v := range header {
		if strings.EqualFold(k, name) {
			return v
		}
	}
	return ""
}

// Ask sends a request, and takes no more of the answer than most bytes.
func Ask(c *http.Client, r *http.Request, limit time.Duration, most int64) Answer {
	ctx, cancel := context.WithTimeout(r.Context(), limit)
	defer cancel()
	if host := r.Header.Get("Host"); host != "" {
		r.Host = host
	}
	response, err := c.Do(r.WithContext(ctx))
	if err != nil {
		return Answer{Problem: err, Over: errors.Is(err, context.DeadlineExceeded)}
	}
	defer response.Body.Close()
	var said bytes.Buffer
	_, _ = io.Copy(&said, io.LimitReader(response.Body, most)) // what broke off is told by what came
	words := said.Bytes()[:min(said.Len(), MostWords)]
	return Answer{Status: response.StatusCode, Location: response.Header.Get("Location"), Body: said.Bytes(),
		Words: Readable(words, int64(len(words)))}
}
