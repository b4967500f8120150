package reports

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"testing"
)

func TestWriteThenRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "report.json")
	if err := Write(path, sample()); err != nil {
		t.Fatal(err)
	}
	first, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := Write(path, first); err != nil {
		t.Fatal(err)
	}
	again, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(first, again) {
		t.Error("a report that is read and written again is another")
	}
	if first.Run.Seed != sample().Run.Seed {
		t.Errorf("seed %d became %d", sample().Run.Seed, first.Run.Seed)
	}
}

func TestDecodeRefuses(t *testing.T) {
	for name, c := range map[string]struct{ document, want string }{
		"nothing":        {"", "empty"},
		"cut off":        {`{"format":"1.0","judge":{`, "cut off"},
		"HTML":           {"<html>", "no JSON"},
		"other JSON":     {`{"hello":1}`, `no member "format"`},
		"a later major":  {`{"format":"2.0"}`, "this rollcall reads 1.x"},
		"no version":     {`{"format":"one"}`, "not of the form"},
		"wrong type":     {`{"format":"1.0","exit":"none"}`, `member "exit" holds a string`},
		"trailing bytes": {`{"format":"1.0"}{}`, "something follows"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Decode(strings.NewReader(c.document))
			if !errors.Is(err, ErrFormat) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want ErrFormat with %q", err, c.want)
			}
		})
	}
	if _, err := Decode(strings.NewReader(`{"format":"1.7","later":true}`)); err != nil {
		t.Errorf("a later minor version is refused: %v", err)
	}
	if _, err := Read(filepath.Join(t.TempDir(), "none.json")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing file gives %v", err)
	}
}

func TestWriteFailsClearly(t *testing.T) {
	dir := t.TempDir()
	plain := filepath.Join(dir, "plain")
	if err := os.WriteFile(plain, []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ path, want string }{
		"no folder":      {filepath.Join(dir, "none", "report.json"), "does not exist"},
		"file as folder": {filepath.Join(plain, "report.json"), "not a folder"},
		"folder as file": {dir, "is a folder"},
	} {
		t.Run(name, func(t *testing.T) {
			err := Write(c.path, sample())
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
	for errno, want := range map[syscall.Errno]string{syscall.ENOSPC: "free some space", syscall.EROFS: "read-only", syscall.EACCES: "you may not write"} {
		err := writeError("out/report.json", &fs.PathError{Op: "write", Path: "out/x", Err: errno})
		if !strings.Contains(err.Error(), want) || !errors.Is(err, errno) {
			t.Errorf("%v is worded %v", errno, err)
		}
	}
}

// A write that fails half way, as on a full disk, must leave the old file and
// nothing else.
func TestWriteFileIsAtomic(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "report.json")
	if err := os.WriteFile(path, []byte("old"), 0o644); err != nil {
		t.Fatal(err)
	}
	err := WriteFile(path, func(w io.Writer) error {
		fmt.Fprint(w, strings.Repeat("new", 1<<16))
		return &fs.PathError{Op: "write", Path: path, Err: syscall.ENOSPC}
	})
	if err == nil || !strings.Contains(err.Error(), "disk") {
		t.Errorf("got %v", err)
	}
	if got, _ := os.ReadFile(path); string(got) != "old" {
		t.Errorf("the old file became %.20q", got)
	}
	if left, _ := os.ReadDir(dir); len(left) != 1 {
		t.Errorf("%d files are left, want the old one only", len(left))
	}
}

// A report with nothing in it is still a valid document, and still renders.
func TestEmptyReport(t *testing.T) {
	for _, f := range Formats() {
		var b bytes.Buffer
		if err := Render(f.Name, &b, &Report{Outcome: Unconfigured, Exit: ExitConfiguration}); err != nil {
			t.Errorf("%s: %v", f.Name, err)
		}
		if f.Name == "json" {
			if err := Validate(b.Bytes()); err != nil {
				t.Error(err)
			}
		}
	}
	if err := Render("docx", io.Discard, sample()); err == nil || !strings.Contains(err.Error(), "json, html, district, junit, sarif, markdown, summary, badge, annotations, har, text") {
		t.Errorf("an unknown format gives %v", err)
	}
}
