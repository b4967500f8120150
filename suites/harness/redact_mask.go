package harness

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

const (
	// maxHashed bounds what of a value its pseudonym depends on.
	maxHashed = 64 << 10
	// longValue is how many characters a value has before its length is worth a word.
	longValue = 64
)

// mask hides a personal value and leaves what a fault may lie in: that it is empty, the
// blanks around it, the form of a flag, a date that is none, the pattern of numbers and
// codes, an unusual length.
func (r *Redactor) mask(c class, value string) string {
	text := strings.TrimSpace(value)
	if r.keep || text == "" || r.isOwn(value) || c == flag && oddFlag(text) || impossible(text) {
		return r.secretText(value)
	}
	lead, trail, _ := strings.Cut(value, text)
	hashed := text
	if len(hashed) > maxHashed {
		hashed = hashed[:maxHashed]
	}
	out := r.pseudonym(hashed)
	if n := utf8.RuneCountInString(text); n > longValue {
		out += fmt.Sprintf(" (%d characters)", n)
	} else if c == flag || c == code || numeric(text) {
		out += " (" + pattern(text) + ")"
	}
	return blanks(lead) + out + blanks(trail)
}

// blanks shortens what surrounds a value.
func blanks(s string) string { return s[:min(len(s), 8)] }

var flagForms = []string{"true", "false", "yes", "no", "y", "n", "t", "f", "1", "0", "on", "off"}

// oddFlag tells of a flag that isn't written as it should be.
func oddFlag(v string) bool {
	return v != "true" && v != "false" && slices.Contains(flagForms, strings.ToLower(v))
}

var dateLike = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}`)

// impossible tells of a date that the calendar doesn't have: nobody was born then.
func impossible(v string) bool {
	at := dateLike.FindString(v)
	if at == "" {
		return false
	}
	_, err := time.Parse(time.DateOnly, at)
	return err != nil && len(v) <= len("2006-01-02T15:04:05.000000000Z07:00")
}

var numbers = regexp.MustCompile(`^[-+]?[0-9(][0-9 ./:+\-()TZ]*$`)

// numeric tells of dates, telephone numbers and the like.
func numeric(v string) bool { return len(v) >= 4 && numbers.MatchString(v) }

// pattern gives the kinds of a text's characters: 0 a digit, A and a letters.
func pattern(v string) string {
	return strings.Map(func(c rune) rune {
		switch {
		case c == 'T' && numeric(v) || c == 'Z' && numeric(v):
			return c
		case unicode.IsDigit(c):
			return '0'
		case unicode.IsUpper(c):
			return 'A'
		case unicode.IsLetter(c):
			return 'a'
		}
		return c
	}, v)
}
