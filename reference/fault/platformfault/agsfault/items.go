package agsfault

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/rollcall-edu/rollcall/reference/fault/bend"
)

// gradeItems are those whose line items are wrong.
func gradeItems() map[string]behaviour {
	return map[string]behaviour{
		"list-down":     failing("list"),
		"list-json":     shown("application/json", "list"),
		"list-wrapped":  answering(func(rec *httptest.ResponseRecorder, _ *http.Request) { wrapped(rec, "lineItems") }, "list"),
		"list-text":     telling(func(m object, _ *http.Request) { m["gradesReleased"] = "yes" }, "list"),
		"list-null":     telling(func(m object, _ *http.Request) { m["resourceLinkId"] = or(m["resourceLinkId"], nil) }, "list"),
		"read-down":     failing("read"),
		"read-json":     shown("application/json; charset=utf-8", "read"),
		"read-other":    telling(func(m object, _ *http.Request) { m["resourceId"] = "another" }, "read"),
		"unknown-403":   restated(is(http.StatusNotFound), http.StatusForbidden, "read"),
		"create-down":   failing("create"),
		"create-200":    restated(is(http.StatusCreated), http.StatusOK, "create"),
		"create-json":   shown("application/json", "create"),
		"create-no-id":  telling(func(m object, _ *http.Request) { delete(m, "id") }, "create"),
		"create-rounds": taking(func(m object) { whole(m, "scoreMaximum") }, "create"),
		"create-tag-lost": taking(func(m object) {
			if text, _ := m["tag"].(string); strings.Contains(text, "&") {
				delete(m, "tag")
			}
		}, "create"),
		"create-zone-lost": taking(func(m object) {
			for _, name := range []string{"startDateTime", "endDateTime"} {
				if text, _ := m[name].(string); len(text) > 19 {
					m[name] = text[:19] + "Z"
				}
			}
		}, "create"),
		"create-strict": refusing(http.StatusBadRequest, extended, "create"),
		"create-unlisted": answering(func(rec *httptest.ResponseRecorder, r *http.Request) {
			kept(rec, func(m object) bool { return m["resourceLinkId"] == nil || r.URL.RawQuery != "" })
		}, "list"),
		"label-invented": taking(func(m object) {
			if text, is := m["label"].(string); m["label"] == nil || is && strings.TrimSpace(text) == "" {
				m["label"] = "Line Item 1"
			}
		}, "create"),
		"maximum-assumed": taking(func(m object) { m["scoreMaximum"] = or(m["scoreMaximum"], 1) }, "create"),
		"lengths-cut":     taking(func(m object) { cut(m, "tag"); cut(m, "resourceId") }, "create"),
		"types-converted": taking(func(m object) {
			if _, text := m["scoreMaximum"].(string); text {
				m["scoreMaximum"] = 100
			}
		}, "create"),
		"dates-dropped": forgiving(http.StatusBadRequest, func(m object) {
			if m["startDateTime"] != nil || m["endDateTime"] != nil {
				delete(m, "startDateTime")
				delete(m, "endDateTime")
			}
		}, "create"),
		"link-unchecked":   linkKept(),
		"refused-kept":     refusedKept(),
		"tag-ignored":      asking(func(q url.Values) { q.Del("tag") }, "list"),
		"resource-ignored": asking(func(q url.Values) { q.Del("resource_id") }, "list"),
		"link-ignored":     asking(func(q url.Values) { q.Del("resource_link_id") }, "list"),
		"filters-last": asking(func(q url.Values) {
			if q.Has("resource_id") {
				q.Del("tag")
				q.Del("resource_link_id")
			}
		}, "list"),
		"filters-contain": grades(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			asked := r.URL.Query()
			q := maps.Clone(asked)
			q.Del("tag")
			q.Del("resource_id")
			r.URL.RawQuery = q.Encode()
			rec := bend.Answered(next, r)
			var items []object
			if (asked.Has("tag") || asked.Has("resource_id")) && json.Unmarshal(rec.Body.Bytes(), &items) == nil {
				written(rec, slices.DeleteFunc(items, func(m object) bool {
					tag, _ := m["tag"].(string)
					resource, _ := m["resourceId"].(string)
					return !strings.Contains(tag, asked.Get("tag")) || !strings.Contains(resource, asked.Get("resource_id"))
				}))
			}
			bend.Give(w, rec)
		}, "list"),
		"none-404": answering(func(rec *httptest.ResponseRecorder, r *http.Request) {
			if strings.TrimSpace(rec.Body.String()) == "[]" && r.URL.RawQuery != "" {
				rec.Code = http.StatusNotFound
			}
		}, "list"),
		"limit-ignored": asking(func(q url.Values) { q.Del("limit") }, "list"),
		"limit-cuts":    answering(func(rec *httptest.ResponseRecorder, _ *http.Request) { rec.Header().Del("Link") }, "list"),
		"next-itself": answering(func(rec *httptest.ResponseRecorder, r *http.Request) {
			if rec.Header().Get("Link") != "" {
				rec.Header().Set("Link", "<"+r.URL.RequestURI()+`>; rel="next"`)
			}
		}, "list"),
		"next-internal": answering(func(rec *httptest.ResponseRecorder, r *http.Request) {
			rec.Header().Set("Link", strings.Replace(rec.Header().Get("Link"), "https://"+r.Host, "http://internal.invalid:8080", 1))
		}, "list"),
		"next-unfiltered": answering(func(rec *httptest.ResponseRecorder, _ *http.Request) {
			link, _ := url.Parse(strings.TrimPrefix(strings.TrimSuffix(rec.Header().Get("Link"), `>; rel="next"`), "<"))
			if q := link.Query(); q.Has("tag") {
				q.Del("tag")
				link.RawQuery = q.Encode()
				rec.Header().Set("Link", "<"+link.String()+`>; rel="next"`)
			}
		}, "list"),
		"put-405": grades(func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
			http.Error(w, "no", http.StatusMethodNotAllowed)
		}, "put"),
		"put-empty": answering(func(rec *httptest.ResponseRecorder, _ *http.Request) { rec.Body.Reset() }, "put"),
		"put-label-kept": grades(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			if m, before := sent(r), before(r, next); m != nil && before["label"] != nil && m["label"] != nil {
				m["label"] = before["label"]
				resent(r, m)
			}
			next.ServeHTTP(w, r)
		}, "put"),
		"put-echo":      putEcho(),
		"put-unscaled":  putUnscaled(),
		"taken-blindly": takenBlindly(),
		"tag-500": grades(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			if r.URL.Query().Has("tag") {
				http.Error(w, "a field can't be sorted by", http.StatusInternalServerError)
				return
			}
			next.ServeHTTP(w, r)
		}, "list"),
		"put-merges": grades(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			if m, before := sent(r), before(r, next); m != nil && m["tag"] == nil && before["tag"] != nil {
				m["tag"] = before["tag"]
				resent(r, m)
			}
			next.ServeHTTP(w, r)
		}, "put"),
		"put-patches": grades(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			if m, before := sent(r), before(r, next); m != nil {
				for _, name := range []string{"label", "scoreMaximum"} {
					m[name] = or(m[name], before[name])
				}
				resent(r, m)
			}
			next.ServeHTTP(w, r)
		}, "put"),
		"put-lax": grades(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			m, before := sent(r), before(r, next)
			if text, is := m["label"].(string); is && text == "" {
				m["label"] = before["label"]
				resent(r, m)
			}
			if m["scoreMaximum"] == 0.0 {
				m["scoreMaximum"] = before["scoreMaximum"]
				resent(r, m)
			}
			next.ServeHTTP(w, r)
		}, "put"),
		"create-updates":   createUpdates(),
		"create-dedupes":   createDedupes(),
		"filters-any-case": filtersAnyCase(),
		"media-exact": grades(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			if strings.Contains(r.Header.Get("Content-Type"), ";") {
				http.Error(w, `{"error":"this is not the media type"}`, http.StatusUnsupportedMediaType)
				return
			}
			next.ServeHTTP(w, r)
		}, "create", "put", "score"),
		"put-moves":  putMoves(),
		"delete-200": restated(is(http.StatusNoContent), http.StatusOK, "delete"),
		"delete-hides": grades(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			put := r.Clone(r.Context()) // who may replace it may delete it
			put.Method = http.MethodPut
			put.Header.Set("Content-Type", "application/vnd.ims.lis.v2.lineitem+json")
			if m := before(r, next); m != nil {
				resent(put, m)
				if bend.Answered(next, put).Code == http.StatusOK {
					w.WriteHeader(http.StatusNoContent)
					return
				}
			}
			next.ServeHTTP(w, r)
		}, "delete"),
		"delete-again":  restated(is(http.StatusNotFound), http.StatusNoContent, "delete"),
		"deleted-takes": deletedTakes(),
		"label-500":     refusing(http.StatusInternalServerError, func(m object) bool { return m["label"] == nil }, "create"),
		"one-status":    restated(is(http.StatusBadRequest), http.StatusUnprocessableEntity, "create", "score"),
		"method-404": {Wrap: bend.Below("/ags/", func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			rec := bend.Answered(next, r)
			if rec.Code == http.StatusMethodNotAllowed {
				rec.Code = http.StatusNotFound
			}
			bend.Give(w, rec)
		})},
		"allow-none": {Wrap: bend.Below("/ags/", func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			rec := bend.Answered(next, r)
			rec.Header().Del("Allow")
			bend.Give(w, rec)
		})},
		"media-any": {Wrap: func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				switch gradesOf(r) {
				case "create":
					r.Header.Set("Content-Type", "application/vnd.ims.lis.v2.lineitem+json")
				case "score":
					r.Header.Set("Content-Type", "application/vnd.ims.lis.v1.score+json")
				}
				next.ServeHTTP(w, r)
			})
		}},
	}
}

