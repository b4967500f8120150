// Package weblink reads Link header fields (RFC 8288), by which services of every kind say
// where their next page is.
package weblink

import (
	"net/url"
	"strings"
)

// Link is one link of a Link header field as it was sent.
type Link struct {
	Target string
	Rels   []string // lower case
}

// Parse reads Link header fields (RFC 8288 §3): several fields, several
// links in one, relation types quoted or not, in any order and case, several in
// one rel. wellFormed is false when something was left that is no link.
func Parse(fields []string) (links []Link, wellFormed bool) {
	wellFormed = true
	for _, field := range fields {
		for rest := strings.TrimSpace(field); rest != ""; rest = strings.TrimSpace(rest) {
			end := strings.IndexByte(rest, '>')
			if rest[0] != '<' || end < 0 {
				return links, false
			}
			target := rest[1:end]
			named, after := params(rest[end+1:])
			rest = after
			if _, there := named["rel"]; !there {
				wellFormed = false
			}
			links = append(links, Link{target, strings.Fields(strings.ToLower(named["rel"]))})
		}
	}
	return links, wellFormed
}

// Targets gives the target of each relation; relative ones are resolved
// against base. A later link of the same relation does not replace an earlier one.
func Targets(fields []string, base string) map[string]string {
	links := map[string]string{}
	origin, _ := url.Parse(base)
	values, _ := Parse(fields)
	for _, l := range values {
		if u, err := url.Parse(l.Target); err == nil && origin != nil {
			l.Target = origin.ResolveReference(u).String()
		}
		for _, rel := range l.Rels {
			if links[rel] == "" {
				links[rel] = l.Target
			}
		}
	}
	return links
}

// params reads ;name=value pairs up to the comma that ends the link.
func params(s string) (map[string]string, string) {
	named := map[string]string{}
	for {
		s = strings.TrimLeft(s, " \t")
		if s == "" || s[0] == ',' {
			return named, strings.TrimPrefix(s, ",")
		}
		s = strings.TrimLeft(strings.TrimPrefix(s, ";"), " \t")
		end := strings.IndexAny(s, "=;,")
		if end < 0 {
			return named, ""
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
		if _, twice := named[name]; !twice && name != "" {
			named[name] = value.String()
		}
	}
}
