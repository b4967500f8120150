package agsfault

import (
	"encoding/json"
	"maps"
	"math"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/rollcall-edu/rollcall/reference/fault/bend"
)

// gradeOddities are platforms whose grades are right in an unusual way.
func gradeOddities() map[string]behaviour {
	results := func(change func(m object)) behaviour {
		return telling(func(m object, _ *http.Request) { change(m) }, "results", "result")
	}
	items := []string{"list", "create", "read", "put"}
	return faultsOf("platform-ags-", map[string]behaviour{
		"query": queried(),
		"score-204": answering(func(rec *httptest.ResponseRecorder, _ *http.Request) {
			if rec.Code == http.StatusOK {
				rec.Code = http.StatusNoContent
				rec.Body.Reset()
				rec.Header().Del("Content-Type")
			}
		}, "score"),
		"score-201": restated(is(http.StatusOK), http.StatusCreated, "score"),
		"score-202": later(),
		"more-members": telling(func(m object, _ *http.Request) {
			m["vendor"], m["https://vendor.example/x"] = []any{1}, object{"a": nil}
		}, append(slices.Clone(items), "results", "result")...),
		"links-more": answering(func(rec *httptest.ResponseRecorder, r *http.Request) {
			link := strings.ReplaceAll(rec.Header().Get("Link"), `"`, "")
			if link != "" {
				link += ", "
			}
			rec.Header().Set("Link", link+"<"+r.URL.RequestURI()+">; title=a; REL=first")
		}, "list", "results"),
		"links-relative": answering(func(rec *httptest.ResponseRecorder, _ *http.Request) {
			next := strings.TrimPrefix(strings.TrimSuffix(rec.Header().Get("Link"), `>; rel="next"`), "<")
			if u, err := url.Parse(next); err == nil && u.Path != "" {
				rec.Header().Set("Link", "<"+u.RequestURI()+`>; rel="next"`)
			}
		}, "list"),
		"pages-small": asking(func(q url.Values) {
			if n, err := strconv.Atoi(q.Get("limit")); err != nil || n > 2 {
				q.Set("limit", "2")
			}
		}, "list"),
		"maximum-default": results(func(m object) {
			scaled(m, 1)
			delete(m, "resultMaximum")
		}),
		"maximum-hundred": results(func(m object) { scaled(m, 100) }),
		"media-parameters": answering(func(rec *httptest.ResponseRecorder, _ *http.Request) {
			if kind := rec.Header().Get("Content-Type"); kind != "" {
				rec.Header().Set("Content-Type", strings.ToUpper(kind)+"; charset=UTF-8")
			}
		}),
		"results-everybody": answering(func(rec *httptest.ResponseRecorder, r *http.Request) {
			var list []object
			if json.Unmarshal(rec.Body.Bytes(), &list) == nil && list != nil && r.URL.RawQuery == "" {
				at := "https://" + r.Host + strings.TrimSuffix(r.URL.Path, "/results")
				written(rec, append(list, object{"id": at + "/results/x", "scoreOf": at, "userId": "somebody", "resultMaximum": 40}))
			}
		}, "results"),
		"results-graded": answering(func(rec *httptest.ResponseRecorder, _ *http.Request) {
			kept(rec, func(m object) bool { return m["resultScore"] != nil })
		}, "results"),
		"denied-401": restated(is(http.StatusForbidden), http.StatusUnauthorized),
		"again-409":  againConflicts(),
		"item-blank": claiming(func(c object) { c["lineitem"] = or(c["lineitem"], "") }),
		"claim-more": claiming(func(c object) {
			c["scope"] = append(c["scope"].([]string), "https://vendor.example/scope/grades")
			c["vendor"] = true
		}),
		"order-reversed": reversed(),
		"user-422": answering(func(rec *httptest.ResponseRecorder, _ *http.Request) {
			if rec.Code == http.StatusNotFound && strings.Contains(rec.Body.String(), "userId") {
				rec.Code = http.StatusUnprocessableEntity
			}
		}, "score"),
		"tokens-short":        tokensShort(true),
		"pages-filtered-last": filteredLast(),
		"ungraded-clears":     ungradedClears(),
		"challenge-lower": answering(func(rec *httptest.ResponseRecorder, _ *http.Request) {
			if c := rec.Header().Get("WWW-Authenticate"); c != "" {
				rec.Header().Set("WWW-Authenticate", strings.Replace(c, "Bearer", "bearer", 1))
			}
		}),
		"json-pretty": answering(func(rec *httptest.ResponseRecorder, _ *http.Request) {
			var v any
			if json.Unmarshal(rec.Body.Bytes(), &v) == nil {
				text, err := json.MarshalIndent(v, " ", "\t")
				if err == nil {
					rec.Body.Reset()
					rec.Body.WriteString("\n " + string(text) + "\n")
				}
			}
		}),
		"rounded": results(func(m object) {
			for _, name := range []string{"resultScore", "resultMaximum"} {
				if f, is := m[name].(float64); is {
					m[name] = math.Round(f*100) / 100
				}
			}
		}),
		"dates-elsewhere": telling(func(m object, _ *http.Request) {
			for _, name := range []string{"startDateTime", "endDateTime"} {
				text, _ := m[name].(string)
				if t, err := time.Parse(time.RFC3339, text); err == nil {
					m[name] = t.In(time.FixedZone("", -5*3600)).Format("2006-01-02T15:04:05.000Z07:00")
				}
			}
		}, items...),
		"unknown-410": goneForGood(),
		"nulls": telling(func(m object, _ *http.Request) {
			m["tag"], m["resourceId"] = or(m["tag"], nil), or(m["resourceId"], "")
			m["startDateTime"], m["endDateTime"] = or(m["startDateTime"], nil), or(m["endDateTime"], "")
		}, items...),
		"link-passed-over": forgiving(http.StatusNotFound, func(m object) { delete(m, "resourceLinkId") }, "create"),
		"link-400":         restated(is(http.StatusNotFound), http.StatusBadRequest, "create"),
		"links-unattached": taking(func(m object) { delete(m, "resourceLinkId") }, "create"),
		"dates-none":       taking(func(m object) { timeless(m) }, "create", "put"),
		"members-strict": refusing(http.StatusBadRequest, func(m object) bool {
			known := []string{"id", "label", "scoreMaximum", "tag", "resourceId", "resourceLinkId", "startDateTime", "endDateTime", "gradesReleased",
				"submissionReview", "userId", "scoreGiven", "comment", "timestamp", "activityProgress", "gradingProgress", "submission",
				"scoringUserId"}
			for name := range m {
				if !slices.Contains(known, name) && !strings.HasPrefix(name, "https://") {
					return true
				}
			}
			return false
		}, "create", "put", "score"),
		"put-maximum-kept": grades(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			if m, was := sent(r), before(r, next)["scoreMaximum"]; m["scoreMaximum"] != nil && was != nil {
				if f, is := m["scoreMaximum"].(float64); is && f > 0 {
					m["scoreMaximum"] = was
					resent(r, m)
				}
			}
			next.ServeHTTP(w, r)
		}, "put"),
	})
}