// wrapped puts a list into an object.
func wrapped(rec *httptest.ResponseRecorder, name string) {
	var list []any
	if json.Unmarshal(rec.Body.Bytes(), &list) == nil && list != nil {
		written(rec, object{name: list})
	}
}

// kept leaves what doesn't fit out of a list.
func kept(rec *httptest.ResponseRecorder, fits func(m object) bool) {
	var list []object
	if json.Unmarshal(rec.Body.Bytes(), &list) == nil && list != nil {
		written(rec, slices.DeleteFunc(list, func(m object) bool { return !fits(m) }))
	}
}

// whole cuts the fraction of a number.
func whole(m object, name string) {
	if f, is := m[name].(float64); is && f > 1 {
		m[name] = int(f)
	}
}

// cut shortens a text to what fits.
func cut(m object, name string) {
	if text, is := m[name].(string); is && len(text) > 256 {
		m[name] = text[:256]
	}
}

// before reads the line item that a request is about; nil: there is none.
func before(r *http.Request, next http.Handler) (m object) {
	one := r.Clone(r.Context())
	one.Method = http.MethodGet
	again(one, nil)
	rec := bend.Answered(next, one)
	if rec.Code == http.StatusOK {
		_ = json.Unmarshal(rec.Body.Bytes(), &m) // it is ours
	}
	return m
}

