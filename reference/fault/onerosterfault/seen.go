package onerosterfault

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// seenFaults are what products did that nobody had scripted, and where a judge is
// easily led astray: whole services that answer in one wrong way, lists that
// contradict themselves, token endpoints that are not what they should be.
func seenFaults() map[string]wrapper {
	plain := func(a *answer) bool {
		q := a.request.URL.Query()
		return collection(a) && !q.Has("filter") && !q.Has("sort")
	}
	lists := func(change func(a *answer, l []any) []any) func(*answer) {
		return func(a *answer) { a.list(func(l []any) []any { return change(a, l) }) }
	}
	return map[string]wrapper{
		"page-short-middle": changing(plain, lists(func(a *answer, l []any) []any {
			o := number(a.request, "offset", 0)
			if o == 0 || o+len(l) >= total(a) || len(l) < 2 {
				return l
			}
			return append(l[:len(l)/2:len(l)/2], l[len(l)/2+1:]...)
		})),
		"total-too-low": changing(plain, setTotal(func(a *answer) string { return strconv.Itoa(max(total(a)-5, 0)) })),
		"object-on-two-pages": func(h http.Handler) http.Handler {
			return changing(func(a *answer) bool { return plain(a) && number(a.request, "offset", 0) > 0 }, func(a *answer) {
				first := a.request.Clone(a.request.Context())
				rewrite(first, "offset", "0")
				ask(h, first).list(func(whole []any) []any {
					a.list(func(l []any) []any {
						if len(l) > 1 {
							l[len(l)-1] = whole[0]
						}
						return l
					})
					return whole
				})
			})(h)
		},
		"pages-endless": endless,
		"sub-collections-missing": changing(func(a *answer) bool { return isCollection(a.path) && strings.Count(a.path, "/") > 1 },
			func(a *answer) { fail(a, http.StatusNotFound, "unknownobject") }),
		"nulls-everywhere":   changing(succeeded, nulls),
		"lists-broken":       changing(collection, func(a *answer) { a.setBody(bytes.TrimRight(bytes.TrimSpace(a.body.Bytes()), "]}")) }),
		"lists-without-name": changing(collection, func(a *answer) { a.envelope(unwrapped) }),
		"race-flag-misspelt": changing(under("demographics"), func(a *answer) {
			a.objects(func(o object) {
				if v, has := o["blackOrAfricanAmerican"]; has {
					delete(o, "blackOrAfricanAmerican")
					o["blackOrAfricanAmerica"] = v
				}
			})
		}),
		"token-never-refuses": tokenNeverRefuses,
		"token-query-only": tokenFrom(func(r *http.Request, _ []byte) (url.Values, bool) {
			return r.URL.Query(), r.URL.RawQuery != ""
		}, "The required parameter grant_type is missing from the query."),
		"token-json-only": tokenFrom(func(r *http.Request, body []byte) (url.Values, bool) {
			var members map[string]string
			form := url.Values{}
			if !strings.Contains(r.Header.Get("Content-Type"), "json") || json.Unmarshal(body, &members) != nil {
				return nil, false
			}
			for name, v := range members {
				form.Set(name, v)
			}
			return form, true
		}, "The body is no JSON."),
		"token-redirects": func(h http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				at, moved := strings.CutSuffix(r.URL.Path, "/moved")
				switch {
				case moved:
					r = r.Clone(r.Context())
					r.URL.Path, r.URL.RawPath = at, ""
					h.ServeHTTP(w, r)
				case isToken(r):
					http.Redirect(w, r, r.URL.Path+"/moved", http.StatusTemporaryRedirect)
				default:
					h.ServeHTTP(w, r)
				}
			})
		},
	}
}

// unwrapped sends a list under a name that no standard knows.
func unwrapped(e object) {
	for name, v := range e {
		if _, list := v.([]any); list {
			delete(e, name)
			e["data"] = v
			return
		}
	}
}

