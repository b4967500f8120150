package casefault

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"time"
)

// sink takes an answer as far as a client would, who then leaves.
type sink struct {
	*httptest.ResponseRecorder
	leave context.CancelFunc
}

func (s *sink) limit(r *http.Request) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithTimeout(r.Context(), 50*time.Millisecond)
	s.leave = cancel
	return ctx, cancel
}

func (s *sink) Write(b []byte) (int, error) {
	if s.Body.Len() > 1<<20 {
		s.leave()
		return 0, errors.New("the client left")
	}
	return s.ResponseRecorder.Write(b)
}
