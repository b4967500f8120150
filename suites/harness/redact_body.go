package harness

import (
	"bytes"
	"regexp"
	"strings"
	"unicode/utf8"
)

const (
	// beyond is how much of a body is read beyond what is kept, so that a secret at the
	// cut is whole when it is looked for.
	beyond = 1 << 10
	// maxDepth bounds the containers that are told apart by their names.
	maxDepth = 1 << 12
)

// scanner goes through JSON, be it whole or broken, and tells of each value what it is.
type scanner struct {
	rules *rules
	b     []byte
	key   class   // of the member name last read
	in    []class // of the containers around, with the class of the key before each
	deep  int     // containers beyond maxDepth
	// value is told of each value: raw as it stands, a string with its quotes. plain is
	// told of what stands between, and of names. Either ends the scan by returning false.
	value func(raw []byte, c class) bool
	plain func(raw []byte) bool
	name  func(raw []byte)
	done  func(depth int) // a container has closed
}

// run scans to the end, or until somebody ends it, and gives how far it came.
func (s *scanner) run() int {
	b := s.b
	from := 0
	upTo := func(i int) bool { return from == i || s.plain == nil || s.plain(b[from:i]) }
	follows := false // a value follows, for a colon came
	for i := 0; i < len(b); {
		switch c := b[i]; {
		case c == '"':
			end := stringEnd(b, i)
			if next := skipBlank(b, end); !follows && next < len(b) && b[next] == ':' {
				name := bytes.Trim(b[i:end], `"`)
				s.key = s.rules.class(name)
				if s.name != nil {
					s.name(name)
				}
				i = end
				continue
			}
			if !upTo(i) {
				return from
			}
			from, follows = end, false
			if !s.value(b[i:end], s.class()) {
				return i
			}
			i = end
		case c == ':':
			follows = true
			i++
		case c == '{' || c == '[':
			if len(s.in) < 2*maxDepth {
				s.in = append(s.in, s.class(), s.key)
			} else {
				s.deep++
			}
			follows = false
			i++
		case c == '}' || c == ']':
			switch n := len(s.in); {
			case s.deep > 0:
				s.deep--
			case n > 0:
				s.key, s.in = s.in[n-1], s.in[:n-2]
			}
			if s.done != nil {
				s.done(len(s.in)/2 + s.deep)
			}
			follows = false
			i++
		case (c == 't' || c == 'f' || c == '-' || c >= '0' && c <= '9') && s.class() != ordinary:
			end := i + 1
			for end < len(b) && (isAlnum(b[end]) || strings.IndexByte("+-.", b[end]) >= 0) {
				end++
			}
			if !upTo(i) {
				return from
			}
			from, follows = end, false
			if !s.value(b[i:end], s.class()) {
				return i
			}
			i = end
		default:
			if c == ',' {
				follows = false
			}
			i++
		}
	}
	if !upTo(len(b)) {
		return from
	}
	return len(b)
}

// class is what stands here: as the name says, or as a container around it does.
func (s *scanner) class() class {
	if n := len(s.in); n > 0 {
		return max(s.key, s.in[n-2])
	}
	return s.key
}

// Body redacts a JSON (or other) body and cuts it to limit bytes.
func (r *Redactor) Body(body []byte, limit int) (text string, cut bool) {
	var out strings.Builder
	most := limit + beyond
	write := func(s string) bool {
		if room := most - out.Len(); len(s) > room {
			out.WriteString(s[:max(0, room)])
			return false
		}
		out.WriteString(s)
		return true
	}
	part := func(raw []byte) string { return string(raw[:min(len(raw), most+1)]) }
	if !jsonLike(body) {
		cut = len(body) > most
		write(r.labels(part(body)))
	} else {
		s := scanner{rules: r.rules, b: body}
		s.plain = func(raw []byte) bool {
			text := part(raw)
			if strings.ContainsAny(text, "'=<") {
				text = r.labels(text) // JSON it isn't
			}
			return write(text)
		}
		s.value = func(raw []byte, c class) bool { return write(r.literal(raw, c, most)) }
		cut = s.run() < len(body)
	}
	text = r.Text(strings.ToValidUTF8(out.String(), "\uFFFD"))
	if short := shorten(text, limit); short != text {
		return short, true
	}
	return text, cut
}

