package service

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/rollcall-edu/rollcall/reference/sis"
	"github.com/rollcall-edu/rollcall/reference/sync"
)

//go:embed page.html
var pageText string

var page = template.Must(template.New("page").Funcs(template.FuncMap{"moment": moment, "number": number, "took": took}).Parse(pageText))

// moment gives a time for people, and for whatever reads pages.
func moment(at time.Time) template.HTML {
	return template.HTML(at.UTC().Format(`<time datetime="2006-01-02T15:04:05Z">2 Jan 15:04:05 UTC</time>`)) // of digits and words of ours
}

// number sets thousands apart by a thin space.
func number(n int) string {
	text := strconv.Itoa(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "\u202f" + text[i:]
	}
	return text
}

func took(d time.Duration) string {
	if d < time.Second {
		return fmt.Sprintf("%d ms", d.Milliseconds())
	}
	return d.Round(time.Second / 10).String()
}

// shownState is what the page shows.
type shownState struct {
	State    string // good, wait or bad
	Headline string
	Says     string
	Running  string // what goes on; empty: nothing
	Source   string
	Synced   []shownMark
	Next     []shownMark
	Waiting  *sync.Waiting
	Holds    []shownCount
	Runs     []shownRun
	Fed      []Fed
	Log      []shownChange
	More     int // changes beside those of the log
}

type shownMark struct {
	Mode string
	At   time.Time
}

type shownCount struct {
	Collection string
	Objects    int
}

type shownChange struct {
	At time.Time
	sync.Entry
}

const (
	runsShown    = 20
	changesShown = 50
)

// home shows how things stand, to people.
func (s *Service) home(w http.ResponseWriter, r *http.Request) {
	v, err := s.state(r.Context())
	if err != nil {
		refuse(w, http.StatusInternalServerError, "The mirror can't be read.")
		return
	}
	var b bytes.Buffer
	if err := page.Execute(&b, v); err != nil {
		refuse(w, http.StatusInternalServerError, "The page can't be shown.")
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy",
		"default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	_, _ = w.Write(b.Bytes()) // the browser may be gone
}

func (s *Service) state(ctx context.Context) (v shownState, err error) {
	state, err := s.c.Mirror.State(ctx)
	if err != nil {
		return v, err
	}
	runs, err := s.c.Mirror.Log(ctx, runsShown)
	if err != nil {
		return v, err
	}
	if v.Holds, err = s.holds(ctx); err != nil {
		return v, err
	}
	v.Holds = slices.DeleteFunc(v.Holds, func(c shownCount) bool { return c.Objects == 0 })
	for i, r := range runs {
		v.Runs = append(v.Runs, shown(r))
		for _, e := range r.Entries {
			if len(v.Log) < changesShown && r.Outcome == sync.Committed {
				v.Log = append(v.Log, shownChange{r.Ended, e})
			} else {
				v.More++
			}
		}
		if i == 0 {
			v.More += r.More
		}
	}
	v.Waiting = state.Waiting
	if !state.LastSync.IsZero() {
		v.Synced = append(v.Synced, shownMark{"sync", state.LastSync}, shownMark{"full sync", state.LastFull})
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	v.Source, v.Fed = "nowhere yet", slices.Clone(s.fed)
	if s.from != nil {
		v.Source = s.from.name
	}
	if s.busy {
		v.Running = progress(s.running)
	}
	for _, j := range s.jobs {
		at, err := j.NextRun()
		if err != nil { // the schedule is at it just now
			at = time.Time{}
		}
		v.Next = append(v.Next, shownMark{string(j.mode), at})
	}
	v.headline()
	return v, nil
}

func (s *Service) holds(ctx context.Context) ([]shownCount, error) {
	var out []shownCount
	for _, c := range sis.Collections() {
		n, err := s.c.Mirror.Store().Count(ctx, c)
		if err != nil {
			return nil, err
		}
		if c != sis.CSVRows {
			out = append(out, shownCount{string(c), n})
		}
	}
	return out, nil
}

// progress says what a sync under way does.
func progress(p sync.Progress) string {
	switch {
	case p.Collection == "" && p.Read == 0:
		return "It begins, or takes in what it read."
	case p.Total >= 0:
		return fmt.Sprintf("It reads %s: %s of %s.", p.Collection, number(p.Read), number(p.Total))
	}
	return fmt.Sprintf("It reads %s: %s so far.", p.Collection, number(p.Read))
}

// headline says in a word how things stand.
func (v *shownState) headline() {
	switch {
	case v.Waiting != nil:
		v.State, v.Headline, v.Says = "wait", "Waiting for you", "A sync would delete more than it does by itself."
	case len(v.Runs) == 0:
		v.State, v.Headline, v.Says = "wait", "Not synced yet", "The mirror is empty until the first sync."
	case v.Runs[0].State == "bad":
		v.State, v.Headline, v.Says = "bad", "Out of step", "The last sync failed; the mirror is as it was: "+v.Runs[0].Says
	case slices.ContainsFunc(v.Fed, func(f Fed) bool { return f.Error != "" }):
		v.State, v.Headline, v.Says = "wait", "In step, but not passed on", "The mirror is as the SIS says, but who goes by it could not be told."
	default:
		v.State, v.Headline, v.Says = "good", "In step", "The mirror is as the SIS said at the last sync."
	}
}
