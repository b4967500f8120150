package catalog

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/rollcall-edu/rollcall/reference/catalog/shelf"
)

// folded is a text as it is compared: without regard to capitals, in one form of Unicode.
func folded(text string) string { return norm.NFC.String(strings.ToLower(text)) }

// words cuts a text into the words that it is found by: letters and digits, without regard to
// capitals and accents. Other characters end a word; an apostrophe within one is left out. Marks of
// scripts that need them are no accents.
func words(text string) []string {
	plain := strings.Map(func(r rune) rune {
		switch {
		case '\u0300' <= r && r <= '\u036f', r == '\'', r == '’':
			return -1
		case unicode.IsLetter(r), unicode.IsDigit(r), unicode.IsMark(r):
			return r
		}
		return ' '
	}, norm.NFD.String(strings.ToLower(text)))
	out := strings.Fields(norm.NFC.String(plain))
	for i, word := range out {
		if len(word) > longestWord {
			out[i] = strings.ToValidUTF8(word[:longestWord], "")
		}
	}
	return out
}

// longestWord bounds what of a word counts, in bytes: PostgreSQL takes none of 2 KiB.
const longestWord = 120

// found are the words that a resource is found by, the heaviest first: its name; subjects and
// learning objectives; its description; who made it and what it is.
func found(r *Resource) [shelf.Weights][]string {
	var out [shelf.Weights][]string
	add := func(weight int, texts ...string) {
		for _, text := range texts {
			out[weight] = append(out[weight], words(text)...)
		}
	}
	add(0, r.Name)
	add(1, r.Subject...)
	for _, o := range r.LearningObjectives {
		add(1, o.TargetName, o.TargetDescription)
	}
	add(2, r.Description)
	add(3, r.Author...)
	add(3, r.LearningResourceType...)
	add(3, r.Publisher)
	return out
}