// refusedKept makes a line item of what it refuses.
func refusedKept() behaviour {
	return grades(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		m := sent(r)
		rec := bend.Answered(next, r)
		if _, there := m["label"]; rec.Code == http.StatusBadRequest && m != nil && !there {
			m["label"] = "Untitled"
			resent(r, m)
			_ = bend.Answered(next, r)
		}
		bend.Give(w, rec)
	}, "create")
}

// putMoves has a line item be found at another address once it was replaced.
func putMoves() behaviour {
	var mu sync.Mutex
	moved := map[string]bool{}
	return grades(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		mu.Lock()
		defer mu.Unlock()
		if gradesOf(r) == "put" {
			if m := sent(r); m != nil {
				delete(m, "id")
				resent(r, m)
			}
		}
		rec := bend.Answered(next, r)
		if gradesOf(r) == "put" && rec.Code == http.StatusOK {
			moved[r.URL.Path] = true
		}
		var m object
		if moved[r.URL.Path] && rec.Code == http.StatusOK && json.Unmarshal(rec.Body.Bytes(), &m) == nil {
			m["id"] = m["id"].(string) + "?revision=2"
			written(rec, m)
		}
		bend.Give(w, rec)
	}, "put", "read")
}

// deletedTakes takes scores where there is no line item.
func deletedTakes() behaviour {
	return grades(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		rec := bend.Answered(next, r)
		if rec.Code == http.StatusNotFound && strings.Contains(rec.Body.String(), "line item") {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		bend.Give(w, rec)
	}, "score")
}

// extended tells whether something has an extension.
func extended(m object) bool {
	for name := range m {
		if strings.HasPrefix(name, "https://") {
			return true
		}
	}
	return false
}

// linkKept keeps the id of a link that there isn't, unchecked.
func linkKept() behaviour {
	var kept sync.Map // by path
	return grades(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		m := sent(r)
		rec := bend.Answered(next, r)
		if gradesOf(r) == "create" && rec.Code == http.StatusNotFound && m["resourceLinkId"] != nil {
			link := m["resourceLinkId"]
			delete(m, "resourceLinkId")
			resent(r, m)
			rec = bend.Answered(next, r)
			var made object
			if json.Unmarshal(rec.Body.Bytes(), &made) == nil && rec.Code < 300 {
				kept.Store(made["id"], link)
			}
		}
		var one object
		if json.Unmarshal(rec.Body.Bytes(), &one) == nil {
			if link, is := kept.Load(one["id"]); is {
				one["resourceLinkId"] = link
				written(rec, one)
			}
		}
		bend.Give(w, rec)
	}, "create", "read")
}

