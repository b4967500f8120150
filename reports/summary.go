package reports

import (
	"fmt"
	"io"
	"strings"
)

// Bounds of what a pipeline shows of a run: GitHub takes summaries of a mebibyte, and ten
// annotations of a kind for each step.
const (
	maxSummary     = 50 // requirements of a heading
	maxAnnotations = 10 // of errors, and of warnings
)

// Markdown writes a summary for the page of a pipeline: the outcome, each profile, what is new
// against a baseline, what is broken with its first finding, what could not be examined by what
// it hangs on. What the product said stands in code spans.
func Markdown(w io.Writer, r *Report) error {
	var b strings.Builder
	words, meaning := r.Outcome.worded(r.overall())
	fmt.Fprintf(&b, "## %s %s: %s\n\n%s\n\n", r.Outcome.Tone().Mark(), MarkdownText(clip(nameOf(r), 120)), words, MarkdownText(meaning))
	var facts []string
	if r.Partial() {
		facts = append(facts, MarkdownText(r.Part()))
	}
	if r.Run.Shard != "" {
		facts = append(facts, "machine "+MarkdownCode(clip(r.Run.Shard, 20)))
	}
	if r.Run.Interrupted {
		facts = append(facts, "the run was interrupted")
	}
	facts = append(facts, "stance "+MarkdownCode(clip(r.Run.Stance, 40)),
		fmt.Sprintf("%d of %s", r.Run.Done, plural(r.Run.Planned, "check", "checks")), MarkdownText("Rollcall "+clip(r.Judge.Version, 40)))
	fmt.Fprintf(&b, "%s\n\n", strings.Join(facts, " · "))
	if len(r.Profiles) > 0 {
		b.WriteString("| profile | outcome | pass | fail | warning | not tested | not reached | not applicable |\n|---|---|--:|--:|--:|--:|--:|--:|\n")
		for i, p := range r.Profiles {
			if i == maxSummary {
				break
			}
			title, _ := p.Outcome.worded(r.of(p))
			fmt.Fprintf(&b, "| %s | %s %s | %d | %d | %d | %d | %d | %d |\n", MarkdownText(clip(p.Title, 120)), p.Outcome.Tone().Mark(), title,
				p.Counts.Pass, p.Counts.Fail, p.Counts.Warning, p.Counts.NotTested, p.Counts.Unknown+p.Counts.Error, p.Counts.NotApplicable)
		}
		b.WriteByte('\n')
	}
	sorted := Sort(r.Requirements)
	table := func(title string, wanted func(RequirementResult) bool) {
		var list []RequirementResult
		for _, q := range sorted {
			if wanted(q) {
				list = append(list, q)
			}
		}
		if len(list) == 0 {
			return
		}
		fmt.Fprintf(&b, "### %s (%d)\n\n| requirement | what was seen |\n|---|---|\n", title, len(list))
		for i, q := range list {
			if i == maxSummary {
				fmt.Fprintf(&b, "\n…and %d more: the report has all.\n", len(list)-i)
				break
			}
			seen := q.Reason
			if len(q.Findings) > 0 {
				seen = q.Findings[0].summary()
			}
			blocks := ""
			if n := len(q.Blocks); n > 0 {
				blocks = "<br>blocks " + plural(n, "other", "others")
			}
			fmt.Fprintf(&b, "| %s<br>%s%s | %s |\n", MarkdownCode(clip(q.ID, 120)), MarkdownText(clip(q.Title, 200)), blocks,
				MarkdownCode(clip(seen, 300)))
		}
		b.WriteByte('\n')
	}
	table("✗ Failed", func(q RequirementResult) bool { return q.Verdict == Fail && !q.Waived && !q.Known })
	table("‼ The judge failed", func(q RequirementResult) bool { return q.Verdict == Error })
	table("! Warnings", func(q RequirementResult) bool { return q.Verdict == Warning && !q.Known })
	excused := func(q RequirementResult) bool { return q.Verdict == Fail && (q.Waived || q.Known) }
	table("Failed, and excused by a waiver or the baseline", excused)
	if groups := openGroups(sorted); len(groups) > 0 {
		b.WriteString("### ○ Not examined\n\n")
		for i, g := range groups {
			if i == maxSummary {
				fmt.Fprintf(&b, "- and for %d more reasons\n", len(groups)-i)
				break
			}
			why := ""
			for _, s := range []string{g.By, g.Reason, g.Remedy} {
				if s != "" {
					why += " " + MarkdownCode(clip(s, 300))
				}
			}
			fmt.Fprintf(&b, "- %s: %d.%s\n", g.title(), len(g.Members), why)
		}
		b.WriteByte('\n')
	}
	if r.Run.Repeat != "" {
		fmt.Fprintf(&b, "Repeat this run: %s\n\n", MarkdownCode(clip(r.Run.Repeat, 1000)))
	}
	fmt.Fprintf(&b, "%s\n", disclaimer)
	_, err := io.WriteString(w, b.String())
	return err
}

// Annotations writes what is broken as commands of a GitHub workflow, which it shows beside a
// job: of MUSTs as errors, of SHOULDs as warnings, ten of each. What the target said can neither end
// a command nor begin another.
func Annotations(w io.Writer, r *Report) error {
	var b strings.Builder
	given := map[string]int{}
	say := func(kind, title, text string) {
		if given[kind]++; given[kind] > maxAnnotations {
			return
		}
		title, text = workflowValue(clip(oneLine(title), 200), true), workflowValue(clip(oneLine(text), 500), false)
		fmt.Fprintf(&b, "::%s title=%s::%s\n", kind, title, text)
	}
	for _, q := range Sort(r.Requirements) {
		kind := map[Verdict]string{Fail: "error", Warning: "warning"}[q.Verdict]
		if kind == "" || q.Waived || q.Known {
			continue
		}
		text := q.Title
		if len(q.Findings) > 0 {
			text += ": " + q.Findings[0].summary()
		}
		say(kind, q.ID, text)
	}
	for _, kind := range []string{"error", "warning"} {
		if more := given[kind] - maxAnnotations; more > 0 {
			fmt.Fprintf(&b, "::notice title=Rollcall::%d more of the kind %s are in the report\n", more, kind)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// workflowValue escapes what ends a value of a workflow's command; those of properties end
// at colons and commas too.
func workflowValue(s string, property bool) string {
	s = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(s)
	if property {
		s = strings.NewReplacer(":", "%3A", ",", "%2C").Replace(s)
	}
	return s
}
