package oneroster

import (
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/klauspost/compress/gzip"

	"github.com/rollcall-edu/rollcall/reference/store"
)

// sendObject sends a single object in its wrapper.
func (s *service) sendObject(w http.ResponseWriter, r *http.Request, e Endpoint, sourcedID string, key store.Key, q query,
	at Addresses) error {
	body := []byte(`{"` + e.Singular + `":`)
	there := false
	err := s.selector.store.Scan(r.Context(), e.Collection, key, key+1, func(_ store.Key, document []byte) error {
		there = true
		body = appendSelected(body, s.selector.view(e.Collection).show(document), q.fields, at)
		return nil
	})
	if err != nil {
		return err
	}
	if !there { // it was deleted since it was found
		return unknownObject(sourcedID)
	}
	out := newResponse(w, r)
	defer out.close()
	out.write(append(body, s.Dialect.end(q.warnings)...))
	return nil
}

// sendBatch is how many objects are read from the store at a time. Between two
// batches no connection of the database is held, so that a slow client keeps
// nobody else waiting.
const sendBatch = 256

// buffers holds the memory that batches are written in.
var buffers = sync.Pool{New: func() any { return new([]byte) }}

// sendPage streams one page of a collection in its wrapper.
//
// An error before the first byte is returned. Later there is no way to tell the
// client but to break the connection off, lest half a page pass for a whole one.
func (s *service) sendPage(w http.ResponseWriter, r *http.Request, wrapper string, selected selection, q query, at Addresses) error {
	if r.Method == http.MethodHead {
		newResponse(w, r).close()
		return nil
	}
	pooled := buffers.Get().(*[]byte)
	defer buffers.Put(pooled)
	buffer := append((*pooled)[:0], `{"`+wrapper+`":[`...)

	var out *response
	keys, err := s.selector.page(r.Context(), selected, q.offset, q.limit)
	if err != nil {
		return err
	}
	first := true
	for len(keys) > 0 {
		batch := keys[:min(len(keys), sendBatch)]
		keys = keys[len(batch):]
		err := s.selector.store.Read(r.Context(), selected.collection, batch, func(_ store.Key, document []byte) error {
			if !first {
				buffer = append(buffer, ',')
			}
			first = false
			buffer = appendSelected(buffer, s.selector.view(selected.collection).show(document), q.fields, at)
			return nil
		})
		if err != nil && out == nil {
			return err
		}
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		if out == nil {
			out = newResponse(w, r)
			defer out.close()
		}
		if len(keys) > 0 {
			out.write(buffer)
			buffer = buffer[:0]
		}
	}
	if out == nil {
		out = newResponse(w, r)
		defer out.close()
	}
	buffer = append(append(buffer, ']'), s.Dialect.end(q.warnings)...)
	out.write(buffer)
	*pooled = buffer
	return nil
}

func appendSelected(dst, document []byte, fields map[string]bool, at Addresses) []byte {
	if fields == nil {
		return AppendDocument(dst, document, at)
	}
	return AppendDocument(dst, selectMembers(nil, document, fields), at)
}

// response is a success body on its way out, compressed when the client takes
// gzip. Creating it sets the headers; they are sent with the first byte.
type response struct {
	out  io.Writer
	gzip *gzip.Writer
}

var gzipWriters = sync.Pool{New: func() any {
	// The fastest level: a page of JSON shrinks to a tenth even so.
	w, _ := gzip.NewWriterLevel(nil, gzip.BestSpeed)
	return w
}}

func newResponse(w http.ResponseWriter, r *http.Request) *response {
	header := w.Header()
	header.Set("Content-Type", "application/json")
	header.Set("Cache-Control", "no-store") // it is personal data
	header.Add("Vary", "Accept-Encoding")
	if !acceptsGzip(r.Header.Values("Accept-Encoding")) {
		return &response{out: w}
	}
	header.Set("Content-Encoding", "gzip")
	if r.Method == http.MethodHead {
		return &response{out: w} // without a body there is nothing to close either
	}
	compressed := gzipWriters.Get().(*gzip.Writer)
	compressed.Reset(w)
	return &response{out: compressed, gzip: compressed}
}

// write sends bytes. An error means that the client left, which the context of
// the request tells the store as well.
func (r *response) write(b []byte) { _, _ = r.out.Write(b) }

func (r *response) close() {
	if r.gzip != nil {
		_ = r.gzip.Close() // as in write
		gzipWriters.Put(r.gzip)
		r.gzip = nil
	}
}

// acceptsGzip reads Accept-Encoding (RFC 9110, section 12.5.3) as far as gzip is
// concerned: named, or by *, and not with a weight of zero.
func acceptsGzip(headers []string) bool {
	accepted := false
	for _, header := range headers {
		for item := range strings.SplitSeq(header, ",") {
			coding, parameters, _ := strings.Cut(item, ";")
			coding = strings.ToLower(strings.TrimSpace(coding))
			if coding != "gzip" && coding != "*" {
				continue
			}
			weight := 1.0
			if name, value, ok := strings.Cut(parameters, "="); ok && strings.EqualFold(strings.TrimSpace(name), "q") {
				var err error
				if weight, err = strconv.ParseFloat(strings.TrimSpace(value), 64); err != nil {
					weight = 0
				}
			}
			accepted = weight > 0
			if coding == "gzip" {
				return accepted // * is only for codings that are not named
			}
		}
	}
	return accepted
}
