package reports

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"syscall"
)

// ErrFormat is wrapped by errors that say a document is no report, or one that
// this version can't read.
var ErrFormat = errors.New("not a readable report")

// Read reads a report from a file.
func Read(path string) (*Report, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("reading the report: %w", err)
	}
	defer f.Close()
	r, err := Decode(bufio.NewReader(f))
	if err != nil {
		return nil, fmt.Errorf("reading the report %s: %w", path, err)
	}
	return r, nil
}

// Decode reads a report. Members it doesn't know are skipped, so that a report
// of a later minor version can be read; a later major version is refused.
func Decode(in io.Reader) (*Report, error) {
	d := json.NewDecoder(in)
	var r Report
	if err := d.Decode(&r); err != nil {
		return nil, decodeError(err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%w: something follows the end of the JSON document; the file may have been written twice, or edited", ErrFormat)
	}
	if err := checkFormat(r.Format); err != nil {
		return nil, err
	}
	return &r, nil
}

func decodeError(err error) error {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.Is(err, io.EOF):
		return fmt.Errorf("%w: the file is empty; was the run ended while it was being written?", ErrFormat)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("%w: the JSON ends too early; the file is cut off", ErrFormat)
	case errors.As(err, &syntax):
		return fmt.Errorf("%w: it is no JSON at byte %d: %v; give the report.json of a run", ErrFormat, syntax.Offset, err)
	case errors.As(err, &kind):
		return fmt.Errorf("%w: member %q holds a %s where a %s belongs; was the file edited?", ErrFormat, kind.Field, kind.Value, kind.Type)
	}
	return fmt.Errorf("decoding the report: %w", err)
}

func checkFormat(format string) error {
	if format == "" {
		return fmt.Errorf("%w: it has no member \"format\"; give the report.json of a run", ErrFormat)
	}
	theirs, _, ok := strings.Cut(format, ".")
	ours, _, _ := strings.Cut(FormatVersion, ".")
	if _, err := strconv.Atoi(theirs); !ok || err != nil {
		return fmt.Errorf("%w: its format version %q is not of the form 1.0", ErrFormat, clip(oneLine(format), 40))
	}
	if theirs != ours {
		return fmt.Errorf("%w: its format version is %s, this rollcall reads %s.x; use the rollcall that wrote it, or a newer one", ErrFormat,
			oneLine(format), ours)
	}
	return nil
}

// JSON writes the report document, indented, with a line feed at the end. Lists
// that must be there are written as empty ones, never as null.
func JSON(w io.Writer, r *Report) error {
	full := complete(*r)
	s := stream{w: w, indent: "  "}
	s.part(reflect.ValueOf(&full), 0)
	s.raw("\n")
	if s.err != nil {
		return fmt.Errorf("encoding the report: %w", s.err)
	}
	return nil
}

// complete gives a copy in which each list the schema requires is there. What
// the caller holds is left alone.
func complete(r Report) Report {
	if r.Format == "" {
		r.Format = FormatVersion
	}
	list(&r.Run.Profiles)
	list(&r.Diagnoses)
	list(&r.Waivers)
	list(&r.Facts)
	list(&r.Exchanges)
	copied(&r.Profiles, func(p *ProfileResult) { list(&p.Requirements) })
	copied(&r.Requirements, func(q *RequirementResult) {
		list(&q.Citations)
		list(&q.Checks)
	})
	copied(&r.Checks, func(c *CheckResult) {
		list(&c.Requirements)
		list(&c.Results)
	})
	return r
}

func list[T any](s *[]T) {
	if *s == nil {
		*s = []T{}
	}
}

func copied[T any](s *[]T, each func(*T)) {
	out := make([]T, len(*s))
	copy(out, *s)
	for i := range out {
		each(&out[i])
	}
	*s = out
}

// Write saves the report as JSON. A reader finds the old file or the whole new
// one, never a half: see WriteFile.
func Write(path string, r *Report) error {
	return WriteFile(path, func(w io.Writer) error { return JSON(w, r) })
}

// WriteFile saves what write produces under path, by way of a file beside it
// that takes the name only once it is complete and on disk. On any error the
// file that stood there before is untouched.
func WriteFile(path string, write func(io.Writer) error) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return writeError(path, err)
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
		}
	}()
	b := bufio.NewWriterSize(f, 1<<16)
	if err := write(b); err != nil {
		return writeError(path, err)
	}
	if err := b.Flush(); err != nil {
		return writeError(path, err)
	}
	// CreateTemp makes files for the owner alone; a report is meant to be shared,
	// and holds no secrets.
	if err := f.Chmod(0o644); err != nil && !errors.Is(err, errors.ErrUnsupported) {
		return writeError(path, err)
	}
	if err := f.Sync(); err != nil {
		return writeError(path, err)
	}
	if err := f.Close(); err != nil {
		return writeError(path, err)
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return writeError(path, err)
	}
	return nil
}

// writeError names the cause and the remedy of what commonly goes wrong.
func writeError(path string, err error) error {
	remedy := ""
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		remedy = "the disk or your quota is full: free some space, or choose another output folder"
	case errors.Is(err, syscall.EROFS):
		remedy = "the file system is read-only: choose another output folder"
	case errors.Is(err, fs.ErrPermission):
		remedy = "you may not write to " + filepath.Dir(path) + ": choose another output folder, or change its permissions"
	case errors.Is(err, fs.ErrNotExist):
		remedy = "the folder " + filepath.Dir(path) + " does not exist: create it first"
	case errors.Is(err, syscall.ENOTDIR):
		remedy = filepath.Dir(path) + " is not a folder: choose another output folder"
	case errors.Is(err, syscall.EISDIR), errors.Is(err, fs.ErrExist):
		remedy = path + " is a folder: name a file"
	default:
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return fmt.Errorf("writing %s: %s (%w)", path, remedy, err)
}
