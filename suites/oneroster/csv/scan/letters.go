package scan

import (
	"fmt"
	"strings"
	"unicode"
)

// Names of the characters that nobody sees and that turn up in headers and
// manifests: typed by word processors, left by web pages and converters.
var unseenNames = map[rune]string{
	'\u00A0': "no-break space", '\u00AD': "soft hyphen", '\u200B': "zero-width space", '\u200C': "zero-width non-joiner",
	'\u200D': "zero-width joiner",
	'\u200E': "left-to-right mark", '\u200F': "right-to-left mark", '\u202F': "narrow no-break space", '\u2060': "word joiner",
	'\u3000': "ideographic space", '\uFEFF': "byte order mark",
	' ': "blank", '\t': "tab", '\r': "carriage return", '\n': "line feed", 0: "NUL",
}

// unseen tells whether a character shows nothing where it stands in a name.
func unseen(r rune) bool {
	return unicode.IsSpace(r) || unicode.IsControl(r) || unicode.Is(unicode.Cf, r)
}

// bare takes out what nobody sees.
func bare(name string) string {
	return strings.Map(func(r rune) rune {
		if unseen(r) {
			return -1
		}
		return r
	}, name)
}

// unseenIn names the first character of a text that nobody sees and where it
// stands; empty when there is none.
func unseenIn(text string) string {
	for i, r := range text {
		if !unseen(r) {
			continue
		}
		name := fmt.Sprintf("U+%04X", r)
		if known := unseenNames[r]; known != "" {
			name = "a " + known + " (" + name + ")"
		}
		before, after := bare(text[:i]), bare(text[i:])
		switch {
		case before == "" && after == "":
			return name
		case before == "":
			return name + " before " + after
		case after == "":
			return name + " behind " + before
		}
		return name + " between " + before + " and " + after
	}
	return ""
}
