package corpus

import (
	"bufio"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sort"

	"github.com/rollcall-edu/rollcall/reports"
)

// Page is one page of a collection as it came.
type Page struct {
	Offset   int // asked for
	Limit    int // asked for
	Count    int // objects on it
	First    int // index of its first object in the collection
	Status   int
	Problem  string            // why it could not be used; empty when it could
	Evidence *reports.Exchange // heads and the beginning of the body, redacted
	Header   map[string][]string
	URL      string
}

// Meta says how a crawl of one collection ended.
type Meta struct {
	Name     string
	Complete bool   // every page came and the end was reached
	Reason   string // why not, when it isn't
	Objects  int
	Bytes    int64           // of all objects as they came
	Total    int             // as announced by the first page; -1 when it wasn't
	Facts    json.RawMessage // what the crawler noted on the way
}

// Writer spools one collection. Not safe for concurrent use.
type Writer struct {
	dir     string
	meta    Meta
	data    *os.File
	buffer  *bufio.Writer
	index   *os.File
	indexes *bufio.Writer
	pages   *os.File
	encoder *json.Encoder
	at      uint64
}

// Create begins a collection in dir, replacing one of that name.
func Create(dir, name string) (*Writer, error) {
	w := &Writer{dir: filepath.Join(dir, name), meta: Meta{Name: name, Total: -1}}
	if err := os.MkdirAll(w.dir, 0o700); err != nil {
		return nil, fmt.Errorf("making the scratch folder of %s: %w", name, err)
	}
	var err error
	open := func(file string) *os.File {
		if err != nil {
			return nil
		}
		var f *os.File
		f, err = os.OpenFile(filepath.Join(w.dir, file), os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
		return f
	}
	w.data, w.index, w.pages = open("objects"), open("index"), open("pages")
	if err != nil {
		return nil, fmt.Errorf("opening the scratch files of %s: %w", name, err)
	}
	w.buffer, w.indexes = bufio.NewWriterSize(w.data, 1<<20), bufio.NewWriterSize(w.index, 1<<18)
	w.encoder = json.NewEncoder(w.pages)
	return w, nil
}

// Add appends one object. id is its identifier, empty when it has none.
func (w *Writer) Add(id string, object []byte) error {
	var head [12]byte
	binary.LittleEndian.PutUint32(head[:4], uint32(len(id)))
	binary.LittleEndian.PutUint64(head[4:], uint64(len(object)))
	var place [8]byte
	binary.LittleEndian.PutUint64(place[:], w.at)
	for _, part := range [][]byte{head[:], []byte(id), object} {
		if _, err := w.buffer.Write(part); err != nil {
			return fmt.Errorf("spooling an object of %s: %w", w.meta.Name, err)
		}
	}
	if _, err := w.indexes.Write(place[:]); err != nil {
		return fmt.Errorf("spooling the index of %s: %w", w.meta.Name, err)
	}
	w.at += uint64(len(head) + len(id) + len(object))
	w.meta.Objects++
	w.meta.Bytes += int64(len(object))
	return nil
}

// Len gives how many objects were added.
func (w *Writer) Len() int { return w.meta.Objects }

// Bytes gives how long all of them are together.
func (w *Writer) Bytes() int64 { return w.meta.Bytes }

// Page appends the record of one page.
func (w *Writer) Page(p Page) error {
	if err := w.encoder.Encode(p); err != nil {
		return fmt.Errorf("spooling a page of %s: %w", w.meta.Name, err)
	}
	return nil
}

// Close ends the collection. reason is why the crawl broke off, empty when it
// is complete; total is what the first page announced, -1 for nothing; facts are
// kept as JSON for Collection.Facts.
func (w *Writer) Close(reason string, total int, facts any) error {
	w.meta.Reason, w.meta.Complete, w.meta.Total = reason, reason == "", total
	var err error
	if w.meta.Facts, err = json.Marshal(facts); err != nil {
		return fmt.Errorf("keeping the facts of %s: %w", w.meta.Name, err)
	}
	text, _ := json.Marshal(w.meta)
	return errors.Join(w.buffer.Flush(), w.indexes.Flush(), w.data.Close(), w.index.Close(), w.pages.Close(),
		os.WriteFile(filepath.Join(w.dir, "meta"), text, 0o600))
}

// Collection reads a spooled collection. Safe for concurrent use.
type Collection struct {
	Meta
	dir     string
	data    *os.File
	offsets []uint64
	seed    maphash.Seed
	hashes  []hashed // sorted by hash
}

// hashed is kept small, for there are millions: identifiers whose hash is the
// same are told apart by reading them.
type hashed struct{ hash, index uint32 }

// Open reads the collection called name in dir. A collection that was never
// crawled is os.ErrNotExist.
func Open(dir, name string) (*Collection, error) {
	c := &Collection{dir: filepath.Join(dir, name), seed: maphash.MakeSeed()}
	text, err := os.ReadFile(filepath.Join(c.dir, "meta"))
	if err != nil {
		return nil, fmt.Errorf("opening the crawl of %s: %w", name, err)
	}
	if err := json.Unmarshal(text, &c.Meta); err != nil {
		return nil, fmt.Errorf("opening the crawl of %s: %w", name, err)
	}
	index, err := os.ReadFile(filepath.Join(c.dir, "index"))
	if err != nil {
		return nil, fmt.Errorf("opening the crawl of %s: %w", name, err)
	}
	c.offsets = make([]uint64, len(index)/8)
	for i := range c.offsets {
		c.offsets[i] = binary.LittleEndian.Uint64(index[i*8:])
	}
	if c.data, err = os.Open(filepath.Join(c.dir, "objects")); err != nil {
		return nil, fmt.Errorf("opening the crawl of %s: %w", name, err)
	}
	c.hashes = make([]hashed, 0, len(c.offsets))
	err = c.Each(func(i int, id string, _ []byte) bool {
		c.hashes = append(c.hashes, hashed{uint32(maphash.String(c.seed, id)), uint32(i)})
		return true
	})
	slices.SortFunc(c.hashes, func(a, b hashed) int {
		return cmp.Or(cmp.Compare(a.hash, b.hash), cmp.Compare(a.index, b.index))
	})
	return c, err
}

// Close releases the spool.
func (c *Collection) Close() error { return c.data.Close() }

// Len gives how many objects were crawled, repeated ones included.
func (c *Collection) Len() int { return len(c.offsets) }

// Each reads the objects in the order they came until visit returns false. The
// bytes are only valid during the call.
func (c *Collection) Each(visit func(i int, id string, object []byte) bool) error {
	r := bufio.NewReaderSize(io.NewSectionReader(c.data, 0, 1<<62), 1<<18)
	var head [12]byte
	var buffer []byte
	for i := range c.offsets {
		if _, err := io.ReadFull(r, head[:]); err != nil {
			return fmt.Errorf("reading object %d of %s: %w", i, c.Name, err)
		}
		ids, size := int(binary.LittleEndian.Uint32(head[:4])), int(binary.LittleEndian.Uint64(head[4:]))
		buffer = slices.Grow(buffer[:0], ids+size)[:ids+size]
		if _, err := io.ReadFull(r, buffer); err != nil {
			return fmt.Errorf("reading object %d of %s: %w", i, c.Name, err)
		}
		if !visit(i, string(buffer[:ids]), buffer[ids:]) {
			return nil
		}
	}
	return nil
}

// At reads the object at index i.
func (c *Collection) At(i int) (id string, object []byte, err error) {
	var head [12]byte
	if _, err = c.data.ReadAt(head[:], int64(c.offsets[i])); err != nil {
		return "", nil, fmt.Errorf("reading object %d of %s: %w", i, c.Name, err)
	}
	ids, size := int(binary.LittleEndian.Uint32(head[:4])), int(binary.LittleEndian.Uint64(head[4:]))
	buffer := make([]byte, ids+size)
	if _, err = c.data.ReadAt(buffer, int64(c.offsets[i])+12); err != nil {
		return "", nil, fmt.Errorf("reading object %d of %s: %w", i, c.Name, err)
	}
	return string(buffer[:ids]), buffer[ids:], nil
}

// Find gives the index of the first object with the identifier, or -1.
func (c *Collection) Find(id string) int {
	hash := uint32(maphash.String(c.seed, id))
	i := sort.Search(len(c.hashes), func(i int) bool { return c.hashes[i].hash >= hash })
	for ; i < len(c.hashes) && c.hashes[i].hash == hash; i++ {
		if got, _, err := c.At(int(c.hashes[i].index)); err == nil && got == id {
			return int(c.hashes[i].index)
		}
	}
	return -1
}

// Has tells whether an object of that identifier was crawled.
func (c *Collection) Has(id string) bool { return c.Find(id) >= 0 }

// Repeated gives identifiers that came more than once, at most limit of them,
// with the indexes at which they came.
func (c *Collection) Repeated(limit int) map[string][]int {
	out := map[string][]int{}
	for from := 0; from < len(c.hashes) && len(out) < limit; {
		to := from + 1
		for to < len(c.hashes) && c.hashes[to].hash == c.hashes[from].hash {
			to++
		}
		if to-from > 1 {
			// A hash accuses nobody: the identifiers themselves are compared.
			places := map[string][]int{}
			for _, h := range c.hashes[from:to] {
				if id, _, err := c.At(int(h.index)); err == nil {
					places[id] = append(places[id], int(h.index))
				}
			}
			for id, at := range places {
				if len(at) > 1 {
					out[id] = at
				}
			}
		}
		from = to
	}
	return out
}

// Pages reads the page records in order until visit returns false.
func (c *Collection) Pages(visit func(Page) bool) error {
	f, err := os.Open(filepath.Join(c.dir, "pages"))
	if err != nil {
		return fmt.Errorf("reading the pages of %s: %w", c.Name, err)
	}
	defer f.Close()
	for d := json.NewDecoder(bufio.NewReaderSize(f, 1<<18)); ; {
		var p Page
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("reading the pages of %s: %w", c.Name, err)
		}
		if !visit(p) {
			return nil
		}
	}
}

// PageOf finds the page that object i came on.
func (c *Collection) PageOf(i int) (found Page, ok bool) {
	_ = c.Pages(func(p Page) bool {
		if i >= p.First && i < p.First+p.Count {
			found, ok = p, true
		}
		return !ok
	})
	return found, ok
}

// Fact decodes what the crawler noted into v.
func (c *Collection) Fact(v any) error { return json.Unmarshal(c.Facts, v) }
