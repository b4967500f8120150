package reports

import (
	"strings"
	"testing"
)

// TestMarkdown holds code spans and running text to come out as they went in, whatever stands in them.
func TestMarkdown(t *testing.T) {
	for in, want := range map[string]string{
		"":                "",
		"plain":           "`plain`",
		"a`b":             "``a`b``",
		"`a``":            "``` `a`` ```",
		"a|b":             "`a｜b`",
		"<b>\n# x":        "`<b> # x`",
		"\x1b[2J\u202eab": "`⟨U+001B⟩[2J⟨U+202E⟩ab`",
	} {
		if got := MarkdownCode(in); got != want {
			t.Errorf("%q is %q, want %q", in, got, want)
		}
	}
	got := MarkdownText("<img src=x> [l](u) *b* _i_ | @everyone #12 `c` \\ & 9.5%")
	for _, bad := range []string{"<", " [", " *", " _", " |", "@e", "#1", " `", " \\ ", "& "} {
		if strings.Contains(got, bad) {
			t.Errorf("%q holds %q", got, bad)
		}
	}
}
