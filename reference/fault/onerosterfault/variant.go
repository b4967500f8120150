package onerosterfault

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
)

// relinked writes the Link header in another, equally valid way (RFC 8288 §3).
func relinked(write func(links [][]string) []string) wrapper {
	return changing(func(a *answer) bool { return collection(a) && a.header.Get("Link") != "" }, func(a *answer) {
		all := link.FindAllStringSubmatch(strings.Join(a.header.Values("Link"), ","), -1)
		a.header["Link"] = write(all)
	})
}

func headerVariants() map[string]wrapper {
	one := func(format string) wrapper {
		return relinked(func(links [][]string) []string {
			var parts []string
			for _, l := range links {
				parts = append(parts, fmt.Sprintf(format, l[1], l[2]))
			}
			return []string{strings.Join(parts, ", ")}
		})
	}
	return map[string]wrapper{
		"link-unquoted":    one("<%s>; rel=%s"),
		"link-tight":       one("<%s>;rel=\"%s\""),
		"link-more-params": one("<%s>; title=\"a, b; c\"; rel=\"%s\"; type=\"application/json\""),
		"link-rel-last":    one("<%[1]s>; hreflang=en; rel=\"%[2]s\""),
		"link-rel-capital": one("<%s>; REL=\"%s\""),
		"link-reordered": relinked(func(links [][]string) []string {
			slices.Reverse(links)
			var parts []string
			for _, l := range links {
				parts = append(parts, fmt.Sprintf(`<%s>; rel="%s"`, l[1], l[2]))
			}
			return []string{strings.Join(parts, ",")}
		}),
		"link-several-fields": relinked(func(links [][]string) []string {
			var fields []string
			for _, l := range links {
				fields = append(fields, fmt.Sprintf(`<%s>; rel="%s"`, l[1], l[2]))
			}
			return fields
		}),
		"header-lower-case": changing(succeeded, func(a *answer) { recase(a, strings.ToLower) }),
		"header-upper-case": changing(succeeded, func(a *answer) { recase(a, strings.ToUpper) }),
		"charset-named":     changing(func(*answer) bool { return true }, func(a *answer) { a.header.Set("Content-Type", "application/json; charset=utf-8") }),
		"charset-capital":   changing(func(*answer) bool { return true }, func(a *answer) { a.header.Set("Content-Type", "Application/JSON;charset=\"UTF-8\"") }),
		"more-headers": changing(func(*answer) bool { return true }, func(a *answer) {
			a.header.Set("Strict-Transport-Security", "max-age=31536000")
			a.header.Set("X-Request-Id", "7f3a")
			a.header.Set("Vary", "Accept-Encoding")
			a.header.Add("Set-Cookie", "lb=node-3; Path=/")
		}),
		"chunked":             chunked,
		"gzip":                gzipped(func(accepted string) bool { return accepted == "gzip" }),
		"limit-capped":        limitCapped(20),
		"limit-capped-hard":   limitCapped(7),
		"not-modified":        notModified,
		"token-scope-omitted": grant(func(o object) { delete(o, "scope") }),
		"token-type-lower":    grant(func(o object) { o["token_type"] = strings.ToLower(str(o["token_type"])) }),
		"token-type-capital":  grant(func(o object) { o["token_type"] = "Bearer" }),
		"token-more-members":  grant(func(o object) { o["ext_tenant"] = "riverbend"; o["not_before"] = json.Number("0") }),
		"error-terse":         changing(failed, statusInfo(func(e object) { delete(e, "imsx_description") })),
		"slow-start": func(h http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				time.Sleep(3 * time.Millisecond)
				h.ServeHTTP(w, r)
			})
		},
	}
}

// recase sends header names in another case; HTTP/1.1 names have none.
func recase(a *answer, to func(string) string) {
	for _, name := range []string{"X-Total-Count", "Link", "Content-Type"} {
		if v := a.header[name]; v != nil {
			delete(a.header, name)
			a.header[to(name)] = v
		}
	}
}

// chunked sends bodies in small pieces without a length.
func chunked(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, ours := servicePath(r); !ours || r.Method == http.MethodHead {
			h.ServeHTTP(w, r)
			return
		}
		a := ask(h, r)
		a.header.Del("Content-Length")
		for name, values := range a.header {
			w.Header()[name] = values
		}
		w.WriteHeader(a.status)
		for piece := range slices.Chunk(a.body.Bytes(), 97) {
			_, _ = w.Write(piece)
			if f, ok := w.(http.Flusher); ok {
				f.Flush()
			}
		}
	})
}

