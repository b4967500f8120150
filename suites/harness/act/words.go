package act

import (
	"encoding/json"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/rollcall-edu/rollcall/suites/harness/browser"
)

// Word finds what may stand for something in a text; $$ is one $. A $ before anything else is just that.
var Word = regexp.MustCompile(`\$(\$|[A-Za-z_][A-Za-z0-9_]*)`)

// UnknownWord gives the first name in a text that stands for nothing: it isn't among those known.
func UnknownWord(text string, known []string) string {
	for _, m := range Word.FindAllStringSubmatch(text, -1) {
		if m[1] != "$" && !slices.Contains(known, m[1]) {
			return m[1]
		}
	}
	return ""
}

// Filled puts values in the place of their words, each as encode has it; words that
// stand for nothing stay.
func Filled(text string, values map[string]string, encode func(name, value string) string) string {
	return Word.ReplaceAllStringFunc(text, func(m string) string {
		if m == "$$" {
			return "$"
		}
		v, known := values[m[1:]]
		if !known {
			return m
		}
		return encode(m[1:], v)
	})
}

// AsIs writes a value as it is.
func AsIs(_, value string) string { return value }

// InURL writes a value as a part of a query.
func InURL(_, value string) string { return url.QueryEscape(value) }

// inBody tells how values are written in a body, by what it looks like: JSON, a form, or
// anything else. $connection stands for JSON, and is no text in it.
func inBody(body, contentType string) func(name, value string) string {
	trimmed := strings.TrimSpace(body)
	switch {
	case strings.HasPrefix(trimmed, "{") || strings.HasPrefix(trimmed, "["):
		return func(name, value string) string {
			if name == "connection" {
				return value // which is JSON
			}
			text, _ := json.Marshal(value) // of a text
			return string(text[1 : len(text)-1])
		}
	case strings.HasPrefix(contentType, "application/x-www-form-urlencoded"):
		return InURL
	}
	return AsIs
}

// Steps puts values into steps.
func Steps(steps []browser.Step, values map[string]string) []browser.Step {
	out := make([]browser.Step, len(steps))
	for i, s := range steps {
		s.Open = Filled(s.Open, values, InURL)
		for _, text := range []*string{&s.Fill, &s.Select, &s.Value, &s.Click, &s.Wait, &s.Frame} {
			*text = Filled(*text, values, AsIs)
		}
		out[i] = s
	}
	return out
}

// SecureHost gives the server (host:port) of an address with https; empty where it is none.
func SecureHost(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" || u.Host == "" {
		return ""
	}
	if u.Port() == "" {
		return u.Host + ":443"
	}
	return u.Host
}
