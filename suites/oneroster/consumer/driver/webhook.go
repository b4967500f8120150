package driver

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

// answer is what came of a request to the product.
type answer struct {
	status   int
	location string
	words    string
	over     bool // no answer came in time
	problem  error
}

// good tells whether the status means success.
func (a answer) good(expect []int) bool {
	if len(expect) > 0 {
		return slices.Contains(expect, a.status)
	}
	return a.status >= 200 && a.status < 300
}

// client sends requests to the product: none is followed elsewhere, for what is in it is for
// the product alone.
func client(config *tls.Config) *http.Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig, transport.DisableKeepAlives = config, true
	return &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// send sends a webhook on an occasion. fallback is its body where it has none.
func (d *Driver) send(ctx context.Context, w *Webhook, o Occasion, fallback string, limit time.Duration) answer {
	values := o.values()
	body, kind := w.Body, headerOf(w.Header, "Content-Type")
	if body == "" && w.Method != http.MethodGet && w.Method != http.MethodHead {
		body = fallback
	}
	text := filled(body, values, inBody(body, kind))
	r, err := http.NewRequestWithContext(ctx, w.Method, filled(w.URL, values, inURL), strings.NewReader(text))
	if err != nil {
		return answer{problem: err}
	}
	for name, value := range w.Header {
		r.Header.Set(name, filled(value, values, asIs))
	}
	if kind == "" && text != "" {
		r.Header.Set("Content-Type", "text/plain; charset=utf-8")
		if trimmed := strings.TrimSpace(text); strings.HasPrefix(trimmed, "{") || strings.HasPrefix(trimmed, "[") {
			r.Header.Set("Content-Type", "application/json")
		}
	}
	return d.ask(r, limit)
}

func headerOf(header map[string]string, name string) string {
	for k, v := range header {
		if strings.EqualFold(k, name) {
			return v
		}
	}
	return ""
}

// ask sends a request, and takes no more of the answer than is of use.
func (d *Driver) ask(r *http.Request, limit time.Duration) answer {
	ctx, cancel := context.WithTimeout(r.Context(), limit)
	defer cancel()
	if host := headerOf(map[string]string{"Host": r.Header.Get("Host")}, "Host"); host != "" {
		r.Host = host
	}
	response, err := d.http.Do(r.WithContext(ctx))
	if err != nil {
		return answer{problem: err, over: errors.Is(err, context.DeadlineExceeded)}
	}
	defer response.Body.Close()
	var said bytes.Buffer
	n, _ := io.Copy(&said, io.LimitReader(response.Body, maxWords)) // what broke off is told by what came
	return answer{status: response.StatusCode, location: response.Header.Get("Location"), words: readable(said.Bytes(), n)}
}

// fault says what is wrong with an answer that says nothing of the product's work; nil where
// it does. where is the key of the request in the target file.
func (a answer) fault(where, address string, expect []int) error {
	switch {
	case a.good(expect) || a.over:
		return nil
	case a.problem != nil:
		return fault(where, fmt.Sprintf("nothing answers at %s: %s", bare(address), plain(a.problem)),
			"start the product, check the URL, and tls.ca_file where its certificate is self-made")
	case a.status >= 300 && a.status < 400:
		return fault(where, fmt.Sprintf("%s answers %d and points to %s", bare(address), a.status, orNowhere(bare(a.location))),
			"redirects are not followed: write the address to which it points, let the product sign Rollcall in by a header, or list the status in expect where it means success")
	case a.status == http.StatusUnauthorized || a.status == http.StatusForbidden:
		return fault(where, fmt.Sprintf("%s answers %d: %s", bare(address), a.status, orNothing(a.words)),
			"give what it wants as a header, such as Authorization: \"Bearer ${PRODUCT_TOKEN}\"")
	case a.status == http.StatusNotFound || a.status == http.StatusMethodNotAllowed:
		return fault(where, fmt.Sprintf("%s answers %d", bare(address), a.status),
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
