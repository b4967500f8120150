package client

import (
	"net/http"
	"strings"
)

// Links reads the targets of Link header fields by their relations (RFC 8288, section 3),
// leniently: parameters in any case and order, quoted or not, several relations at once, and
// targets with signs that should be encoded. The first of each relation counts.
func Links(h http.Header) map[string]string {
	out := map[string]string{}
	for _, field := range h.Values("Link") {
		for _, one := range splitLinks(field) {
			target, parameters, ok := cutTarget(one)
			if !ok {
				continue
			}
			for _, relation := range relations(parameters) {
				if _, known := out[relation]; !known {
					out[relation] = target
				}
			}
		}
	}
	return out
}

// splitLinks splits a field at the commas before a "<", outside of quotes.
func splitLinks(field string) []string {
	var out []string
	begin, quoted, inside := 0, false, false
	for i := 0; i < len(field); i++ {
		switch c := field[i]; {
		case inside:
			// A target ends at the ">" that parameters, another link or nothing follow.
			if rest := strings.TrimLeft(field[i+1:], " \t"); c == '>' && (rest == "" || rest[0] == ';' || rest[0] == ',') {
				inside = false
			}
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '<':
			inside = true
		case c == ',' && strings.HasPrefix(strings.TrimLeft(field[i+1:], " \t,"), "<"):
			out = append(out, field[begin:i])
			begin = i + 1
		}
	}
	return append(out, field[begin:])
}

// cutTarget takes the target off a link.
func cutTarget(link string) (target, parameters string, ok bool) {
	rest, opened := strings.CutPrefix(strings.TrimLeft(link, " \t,"), "<")
	if !opened {
		return "", "", false
	}
	for i := range len(rest) {
		if behind := strings.TrimLeft(rest[i+1:], " \t"); rest[i] == '>' && (behind == "" || behind[0] == ';') {
			return strings.TrimSpace(rest[:i]), behind, true
		}
	}
	return "", "", false
}

// relations reads rel, of which the first counts.
func relations(parameters string) []string {
	for parameters != "" {
		parameters = strings.TrimLeft(parameters, "; \t")
		end := strings.IndexAny(parameters, "=;")
		if end < 0 {
			return nil
		}
		name, value := strings.TrimSpace(parameters[:end]), ""
		if parameters[end] == ';' {
			parameters = parameters[end:]
			continue
		}
		value, parameters = cutValue(strings.TrimLeft(parameters[end+1:], " \t"))
		if strings.EqualFold(name, "rel") {
			return strings.Fields(strings.ToLower(value))
		}
	}
	return nil
}

// cutValue takes a token or a quoted text off.
func cutValue(s string) (value, rest string) {
	if !strings.HasPrefix(s, `"`) {
		end := strings.IndexByte(s, ';')
		if end < 0 {
			return s, ""
		}
		return s[:end], s[end:]
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s):
			i++
			b.WriteByte(s[i])
		case s[i] == '"':
			return b.String(), s[i+1:]
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String(), ""
}