// putEcho answers with what was sent, of which the label isn't taken over.
func putEcho() behaviour {
	return grades(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		m, former := sent(r), before(r, next)
		label := m["label"]
		if label != nil && former["label"] != nil {
			m["label"] = former["label"]
			resent(r, m)
		}
		rec := bend.Answered(next, r)
		var one object
		if rec.Code == http.StatusOK && json.Unmarshal(rec.Body.Bytes(), &one) == nil {
			one["label"] = label
			written(rec, one)
		}
		bend.Give(w, rec)
	}, "put")
}

// putUnscaled leaves the points of results as they are when the maximum of their line item changes.
func putUnscaled() behaviour {
	var mu sync.Mutex
	changed := map[string]float64{} // by how much, by path
	return grades(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		mu.Lock()
		defer mu.Unlock()
		path := strings.TrimSuffix(r.URL.Path, "/results")
		if gradesOf(r) == "put" {
			was, _ := before(r, next)["scoreMaximum"].(float64)
			rec := bend.Answered(next, r)
			var now object
			if rec.Code == http.StatusOK && json.Unmarshal(rec.Body.Bytes(), &now) == nil && was > 0 {
				changed[path] = was / now["scoreMaximum"].(float64)
			}
			bend.Give(w, rec)
			return
		}
		rec := bend.Answered(next, r)
		var list []object
		if by, is := changed[path]; is && json.Unmarshal(rec.Body.Bytes(), &list) == nil {
			for _, m := range list {
				if s, is := m["resultScore"].(float64); is {
					m["resultScore"] = s * by
				}
			}
			written(rec, list)
		}
		bend.Give(w, rec)
	}, "put", "results")
}

// takenBlindly takes whatever is sent as a line item or a score, and makes something of it.
func takenBlindly() behaviour {
	return grades(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		_ = bodyOf(r)
		rec := bend.Answered(next, r)
		nobody := rec.Code == http.StatusNotFound && (gradesOf(r) == "create" || strings.Contains(rec.Body.String(), "userId"))
		switch {
		case rec.Code != http.StatusBadRequest && !nobody:
			bend.Give(w, rec)
		case gradesOf(r) == "create":
			resent(r, object{"label": "Untitled", "scoreMaximum": 1})
			bend.Give(w, bend.Answered(next, r))
		default:
			w.WriteHeader(http.StatusNoContent)
		}
	}, "create", "put", "score")
}

// createUpdates has what is to be made with the id of a line item take its place.
func createUpdates() behaviour {
	return grades(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		m := sent(r)
		id, _ := m["id"].(string)
		u, err := url.Parse(id)
		if err != nil || id == "" {
			next.ServeHTTP(w, r)
			return
		}
		r.Method, r.URL.Path, r.URL.RawQuery = http.MethodPut, u.Path, u.RawQuery
		rec := bend.Answered(next, r)
		if rec.Code == http.StatusOK {
			rec.Code = http.StatusCreated
		}
		bend.Give(w, rec)
	}, "create")
}

// createDedupes keeps one line item of each resourceId, and answers with it when there is another.
func createDedupes() behaviour {
	return grades(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		m := sent(r)
		rec := bend.Answered(next, r)
		resource, _ := m["resourceId"].(string)
		var made object
		if rec.Code != http.StatusCreated || resource == "" || json.Unmarshal(rec.Body.Bytes(), &made) != nil {
			bend.Give(w, rec)
			return
		}
		if had := itemsBy(r, next, url.Values{"resource_id": {resource}}); len(had) > 1 {
			u, _ := url.Parse(made["id"].(string)) // it is ours
			undo := r.Clone(r.Context())
			undo.Method, undo.URL = http.MethodDelete, u
			again(undo, nil)
			_ = bend.Answered(next, undo)
			rec.Header().Del("Location")
			written(rec, had[0])
		}
		bend.Give(w, rec)
	}, "create")
}

// itemsBy lists line items as whoever sends a request may.
func itemsBy(r *http.Request, next http.Handler, by url.Values) (items []object) {
	list := r.Clone(r.Context())
	list.Method, list.URL.RawQuery = http.MethodGet, by.Encode()
	again(list, nil)
	_ = json.Unmarshal(bend.Answered(next, list).Body.Bytes(), &items) // none, then
	return items
}

// filtersAnyCase finds line items by tag and resource_id whatever the case of the letters.
func filtersAnyCase() behaviour {
	return grades(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		q := r.URL.Query()
		for name, member := range map[string]string{"tag": "tag", "resource_id": "resourceId"} {
			if !q.Has(name) {
				continue
			}
			for _, m := range itemsBy(r, next, nil) {
				if has, _ := m[member].(string); strings.EqualFold(has, q.Get(name)) {
					q.Set(name, has)
				}
			}
		}
		r.URL.RawQuery = q.Encode()
		next.ServeHTTP(w, r)
	}, "list")
}
