package harness

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	_ "embed"
	"encoding/base32"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"

	"github.com/rollcall-edu/rollcall/reports"
)

//go:embed redact.yaml
var redactRules []byte

// Redactor removes secrets and personal data before anything is kept. A personal
// value becomes a pseudonym that is the same throughout a run and tells nothing
// outside of it, so that evidence stays comparable. It works on bytes and never
// fails: broken JSON is redacted as far as it goes.
type Redactor struct {
	salt     []byte
	personal map[string]bool // member names, lower case
	secret   map[string]bool
	headers  map[string]bool
	literal  []string // secrets known by value
	keep     bool     // personal values stay as they are; secrets never do
}

// NewRedactor reads the embedded rules. Secrets given here are removed wherever
// they stand; an empty salt is replaced by a random one.
func NewRedactor(salt []byte, secrets ...string) (*Redactor, error) {
	var rules struct {
		Personal []string `yaml:"personal"`
		Secret   []string `yaml:"secret"`
		Headers  []string `yaml:"headers"`
	}
	if err := yaml.UnmarshalWithOptions(redactRules, &rules, yaml.Strict()); err != nil {
		return nil, fmt.Errorf("reading the redaction rules: %w", err)
	}
	if len(salt) == 0 {
		salt = make([]byte, 16)
		rand.Read(salt)
	}
	set := func(names []string) map[string]bool {
		m := map[string]bool{}
		for _, n := range names {
			m[strings.ToLower(n)] = true
		}
		return m
	}
	r := &Redactor{salt: salt, personal: set(rules.Personal), secret: set(rules.Secret), headers: set(rules.Headers)}
	for _, s := range secrets {
		if len(s) >= 6 { // shorter ones would eat ordinary words of the report
			r.literal = append(r.literal, s, url.QueryEscape(s))
		}
	}
	return r, nil
}

// signedToken finds JSON Web Tokens: whoever holds one may be whom it names.
var signedToken = regexp.MustCompile(`eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*`)

// Text removes secrets known by value, and signed tokens.
func (r *Redactor) Text(s string) string {
	if strings.Contains(s, "eyJ") {
		s = signedToken.ReplaceAllString(s, "[token]")
	}
	for _, secret := range r.literal {
		s = strings.ReplaceAll(s, secret, "[redacted]")
	}
	return s
}

// pseudonym gives a stable stand-in for a personal value.
func (r *Redactor) pseudonym(value string) string {
	if r.keep {
		return value
	}
	mac := hmac.New(sha256.New, r.salt)
	mac.Write([]byte(value))
	return "~" + strings.ToLower(base32.StdEncoding.EncodeToString(mac.Sum(nil)[:5]))
}

// Value redacts one value that stands under a member name.
func (r *Redactor) Value(member, value string) string {
	switch name := strings.ToLower(member); {
	case value == "":
		return value
	case r.secret[name]:
		return "[redacted]"
	case r.personal[name]:
		return r.pseudonym(value)
	}
	return r.Text(value)
}

// At redacts a value found at a JSON pointer; the deepest member name that is
// personal decides.
func (r *Redactor) At(pointer, value string) string {
	for _, member := range strings.Split(pointer, "/") {
		if name := strings.ToLower(member); r.secret[name] || r.personal[name] {
			return r.Value(member, value)
		}
	}
	return r.Text(value)
}

// Headers redacts and orders header fields.
func (r *Redactor) Headers(h http.Header) []reports.Header {
	var out []reports.Header
	for name, values := range h {
		for _, v := range values {
			if r.headers[strings.ToLower(name)] {
				if cookies := strings.ToLower(name); cookies == "cookie" || cookies == "set-cookie" {
					v = cookieValues(v, cookies == "set-cookie")
				} else if scheme, _, found := strings.Cut(v, " "); found && strings.EqualFold(name, "Authorization") {
					v = scheme + " [redacted]"
				} else {
					v = "[redacted]"
				}
			}
			out = append(out, reports.Header{Name: name, Value: r.URL(v)})
		}
	}
	slices.SortFunc(out, func(a, b reports.Header) int { return strings.Compare(a.Name, b.Name) })
	return out
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
	return strings.ReplaceAll(values.Encode(), url.QueryEscape("[redacted]"), "[redacted]")
}

