package agsfault

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/rollcall-edu/rollcall/reference/fault/bend"
)

// gradeScores are those whose scores are wrong.
func gradeScores() map[string]behaviour {
	lacks := func(name string) func(object) bool { return func(m object) bool { return m[name] == nil } }
	says := func(name string, v any) func(object) bool { return func(m object) bool { return m[name] == v } }
	number := func(name string, fits func(f float64) bool) func(object) bool {
		return func(m object) bool { f, is := m[name].(float64); return is && fits(f) }
	}
	bare := func(m object) bool { return m["scoreGiven"] != nil && m["scoreMaximum"] == nil }
	return map[string]behaviour{
		"score-down": failing("score"),
		"progress-graded": refusing(http.StatusForbidden, func(m object) bool {
			return m["gradingProgress"] == "NotReady" || m["gradingProgress"] == "Failed"
		}, "score"),
		"zero-dropped": taking(func(m object) {
			if m["scoreGiven"] == 0.0 {
				delete(m, "scoreGiven")
			}
		}, "score"),
		"extra-refused": refusing(http.StatusBadRequest, func(m object) bool {
			top, _ := m["scoreMaximum"].(float64)
			return top > 0 && number("scoreGiven", func(f float64) bool { return f > top })(m)
		}, "score"),
		"comment-blank": refusing(http.StatusBadRequest, says("comment", ""), "score"),
		"submission-times": taking(func(m object) {
			if s, is := m["submission"].(object); is && s["submittedAt"] != nil {
				m["timestamp"] = s["submittedAt"]
			}
		}, "score"),
		"score-strict": refusing(http.StatusBadRequest, extended, "score"),
		"user-missing": swallowing(lacks("userId")),
		"user-any": grades(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			rec := bend.Answered(next, r)
			if rec.Code == http.StatusNotFound && strings.Contains(rec.Body.String(), "userId") {
				w.WriteHeader(http.StatusOK)
				return
			}
			bend.Give(w, rec)
		}, "score"),
		"user-any-case":     userAnyCase(),
		"activity-any-case": swallowing(says("activityProgress", "completed")),
		"grading-any":       swallowing(says("gradingProgress", "Graded")),
		"timestamp-now":     swallowing(lacks("timestamp")),
		"zone-assumed": swallowing(func(m object) bool {
			s, _ := m["timestamp"].(string)
			return len(s) == len("2006-01-02T15:04:05.000")
		}),
		"maximum-of-item":     swallowing(bare),
		"maximum-passed":      swallowing(number("scoreMaximum", func(f float64) bool { return f <= 0 })),
		"negative-taken":      swallowing(number("scoreGiven", func(f float64) bool { return f < 0 })),
		"score-converted":     swallowing(func(m object) bool { _, is := m["scoreGiven"].(string); return is }),
		"without-maximum-500": refusing(http.StatusInternalServerError, bare, "score"),
		"malformed-500": grades(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			if m := sent(r); m == nil {
				http.Error(w, "can't concatenate an object to a text", http.StatusInternalServerError)
				return
			}
			next.ServeHTTP(w, r)
		}, "score"),
		"refused-counts": grades(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			m := sent(r)
			rec := bend.Answered(next, r)
			if m != nil && rec.Code == http.StatusBadRequest && m["gradingProgress"] == "Graded" {
				m["gradingProgress"] = "FullyGraded"
				resent(r, m)
				_ = bend.Answered(next, r)
			}
			bend.Give(w, rec)
		}, "score"),
		"seconds-kept": secondsKept(),
		"stale-counts": forgiving(http.StatusConflict, func(m object) { m["timestamp"] = time.Now().UTC().Format(time.RFC3339Nano) }, "score"),
		"stale-400":    restated(is(http.StatusConflict), http.StatusBadRequest, "score"),
		"again-400":    againRefused(),
		"offset-text": taking(func(m object) {
			if s, is := m["timestamp"].(string); is && len(s) > 23 {
				m["timestamp"] = s[:23] + "Z"
			}
		}, "score"),
	}
}

// swallowing says that a score was taken, of which nothing becomes.
func swallowing(found func(m object) bool) behaviour {
	return grades(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if m := sent(r); m != nil && found(m) {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		next.ServeHTTP(w, r)
	}, "score")
}

// secondsKept keeps the seconds of a time, and refuses what comes in the same.
func secondsKept() behaviour {
	var mu sync.Mutex
	last := map[string]time.Time{}
	return grades(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		m := sent(r)
		text, _ := m["timestamp"].(string)
		t, err := time.Parse(time.RFC3339, text)
		mu.Lock()
		before, had := last[r.URL.Path]
		mu.Unlock()
		if err == nil && had && t.Truncate(time.Second).Equal(before) {
			http.Error(w, `{"error":"a score of this time was taken"}`, http.StatusConflict)
			return
		}
		rec := bend.Answered(next, r)
		if err == nil && rec.Code == http.StatusOK {
			mu.Lock()
			last[r.URL.Path] = t.Truncate(time.Second)
			mu.Unlock()
		}
		bend.Give(w, rec)
	}, "score")
}

