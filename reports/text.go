package reports

import (
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"
)

// textWidth is where running text breaks; commands and evidence don't, so that
// they can be copied.
const textWidth = 100

// maxTextValue is how many bytes of one value a terminal shows.
const maxTextValue = 4 << 10

// TextOptions say how a report is written for a terminal.
type TextOptions struct {
	// Color adds ANSI sequences; nothing is told by colour alone.
	Color bool
	// Notes shows also where options (MAY) are used in another way.
	Notes bool
}

// Text writes what a terminal shows at the end of a run: the outcome, a verdict
// for each profile, then every requirement that isn't kept, worst first, with
// its findings and the command that repeats it.
func Text(w io.Writer, r *Report, o TextOptions) error {
	p := printer{color: o.Color, notes: o.Notes}
	p.head(r)
	p.profiles(r)
	p.diagnoses(r)
	p.requirements(r)
	p.observations(r)
	p.waivers(r)
	p.baseline(r)
	p.foot(r)
	_, err := io.WriteString(w, p.b.String())
	return err
}

// printer gathers the text: it is small beside the evidence, and one write
// keeps it whole among other output.
type printer struct {
	b     strings.Builder
	color bool
	notes bool
}

// ANSI styles of the verdicts: those of the 16 colours that stay readable on
// light and dark terminals.
var styles = map[Verdict]string{
	Pass: "32", Fail: "1;31", Warning: "33", NotApplicable: "2", NotTested: "36", Error: "1;35", Unknown: "35",
}

func (p *printer) styled(style, s string) string {
	if !p.color || style == "" {
		return s
	}
	return "\x1b[" + style + "m" + s + "\x1b[0m"
}

func (p *printer) line(s string) { p.b.WriteString(strings.TrimRight(s, " ") + "\n") }

// wrap writes running text from column indent on, after a label that stands
// there already.
func (p *printer) wrap(label string, indent int, text string) {
	pad := strings.Repeat(" ", indent)
	width, column := textWidth-indent, 0
	if n := columns(label); n < indent {
		label += strings.Repeat(" ", indent-n)
	} else {
		column = n - indent
	}
	first := true
	p.b.WriteString(label)
	for _, word := range strings.Fields(Printable(clipBytes(text, maxTextValue))) {
		n := utf8.RuneCountInString(word)
		if column > 0 && column+1+n > width {
			p.b.WriteString("\n" + pad)
			column, first = 0, true
		}
		if column > 0 && !first {
			p.b.WriteByte(' ')
			column++
		}
		p.b.WriteString(word)
		column += n
		first = false
	}
	p.b.WriteByte('\n')
}

var ansi = regexp.MustCompile("\x1b\\[[0-9;]*m")

// columns is how wide a string stands on a terminal, styles left out.
func columns(s string) int { return utf8.RuneCountInString(ansi.ReplaceAllString(s, "")) }

func (p *printer) head(r *Report) {
	t := r.Target
	p.line(p.styled("1", oneLine(title(r))))
	var product []string
	for _, s := range []string{t.Vendor, t.Product, t.Version} {
		if s != "" {
			product = append(product, s)
		}
	}
	if len(product) > 0 {
		p.line("  " + oneLine(strings.Join(product, " ")) + ", " + oneLine(t.Role))
	}
	p.line(fmt.Sprintf("  stance %s, seed %d, %s, %d of %s in %s", oneLine(r.Run.Stance), r.Run.Seed,
		r.Run.Started.UTC().Format("2006-01-02 15:04 UTC"), r.Run.Done, plural(r.Run.Planned, "check", "checks"), duration(r)))
	if r.Partial() {
		p.line("  " + p.styled("1", r.Part()) + "; asked for: " + oneLine(folded(r.Run.Focus, maxFolded)))
	}
	if len(t.Disclaims) > 0 {
		p.line("  the target disclaims: " + oneLine(strings.Join(t.Disclaims, ", ")))
	}
	if r.Run.Interrupted {
		p.line("  the run was interrupted; what it did not reach is marked not reached")
	}
	p.line("")
	tone := r.Outcome.Tone()
	tally := Tally(r.Requirements)
	words, meaning := r.Outcome.worded(r.overall())
	p.line(p.styled(styles[tone], tone.Mark()+" "+words) + "  " + p.counts(tally))
	p.wrap("", 2, meaning)
}

