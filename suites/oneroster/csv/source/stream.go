package source

import (
	"errors"
	"fmt"
	"io"
	"os"
)

// Spool writes a stream to a temporary file and opens that: a zip can only be
// read from its end, and references only once their targets are known. It is
// removed by Close. A stream of more than limit bytes (0: the default) is refused
// by a *TooLarge.
func Spool(r io.Reader, known func(string) bool, limit int64) (*Bundle, error) {
	if limit <= 0 {
		limit = DefaultLimit
	}
	f, err := os.CreateTemp("", "rollcall-bundle-*.zip")
	if err != nil {
		return nil, fmt.Errorf("spooling the stream: %w", err)
	}
	remove := func() error { return os.Remove(f.Name()) }
	n, err := io.Copy(f, io.LimitReader(r, limit+1))
	if err == nil && n > limit {
		err = &TooLarge{n, limit}
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("spooling the stream: %w", errors.Join(err, remove()))
	}
	if err := f.Close(); err != nil {
		return nil, fmt.Errorf("spooling the stream: %w", errors.Join(err, remove()))
	}
	b, err := Open(f.Name(), known)
	if err != nil {
		return nil, errors.Join(err, remove())
	}
	b.Path = "the stream"
	b.closers = append(b.closers, remove)
	return b, nil
}
