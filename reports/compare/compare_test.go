package compare

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-edu/rollcall/reports"
)

func report(verdicts map[string]reports.Verdict) *reports.Report {
	r := &reports.Report{Format: reports.FormatVersion, Run: reports.Run{ID: "r", Started: time.Unix(1000, 0), Stance: "strict"},
		Target: reports.Target{Name: "T"}}
	for id, v := range verdicts {
		q := reports.RequirementResult{ID: id, Title: "Title of " + id, Level: reports.Must, Verdict: v}
		if v == reports.Fail {
			q.Findings = []reports.Finding{{Requirement: id, Expected: "e", Seen: "seen of " + id, Where: "/here"}}
		}
		r.Requirements = append(r.Requirements, q)
	}
	slices.SortFunc(r.Requirements, func(a, b reports.RequirementResult) int { return strings.Compare(a.ID, b.ID) })
	return r
}

// TestOf holds every pair of verdicts to what it tells, and nothing to be lost or told twice.
func TestOf(t *testing.T) {
	const none = reports.Verdict("")
	all := append(reports.Verdicts(), none, "of-a-later-version")
	want := func(before, after reports.Verdict) Kind {
		class := func(v reports.Verdict) string {
			switch v {
			case reports.Fail, reports.Warning:
				return "broken"
			case reports.Pass:
				return "kept"
			case reports.NotApplicable:
				return "na"
			case none:
				return "none"
			}
			return "open"
		}
		return map[string]Kind{
			"kept broken": Broke, "na broken": Broke, "none broken": Found, "open broken": Found, "broken broken": Still,
			"broken kept": Mended, "open kept": Examined, "none kept": New, "kept kept": Kept, "na kept": Kept,
			"broken open": NotExamined, "kept open": NotExamined, "na open": NotExamined, "open open": StillOpen, "none open": New,
			"broken na": NotExamined, "kept na": NotExamined, "open na": NotExamined, "na na": Kept, "none na": New,
			"broken none": Gone, "kept none": Gone, "open none": Gone, "na none": Gone,
		}[class(before)+" "+class(after)]
	}
	older, newer, kinds := map[string]reports.Verdict{}, map[string]reports.Verdict{}, map[string]Kind{}
	for i, before := range all {
		for j, after := range all {
			if before == none && after == none {
				continue
			}
			id := fmt.Sprintf("a.b%d-%d", i, j)
			kinds[id] = want(before, after)
			if before != none {
				older[id] = before
			}
			if after != none {
				newer[id] = after
			}
		}
	}
	c := Of(report(older), report(newer), nil)
	total := 0
	for _, n := range c.Counts {
		total += n
	}
	if total != len(kinds) {
		t.Errorf("%d requirements are told of, there are %d", total, len(kinds))
	}
	for _, x := range c.Changes {
		if x.Kind != kinds[x.ID] || x.Before != older[x.ID] || x.After != newer[x.ID] {
			t.Errorf("%s from %q to %q is %q, want %q", x.ID, older[x.ID], newer[x.ID], x.Kind, kinds[x.ID])
		}
	}
	if c.Exit != reports.ExitFailed {
		t.Errorf("exit code %d", c.Exit)
	}
	part := report(map[string]reports.Verdict{"a.b": reports.Pass})
	part.Run.Whole = 2
	if c := Of(report(map[string]reports.Verdict{"a.b": reports.Pass, "a.c": reports.Pass}), part, nil); c.Counts[NotAsked] != 1 || c.Exit != 0 {
		t.Errorf("a part: %+v", c)
	}
}

// TestExit holds the exit code to what became worse among the MUSTs.
func TestExit(t *testing.T) {
	for name, test := range map[string]struct {
		before, after reports.Verdict
		bend          func(q *reports.RequirementResult)
		want          int
	}{
		"broke":         {before: reports.Pass, after: reports.Fail, want: 1},
		"a SHOULD":      {reports.Pass, reports.Warning, func(q *reports.RequirementResult) { q.Level = reports.Should }, 0},
		"waived":        {reports.Pass, reports.Fail, func(q *reports.RequirementResult) { q.Waived = true }, 0},
		"still":         {before: reports.Fail, after: reports.Fail, want: 0},
		"not examined":  {before: reports.Pass, after: reports.NotTested, want: 4},
		"judge's error": {before: reports.Fail, after: reports.Error, want: 4},
		"mended":        {before: reports.Fail, after: reports.Pass, want: 0},
	} {
		newer := report(map[string]reports.Verdict{"a.b": test.after})
		if test.bend != nil {
			test.bend(&newer.Requirements[0])
		}
		if c := Of(report(map[string]reports.Verdict{"a.b": test.before}), newer, nil); c.Exit != test.want {
			t.Errorf("%s: exit code %d, want %d", name, c.Exit, test.want)
		}
	}
}

