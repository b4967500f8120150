package toolfault

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/rollcall-edu/rollcall/reference/tool"
)

// setFaults are tools that read sets of keys in a narrow way.
func setFaults() map[string]behaviour {
	reading := func(change func(keys []map[string]any) []map[string]any) behaviour {
		return behaviour{Bend: func(c *tool.Config) {
			c.HTTP = transport(c.HTTP, func(next http.RoundTripper) http.RoundTripper { return rereading{next, change} })
		}}
	}
	return map[string]behaviour{
		"tool-keys-need-alg": reading(func(keys []map[string]any) (out []map[string]any) {
			for _, k := range keys {
				if k["alg"] != nil {
					out = append(out, k)
				}
			}
			return out
		}),
		"tool-keys-first": reading(func(keys []map[string]any) []map[string]any { return keys[:min(1, len(keys))] }),
		"tool-keys-known-kinds": reading(func(keys []map[string]any) []map[string]any {
			for _, k := range keys {
				if k["kty"] != "RSA" {
					return nil
				}
			}
			return keys
		}),
		"tool-keys-html-opens": excuse(func(_ map[string]any, err error) bool {
			var syntax *json.SyntaxError
			return errors.As(err, &syntax)
		}),
	}
}

// rereading changes sets of keys on the way.
type rereading struct {
	next   http.RoundTripper
	change func([]map[string]any) []map[string]any
}

// RoundTrip changes what is a set of keys.
func (r rereading) RoundTrip(q *http.Request) (*http.Response, error) {
	response, err := r.next.RoundTrip(q)
	if err != nil || response.StatusCode != http.StatusOK {
		return response, err
	}
	b, err := io.ReadAll(response.Body)
	response.Body.Close()
	if err != nil {
		return nil, err
	}
	var set struct {
		Keys []map[string]any `json:"keys"`
	}
	if json.Unmarshal(b, &set) == nil {
		set.Keys = r.change(set.Keys)
		if b, err = json.Marshal(set); err != nil {
			return nil, err
		}
	}
	response.Body, response.ContentLength = io.NopCloser(strings.NewReader(string(b))), int64(len(b))
	return response, nil
}