// scaled writes a result in another scale.
func scaled(m object, top float64) {
	s, there := m["resultScore"].(float64)
	if of, is := m["resultMaximum"].(float64); is && there {
		m["resultScore"] = s / of * top
	}
	m["resultMaximum"] = top
}

// queried has a query string in the addresses of line items, behind their paths.
func queried() behaviour {
	const mark = "?type_id=3"
	out := func(id string) string {
		if head, user, is := strings.Cut(id, "/results/"); is {
			return head + "/results/" + user + mark
		}
		return id + mark
	}
	b := behaviour{Wrap: func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			asks := gradesOf(r)
			if asks == "" {
				next.ServeHTTP(w, r)
				return
			}
			q := r.URL.Query()
			if q.Get("type_id") != "3" { // whoever puts things behind it doesn't come here
				http.Error(w, `{"error":"there is nothing"}`, http.StatusNotFound)
				return
			}
			q.Del("type_id")
			r.URL.RawQuery = q.Encode()
			if m := sent(r); m != nil {
				if id, is := m["id"].(string); is {
					m["id"] = strings.TrimSuffix(id, mark)
					resent(r, m)
				}
			}
			rec := bend.Answered(next, r)
			told := func(m object) {
				for _, name := range []string{"id", "scoreOf"} {
					if id, is := m[name].(string); is {
						m[name] = out(id)
					}
				}
			}
			var one object
			var many []object
			switch {
			case rec.Code >= 300:
			case json.Unmarshal(rec.Body.Bytes(), &many) == nil && many != nil:
				for _, m := range many {
					told(m)
				}
				written(rec, many)
			case json.Unmarshal(rec.Body.Bytes(), &one) == nil && one != nil:
				told(one)
				written(rec, one)
			}
			for _, name := range []string{"Link", "Location"} {
				if v := rec.Header().Get(name); strings.Contains(v, "?") {
					rec.Header().Set(name, strings.Replace(v, "?", mark+"&", 1))
				} else if v != "" {
					rec.Header().Set(name, v+mark)
				}
			}
			bend.Give(w, rec)
		})
	}}
	b.Bend = claiming(func(c object) {
		for _, name := range []string{"lineitems", "lineitem"} {
			if at, is := c[name].(string); is {
				c[name] = at + mark
			}
		}
	}).Bend
	return b
}

