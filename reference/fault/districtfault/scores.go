package districtfault

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"

	"github.com/rollcall-edu/rollcall/reference/fault/bend"
)

// scores are mistakes on the way from tools to the platform's gradebook.
func scores() map[string]behaviour {
	score := func(wrap func() bend.Handle) behaviour {
		return served(func() func(http.Handler) http.Handler {
			handle := wrap()
			return bend.Below("/ags/", func(w http.ResponseWriter, r *http.Request, next http.Handler) {
				if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/scores") {
					handle(w, r, next)
					return
				}
				next.ServeHTTP(w, r)
			})
		})
	}
	changed := func(change func(score map[string]any)) behaviour {
		return score(func() bend.Handle {
			return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
				rewritten(r, change)
				next.ServeHTTP(w, r)
			}
		})
	}
	answers := func(suffix string, change func(v any)) behaviour {
		return served(func() func(http.Handler) http.Handler {
			rewrite := bend.Rewritten(func(body string) string {
				var v any
				if json.Unmarshal([]byte(body), &v) != nil {
					return body
				}
				change(v)
				text, err := json.Marshal(v)
				if err != nil {
					return body
				}
				return string(text)
			})
			return bend.Below("/ags/", func(w http.ResponseWriter, r *http.Request, next http.Handler) {
				if strings.Contains(r.URL.Path, suffix) && !strings.HasSuffix(r.URL.Path, "/scores") {
					rewrite(w, r, next)
					return
				}
				next.ServeHTTP(w, r)
			})
		})
	}
	return map[string]behaviour{
		"between-score-other-item":    score(strayed),
		"between-score-other-learner": changed(otherLearner()),
		"between-score-halved": changed(func(s map[string]any) {
			if given, is := s["scoreGiven"].(float64); is {
				s["scoreGiven"] = given / 2
			}
		}),
		"between-score-lost": score(func() bend.Handle {
			return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) { w.WriteHeader(http.StatusNoContent) }
		}),
		"between-line-without-resource": served(func() func(http.Handler) http.Handler {
			return bend.Below("/ags/", func(w http.ResponseWriter, r *http.Request, next http.Handler) {
				if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/lineitems") {
					rewritten(r, func(item map[string]any) { delete(item, "resourceId") })
				}
				next.ServeHTTP(w, r)
			})
		}),
		// The tool reads its own score, whatever a teacher gave.
		"between-override-hidden": answers("/results", ownScores()),
	}
}

// rewritten changes the body of a request.
func rewritten(r *http.Request, change func(map[string]any)) {
	text, err := io.ReadAll(r.Body)
	var body map[string]any
	if err == nil && json.Unmarshal(text, &body) == nil && body != nil {
		change(body)
		text, _ = json.Marshal(body) // it was JSON
	}
	r.Body = io.NopCloser(bytes.NewReader(text))
	r.ContentLength = int64(len(text))
	r.Header.Set("Content-Length", strconv.Itoa(len(text)))
}

// strayed sends each score to the line item for which the platform was told one before.
func strayed() bend.Handle {
	var mu sync.Mutex
	seen := map[string]string{} // the last line item, by folder
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		item, folder := path.Dir(r.URL.Path), path.Dir(path.Dir(r.URL.Path))
		mu.Lock()
		other := seen[folder]
		if other == "" {
			other = listed(r, folder, item, next)
		}
		seen[folder] = item
		mu.Unlock()
		if other != "" && other != item {
			r = r.Clone(r.Context())
			r.URL.Path = other + "/scores"
			r.URL.RawPath, r.RequestURI = "", ""
		}
		next.ServeHTTP(w, r)
	}
}

// listed finds another line item of the same course, as whoever sends the score may see.
func listed(r *http.Request, folder, but string, next http.Handler) string {
	ask := r.Clone(r.Context())
	ask.Method, ask.Body, ask.ContentLength = http.MethodGet, http.NoBody, 0
	ask.URL.Path, ask.URL.RawPath, ask.URL.RawQuery, ask.RequestURI = folder, "", "", ""
	ask.Header.Del("Content-Type")
	ask.Header.Set("Accept", "application/vnd.ims.lis.v2.lineitemcontainer+json")
	var items []struct {
		ID string `json:"id"`
	}
	if json.Unmarshal(bend.Answered(next, ask).Body.Bytes(), &items) != nil {
		return ""
	}
	for _, i := range items {
		if at := strings.Index(i.ID, folder); at >= 0 && i.ID[at:] != but {
			return i.ID[at:]
		}
	}
	return ""
}

// otherLearner has a score be that of whoever had one before, or a moment ago launched.
func otherLearner() func(map[string]any) {
	var mu sync.Mutex
	last := ""
	return func(s map[string]any) {
		mu.Lock()
		defer mu.Unlock()
		own, _ := s["userId"].(string)
		if last != "" && last != own {
			s["userId"] = last
		} else {
			s["userId"] = own + "x"
		}
		last = own
	}
}

// ownScores answers with the first score of each that was seen.
func ownScores() func(any) {
	var mu sync.Mutex
	first := map[string]any{}
	return func(v any) {
		mu.Lock()
		defer mu.Unlock()
		results, _ := v.([]any)
		if one, is := v.(map[string]any); is {
			results = []any{one}
		}
		for _, r := range results {
			m, _ := r.(map[string]any)
			id, _ := m["id"].(string)
			if m["resultScore"] == nil {
				continue
			}
			if old, there := first[id]; there {
				m["resultScore"] = old
			} else {
				first[id] = m["resultScore"]
			}
		}
	}
}
