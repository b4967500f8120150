package rostering

import (
	"net/url"
	"strings"
)

// parseLinks reads Link header fields (RFC 8288 §3): several fields, several
// links in one, relation types quoted or not, in any order and case, several in
// one rel. Relative targets are resolved against base. A later link of the same
// relation does not replace an earlier one.
func parseLinks(fields []string, base string) map[string]string {
	links := map[string]string{}
	origin, _ := url.Parse(base)
	for _, field := range fields {
		for rest := field; ; {
			open := strings.IndexByte(rest, '<')
			if open < 0 {
				break
			}
			end := strings.IndexByte(rest[open:], '>')
			if end < 0 {
				break
			}
			target := rest[open+1 : open+end]
			rest = rest[open+end+1:]
			params, after := linkParams(rest)
			rest = after
			if u, err := url.Parse(target); err == nil && origin != nil {
				target = origin.ResolveReference(u).String()
			}
			for _, rel := range strings.Fields(params["rel"]) {
				if rel = strings.ToLower(rel); links[rel] == "" {
					links[rel] = target
				}
			}
		}
	}
	return links
}

// linkParams reads ;name=value pairs up to the comma that ends the link.
func linkParams(s string) (map[string]string, string) {
	params := map[string]string{}
	for {
		s = strings.TrimLeft(s, " \t")
		if s == "" || s[0] == ',' {
			return params, strings.TrimPrefix(s, ",")
		}
		s = strings.TrimLeft(strings.TrimPrefix(s, ";"), " \t")
		end := strings.IndexAny(s, "=;,")
		if end < 0 {
			return params, ""
		}
		name := strings.ToLower(strings.TrimSpace(s[:end]))
		if s[end] != '=' {
			s = s[end:]
			continue
		}
		s = strings.TrimLeft(s[end+1:], " \t")
		var value strings.Builder
		if strings.HasPrefix(s, `"`) {
			i := 1
			for ; i < len(s) && s[i] != '"'; i++ {
				if s[i] == '\\' && i+1 < len(s) {
					i++
				}
				value.WriteByte(s[i])
			}
			s = s[min(i+1, len(s)):]
		} else {
			i := strings.IndexAny(s, ";,")
			if i < 0 {
				i = len(s)
			}
			value.WriteString(strings.TrimSpace(s[:i]))
			s = s[i:]
		}
		if _, twice := params[name]; !twice && name != "" {
			params[name] = value.String()
		}
	}
}