// shorten cuts a text to at most n bytes, between characters.
func shorten(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

func jsonLike(body []byte) bool {
	i := skipBlank(body, 0)
	return i < len(body) && (body[i] == '{' || body[i] == '[' || body[i] == '"') ||
		bytes.HasPrefix(body[min(i, len(body)):], []byte("\ufeff{")) || bytes.HasPrefix(body[min(i, len(body)):], []byte("\ufeff["))
}

// literal redacts one JSON value, and keeps it one of its type.
func (r *Redactor) literal(raw []byte, c class, most int) string {
	if raw[0] != '"' {
		switch {
		case r.keep && c != secret:
			return string(raw)
		case raw[0] == 't' || raw[0] == 'f':
			return "false" // the type stays visible, the value does not
		}
		return "0"
	}
	if c == ordinary || r.keep && c != secret {
		if c != ordinary || bytes.IndexByte(raw, '=') < 0 && bytes.IndexByte(raw, ':') < 0 {
			return string(raw[:min(len(raw), most+1)])
		}
		return r.labels(string(raw[:min(len(raw), most+1)]))
	}
	inner := bytes.TrimPrefix(raw, []byte(`"`))
	inner = bytes.TrimSuffix(inner[:min(len(inner), maxHashed)], []byte(`"`))
	shown := unescape(string(inner))
	if masked := r.as(c, shown); masked != shown {
		return `"` + inLiteral.Replace(masked) + `"`
	}
	return string(raw[:min(len(raw), most+1)])
}

var inLiteral = strings.NewReplacer(`\`, `\\`, `"`, `\"`)

// unescape takes one layer of escapes off.
func unescape(s string) string {
	if strings.IndexByte(s, '\\') < 0 {
		return s
	}
	if p, ok := peelOf(s, `\`); ok {
		return p.text
	}
	return s
}

// maxPending bounds the values that wait for the end of their object.
const maxPending = 256

// meet remembers the personal values of a body that a target sent, and its secrets. A value
// that is the sourcedId of its object as well is none: sourcedIds are no personal data by
// the standard's own words (OneRoster 1.2), and evidence without them would prove nothing.
func (r *Redactor) meet(body []byte) {
	if !jsonLike(body) {
		return
	}
	type value struct {
		text string
		c    class
	}
	var waiting []value
	ids := map[string]bool{}
	isID := false
	flush := func() {
		for _, v := range waiting {
			if !ids[v.text] {
				r.learn(v.c, v.text)
			}
		}
		waiting = waiting[:0]
		clear(ids)
	}
	s := scanner{rules: r.rules, b: body}
	s.name = func(raw []byte) { isID = string(raw) == "sourcedId" }
	s.value = func(raw []byte, c class) bool {
		text := bytes.Trim(raw, `"`)
		switch {
		case isID && c == ordinary && len(text) <= 256:
			if len(ids) < maxPending {
				ids[string(text)] = true
			}
		case c == secret:
			r.meetSecret(unescape(string(text[:min(len(text), maxHashed)])))
		case (c == personal || c == code) && len(text) >= shortestName && len(text) <= 4<<10 && !r.keep:
			if waiting = append(waiting, value{unescape(string(text)), c}); len(waiting) >= maxPending {
				flush()
			}
		}
		return true
	}
	s.done = func(depth int) {
		if depth <= 2 && len(waiting) > 0 {
			flush()
		}
	}
	s.run()
	flush()
}

// meetSecret remembers what a target calls a secret, unless it is an ordinary word.
func (r *Redactor) meetSecret(v string) {
	if len(v) >= fragment && !r.isOwn(v) && !r.said(asWritten(v)) && (mixed(v) || !r.rules.common(asWritten(v))) {
		r.Secret(v)
	}
}

var (
	// labelled finds values with a name before them in what is no JSON: forms, queries,
	// XML, the notations of programming languages.
	labelled = regexp.MustCompile(`([A-Za-z][A-Za-z0-9_.-]{1,48})((?:\\*["'])?\s{0,4}(?:=>|%3D|%3d|[=:>])\s{0,4}(?:\\*["'])?)([^"'<>&;,\r\n{}\[\]\\]+)`)
	// field finds those of HTML forms, and of elements with attributes.
	field   = regexp.MustCompile(`(?i)(name=["']?([A-Za-z0-9_.-]+)["']?[^<>]{0,256}?value=["']?)([^"'<>]+)`)
	element = regexp.MustCompile(`(<([A-Za-z0-9_.:-]+)\s[^<>]{0,256}>)([^<]+)`)
)

// labels redacts such values.
func (r *Redactor) labels(s string) string {
	replace := func(find *regexp.Regexp, name, before, value int) {
		s = find.ReplaceAllStringFunc(s, func(m string) string {
			part := find.FindStringSubmatch(m)
			label := part[name]
			if i := strings.LastIndexByte(label, ':'); i >= 0 {
				label = label[i+1:] // of a namespace
			}
			c := r.rules.class([]byte(label))
			v := strings.TrimSpace(part[value])
			if c == ordinary || v == "" || strings.HasPrefix(v, "~") || strings.HasPrefix(v, "[redacted") {
				return m
			}
			at := strings.LastIndex(m, part[value])
			return m[:at] + strings.Replace(part[value], v, r.as(c, decoded(v)), 1) + m[at+len(part[value]):]
		})
	}
	if strings.ContainsAny(s, "=:>") || strings.Contains(s, "%3") {
		replace(labelled, 1, 2, 3)
	}
	if strings.Contains(s, "<") {
		replace(field, 2, 1, 3)
		replace(element, 2, 1, 3)
	}
	return s
}

// decoded takes off the coding of forms and queries, if there is any.
func decoded(v string) string {
	if !strings.ContainsAny(v, "%+") {
		return v
	}
	if p, ok := peelOf(strings.ReplaceAll(v, "+", " "), "%"); ok {
		return p.text
	}
	return v
}

func stringEnd(b []byte, i int) int {
	for i++; i < len(b); i++ {
		switch b[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(b)
}

func skipBlank(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\t' || b[i] == '\n' || b[i] == '\r') {
		i++
	}
	return i
}
