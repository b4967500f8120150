package reports

import (
	"bytes"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// large is a report of the size that a long run leaves behind.
func large(requirements, exchanges int) *Report {
	r := sample()
	body := `{"users":[` + strings.Repeat(`{"sourcedId":"u-1","givenName":"Zoë"},`, 30) + `{}]}`
	r.Requirements, r.Exchanges = nil, nil
	check := CheckResult{ID: "rostering/large", Title: "a long check", State: "done", Milliseconds: 1}
	for i := range exchanges {
		e := sampleExchanges()[0]
		e.ID, e.Started = fmt.Sprintf("l%d", i), sampleStart.Add(time.Duration(i)*time.Millisecond)
		e.Response.Body, e.Response.Size = body, int64(len(body))
		r.Exchanges = append(r.Exchanges, e)
		check.Exchanges = append(check.Exchanges, e.ID)
	}
	for i := range requirements {
		verdict := Verdicts()[i%7]
		r.Requirements = append(r.Requirements, sampleRequirement(fmt.Sprintf("or12.large.%04d", i), fmt.Sprintf("Section %d", i/20), "A requirement among many", "It is said.", Must, verdict, func(q *RequirementResult) {
			q.Checks = []string{check.ID}
			if verdict == Fail {
				q.Findings = []Finding{{Requirement: q.ID, Expected: "this", Seen: "that", Exchanges: []string{fmt.Sprintf("l%d", i)}}}
			}
		}))
		check.Requirements = append(check.Requirements, r.Requirements[i].ID)
	}
	r.Checks = []CheckResult{check}
	r.Profiles = []ProfileResult{sampleProfile(r, "large", "Large", "", DoesNot, nil)}
	return r
}

// What a target sends must not close an element, nor stand raw anywhere.
func TestHTMLEscapes(t *testing.T) {
	r := sample()
	r.Target.Name = hostileHTML + hostileTerm
	r.Run.ID, r.Judge.Version, r.Target.Config = hostileHTML, hostileHTML, hostileHTML+hostileTerm
	r.Requirements[0].ID = hostileHTML
	r.Requirements[1].Verdict = Verdict(hostileHTML)
	r.Outcome = Outcome(hostileHTML)
	r.Exchanges[0].ID, r.Exchanges[0].URL, r.Exchanges[0].Curl = hostileHTML, hostileHTML, hostileHTML+hostileTerm
	r.Checks[0].ID, r.Checks[0].State = hostileHTML, hostileHTML
	r.Facts = append(r.Facts, Fact{hostileHTML, hostileHTML})
	r.Profiles[0].Title, r.Profiles[0].Outcome = hostileHTML, Outcome(hostileHTML)
	var b bytes.Buffer
	if err := HTML(&b, r); err != nil {
		t.Fatal(err)
	}
	page := b.String()
	for _, raw := range []string{"<script>window", "<img", "window.pwned=1</script>", "javascript:", "ZgotmplZ", "\x1b", "\u202E", "\u2066", "\x00", "\x07"} {
		if strings.Contains(page, raw) {
			t.Errorf("%q stands in the page", raw)
		}
	}
	// One element each for the data, and the script of the page itself.
	if got, want := strings.Count(page, "</script>"), len(r.Exchanges)+1; got != want {
		t.Errorf("the page closes %d scripts, want %d", got, want)
	}
}

func TestHTMLNeedsNothingElse(t *testing.T) {
	page := string(rendered(t, "html"))
	if m := regexp.MustCompile(`(?i)<(?:link|script|img|iframe|source)[^>]*\s(?:src|href)="(?:[^"d]|d[^a])[^"]*"`).FindString(page); m != "" {
		t.Errorf("the page refers to something outside: %s", m)
	}
	for _, want := range []string{`http-equiv="Content-Security-Policy"`, "default-src &#39;none&#39;", disclaimer} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
}

// Text must be readable in every theme: WCAG 2.2, criterion 1.4.3, asks for a
// contrast of 4.5.
func TestContrast(t *testing.T) {
	css, err := pageFiles.ReadFile("page/report.css")
	if err != nil {
		t.Fatal(err)
	}
	variable := regexp.MustCompile(`--([a-z-]+): (#[0-9a-f]{6});`)
	blocks := regexp.MustCompile(`color-scheme: (light|dark);([^}]*)}`).FindAllStringSubmatch(string(css), -1)
	if len(blocks) != 3 {
		t.Fatalf("%d colour schemes found, want 3", len(blocks))
	}
	for i, block := range blocks {
		colours := map[string]string{}
		for _, m := range variable.FindAllStringSubmatch(block[2], -1) {
			colours[m[1]] = m[2]
		}
		for name, c := range colours {
			_, tinted := colours[name+"-tint"]
			if !tinted && name != "ink" && name != "muted" && name != "accent" {
				continue
			}
			for _, ground := range []string{"paper", "surface", "sunken", name + "-tint"} {
				g, ok := colours[ground]
				if !ok {
					continue
				}
				if ratio := contrast(c, g); ratio < 4.5 {
					t.Errorf("scheme %d (%s): %s on %s has a contrast of %.2f", i, block[1], name, ground, ratio)
				}
			}
		}
	}
	if blocks[1][2] == blocks[0][2] || strings.Join(strings.Fields(blocks[1][2]), "") != strings.Join(strings.Fields(blocks[2][2]), "") {
		t.Error("the dark scheme of the system and the chosen one differ")
	}
}

func contrast(a, b string) float64 {
	x, y := luminance(a), luminance(b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

func luminance(hex string) float64 {
	channel := func(s string) float64 {
		n, _ := strconv.ParseUint(s, 16, 8)
		c := float64(n) / 255
		if c <= 0.03928 {
			return c / 12.92
		}
		return math.Pow((c+0.055)/1.055, 2.4)
	}
	return 0.2126*channel(hex[1:3]) + 0.7152*channel(hex[3:5]) + 0.0722*channel(hex[5:7])
}
