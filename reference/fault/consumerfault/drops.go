package consumerfault

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"context"
	"encoding/binary"
	"encoding/csv"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	stdsync "sync"
	"unicode/utf8"

	"github.com/rollcall-edu/rollcall/reference/sis"
	"github.com/rollcall-edu/rollcall/reference/store"
	"github.com/rollcall-edu/rollcall/reference/sync"
)

// opening changes the file of a bundle before it is read: what it gives is read in its place, and then gone.
func opening(change func(data []byte) []byte) behaviour {
	return replacing(func(path string) (string, func() error) {
		data, err := os.ReadFile(path)
		if err != nil {
			return path, nil // there is none
		}
		f, err := os.CreateTemp("", "rollcall-*.zip")
		if err != nil {
			return path, nil
		}
		_, err = f.Write(change(data))
		if closed := f.Close(); err != nil || closed != nil {
			_ = os.Remove(f.Name()) // it was never read
			return path, nil
		}
		return f.Name(), func() error { return os.Remove(f.Name()) }
	})
}

// replacing has another file be read in place of a bundle, or of what another behaviour has put there.
func replacing(other func(path string) (read string, done func() error)) behaviour {
	return behaviour{Bend: func(c *Config) {
		former := c.Bundle
		c.Bundle = func(path string) (string, func() error) {
			if former == nil {
				return other(path)
			}
			path, before := former(path)
			read, done := other(path)
			return read, func() (err error) {
				for _, end := range []func() error{done, before} {
					if end != nil {
						err = errors.Join(err, end())
					}
				}
				return err
			}
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
		"consumer-drop-lost":       each(func(t *thing) bool { return !t.in(sis.Users) || sum(t.SourcedID)%10 != 0 }),
		"consumer-drop-again":      churn(),
		"consumer-drop-cut":        opening(mended),
		"consumer-drop-read-again": readAgain(),
		"consumer-drop-silent":     passedOver(),
		"consumer-drop-half":       opening(halved),
		"consumer-drop-flags":      unflagged(),
		"consumer-drop-frozen":     frozen(sis.Users, sis.Classes, sis.Orgs, sis.Courses),
		"consumer-drop-first": opening(func(data []byte) []byte {
			mu.Lock()
			defer mu.Unlock()
			if first == nil {
				first = bytes.Clone(data)
			}
			return first
		}),
		// A delta is all that there is.
		"consumer-drop-delta-as-bulk":   bulky(),
		"consumer-drop-no-return":       onceGone(),
		"consumer-drop-never-deletes":   hoarding(),
		"consumer-drop-flags-skipped":   each(func(t *thing) bool { return t.Status == sync.Active || t.reading.Mode != sync.Delta }),
		"consumer-drop-absent-is-empty": emptied(),
		"consumer-drop-parts-alone": source(func(ctx context.Context, next sync.Source, r sync.Reading, yield func(sync.Page) error) error {
			r.Held = nil
			return next.Read(ctx, r, yield)
		}),
		"consumer-drop-stuck": stuck(),
		"consumer-drop-bom":   contents(func(text []byte) []byte { return bytes.Replace(text, []byte("\xEF\xBB\xBF"), []byte("?"), 1) }),
		"consumer-drop-commas": contents(func(text []byte) []byte {
			return bytes.ReplaceAll(text, []byte(`"`), nil)
		}),
		"consumer-drop-umlauts": contents(func(text []byte) []byte {
			var out []byte
			for _, b := range text {
				out = utf8.AppendRune(out, rune(b))
			}
			return out
		}),
		"consumer-drop-columns": choosy(func(files []file) bool {
			return slices.ContainsFunc(files, func(f file) bool { return bytes.Contains(f.text, []byte(",metadata.")) })
		}),
		"consumer-drop-order": choosy(func(files []file) bool { return files[0].name != "manifest.csv" }),
		"consumer-drop-line-ends": choosy(func(files []file) bool {
			return slices.ContainsFunc(files, func(f file) bool { return !bytes.Contains(f.text, []byte("\r")) })
		}),
		"consumer-drop-rows-skipped": contents(readable),
		"consumer-drop-part-taken": replacing(func(path string) (string, func() error) {
			growing, _ := filepath.Glob(filepath.Join(filepath.Dir(path), "*.part")) // the pattern is a right one
			for _, file := range growing {
				_ = os.Remove(file) // whoever was quicker
			}
			return path, nil
		}),
	}
}

// dropVariants are what an importer may do as well.
func dropVariants() map[string]behaviour {
	return map[string]behaviour{
		"consumer-drop-unknown-refused": choosy(func(files []file) bool {
			return slices.ContainsFunc(files, func(f file) bool { return !strings.HasSuffix(f.name, ".csv") })
		}),
		"consumer-drop-no-metadata": each(func(t *thing) bool { delete(t.members, "metadata"); return true }),
		"consumer-drop-few":         only(sis.Orgs, sis.AcademicSessions, sis.Courses, sis.Classes, sis.Users, sis.Enrollments),
		"consumer-drop-people":      only(sis.Orgs, sis.Users),
	}
}

// file is one entry of a bundle.
type file struct {
	name string
	text []byte
}

// files takes a zip apart; nil where that can't be done.
func files(data []byte) (out []file) {
	r, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil
	}
	for _, f := range r.File {
		in, err := f.Open()
		if err != nil {
			return nil
		}
		text, err := io.ReadAll(in)
		if err != nil {
			return nil
		}
		out = append(out, file{f.Name, text})
	}
	return out
}

// contents changes the text of each file of a bundle.
func contents(change func(text []byte) []byte) behaviour {
	return opening(func(data []byte) []byte {
		var out bytes.Buffer
		w := zip.NewWriter(&out)
		all := files(data)
		for _, f := range all {
			entry, err := w.Create(f.name)
			if err != nil {
				return data
			}
			if _, err := entry.Write(change(f.text)); err != nil {
				return data
			}
		}
		if w.Close() != nil || all == nil {
			return data
		}
		return out.Bytes()
	})
}

// choosy refuses bundles that are not to its taste.
func choosy(refuses func([]file) bool) behaviour {
	return opening(func(data []byte) []byte {
		if all := files(data); len(all) > 0 && refuses(all) {
			return data[:10]
		}
		return data
	})
}

// readable leaves out the lines that aren't UTF-8 or haven't as many fields as the first one.
func readable(text []byte) []byte {
	var out []byte
	width := -1
	for line := range bytes.Lines(text) {
		fields, err := csv.NewReader(bytes.NewReader(line)).Read()
		if width < 0 {
			width = len(fields)
		}
		if err == nil && len(fields) == width && utf8.Valid(line) {
			out = append(out, line...)
		}
	}
	return out
}

// stuck takes no bundle any more once one couldn't be unpacked.
func stuck() behaviour {
	var mu stdsync.Mutex
	is := false
	return opening(func(data []byte) []byte {
		mu.Lock()
		defer mu.Unlock()
		if is = is || files(data) == nil; is {
			return data[:10]
		}
		return data
	})
}

// onceGone leaves out what was gone from a bundle once.
func onceGone() behaviour {
	var mu stdsync.Mutex
	known, gone := map[string]bool{}, map[string]bool{}
	return source(func(ctx context.Context, next sync.Source, r sync.Reading, yield func(sync.Page) error) error {
		mu.Lock()
		defer mu.Unlock()
		came := map[string]bool{}
		return next.Read(ctx, r, func(p sync.Page) error {
			p.Objects = slices.DeleteFunc(slices.Clone(p.Objects), func(o sync.Object) bool {
				key := string(r.Collection) + "/" + o.SourcedID
				came[key], known[key] = true, true
				return gone[key]
			})
			p.Total = -1
			if p.Next == "" && r.Mode == sync.Full {
				for key := range known {
					if strings.HasPrefix(key, string(r.Collection)+"/") && !came[key] {
						gone[key] = true
					}
				}
			}
			return yield(p)
		})
	})
}

// hoarding has what isn't there any more come again.
func hoarding() behaviour {
	var mu stdsync.Mutex
	known := map[store.Collection]map[string]sync.Object{}
	return source(func(ctx context.Context, next sync.Source, r sync.Reading, yield func(sync.Page) error) error {
		mu.Lock()
		defer mu.Unlock()
		came := map[string]bool{}
		if known[r.Collection] == nil {
			known[r.Collection] = map[string]sync.Object{}
		}
		return next.Read(ctx, r, func(p sync.Page) error {
			for _, o := range p.Objects {
				came[o.SourcedID], known[r.Collection][o.SourcedID] = true, o
			}
			if p.Next == "" && r.Mode == sync.Full {
				p.Objects, p.Total = slices.Clone(p.Objects), -1
				for id, o := range known[r.Collection] {
					if !came[id] {
						p.Objects = append(p.Objects, o)
					}
				}
			}
			return yield(p)
		})
	})
}

// everything is a source that has every collection: of what it lacks there is nothing.
type everything struct{ sync.Source }

func (e everything) Collections() []store.Collection {
	return slices.DeleteFunc(sis.Collections(), func(c store.Collection) bool { return c == sis.CSVRows })
}

func (e everything) Read(ctx context.Context, r sync.Reading, yield func(sync.Page) error) error {
	if !slices.Contains(e.Source.Collections(), r.Collection) {
		return yield(sync.Page{Total: 0})
	}
	return e.Source.Read(ctx, r, yield)
}

// Only is that of what it stands before.
func (e everything) Only() sync.Mode {
	if l, is := e.Source.(sync.Limited); is {
		return l.Only()
	}
	return sync.Auto
}

// emptied takes files that are absent for empty ones.
func emptied() behaviour {
	return behaviour{Bend: func(c *Config) {
		former := c.Source
		c.Source = func(next sync.Source) sync.Source {
			if former != nil {
				next = former(next)
			}
			return everything{next}
		}
	}}
}

// mended makes a whole zip of one that was cut short: of the files that came to their end, and of as much as came of the
// one behind them.
func mended(data []byte) []byte {
	if opens(data) {
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

// opens tells whether a zip can be opened, and its people be read.
func opens(data []byte) bool {
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

// readAgain reads the last good bundle once more after one that can't be read.
func readAgain() behaviour {
	var mu stdsync.Mutex
	var good []byte
	broken := false
	return opening(func(data []byte) []byte {
		mu.Lock()
		defer mu.Unlock()
		switch was := broken; {
		case !opens(data):
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
		if good == nil || opens(data) {
			good = bytes.Clone(data)
		}
		return good
	})
}
