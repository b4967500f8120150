package harness

import (
	"bytes"
	"html"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// flat is a text made comparable: letters and digits alone, in lower case, each with
// the place in the original that it came from. Blanks, quotes and whatever else stands
// between are left out, so that a value is found however it was wrapped or punctuated;
// `+/-_=` are among them, so that both alphabets of base64 are one.
type flat struct {
	text  []byte
	from  []int32 // where the unit that a byte came from begins in the original
	to    []int32 // where it ends
	start []bool  // a word begins here
}

func (f *flat) reset() {
	f.text, f.from, f.to, f.start = f.text[:0], f.from[:0], f.to[:0], f.start[:0]
}

func (f *flat) add(c byte, from, to int32, start bool) {
	f.text, f.from, f.to, f.start = append(f.text, c), append(f.from, from), append(f.to, to), append(f.start, start)
}

// plain is a text with one more layer of escapes taken off, and where each byte came from.
type plain struct {
	text []byte
	from []int32 // nil: the text is the original
	to   []int32
}

func (p *plain) at(i int) (from, to int32) {
	if p.from == nil {
		return int32(i), int32(i + 1)
	}
	return p.from[i], p.to[i]
}

// folded tells of each ASCII byte what it becomes; 0: it only separates.
var folded = func() (t [128]byte) {
	for c := '0'; c <= '9'; c++ {
		t[c] = byte(c)
	}
	for c := 'a'; c <= 'z'; c++ {
		t[c], t[c-'a'+'A'] = byte(c), byte(c)
	}
	return t
}()

// fill makes f the comparable form of p.
func (f *flat) fill(p *plain) {
	f.reset()
	apart := true
	for i := 0; i < len(p.text); {
		c := p.text[i]
		if c < utf8.RuneSelf {
			if l := folded[c]; l != 0 {
				from, to := p.at(i)
				f.add(l, from, to, apart)
				apart = false
			} else {
				apart = true
			}
			i++
			continue
		}
		r, n := utf8.DecodeRune(p.text[i:])
		from, _ := p.at(i)
		_, to := p.at(i + n - 1)
		switch {
		case r == utf8.RuneError:
			f.add(c, from, to, apart)
			apart = false
		case unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r):
			var buffer [utf8.UTFMax]byte
			for k := range utf8.EncodeRune(buffer[:], unicode.ToLower(r)) {
				f.add(buffer[k], from, to, apart && k == 0)
			}
			apart = false
		default:
			apart = true
		}
		i += n
	}
}

// maxLayers is how often escapes are taken off: JSON in a form in JSON, and one more.
const maxLayers = 4

// escaped lists the bytes by which an escape begins.
const escaped = `%\&`

// peel takes one layer of escapes off: percent-encoding, the escapes of JSON and of
// programming languages, character references of HTML. ok is false where there are none.
func peel(p *plain) (out *plain, ok bool) { return p.peel(escaped) }

// peelOf does so with a text, for escapes that begin with one of the given bytes.
func peelOf(s, begin string) (*plain, bool) { return (&plain{text: []byte(s)}).peel(begin) }

func (p *plain) peel(begin string) (out *plain, ok bool) {
	if bytes.IndexAny(p.text, begin) < 0 {
		return nil, false
	}
	out = &plain{text: make([]byte, 0, len(p.text)), from: make([]int32, 0, len(p.text)), to: make([]int32, 0, len(p.text))}
	emit := func(s string, i, n int) {
		from, _ := p.at(i)
		_, to := p.at(i + n - 1)
		for k := range len(s) {
			out.text, out.from, out.to = append(out.text, s[k]), append(out.from, from), append(out.to, to)
		}
	}
	for i := 0; i < len(p.text); {
		s, n := "", 0
		switch c := p.text[i]; {
		case strings.IndexByte(begin, c) < 0:
		case c == '%':
			s, n = percent(p.text[i:])
		case c == '\\':
			s, n = backslash(p.text[i:])
		case c == '&':
			s, n = reference(p.text[i:])
		}
		if n > 0 {
			ok = true
			emit(s, i, n)
			i += n
			continue
		}
		from, to := p.at(i)
		out.text, out.from, out.to = append(out.text, p.text[i]), append(out.from, from), append(out.to, to)
		i++
	}
	return out, ok
}

func percent(b []byte) (string, int) {
	if len(b) < 3 {
		return "", 0
	}
	if v, ok := hexNumber(b[1:3]); ok {
		return string([]byte{byte(v)}), 3
	}
	return "", 0
}

func backslash(b []byte) (string, int) {
	if len(b) < 2 {
		return "", 0
	}
	switch b[1] {
	case 'u', 'U':
		if len(b) >= 6 {
			if v, ok := hexNumber(b[2:6]); ok {
				if v >= 0xD800 && v < 0xDC00 && len(b) >= 12 && b[6] == '\\' && b[7] == 'u' {
					if low, ok := hexNumber(b[8:12]); ok && low >= 0xDC00 && low < 0xE000 {
						return string(rune(0x10000 + (v-0xD800)<<10 + low - 0xDC00)), 12
					}
				}
				return string(rune(v)), 6
			}
		}
	case 'x':
		if len(b) >= 4 {
			if v, ok := hexNumber(b[2:4]); ok {
				return string([]byte{byte(v)}), 4
			}
		}
	case 'n', 'r', 't', 'b', 'f', 'v', 'a':
		return " ", 2
	}
	return string(b[1:2]), 2
}

func reference(b []byte) (string, int) {
	if len(b) < 4 {
		return "", 0
	}
	if b[1] != '#' {
		for i := 1; i < min(len(b), 34); i++ {
			switch c := b[i]; {
			case c == ';':
				if s := html.UnescapeString(string(b[:i+1])); s[0] != '&' || string(b[:i+1]) == "&amp;" {
					return s, i + 1
				}
				return "", 0
			case !isAlnum(c):
				return "", 0
			}
		}
		return "", 0
	}
	i, base := 2, 10
	if b[2] == 'x' || b[2] == 'X' {
		i, base = 3, 16
	}
	v, first := 0, i
	for ; i < len(b) && i < first+10; i++ {
		d := digitOf(b[i])
		if d < 0 || d >= base {
			break
		}
		v = min(v*base+d, utf8.MaxRune+1)
	}
	if i == first || v > utf8.MaxRune {
		return "", 0
	}
	if i < len(b) && b[i] == ';' {
		i++
	}
	return string(rune(v)), i
}

func hexNumber(b []byte) (v int, ok bool) {
	for _, c := range b {
		d := digitOf(c)
		if d < 0 || d > 15 {
			return 0, false
		}
		v = v<<4 | d
	}
	return v, true
}

// digitOf gives the value of a digit of any base up to sixteen; -1 for anything else.
func digitOf(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

func isAlnum(c byte) bool { return c < utf8.RuneSelf && folded[c] != 0 }

// layers calls look with a text, and again with each layer of escapes taken off.
func layers(s string, look func(p *plain, f *flat)) {
	f := flats.Get().(*flat)
	defer flats.Put(f)
	p := &plain{text: []byte(s)}
	for range maxLayers {
		f.fill(p)
		look(p, f)
		next, ok := peel(p)
		if !ok {
			return
		}
		p = next
	}
}

var flats = sync.Pool{New: func() any { return &flat{} }}

// comparable gives the comparable form of a text, as it stands and with all escapes off.
func comparable(s string) (forms []string) {
	layers(s, func(_ *plain, f *flat) { forms = append(forms, string(f.text)) })
	return forms
}
