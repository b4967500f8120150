package mutant

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"

	"github.com/rollcall-edu/rollcall/reference/fault/bend"
)

// Mutant is one change at one place.
type Mutant struct {
	// Name tells which, such as "GET /users: email is null".
	Name string
	// Structural says that no answer of the place can be used any more, so that any
	// judge of it must notice.
	Structural bool

	place   place
	change  func(*answer) bool
	request func(url.Values) bool
	bites   atomic.Int64
}

// answer is what a mutant changes.
type answer struct {
	*httptest.ResponseRecorder
	place place
}

// Bites tells how many answers came out otherwise than they were. A mutant that never
// bit can't be noticed.
func (m *Mutant) Bites() int64 { return m.bites.Load() }

// Wrap puts the mutant around a provider.
func (m *Mutant) Wrap(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !m.place.matches(r) {
			h.ServeHTTP(w, r)
			return
		}
		inner := r.Clone(r.Context())
		inner.Header.Del("Accept-Encoding") // so that the answer can be read
		if m.request != nil {
			q := inner.URL.Query()
			if m.request(q) {
				inner.URL.RawQuery = strings.ReplaceAll(q.Encode(), "+", "%20")
				m.bites.Add(1)
			}
		}
		got := bend.Answered(h, inner)
		if m.change != nil && m.change(&answer{got, m.place}) {
			m.bites.Add(1)
		}
		bend.Give(w, got)
	})
}

// object is a JSON object under change.
type object = map[string]any

// setBody puts another body into an answer.
func (a *answer) setBody(b []byte) bool {
	if bytes.Equal(a.Body.Bytes(), b) {
		return false
	}
	a.Body.Reset()
	a.Body.Write(b)
	return true
}

// good tells whether the answer gives what was asked for.
func (a *answer) good() bool { return a.Code == http.StatusOK && a.Body.Len() > 0 }

// envelope changes a good answer as JSON.
func (a *answer) envelope(change func(object) bool) bool {
	var e object
	d := json.NewDecoder(bytes.NewReader(a.Body.Bytes()))
	d.UseNumber()
	if !a.good() || d.Decode(&e) != nil || !change(e) {
		return false
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	return encoder.Encode(e) == nil && a.setBody(out.Bytes())
}

// list changes the list of a collection.
func (a *answer) list(change func([]any) []any) bool {
	return a.envelope(func(e object) bool {
		for name, v := range e {
			if l, ok := v.([]any); ok && len(l) > 0 {
				e[name] = change(l)
				return true
			}
		}
		return false
	})
}

// objects changes each object, and tells whether one has changed.
func (a *answer) objects(change func(object) bool) bool {
	return a.envelope(func(e object) (changed bool) {
		for _, v := range e {
			switch v := v.(type) {
			case object:
				changed = change(v) || changed
			case []any:
				for _, o := range v {
					if o, ok := o.(object); ok {
						changed = change(o) || changed
					}
				}
			}
		}
		return changed
	})
}