// gzipped compresses every answer to a client whose Accept-Encoding offers to take it.
func gzipped(offers func(accepted string) bool) wrapper {
	return func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if _, ours := servicePath(r); !ours || r.Method == http.MethodHead || !offers(r.Header.Get("Accept-Encoding")) {
				h.ServeHTTP(w, r)
				return
			}
			a := ask(h, r)
			if a.body.Len() > 0 {
				var packed bytes.Buffer
				z := gzip.NewWriter(&packed)
				_, _ = z.Write(a.body.Bytes())
				_ = z.Close()
				a.setBody(packed.Bytes())
				a.header.Set("Content-Encoding", "gzip")
			}
			a.send(w)
		})
	}
}

// limitCapped serves at most n objects a page, as a provider may.
func limitCapped(n int) wrapper {
	return asking(func(r *http.Request, path string) {
		raw := r.URL.Query().Get("limit")
		if l, err := strconv.Atoi(raw); isCollection(path) && (raw == "" || err == nil && l > n) {
			rewrite(r, "limit", strconv.Itoa(n))
		}
	})
}

// notModified answers conditional requests of what did not change with 304.
func notModified(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, ours := servicePath(r); !ours || r.Method != http.MethodGet {
			h.ServeHTTP(w, r)
			return
		}
		a := ask(h, r)
		if succeeded(a) {
			tag := fmt.Sprintf(`W/"%d"`, a.body.Len())
			a.header.Set("ETag", tag)
			if r.Header.Get("If-None-Match") == tag {
				a.status = http.StatusNotModified
				a.setBody(nil)
				a.header.Set("ETag", tag)
				a.header.Del("Content-Type")
			}
		}
		a.send(w)
	})
}

func payloadVariants() map[string]wrapper {
	zone := func(from, to string) wrapper {
		return changing(succeeded, member("dateLastModified", func(v any) any { return strings.Replace(str(v), from, to, 1) }))
	}
	return map[string]wrapper{
		"unknown-metadata": changing(succeeded, func(a *answer) {
			if !asked(a, "metadata") {
				return
			}
			a.objects(func(o object) {
				o["metadata"] = object{"vendor.house": "red", "nested": object{"deep": []any{json.Number("1"), nil, "x"}}}
			})
		}),
		"modified-offset": zone("Z", "+00:00"),
		"modified-no-fraction": changing(succeeded, member("dateLastModified", func(v any) any {
			if at, err := time.Parse(time.RFC3339Nano, str(v)); err == nil && at.Nanosecond() == 0 {
				return at.UTC().Format("2006-01-02T15:04:05Z")
			}
			return v
		})),
		"modified-long-fraction": changing(succeeded, member("dateLastModified", func(v any) any { return strings.Replace(str(v), "Z", "000000Z", 1) })),
		"json-indented": changing(func(a *answer) bool { return a.body.Len() > 0 }, func(a *answer) {
			var b bytes.Buffer
			if json.Indent(&b, a.body.Bytes(), "\t", "    ") == nil {
				a.setBody(b.Bytes())
			}
		}),
		"json-escaped":           changing(succeeded, func(a *answer) { a.setBody(ascii(a.body.Bytes())) }),
		"json-ends-with-newline": changing(succeeded, func(a *answer) { a.setBody(append(bytes.TrimSpace(a.body.Bytes()), "\r\n"...)) }),
		"order-other":            orderOther,
		"ids-reserved":           reservedIDs,
		"empty-arrays": changing(succeeded, func(a *answer) {
			a.objects(func(o object) {
				switch {
				case usersIn(a):
					for _, name := range []string{"agents", "userIds", "userProfiles", "grades"} {
						if asked(a, name) {
							setAbsent(o, name, []any{})
						}
					}
				case under("courses")(a):
					for _, name := range []string{"grades", "subjects", "subjectCodes"} {
						if asked(a, name) {
							setAbsent(o, name, []any{})
						}
					}
				}
			})
		}),
		"selection-keeps-id": selectionKeepsID,
		"link-field-empty":   changing(func(a *answer) bool { return collection(a) && length(a) == 0 }, func(a *answer) { a.header.Set("Link", "") }),
		"other-methods-400":  changing(status(http.StatusMethodNotAllowed), func(a *answer) { fail(a, http.StatusBadRequest, "invaliddata") }),
		"basic-refused-400": changing(status(http.StatusUnauthorized), func(a *answer) {
			if _, _, basic := a.request.BasicAuth(); basic {
				fail(a, http.StatusBadRequest, "invaliddata")
			}
		}),
	}
}