// later takes scores at once, and works them in a while afterwards.
func later() behaviour {
	const while = 400 * time.Millisecond
	var mu sync.Mutex
	taken := map[string]time.Time{} // by line item
	before := map[string]string{}   // what its results said
	return grades(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		mu.Lock()
		defer mu.Unlock()
		path := strings.TrimSuffix(strings.TrimSuffix(r.URL.Path, "/scores"), "/results")
		rec := bend.Answered(next, r)
		switch {
		case gradesOf(r) == "score" && rec.Code == http.StatusOK:
			rec.Code, taken[path] = http.StatusAccepted, time.Now()
		case gradesOf(r) == "results" && rec.Code == http.StatusOK:
			key := path + "?" + r.URL.RawQuery
			if text, had := before[key]; had && time.Since(taken[path]) < while {
				rec.Body.Reset()
				rec.Body.WriteString(text)
				break
			}
			before[key] = rec.Body.String()
		}
		bend.Give(w, rec)
	}, "score", "results")
}

// againConflicts answers the same score with 409.
func againConflicts() behaviour {
	var mu sync.Mutex
	last := map[string]string{}
	return grades(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		m := sent(r)
		text, _ := m["timestamp"].(string)
		mu.Lock()
		twice := text != "" && last[r.URL.Path] == text
		mu.Unlock()
		if twice {
			http.Error(w, `{"error":"a score of this time was taken"}`, http.StatusConflict)
			return
		}
		rec := bend.Answered(next, r)
		if rec.Code == http.StatusOK {
			mu.Lock()
			last[r.URL.Path] = text
			mu.Unlock()
		}
		bend.Give(w, rec)
	}, "score")
}

// goneForGood remembers what was deleted.
func goneForGood() behaviour {
	var deleted sync.Map
	return grades(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		path := strings.TrimSuffix(strings.TrimSuffix(r.URL.Path, "/scores"), "/results")
		rec := bend.Answered(next, r)
		if _, gone := deleted.Load(path); gone && rec.Code == http.StatusNotFound {
			rec.Code = http.StatusGone
		}
		if gradesOf(r) == "delete" && rec.Code == http.StatusNoContent {
			deleted.Store(path, true)
		}
		bend.Give(w, rec)
	})
}

