package catalogfault

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/rollcall-edu/rollcall/reference/fault/bend"
)

type object = map[string]any

const (
	resourcesPath = "/resources"
	subjectsPath  = "/subjects"
)

// reply is an answer that is kept back, so that it can be changed.
type reply struct {
	*httptest.ResponseRecorder
	request *http.Request
}

// is tells whether it answers a read of a path of the service with success.
func (a *reply) is(path string) bool {
	return a.Code == http.StatusOK && strings.HasSuffix(a.request.URL.Path, path) && a.request.Method == http.MethodGet
}

// body reads the body as an object; nil where it is none.
func (a *reply) body() object {
	var o object
	d := json.NewDecoder(bytes.NewReader(a.Body.Bytes()))
	d.UseNumber()
	_ = d.Decode(&o)
	return o
}

func (a *reply) set(v any) {
	text, err := json.Marshal(v)
	if err == nil {
		a.text(string(text))
	}
}

func (a *reply) text(s string) {
	a.Body.Reset()
	a.Body.WriteString(s)
}

// replace makes another answer of it, without a page's headers.
func (a *reply) replace(status int, body any) {
	a.Code = status
	for _, name := range []string{"X-Total-Count", "Link"} {
		a.Header().Del(name)
	}
	a.Header().Set("Content-Type", "application/json")
	a.set(body)
}

// failed is a status info as the reference sends it.
func failed(minor, text string) object {
	return object{"imsx_codeMajor": "failure", "imsx_severity": "error", "imsx_description": text,
		"imsx_codeMinor": object{"imsx_codeMinorField": []any{object{"imsx_codeMinorFieldName": "TargetEndSystem", "imsx_codeMinorFieldValue": minor}}}}
}

// changed makes a wrapper that changes answers of the service; those of token endpoints and pages for
// people pass.
func changed(change func(a *reply)) bend.Wrapper {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !ofService(r) {
				next.ServeHTTP(w, r)
				return
			}
			a := &reply{bend.Answered(next, r), r}
			change(a)
			bend.Give(w, a.ResponseRecorder)
		})
	}
}

// ofService tells whether a request is for the service, and for no page or token.
func ofService(r *http.Request) bool { return strings.Contains(r.URL.Path, "/ims/rs/") }

// asked makes a wrapper that changes what is asked of resources.
func asked(change func(q url.Values)) bend.Wrapper {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, resourcesPath) {
				q := r.URL.Query()
				change(q)
				r = r.Clone(r.Context())
				r.URL.RawQuery = q.Encode()
			}
			next.ServeHTTP(w, r)
		})
	}
}

// filtered changes the text of filters.
func filtered(change func(filter string) string) bend.Wrapper {
	return asked(func(q url.Values) {
		if f := q.Get("filter"); f != "" {
			if f = change(f); f == "" {
				q.Del("filter")
			} else {
				q.Set("filter", f)
			}
		}
	})
}

// turned answers what satisfies when in another way, before anybody looks at it.
func turned(when func(r *http.Request) bool, status int, body func() any) bend.Wrapper {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !ofService(r) || r.Header.Get("Authorization") == "" || !when(r) {
				next.ServeHTTP(w, r)
				return
			}
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(status)
			_ = json.NewEncoder(w).Encode(body())
		})
	}
}

// broke is a server error.
func broke() any { return failed("internal_server_error", "the catalogue could not be read") }

// list makes a wrapper that changes a list that comes with success.
func list(path, member string, change func(a *reply, list []any) []any) bend.Wrapper {
	return changed(func(a *reply) {
		if !a.is(path) {
			return
		}
		body := a.body()
		if list, is := body[member].([]any); is {
			body[member] = change(a, list)
			a.set(body)
		}
	})
}

func page(change func(a *reply, items []any) []any) bend.Wrapper {
	return list(resourcesPath, "resources", change)
}

func tree(change func(nodes []any) []any) bend.Wrapper {
	return list(subjectsPath, "subjects", func(_ *reply, nodes []any) []any { return change(nodes) })
}

