package service

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"time"

	"github.com/rollcall-edu/rollcall/fixtures/bundle"
	"github.com/rollcall-edu/rollcall/reference/oneroster"
	"github.com/rollcall-edu/rollcall/reference/sis"
	"github.com/rollcall-edu/rollcall/reference/store"
)

// held answers with everything that the mirror holds, an object a line, with a member
// "collection" before its own, which are named as OneRoster 1.2 does.
func (s *Service) held(w http.ResponseWriter, r *http.Request) {
	patient(w)
	w.Header().Set("Content-Type", "application/x-ndjson")
	if err := writeHeld(r.Context(), s.c.Mirror.Store(), w); err != nil {
		// The status is sent: a reader must not take what came for all of it.
		panic(http.ErrAbortHandler)
	}
}

func writeHeld(ctx context.Context, from store.Store, w io.Writer) error {
	b := bufio.NewWriter(w)
	var line []byte
	for _, c := range sis.Collections() {
		if c == sis.CSVRows {
			continue // rows of files, and no objects
		}
		name, err := json.Marshal(c)
		if err != nil {
			return err
		}
		err = from.Scan(ctx, c, 0, math.MaxInt32, func(_ store.Key, body []byte) error {
			line = append(append(append(line[:0], `{"collection":`...), name...), ',')
			line = oneroster.AppendDocument(line, body[1:], oneroster.Addresses{})
			_, err := b.Write(append(line, '\n'))
			return err
		})
		if err != nil {
			return fmt.Errorf("reading %s from the mirror: %w", c, err)
		}
	}
	return b.Flush()
}

// export answers with what the mirror holds as a bundle of CSV files (OneRoster 1.2 CSV
// Binding), in ?version=1.1 as those of 1.1.
func (s *Service) export(w http.ResponseWriter, r *http.Request) {
	patient(w)
	version := r.URL.Query().Get("version")
	if version != "" && version != "1.1" && version != "1.2" {
		refuse(w, http.StatusBadRequest, "There are bundles of version 1.1 and 1.2.")
		return
	}
	d, err := sis.Unload(r.Context(), s.c.Mirror.Store())
	if err != nil {
		refuse(w, http.StatusInternalServerError, "The mirror can't be read.")
		return
	}
	w.Header().Set("Content-Type", "application/zip")
	w.Header().Set("Content-Disposition", `attachment; filename="mirror.zip"`)
	_, err = bundle.Write(w, d, bundle.Options{Version: version, Resources: true, Gradebook: true})
	if err == nil {
		err = d.Err()
	}
	if err != nil {
		panic(http.ErrAbortHandler) // as in held
	}
}

// patient lets an answer take as long as a large roster takes.
func patient(w http.ResponseWriter) {
	// Where the writer has no deadline there is none to take away.
	_ = http.NewResponseController(w).SetWriteDeadline(time.Time{})
}
