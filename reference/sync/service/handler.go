package service

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/rollcall-edu/rollcall/reference/sync"
	"github.com/rollcall-edu/rollcall/reference/web"
)

// Handler serves the page, what monitoring reads, and what others ask of the service. It asks
// nobody who they are: it is for this machine, or for a proxy that does.
func (s *Service) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.home)
	mux.HandleFunc("GET /metrics", s.measured)
	mux.HandleFunc("POST /sync", s.syncNow)
	mux.HandleFunc("POST /confirm", s.confirm)
	mux.HandleFunc("GET /held", s.held)
	mux.HandleFunc("GET /export.zip", s.export)
	mux.HandleFunc("PUT /connection", s.reconnect)
	if s.c.Reset {
		mux.HandleFunc("POST /reset", s.reset)
	}
	if s.c.Push != nil {
		mux.HandleFunc("POST /push", s.pushNow)
	}
	// A page of somebody else's, open in a browser on this machine, may neither make the browser
	// send anything here nor, under a name of its own that leads here, read people's data.
	protected := http.NewCrossOriginProtection().Handler(mux)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !web.Ours(r) {
			refuse(w, http.StatusMisdirectedRequest, "This isn't the address of the service.")
			return
		}
		h := w.Header()
		h.Set("Cache-Control", "no-store")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		protected.ServeHTTP(w, r)
	})
}

// measured answers what monitoring reads.
func (s *Service) measured(w http.ResponseWriter, r *http.Request) {
	holds, err := s.holds(r.Context())
	state, unread := s.c.Mirror.State(r.Context())
	if err != nil || unread != nil {
		refuse(w, http.StatusInternalServerError, "The mirror can't be read.")
		return
	}
	for _, c := range holds {
		s.metrics.objects.WithLabelValues(c.Collection).Set(float64(c.Objects))
	}
	s.metrics.waiting.Set(0)
	if state.Waiting != nil {
		s.metrics.waiting.Set(1)
	}
	s.metrics.handler().ServeHTTP(w, r)
}

// syncNow runs a sync and waits for it. The page doesn't wait.
func (s *Service) syncNow(w http.ResponseWriter, r *http.Request) {
	mode := sync.Mode(r.FormValue("mode"))
	switch mode {
	case sync.Auto, sync.Full, sync.Delta:
	default:
		refuse(w, http.StatusBadRequest, "mode is full or delta, or isn't there.")
		return
	}
	s.answer(w, r, func(ctx context.Context) Outcome { return s.Sync(ctx, mode) })
}

// confirm takes the roster in that waits for a person.
func (s *Service) confirm(w http.ResponseWriter, r *http.Request) {
	state, err := s.c.Mirror.State(r.Context())
	if err != nil {
		refuse(w, http.StatusInternalServerError, "The mirror can't be read.")
		return
	}
	if state.Waiting == nil {
		refuse(w, http.StatusConflict, "Nothing waits to be confirmed.")
		return
	}
	// A page that is open since yesterday confirms what it showed, and nothing else.
	id := r.FormValue("waiting")
	if id != "" && id != state.Waiting.ID {
		refuse(w, http.StatusConflict, "Something else waits to be confirmed now; look at it first.")
		return
	}
	s.answer(w, r, func(ctx context.Context) Outcome { return s.Confirm(ctx, state.Waiting.ID) })
}

// reset makes everything empty.
func (s *Service) reset(w http.ResponseWriter, r *http.Request) {
	patient(w)
	if err := s.forget(r.Context()); err != nil {
		refuse(w, http.StatusServiceUnavailable, err.Error())
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// answer runs a sync and tells what came of it.
func (s *Service) answer(w http.ResponseWriter, r *http.Request, run func(context.Context) Outcome) {
	if r.FormValue("page") != "" {
		s.background.Go(func() { run(s.life) })
		http.Redirect(w, r, "./", http.StatusSeeOther)
		return
	}
	patient(w)
	o := run(r.Context())
	if o.Report == nil {
		refuse(w, o.status, o.err.Error())
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(o.status)
	_ = json.NewEncoder(w).Encode(o) // the client may be gone
}

// refuse says why something isn't done (RFC 9457).
func refuse(w http.ResponseWriter, status int, why string) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"status": status, "title": http.StatusText(status), "detail": why}) // as above
}
