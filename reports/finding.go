package reports

import (
	"fmt"
	"strings"
)

// line is one labelled part of a finding.
type line struct {
	Key, Label, Value string
}

// lines gives a finding in the fixed order in which a vendor can act on it.
// What is empty is left out, except what was expected and seen: a blank there
// is itself a statement.
func (f Finding) lines(repeat string) []line {
	all := []line{
		{"required", "Required", f.Required},
		{"sent", "Sent", f.Sent},
		{"expected", "Expected", f.Expected},
		{"seen", "Seen", f.Seen},
		{"where", "Where", f.Where},
		{"cause", "Cause", f.Cause},
		{"repeat", "Repeat", repeat},
	}
	out := all[:0]
	for _, l := range all {
		if l.Value == "" {
			if l.Key != "expected" && l.Key != "seen" {
				continue
			}
			l.Value = "(nothing)"
		}
		l.Value = Printable(l.Value)
		out = append(out, l)
	}
	return out
}

// times words how often a finding was made; empty for once.
func (f Finding) times() string {
	if f.Count > 1 {
		return fmt.Sprintf("%d times", f.Count)
	}
	return ""
}

// summary is a finding in one line.
func (f Finding) summary() string {
	const most = 2 << 10 // bytes of which a line of 300 characters is made
	s := "expected " + orNothing(clipBytes(f.Expected, most)) + "; seen " + orNothing(clipBytes(f.Seen, most))
	if f.Where != "" {
		s += " at " + f.Where
	}
	return clip(oneLine(s), 300)
}

func orNothing(s string) string {
	if strings.TrimSpace(s) == "" {
		return "nothing"
	}
	return s
}

// clip cuts a text to n characters, with an ellipsis as the last.
func clip(s string, n int) string {
	r := []rune(clipBytes(s, 4*n+4))
	if len(r) <= n {
		return s
	}
	return string(r[:n-1]) + "…"
}

// clipBytes cuts a text to about n bytes, cheaply.
func clipBytes(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "") + "…"
}

// maxFolded is how many names a line lists before it says how many more there are.
const maxFolded = 4

// folded lists names, of many the first few.
func folded(names []string, most int) string {
	if len(names) <= most+1 { // "and 1 more" is no shorter than the one
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
}

// plural words a count of things.
func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
