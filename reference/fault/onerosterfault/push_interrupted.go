package onerosterfault

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// leaving is how long a wrapper waits for a client to leave before it answers: one that stays
// waits for the answer.
const leaving = 200 * time.Millisecond

// first tells whether an object of the kinds that others refer to is put for the first time:
// on these alone is looked whether a client leaves, for it takes a while.
func (w *write) first() bool {
	return w.is(http.MethodPut) && w.before() == 0 &&
		(strings.HasPrefix(w.path, "/categories/") || strings.HasPrefix(w.path, "/assessmentLineItems/"))
}

// leaves tells whether the client leaves without its answer.
func (w *write) leaves() bool {
	select {
	case <-w.r.Context().Done():
		return true
	case <-time.After(leaving):
		return false
	}
}

// interruptedFaults are what goes wrong with what breaks off.
func interruptedFaults() map[string]func(*write) *answer {
	conflict := func(w *write) *answer {
		return w.as(http.StatusConflict, `{"imsx_codeMajor":"failure","imsx_severity":"error","imsx_description":"in progress"}`)
	}
	locked := func(w *write) bool {
		w.mu.Lock()
		defer w.mu.Unlock()
		return w.is(http.MethodPut) && w.left[w.id]
	}
	lock := func(w *write) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.left[w.id] = true
	}
	return map[string]func(*write) *answer{
		"push-stores-half": func(w *write) *answer {
			if !w.ended || !w.is(http.MethodPut) {
				return w.pass()
			}
			wrapper, _, _ := strings.Cut(strings.TrimPrefix(string(w.body), `{"`), `"`)
			w.r = w.r.Clone(w.r.Context())
			body, _ := json.Marshal(map[string]any{wrapper: map[string]any{"sourcedId": w.id, "status": "active",
				"dateLastModified": sentTime, "title": "Untitled"}})
			w.trust()
			w.ask(http.MethodPut, w.r.URL.Path, body)
			return nil
		},
		"push-locks-what-broke": func(w *write) *answer {
			if w.ended {
				lock(w)
			}
			if locked(w) {
				return conflict(w)
			}
			return w.pass()
		},
		"push-half-when-left": func(w *write) *answer {
			first := w.first()
			a := w.pass()
			if first && a.status == http.StatusCreated && w.leaves() {
				w.bent(func(o map[string]any) {
					for _, name := range []string{"weight", "description"} {
						delete(o, name)
					}
				})
				w.pass()
			}
			return a
		},
		"push-locks-what-nobody-read": func(w *write) *answer {
			if locked(w) {
				return conflict(w)
			}
			first := w.first()
			a := w.pass()
			if first && w.leaves() {
				lock(w)
			}
			return a
		},
		// It is a variant: who wasn't answered doesn't know whether it is stored.
		"push-undone-when-left": func(w *write) *answer {
			first := w.first()
			a := w.pass()
			if first && a.status == http.StatusCreated && w.leaves() {
				w.trust()
				w.ask(http.MethodDelete, w.r.URL.Path, nil)
			}
			return a
		},
	}
}

// letsInBeside opens PUT to tokens for a scope of a service beside, below a path that begins so.
func letsInBeside(begins, family string) wrapper {
	var mu sync.Mutex
	scopes := map[string]string{} // of each token
	within := writing(begins, func(w *write) *answer {
		mu.Lock()
		scope := scopes[w.r.Header.Get("Authorization")]
		mu.Unlock()
		if w.is(http.MethodPut) && strings.Contains(scope, "/scope/"+family) && !strings.Contains(scope, " ") {
			w.r = w.r.Clone(w.r.Context())
			w.trust()
		}
		return w.pass()
	})
	return func(h http.Handler) http.Handler {
		inner := within(h)
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !isToken(r) {
				inner.ServeHTTP(w, r)
				return
			}
			body, err := io.ReadAll(r.Body)
			if err != nil {
				panic(http.ErrAbortHandler)
			}
			r.Body = io.NopCloser(bytes.NewReader(body))
			asked, _ := url.ParseQuery(string(body))
			a := ask(h, r)
			var granted struct {
				Token string `json:"access_token"`
			}
			_ = json.Unmarshal(a.body.Bytes(), &granted)
			mu.Lock()
			scopes["Bearer "+granted.Token] = asked.Get("scope")
			mu.Unlock()
			a.send(w)
		})
	}
}
