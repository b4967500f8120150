package consumerfault

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	stdsync "sync"

	"github.com/rollcall-edu/rollcall/reference/gradebook"
	"github.com/rollcall-edu/rollcall/reference/resources"
	"github.com/rollcall-edu/rollcall/reference/sis"
	"github.com/rollcall-edu/rollcall/reference/store"
	"github.com/rollcall-edu/rollcall/reference/sync"
)

func gradeFaults() map[string]behaviour {
	return map[string]behaviour{
		"consumer-grades-frozen":   frozen(gradebook.Results, gradebook.LineItems),
		"consumer-grades-flags":    unflagged(gradebook.LineItems, gradebook.Results),
		"consumer-grades-new-lost": settled(gradebook.Results, gradebook.LineItems),
		"consumer-scores-rounded":  member(gradebook.Results, "score", rounded),
		"consumer-grades-delta-lost": each(func(t *thing) bool {
			return !t.in(gradebook.Results, gradebook.LineItems) || t.reading.Since.IsZero()
		}),
		"consumer-grades-never-vanish":   keptFor(gradebook.Results, gradebook.LineItems),
		"consumer-grades-of-leavers":     leaving(func(*thing) bool { return false }),
		"consumer-grades-status-frozen":  frozenMember(gradebook.Results, "scoreStatus"),
		"consumer-grades-score-stays":    stayingMember(gradebook.Results, "score"),
		"consumer-grades-titles-frozen":  frozenMember(gradebook.Categories, "title"),
		"consumer-grades-category-stays": frozenMember(gradebook.LineItems, "category"),
		"consumer-resources-frozen":      frozen(resources.Resources),
		"consumer-class-resources-stay":  frozenMember(sis.Classes, "resources"),
		"consumer-resources-flags":       unflagged(resources.Resources),
		"consumer-resources-new-lost":    settled(resources.Resources),
	}
}

func rounded(v any) any {
	n, is := v.(json.Number)
	if !is {
		return v
	}
	text, _, _ := strings.Cut(n.String(), ".")
	return json.Number(text)
}

// frozenMember has one member of the objects of a collection stay as it first came.
func frozenMember(of store.Collection, name string) behaviour {
	var f firsts
	return each(func(t *thing) bool {
		if was, first := f.keep(t); !first && t.in(of) {
			if v, there := was[name]; there {
				t.members[name] = v
			}
		}
		return true
	})
}

// stayingMember has a member stay as it last was where an object comes without it.
func stayingMember(of store.Collection, name string) behaviour {
	var mu stdsync.Mutex
	last := map[string]any{}
	return each(func(t *thing) bool {
		if !t.in(of) {
			return true
		}
		mu.Lock()
		defer mu.Unlock()
		if v, there := t.members[name]; there {
			last[t.SourcedID] = v
		} else if v, there := last[t.SourcedID]; there {
			t.members[name] = v
		}
		return true
	})
}

// keptFor has what a full reading doesn't list any more come again as it last came.
func keptFor(of ...store.Collection) behaviour {
	var mu stdsync.Mutex
	known := map[store.Collection]map[string]sync.Object{}
	return source(func(ctx context.Context, next sync.Source, r sync.Reading, yield func(sync.Page) error) error {
		if !slices.Contains(of, r.Collection) || !r.Since.IsZero() {
			return next.Read(ctx, r, yield)
		}
		seen := map[string]bool{}
		return next.Read(ctx, r, func(p sync.Page) error {
			mu.Lock()
			defer mu.Unlock()
			all := known[r.Collection]
			if all == nil {
				all = map[string]sync.Object{}
				known[r.Collection] = all
			}
			for _, o := range p.Objects {
				seen[o.SourcedID], all[o.SourcedID] = true, o
			}
			if p.Next == "" {
				for id, o := range all {
					if !seen[id] {
						p.Objects = append(slices.Clone(p.Objects), o)
					}
				}
			}
			p.Total = -1
			return yield(p)
		})
	})
}

// leaving does something to the results of students whose enrollment in a class was flagged since the first sync.
func leaving(change func(*thing) (kept bool)) behaviour {
	var mu stdsync.Mutex
	n := 0
	first, left := map[string]bool{}, map[string]bool{} // seats as class/user
	class := map[string]string{}                        // of line items
	return together(options(func(*sync.Options) { n++ }), each(func(t *thing) bool {
		mu.Lock()
		defer mu.Unlock()
		switch {
		case t.in(sis.Enrollments):
			seat := t.refers("class") + "/" + t.refers("user")
			if n < 2 {
				first[seat] = first[seat] || t.Status == sync.Active
			} else if first[seat] {
				left[seat] = t.Status != sync.Active
			}
		case t.in(gradebook.LineItems):
			class[t.SourcedID] = t.refers("class")
		case t.in(gradebook.Results) && left[class[t.refers("lineItem")]+"/"+t.refers("student")]:
			return change(t)
		}
		return true
	}))
}

// history keeps each result that changed as it was, flagged and under a name of its own.
func history() behaviour {
	var mu stdsync.Mutex
	last, former := map[string]sync.Object{}, map[string]sync.Object{}
	return source(func(ctx context.Context, next sync.Source, r sync.Reading, yield func(sync.Page) error) error {
		if r.Collection != gradebook.Results {
			return next.Read(ctx, r, yield)
		}
		return next.Read(ctx, r, func(p sync.Page) error {
			mu.Lock()
			defer mu.Unlock()
			for _, o := range p.Objects {
				was, met := last[o.SourcedID]
				if last[o.SourcedID] = o; !met || bytes.Equal(was.Body, o.Body) {
					continue
				}
				if _, err := changed(&was, r, func(t *thing) bool {
					t.members["sourcedId"] = fmt.Sprintf("%s.%d", t.SourcedID, len(former))
					t.members["status"] = sync.ToBeDeleted
					return true
				}); err != nil {
					return err
				}
				former[was.SourcedID] = was
			}
			if p.Next == "" {
				p.Objects = slices.Clone(p.Objects)
				for _, id := range slices.Sorted(maps.Keys(former)) {
					p.Objects = append(p.Objects, former[id])
				}
			}
			p.Total = -1
			return yield(p)
		})
	})
}