// reversed lists the newest line item first: on each page, for pages are cut from the oldest.
func reversed() behaviour {
	return answering(func(rec *httptest.ResponseRecorder, _ *http.Request) {
		var list []object
		if json.Unmarshal(rec.Body.Bytes(), &list) == nil && list != nil {
			slices.Reverse(list)
			written(rec, list)
		}
	}, "list")
}

// timeless leaves out times that can be read; others are refused as they are.
func timeless(m object) {
	for _, name := range []string{"startDateTime", "endDateTime"} {
		text, _ := m[name].(string)
		if _, err := time.Parse(time.RFC3339, text); err == nil {
			delete(m, name)
		}
	}
}

// shortLife is how long tokens are said to be good.
const shortLife = 15 * time.Second

// TokensOutlive says that tokens are good for a short time, and takes them for longer.
func TokensOutlive() Behaviour { return tokensShort(false) }

// tokensShort says that tokens are good for a short time, and has those that are over be no tokens.
func tokensShort(kept bool) behaviour {
	var mu sync.Mutex
	issued := map[string]time.Time{}
	return behaviour{Wrap: func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
			mu.Lock()
			at, known := issued[token]
			mu.Unlock()
			if known && kept && time.Since(at) > shortLife {
				r.Header.Set("Authorization", "Bearer over")
			}
			if r.URL.Path != "/token" {
				next.ServeHTTP(w, r)
				return
			}
			rec := bend.Answered(next, r)
			var t object
			if rec.Code == http.StatusOK && json.Unmarshal(rec.Body.Bytes(), &t) == nil {
				t["expires_in"] = shortLife.Seconds()
				token, _ := t["access_token"].(string)
				mu.Lock()
				issued[token] = time.Now()
				mu.Unlock()
				written(rec, t)
			}
			bend.Give(w, rec)
		})
	}}
}

// ungradedClears has a score that isn't graded clear the mark that stood.
func ungradedClears() behaviour {
	return grades(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		m := sent(r)
		if !slices.Contains([]any{"NotReady", "Failed", "Pending", "PendingManual"}, m["gradingProgress"]) {
			next.ServeHTTP(w, r)
			return
		}
		none := maps.Clone(m)
		none["gradingProgress"] = "FullyGraded"
		delete(none, "scoreGiven")
		cleared := r.Clone(r.Context())
		resent(cleared, none)
		if rec := bend.Answered(next, cleared); rec.Code != http.StatusOK {
			bend.Give(w, rec)
			return
		}
		resent(r, m) // of the same time, which isn't older
		next.ServeHTTP(w, r)
	}, "score")
}

// filteredLast makes pages of all line items, and leaves out of them what doesn't fit.
func filteredLast() behaviour {
	return grades(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		asked, q := r.URL.Query(), r.URL.Query()
		filters := map[string]string{"tag": "tag", "resource_id": "resourceId", "resource_link_id": "resourceLinkId"}
		for name := range filters {
			q.Del(name)
		}
		r.URL.RawQuery = q.Encode()
		rec := bend.Answered(next, r)
		kept(rec, func(m object) bool {
			for name, member := range filters {
				if has, _ := m[member].(string); asked.Has(name) && has != asked.Get(name) {
					return false
				}
			}
			return true
		})
		target := strings.TrimPrefix(strings.TrimSuffix(rec.Header().Get("Link"), `>; rel="next"`), "<")
		if u, err := url.Parse(target); err == nil && target != "" {
			onward := u.Query()
			for name := range filters {
				if asked.Has(name) {
					onward.Set(name, asked.Get(name))
				}
			}
			u.RawQuery = onward.Encode()
			rec.Header().Set("Link", "<"+u.String()+`>; rel="next"`)
		}
		bend.Give(w, rec)
	}, "list")
}
