package districtfault

import (
	"net/http"
	"strings"

	"github.com/rollcall-edu/rollcall/reference/fault/bend"
	"github.com/rollcall-edu/rollcall/reference/riverbend"
)

// dead are places at which a flow ends altogether.
func dead() map[string]behaviour {
	return map[string]behaviour{
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
		"between-tests-items-gone": at(is(riverbend.SIS), func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			if _, item, is := strings.Cut(r.URL.Path, "/assessmentLineItems/"); is && item != "" && r.Method == http.MethodGet {
				http.NotFound(w, r)
				return
			}
			next.ServeHTTP(w, r)
		}),
	}
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
