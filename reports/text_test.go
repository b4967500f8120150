package reports

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"unicode"
)

// Nothing a target sends may steer the terminal, with colour or without.
func TestTextIsPlain(t *testing.T) {
	r := sample()
	r.Target.Name, r.Target.Vendor, r.Run.Stance = hostileTerm, hostileTerm, hostileTerm
	r.Requirements[0].ID, r.Requirements[1].Title, r.Requirements[3].Repeat = hostileTerm, hostileTerm, hostileTerm
	r.Profiles[0].Title, r.Diagnoses[2].Detail, r.Run.Repeat = hostileTerm, hostileTerm, hostileTerm
	var plain, coloured bytes.Buffer
	if err := Text(&plain, r, TextOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := Text(&coloured, r, TextOptions{Color: true}); err != nil {
		t.Fatal(err)
	}
	if plain.String() != ansi.ReplaceAllString(coloured.String(), "") {
		t.Error("colour changes more than the colour")
	}
	for _, c := range plain.String() {
		if c != '\n' && unicode.In(c, unicode.Cc, unicode.Cf) {
			t.Errorf("%U reaches the terminal", c)
		}
	}
}

func TestTextOrder(t *testing.T) {
	text := string(rendered(t, "text"))
	at := 0
	for _, want := range []string{
		"Does not conform", "Profiles", "Configuration", "Failed (4)", "or12.paging.overlap",
		"Blocks ", "Required ", "Sent ", "Expected ", "Seen ", "Where ", "Cause ", "Repeat ",
		"The judge failed (1)", "Failed, but waived (1)", "Warnings (1)", "Not reached (1)", "Not tested for want of configuration (1)",
		"Not tested for want of data (1)", "Blocked by what is broken (2)", "Observed of the target as a whole", "Waivers", "--notes shows", disclaimer,
	} {
		i := strings.Index(text[at:], want)
		if i < 0 {
			t.Fatalf("%q is missing, or stands too early", want)
		}
		at += i
	}
	if strings.Contains(text, "or12.paging.limit  A page") {
		t.Error("what is kept takes up room")
	}
}

func TestWrap(t *testing.T) {
	p := printer{color: true}
	p.wrap("  "+p.styled("1", "id")+"  ", 4, strings.Repeat("word ", 60)+strings.Repeat("x", 150)+" end")
	for i, l := range strings.Split(strings.TrimSuffix(p.b.String(), "\n"), "\n") {
		if n := columns(l); n > textWidth && !strings.Contains(l, "xxx") {
			t.Errorf("line %d is %d wide: %q", i, n, l)
		}
		if i > 0 && !strings.HasPrefix(l, "    ") {
			t.Errorf("line %d is not indented: %q", i, l)
		}
	}
}

func TestPrintable(t *testing.T) {
	for in, want := range map[string]string{
		"plain Zoë 王 עברית":   "plain Zoë 王 עברית",
		"a\tb\nc":             "a\tb\nc",
		"a\u202Eb":            "a⟨U+202E⟩b",
		"\x1b[31m":            "⟨U+001B⟩[31m",
		"a\xffb":              "a\uFFFDb",
		"می\u200Cخواهم":       "می\u200Cخواهم",
		"\U000E0041":          "⟨U+E0041⟩",
		"zero\u200Bwidth":     "zero⟨U+200B⟩width",
		"line\u2028break\r\n": "line⟨U+2028⟩break⟨U+000D⟩\n",
	} {
		if got := Printable(in); got != want {
			t.Errorf("Printable(%+q) is %+q, want %+q", in, got, want)
		}
	}
}

// One cause is told once, with what it breaks; what is blocked has no line of its own.
func TestTextTellsACauseOnce(t *testing.T) {
	text := string(rendered(t, "text"))
	if n := strings.Count(text, sharedCause); n != 1 {
		t.Errorf("the cause of two failures is told %d times", n)
	}
	if n := strings.Count(text, "or12.filter.dates"); n != 2 {
		t.Errorf("a blocked requirement is named %d times, want once by what blocks it and once among the blocked", n)
	}
	r := sample()
	for i := range 300 {
		id := fmt.Sprintf("or12.blocked.%03d", i)
		r.Requirements = append(r.Requirements, RequirementResult{ID: id, Level: Must, Verdict: NotTested, Blame: &Blame{Kind: BlockedBy, Requirement: "or12.paging.overlap"}})
		r.Requirements[1].Blocks = append(r.Requirements[1].Blocks, id)
		r.Requirements[0].Findings = append(r.Requirements[0].Findings, r.Requirements[0].Findings[0])
	}
	var long bytes.Buffer
	if err := Text(&long, r, TextOptions{}); err != nil {
		t.Fatal(err)
	}
	if more := strings.Count(long.String(), "\n") - strings.Count(text, "\n"); more > 40 {
		t.Errorf("300 blocked requirements and 300 more findings take %d lines more", more)
	}
	if !strings.Contains(long.String(), "Blocks          302 requirements: ") || !strings.Contains(long.String(), "298 more findings in the report") {
		t.Errorf("nothing says how many there are:\n%s", long.String())
	}
}

// Options that are used in another way are shown where that is asked for.
func TestTextNotes(t *testing.T) {
	var b bytes.Buffer
	if err := Text(&b, sample(), TextOptions{Notes: true}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(b.String(), "came Å after A") || strings.Contains(string(rendered(t, "text")), "came Å after A") {
		t.Errorf("notes are shown at the wrong time:\n%s", b.String())
	}
}
