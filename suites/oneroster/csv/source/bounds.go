package source

import (
	"errors"
	"fmt"
	"io"
)

// maxDirectory bounds the directory of a zip, in bytes: it has room for some forty
// thousand entries of ordinary names. A bundle has 22 files, and a directory of a
// million entries would take a gigabyte to hold.
const maxDirectory = 4 << 20

// maxSalvaged bounds how many headers are looked at in a zip without a directory.
const maxSalvaged = 10_000

var errDirectory = errors.New("the directory of the zip is too long for a bundle")

// directory lets through what it takes to read the directory of a zip, and
// everything once that is open.
type directory struct {
	io.ReaderAt
	left int64
	open bool
}

func (d *directory) ReadAt(p []byte, at int64) (int, error) {
	if !d.open {
		if d.left -= int64(len(p)); d.left < 0 {
			return 0, errDirectory
		}
	}
	return d.ReaderAt.ReadAt(p, at)
}

// DefaultLimit is how much a bundle may unpack to unless somebody says otherwise:
// some eighty million rows, ten times what the largest states send.
const DefaultLimit = 8 << 30

// TooLarge tells that a bundle unpacks to more than it may.
type TooLarge struct{ Unpacked, Limit int64 }

func (e *TooLarge) Error() string {
	return fmt.Sprintf("the bundle unpacks to %s, and the limit is %s", size(e.Unpacked), size(e.Limit))
}

// size words a number of bytes.
func size(n int64) string {
	switch {
	case n >= 1<<30:
		return fmt.Sprintf("%.1f GiB", float64(n)/(1<<30))
	case n >= 1<<20:
		return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
	}
	return fmt.Sprintf("%d bytes", n)
}

// Within tells whether what the bundle announces stays within a limit (0: the
// default); readers hold every entry to what it announces. The error is a
// *TooLarge.
func (b *Bundle) Within(limit int64) error {
	if limit <= 0 {
		limit = DefaultLimit
	}
	var sum int64
	for _, e := range b.Entries {
		// One entry alone may announce nearly all that a number holds.
		if sum += max(e.Size, 0); sum > limit || sum < 0 || e.Size < -1 {
			return &TooLarge{max(sum, e.Size, limit), limit}
		}
	}
	return nil
}

// Shut is a file of the standard that the package holds and nobody can read.
type Shut struct {
	Name   string // as in Entry
	Path   string
	Fault  Fault
	Detail string
}

// ShutFile finds a file that is there and can't be read; nil when there is none.
func (b *Bundle) ShutFile(name string) *Shut {
	for i := range b.Shut {
		if b.Shut[i].Name == name && b.Entry(name) == nil {
			return &b.Shut[i]
		}
	}
	return nil
}

// shut notes a fault for which an entry can't be read at all.
func (b *Bundle) shut(f Fault, path string, known func(string) bool, detail string, args ...any) {
	b.problem(f, path, detail, args...)
	name, _ := named(path, known)
	if name != "" && b.ShutFile(name) == nil {
		b.Shut = append(b.Shut, Shut{Name: name, Path: path, Fault: f, Detail: fmt.Sprintf(detail, args...)})
	}
}

// announced reads no more of an entry than it announces.
type announced struct {
	io.ReadCloser
	left int64
}

func (a *announced) Read(p []byte) (int, error) {
	n, err := a.ReadCloser.Read(p)
	if a.left -= int64(n); a.left < 0 {
		return 0, errors.New("the entry unpacks to more than it announces")
	}
	return n, err
}
