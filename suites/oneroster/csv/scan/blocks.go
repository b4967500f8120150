package scan

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/rollcall-edu/rollcall/suites/oneroster/csv/source"
	"github.com/rollcall-edu/rollcall/suites/oneroster/csv/split"
)

const (
	blockSize = 256 << 10
	// maxRecord is how long a record may be: a longer one is a quote that never
	// closes, or no CSV at all.
	maxRecord = 1 << 20
	queue     = 6 // blocks that wait between the reader and the checkers
)

// block is a run of whole records of one file.
type block struct {
	number int32
	data   []byte // with split.Pad bytes of capacity behind it
	long   bool   // what is here is the beginning of a record that is too long
	base   int64  // line on which it begins, counted from one; only where lines are counted
}

// stream is one file on its way from the reader to the checkers.
type stream struct {
	entry  *source.Entry
	blocks chan block
	count  bool // lines as blocks are cut, for findings that are written at once
	// Set before blocks is closed:
	bytes int64
	err   error // why reading broke off
	bom   bool
	wide  string // the name of a wider encoding than UTF-8, which was decoded
	lone  bool   // lines end in CR alone; they were made LF
}

// reader unpacks files one after the other and cuts them into blocks.
type reader struct {
	free chan []byte
}

func newReader(blocks int) *reader {
	r := &reader{free: make(chan []byte, blocks)}
	for range blocks {
		r.free <- nil
	}
	return r
}

// buffer waits for a free buffer, so that memory stays bounded.
func (r *reader) buffer(ctx context.Context) ([]byte, error) {
	select {
	case b := <-r.free:
		if cap(b) < blockSize+split.Pad {
			b = make([]byte, 0, blockSize+split.Pad)
		}
		return b[:0], nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// release gives a block's buffer back. One that grew for a long record is
// dropped.
func (r *reader) release(b []byte) {
	if cap(b) > 2*blockSize {
		b = nil
	}
	r.free <- b
}

// read sends the blocks of one file and closes its channel.
func (r *reader) read(ctx context.Context, s *stream) {
	defer close(s.blocks)
	in, err := s.entry.Open()
	if err != nil {
		s.err = err
		return
	}
	defer in.Close()
	s.err = r.cut(ctx, s, in)
}

func (r *reader) cut(ctx context.Context, s *stream, in io.Reader) error {
	buffer, err := r.buffer(ctx)
	if err != nil {
		return err
	}
	plain, head, err := s.decode(in)
	in = plain
	buffer = append(buffer, head...)
	s.bytes += int64(len(head))
	var number int32
	at := int64(1)
	send := func(b block) error {
		b.number, b.base = number, at
		number++
		if s.count {
			lines := bytes.Count(b.data, lineFeed)
			if b.long {
				lines = max(lines, 1) // its end is passed over with the rest
			}
			at += int64(lines)
		}
		select {
		case s.blocks <- b:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	skipping := false
	for {
		for err == nil && len(buffer) < cap(buffer)-split.Pad {
			var n int
			n, err = in.Read(buffer[len(buffer) : cap(buffer)-split.Pad])
			buffer = buffer[:len(buffer)+n]
			s.bytes += int64(n)
		}
		if skipping {
			// The rest of a record that was too long, up to its line end.
			if end := bytes.IndexByte(buffer, '\n'); end >= 0 {
				buffer = buffer[:copy(buffer, buffer[end+1:])]
				skipping = false
			} else {
				buffer = buffer[:0]
			}
			if err == nil {
				continue
			}
		}
		if err != nil {
			broken := !errors.Is(err, io.EOF)
			if broken {
				buffer = buffer[:split.Cut(buffer)] // the record in which reading broke off says nothing
			}
			if len(buffer) > 0 || number == 0 {
				if sent := send(block{data: buffer}); sent != nil {
					return sent
				}
			} else {
				r.release(buffer)
			}
			if !broken {
				return nil
			}
			return fmt.Errorf("reading %s: %w", s.entry.Path, err)
		}
		whole := split.Cut(buffer)
		switch {
		case whole == 0 && len(buffer) < maxRecord:
			grown := make([]byte, len(buffer), 2*cap(buffer))
			copy(grown, buffer)
			r.release(buffer)
			<-r.free
			buffer = grown
			continue
		case whole == 0:
			// Its first line is handed on, marked; where no line ends in all of
			// it, what follows up to the next line end is passed over.
			whole = bytes.IndexByte(buffer, '\n') + 1
			next, err := r.buffer(ctx)
			if err != nil {
				return err
			}
			if whole == 0 {
				skipping = true
				next, whole = next[:0], 0
			} else {
				next = append(next, buffer[whole:]...)
			}
			head := min(len(buffer), 4096)
			if whole > 0 {
				head = whole
			}
			if err := send(block{data: buffer[:head], long: true}); err != nil {
				return err
			}
			buffer = padded(next)
			continue
		}
		next, err := r.buffer(ctx)
		if err != nil {
			return err
		}
		next = append(next, buffer[whole:]...)
		if err := send(block{data: buffer[:whole]}); err != nil {
			return err
		}
		buffer = padded(next)
	}
}

var lineFeed = []byte{'\n'}

// padded makes sure that there is room to read on behind what a buffer holds.
func padded(b []byte) []byte {
	if cap(b)-len(b) >= blockSize/2 {
		return b
	}
	grown := make([]byte, len(b), 2*cap(b)+split.Pad)
	copy(grown, b)
	return grown
}
