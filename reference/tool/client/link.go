package client

import (
	"net/http"
	"net/url"
	"strings"
)

// Link is one of a Link header (RFC 8288 §3).
type Link struct {
	URL string // resolved against the address that it came from
	Rel []string
}

// Links reads all Link headers of an answer that came from an address. Relations may be quoted
// or not, several in one parameter, beside others; a link about another thing (anchor) is none
// of this answer.
func Links(from string, h http.Header) []Link {
	base, err := url.Parse(from)
	if err != nil {
		return nil
	}
	var out []Link
	for _, line := range h.Values("Link") {
		for rest := line; ; {
			_, after, found := strings.Cut(rest, "<")
			target, after, closed := strings.Cut(after, ">")
			if !found || !closed {
				break
			}
			var parameters map[string]string
			parameters, rest = readParameters(after)
			u, err := base.Parse(strings.TrimSpace(target))
			if _, anchored := parameters["anchor"]; err != nil || anchored {
				continue
			}
			out = append(out, Link{u.String(), strings.Fields(strings.ToLower(parameters["rel"]))})
		}
	}
	return out
}

// readParameters reads what follows the address of a link, to the comma behind it. Of a
// parameter that comes twice the first one counts.
func readParameters(text string) (parameters map[string]string, rest string) {
	parameters = map[string]string{}
	for {
		text = strings.TrimLeft(text, " \t")
		if text == "" || text[0] == ',' {
			return parameters, text
		}
		text = strings.TrimLeft(text, "; \t")
		end := strings.IndexAny(text, "=;,")
		if end < 0 {
			return parameters, ""
		}
		name, value := strings.ToLower(strings.TrimSpace(text[:end])), ""
		if text = text[end:]; text[0] == '=' {
			value, text = readValue(strings.TrimLeft(text[1:], " \t"))
		}
		if _, twice := parameters[name]; !twice {
			parameters[name] = value
		}
	}
}

// readValue reads a token or a quoted string.
func readValue(text string) (value, rest string) {
	if !strings.HasPrefix(text, `"`) {
		end := strings.IndexAny(text, ";,")
		if end < 0 {
			end = len(text)
		}
		return strings.TrimSpace(text[:end]), text[end:]
	}
	var b strings.Builder
	for i := 1; i < len(text); i++ {
		switch {
		case text[i] == '"':
			return b.String(), text[i+1:]
		case text[i] == '\\' && i+1 < len(text):
			i++
		}
		b.WriteByte(text[i])
	}
	return b.String(), ""
}

// related gives the address of the first link of a relation, "" where there is none.
func related(links []Link, relation string) string {
	for _, l := range links {
		for _, r := range l.Rel {
			if r == relation {
				return l.URL
			}
		}
	}
	return ""
}

// sameHost tells whether two addresses are of one server: a token is shown to no other.
func sameHost(a, b string) bool {
	x, err := url.Parse(a)
	y, err2 := url.Parse(b)
	return err == nil && err2 == nil && x.Scheme == y.Scheme && x.Host == y.Host
}
