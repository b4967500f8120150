package reports

import (
	"encoding/json"
	"fmt"
	"io"
	"time"
)

// SummaryVersion is the version of the form of [Summary].
const SummaryVersion = "1.0"

// Summary is what of a report a dashboard shows: no grade, but what was asked, what came of it, and what stands in the way.
type Summary struct {
	Format    string           `json:"format"` // SummaryVersion
	Run       string           `json:"run"`    // its id
	Started   time.Time        `json:"started"`
	Finished  time.Time        `json:"finished"`
	Stance    string           `json:"stance"`
	Partial   bool             `json:"partial,omitempty"` // only part of the profiles was judged
	Name      string           `json:"name"`
	Vendor    string           `json:"vendor,omitempty"`
	Product   string           `json:"product,omitempty"`
	Version   string           `json:"version,omitempty"`
	Role      string           `json:"role"`
	Outcome   Outcome          `json:"outcome"`
	Exit      int              `json:"exit"`
	Words     string           `json:"words"` // the outcome for people, in a sentence or some
	Counts    Counts           `json:"counts"`
	Demands   Demands          `json:"demands"`
	Profiles  []SummaryProfile `json:"profiles"`
	InTheWay  []SummaryItem    `json:"inTheWay"` // failures that nothing excuses: a few of them
	NotListed int              `json:"notListed,omitempty"`
}

// Demands count the requirements that are a MUST and apply.
type Demands struct {
	Apply  int `json:"apply"`
	Broken int `json:"broken"`
	Open   int `json:"open"` // not tested, or not reached
}

// SummaryProfile is what one profile came to.
type SummaryProfile struct {
	ID      string  `json:"id"`
	Title   string  `json:"title"`
	Outcome Outcome `json:"outcome"`
	Words   string  `json:"words"`
	Counts  Counts  `json:"counts"`
}

// SummaryItem is a requirement that fails.
type SummaryItem struct {
	ID    string `json:"id"`
	Title string `json:"title"`
	Level Level  `json:"level"`
}

// mostInTheWay is how many failures a summary names.
const mostInTheWay = 10

// Summarize gives the summary of a report.
func Summarize(r *Report) Summary {
	all := r.overall()
	title, meaning := r.Outcome.worded(all)
	s := Summary{Format: SummaryVersion, Run: r.Run.ID, Started: r.Run.Started, Finished: r.Run.Finished, Stance: r.Run.Stance,
		Partial: r.Partial(), Name: r.Target.Name, Vendor: r.Target.Vendor, Product: r.Target.Product, Version: r.Target.Version,
		Role: r.Target.Role, Outcome: r.Outcome, Exit: r.Exit, Words: title + ". " + meaning, Counts: Tally(r.Requirements),
		Demands: Demands{all.demands, all.broken, all.open}, Profiles: []SummaryProfile{}, InTheWay: []SummaryItem{}}
	for _, p := range r.Profiles {
		title, meaning := p.Outcome.worded(r.of(p))
		s.Profiles = append(s.Profiles, SummaryProfile{ID: p.ID, Title: p.Title, Outcome: p.Outcome, Words: title + ". " + meaning,
			Counts: p.Counts})
	}
	for _, q := range r.Requirements {
		if q.Verdict != Fail || q.Waived || q.Known {
			continue
		}
		if len(s.InTheWay) == mostInTheWay {
			s.NotListed++
			continue
		}
		s.InTheWay = append(s.InTheWay, SummaryItem{q.ID, q.Title, q.Level})
	}
	return s
}

// SummaryJSON writes the summary of a report, for dashboards.
func SummaryJSON(w io.Writer, r *Report) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	if err := e.Encode(Summarize(r)); err != nil {
		return fmt.Errorf("writing the summary: %w", err)
	}
	return nil
}
