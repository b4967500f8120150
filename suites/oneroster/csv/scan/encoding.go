package scan

import (
	"bytes"
	"io"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/encoding/unicode/utf32"
)

// headSize is how much of a file is looked at to learn how it is written.
const headSize = 64 << 10

// decode looks at the first bytes: it drops a byte order mark, decodes UTF-16 and
// UTF-32, with a mark and without one, and makes line ends of carriage returns where
// there are no others. It gives the reader to go on with and what was read already.
func (s *stream) decode(in io.Reader) (io.Reader, []byte, error) {
	head, err := readHead(in, headSize)
	wide, name := wider(head)
	if wide != nil {
		s.wide = name
		var rest io.Reader = bytes.NewReader(nil)
		if err == nil {
			rest = in
		}
		in = wide.NewDecoder().Reader(io.MultiReader(bytes.NewReader(head), rest))
		head, err = readHead(in, headSize)
	}
	if bytes.HasPrefix(head, mark) {
		s.bom = true
		head = head[len(mark):]
	}
	if bytes.IndexByte(head, '\r') >= 0 && bytes.IndexByte(head, '\n') < 0 {
		s.lone = true
		toLF(head)
		return loneReader{in}, head, err
	}
	return in, head, err
}

var mark = []byte("\xEF\xBB\xBF")

// readHead reads up to n bytes. Not io.ReadFull: an unexpected end must be told
// from the end.
func readHead(in io.Reader, n int) (head []byte, err error) {
	head = make([]byte, n)
	got := 0
	for err == nil && got < n {
		var more int
		more, err = in.Read(head[got:])
		got += more
	}
	return head[:got], err
}

// wider tells UTF-16 and UTF-32 by their marks, or by where the zeros stand: the
// header is ASCII, so that all bytes of its letters but one are zero.
func wider(head []byte) (encoding.Encoding, string) {
	switch {
	case bytes.HasPrefix(head, []byte("\xFF\xFE\x00\x00")):
		return utf32.UTF32(utf32.LittleEndian, utf32.UseBOM), "UTF-32"
	case bytes.HasPrefix(head, []byte("\x00\x00\xFE\xFF")):
		return utf32.UTF32(utf32.BigEndian, utf32.UseBOM), "UTF-32"
	case bytes.HasPrefix(head, []byte("\xFF\xFE")), bytes.HasPrefix(head, []byte("\xFE\xFF")):
		return unicode.UTF16(unicode.LittleEndian, unicode.UseBOM), "UTF-16"
	}
	const looked = 64 // bytes: the header alone
	if len(head) < looked {
		return nil, ""
	}
	var letter [4]bool // which bytes of four are ever anything but zero
	for i, c := range head[:looked] {
		letter[i%4] = letter[i%4] || c != 0
	}
	switch letter {
	case [4]bool{true, false, false, false}:
		return utf32.UTF32(utf32.LittleEndian, utf32.IgnoreBOM), "UTF-32 without a byte order mark"
	case [4]bool{false, false, false, true}:
		return utf32.UTF32(utf32.BigEndian, utf32.IgnoreBOM), "UTF-32 without a byte order mark"
	case [4]bool{true, false, true, false}:
		return unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM), "UTF-16 without a byte order mark"
	case [4]bool{false, true, false, true}:
		return unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM), "UTF-16 without a byte order mark"
	}
	return nil, ""
}

// loneReader makes line feeds of carriage returns.
type loneReader struct{ r io.Reader }

func (l loneReader) Read(p []byte) (int, error) {
	n, err := l.r.Read(p)
	toLF(p[:n])
	return n, err
}

func toLF(b []byte) {
	for i, c := range b {
		if c == '\r' {
			b[i] = '\n'
		}
	}
}