// optional are members that may be absent, by what an object is.
var optional = map[string][]string{
	"users": {"middleName", "identifier", "email", "sms", "phone", "preferredFirstName", "pronouns"}, "classes": {"location", "classCode"},
	"courses": {"subjectCodes", "grades"}, "orgs": {"parent", "children"}, "academicSessions": {"parent", "children"},
	"enrollments": {"beginDate", "endDate", "primary"}, "demographics": {"birthDate", "sex", "cityOfBirth"},
	"resources": {"title", "importance", "roles", "vendorId", "applicationId"},
}

// nulls sends every member that is absent as null, where it is asked for.
func nulls(a *answer) {
	parts := strings.Split(strings.Trim(a.path, "/"), "/")
	kind := parts[len(parts)-1]
	if len(parts)%2 == 0 {
		kind = parts[len(parts)-2]
	}
	if of := map[string]string{"students": "users", "teachers": "users", "schools": "orgs", "terms": "academicSessions",
		"gradingPeriods": "academicSessions"}[kind]; of != "" {
		kind = of
	}
	a.objects(func(o object) {
		for _, name := range optional[kind] {
			if asked(a, name) {
				setAbsent(o, name, nil)
			}
		}
	})
}

// tokenNeverRefuses gives everybody a token: whoever the endpoint turns away gets the
// one of somebody else.
func tokenNeverRefuses(h http.Handler) http.Handler {
	v := &vault{}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet && strings.Contains(r.URL.Path, "token") {
			r = r.Clone(r.Context())
			r.Method, r.Body = http.MethodPost, http.NoBody
		}
		if !isToken(r) {
			h.ServeHTTP(w, r)
			return
		}
		got := v.watch(h, r)
		if token := v.token(h); got.Code != http.StatusOK && token != "" {
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Cache-Control", "no-store")
			body, _ := json.Marshal(object{"access_token": token, "token_type": "Bearer", "expires_in": 3600})
			_, _ = w.Write(body)
			return
		}
		replay(w, got)
	})
}

// tokenFrom takes the parameters of token requests from elsewhere than the form, and
// refuses those that have none there.
func tokenFrom(read func(r *http.Request, body []byte) (url.Values, bool), refusal string) wrapper {
	return func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !isToken(r) {
				h.ServeHTTP(w, r)
				return
			}
			body, _ := io.ReadAll(io.LimitReader(r.Body, 1<<16))
			form, there := read(r, body)
			if !there {
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(http.StatusBadRequest)
				answer, _ := json.Marshal(object{"error": "invalid_request", "error_description": refusal})
				_, _ = w.Write(answer)
				return
			}
			r = r.Clone(r.Context())
			text := form.Encode()
			r.URL.RawQuery, r.Body, r.ContentLength = "", io.NopCloser(strings.NewReader(text)), int64(len(text))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			h.ServeHTTP(w, r)
		})
	}
}

// endless goes on with courses that nobody knows, page after page, and each has a
// next.
func endless(h http.Handler) http.Handler {
	return changing(func(a *answer) bool {
		q := a.request.URL.Query()
		return collection(a) && a.path == victim && !q.Has("filter") && !q.Has("sort")
	}, func(a *answer) {
		wanted := strings.Split(a.request.URL.Query().Get("fields"), ",")
		from, limit := number(a.request, "offset", 0), min(number(a.request, "limit", 100), gigantic)
		base := self(a.request)
		base.RawQuery = ""
		service := strings.TrimSuffix(base.String(), victim)
		a.list(func(l []any) []any {
			for i := len(l); i < limit; i++ {
				id := "endless-" + strconv.Itoa(from+i)
				course := object{"sourcedId": id, "status": "active", "dateLastModified": "2026-01-01T00:00:00.000Z", "title": "Course " + id,
					"courseCode": id, "org": object{"sourcedId": "none", "type": "org", "href": service + "/orgs/none"}}
				if wanted[0] != "" {
					maps.DeleteFunc(course, func(name string, _ any) bool { return !slices.Contains(wanted, name) })
				}
				l = append(l, course)
			}
			return l
		})
		a.header.Del("Link")
		addLink(a, "next", with(a.request, from+limit))
	})(h)
}
