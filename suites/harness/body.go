package harness

import (
	"bytes"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/klauspost/compress/gzip"
)

// maxRatio bounds decompression: no roster compresses better than this, a bomb
// does. JSON of many like objects reaches about 60.
const maxRatio = 400

// readBody decodes and reads a body within the budget.
func readBody(got *http.Response, budget int64) ([]byte, error) {
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
	var out bytes.Buffer
	if n := got.ContentLength; n > 0 && n < budget && coding == "" {
		out.Grow(int(n) + bytes.MinRead)
	}
	for {
		n, err := io.CopyN(&out, r, 1<<20)
		switch {
		case int64(out.Len()) > budget:
			return out.Bytes(), fmt.Errorf("the body is longer than %d MiB", budget>>20)
		case coding != "" && int64(out.Len()) > 1<<20 && int64(out.Len()) > counted.n*maxRatio:
			return out.Bytes(), fmt.Errorf("the body unpacks to more than %d times its size", maxRatio)
		case errors.Is(err, io.EOF):
			return out.Bytes(), nil
		case err != nil:
			return out.Bytes(), fmt.Errorf("the body broke off after %d bytes: %w", out.Len(), err)
		case n == 0:
			return out.Bytes(), nil
		}
	}
}

type countingReader struct {
	r io.Reader
	n int64
}

func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}
