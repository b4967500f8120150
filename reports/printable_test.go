package reports

import "testing"

// Nothing that a spreadsheet would run begins a cell, and nothing that a terminal
// obeys is in one; what is neither stays as it is.
func TestCell(t *testing.T) {
	for in, want := range map[string]string{
		"=cmd|' /C calc'!A0": "'=cmd|' /C calc'!A0", "+1 555 0100": "'+1 555 0100", "-2+3": "'-2+3", "@sum(1)": "'@sum(1)", "  =1": "'  =1", "\t=1": "'\t=1",
		"＝1+1": "'＝1+1", "\r=1": "⟨U+000D⟩=1", "'=1": "'=1", "-1.5": "-1.5", "+3": "+3", "users.csv": "users.csv", "": "", "\x1b[2J": "⟨U+001B⟩[2J", "a=b": "a=b",
	} {
		if got := Cell(in); got != want {
			t.Errorf("%q becomes %q, want %q", in, got, want)
		}
	}
}