// each changes every item that has what a change is about. A selection stays one: what is added comes
// only where it was asked for.
func each(change func(o object)) bend.Wrapper {
	return page(func(a *reply, items []any) []any {
		fields := a.request.URL.Query().Get("fields")
		for _, one := range items {
			o, is := one.(object)
			if !is {
				continue
			}
			before := maps.Clone(o)
			change(o)
			maps.DeleteFunc(o, func(name string, _ any) bool {
				_, was := before[name]
				return fields != "" && !was && !slices.Contains(strings.Split(fields, ","), name)
			})
		}
		return items
	})
}

// member changes one member, where an item has it.
func member(name string, change func(v any) any) bend.Wrapper {
	return each(func(o object) {
		if v, has := o[name]; has {
			o[name] = change(v)
		}
	})
}

func to(value any) func(any) any { return func(any) any { return value } }

// first changes the first entry of a list of objects, where an item has one.
func first(name string, change func(o object)) bend.Wrapper {
	return each(func(o object) {
		if list, is := o[name].([]any); is && len(list) > 0 {
			if entry, is := list[0].(object); is {
				change(entry)
			}
		}
	})
}

// linked changes the LTI link of items; those that have none are given one, as many have no tool.
func linked(change func(link object)) bend.Wrapper {
	return each(func(o object) {
		link, is := o["ltiLink"].(object)
		if !is {
			link = object{"title": o["name"], "vendor": object{"code": "rb", "name": "Riverbend"}, "launch_url": "https://tool.example/launch"}
			o["ltiLink"] = link
		}
		change(link)
	})
}

// refusals changes what is said of failures.
func refusals(change func(a *reply, body object)) bend.Wrapper {
	return changed(func(a *reply) {
		if a.Code >= 400 {
			if body := a.body(); body != nil {
				change(a, body)
			}
		}
	})
}

// minor changes the code minor of failures.
func minor(change func(a *reply, value string) string) bend.Wrapper {
	return refusals(func(a *reply, body object) {
		holder, _ := body["imsx_codeMinor"].(object)
		fields, _ := holder["imsx_codeMinorField"].([]any)
		for _, one := range fields {
			if f, is := one.(object); is {
				value, _ := f["imsx_codeMinorFieldValue"].(string)
				f["imsx_codeMinorFieldValue"] = change(a, value)
			}
		}
		a.set(body)
	})
}

// links changes the addresses of the Link header; an empty one goes.
func links(change func(rel, target string) string) bend.Wrapper {
	return changed(func(a *reply) {
		if !a.is(resourcesPath) {
			return
		}
		var out []string
		for _, m := range linkForm.FindAllStringSubmatch(a.Header().Get("Link"), -1) {
			if target := change(m[2], m[1]); target != "" {
				out = append(out, "<"+target+`>; rel="`+m[2]+`"`)
			}
		}
		a.Header().Set("Link", strings.Join(out, ", "))
	})
}

var linkForm = regexp.MustCompile(`<([^>]*)>;\s*rel="([a-z]+)"`)

func number(q url.Values, name string, usual int) int {
	if n, err := strconv.Atoi(q.Get(name)); err == nil {
		return n
	}
	return usual
}

// clause takes a simple filter apart.
var clause = regexp.MustCompile(`^([A-Za-z.]+)(=|~)'(.*)'$`)

// entriesOf gives the texts of a field of an item, a dotted one too.
func entriesOf(o object, field string) []string {
	listName, part, dotted := strings.Cut(field, ".")
	entries, _ := o[listName].([]any)
	var out []string
	for _, one := range entries {
		v := one
		if dotted {
			inner, _ := one.(object)
			v = inner[part]
		}
		if text, is := v.(string); is {
			out = append(out, text)
		}
	}
	return out
}

// kept leaves of what a filter on a list found what satisfies keep.
func kept(dotted bool, keep func(entries []string, value string) bool) bend.Wrapper {
	return page(func(a *reply, items []any) []any {
		m := clause.FindStringSubmatch(a.request.URL.Query().Get("filter"))
		if m == nil || m[2] != "=" || strings.Contains(m[1], ".") != dotted {
			return items
		}
		out := []any{}
		for _, one := range items {
			o, _ := one.(object)
			entries := entriesOf(o, m[1])
			if len(entries) == 0 || keep(entries, m[3]) {
				out = append(out, one)
			}
		}
		return out
	})
}
