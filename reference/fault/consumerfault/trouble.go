package consumerfault

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	stdsync "sync"
	"sync/atomic"
	"time"

	"github.com/rollcall-edu/rollcall/reference/oneroster/client"
	"github.com/rollcall-edu/rollcall/reference/store"
	"github.com/rollcall-edu/rollcall/reference/sync"
	"github.com/rollcall-edu/rollcall/reference/sync/rest"
)

var (
	offsets = regexp.MustCompile(`"dateLastModified":"[^"]*[+-]\d\d:\d\d"`)
	whole   = regexp.MustCompile(`"dateLastModified":"[^"]*:\d\dZ"`)
)

// unverified sends to whoever answers.
func unverified(http.RoundTripper) http.RoundTripper {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.TLSClientConfig.InsecureSkipVerify = true
	return t
}

// answers changes the text of what reads are answered with.
func answers(change func([]byte) ([]byte, error)) behaviour {
	return sending(func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
		response, err := next.RoundTrip(r)
		if err != nil || r.Method != http.MethodGet || response.StatusCode != http.StatusOK {
			return response, err
		}
		text, broken := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if broken != nil {
			return nil, broken
		}
		if text, err = change(text); err != nil {
			// An answer that can't be read stays one, however often it is asked for.
			text = []byte("<!doctype html>")
		}
		replaced(response, text)
		return response, nil
	})
}

func replaced(response *http.Response, text []byte) {
	response.Body, response.ContentLength = io.NopCloser(bytes.NewReader(text)), int64(len(text))
	response.Header.Del("Content-Length")
}

// closed refuses members that it doesn't know.
func closed() behaviour {
	return answers(func(text []byte) ([]byte, error) {
		if bytes.Contains(text, []byte("xtension")) {
			return nil, errStrict
		}
		return text, nil
	})
}

// lengthy reads as many bytes as an answer says that it has, and none where it doesn't say.
func lengthy() behaviour {
	return sending(func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
		if r.Method == http.MethodGet {
			r = r.Clone(r.Context())
			r.Header.Set("Accept-Encoding", "identity")
		}
		response, err := next.RoundTrip(r)
		if err == nil && response.ContentLength < 0 && r.Method == http.MethodGet && response.StatusCode == http.StatusOK {
			_ = response.Body.Close()
			replaced(response, nil)
		}
		return response, err
	})
}

// answered gives other answers instead of some.
func answered(instead func(*http.Response) bool, with func(r *http.Request, was *http.Response) *http.Response) behaviour {
	return sending(func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
		response, err := next.RoundTrip(r)
		if err != nil || r.Method != http.MethodGet || forToken(r) || !instead(response) {
			return response, err
		}
		drain(response, nil)
		return with(r, response), nil
	})
}

// empty is an answer of 200 in which nothing is.
func empty(r *http.Request, _ *http.Response) *http.Response {
	body := `{"` + lastOf(r.URL.Path) + `":[]}`
	return &http.Response{
		Status: "200 OK", StatusCode: http.StatusOK, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: r,
		Header: http.Header{"Content-Type": {"application/json"}}, ContentLength: int64(len(body)),
		Body: io.NopCloser(bytes.NewReader([]byte(body))),
	}
}

func lastOf(path string) string {
	for i := len(path) - 1; i >= 0; i-- {
		if path[i] == '/' {
			return path[i+1:]
		}
	}
	return path
}

func status(codes ...int) func(*http.Response) bool {
	return func(r *http.Response) bool { return slices.Contains(codes, r.StatusCode) }
}

// halves takes what came of a reading that failed for all of it.
func halves(counts func(error) bool) behaviour {
	return source(func(ctx context.Context, next sync.Source, r sync.Reading, yield func(sync.Page) error) error {
		var held *sync.Page
		err := next.Read(ctx, r, func(p sync.Page) error {
			last := held
			p.Total = -1
			held = &p
			if last == nil {
				return nil
			}
			return yield(*last)
		})
		if err != nil && (ctx.Err() != nil || !counts(err)) {
			return err
		}
		if held == nil {
			held = &sync.Page{Total: -1}
		}
		held.Next = ""
		return yield(*held)
	})
}

// passes leaves a collection out of a sync that could not be read, and goes on.
func passes(counts func(error) bool) behaviour {
	return source(func(ctx context.Context, next sync.Source, r sync.Reading, yield func(sync.Page) error) error {
		var pages []sync.Page
		err := next.Read(ctx, r, func(p sync.Page) error { pages = append(pages, p); return nil })
		if err != nil && ctx.Err() == nil && counts(err) {
			return fmt.Errorf("%w: %w", sync.ErrNotOffered, err)
		}
		if err != nil {
			return err
		}
		for _, p := range pages {
			if err := yield(p); err != nil {
				return err
			}
		}
		return nil
	})
}

