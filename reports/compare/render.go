package compare

import (
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/rollcall-edu/rollcall/reports"
)

// Bounds of what a person is shown; JSON has all of it.
const (
	maxListed = 500 // changes of one kind
	maxWords  = 400 // bytes of one text of a product
)

// Formats names the renderings.
func Formats() []string { return []string{"text", "markdown", "json", "html"} }

// Render writes a comparison in a format of Formats.
func Render(format string, w io.Writer, c *Comparison) error {
	render := map[string]func(io.Writer, *Comparison) error{"text": Text, "markdown": Markdown, "json": JSON, "html": HTML}[format]
	if render == nil {
		return fmt.Errorf("there is no format %q; the formats are %s", format, strings.Join(Formats(), ", "))
	}
	if err := render(w, c); err != nil {
		return fmt.Errorf("rendering the comparison as %s: %w", format, err)
	}
	return nil
}

// JSON writes the whole comparison.
func JSON(w io.Writer, c *Comparison) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(c)
}

// told are the kinds of which each requirement is named; the others are counted.
func told(k Kind) bool {
	return k != StillOpen && k != NotAsked && k != Kept
}

// sentence is the outcome in one line, made of what was counted.
func (c *Comparison) sentence() string {
	var parts []string
	for _, x := range []struct {
		kind  Kind
		words string
	}{
		{Broke, "broke"}, {Found, "found broken for the first time"}, {NotExamined, "no longer examined"}, {Mended, "mended"},
		{Still, "still broken"},
	} {
		if n := c.Counts[x.kind]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, x.words))
		}
	}
	if len(parts) == 0 {
		return "Nothing broke, nothing was mended."
	}
	return strings.Join(parts, ", ") + "."
}

// short is a text of a product or a file, for one line.
func short(s string) string {
	s = reports.OneLine(s)
	if len(s) <= maxWords {
		return s
	}
	cut := maxWords
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "…"
}

// verdict words one side of a change.
func verdict(v reports.Verdict) string {
	if v == "" {
		return "not in the report"
	}
	return strings.ToLower(v.Title())
}

// Verdicts words what a requirement was and is.
func (x Change) Verdicts() string { return verdict(x.Before) + " → " + verdict(x.After) }

// Asides are what else is to be said of a change, in a few words each.
func (x Change) Asides() []string {
	var out []string
	if x.Was != "" {
		out = append(out, "formerly "+short(x.Was))
	}
	if x.Levels != "" {
		out = append(out, short(x.Levels))
	}
	if x.Otherwise {
		out = append(out, "shows in another way than before")
	}
	if x.Waived {
		out = append(out, "excused by a waiver")
	}
	if x.More > 1 {
		out = append(out, fmt.Sprintf("%d findings", x.More))
	}
	return out
}

// words describes a report in a line.
func (s Side) words() string {
	words := short(s.Target)
	if s.Product != "" {
		words += " (" + short(s.Product) + ")"
	}
	words += ", " + s.Started.UTC().Format("2006-01-02 15:04 UTC") + ", stance " + short(s.Stance)
	if s.Part != "" {
		words += ", " + short(s.Part)
	}
	return words + ": " + s.Outcome.Title()
}

// Words describes a report in a line, for templates.
func (s Side) Words() string { return s.words() }

