package harness

import (
	"bytes"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/klauspost/compress/gzip"
)

// maxRatio bounds decompression: no roster compresses better than this, a bomb
// does. JSON of many like objects reaches about 60.
const maxRatio = 400

const (
	// maxAside bounds an answer that brings no data: an error, or what a token
	// endpoint says. Neither has more to say than fits on a page.
	maxAside = 1 << 20
	// valueSize is how long a value of JSON is at the least on the average of a long
	// body, its name, quotes and comma included; real objects come to 18. What
	// holds more values than that costs many times its length once it is decoded:
	// 20 million of {} took 2.75 GB.
	valueSize = 12
)

// BodyLimit is the setting of the target file that raises every bound on the length of
// an answer, and on what may be packed into it.
const BodyLimit = "limits.max_body_mib"

// drained is how many times the target file's bound is read on, without keeping it, to see whether a
// body that is beyond it has an end: a long answer runs into a limit of Rollcall's own,
// one that never ends is the target's.
const drained = 16

// ownBound is the error of a body that ended, beyond what Rollcall reads.
type ownBound struct{ what string }

func (e ownBound) Error() string {
	return e.what + ", the most that Rollcall reads (" + BodyLimit + " raises it)"
}

// room tells how many times the default the target file lets Rollcall read: all other
// bounds on an answer grow with it.
func (b Budgets) room() int64 { return max(1, b.Body/DefaultBudgets.Body) }

// bound is how long the body of an answer may be.
func (c *client) bound(r Request, got *http.Response) int64 {
	if r.Most > 0 {
		return min(c.budgets.Body, r.Most*c.budgets.room())
	}
	if r.Secret || got.StatusCode < 200 || got.StatusCode > 299 {
		return min(c.budgets.Body, maxAside*c.budgets.room())
	}
	return c.budgets.Body
}

// values counts what may begin a value of JSON. Commas in texts count too: a text
// has fewer.
func values(part []byte) (n int64) {
	for _, mark := range []string{",", "{", "["} {
		n += int64(bytes.Count(part, []byte(mark)))
	}
	return n
}

// size words a number of bytes.
func size(n int64) string {
	if n >= 1<<20 {
		return fmt.Sprintf("%d MiB", n>>20)
	}
	return fmt.Sprintf("%d KiB", n>>10)
}

// readBody decodes and reads a body within the budget. What it holds on to never
// exceeds twice the budget. far is how much more is read to see whether it ends.
func readBody(got *http.Response, budget, far int64) ([]byte, error) {
	counted := &countingReader{r: got.Body}
	var r io.Reader = counted
	coding := strings.ToLower(strings.TrimSpace(got.Header.Get("Content-Encoding")))
	switch coding {
	case "", "identity":
		coding = ""
	case "gzip", "x-gzip":
		z, err := gzip.NewReader(counted)
		if errors.Is(err, io.EOF) {
			return nil, nil // HEAD, 204 and 304 may name a coding and hold no body
		}
		if err != nil {
			return nil, fmt.Errorf("the body is announced as gzip but is not: %w", err)
		}
		r = z
	case "deflate":
		z, err := zlib.NewReader(counted)
		if err != nil {
			return nil, fmt.Errorf("the body is announced as deflate but is not: %w", err)
		}
		r = z
	default:
		return nil, fmt.Errorf("the body has Content-Encoding %q, which was not offered", coding)
	}
	var out []byte
	if n := got.ContentLength; n > 0 && n < budget && coding == "" {
		out = make([]byte, 0, n+1) // one more, to meet the end without growing
	}
	var held int64
	for {
		if len(out) == cap(out) {
			out = slices.Grow(out, int(min(max(bytes.MinRead, int64(len(out))), budget+1-int64(len(out)))))
		}
		n, err := r.Read(out[len(out):min(cap(out), len(out)+1<<20)])
		held += values(out[len(out) : len(out)+n])
		out = out[:len(out)+n]
		switch {
		case int64(len(out)) > budget:
			return outset(out), drain(r, far, fmt.Sprintf("the body is longer than %s", size(budget)))
		case coding != "" && len(out) > 1<<20 && int64(len(out)) > counted.n*maxRatio:
			return outset(out), fmt.Errorf("the body unpacks to more than %d times its size", maxRatio)
		case held > max(budget, maxAside)/valueSize:
			return outset(out), drain(r, far, fmt.Sprintf("the body holds more than %d values", held-1))
		case errors.Is(err, io.EOF):
			return out, nil
		case err != nil:
			return out, fmt.Errorf("the body broke off after %d bytes: %w", len(out), err)
		}
	}
}

// drain reads on what is beyond a bound, to see whether it ends.
func drain(r io.Reader, far int64, what string) error {
	switch n, err := io.CopyN(io.Discard, r, far); {
	case n == far:
		return fmt.Errorf("%s, and goes on beyond %s", what, size(far))
	case !errors.Is(err, io.EOF):
		return fmt.Errorf("%s, and broke off: %w", what, err)
	}
	return ownBound{what}
}

// outset is what is kept of a body that is beyond all bounds: enough to be shown.
func outset(body []byte) []byte { return bytes.Clone(body[:min(len(body), 64<<10)]) }

type countingReader struct {
	r io.Reader
	n int64
}

func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}
