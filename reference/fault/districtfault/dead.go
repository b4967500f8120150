package districtfault

import (
	"net/http"
	"strings"

	"github.com/rollcall-edu/rollcall/reference/fault/bend"
	"github.com/rollcall-edu/rollcall/reference/riverbend"
	"github.com/rollcall-edu/rollcall/reference/tool"
)

// dead are places at which a flow ends altogether.
func dead() map[string]behaviour {
	return map[string]behaviour{
		"between-tool-scores-kept": kept(),
		"between-links-dead": at(isPlatform, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			if strings.HasPrefix(r.URL.Path, "/links/") {
				http.Error(w, "This link is out of order.", http.StatusServiceUnavailable)
				return
			}
			next.ServeHTTP(w, r)
		}),
		"between-catalog-empty": at(is(riverbend.Catalog), func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			if !strings.HasSuffix(r.URL.Path, "/resources") || r.Header.Get("Authorization") == "" {
				next.ServeHTTP(w, r)
				return
			}
			rec := bend.Answered(next, r)
			if rec.Code == http.StatusOK {
				rec.Body.Reset()
				rec.Body.WriteString(`{"resources":[]}`)
				rec.Header().Set("X-Total-Count", "0")
				rec.Header().Del("Link")
				rec.Header().Del("Content-Length")
			}
			bend.Give(w, rec)
		}),
		"between-search-dead": at(isPlatform, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			if strings.HasSuffix(r.URL.Path, "/search") {
				http.Error(w, "The search is out of order.", http.StatusServiceUnavailable)
				return
			}
			next.ServeHTTP(w, r)
		}),
		"between-picker-mute": at(is(riverbend.Quiz), func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/deep-linking") {
				http.Error(w, "The picker is out of order.", http.StatusServiceUnavailable)
				return
			}
			next.ServeHTTP(w, r)
		}),
		"between-tests-items-gone": at(is(riverbend.SIS), func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			if _, item, is := strings.Cut(r.URL.Path, "/assessmentLineItems/"); is && item != "" && r.Method == http.MethodGet {
				http.NotFound(w, r)
				return
			}
			next.ServeHTTP(w, r)
		}),
	}
}

// kept has the tool that learners work in keep its scores to itself, which it takes for sent.
func kept() behaviour {
	return seams(func(s *riverbend.Seams) {
		former := s.Tool
		s.Tool = func(system string, c *tool.Config) {
			if former != nil {
				former(system, c)
			}
			if c.HTTP == nil {
				return
			}
			own := *c.HTTP
			own.Transport = silent{own.Transport}
			c.HTTP = &own
		}
	})
}

// silent sends no scores.
type silent struct{ next http.RoundTripper }

// RoundTrip answers a score as a platform does that keeps it.
func (s silent) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method != http.MethodPost || !strings.HasSuffix(r.URL.Path, "/scores") {
		return s.next.RoundTrip(r)
	}
	if r.Body != nil {
		_ = r.Body.Close() // nobody reads it
	}
	return &http.Response{StatusCode: http.StatusNoContent, Status: "204 No Content", Header: http.Header{}, Body: http.NoBody, Request: r,
		Proto: r.Proto, ProtoMajor: 1, ProtoMinor: 1}, nil
}

// at puts something around what some systems serve.
func at(of func(system string) bool, handle bend.Handle) behaviour {
	return seams(func(s *riverbend.Seams) {
		former := s.Serve
		s.Serve = func(system string, h http.Handler) http.Handler {
			if former != nil {
				h = former(system, h)
			}
			if !of(system) {
				return h
			}
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handle(w, r, h) })
		}
	})
}