// TestRenamed matches requirements over a change of their ids, in either report.
func TestRenamed(t *testing.T) {
	renamed := map[string]string{"a.old": "a.new"}
	for _, ids := range [][2]string{{"a.old", "a.new"}, {"a.new", "a.old"}, {"a.old", "a.old"}} {
		c := Of(report(map[string]reports.Verdict{ids[0]: reports.Pass}), report(map[string]reports.Verdict{ids[1]: reports.Fail}), renamed)
		if len(c.Changes) != 1 || c.Changes[0].Kind != Broke || c.Changes[0].ID != "a.new" {
			t.Errorf("%v: %+v", ids, c.Changes)
		}
		if was := c.Changes[0].Was; (was == "a.old") != (ids[0] == "a.old" && ids[1] == "a.new") {
			t.Errorf("%v: formerly %q", ids, was)
		}
	}
}

// TestOlderFormats reads reports as older versions wrote them: all that they say is there to be
// compared, and with themselves nothing changed.
func TestOlderFormats(t *testing.T) {
	newest, err := reports.Read("../testdata/sample.report.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, version := range []string{"1.0", "1.1"} {
		r, err := reports.Read("../testdata/older/report-" + version + ".json")
		if err != nil {
			t.Errorf("%s: %v", version, err)
			continue
		}
		if r.Format != version || len(r.Requirements) < 10 || len(r.Exchanges) == 0 || reports.Tally(r.Requirements).Fail == 0 {
			t.Errorf("%s: %d requirements, %d exchanges", r.Format, len(r.Requirements), len(r.Exchanges))
		}
		if c := Of(r, r, nil); c.Exit != 0 || c.Counts[Broke]+c.Counts[Found]+c.Counts[New]+c.Counts[NotExamined]+c.Counts[Mended] != 0 {
			t.Errorf("%s: something changed from a report to itself: %v", version, c.Counts)
		}
		if c := Of(r, newest, nil); c.Counts[Still] == 0 || c.Counts[Kept] == 0 {
			t.Errorf("%s: nothing is as it was: %v", version, c.Counts)
		}
	}
}

// TestHostile puts hostile strings into every field: they come out inert in all renderings.
func TestHostile(t *testing.T) {
	const bad = "</script><script>alert(1)</script><img src=x onerror=alert(2)>|`x` ``\x1b[2J\u202e\x00\n# h\n| a | b |\n[l](javascript:alert(3)) @everyone ![i](http://evil.example/p)"
	one := func(v reports.Verdict) *reports.Report {
		return &reports.Report{Format: bad, Judge: reports.Judge{Version: bad + string(v)}, Run: reports.Run{ID: bad, Stance: bad + string(v), Profiles: []string{bad + string(v)}, Focus: []string{bad}},
			Target: reports.Target{Name: bad + string(v), Vendor: bad, Product: bad, Version: bad}, Outcome: bad,
			Requirements: []reports.RequirementResult{{ID: bad, Title: bad, Level: reports.Level(bad + v), Verdict: v, Reason: bad, Remedy: bad, Repeat: bad,
				Findings: []reports.Finding{{Seen: bad, Where: bad, Expected: bad}, {Expected: "other"}}},
				{ID: bad, Title: strings.Repeat("long", 1<<20), Verdict: bad}}}
	}
	for _, pair := range [][2]reports.Verdict{{reports.Pass, reports.Fail}, {reports.Fail, reports.NotTested}, {reports.Fail, reports.Fail}, {reports.Fail, reports.Pass}, {bad, bad}} {
		c := Of(one(pair[0]), one(pair[1]), map[string]string{bad: bad})
		for _, format := range Formats() {
			var b bytes.Buffer
			if err := Render(format, &b, c); err != nil {
				t.Fatal(err)
			}
			text := b.String()
			if format != "json" && strings.ContainsAny(text, "\x1b\x00\u202e") {
				t.Errorf("%s: control characters come through", format)
			}
			if format != "json" && len(text) > 1<<16 {
				t.Errorf("%s: %d bytes", format, len(text))
			}
			switch format {
			case "html":
				if strings.Contains(text, "<script") || strings.Contains(text, "<img") {
					t.Errorf("markup comes through: %s", text)
				}
			case "json":
				if !json.Valid(b.Bytes()) {
					t.Error("no JSON")
				}
			case "markdown":
				for _, line := range strings.Split(text, "\n") {
					if strings.HasPrefix(line, "# h") || strings.HasPrefix(line, "| a |") {
						t.Errorf("a line of the product's own: %q", line)
					}
				}
			}
		}
	}
}