// ascii writes every character beyond ASCII as \uXXXX.
func ascii(body []byte) []byte {
	var b bytes.Buffer
	for _, r := range string(body) {
		switch {
		case r < 0x80:
			b.WriteRune(r)
		case r > 0xFFFF:
			hi, lo := utf16.EncodeRune(r)
			fmt.Fprintf(&b, `\u%04x\u%04X`, hi, lo)
		default:
			fmt.Fprintf(&b, `\u%04X`, r)
		}
	}
	return b.Bytes()
}

// orderOther lists in the reverse order where none is asked for: any order will
// do as long as it is one.
func orderOther(h http.Handler) http.Handler {
	return asking(func(r *http.Request, path string) {
		if isCollection(path) && r.URL.Query().Get("sort") == "" {
			rewrite(r, "sort", "sourcedId")
			rewrite(r, "orderBy", "desc")
		}
	})(h)
}

// selectionKeepsID sends sourcedId along with whatever fields are asked for.
func selectionKeepsID(h http.Handler) http.Handler {
	return asking(func(r *http.Request, _ string) {
		if f := r.URL.Query().Get("fields"); f != "" && !slices.Contains(strings.Split(f, ","), "sourcedId") {
			rewrite(r, "fields", "sourcedId,"+f)
		}
	})(h)
}

// reserved stands before every id of the variant ids-reserved: legal in JSON,
// and each character must be encoded in a URL.
const reserved = "A/b c+%&?#ü:"

// reservedIDs serves every sourcedId with reserved characters in it.
func reservedIDs(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path, ours := servicePath(r)
		if !ours {
			h.ServeHTTP(w, r)
			return
		}
		inner := r.Clone(r.Context())
		// Paths are taken apart as they were sent: an encoded slash is part of
		// an id, a plain one is not.
		base := baseOf(r.URL.Path)
		root, rest, _ := strings.Cut(r.URL.EscapedPath(), base)
		parts := strings.Split(rest, "/")
		for i, part := range parts {
			if id, err := url.PathUnescape(part); err == nil && i > 0 && i%2 == 0 {
				plain, marked := strings.CutPrefix(id, reserved)
				if !marked {
					plain = "unmarked-" + id // an id that isn't ours is unknown
				}
				parts[i] = plain
			}
		}
		inner.URL.Path, inner.URL.RawPath = root+base+strings.Join(parts, "/"), ""
		if f := r.URL.Query().Get("filter"); strings.Contains(f, reserved) {
			rewrite(inner, "filter", strings.ReplaceAll(f, reserved, ""))
		}
		a := ask(h, inner)
		a.request, a.path = r, path
		if succeeded(a) {
			a.objects(func(o object) { remark(o) })
			links(func(_ *answer, _, u string) string {
				other, err := url.Parse(u)
				if err != nil {
					return u
				}
				here := self(r)
				here.RawQuery = other.RawQuery
				if f := r.URL.Query().Get("filter"); f != "" {
					q := here.Query()
					q.Set("filter", f)
					here.RawQuery = strings.ReplaceAll(q.Encode(), "+", "%20")
				}
				return here.String()
			})(a)
		}
		a.send(w)
	})
}

// remark marks the ids in a value, and the hrefs that hold them.
func remark(v any) {
	switch v := v.(type) {
	case object:
		if id, isText := v["sourcedId"].(string); isText {
			if href, isRef := v["href"].(string); isRef {
				cut := strings.LastIndexByte(href, '/')
				v["href"] = href[:cut+1] + escapeSegment(reserved+id)
			}
			v["sourcedId"] = reserved + id
		}
		for _, inner := range v {
			remark(inner)
		}
	case []any:
		for _, inner := range v {
			remark(inner)
		}
	}
}

var unsafe = regexp.MustCompile(`[^A-Za-z0-9._~-]`)

// escapeSegment percent-encodes everything but unreserved characters.
func escapeSegment(s string) string {
	return unsafe.ReplaceAllStringFunc(s, func(m string) string {
		var b strings.Builder
		for _, c := range []byte(m) {
			fmt.Fprintf(&b, "%%%02X", c)
		}
		return b.String()
	})
}

// asked tells whether a member belongs into an answer: all do unless fields were
// selected.
func asked(a *answer, member string) bool {
	q := a.request.URL.Query()
	return !q.Has("fields") || slices.Contains(strings.Split(strings.Join(q["fields"], ","), ","), member)
}
