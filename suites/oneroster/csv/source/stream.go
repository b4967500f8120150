package source

import (
	"errors"
	"fmt"
	"io"
	"os"
)

// Spool writes a stream to a temporary file and opens that: a zip can only be
// read from its end, and references only once their targets are known. It is
// removed by Close.
func Spool(r io.Reader, known func(string) bool) (*Bundle, error) {
	f, err := os.CreateTemp("", "rollcall-bundle-*.zip")
	if err != nil {
		return nil, fmt.Errorf("spooling the stream: %w", err)
	}
	remove := func() error { return os.Remove(f.Name()) }
	if _, err := io.Copy(f, r); err != nil {
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