// clause finds the quoted values of a filter expression and the field before.
var clause = regexp.MustCompile(`([A-Za-z_][\w.]*)(%21|!|%3C|<|%3E|>|%3D|=|~|%7E)+(%27|')((?:%27%27|''|%2[^7]|%[^2]|[^'%])*)(%27|'|$)`)

// URL redacts filter values on personal fields, and known secrets.
func (r *Redactor) URL(u string) string {
	if strings.Contains(u, "filter=") {
		u = clause.ReplaceAllStringFunc(u, func(m string) string {
			part := clause.FindStringSubmatch(m)
			field := part[1][strings.LastIndexByte(part[1], '.')+1:]
			if !r.personal[strings.ToLower(field)] {
				return m
			}
			value, err := url.QueryUnescape(part[4])
			if err != nil {
				value = part[4]
			}
			return strings.Replace(m, part[3]+part[4]+part[5], part[3]+r.pseudonym(value)+part[5], 1)
		})
	}
	if i := strings.Index(u, "access_token="); i >= 0 {
		u = u[:i] + "access_token=[redacted]"
	}
	return r.Text(u)
}

// Body redacts a JSON (or other) body and cuts it to about limit bytes.
func (r *Redactor) Body(body []byte, limit int) (text string, cut bool) {
	var out strings.Builder
	i := 0
	var key string         // the member name last read
	expect := false        // a value of key follows
	var depthKeys []string // member names of the enclosing containers
	for i < len(body) && out.Len() < limit {
		c := body[i]
		switch {
		case c == '"':
			end := stringEnd(body, i)
			raw := body[i:end]
			if next := skipBlank(body, end); !expect && next < len(body) && body[next] == ':' {
				key = strings.Trim(string(raw), `"`)
				out.Write(raw)
			} else {
				out.WriteString(r.quoted(raw, key, depthKeys))
			}
			i = end
			expect = false
			continue
		case c == ':':
			expect = true
		case c == '{' || c == '[':
			depthKeys = append(depthKeys, key)
			expect = c == '['
		case c == '}' || c == ']':
			if n := len(depthKeys); n > 0 {
				key = depthKeys[n-1]
				depthKeys = depthKeys[:n-1]
			}
			expect = false
		case c == ',':
			expect = false
		case expect && (c == 't' || c == 'f') && r.sensitive(key, depthKeys):
			for i < len(body) && body[i] >= 'a' && body[i] <= 'z' {
				i++
			}
			out.WriteString("false") // the type stays visible, the value does not
			continue
		case expect && (c == '-' || c >= '0' && c <= '9') && r.sensitive(key, depthKeys):
			for i < len(body) && strings.IndexByte("-+.eE0123456789", body[i]) >= 0 {
				i++
			}
			out.WriteByte('0')
			continue
		}
		out.WriteByte(c)
		i++
	}
	text = r.Text(strings.ToValidUTF8(out.String(), "\uFFFD"))
	return text, i < len(body)
}

func (r *Redactor) sensitive(key string, path []string) bool {
	name := strings.ToLower(key)
	if r.personal[name] || r.secret[name] {
		return true
	}
	return slices.ContainsFunc(path, func(p string) bool {
		p = strings.ToLower(p)
		return r.personal[p] || r.secret[p]
	})
}

// quoted redacts one JSON string literal, keeping it a literal.
func (r *Redactor) quoted(raw []byte, key string, path []string) string {
	inner := strings.TrimSuffix(strings.TrimPrefix(string(raw), `"`), `"`)
	if inner == "" || !r.sensitive(key, path) {
		return string(raw)
	}
	name := strings.ToLower(key)
	if r.secret[name] || slices.ContainsFunc(path, func(p string) bool { return r.secret[strings.ToLower(p)] }) {
		return `"[redacted]"`
	}
	if !utf8.ValidString(inner) {
		return `"~"`
	}
	return `"` + r.pseudonym(inner) + `"`
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

func tlsName(version uint16) string {
	return tls.VersionName(version)
}
