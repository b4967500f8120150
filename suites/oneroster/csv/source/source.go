package source

import (
	"archive/zip"
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/klauspost/compress/flate"
)

// Fault is what can be wrong with a package as such (OneRoster 1.2 CSV Binding
// §2).
type Fault string

// The faults of packages.
const (
	Unreadable Fault = "zip"       // no zip, or cut short
	Folder     Fault = "root"      // a file lies in a folder
	Twice      Fault = "once"      // one name is there more than once
	Encrypted  Fault = "plain"     // an entry is encrypted
	Unsafe     Fault = "safe-name" // a name leads out of the package
	Method     Fault = "deflate"   // compressed in another way
	Bomb       Fault = "size"      // unpacks to absurdly much
	Unknown    Fault = "known"     // no file of the standard
	Litter     Fault = "litter"    // what file managers leave behind
	NameCase   Fault = "name-case" // right but for upper and lower case
	Extension  Fault = "extension" // the package isn't called .zip
	Closed     Fault = "closed"    // an entry whose content can't be unpacked
)

// Problem is one fault, with the entry that shows it.
type Problem struct {
	Fault  Fault
	Entry  string
	Detail string
}

// Entry is one file of a bundle.
type Entry struct {
	Name string // without folder and .csv, e.g. users
	Path string // as it stands in the package
	Size int64  // unpacked bytes, as announced; -1 when not known
	open func() (io.ReadCloser, error)
}

// Open reads the entry from its beginning.
func (e *Entry) Open() (io.ReadCloser, error) {
	r, err := e.open()
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", e.Path, err)
	}
	return r, nil
}

// Bundle is an opened package.
type Bundle struct {
	Path     string
	Kind     string // "zip", "folder" or "file"
	Size     int64  // bytes of the package as it is
	Entries  []Entry
	Shut     []Shut
	Problems []Problem
	closers  []func() error
}

// Close releases the package.
func (b *Bundle) Close() error {
	var errs []error
	for _, c := range b.closers {
		errs = append(errs, c())
	}
	return errors.Join(errs...)
}

// Entry finds a file by name; nil when the bundle has none.
func (b *Bundle) Entry(name string) *Entry {
	if i := slices.IndexFunc(b.Entries, func(e Entry) bool { return e.Name == name }); i >= 0 {
		return &b.Entries[i]
	}
	return nil
}

func (b *Bundle) problem(f Fault, entry, detail string, args ...any) {
	b.Problems = append(b.Problems, Problem{Fault: f, Entry: entry, Detail: fmt.Sprintf(detail, args...)})
}

// Open opens a zip, a folder or a single CSV file. An error means that there is
// nothing to read at all; what is wrong with a package is in its Problems.
// known names the files that a bundle may hold.
func Open(path string, known func(name string) bool) (*Bundle, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("opening the bundle: %w", err)
	}
	b := &Bundle{Path: path, Size: info.Size()}
	switch {
	case info.IsDir():
		b.Kind = "folder"
		err = b.folder(path, known)
	default:
		err = b.file(path, known)
	}
	if err != nil {
		b.Close()
		return nil, err
	}
	return b, nil
}

// file tells a zip from a loose file by its first bytes.
func (b *Bundle) file(path string, known func(string) bool) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("opening the bundle: %w", err)
	}
	b.closers = append(b.closers, f.Close)
	reopen := func() (io.ReadCloser, error) { return os.Open(path) }
	b.bytes(f, filepath.Base(path), reopen, known)
	return nil
}

