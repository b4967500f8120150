package harness

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/rollcall-edu/rollcall/reports"
)

const (
	// maxReport bounds what a report holds of a target, as a page writes it, so that
	// report.html stays below 20 MB with all that is the judge's own.
	maxReport = 14 << 20
	// maxCheck bounds the evidence of one check, so that one that sees a great deal
	// leaves room for the others, and a run's journal stays small.
	maxCheck = 256 << 10
	// maxPicture bounds one picture.
	maxPicture = 1 << 20
	// little is what is left of a text where everything must be cut.
	little = 200
)

// head gives the first n bytes of a text, for what is to be redacted and cut then.
func head(s string, n int) string { return shorten(s, n) }

// limited cuts a text that is redacted already, and says so.
func limited(s string, n int) string {
	if len(s) <= n {
		return s
	}
	kept := shorten(s, n)
	return fmt.Sprintf("%s… (%d bytes more)", kept, len(s)-len(kept))
}

// written is about how many bytes of a page something takes: as JSON, with what pages
// write as references or escapes.
func written(v any) int {
	b, err := json.Marshal(v)
	if err != nil {
		return 0 // the model holds nothing that can't be written
	}
	n := len(b)
	for i, c := range b {
		switch {
		case c == '"' || c == '\'':
			n += 4 // &#34;
		case c >= 0x80:
			n += 3 // U+202E is three bytes, and is written as an escape that is marked
		case c == 'u' && i > 0 && b[i-1] == '\\':
			n += 12 // a control character, marked as one
		}
	}
	return n
}

// boundCheck holds the evidence of one check to its measure: exchanges that prove a
// finding come first, what is beyond keeps its heads.
func boundCheck(c *reports.CheckResult, exchanges []reports.Exchange) {
	cited := citedBy(c.Findings)
	order := make([]int, len(exchanges))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return rank(cited, exchanges[a]) - rank(cited, exchanges[b]) })
	left := maxCheck
	for _, i := range order {
		e := &exchanges[i]
		if left -= sizeOf(e); left < 0 {
			cutBodies(e, little)
			e.Request.Headers, e.Response.Headers = fewHeaders(e.Request.Headers), fewHeaders(e.Response.Headers)
		}
	}
	left = maxCheck
	for i := range c.Findings {
		f := &c.Findings[i]
		if left -= len(f.Sent) + len(f.Expected) + len(f.Seen) + len(f.Where) + len(f.Cause) + len(f.Required); left < 0 {
			cutFinding(f, little)
		}
	}
	for i := range c.Attachments {
		if a := &c.Attachments[i]; len(a.Data) > maxPicture {
			a.Media, a.Text, a.Data = "text/plain", fmt.Sprintf("A picture of %d bytes was left out.", len(a.Data)*3/4), ""
		}
	}
}

func sizeOf(e *reports.Exchange) int {
	n := len(e.URL) + len(e.Problem) + len(e.Request.Body) + len(e.Response.Body) + len(e.Curl)
	for _, h := range slices.Concat(e.Request.Headers, e.Response.Headers) {
		n += len(h.Name) + len(h.Value)
	}
	return n
}

func citedBy(findings []reports.Finding) map[string]bool {
	cited := map[string]bool{}
	for _, f := range findings {
		for _, id := range f.Exchanges {
			cited[id] = true
		}
	}
	return cited
}

func rank(cited map[string]bool, e reports.Exchange) int {
	if cited[e.ID] {
		return 0
	}
	return 1
}

// cutBodies leaves the beginnings of an exchange.
func cutBodies(e *reports.Exchange, n int) {
	for _, m := range []*reports.Message{&e.Request, &e.Response} {
		if len(m.Body) > n {
			m.Body, m.Cut, m.SHA256 = shorten(m.Body, n), true, ""
		}
	}
	if len(e.Curl) > 2*n {
		e.Curl = ""
	}
}

func cutFinding(f *reports.Finding, most int) {
	for _, s := range []*string{&f.Required, &f.Sent, &f.Expected, &f.Seen, &f.Where, &f.Cause} {
		*s = limited(*s, most)
	}
}

// bound holds a whole report to maxReport, whatever the target sent. What proves nothing
// goes first: the bodies of exchanges that no finding names, then those of others,
// pictures and texts, whole exchanges, and at last what findings say at length. A fact
// of the report says what was left out.
func bound(report *reports.Report) {
	exchanges := report.Exchanges
	report.Exchanges = nil
	rest := written(report)
	report.Exchanges = exchanges
	sizes, total := make([]int, len(exchanges)), rest
	for i := range exchanges {
		sizes[i] = written(&exchanges[i])
		total += sizes[i]
	}
	if total <= maxReport {
		return
	}
	cited := map[string]bool{}
	for _, c := range report.Checks {
		for id := range citedBy(c.Findings) {
			cited[id] = true
		}
	}
	bodies := 0
	for _, wanted := range []int{1, 0} {
		for i := len(exchanges) - 1; i >= 0 && total > maxReport; i-- {
			if e := &exchanges[i]; rank(cited, *e) == wanted {
				cutBodies(e, little)
				e.Request.Headers, e.Response.Headers = fewHeaders(e.Request.Headers), fewHeaders(e.Response.Headers)
				now := written(e)
				total, sizes[i] = total-sizes[i]+now, now
				bodies++
			}
		}
	}
	texts, gone := 0, 0
	for n := little; n > 10 && total > maxReport; n /= 3 {
		texts = cutTexts(report, n)
		report.Exchanges = nil
		now := written(report)
		total, rest = total-rest+now, now
	}
	keep := len(exchanges)
	for ; keep > 0 && total > maxReport; keep-- {
		total -= sizes[keep-1]
		gone++
	}
	report.Exchanges = exchanges[:keep]
	report.Facts = append(report.Facts, reports.Fact{Name: "evidence left out", Value: fmt.Sprintf(
		"the target sent so much that %d exchanges are cut short, %d texts are shortened and %d exchanges are missing: a report holds at most %d MiB of it", bodies, texts, gone, maxReport>>20)})
}

// fewHeaders leaves a few header fields.
func fewHeaders(h []reports.Header) []reports.Header {
	h = h[:min(len(h), 12)]
	for i := range h {
		h[i].Value = limited(h[i].Value, little)
	}
	return h
}

// cutTexts shortens what checks say at length, and tells how much of it.
func cutTexts(report *reports.Report, most int) int {
	n := 0
	short := func(list ...*string) {
		for _, s := range list {
			if len(*s) > most+32 {
				*s = limited(*s, most)
				n++
			}
		}
	}
	notes := func(list []string) {
		for i := range list {
			short(&list[i])
		}
	}
	for i := range report.Checks {
		c := &report.Checks[i]
		short(&c.Message)
		for k := range c.Findings {
			cutFinding(&c.Findings[k], most)
			n++
		}
		for k := range c.Results {
			short(&c.Results[k].Reason)
			notes(c.Results[k].Notes)
		}
		n += len(c.Attachments)
		c.Attachments = nil
	}
	for i := range report.Requirements {
		q := &report.Requirements[i]
		short(&q.Reason)
		for k := range q.Findings {
			cutFinding(&q.Findings[k], most)
		}
		notes(q.Notes)
	}
	for i := range report.Facts {
		short(&report.Facts[i].Value)
	}
	return n
}
