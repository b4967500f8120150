package toolfault

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/rollcall-edu/rollcall/reference/tool"
	"github.com/rollcall-edu/rollcall/reference/tool/client"
)

// What a tool sends to services of a platform, and what it makes of their answers, is changed on
// the way: the tool's client stays as it is.

// Kinds of requests that a tool makes.
func ofTokens(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/token") }
func ofRoster(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/members") }
func ofScores(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/scores") }
func ofItems(r *http.Request) bool  { return strings.HasSuffix(r.URL.Path, "/lineitems") }
func ofServices(r *http.Request) bool {
	return r.Header.Get("Authorization") != ""
}

// reply is an answer, read.
type reply struct {
	*http.Response
	body []byte
}

func (a *reply) is(status int, body string) {
	a.StatusCode, a.Status, a.body = status, http.StatusText(status), []byte(body)
}

// passing makes a behaviour of what a tool's client goes through. send makes the request, as often
// as it likes.
func passing(of func(*http.Request) bool, through func(r *http.Request, send func(*http.Request) (*reply,
	error)) (*reply, error)) behaviour {
	return behaviour{Bend: func(c *tool.Config) {
		c.HTTP = transport(c.HTTP, func(next http.RoundTripper) http.RoundTripper { return way{next, of, through} })
	}}
}

type way struct {
	next    http.RoundTripper
	of      func(*http.Request) bool
	through func(r *http.Request, send func(*http.Request) (*reply, error)) (*reply, error)
}

// RoundTrip goes that way.
func (x way) RoundTrip(r *http.Request) (*http.Response, error) {
	if !x.of(r) {
		return x.next.RoundTrip(r)
	}
	a, err := x.through(r, func(r *http.Request) (*reply, error) {
		response, err := x.next.RoundTrip(r)
		if err != nil {
			return nil, err
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		return &reply{response, body}, err
	})
	if err != nil {
		return nil, err
	}
	a.Body, a.ContentLength = io.NopCloser(bytes.NewReader(a.body)), int64(len(a.body))
	a.Response.Header.Del("Content-Length")
	return a.Response, nil
}

// sending changes requests; the body is what comes back.
func sending(of func(*http.Request) bool, change func(r *http.Request, body []byte) []byte) behaviour {
	return passing(of, func(r *http.Request, send func(*http.Request) (*reply, error)) (*reply, error) {
		return send(changedRequest(r, change))
	})
}

// changedRequest is a request with other contents.
func changedRequest(r *http.Request, change func(r *http.Request, body []byte) []byte) *http.Request {
	var body []byte
	if r.Body != nil {
		body, _ = io.ReadAll(r.Body) // it lies in memory
		r.Body.Close()
	}
	out := r.Clone(r.Context())
	body = change(out, body)
	out.ContentLength = int64(len(body))
	out.Body, out.GetBody = io.NopCloser(bytes.NewReader(body)), nil
	if len(body) == 0 {
		out.Body = http.NoBody
	}
	return out
}

// members changes the members of a JSON body that is sent.
func members(of func(*http.Request) bool, change func(m map[string]any)) behaviour {
	return sending(of, func(_ *http.Request, body []byte) []byte {
		var m map[string]any
		if json.Unmarshal(body, &m) != nil || m == nil {
			return body
		}
		change(m)
		out, err := json.Marshal(m)
		if err != nil {
			return body
		}
		return out
	})
}

// header sets a header of requests.
func header(of func(*http.Request) bool, name, value string) behaviour {
	return sending(of, func(r *http.Request, body []byte) []byte {
		if r.Header.Get(name) != "" {
			r.Header.Set(name, value)
		}
		return body
	})
}

// receiving changes answers before the tool's client has them.
func receiving(of func(*http.Request) bool, change func(r *http.Request, a *reply)) behaviour {
	return passing(of, func(r *http.Request, send func(*http.Request) (*reply, error)) (*reply, error) {
		a, err := send(r)
		if err == nil {
			change(r, a)
		}
		return a, err
	})
}

// mistaking takes a status for another one.
func mistaking(of func(*http.Request) bool, from, to int) behaviour {
	return receiving(of, func(_ *http.Request, a *reply) {
		if a.StatusCode == from {
			a.is(to, string(a.body))
		}
	})
}

// asserting changes the claims of client assertions.
func asserting(change func(p client.Platform, claims map[string]any)) behaviour {
	return behaviour{Bend: func(c *tool.Config) {
		made := c.Assertion
		if made == nil {
			made = client.Assertion
		}
		c.Assertion = func(p client.Platform, id string, now time.Time) map[string]any {
			claims := made(p, id, now)
			change(p, claims)
			return claims
		}
	}}
}
