package reports

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"
)

// renderArgument makes the test binary a program that renders a huge report in every
// format and says how much memory it took.
const renderArgument = "render-huge"

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == renderArgument {
		r := huge()
		for _, f := range Formats() {
			if err := Render(f.Name, io.Discard, r); err != nil {
				fmt.Println(err)
				os.Exit(1)
			}
		}
		fmt.Println(peakMiB())
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// bulky are reports that hold too much in one way each.
func bulky() map[string]func(*Report) {
	text := strings.Repeat("x", 5<<20)
	return map[string]func(*Report){
		"one long value": func(r *Report) { r.Requirements[1].Findings[0].Seen = text },
		"other long values": func(r *Report) {
			r.Target.Config, r.Diagnoses[0].Detail, r.Requirements[0].Notes, r.Facts[0].Value = text, text, []string{text, text}, text
		},
		"some control characters": func(r *Report) { r.Requirements[1].Findings[0].Seen = strings.Repeat("\x1b\u202e", 2<<20) },
		"many findings": func(r *Report) {
			for range 50_000 {
				r.Requirements[1].Findings = append(r.Requirements[1].Findings, r.Requirements[1].Findings[0])
			}
		},
		"many exchanges": func(r *Report) {
			for i := range 3000 {
				e := r.Exchanges[0]
				e.ID, e.Started = fmt.Sprintf("more%d", i), e.Started.Add(time.Hour+time.Duration(i)*time.Second)
				e.Response.Body = text[:32<<10]
				r.Exchanges = append(r.Exchanges, e)
				r.Checks[0].Exchanges = append(r.Checks[0].Exchanges, e.ID)
			}
		},
		"many headers": func(r *Report) {
			for range 200_000 {
				r.Exchanges[0].Response.Headers = append(r.Exchanges[0].Response.Headers, Header{"X-Long", text[:200]})
			}
		},
		"many pictures": func(r *Report) {
			for range 50 {
				r.Checks[0].Attachments = append(r.Checks[0].Attachments, Attachment{Title: "a page", Media: "image/png", Data: text[:1<<20]})
			}
		},
		"many requirements": func(r *Report) {
			for i := range 3_000 {
				q := sampleRequirements()[i%15]
				q.ID = fmt.Sprintf("%s.%d", q.ID, i)
				r.Requirements = append(r.Requirements, q)
			}
		},
		"many waivers, facts and diagnoses": func(r *Report) {
			for range 100_000 {
				r.Waivers, r.Facts, r.Diagnoses = append(r.Waivers, r.Waivers[0]), append(r.Facts, r.Facts[0]), append(r.Diagnoses, r.Diagnoses[2])
			}
		},
	}
}

// huge is a report with everything of bulky in it.
func huge() *Report {
	r := sample()
	all := bulky()
	for _, name := range slices.Sorted(maps.Keys(all)) { // lists first: their elements stay small
		all[name](r)
	}
	return r
}

// TestPageIsBounded: whatever a report holds, the page opens, says what it leaves out,
// and still shows the exchange of a failure.
func TestPageIsBounded(t *testing.T) {
	if testing.Short() {
		t.Skip("this takes minutes under the race detector: make products runs it")
	}
	cases := bulky()
	cases["everything"] = func(r *Report) { *r = *huge() }
	for name, more := range cases {
		t.Run(name, func(t *testing.T) {
			r := sample()
			more(r)
			var page bytes.Buffer
			if err := HTML(&page, r); err != nil {
				t.Fatal(err)
			}
			if page.Len() > maxPage {
				t.Errorf("the page has %d bytes, the most are %d", page.Len(), maxPage)
			}
			if name != "many requirements" && !strings.Contains(page.String(), "This page leaves out, for its size: ") {
				t.Error("the page doesn't say that it leaves something out")
			}
			if !strings.Contains(page.String(), "or12.paging.overlap") {
				t.Error("a failure is gone")
			}
			if name == "many exchanges" && !strings.Contains(page.String(), `id="x-1"`) {
				t.Error("the exchange of a failure gave way to others")
			}
		})
	}
	var page bytes.Buffer
	if err := HTML(&page, sample()); err != nil || strings.Contains(page.String(), "This page leaves out") {
		t.Errorf("an ordinary page leaves something out (%v)", err)
	}
}

// TestRenderingMemory holds the memory of a process that renders a huge report in every
// format to 600 MiB, the report included.
func TestRenderingMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("rendering a huge report is left out with -short")
	}
	out, err := exec.CommandContext(t.Context(), os.Args[0], renderArgument).Output()
	var peak int
	if _, scanErr := fmt.Sscan(string(out), &peak); err != nil || scanErr != nil {
		t.Fatalf("%v, %v: %s", err, scanErr, out)
	}
	if peak == 0 {
		t.Skip("this system doesn't tell how much memory a process took")
	}
	if peak > 600 {
		t.Errorf("it took %d MiB", peak)
	}
	t.Logf("%d MiB", peak)
}

// TestStreamsAreWhole: what is written part by part is what is written at once.
func TestStreamsAreWhole(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		r := sample()
		r.Requirements, r.Exchanges = r.Requirements[:rng.IntN(15)], r.Exchanges[:rng.IntN(7)]
		if rng.IntN(2) == 0 {
			r.Checks, r.Observations, r.Waivers = nil, nil, nil
		}
		var parts, whole bytes.Buffer
		if err := JSON(&parts, r); err != nil {
			t.Fatal(err)
		}
		e := json.NewEncoder(&whole)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		full := complete(*r)
		if err := e.Encode(&full); err != nil {
			t.Fatal(err)
		}
		if parts.String() != whole.String() {
			t.Fatalf("got\n%s\nwant\n%s", parts.String(), whole.String())
		}
	}
}