// bytes reads a package, or a loose file called base, from memory or disk.
func (b *Bundle) bytes(f io.ReaderAt, base string, reopen func() (io.ReadCloser, error), known func(string) bool) {
	head := make([]byte, 4)
	n, _ := f.ReadAt(head, 0)
	isZip := n >= 2 && bytes.HasPrefix(head, []byte("PK"))
	if !isZip && !strings.EqualFold(filepath.Ext(base), ".zip") {
		b.Kind = "file"
		b.Entries = []Entry{{Name: nameOf(base), Path: base, Size: b.Size, open: reopen}}
		return
	}
	b.Kind = "zip"
	if !strings.EqualFold(filepath.Ext(base), ".zip") {
		b.problem(Extension, base, "a zip under another extension")
	}
	bounded := &directory{ReaderAt: f, left: maxDirectory}
	z, err := zip.NewReader(bounded, b.Size)
	bounded.open = true
	if errors.Is(err, errDirectory) {
		b.problem(Bomb, base, "the directory of the zip is longer than %s; a bundle has at most %d files", size(maxDirectory), len(names))
		return
	}
	if err != nil {
		b.salvage(f, known)
		b.problem(Unreadable, base, "%s", unreadable(head[:n], b.Size, err, len(b.Entries)))
		return
	}
	z.RegisterDecompressor(zip.Deflate, inflater)
	if slices.ContainsFunc(z.File, func(e *zip.File) bool { return e.Name == "[Content_Types].xml" || e.Name == "META-INF/manifest.xml" }) {
		b.Problems = nil // its extension is right
		b.problem(Unreadable, base, Workbook)
		return
	}
	for _, e := range z.File {
		b.zipEntry(&e.FileHeader, known, e.Open)
	}
}

// inflater unpacks an entry. It reads more at once than flate would by itself, for a call
// of the system every four kilobytes costs some of what unpacking does.
func inflater(r io.Reader) io.ReadCloser { return flate.NewReader(bufio.NewReaderSize(r, 64<<10)) }

func unreadable(head []byte, size int64, err error, salvaged int) string {
	switch {
	case size == 0:
		return "the file is empty"
	case salvaged > 0:
		return fmt.Sprintf("the zip is cut short or damaged: %v; what can be read of %d files is judged all the same", err, salvaged)
	case bytes.HasPrefix(head, []byte(localHeader)):
		return "the zip is cut short or damaged: " + err.Error()
	}
	return "this is no zip: " + err.Error()
}

// maxRatio bounds what an entry may unpack to: CSV of one repeated row reaches
// about 250, a bomb a thousand.
const maxRatio = 500

