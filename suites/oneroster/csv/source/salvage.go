package source

import (
	"archive/zip"
	"bufio"
	"encoding/binary"
	"io"
	"math"

	"github.com/klauspost/compress/flate"
)

// The parts of a zip that matter when its directory is lost (PKWARE APPNOTE
// 4.3.7, 4.3.9, 4.5.3).
const (
	localHeader = "PK\x03\x04"
	localSize   = 30
	streamed    = 1 << 3 // the sizes stand behind the data
	zip64Extra  = 1
)

// salvage lists what can still be read of a zip that has lost its directory,
// header by header from the front: whoever sent half a bundle wants to know about
// that half too. The last entry may break off.
func (b *Bundle) salvage(f io.ReaderAt, known func(string) bool) {
	for at, n := int64(0), 0; at < b.Size && n < maxSalvaged; n++ {
		h, size, ok := local(f, at)
		if !ok {
			return
		}
		data := at + size
		rest := io.NewSectionReader(f, data, b.Size-data)
		length := int64(min(h.CompressedSize64, math.MaxInt64))
		if h.Flags&streamed != 0 && h.Flags&1 == 0 && h.Method == zip.Deflate {
			var unpacked int64
			length, unpacked = inflated(rest)
			h.CompressedSize64, h.UncompressedSize64 = uint64(length), uint64(unpacked)
		}
		b.zipEntry(h, known, func() (io.ReadCloser, error) {
			in := io.NewSectionReader(f, data, min(length, b.Size-data))
			if h.Method == zip.Store {
				return io.NopCloser(in), nil
			}
			return &announced{flate.NewReader(in), int64(min(h.UncompressedSize64, math.MaxInt64))}, nil
		})
		if h.Flags&streamed != 0 && h.Method != zip.Deflate || length > b.Size-data {
			return
		}
		at = following(f, data+length, h.Flags)
	}
}

// local reads the header of an entry, and how long it is.
func local(f io.ReaderAt, at int64) (h *zip.FileHeader, size int64, ok bool) {
	var fixed [localSize]byte
	if _, err := f.ReadAt(fixed[:], at); err != nil || string(fixed[:4]) != localHeader {
		return nil, 0, false
	}
	le := binary.LittleEndian
	nameSize, extraSize := int(le.Uint16(fixed[26:])), int(le.Uint16(fixed[28:]))
	text := make([]byte, nameSize+extraSize)
	if _, err := f.ReadAt(text, at+localSize); err != nil {
		return nil, 0, false
	}
	h = &zip.FileHeader{Name: string(text[:nameSize]), Flags: le.Uint16(fixed[6:]), Method: le.Uint16(fixed[8:]),
		CompressedSize64: uint64(le.Uint32(fixed[18:])), UncompressedSize64: uint64(le.Uint32(fixed[22:]))}
	for extra := text[nameSize:]; len(extra) >= 4; {
		id, n := le.Uint16(extra), int(le.Uint16(extra[2:]))
		if n > len(extra)-4 {
			break
		}
		if id == zip64Extra && n >= 16 && h.CompressedSize64 == math.MaxUint32 {
			h.UncompressedSize64, h.CompressedSize64 = le.Uint64(extra[4:]), le.Uint64(extra[12:])
		}
		extra = extra[4+n:]
	}
	return h, int64(localSize + len(text)), true
}

// inflated measures a deflate stream: its packed and its unpacked bytes. One
// that unpacks to absurdly much is not followed to its end.
func inflated(r *io.SectionReader) (packed, unpacked int64) {
	c := &counter{in: bufio.NewReader(r)}
	z := flate.NewReader(c)
	defer z.Close()
	buffer := make([]byte, 64<<10)
	for {
		n, err := z.Read(buffer)
		unpacked += int64(n)
		if err != nil || unpacked > 1<<20 && unpacked > c.n*maxRatio {
			return c.n, unpacked
		}
	}
}

// counter counts what an inflater takes: as a ByteReader it is read no further
// than the stream goes.
type counter struct {
	in *bufio.Reader
	n  int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.in.Read(p)
	c.n += int64(n)
	return n, err
}

func (c *counter) ReadByte() (byte, error) {
	b, err := c.in.ReadByte()
	if err == nil {
		c.n++
	}
	return b, err
}

// following finds the next header: behind the data, or behind the descriptor
// that comes with a streamed entry and has four forms.
func following(f io.ReaderAt, at int64, flags uint16) int64 {
	if flags&streamed == 0 {
		return at
	}
	var sign [4]byte
	for _, descriptor := range []int64{16, 12, 24, 20} {
		if _, err := f.ReadAt(sign[:], at+descriptor); err == nil && string(sign[:]) == localHeader {
			return at + descriptor
		}
	}
	return math.MaxInt64
}
