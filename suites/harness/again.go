package harness

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"syscall"
	"time"

	"cmp"
)

// breath is how long a target has, by default, before a request is asked once more: what lies
// between (a gateway that has lost its server) takes a moment to notice.
const breath = 250 * time.Millisecond

// again sends r, and once more where it ended in what lies between the judge and the
// product rather than in an answer of the product. RFC 9110 §9.2.2 lets a client
// repeat a GET or a HEAD by itself, and others where the check says that they do no harm:
// a second DELETE finds nothing, though the first did what it should. A second failure is the
// answer; a good second answer is gone on with, and the run tells of it once.
func (c *client) again(ctx context.Context, r Request, keep *keeper) *Response {
	first := c.renewed(ctx, r, keep)
	if r.Once || r.Cut != CutNever || !first.lapsed() || ctx.Err() != nil {
		return first
	}
	timer := time.NewTimer(cmp.Or(c.breath, breath))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return first
	case <-timer.C:
	}
	second := c.renewed(ctx, r, keep)
	if second.Status == 0 && second.Unreachable || second.lapsed() {
		return second
	}
	if second.Status != http.StatusTooManyRequests {
		if keep != nil {
			keep.pin(first.Evidence)
		}
		c.observed.add(observedFlaky, fmt.Sprintf("%s: first %s, then %d %s", first.Line(), first.short(), second.Status,
			http.StatusText(second.Status)), first.Evidence)
	}
	return second
}

// lapsed tells whether a request that may be repeated ended in a gateway's refusal,
// or with its connection before any response.
func (r *Response) lapsed() bool {
	switch r.Request.Method {
	case "", http.MethodGet, http.MethodHead:
	default:
		if !r.Request.Repeatable {
			return false
		}
	}
	switch r.Status {
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	case 0:
		return r.lost
	}
	return false
}

// short says in a word what came.
func (r *Response) short() string {
	if r.Status == 0 {
		return "a broken connection"
	}
	return fmt.Sprintf("%d %s", r.Status, http.StatusText(r.Status))
}

// lost tells whether a transport error means that a connection that stood was
// broken before a response came.
func lost(err error) bool {
	for _, kind := range []error{io.EOF, io.ErrUnexpectedEOF, syscall.ECONNRESET, syscall.EPIPE, syscall.ECONNABORTED} {
		if errors.Is(err, kind) {
			return true
		}
	}
	// Of these two Go makes no values that can be compared.
	text := err.Error()
	return strings.Contains(text, "server closed idle connection") || strings.Contains(text, "server sent GOAWAY")
}