// Text writes the comparison for a terminal.
func Text(w io.Writer, c *Comparison) error {
	var b strings.Builder
	fmt.Fprintf(&b, "older  %s\nnewer  %s\n\n%s\n", c.Old.words(), c.New.words(), c.sentence())
	for _, n := range c.Notes {
		fmt.Fprintf(&b, "  note: %s\n", short(n))
	}
	for _, k := range Kinds() {
		list := c.Kind(k)
		if len(list) == 0 || !told(k) {
			continue
		}
		fmt.Fprintf(&b, "\n%s (%d)\n", k.Title(), len(list))
		for i, x := range list {
			if i == maxListed {
				fmt.Fprintf(&b, "  and %d more; --format json has all\n", len(list)-maxListed)
				break
			}
			fmt.Fprintf(&b, "  %s %s  %s [%s]\n", mark(k), short(x.ID), short(x.Title), short(string(x.Level)))
			fmt.Fprintf(&b, "      %s\n", strings.Join(append([]string{x.Verdicts()}, x.Asides()...), "; "))
			if k == Gone || k == New || k == Mended || k == Examined {
				continue
			}
			if x.Seen != "" {
				fmt.Fprintf(&b, "      %s\n", short(x.Seen))
			}
			if x.Where != "" {
				fmt.Fprintf(&b, "      where: %s\n", short(x.Where))
			}
			if k == NotExamined && x.Remedy != "" {
				fmt.Fprintf(&b, "      remedy: %s\n", short(x.Remedy))
			}
		}
	}
	if line := c.counted(); line != "" {
		fmt.Fprintf(&b, "\n%s\n", line)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// counted words the kinds that are only counted.
func (c *Comparison) counted() string {
	var parts []string
	for _, k := range Kinds() {
		if n := c.Counts[k]; n > 0 && !told(k) {
			parts = append(parts, fmt.Sprintf("%s: %d", k.Title(), n))
		}
	}
	return strings.Join(parts, ". ")
}

func mark(k Kind) string {
	switch k {
	case Broke, Found, Still:
		return reports.Fail.Mark()
	case NotExamined:
		return reports.NotTested.Mark()
	case Mended, Examined:
		return reports.Pass.Mark()
	}
	return "·"
}

// Mark is the sign of a kind, of its own shape.
func (k Kind) Mark() string { return mark(k) }

// Markdown writes the comparison for a comment or the summary of a job. What a product said
// stands in code spans, in which Markdown and HTML mean nothing.
func Markdown(w io.Writer, c *Comparison) error {
	var b strings.Builder
	fmt.Fprintf(&b, "## Rollcall: what changed\n\n**%s**\n\n", c.sentence())
	fmt.Fprintf(&b, "- older: %s\n- newer: %s\n", reports.MarkdownCode(c.Old.words()), reports.MarkdownCode(c.New.words()))
	for _, n := range c.Notes {
		fmt.Fprintf(&b, "- note: %s\n", reports.MarkdownText(short(n)))
	}
	for _, k := range Kinds() {
		list := c.Kind(k)
		if len(list) == 0 || !told(k) {
			continue
		}
		fmt.Fprintf(&b, "\n### %s %s (%d)\n\n| requirement | level | before → after | seen |\n|---|---|---|---|\n", mark(k), k.Title(), len(list))
		for i, x := range list {
			if i == maxListed/10 { // a page of a pipeline is short
				fmt.Fprintf(&b, "\n…and %d more.\n", len(list)-i)
				break
			}
			seen := ""
			if x.Seen != "" {
				seen = reports.MarkdownCode(short(x.Seen))
			}
			told := strings.Join(append([]string{x.Verdicts()}, x.Asides()...), "; ")
			fmt.Fprintf(&b, "| %s<br>%s | %s | %s | %s |\n", reports.MarkdownCode(short(x.ID)), reports.MarkdownText(short(x.Title)),
				reports.MarkdownText(short(string(x.Level))), reports.MarkdownText(told), seen)
		}
	}
	if line := c.counted(); line != "" {
		fmt.Fprintf(&b, "\n%s\n", line)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// page is small, has no script, and forbids any.
var page = template.Must(template.New("compare").Funcs(template.FuncMap{"short": short}).Parse(`<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>Rollcall: what changed</title>
<style>
:root { color-scheme: light dark; --paper: #f6f4ef; --surface: #fff; --ink: #1d2330; --muted: #565d6b; --rule: #d9d5cb; --bad: #a3191f; --open: #1d5585; --good: #1a6636; }
@media (prefers-color-scheme: dark) { :root { --paper: #13161c; --surface: #1b1f27; --ink: #e7e9ee; --muted: #a8b0bd; --rule: #333a46; --bad: #ff9a95; --open: #92c5f5; --good: #7fd6a0; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 1rem/1.55 system-ui, sans-serif; overflow-wrap: anywhere; }
main { max-width: 62rem; margin: auto; padding: 1rem clamp(1rem, 4vw, 2.5rem) 3rem; }
h1, h2 { font-family: Georgia, serif; line-height: 1.2; } h2 { margin: 2rem 0 .3rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1rem; } dt { color: var(--muted); } dd { margin: 0; }
.lead { font-size: 1.25rem; font-weight: 600; } .muted { color: var(--muted); }
ul { list-style: none; padding: 0; } li { background: var(--surface); border: 1px solid var(--rule); border-radius: .4rem; padding: .6rem .8rem; margin: .5rem 0; }
li p { margin: .2rem 0; } code { font-family: ui-monospace, monospace; font-size: .875em; }
.broke h2 span, .found-broken h2 span, .still-broken h2 span { color: var(--bad); } .no-longer-examined h2 span { color: var(--open); }
.mended h2 span, .now-examined h2 span { color: var(--good); }
@media print { body { background: #fff; } li { break-inside: avoid; } }
</style></head><body><main>
<h1>What changed</h1><p class="lead">{{.Sentence}}</p>
<dl><dt>older</dt><dd><bdi>{{.C.Old.Words}}</bdi></dd><dt>newer</dt><dd><bdi>{{.C.New.Words}}</bdi></dd></dl>
{{range .C.Notes}}<p class="muted">Note: <bdi>{{short .}}</bdi></p>{{end}}
{{range .Parts}}<section class="{{.Kind}}"><h2><span aria-hidden="true">{{.Kind.Mark}}</span> {{.Kind.Title}} ({{.All}})</h2><p class="muted">{{.Kind.Meaning}}</p><ul>
{{range .List}}<li><p><strong><bdi>{{short .Title}}</bdi></strong> <span class="muted">{{printf "%s" .Level | short}}</span></p><p><code>{{short .ID}}</code></p>
<p>{{.Verdicts}}{{range .Asides}}; {{.}}{{end}}</p>{{with .Seen}}<p><bdi>{{short .}}</bdi></p>{{end}}{{with .Where}}<p class="muted">where: <bdi>{{short .}}</bdi></p>{{end}}
{{with .Remedy}}<p class="muted">remedy: <bdi>{{short .}}</bdi></p>{{end}}{{with .Repeat}}<p><code>{{short .}}</code></p>{{end}}</li>
{{end}}</ul>{{if .Left}}<p>and {{.Left}} more; the JSON has all.</p>{{end}}</section>
{{end}}<p class="muted">{{.Counted}}</p>
<p class="muted">This is not a certification by 1EdTech. Only 1EdTech certifies products.</p>
</main></body></html>
`))

// HTML writes the comparison as a page of its own, without script or network.
func HTML(w io.Writer, c *Comparison) error {
	type part struct {
		Kind      Kind
		All, Left int
		List      []Change
	}
	var parts []part
	for _, k := range Kinds() {
		if list := c.Kind(k); len(list) > 0 && told(k) {
			n := min(len(list), maxListed)
			parts = append(parts, part{k, len(list), len(list) - n, list[:n]})
		}
	}
	return page.Execute(w, struct {
		C                 *Comparison
		Sentence, Counted string
		Parts             []part
	}{c, c.sentence(), c.counted(), parts})
}
