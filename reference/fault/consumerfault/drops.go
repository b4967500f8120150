package consumerfault

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"context"
	"encoding/binary"
	"io"
	"os"
	stdsync "sync"
	"unicode/utf8"

	"github.com/rollcall-edu/rollcall/reference/sis"
	"github.com/rollcall-edu/rollcall/reference/sync"
)

// opening changes the file of a bundle before it is read: what it gives is read in its place.
func opening(change func(data []byte) []byte) behaviour {
	return behaviour{Bend: func(c *Config) {
		former := c.Bundle
		c.Bundle = func(path string) string {
			if former != nil {
				path = former(path)
			}
			data, err := os.ReadFile(path)
			if err != nil {
				return path // there is none
			}
			f, err := os.CreateTemp("", "rollcall-*.zip")
			if err != nil {
				return path
			}
			_, err = f.Write(change(data))
			if closed := f.Close(); err != nil || closed != nil {
				return path
			}
			return f.Name()
		}
	}}
}

// halved leaves of each file of a zip what comes before a row that can't be read.
func halved(data []byte) []byte {
	r, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return data
	}
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, f := range r.File {
		in, err := f.Open()
		if err != nil {
			return data
		}
		text, err := io.ReadAll(in)
		if err != nil {
			return data
		}
		if i := bytes.IndexByte(text, 0xff); i >= 0 {
			text = text[:bytes.LastIndexByte(text[:i], '\n')+1]
		}
		entry, err := w.Create(f.Name)
		if err != nil {
			return data
		}
		if _, err := entry.Write(text); err != nil {
			return data
		}
	}
	if w.Close() != nil {
		return data
	}
	return out.Bytes()
}

// bulk is a source whose changes are read as if they were everything.
type bulk struct{ sync.Source }

func (b bulk) Read(ctx context.Context, r sync.Reading, yield func(sync.Page) error) error {
	r.Mode = sync.Delta // or a delta would refuse
	return b.Source.Read(ctx, r, yield)
}

// bulky hides that a bundle is a delta.
func bulky() behaviour {
	return behaviour{Bend: func(c *Config) {
		former := c.Source
		c.Source = func(next sync.Source) sync.Source {
			if former != nil {
				next = former(next)
			}
			return bulk{next}
		}
	}}
}

func dropFaults() map[string]behaviour {
	var mu stdsync.Mutex
	var first []byte
	return map[string]behaviour{
		"consumer-drop-lost":   each(func(t *thing) bool { return !t.in(sis.Users) || sum(t.SourcedID)%10 != 0 }),
		"consumer-drop-again":  churn(),
		"consumer-drop-cut":    opening(mended),
		"consumer-drop-stuck":  stuck(),
		"consumer-drop-silent": passedOver(),
		"consumer-drop-half":   opening(halved),
		"consumer-drop-flags":  unflagged(),
		"consumer-drop-frozen": frozen(sis.Users, sis.Classes, sis.Orgs, sis.Courses),
		"consumer-drop-first": opening(func(data []byte) []byte {
			mu.Lock()
			defer mu.Unlock()
			if first == nil {
				first = bytes.Clone(data)
			}
			return first
		}),
		// A delta is all that there is.
		"consumer-drop-delta-as-bulk": bulky(),
	}
}

// mended makes a whole zip of one that was cut short: of the files that came to their end, and of as much as came of the
// one behind them.
func mended(data []byte) []byte {
	if readable(data) {
		return data
	}
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	const header = 30 // of an entry, before its name
	for at := 0; at+header < len(data) && string(data[at:at+4]) == "PK\x03\x04"; {
		name := int(binary.LittleEndian.Uint16(data[at+26:]))
		begin := at + header + name + int(binary.LittleEndian.Uint16(data[at+28:]))
		if begin >= len(data) {
			break
		}
		in := bytes.NewReader(data[begin:])
		text, err := io.ReadAll(flate.NewReader(in))
		entry, failed := w.Create(string(data[at+header : at+header+name]))
		if failed == nil {
			_, failed = entry.Write(text[:bytes.LastIndexByte(text, '\n')+1])
		}
		next := bytes.Index(data[len(data)-in.Len():], []byte("PK\x03\x04"))
		if err != nil || failed != nil || next < 0 {
			break
		}
		at = len(data) - in.Len() + next
	}
	if w.Close() != nil {
		return data
	}
	return out.Bytes()
}

// readable tells whether a zip can be opened, and its people be read.
func readable(data []byte) bool {
	r, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return false
	}
	in, err := r.Open("users.csv")
	if err != nil {
		return false
	}
	text, err := io.ReadAll(in)
	return err == nil && utf8.Valid(text)
}

// stuck reads the last good bundle once more after one that can't be read.
func stuck() behaviour {
	var mu stdsync.Mutex
	var good []byte
	broken := false
	return opening(func(data []byte) []byte {
		mu.Lock()
		defer mu.Unlock()
		switch was := broken; {
		case !readable(data):
			broken = true
		case was && good != nil:
			broken = false
			return good
		default:
			good = bytes.Clone(data)
		}
		return data
	})
}

// passedOver reads the last good bundle in place of one that can't be read, and says that all went well.
func passedOver() behaviour {
	var mu stdsync.Mutex
	var good []byte
	return opening(func(data []byte) []byte {
		mu.Lock()
		defer mu.Unlock()
		if good == nil || readable(data) {
			good = bytes.Clone(data)
		}
		return good
	})
}
