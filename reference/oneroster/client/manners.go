package client

import (
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Manners are what a client does where one could do otherwise. A field that is nil is done as
// Usual does it.
type Manners struct {
	// Trusts tells whether what is at one address may be sent what was meant for another:
	// requests with credentials, whether a redirect or a link leads there.
	Trusts func(from, to *url.URL) bool
	// Pause says how long to wait before another try; again is false where the answer stands.
	Pause func(Try) (wait time.Duration, again bool)
	// Renews tells whether a token is asked for anew before a request; ends is when it ends.
	Renews func(ends, now time.Time) bool
	// Retakes tells whether a token is asked for anew for an answer, which is done once.
	Retakes func(status int) bool
	// Spell writes the client id or the secret for HTTP Basic.
	Spell func(text string) string
}

// Usual are the manners of a client that is worth copying.
func Usual() Manners {
	return Manners{Trusts: SameOrigin, Pause: Pause, Renews: Renews, Retakes: Retakes, Spell: url.QueryEscape}
}

// Filled gives the usual functions to what is nil.
func (m Manners) Filled() Manners {
	u := Usual()
	if m.Trusts != nil {
		u.Trusts = m.Trusts
	}
	if m.Pause != nil {
		u.Pause = m.Pause
	}
	if m.Renews != nil {
		u.Renews = m.Renews
	}
	if m.Retakes != nil {
		u.Retakes = m.Retakes
	}
	if m.Spell != nil {
		u.Spell = m.Spell
	}
	return u
}

// SameOrigin tells whether two addresses have scheme, host and port in common (RFC 6454).
func SameOrigin(a, b *url.URL) bool {
	return b.User == nil && strings.EqualFold(a.Scheme, b.Scheme) && strings.EqualFold(a.Hostname(), b.Hostname()) && port(a) == port(b)
}

func port(u *url.URL) string {
	if p := u.Port(); p != "" {
		return p
	}
	return map[string]string{"http": "80", "https": "443"}[strings.ToLower(u.Scheme)]
}

// Try is what came of a request.
type Try struct {
	Number int // 1 for the first
	Status int // 0 where no answer came, or a broken one
	Header http.Header
	Now    time.Time
}

const (
	// mostTries is how often a request is made that fails without a word of when to come again.
	mostTries = 5
	// firstPause is the one before the second try, and longestPause bounds those after it, each
	// of which is twice as long.
	firstPause   = 500 * time.Millisecond
	longestPause = 30 * time.Second
	// spread is what is added by chance to a pause that is asked for, so that the clients of a
	// provider don't all come at the same moment.
	spread = 250 * time.Millisecond
)

// Pause waits for as long as Retry-After says (RFC 9110, section 10.2.3: in seconds or until a
// date), and else twice as long each time, less up to a half by chance. What the client did
// wrong is not tried again.
func Pause(t Try) (time.Duration, bool) {
	switch t.Status {
	case 0, http.StatusRequestTimeout, http.StatusInternalServerError, http.StatusBadGateway, http.StatusGatewayTimeout:
		if t.Number >= mostTries {
			return 0, false
		}
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		if asked, said := RetryAfter(t.Header, t.Now); said {
			return asked + rand.N(spread), true
		}
		if t.Number >= 2*mostTries {
			return 0, false
		}
	default:
		return 0, false
	}
	pause := min(firstPause<<min(t.Number-1, 10), longestPause)
	return pause - rand.N(pause/2), true
}

// RetryAfter reads when to come again, in either form. A time that is over is now.
func RetryAfter(h http.Header, now time.Time) (wait time.Duration, said bool) {
	text := strings.TrimSpace(h.Get("Retry-After"))
	if seconds, err := strconv.ParseInt(text, 10, 64); err == nil && seconds >= 0 {
		const most = int64(1<<63-1) / int64(time.Second)
		return time.Duration(min(seconds, most-1)) * time.Second, true
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(at.Sub(now), 0), true
	}
	return 0, false
}

// Renews asks anew shortly before a token ends, as clocks differ and requests take their time.
func Renews(ends, now time.Time) bool { return !ends.IsZero() && now.After(ends) }

// Retakes asks anew for what is answered with 401 (RFC 6750, section 3.1: invalid_token).
func Retakes(status int) bool { return status == http.StatusUnauthorized }
