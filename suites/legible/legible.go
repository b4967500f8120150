// Package legible tells whether a text arrived as somebody wrote it. It is the one judge of
// that for every way in which names travel: REST, CSV files and launches.
package legible

import (
	"html"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Harm is what happened to a text on its way; empty when nothing did.
type Harm string

// The harms, as they are told.
const (
	Whole    Harm = ""
	Replaced Harm = "replacement characters stand for letters that were lost"
	Twice    Harm = "UTF-8 was read as a legacy encoding and encoded again"
	Entities Harm = "entities of HTML stand for characters"
)

// Of gives the harm that a text has suffered, the worst of several.
func Of(s string) Harm {
	switch {
	case strings.ContainsRune(s, utf8.RuneError):
		return Replaced
	case EncodedTwice(s):
		return Twice
	case HasEntities(s):
		return Entities
	}
	return Whole
}

// entity is what HTML would read as a character. Without the semicolon it is an ampersand
// in a name.
var entity = regexp.MustCompile(`&(?:[A-Za-z][A-Za-z0-9]{1,30}|#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6});`)

// HasEntities tells whether a text holds entities of HTML, such as &amp; or &#39;.
func HasEntities(s string) bool {
	if strings.IndexByte(s, '&') < 0 {
		return false
	}
	for _, x := range entity.FindAllString(s, -1) {
		if html.UnescapeString(x) != x {
			return true
		}
	}
	return false
}

// legacy gives the byte that a letter is in Windows-1252, which has the letters of Latin-1
// as well; ok is false for others.
func legacy(r rune) (b byte, ok bool) {
	switch {
	case r >= 0x80 && r <= 0xFF:
		return byte(r), true
	case r > 0xFF:
		i := strings.IndexRune(specials, r)
		if i < 0 {
			return 0, false
		}
		return specialBytes[utf8.RuneCountInString(specials[:i])], true
	}
	return 0, false
}

// specials are the characters of Windows-1252 that Latin-1 doesn't have.
const (
	specials     = "€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ"
	specialBytes = "\x80\x82\x83\x84\x85\x86\x87\x88\x89\x8a\x8b\x8c\x8e\x91\x92\x93\x94\x95\x96\x97\x98\x99\x9a\x9b\x9c\x9e\x9f"
)

// closing are continuation bytes that are also signs which may follow a capital letter in
// good text: «FORMACIÓ», "CAFÉ !" with a blank that doesn't break.
const closing = "»«\u00A0‘’“”‹›…–—"

// EncodedTwice tells whether a text holds letters that became two or three of another kind:
// JosÃ© for José, Ð˜Ð²Ð°Ð½ for Иван, Itâ€™s for It’s.
func EncodedTwice(s string) bool {
	if !strings.ContainsFunc(s, func(r rune) bool { return r >= 0x80 }) {
		return false
	}
	letters := []rune(s)
	for i := 0; i < len(letters); {
		var run []byte
		from := i
		for ; i < len(letters); i++ {
			b, ok := legacy(letters[i])
			if !ok {
				break
			}
			run = append(run, b)
		}
		if len(run) == 0 {
			i++
			continue
		}
		if encoded(run, letters, from) {
			return true
		}
	}
	return false
}

// encoded tells whether a run of letters beyond ASCII holds UTF-8 that was taken apart.
func encoded(run []byte, letters []rune, from int) bool {
	for at := 0; at+1 < len(run); at++ {
		r, n := utf8.DecodeRune(run[at:])
		if r == utf8.RuneError || n < 2 {
			continue
		}
		if n > 2 || !strings.ContainsRune(closing, letters[from+at+1]) {
			return true
		}
		// A capital before such a sign: only beside small letters is it odd.
		before, after := from+at-1, from+at+n
		if before >= 0 && unicode.IsLower(letters[before]) || after < len(letters) && unicode.IsLower(letters[after]) {
			return true
		}
	}
	return false
}
