package harness

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/rollcall-edu/rollcall/reports"
)

const (
	// maxHeader bounds one header field, maxHeaders those of a message.
	maxHeader  = 2 << 10
	maxHeaders = 100
	// maxURL bounds an address.
	maxURL = 4 << 10
)

// Headers redacts and orders header fields.
func (r *Redactor) Headers(h http.Header) []reports.Header {
	var out []reports.Header
	for name, values := range h {
		for _, v := range values {
			if len(out) < maxHeaders {
				out = append(out, reports.Header{Name: limited(r.Text(head(name, maxHeader)), 256),
					Value: limited(r.header(name, head(v, maxHeader+beyond)), maxHeader)})
			}
		}
	}
	slices.SortFunc(out, func(a, b reports.Header) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// header redacts the value of one header field.
func (r *Redactor) header(name, v string) string {
	switch lower := strings.ToLower(name); {
	case lower == "cookie" || lower == "set-cookie":
		v = cookieValues(v, lower == "set-cookie")
	case r.rules.headers[lower]:
		if scheme, _, found := strings.Cut(v, " "); found && strings.HasSuffix(lower, "authorization") {
			return r.Text(scheme) + " [redacted]"
		}
		return "[redacted]"
	default:
		if c := r.rules.class([]byte(strings.TrimPrefix(lower, "x-"))); c != ordinary {
			return r.as(c, v)
		}
	}
	return r.URL(v)
}

// cookieValues hides the values of cookies and leaves what decides whether they come
// back: their names and, where they are set, their attributes.
func cookieValues(line string, set bool) string {
	parts := strings.Split(line, ";")
	for i, part := range parts {
		if name, _, valued := strings.Cut(part, "="); valued && (!set || i == 0) {
			parts[i] = name + "=[redacted]"
		} else if !valued && (!set || i == 0) {
			parts[i] = "[redacted]"
		}
	}
	return strings.Join(parts, ";")
}

// meetCookies remembers what a target set as cookies: whoever holds one is somebody.
func (r *Redactor) meetCookies(h http.Header) {
	for _, line := range h["Set-Cookie"] {
		pair, _, _ := strings.Cut(line, ";")
		if _, v, _ := strings.Cut(pair, "="); len(v) >= 2*fragment && len(v) <= maxHeader && mixed(v) {
			r.meetSecret(v)
		}
	}
}

// Form redacts an application/x-www-form-urlencoded body.
func (r *Redactor) Form(body string) string {
	values, err := url.ParseQuery(body)
	if err != nil {
		return "[redacted]"
	}
	for name, list := range values {
		for i := range list {
			list[i] = r.Value(name, list[i])
		}
	}
	return r.Text(strings.ReplaceAll(values.Encode(), url.QueryEscape("[redacted]"), "[redacted]"))
}

// meetForm remembers the secrets of a form that a product sent, such as an id_token.
func (r *Redactor) meetForm(body string) {
	values, err := url.ParseQuery(head(body, maxHashed))
	if err != nil {
		return
	}
	for name, list := range values {
		for _, v := range list {
			if c := r.rules.class([]byte(name)); c == secret {
				r.meetSecret(v)
			} else {
				r.learn(c, v)
			}
		}
	}
}

// clause finds the quoted values of a filter expression and the field before.
var clause = regexp.MustCompile(`([A-Za-z_][\w.]*)(%21|!|%3C|<|%3E|>|%3D|=|~|%7E)+(%27|')((?:%27%27|''|%2[^7]|%[^2]|[^'%])*)(%27|'|$)`)

// pair finds the parameters of a query or a fragment.
var pair = regexp.MustCompile(`([?&#;])([A-Za-z_][\w.%-]*)=([^&#;\s<>"']+)`)

// URL redacts an address, or a text with addresses in it: filter values on personal
// fields, parameters that are named like personal data or secrets, and what is known.
func (r *Redactor) URL(u string) string {
	if strings.Contains(u, "filter=") {
		u = clause.ReplaceAllStringFunc(u, func(m string) string {
			part := clause.FindStringSubmatch(m)
			field := part[1][strings.LastIndexByte(part[1], '.')+1:]
			c := r.rules.class([]byte(field))
			value := decoded(part[4])
			if c == ordinary || value == "" || r.isOwn(strings.ReplaceAll(value, "''", "'")) {
				return m
			}
			return strings.Replace(m, part[3]+part[4]+part[5], part[3]+r.as(c, value)+part[5], 1)
		})
	}
	if strings.IndexByte(u, '=') > 0 {
		u = pair.ReplaceAllStringFunc(u, func(m string) string {
			part := pair.FindStringSubmatch(m)
			c := r.rules.class([]byte(decoded(part[2])))
			if c == ordinary {
				return m
			}
			return part[1] + part[2] + "=" + r.as(c, decoded(part[3]))
		})
	}
	return r.Text(u)
}
