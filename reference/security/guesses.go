package security

import (
	"context"
	"hash/maphash"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"
)

// The pace at which secrets may be guessed. RFC 6749 §2.3.1 demands that an endpoint
// that takes secrets is protected from brute force.
const (
	// guessesFree are so many wrong secrets that nobody who mistypes one, no test
	// suite and no deployment with an old secret meets the pace.
	guessesFree = 30
	// guessPace is the pace after that: at one in a second, a secret of a random word
	// outlasts a human life.
	guessPace = time.Second
	// guessPatience is how long a request waits for its turn before it is told to
	// come again: short enough that waiting requests don't pile up.
	guessPatience = 3 * time.Second
	// guessSlots is how many pairs of client and address are told apart. The memory is
	// the same whoever asks; pairs that share a slot share its pace.
	guessSlots = 4096
)

// guesses slows down whoever sends wrong secrets, by client and address. It holds up
// requests before it is known whether their secret is right, for otherwise the right
// one would be the one that is answered at once; other addresses are not held up.
// The zero value is ready.
type guesses struct {
	mu   sync.Mutex
	seed maphash.Seed
	// due is, for each slot, the time at which all its wrong secrets are forgiven:
	// each adds guessPace to it.
	due []time.Time
}

// slot finds where a client and an address are counted. The seed is random, so that
// nobody can aim at the slot of somebody else.
func (g *guesses) slot(client string, r *http.Request) *time.Time {
	if g.due == nil {
		g.seed, g.due = maphash.MakeSeed(), make([]time.Time, guessSlots)
	}
	if plain, err := url.QueryUnescape(client); err == nil {
		client = plain // one client, however it is spelled
	}
	address, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		address = r.RemoteAddr
	}
	return &g.due[maphash.Comparable(g.seed, [2]string{client, address})%guessSlots]
}

// admit waits until a secret of the client may be looked at that comes from the
// address of r, and counts it as wrong until it is right. Where the wait would be too
// long it says when to come again.
func (g *guesses) admit(r *http.Request, client string) error {
	wait := g.count(r, client)
	switch {
	case wait > guessPatience:
		err := refuse(InvalidRequest, "too many wrong secrets came for this client from this address")
		err.status, err.retryAfter = http.StatusTooManyRequests, strconv.Itoa(int((wait+time.Second-1)/time.Second))
		return err
	case wait <= 0:
		return nil
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-r.Context().Done():
		return context.Cause(r.Context())
	}
}

func (g *guesses) count(r *http.Request, client string) (wait time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	due, now := g.slot(client, r), time.Now()
	if due.Before(now) {
		*due = now
	}
	if wait = due.Sub(now) - (guessesFree-1)*guessPace; wait <= guessPatience {
		*due = due.Add(guessPace)
	}
	return wait
}

// right takes back what admit counted.
func (g *guesses) right(r *http.Request, client string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	due := g.slot(client, r)
	*due = due.Add(-guessPace)
}