// never makes no request again.
func never() behaviour { return pausing(func(client.Try) bool { return false }) }

func anyError(error) bool { return true }

// ofServer tells of answers that say that a server is broken.
func ofServer(err error) bool {
	var refused *client.StatusError
	return errors.As(err, &refused) && refused.Status >= http.StatusInternalServerError
}

func brokenOff(err error) bool {
	return errors.As(err, new(*client.BrokenError)) || errors.As(err, new(*rest.AnswerError))
}

func forbidden(err error) bool {
	var refused *client.StatusError
	return errors.As(err, new(*client.ScopeError)) || errors.As(err, &refused) && refused.Status == http.StatusForbidden
}

// margin is how long before its end a token is asked for anew.
const margin = time.Minute

func troubleFaults() map[string]behaviour {
	return map[string]behaviour{
		"consumer-error-is-end":      together(never(), halves(ofServer)),
		"consumer-error-passed-over": together(never(), passes(ofServer)),
		"consumer-half-kept":         together(never(), halfKept()),
		"consumer-truncated-taken":   together(never(), halves(brokenOff)),
		"consumer-truncated-passed":  together(never(), passes(brokenOff)),
		"consumer-401-is-empty":      answered(status(http.StatusUnauthorized), empty),
		"consumer-403-is-empty":      halves(forbidden),
		"consumer-403-passed-over":   passes(forbidden),
		"consumer-429-is-empty":      answered(status(http.StatusTooManyRequests), empty),
		"consumer-token-once": reading(func(c *rest.Config) {
			var refused atomic.Int64 // when a token was, last
			c.Manners.Retakes = func(status int) bool {
				if status == http.StatusUnauthorized {
					refused.Store(time.Now().UnixNano())
				}
				return false
			}
			c.Manners.Renews = func(ends, now time.Time) bool {
				asked := ends.Add(margin - time.Hour) // the judge's tokens are good for an hour
				return client.Renews(ends, now) || asked.UnixNano() < refused.Load()
			}
		}),
		"consumer-retry-after-ignored": pauses(func(t client.Try) (time.Duration, bool) {
			return 120 * time.Millisecond, t.Status == http.StatusTooManyRequests && t.Number < 40
		}),
		"consumer-retry-after-seconds": pauses(func(t client.Try) (time.Duration, bool) {
			_, err := strconv.Atoi(t.Header.Get("Retry-After"))
			return 120 * time.Millisecond, err != nil && t.Status == http.StatusTooManyRequests && t.Header.Get("Retry-After") != ""
		}),
		"consumer-token-renewed-once": renewedOnce(),
		"consumer-hammers-busy": pauses(func(t client.Try) (time.Duration, bool) {
			return 0, t.Status == http.StatusTooManyRequests && t.Number < 60
		}),
		"consumer-hammers-errors": pauses(func(t client.Try) (time.Duration, bool) {
			return 5 * time.Millisecond, t.Status >= http.StatusInternalServerError && t.Number < 40
		}),
		"consumer-busy-is-end":  together(never(), halves(func(err error) bool { return statusOf(err) == http.StatusTooManyRequests })),
		"consumer-slow-is-end":  together(hasty(2*time.Second), never(), halves(anyError)),
		"consumer-twice-is-two": twins(),
		"consumer-mark-moves":   marking(),
		"consumer-silent":       together(never(), passes(anyError)),
	}
}

func statusOf(err error) int {
	var refused *client.StatusError
	if errors.As(err, &refused) {
		return refused.Status
	}
	return 0
}

// renewedOnce gets another token once in a sync; what a token that ends after that doesn't open counts as empty.
func renewedOnce() behaviour {
	var mu stdsync.Mutex
	refused := 0
	return together(options(func(*sync.Options) {
		mu.Lock()
		defer mu.Unlock()
		refused = 0
	}), answered(func(response *http.Response) bool {
		if response.StatusCode != http.StatusUnauthorized {
			return false
		}
		mu.Lock()
		defer mu.Unlock()
		refused++
		return refused > 1
	}, empty))
}

// pauses has an own way of waiting for some answers.
func pauses(own func(client.Try) (time.Duration, bool)) behaviour {
	return reading(func(at *rest.Config) {
		at.Manners.Pause = func(t client.Try) (time.Duration, bool) {
			if wait, again := own(t); again {
				return wait, true
			}
			return client.Pause(t)
		}
	})
}

// hasty gives up on an answer after a time.
func hasty(after time.Duration) behaviour {
	return sending(func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
		ctx, cancel := context.WithTimeout(r.Context(), after)
		response, err := next.RoundTrip(r.WithContext(ctx))
		if err != nil {
			cancel()
			if errors.Is(err, context.DeadlineExceeded) && r.Context().Err() == nil {
				return nil, &net.OpError{Op: "read", Net: "tcp", Err: errors.New("no answer in time")}
			}
			return nil, err
		}
		response.Body = &ending{response.Body, cancel}
		return response, nil
	})
}

