package consumer

import (
	"fmt"
	"path"
	"regexp"
	"strings"
	"time"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/oneroster/consumer/driver"
	"github.com/rollcall-edu/rollcall/suites/oneroster/consumer/provider"
)

// since finds the instant from which a filter asks for changes.
var since = regexp.MustCompile(`dateLastModified\s*(>=?)\s*'([^']*)'`)

// mark is the instant from which a call asks for changes.
type mark struct {
	at    time.Time
	equal bool // what changed at the instant itself too
}

// markOf reads it from a call. Bare dates are midnight in UTC, as providers read them.
func markOf(c provider.Call) (mark, bool) {
	m := since.FindStringSubmatch(c.Query.Get("filter"))
	if m == nil {
		return mark{}, false
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02 15:04:05", time.DateOnly} {
		if at, err := time.Parse(layout, m[2]); err == nil {
			return mark{at: at, equal: m[1] == ">="}, true
		}
	}
	return mark{}, false
}

// deltas looks whether a product that is told to read changes asks for them.
func deltas(j *judge, t *harness.T, id string) {
	looked := 0
	for _, s := range j.syncs {
		if s.mode != driver.Delta || len(s.calls) == 0 {
			continue
		}
		asked := false
		for _, c := range s.calls {
			_, is := markOf(c)
			asked = asked || is
		}
		looked++
		t.Assert(id, asked, harness.Finding{Expected: "a filter on dateLastModified, for the product was told to read changes",
			Seen: "no call has one", Exchanges: watch(t, reads(s.calls)...)})
	}
	if looked == 0 {
		t.NotTested(noDeltas(), id)
	}
}

func noDeltas() harness.Obstacle {
	return harness.Unclaimed("the product isn't said to read changes only (consumer.sync.modes names no delta)")
}

func reads(calls []provider.Call) (out []provider.Call) {
	for _, c := range calls {
		if isRead(c) {
			out = append(out, c)
		}
	}
	return out
}

// marks looks whether what changed since the last good sync is after the instant from which a delta asks.
func marks(j *judge, t *harness.T, id string) {
	looked := 0
	known := driver.Objects(nil) // what the provider had at the last sync that brought everything
	for _, s := range j.syncs {
		if known != nil {
			unread := touches(known, s.truth)
			told := map[string]bool{}
			for _, c := range reads(s.calls) {
				m, asks := markOf(c)
				if !asks {
					continue
				}
				looked++
				for at := range unread {
					changed := modified(s.truth[at.collection][at.id])
					if changed.IsZero() || told[c.Path] || !strings.HasSuffix(c.Path, "/"+at.collection) {
						continue
					}
					if changed.Before(m.at) || changed.Equal(m.at) && !m.equal {
						told[c.Path] = true
						t.Fail(id, harness.Finding{
							Expected:  "changes asked for from " + changed.Format(time.RFC3339Nano) + " on, or from before",
							Seen:      fmt.Sprintf("they are asked for from %s on, in %q", m.at.UTC().Format(time.RFC3339Nano), s.phase),
							Where:     at.collection + " " + t.Own(at.id) + ", which changed at the first instant and wasn't read since",
							Exchanges: watch(t, c),
						})
					}
				}
			}
		}
		if s.held != nil && len(j.fresh(s.differences)) == 0 && s.outcome.Told != driver.Failure {
			known = s.truth
		}
	}
	if looked == 0 {
		t.NotTested(noFilter(), id)
		return
	}
	t.Examined(id, looked)
}

func noFilter() harness.Obstacle {
	return harness.Unclaimed("the product asked for no changes by a filter on dateLastModified")
}

// modified gives when an object was changed.
func modified(object map[string]any) time.Time {
	at, _ := time.Parse(time.RFC3339Nano, scalar(object["dateLastModified"]))
	return at
}

// newest gives the latest change of all objects.
func newest(o driver.Objects) (out time.Time) {
	for _, objects := range o {
		if at := newestOf(objects); at.After(out) {
			out = at
		}
	}
	return out
}

// newestOf gives the latest change of the objects of a collection.
func newestOf(objects map[string]map[string]any) (out time.Time) {
	for _, object := range objects {
		if at := modified(object); at.After(out) {
			out = at
		}
	}
	return out
}

// years looks whether a delta asks from the day of what was read, but in another year: what comes of the year of the
// week, which around New Year is another one than the calendar's.
func years(j *judge, t *harness.T, id string) {
	looked := 0
	for i, s := range j.syncs {
		if i == 0 {
			continue
		}
		for _, c := range reads(s.calls) {
			m, asks := markOf(c)
			if !asks {
				continue
			}
			looked++
			for _, read := range []time.Time{newest(j.syncs[i-1].truth), newestOf(j.syncs[i-1].truth[path.Base(c.Path)]), j.syncs[i-1].started} {
				if m.at.Year() != read.UTC().Year() && m.at.Format("01-02") == read.UTC().Format("01-02") {
					t.Fail(id, harness.Finding{
						Expected:  "changes asked for since " + read.UTC().Format(time.DateOnly),
						Seen:      fmt.Sprintf("they are asked for since %s, in %q", m.at.Format(time.DateOnly), s.phase),
						Cause:     "the day is right and the year isn't",
						Exchanges: watch(t, c),
					})
				}
			}
		}
	}
	if looked == 0 {
		t.NotTested(noFilter(), id)
		return
	}
	t.Examined(id, looked)
}