func duration(r *Report) string {
	return r.Run.Finished.Sub(r.Run.Started).Round(100 * time.Millisecond).String()
}

// counts words the verdicts that occur, worst first.
func (p *printer) counts(c Counts) string {
	var parts []string
	for _, v := range Verdicts() {
		n := c.Of(v)
		if n == 0 {
			continue
		}
		s := fmt.Sprintf("%d %s", n, strings.ToLower(v.Title()))
		switch waived := map[Verdict]int{Fail: c.Waived, NotTested: c.WaivedOpen}[v]; {
		case waived > 0:
			s += fmt.Sprintf(" (%d waived)", waived)
		case v == Pass && c.Noted > 0:
			s += fmt.Sprintf(" (%d noted)", c.Noted)
		}
		parts = append(parts, p.styled(styles[v], s))
	}
	if len(parts) == 0 {
		return "no requirement judged"
	}
	return strings.Join(parts, ", ")
}

func (p *printer) profiles(r *Report) {
	if len(r.Profiles) == 0 {
		return
	}
	p.section("Profiles")
	for _, f := range r.Profiles {
		tone := f.Outcome.Tone()
		words, _ := f.Outcome.worded(r.of(f))
		p.line(fmt.Sprintf("  %s  %s", p.styled(styles[tone], tone.Mark()+" "+words), oneLine(f.Title)))
		p.line("    " + p.counts(f.Counts))
	}
}

func (p *printer) section(title string) {
	p.line("")
	p.line(p.styled("1", title))
}

// diagnoses shows what was wrong with the set-up; what was right needs no words
// here.
func (p *printer) diagnoses(r *Report) {
	headed := false
	for _, d := range r.Diagnoses {
		if d.OK {
			continue
		}
		if !headed {
			p.section("Configuration (says nothing about conformance)")
			headed = true
		}
		mark := "!"
		if d.Fatal {
			mark = "✗"
		}
		p.wrap("  "+mark+" ", 4, d.Name+": "+d.Detail)
		if d.Remedy != "" {
			p.wrap("    remedy: ", 12, d.Remedy)
		}
	}
}

// known tells the six verdicts that were reached.
func known(v Verdict) bool {
	switch v {
	case Pass, Fail, Warning, NotApplicable, NotTested, Error:
		return true
	}
	return false
}

func (p *printer) waivers(r *Report) {
	if len(r.Waivers) == 0 {
		return
	}
	p.section("Waivers")
	for _, v := range r.Waivers {
		p.wrap(fmt.Sprintf("  %-10s ", oneLine(v.State)), 13, fmt.Sprintf("%s until %s, owner %s: %s", v.Requirement, v.Expires,
			v.Owner, v.Reason))
	}
}

// baseline names what an earlier run excuses.
func (p *printer) baseline(r *Report) {
	b := r.Run.Baseline
	if b == nil {
		return
	}
	p.section(fmt.Sprintf("Known from the baseline, and excused (%d)", len(b.Known)))
	p.wrap("  ", 2, fmt.Sprintf("run %s of %s, %s", b.Run, b.Target, b.Started.UTC().Format("2006-01-02 15:04 UTC")))
	for _, id := range b.Known {
		p.line("  " + oneLine(id))
	}
}

func (p *printer) foot(r *Report) {
	p.line("")
	if n := Tally(r.Requirements).Noted; n > 0 && !p.notes {
		p.line(plural(n, "option is", "options are") + " used in another way, which decides nothing; --notes shows them.")
	}
	if r.Run.Repeat != "" {
		p.line("Repeat this run: " + oneLine(r.Run.Repeat))
	}
	p.wrap("", 0, disclaimer)
}
