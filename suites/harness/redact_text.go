package harness

import (
	"encoding/base64"
	"encoding/hex"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/rollcall-edu/rollcall/suites/catalogue"
)

// signedToken finds JSON Web Tokens: whoever holds one may be whom it names.
var signedToken = regexp.MustCompile(`eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*`)

// mailAddress finds addresses of e-mail.
var mailAddress = regexp.MustCompile(`[\pL\pN._%+-]{1,64}@[\pL\pN-]{1,63}(?:\.[\pL\pN-]{1,63}){1,8}`)

// Text removes secrets, signed tokens, addresses of e-mail, and the values of people
// that were met before.
func (r *Redactor) Text(s string) string { return r.clean(s, !r.keep) }

// secretText removes secrets and signed tokens alone.
func (r *Redactor) secretText(s string) string { return r.clean(s, false) }

func (r *Redactor) clean(s string, people bool) string {
	if s == "" {
		return s
	}
	spans := r.spans(s, people)
	if len(spans) == 0 {
		return s
	}
	for i := range spans {
		if x := &spans[i]; x.run {
			for x.from > 0 && inRun(s[x.from-1]) {
				x.from--
			}
			for x.to < len(s) && inRun(s[x.to]) {
				x.to++
			}
		}
	}
	slices.SortStableFunc(spans, func(a, b span) int { return a.from - b.from })
	var b strings.Builder
	at := 0
	for i := 0; i < len(spans); {
		x := spans[i]
		for i++; i < len(spans) && spans[i].from < x.to; i++ {
			x.to = max(x.to, spans[i].to)
			if spans[i].with == "[redacted]" {
				x.with = spans[i].with
			}
		}
		b.WriteString(s[at:x.from])
		b.WriteString(x.with)
		at = x.to
	}
	b.WriteString(s[at:])
	return b.String()
}

// inRun tells whether a byte may be a part of base64.
func inRun(c byte) bool { return isAlnum(c) || strings.IndexByte("+/_-=", c) >= 0 }

// spans finds what must not be shown in s.
func (r *Redactor) spans(s string, people bool) (out []span) {
	r.secrets.mu.RLock()
	defer r.secrets.mu.RUnlock()
	r.people.mu.RLock()
	defer r.people.mu.RUnlock()
	layers(s, func(p *plain, f *flat) bool {
		out = r.secrets.find(f, r.ordinary, r.said, out)
		text := p.text
		for _, l := range r.secrets.literal {
			out = p.every(text, l, out)
		}
		if strings.Contains(text, "eyJ") {
			for _, m := range signedToken.FindAllStringIndex(text, -1) {
				out = append(out, p.span(m[0], m[1], "[token]"))
			}
		}
		if !people {
			return true
		}
		if strings.IndexByte(text, '@') > 0 {
			for _, m := range mailAddress.FindAllStringIndex(text, -1) {
				if v := text[m[0]:m[1]]; !r.isOwn(v) {
					out = append(out, p.span(m[0], m[1], r.pseudonym(v)))
				}
			}
		}
		if r.people.empty() {
			return true
		}
		n := len(out)
		out = r.people.find(f, out)
		for i := n; i < len(out); {
			v := p.between(out[i].from, out[i].to)
			if r.isOwn(v) {
				out = slices.Delete(out, i, i+1)
				continue
			}
			out[i].with = r.pseudonym(v)
			i++
		}
		out = r.wrapped(p, out)
		return true
	})
	return out
}

// every adds the places of p where a text stands as it is.
func (p *plain) every(text, part string, out []span) []span {
	for at := 0; ; {
		i := strings.Index(text[at:], part)
		if i < 0 {
			return out
		}
		out = append(out, p.span(at+i, at+i+len(part), "[redacted]"))
		at += i + len(part)
	}
}

// span makes a part of p one of the original.
func (p *plain) span(from, to int, with string) span {
	a, _ := p.at(from)
	_, b := p.at(to - 1)
	return span{from: int(a), to: int(b), with: with}
}

// between gives what of p came from a part of the original.
func (p *plain) between(from, to int) string {
	if p.from == nil {
		return p.text[from:to]
	}
	a, _ := slices.BinarySearch(p.from, int32(from))
	b, _ := slices.BinarySearch(p.to, int32(to)+1)
	return p.text[a:max(a, b)]
}

const (
	// shortestWrapped is how long base64 or hexadecimal digits must be to be unpacked, in
	// search of people.
	shortestWrapped = 8
	// maxWrapped bounds it.
	maxWrapped = 64 << 10
)

// wrapped adds base64 and hexadecimal digits that hold somebody's values.
func (r *Redactor) wrapped(p *plain, out []span) []span {
	text := p.text
	for i := 0; i < len(text); {
		if !inRun(text[i]) || text[i] == '=' {
			i++
			continue
		}
		from, part, slash, upper := i, i, 0, false
		for ; i <= len(text); i++ {
			if i == len(text) || digitOf(text[i]) < 0 { // hexadecimal digits end here
				if n := i - part; n >= shortestWrapped && n%2 == 0 && n <= maxWrapped && r.hexPeople(text[part:i]) {
					out = append(out, p.span(part, i, r.pseudonym(text[part:i])))
				}
				part = i + 1
			}
			if i == len(text) || !inRun(text[i]) || text[i] == '=' {
				break
			}
			upper = upper || text[i] >= 'A' && text[i] <= 'Z'
			if text[i] == '/' {
				slash = i + 1
			}
		}
		if i-from < shortestWrapped || i-from > maxWrapped || !upper {
			continue // base64 of a text has capitals
		}
		if r.base64People(text[from:i]) {
			out = append(out, p.span(from, i, r.pseudonym(text[from:i])))
		} else if slash > 0 && i-slash >= shortestWrapped && r.base64People(text[slash:i]) { // the last part of a path
			out = append(out, p.span(slash, i, r.pseudonym(text[slash:i])))
		}
	}
	return out
}

