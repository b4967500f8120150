package service

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/rollcall-edu/rollcall/reference/sync/bundle"
	"github.com/rollcall-edu/rollcall/reference/sync/bundle/intake"
)

// dropped is a bundle as it lies there now. What takes its place under the same name later is
// another source, so that pages of two bundles never come together.
type dropped struct {
	*bundle.Source
	name string
	done func() error // where something else is read in its place
}

// lying is the bundle at a path: the newest zip of a folder into which bundles are dropped, and
// otherwise what lies there itself.
func lying(path string) string {
	entries, err := os.ReadDir(path)
	if err != nil {
		return path // a file
	}
	newest, since := path, time.Time{}
	for _, e := range entries {
		info, err := e.Info()
		switch {
		case strings.EqualFold(filepath.Ext(e.Name()), ".csv"):
			return path // the folder is the bundle
		case err == nil && strings.EqualFold(filepath.Ext(e.Name()), ".zip") && !info.ModTime().Before(since):
			newest, since = filepath.Join(path, e.Name()), info.ModTime()
		}
	}
	return newest
}

// openBundle opens what lies at a path.
func openBundle(path string, now time.Time, h Hooks) (opened *dropped, err error) {
	done := func() error { return nil }
	if path = lying(path); h.Bundle != nil {
		var after func() error
		if path, after = h.Bundle(path); after != nil {
			done = after
		}
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, done())
		}
	}()
	rules := intake.Rules()
	if h.Intake != nil {
		rules = h.Intake(rules)
	}
	var newest time.Time
	var size int64
	err = filepath.WalkDir(path, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		size += info.Size()
		if info.ModTime().After(newest) {
			newest = info.ModTime()
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading the bundle: %w", err)
	}
	source, err := bundle.Held(path, now, rules)
	if err != nil {
		return nil, fmt.Errorf("reading the bundle: %w", err)
	}
	name := fmt.Sprintf("%s of %s, %s bytes", source.Name(), newest.UTC().Format(time.RFC3339Nano), number(int(size)))
	return &dropped{source, name, done}, nil
}

func (d *dropped) Name() string { return d.name }

// Close also does what is to be done when the bundle was read.
func (d *dropped) Close() error { return errors.Join(d.Source.Close(), d.done()) }
