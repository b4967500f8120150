package ags

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/rollcall-edu/rollcall/reference/platform"
	"github.com/rollcall-edu/rollcall/reference/security"
	"github.com/rollcall-edu/rollcall/reference/store"
)

// refusal is why a request is not answered as it wants.
type refusal struct {
	status int
	text   string
}

func (r refusal) Error() string { return r.text }

func refused(status int, format string, args ...any) error {
	return refusal{status, fmt.Sprintf(format, args...)}
}

// deny answers a request that is refused: the status of the standard, and why, in words. Of
// what is wrong here itself nothing is told.
func deny(w http.ResponseWriter, err error) {
	status, text := http.StatusServiceUnavailable, "the gradebook can't be reached now; try again"
	var r refusal
	switch {
	case errors.As(err, &r):
		status, text = r.status, r.text
	case errors.Is(err, ErrNoColumn), errors.Is(err, store.ErrNotFound): // it may have gone meanwhile
		status, text = http.StatusNotFound, ErrNoColumn.Error()
	case errors.Is(err, ErrNoLearner):
		status, text = http.StatusNotFound, "userId is that of no learner in this course"
	case errors.Is(err, platform.ErrScope): // RFC 6750 §3.1
		status, text = http.StatusForbidden, err.Error()
		w.Header().Set("WWW-Authenticate", `Bearer realm="LTI Advantage", error="insufficient_scope"`)
	case errors.Is(err, security.ErrNoBearer):
		status, text = http.StatusUnauthorized, err.Error()
		w.Header().Set("WWW-Authenticate", `Bearer realm="LTI Advantage"`)
	case errors.Is(err, security.ErrMalformedBearer), errors.Is(err, security.ErrUnknownToken):
		status, text = http.StatusUnauthorized, err.Error()
		w.Header().Set("WWW-Authenticate", `Bearer realm="LTI Advantage", error="invalid_token"`)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"status": status, "error": text}) // the client may be gone
}
