package consumerfault

import (
	"archive/zip"
	"bytes"
	"context"
	"io"
	"os"
	stdsync "sync"

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