type ending struct {
	io.ReadCloser
	cancel context.CancelFunc
}

func (e *ending) Close() error {
	defer e.cancel()
	return e.ReadCloser.Close()
}

// halfKept keeps what came of a sync that failed, deletes nothing for it, and takes it for done.
func halfKept() behaviour {
	full := false
	failed := false
	return together(
		options(func(*sync.Options) { failed = false }),
		source(func(ctx context.Context, next sync.Source, r sync.Reading, yield func(sync.Page) error) error {
			if failed {
				return fmt.Errorf("the sync has failed: %w", sync.ErrNotOffered)
			}
			return next.Read(ctx, r, yield)
		}),
		halves(func(err error) bool {
			failed = ofServer(err) || brokenOff(err)
			return failed
		}),
		behaviour{Bend: func(c *Config) { fullAsDelta(c, &full) }},
	)
}

// twins takes who comes twice in one reading for two.
func twins() behaviour {
	var mu stdsync.Mutex
	seen := map[string]int{}
	return together(options(func(*sync.Options) {
		mu.Lock()
		defer mu.Unlock()
		clear(seen)
	}), each(func(t *thing) bool {
		mu.Lock()
		defer mu.Unlock()
		key := string(t.Collection) + "/" + t.SourcedID
		if seen[key]++; seen[key] > 1 {
			t.members["sourcedId"] = t.SourcedID + "-" + strconv.Itoa(seen[key])
		}
		return true
	}))
}

// marking has its own marks, which move with what came, whatever becomes of the sync.
func marking() behaviour {
	var mu stdsync.Mutex
	marks := map[store.Collection]time.Time{}
	return source(func(ctx context.Context, next sync.Source, r sync.Reading, yield func(sync.Page) error) error {
		mu.Lock()
		if mark := marks[r.Collection]; !r.Since.IsZero() && !mark.IsZero() {
			r.Since = mark
		}
		mu.Unlock()
		return next.Read(ctx, r, func(p sync.Page) error {
			mu.Lock()
			for _, o := range p.Objects {
				if o.Modified.After(marks[r.Collection]) {
					marks[r.Collection] = o.Modified
				}
			}
			mu.Unlock()
			return yield(p)
		})
	})
}

func deltaFaults() map[string]behaviour {
	return map[string]behaviour{
		"consumer-mark-own-clock": ownClock(0),
		"consumer-clock-fast":     ownClock(10 * time.Minute),
		"consumer-delta-is-all":   deltaIsAll(),
		"consumer-delta-of-users": deltaOf("users"),
		"consumer-mark-tomorrow":  tomorrow(),
		"consumer-delta-first-page": paged(2, func(a *rest.Arrival) string {
			if a.First.Query().Has("filter") {
				return ""
			}
			return rest.Next(a)
		}),
	}
}

// ownClock asks for what changed since its own clock said that it synced.
func ownClock(fast time.Duration) behaviour {
	var mu stdsync.Mutex
	var last, now time.Time // now: the last answer of the sync that goes on
	return together(options(func(*sync.Options) {
		mu.Lock()
		defer mu.Unlock()
		last = now
	}), sending(func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
		response, err := next.RoundTrip(r)
		mu.Lock()
		defer mu.Unlock()
		now = time.Now()
		return response, err
	}), reading(func(c *rest.Config) {
		c.Manners.Since = func(time.Time) string { return rest.Since(last.Add(fast)) }
	}))
}

// deltaIsAll takes what changed for everything that there is.
func deltaIsAll() behaviour {
	var marks = map[store.Collection]time.Time{}
	delta := false
	return together(
		options(func(o *sync.Options) {
			delta = o.Mode == sync.Delta
			o.Mode = sync.Full
		}),
		source(func(ctx context.Context, next sync.Source, r sync.Reading, yield func(sync.Page) error) error {
			if delta {
				r.Since = marks[r.Collection]
			}
			return next.Read(ctx, r, func(p sync.Page) error {
				for _, o := range p.Objects {
					if o.Modified.After(marks[r.Collection]) {
						marks[r.Collection] = o.Modified
					}
				}
				return yield(p)
			})
		}),
	)
}

// deltaOf reads changes of one collection alone.
func deltaOf(c store.Collection) behaviour {
	return source(func(ctx context.Context, next sync.Source, r sync.Reading, yield func(sync.Page) error) error {
		if !r.Since.IsZero() && r.Collection != c {
			return fmt.Errorf("it isn't read in a delta: %w", sync.ErrNotOffered)
		}
		return next.Read(ctx, r, yield)
	})
}

// tomorrow asks from the beginning of the day after the mark.
func tomorrow() behaviour {
	return filtered(func(at time.Time) string {
		return fromOn + rest.Quoted(stamp(at.Truncate(24*time.Hour).Add(24*time.Hour)))
	})
}
