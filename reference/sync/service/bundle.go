package service

import (
	"fmt"
	"io/fs"
	"path/filepath"
	"time"

	"github.com/rollcall-edu/rollcall/reference/sync/bundle"
)

// dropped is a bundle as it lies there now. What takes its place under the same name later is
// another source, so that pages of two bundles never come together.
type dropped struct {
	*bundle.Source
	name string
}

// openBundle opens what lies at a path.
func openBundle(path string, now time.Time) (*dropped, error) {
	var newest time.Time
	var size int64
	err := filepath.WalkDir(path, func(_ string, d fs.DirEntry, err error) error {
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
	source, err := bundle.New(path, now)
	if err != nil {
		return nil, fmt.Errorf("reading the bundle: %w", err)
	}
	return &dropped{source, fmt.Sprintf("%s of %s, %s bytes", source.Name(), newest.UTC().Format(time.RFC3339Nano), number(int(size)))}, nil
}

func (d *dropped) Name() string { return d.name }
