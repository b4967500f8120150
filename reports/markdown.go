package reports

import (
	"strings"
	"unicode"
)

// MarkdownCode puts a text that came from a target into a code span of Markdown, in which
// neither Markdown nor HTML means anything, fit for a cell of a table.
func MarkdownCode(s string) string {
	s = OneLine(s)
	if s == "" {
		return ""
	}
	// A span is closed by as many backticks as opened it: one more than stand anywhere within.
	fence, run := 1, 0
	for _, c := range s {
		if c != '`' {
			run = 0
			continue
		}
		run++
		fence = max(fence, run+1)
	}
	ticks := strings.Repeat("`", fence)
	pad := ""
	if strings.HasPrefix(s, "`") || strings.HasSuffix(s, "`") {
		pad = " "
	}
	// A bar ends a cell even within a span, unless it is escaped. What stands before the escape may be a
	// backslash of the text's own, which would take it back: the full-width bar needs none.
	return ticks + pad + strings.ReplaceAll(s, "|", "｜") + pad + ticks
}

// MarkdownText escapes whatever Markdown or HTML would take for its own, for running text.
func MarkdownText(s string) string {
	var b strings.Builder
	for _, c := range OneLine(s) {
		switch {
		case c == '&':
			b.WriteString("&amp;")
		case c == '<':
			b.WriteString("&lt;")
		case c == '>':
			b.WriteString("&gt;")
		case strings.ContainsRune(".,-:;()'\"/%", c):
			b.WriteRune(c) // running text has many of these; they begin nothing by themselves
		case c == '@' || c == '#':
			b.WriteString(string(c) + "\u2060") // else it is a mention of somebody, or of an issue
		case c < unicode.MaxASCII && unicode.IsPunct(c) || unicode.IsSymbol(c) && c < unicode.MaxASCII:
			b.WriteRune('\\')
			b.WriteRune(c)
		default:
			b.WriteRune(c)
		}
	}
	return b.String()
}
