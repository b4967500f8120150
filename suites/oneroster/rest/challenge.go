package rest

import "strings"

// challengesLegible tells whether WWW-Authenticate fields can be read as what they have to
// be: challenges with commas between them, each a scheme, and then one token68 or
// parameters that are there once, their values tokens or quoted (RFC 9110 §11.2, §11.3,
// §11.6.1).
func challengesLegible(fields []string) bool {
	for _, field := range fields {
		s := challengeReader{rest: field}
		if s.blanks(","); s.rest == "" {
			return false
		}
		for s.rest != "" {
			if !s.challenge() {
				return false
			}
			s.blanks(",")
		}
	}
	return len(fields) > 0
}

// A challengeReader takes what it has read off the front of rest.
type challengeReader struct{ rest string }

// blanks takes blanks, and other characters, off.
func (s *challengeReader) blanks(others string) { s.rest = strings.TrimLeft(s.rest, " \t"+others) }

// letters and digits, which tokens and token68 share.
const alphanumeric = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

// take takes the characters of a set off, and gives them.
func (s *challengeReader) take(set string) string {
	after := strings.TrimLeft(s.rest, set)
	taken := s.rest[:len(s.rest)-len(after)]
	s.rest = after
	return taken
}

func (s *challengeReader) token() string { return s.take(alphanumeric + "!#$%&'*+-.^_`|~") }

// challenge takes one challenge off, up to the comma behind it.
func (s *challengeReader) challenge() bool {
	if s.token() == "" {
		return false
	}
	apart := strings.HasPrefix(s.rest, " ")
	if s.ends() {
		return true
	}
	if !apart {
		return false
	}
	if at := *s; at.take(alphanumeric+"-._~+/") != "" {
		at.take("=")
		if at.ends() {
			*s = at
			return true
		}
	}
	names := map[string]bool{}
	for {
		name, ok := s.parameter()
		name = strings.ToLower(name)
		if !ok || names[name] || !s.ends() {
			return false
		}
		names[name] = true
		// What follows a comma is a further parameter, or the next challenge.
		next := *s
		next.blanks(",")
		if _, more := next.parameter(); !more {
			return true
		}
		s.blanks(",")
	}
}

// parameter takes name=value off.
func (s *challengeReader) parameter() (name string, ok bool) {
	name = s.token()
	s.blanks("")
	if name == "" || !strings.HasPrefix(s.rest, "=") {
		return name, false
	}
	s.rest = s.rest[1:]
	s.blanks("")
	if !strings.HasPrefix(s.rest, `"`) {
		return name, s.token() != ""
	}
	for i := 1; i < len(s.rest); i++ {
		switch c := s.rest[i]; {
		case c == '"':
			s.rest = s.rest[i+1:]
			return name, true
		case c == '\\':
			i++
		case c < ' ' && c != '\t', c == 0x7f:
			return name, false
		}
	}
	return name, false
}

// ends tells whether nothing but blanks is left of a challenge or parameter.
func (s *challengeReader) ends() bool {
	s.blanks("")
	return s.rest == "" || s.rest[0] == ','
}