func (b *Bundle) zipEntry(e *zip.FileHeader, known func(string) bool, open func() (io.ReadCloser, error)) {
	path := e.Name
	if strings.HasSuffix(path, "/") {
		return // a folder by itself holds nothing; the files in it are judged
	}
	base := path[strings.LastIndexAny(path, `/\`)+1:]
	switch {
	case strings.HasPrefix(path, "__MACOSX/"), base == ".DS_Store", base == "Thumbs.db", base == "desktop.ini":
		b.problem(Litter, path, "left behind by a file manager")
		return
	case strings.HasPrefix(path, "/"), strings.Contains("/"+strings.ReplaceAll(path, `\`, "/")+"/", "/../"), len(path) > 1 && path[1] == ':':
		b.problem(Unsafe, path, "the name leads out of the package")
		return
	case base != path:
		b.problem(Folder, path, "it lies in a folder")
	}
	switch {
	case e.Flags&1 != 0:
		b.shut(Encrypted, path, known, "the entry is encrypted")
		return
	case e.Method != zip.Deflate && e.Method != zip.Store:
		b.shut(Closed, path, known, "it is compressed by method %d, and OneRoster has deflate alone", e.Method)
		return
	case e.Method == zip.Store && e.UncompressedSize64 > 0:
		b.problem(Method, path, "the entry is stored, not deflated")
	case e.UncompressedSize64 > 1<<20 && e.UncompressedSize64 > e.CompressedSize64*maxRatio:
		b.shut(Bomb, path, known, "%d bytes unpack to %d", e.CompressedSize64, e.UncompressedSize64)
		return
	}
	b.add(Entry{Name: nameOf(base), Path: path, Size: int64(e.UncompressedSize64), open: open}, known)
}

// add takes an entry in, under the name that it is meant to have.
func (b *Bundle) add(e Entry, known func(string) bool) {
	name, exact := named(e.Path, known)
	switch {
	case name == "":
		b.problem(Unknown, e.Path, "%s", foreign(e.Path))
		return
	case !exact:
		b.problem(NameCase, e.Path, "the standard writes %s.csv", name)
	}
	e.Name = name
	if b.Entry(e.Name) != nil {
		b.problem(Twice, e.Path, "there is a second %s.csv", e.Name)
		return
	}
	b.Entries = append(b.Entries, e)
}

// What packages hold, or are, instead of CSV files.
const (
	Workbook = "this is a workbook of Excel or the like, no CSV"
	Inner    = "this is a zip within the zip"
	Renamed  = "the name doesn't end in .csv"
)

// foreign says what an entry is that is no file of the standard.
func foreign(path string) string {
	base := path[strings.LastIndexAny(path, `/\`)+1:]
	extension := strings.ToLower(filepath.Ext(base))
	switch extension {
	case ".xlsx", ".xls", ".xlsm", ".xlsb", ".ods", ".numbers":
		return Workbook
	case ".zip", ".gz", ".7z", ".rar":
		return Inner
	case ".txt", ".tsv", "":
		if knownInAnyCase(strings.TrimSuffix(base, filepath.Ext(base)), func(string) bool { return true }) != "" {
			return Renamed
		}
	}
	return "no file of OneRoster CSV has this name"
}

// named gives the file of the standard that an entry is meant to be, and whether
// its name is written as the standard has it; empty for none.
func named(path string, known func(string) bool) (name string, exact bool) {
	base := path[strings.LastIndexAny(path, `/\`)+1:]
	name = nameOf(base)
	if known(name) && base == name+".csv" {
		return name, true
	}
	return knownInAnyCase(name, known), false
}

// Names are the files of all versions, for telling a name in another case.
var names = []string{"manifest", "academicSessions", "categories", "classes", "classResources", "courses", "courseResources",
	"demographics", "enrollments",
	"lineItemLearningObjectiveIds", "lineItems", "lineItemScoreScales", "orgs", "resources", "resultLearningObjectiveIds", "results", "resultScoreScales",
	"roles", "scoreScales", "userProfiles", "userResources", "users"}

func knownInAnyCase(name string, known func(string) bool) string {
	for _, n := range names {
		if strings.EqualFold(n, name) && known(n) {
			return n
		}
	}
	return ""
}

// nameOf strips the extension.
func nameOf(base string) string {
	if i := strings.LastIndexByte(base, '.'); i > 0 && strings.EqualFold(base[i:], ".csv") {
		return base[:i]
	}
	return base
}

// folder lists loose files; those of subfolders are judged as in a zip.
func (b *Bundle) folder(dir string, known func(string) bool) error {
	b.Size = 0
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			if path == dir {
				return fmt.Errorf("reading the folder: %w", err)
			}
			b.problem(Unreadable, path, "%v", err)
			return nil
		}
		rel, _ := filepath.Rel(dir, path)
		rel = filepath.ToSlash(rel)
		switch {
		case d.IsDir():
			if strings.Count(rel, "/") > 3 {
				return fs.SkipDir
			}
			return nil
		case d.Name() == ".DS_Store", d.Name() == "Thumbs.db", d.Name() == "desktop.ini":
			b.problem(Litter, rel, "left behind by a file manager")
			return nil
		case d.Type()&fs.ModeSymlink != 0:
			b.problem(Unsafe, rel, "a symbolic link, which is not followed")
			return nil
		case !d.Type().IsRegular():
			b.problem(Unsafe, rel, "not a regular file")
			return nil
		case strings.Contains(rel, "/"):
			b.problem(Folder, rel, "it lies in a folder")
		}
		size := int64(-1)
		if info, err := d.Info(); err == nil {
			size = info.Size()
			b.Size += size
		}
		b.add(Entry{Name: nameOf(d.Name()), Path: rel, Size: size, open: func() (io.ReadCloser, error) { return os.Open(path) }}, known)
		return nil
	})
}