// hexPeople tells whether hexadecimal digits are a text with somebody in it.
func (r *Redactor) hexPeople(run string) bool {
	b, err := hex.DecodeString(run)
	return err == nil && r.readablePeople(b)
}

// base64People tells it of base64.
func (r *Redactor) base64People(run string) bool {
	coding := base64.RawStdEncoding
	if strings.ContainsAny(run, "-_") {
		coding = base64.RawURLEncoding
	}
	if b, err := coding.DecodeString(run[:shortestWrapped]); err != nil || !readable(b[:4]) && !readable(b[:3]) && !readable(b[:2]) {
		return false
	}
	b, err := coding.DecodeString(run)
	return err == nil && r.readablePeople(b)
}

func (r *Redactor) readablePeople(b []byte) bool {
	if !readable(b) {
		return false
	}
	if mailAddress.Match(b) {
		return true
	}
	held := false
	layers(string(b), func(_ *plain, f *flat) bool {
		held = len(r.people.find(f, nil)) > 0
		return !held
	})
	return held
}

// readable tells whether bytes are text.
func readable(b []byte) bool {
	for i := 0; i < len(b); {
		c, n := utf8.DecodeRune(b[i:])
		if c == utf8.RuneError && n < 2 || c < ' ' && c != '\n' && c != '\t' && c != '\r' {
			return false
		}
		i += n
	}
	return len(b) > 0
}

// said tells of a part of a secret, in comparable form, that the target file says it in
// clear, but for less at its ends than would count as the secret.
func (r *Redactor) said(part string) bool {
	if len(r.public) == 0 || len(part) < fragment {
		return false
	}
	if strings.Contains(r.public, part) {
		return true
	}
	for n := 1; n < fragment && len(part)-n >= fragment; n++ {
		if strings.Contains(r.public, part[n:]) || strings.Contains(r.public, part[:len(part)-n]) {
			return true
		}
	}
	return false
}

// ordinary tells of a part of a text that it is words, or a part of words, of the judge's
// own texts.
func (r *Redactor) ordinary(f *flat, from, to int) bool {
	if r.rules.common(string(f.text[from:to])) {
		return true
	}
	for from > 0 && !f.start[from] {
		from--
	}
	for i := from; i < to; {
		word := i
		for i++; i < len(f.text) && !f.start[i]; i++ {
		}
		if !r.rules.words[string(f.text[word:i])] {
			return false
		}
	}
	return true
}

// common tells of a fragment that the judge's own texts hold it too.
func (r *rules) common(fragment string) bool {
	r.mu.RLock()
	c, known := r.asked[fragment]
	r.mu.RUnlock()
	if known {
		return c
	}
	c = strings.Contains(r.text, fragment)
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.asked) < maxNames {
		r.asked[fragment] = c
	}
	return c
}

// wordsOf gives the words of a text, as names are compared with them.
func wordsOf(s string) []string {
	var out []string
	layers(s, func(_ *plain, f *flat) bool {
		for i := 0; i < len(f.text); {
			from := i
			for i++; i < len(f.text) && !f.start[i]; i++ {
			}
			out = append(out, string(f.text[from:i]))
		}
		return false
	})
	return out
}

// judgeTexts gives what reports say whoever is judged: words of it are no names.
func judgeTexts() ([]string, error) {
	c, err := catalogue.Load()
	if err != nil {
		return nil, err
	}
	var out []string
	for _, q := range c.Requirements() {
		out = append(out, q.ID, q.Title, q.Statement, q.Causes, q.Untestable)
	}
	for _, s := range c.Sections() {
		out = append(out, s.Title)
	}
	for _, p := range c.Profiles() {
		out = append(out, p.ID, p.Title, p.Standard, p.Summary)
	}
	return out, nil
}

// Person makes personal values known, as if they had come under a name that says so.
func (r *Redactor) Person(values ...string) {
	for _, v := range values {
		r.learn(personal, v)
	}
}

// learn remembers a personal value, unless it is too short, too common or too ordinary
// to be told from the words of a report.
func (r *Redactor) learn(c class, value string) {
	if r.keep || c != personal && c != code || r.isOwn(value) {
		return
	}
	f := flats.Get().(*flat)
	defer flats.Put(f)
	p := &plain{text: value}
	for range maxLayers { // with all escapes off
		next, ok := p.peel(escaped)
		if !ok {
			break
		}
		p = next
	}
	if f.fill(p); !r.people.knows(f) && r.distinct(c, f) {
		r.people.learn(f)
	}
}

// distinct tells whether a value can be looked for wherever it stands.
func (r *Redactor) distinct(c class, f *flat) bool {
	letters, digits, words, known := 0, 0, 0, 0
	from := 0
	r.mu.RLock()
	defer r.mu.RUnlock()
	for i := range len(f.text) + 1 {
		if i > 0 && (i == len(f.text) || f.start[i]) {
			words++
			if w := string(f.text[from:i]); r.rules.words[w] || r.words[w] || len(w) < 2 {
				known++
			}
			from = i
		}
		if i < len(f.text) {
			switch b := f.text[i]; {
			case b >= '0' && b <= '9':
				digits++
			case b < utf8.RuneSelf || utf8.RuneStart(b):
				letters++
			}
		}
	}
	switch {
	case words == 0 || known == words && digits < shortestNumber:
		return false
	case letters == 0:
		return digits >= shortestNumber
	case c == code: // anything may stand in metadata: only what is no single word
		return letters+digits >= 8 && (words > 1 || digits > 0)
	}
	return letters+digits >= shortestName
}