// againRefused takes no score twice.
func againRefused() behaviour {
	var mu sync.Mutex
	seen := map[string]bool{}
	return grades(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		key := r.URL.Path + string(bodyOf(r))
		mu.Lock()
		twice := seen[key]
		seen[key] = true
		mu.Unlock()
		if twice {
			http.Error(w, `{"error":"duplicate"}`, http.StatusBadRequest)
			return
		}
		next.ServeHTTP(w, r)
	}, "score")
}

// gradeResults are those whose results are wrong.
func gradeResults() map[string]behaviour {
	each := func(change func(m object)) behaviour {
		return telling(func(m object, _ *http.Request) { change(m) }, "results", "result")
	}
	return map[string]behaviour{
		"results-down":   failing("results"),
		"results-json":   shown("application/json", "results"),
		"result-id-path": each(func(m object) { u, _ := url.Parse(m["id"].(string)); m["id"] = u.Path }),
		"result-zero": answering(func(rec *httptest.ResponseRecorder, r *http.Request) {
			if strings.TrimSpace(rec.Body.String()) == "[]" && r.URL.RawQuery == "" {
				at := "https://" + r.Host + strings.TrimSuffix(r.URL.Path, "/results")
				written(rec, []object{{"id": at + "/results/x", "scoreOf": at, "userId": "somebody", "resultScore": 0, "resultMaximum": 1}})
			}
		}, "results"),
		"result-raw": each(func(m object) {
			if s, is := m["resultScore"].(float64); is {
				m["resultScore"] = s / 10
			}
		}),
		"result-cut": each(func(m object) {
			s, _ := m["resultScore"].(float64)
			if top, _ := m["resultMaximum"].(float64); s > top {
				m["resultScore"] = top
			}
		}),
		"result-user-own":     each(func(m object) { m["userId"] = "4711" }),
		"result-of-another":   each(func(m object) { m["scoreOf"] = m["scoreOf"].(string) + "/" }),
		"result-user-ignored": asking(func(q url.Values) { q.Del("user_id") }, "results"),
		"result-user-begins":  userBegins(),
		"results-cut":         answering(func(rec *httptest.ResponseRecorder, _ *http.Request) { rec.Header().Del("Link") }, "results"),
		"results-limit":       asking(func(q url.Values) { q.Del("limit") }, "results"),
		"comment-stays":       commentStays(),
		"bare-500": refusing(http.StatusInternalServerError, func(m object) bool {
			_, given := m["scoreGiven"]
			return !given && m["gradingProgress"] != "FullyGraded"
		}, "score"),
		"result-id-slash":   each(func(m object) { m["id"] = m["id"].(string) + "/1" }),
		"result-no-comment": each(func(m object) { delete(m, "comment") }),
		"result-uncleared": taking(func(m object) {
			if m["gradingProgress"] == "FullyGraded" && m["scoreGiven"] == nil && m["scoreMaximum"] == nil {
				m["gradingProgress"] = "Pending"
			}
		}, "score"),
	}
}

// userBegins finds the results of whoever begins as user_id says.
func userBegins() behaviour {
	return grades(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		q := r.URL.Query()
		user := q.Get("user_id")
		q.Del("user_id")
		r.URL.RawQuery = q.Encode()
		rec := bend.Answered(next, r)
		var list []object
		if user != "" && json.Unmarshal(rec.Body.Bytes(), &list) == nil {
			kept(rec, func(m object) bool { id, _ := m["userId"].(string); return strings.HasPrefix(id, user) })
		}
		bend.Give(w, rec)
	}, "results")
}

// commentStays keeps a comment until there is another one.
func commentStays() behaviour {
	var comments sync.Map // by path and person
	return scoring(func(r *http.Request, m object) {
		user, _ := m["userId"].(string)
		key := r.URL.Path + " " + user
		if m["comment"] != nil {
			comments.Store(key, m["comment"])
		} else if former, had := comments.Load(key); had && m["scoreGiven"] != nil {
			m["comment"] = former
		}
	})
}

// scoring changes scores, with a look at where they go.
func scoring(change func(r *http.Request, m object)) behaviour {
	return grades(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if m := sent(r); m != nil {
			change(r, m)
			resent(r, m)
		}
		next.ServeHTTP(w, r)
	}, "score")
}

// userAnyCase knows people by their ids whatever the case of the letters: those of whom it has taken a
// score.
func userAnyCase() behaviour {
	var known sync.Map // as they are, by their small letters
	return grades(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		m := sent(r)
		id, _ := m["userId"].(string)
		if gradesOf(r) == "results" {
			id = r.URL.Query().Get("user_id")
		}
		if as, there := known.Load(strings.ToLower(id)); there && gradesOf(r) == "score" {
			m["userId"] = as
			resent(r, m)
		} else if there {
			q := r.URL.Query()
			q.Set("user_id", as.(string))
			r.URL.RawQuery = q.Encode()
		}
		rec := bend.Answered(next, r)
		if gradesOf(r) == "score" && rec.Code == http.StatusOK {
			known.LoadOrStore(strings.ToLower(id), id)
		}
		bend.Give(w, rec)
	}, "score", "results")
}
