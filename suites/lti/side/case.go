package side

import (
	"strings"
	"unicode"
)

// OtherCase writes each letter of a text in the other case. Identifiers that differ in nothing else are
// different ones.
func OtherCase(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsUpper(r) {
			return unicode.ToLower(r)
		}
		return unicode.ToUpper(r)
	}, text)
}
