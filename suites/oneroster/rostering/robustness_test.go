package rostering

import (
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func TestRobustness(t *testing.T) {
	// busy bends what is asked while something else is being answered.
	busy := func(do func(a *reply)) func(*provider) {
		return func(s *provider) {
			var at atomic.Int64
			s.ask = func(a *reply) {
				if a.op.ID != "getAllUsers" || a.q.Get("limit") != "3" {
					return
				}
				n := at.Add(1)
				defer at.Add(-1)
				time.Sleep(20 * time.Millisecond) // long enough for the others to arrive
				if n > 1 {
					do(a)
				}
			}
		}
	}
	umlaut := func(to string) func(*provider) {
		return func(s *provider) {
			s.object = func(_ string, o object) {
				if name, ok := o["familyName"].(string); ok {
					o["familyName"] = strings.ReplaceAll(name, "ü", to)
				}
			}
		}
	}
	odd := func(when func(a *reply) bool, status int) func(*provider) {
		return func(s *provider) {
			s.ask = func(a *reply) {
				if a.path != "/token" && when(a) {
					a.refuse(status, "internal_server_error", "no")
				}
			}
		}
	}
	bent(t, "robustness", []row{
		{"many clients get each other's pages", busy(func(a *reply) { a.q.Set("offset", "9") }), []string{"robustness.concurrent"}},
		{"many clients break the server", busy(func(a *reply) { a.refuse(503, "server_busy", "no") }), []string{"robustness.concurrent"}},
		{"a count of reads in the data", func(s *provider) {
			var n atomic.Int64
			s.object = func(_ string, o object) {
				if _, ok := o["title"]; ok {
					o["title"] = "Read " + time.Duration(n.Add(1)).String()
				}
			}
		}, []string{"robustness.repeatable"}},
		{"a slash in an id is not found", odd(func(a *reply) bool { return strings.Contains(a.path, "east%2F1") }, 404), []string{"robustness.reserved-ids"}},
		{"encoding without need is not found", odd(func(a *reply) bool { return strings.Contains(a.path, "%6") || strings.Contains(a.path, "%7") }, 404), []string{"robustness.encoded-ids"}},
		{"UTF-8 twice", umlaut("Ã¼"), []string{"robustness.unicode"}},
		{"replacement characters", umlaut("\uFFFD"), []string{"robustness.unicode"}},
		{"single objects lose letters", func(s *provider) {
			s.object = on(func(o object) { o["familyName"] = strings.ReplaceAll(o["familyName"].(string), "ü", "\uFFFD") }, "/users/{sourcedId}")
		}, []string{"robustness.unicode"}},
		{"a parameter before the limit voids it", asking(func(a *reply) {
			if strings.HasPrefix(a.r.URL.RawQuery, "orderBy") {
				a.q.Set("limit", "1")
			}
		}), []string{"robustness.parameter-order"}},
		{"an empty filter breaks the server", odd(func(a *reply) bool { return a.r.URL.RawQuery == "filter=" }, 500), []string{"robustness.empty-parameter"}},
		{"a long query breaks the server", odd(func(a *reply) bool { return len(a.r.URL.RawQuery) > 4000 }, 500), []string{"robustness.long-query"}},
		{"a long query is refused", odd(func(a *reply) bool { return len(a.r.URL.RawQuery) > 4000 }, 414), nil},
		{"a quote in an id breaks the server", odd(func(a *reply) bool { return strings.Contains(a.path, "DROP") }, 500), []string{"robustness.hostile-input"}},
		{"a quote in an id finds something", func(s *provider) {
			s.ask = func(a *reply) {
				if strings.Contains(a.path, "OR%20") {
					a.raw = `{"org":{"sourcedId":"west"}}`
				}
			}
		}, []string{"robustness.hostile-input"}},
		{"a zero byte breaks the server", odd(func(a *reply) bool { return strings.Contains(a.path+a.r.URL.RawQuery, "%00") }, 500), []string{"robustness.hostile-input"}},
	})
}

func TestLifecycle(t *testing.T) {
	deleted := func(o object) bool { return o["status"] == "tobedeleted" }
	bent(t, "lifecycle", []row{
		{"a deleted record can't be read", func(s *provider) {
			s.change = func(a *reply) {
				if o, ok := a.body[a.op.Wrapper].(object); ok && a.op.Single && deleted(o) {
					a.refuse(404, "unknownobject", "Unknown Object")
				}
			}
		}, []string{"lifecycle.deleted-reachable"}},
		{"a deleted record is active by itself", func(s *provider) {
			s.object = on(func(o object) { o["status"] = "active" }, "/users/{sourcedId}")
		}, []string{"lifecycle.deleted-reachable"}},
		{"only a school still shows the deleted", func(s *provider) {
			s.change = func(a *reply) {
				if list := a.page(); !a.op.Sub() && len(list) > 0 && a.op.Kind == "user" {
					var kept []object
					for _, o := range list {
						if !deleted(o) {
							kept = append(kept, o)
						}
					}
					a.set(kept)
					a.header.Del("X-Total-Count")
				}
			}
		}, []string{"lifecycle.deleted-listed"}},
		{"what changed leaves deletions out", func(s *provider) {
			s.holds = func(name, _, _ string, o object, right bool) bool {
				return right && !(name == "dateLastModified" && deleted(o))
			}
		}, []string{"lifecycle.delta", "lifecycle.delta-deleted"}},
		{"what changed leaves the latest out", func(s *provider) {
			s.holds = func(name, _, _ string, o object, right bool) bool {
				return right && !(name == "dateLastModified" && o["sourcedId"] == "kim6")
			}
		}, []string{"lifecycle.delta"}},
		{"the filter on changes is ignored", forgiving("filter", "dateLastModified"), []string{"lifecycle.delta"}},
		{"the time of the answer", func(s *provider) {
			s.object = func(_ string, o object) {
				o["dateLastModified"] = time.Now().UTC().Format("2006-01-02T15:04:05.000000Z")
			}
		}, []string{"lifecycle.modified-stable"}},
		{"a time to come", func(s *provider) {
			s.object = on(func(o object) { o["dateLastModified"] = "2999-01-01T00:00:00.000Z" }, "/courses", "/courses/{sourcedId}")
		}, []string{"lifecycle.modified-not-future"}},
	})
}
