package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"

	"github.com/rollcall-edu/rollcall/reports"
	"github.com/rollcall-edu/rollcall/suites/harness"
)

// progress shows a run under way: on a terminal one line that is redrawn, else a
// line now and then, so that a pipeline's log stays short.
type progress struct {
	w       io.Writer
	live    bool
	quiet   bool
	phase   string
	began   time.Time
	last    time.Time
	width   int
	doctor  []string // what it found, until it is through
	stopped bool     // it found that the run can't begin
	name    string   // of the run, where others go on beside it
	board   *board   // on which they share a line
}

// board is the line of several runs that go on side by side.
type board struct {
	mu    sync.Mutex
	lines map[string]string
	order []string
	width int
}

// beside gives the progress of a run that shares its line, and whose words begin with
// its name.
func (b *board) beside(w io.Writer, quiet bool, name string) *progress {
	p := newProgress(w, quiet)
	p.name, p.board = name, b
	b.order = append(b.order, name)
	return p
}

// say writes words of a run that is over while others go on: the line gives way to them.
func (b *board) say(out, errs io.Writer, words io.WriterTo) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.width > 0 {
		fmt.Fprintf(errs, "\r%s\r", strings.Repeat(" ", b.width))
		b.width = 0
	}
	_, _ = words.WriteTo(out) // whoever reads may have gone
}

// put sets what a run has to say, nothing once it is over, and gives the line of all.
func (b *board) put(name, line string) string {
	if b.lines == nil {
		b.lines = map[string]string{}
	}
	b.lines[name] = line
	var all []string
	for _, n := range b.order {
		if b.lines[n] != "" {
			all = append(all, n+" "+b.lines[n])
		}
	}
	return strings.Join(all, "   ")
}

// plainEvery is how often a run that isn't watched on a terminal says something.
const plainEvery = 10 * time.Second

func newProgress(w io.Writer, quiet bool) *progress {
	f, isFile := w.(*os.File)
	return &progress{w: w, quiet: quiet, live: isFile && term.IsTerminal(int(f.Fd()))}
}

func (p *progress) observe(e harness.Progress) {
	if e.Ask != "" { // also where nothing else is to be shown: the run waits for it
		p.clear()
		fmt.Fprintln(p.w, "\n→ "+reports.Printable(e.Ask))
		return
	}
	if p.quiet {
		return
	}
	if e.Diagnosis != nil {
		p.doctor = append(p.doctor, diagnosis(*e.Diagnosis))
		p.stopped = p.stopped || e.Diagnosis.Fatal && !e.Diagnosis.OK
		return
	}
	p.examined()
	now := time.Now()
	if e.Phase != p.phase {
		p.phase, p.began, p.last = e.Phase, now, time.Time{}
	}
	pause := 100 * time.Millisecond
	if !p.live {
		pause = plainEvery
		if p.last.IsZero() {
			p.last = now // the first word after a while, not at once
		}
	}
	// The crawl learns its total as it goes, so only the end of the checks is
	// an end for sure.
	if end := e.Phase == "check" && e.Done == e.Total; now.Sub(p.last) < pause && !end {
		return
	}
	p.last = now
	p.draw(e, now)
}

func (p *progress) draw(e harness.Progress, now time.Time) {
	line := fmt.Sprintf("%-8s %s %d/%d %s", map[string]string{"prepare": "crawling", "check": "checking", "read": "reading"}[e.Phase],
		bar(e.Done, e.Total), e.Done, e.Total, e.Unit)
	if spent := now.Sub(p.began).Seconds(); spent > 1 && e.Done > 0 {
		rate := float64(e.Done) / spent
		if rate >= 1 { // slower ones are told by the time that is left
			line += fmt.Sprintf(", %.0f/s", rate)
		}
		if left := float64(e.Total-e.Done) / rate; e.Total > e.Done {
			line += fmt.Sprintf(", %s left", (time.Duration(left) * time.Second).Round(time.Second))
		}
	}
	if e.Broken > 0 {
		line += fmt.Sprintf(", %d broken so far", e.Broken)
	}
	if !p.live {
		fmt.Fprintln(p.w, p.named(line))
		return
	}
	width := &p.width
	if p.board != nil {
		p.board.mu.Lock()
		defer p.board.mu.Unlock()
		line, width = p.board.put(p.name, fmt.Sprintf("%s %d/%d", bar(e.Done, e.Total), e.Done, e.Total)), &p.board.width
	}
	fmt.Fprintf(p.w, "\r%s%s", line, strings.Repeat(" ", max(0, *width-len(line))))
	*width = len(line)
}

// named begins a line with the run's name, where others go on beside it.
func (p *progress) named(line string) string {
	if p.name == "" {
		return line
	}
	return fmt.Sprintf("%-9s %s", p.name+":", line)
}

func (p *progress) clear() {
	width := &p.width
	if p.board != nil {
		p.board.mu.Lock()
		defer p.board.mu.Unlock()
		width = &p.board.width
	}
	if p.live && *width > 0 {
		fmt.Fprintf(p.w, "\r%s\r", strings.Repeat(" ", *width))
		*width = 0
	}
}

func (p *progress) done() {
	p.examined()
	p.clear()
	if p.board != nil {
		p.board.mu.Lock()
		defer p.board.mu.Unlock()
		p.board.put(p.name, "")
	}
}

// examined shows what the doctor found once it is through. Where the run can't begin
// that is said by its error, and by nothing else.
func (p *progress) examined() {
	if !p.stopped {
		for _, line := range p.doctor {
			fmt.Fprintln(p.w, p.named(line))
		}
	}
	p.doctor = nil
}

func bar(done, total int) string {
	const cells = 24
	full := 0
	if total > 0 {
		full = min(cells, cells*done/total)
	}
	return "[" + strings.Repeat("#", full) + strings.Repeat("-", cells-full) + "]"
}

// diagnosis words one finding of the doctor.
func diagnosis(d harness.Diagnosis) string {
	mark := "ok  "
	switch {
	case !d.OK && d.Fatal:
		mark = "STOP"
	case !d.OK:
		mark = "look"
	}
	line := fmt.Sprintf("%s  %s: %s", mark, d.Name, d.Detail)
	if d.Remedy != "" {
		line += "\n      remedy: " + d.Remedy
	}
	return reports.Printable(line)
}

// colour tells whether the stream is a terminal that wants colours.
func colour(w io.Writer) bool {
	if kept, is := w.(*spoken); is {
		return kept.paint
	}
	f, isFile := w.(*os.File)
	return isFile && os.Getenv("NO_COLOR") == "" && term.IsTerminal(int(f.Fd()))
}
