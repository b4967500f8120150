package reports

import (
	"fmt"
	"html"
	"io"
	"unicode/utf8"
)

// badgeTone is the colour of a badge: white letters on each have a contrast of 4.5 and more.
var badgeTone = map[Outcome]string{Conforms: "#1b6b3a", Incomplete: "#1c5585", DoesNot: "#a11c1c", JudgeFailed: "#5c5470"}

// badgeWords say on a badge what came of a run: what is broken is counted, and no grade hides it.
func badgeWords(r *Report) string {
	s := r.overall()
	count := func(n int, what string) string {
		if n == 1 {
			return "1 MUST " + what
		}
		return fmt.Sprintf("%d MUSTs %s", n, what)
	}
	unexcused := s.broken - s.waived - s.known
	switch {
	case r.Outcome == JudgeFailed:
		return "the judge failed"
	case unexcused > 0:
		return count(unexcused, "broken")
	case r.Outcome == Incomplete && s.open > s.excused:
		return count(s.open-s.excused, "not examined")
	case r.Partial():
		return "part examined, nothing broken"
	case r.Outcome == Conforms && s.broken+s.excused > 0:
		return "conforms, apart from waivers"
	case r.Outcome == Conforms:
		return "conforms, " + r.Run.Stance
	}
	return string(r.Outcome)
}

// BadgeSVG writes a picture of some words, for a page that tells how a product stands. It loads nothing, runs nothing, and
// says the same to who doesn't see it.
func BadgeSVG(w io.Writer, r *Report) error {
	const left, letter, pad, height = 62, 7, 10, 20
	words := badgeWords(r)
	width := left + utf8.RuneCountInString(words)*letter + 2*pad
	tone, known := badgeTone[r.Outcome]
	if !known {
		tone = badgeTone[JudgeFailed]
	}
	label := html.EscapeString("Rollcall: " + OneLine(r.Target.Name) + ": " + words)
	_, err := fmt.Fprintf(w, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" role="img" aria-label="%s"><title>%s</title>`+
		`<rect width="%d" height="%d" rx="3" fill="#333"/><path d="M%d 0h%da3 3 0 0 1 3 3v%da3 3 0 0 1 -3 3h-%dz" fill="%s"/>`+
		`<g fill="#fff" text-anchor="middle" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">`+
		`<text x="%d" y="14">Rollcall</text><text x="%d" y="14">%s</text></g></svg>`+"\n",
		width, height, label, label, width, height, left, width-left-3, height-6, width-left-3, tone, left/2, left+(width-left)/2,
		html.EscapeString(words))
	if err != nil {
		return fmt.Errorf("writing the badge: %w", err)
	}
	return nil
}
