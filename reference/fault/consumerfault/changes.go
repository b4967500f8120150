package consumerfault

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"hash/fnv"
	"io"
	"maps"
	"net/http"
	"slices"
	stdsync "sync"
	"time"

	"github.com/rollcall-edu/rollcall/reference/sis"
	"github.com/rollcall-edu/rollcall/reference/store"
	"github.com/rollcall-edu/rollcall/reference/sync"
	"github.com/rollcall-edu/rollcall/reference/sync/rest"
)

// firsts remembers objects as they first came.
type firsts struct {
	mu  stdsync.Mutex
	all map[string]map[string]any
}

// keep gives an object as it first came; first is true where that is now.
func (f *firsts) keep(t *thing) (was map[string]any, first bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.all == nil {
		f.all = map[string]map[string]any{}
	}
	key := string(t.Collection) + "/" + t.SourcedID
	if was, there := f.all[key]; there {
		return was, false
	}
	text, _ := json.Marshal(t.members) // of what was JSON
	var copied map[string]any
	_ = json.Unmarshal(text, &copied) // it was just written
	f.all[key] = copied
	return copied, true
}

// frozen has objects of collections stay as they first came, but for their status.
func frozen(of ...store.Collection) behaviour {
	return frozenIf(func(t *thing) bool { return t.in(of...) })
}

func frozenIf(here func(*thing) bool) behaviour {
	var f firsts
	return each(func(t *thing) bool {
		if was, first := f.keep(t); !first && here(t) {
			status := t.members["status"]
			clear(t.members)
			maps.Copy(t.members, was)
			t.members["status"] = status
		}
		return true
	})
}

// settled has nothing new of collections come once the first sync is over.
func settled(of ...store.Collection) behaviour {
	var f firsts
	n := 0
	return together(options(func(*sync.Options) { n++ }), each(func(t *thing) bool {
		if !t.in(of...) || n > 1 && !known(&f, t) {
			return !t.in(of...)
		}
		f.keep(t)
		return true
	}))
}

func known(f *firsts, t *thing) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.all[string(t.Collection)+"/"+t.SourcedID] != nil
}

// unflagged takes what is flagged of collections for active; of none: of all.
func unflagged(of ...store.Collection) behaviour {
	return each(func(t *thing) bool {
		if len(of) == 0 || t.in(of...) {
			t.members["status"] = sync.Active
		}
		return true
	})
}

func changeFaults() map[string]behaviour {
	return map[string]behaviour{
		"consumer-unsteady":            unsteady(),
		"consumer-spoilt-for-good":     spoilt(),
		"consumer-renames-lost":        frozen(sis.Users, sis.Classes, sis.Courses, sis.Orgs),
		"consumer-people-frozen":       frozen(sis.Users),
		"consumer-never-updates":       frozenIf(func(*thing) bool { return true }),
		"consumer-same-length-is-same": sameLength(),
		"consumer-renames-lost-in-delta": frozenIf(func(t *thing) bool {
			return t.in(sis.Users, sis.Classes) && !t.reading.Since.IsZero()
		}),
		"consumer-adds-lost":       settled(sis.Users, sis.Classes, sis.Enrollments),
		"consumer-flags-ignored":   unflagged(),
		"consumer-flags-of-people": unflagged(sis.Users),
		"consumer-seats-doubled":   unflagged(sis.Enrollments),
		"consumer-flags-in-delta": each(func(t *thing) bool {
			return t.reading.Since.IsZero() || t.Status == sync.Active
		}),
		"consumer-closed-stays":        staysOpen(sis.Orgs),
		"consumer-later-lost":          laterLost(),
		"consumer-seats-before-people": seatsFirst(),
		"consumer-withdraws-all":       withdrawsAll(),
		"consumer-caches":              caching(),
		"consumer-never-restores":      neverRestores(),
		"consumer-never-deletes":       neverDeletes(),
		"consumer-closes-district":     closesAll(),
		"consumer-role-overwrites":     overwrites(),
		"consumer-future-deletes":      futures(),
		"consumer-absent-stays":        stayingMember(sis.Users, "middleName"),
		"consumer-levels-frozen":       frozenMember(sis.Users, "grades"),
		"consumer-schools-stay":        frozenMember(sis.Users, "roles"),
		"consumer-courses-stay":        frozenMember(sis.Classes, "course"),
		"consumer-guardians-stay":      frozenMember(sis.Users, "agents"),
		"consumer-seat-roles-stay":     frozenMember(sis.Enrollments, "role"),
		"consumer-primary-stays":       frozenMember(sis.Enrollments, "primary"),
		"consumer-switches-stay":       frozenMember(sis.Users, "enabledUser"),
		"consumer-usernames-match":     byUsername(),
		"consumer-birthdays-stay":      frozenMember(sis.Demographics, "birthDate"),
		"consumer-terms-stay":          frozenMember(sis.Classes, "terms"),
		"consumer-gone-for-good":       onceGone(),
	}
}

// sameLength takes what is as long as it was for unchanged.
func sameLength() behaviour {
	var mu stdsync.Mutex
	last := map[string][]byte{} // as it was taken last
	return each(func(t *thing) bool {
		mu.Lock()
		defer mu.Unlock()
		key := string(t.Collection) + "/" + t.SourcedID
		text, _ := json.Marshal(t.members) // of what was JSON
		if was := last[key]; len(was) == len(text) {
			clear(t.members)
			_ = json.Unmarshal(was, &t.members) // it was just written
			return true
		}
		last[key] = text
		return true
	})
}

// byUsername takes who has the username of somebody for that one.
func byUsername() behaviour {
	var mu stdsync.Mutex
	first := map[string]string{}
	return each(func(t *thing) bool {
		mu.Lock()
		defer mu.Unlock()
		name := t.text("username")
		if !t.in(sis.Users) || name == "" {
			return true
		}
		if first[name] == "" {
			first[name] = t.SourcedID
		}
		return first[name] == t.SourcedID
	})
}

// neverRestores has who was flagged once stay flagged.
func neverRestores() behaviour {
	var mu stdsync.Mutex
	flagged := map[string]bool{}
	return each(func(t *thing) bool {
		mu.Lock()
		defer mu.Unlock()
		key := string(t.Collection) + "/" + t.SourcedID
		if t.Status == sync.ToBeDeleted {
			flagged[key] = true
		}
		if flagged[key] {
			t.members["status"] = sync.ToBeDeleted
		}
		return true
	})
}

// neverDeletes reads everything in a full sync, and deletes nothing for it.
func neverDeletes() behaviour {
	full := false
	return behaviour{Bend: func(c *Config) { fullAsDelta(c, &full) }}
}

// fullAsDelta has full syncs be deltas since ever.
func fullAsDelta(c *Config, full *bool) {
	reading(func(at *rest.Config) {
		at.Manners.Since = func(since time.Time) string {
			if *full {
				return ""
			}
			return rest.Since(since)
		}
	}).Bend(c)
	options(func(o *sync.Options) {
		if *full = o.Mode == sync.Full; *full {
			o.Mode = sync.Delta
		}
	}).Bend(c)
}

// closesAll takes all classes of a district for closed when a school of it closes.
func closesAll() behaviour {
	var mu stdsync.Mutex
	closed, n := false, 0
	before := map[string]bool{} // what was closed when it first came
	return together(options(func(*sync.Options) { n++ }), each(func(t *thing) bool {
		mu.Lock()
		defer mu.Unlock()
		if t.in(sis.Orgs) && t.Status == sync.ToBeDeleted {
			before[t.SourcedID] = before[t.SourcedID] || n < 2
			closed = closed || !before[t.SourcedID]
		}
		if t.in(sis.Classes) && closed && sum(t.SourcedID)%5 == 0 {
			t.members["status"] = sync.ToBeDeleted
		}
		return true
	}))
}

// overwrites has the last role of somebody be the only one, where there are several.
func overwrites() behaviour {
	return roles(func(list []any) []any {
		last, _ := list[len(list)-1].(map[string]any)
		if last["role"] == "parent" {
			return list[len(list)-1:]
		}
		return list
	})
}

// futures takes people whose enrollment begins later for gone.
func futures() behaviour {
	var mu stdsync.Mutex
	later, before := map[string]bool{}, map[string]bool{} // before: what was there when it all began
	n := 0
	return together(options(func(*sync.Options) { n++ }), each(func(t *thing) bool {
		mu.Lock()
		defer mu.Unlock()
		if t.in(sis.Enrollments) && t.text("beginDate") > time.Now().Format(time.DateOnly) {
			if n < 2 {
				before[t.SourcedID] = true
			}
			later[t.refers("class")] = later[t.refers("class")] || !before[t.SourcedID]
			return before[t.SourcedID]
		}
		return n < 2 || !t.in(sis.Enrollments) || !later[t.refers("class")]
	}))
}

// staysOpen takes what was active when it first came for active ever after.
func staysOpen(of store.Collection) behaviour {
	var f firsts
	return each(func(t *thing) bool {
		if was, _ := f.keep(t); t.in(of) && was["status"] == sync.Active {
			t.members["status"] = sync.Active
		}
		return true
	})
}

// laterLost leaves out enrollments that begin later, but for those of the first sync.
func laterLost() behaviour {
	var f firsts
	n := 0
	return together(options(func(*sync.Options) { n++ }), each(func(t *thing) bool {
		if !t.in(sis.Enrollments) || t.text("beginDate") <= time.Now().Format(time.DateOnly) {
			return true
		}
		if n < 2 {
			f.keep(t)
		}
		return known(&f, t)
	}))
}

// seatsFirst takes in the enrollments of a delta before its people: those of people who are new lead nowhere.
func seatsFirst() behaviour {
	var mu stdsync.Mutex
	people, fresh := map[string]bool{}, map[string]bool{} // fresh: new in the delta that goes on
	return together(options(func(*sync.Options) {
		mu.Lock()
		defer mu.Unlock()
		clear(fresh)
	}), each(func(t *thing) bool {
		mu.Lock()
		defer mu.Unlock()
		if t.in(sis.Users) {
			fresh[t.SourcedID] = fresh[t.SourcedID] || !t.reading.Since.IsZero() && !people[t.SourcedID]
			people[t.SourcedID] = true
		}
		return !t.in(sis.Enrollments) || t.reading.Since.IsZero() || !fresh[t.refers("user")]
	}))
}

// withdrawsAll takes somebody whose enrollment was flagged out of all classes.
func withdrawsAll() behaviour {
	before := map[string]bool{} // enrollments that were flagged when it all began
	n := 0
	return together(options(func(*sync.Options) { n++ }),
		source(func(ctx context.Context, next sync.Source, r sync.Reading, yield func(sync.Page) error) error {
			if r.Collection != sis.Enrollments {
				return next.Read(ctx, r, yield)
			}
			var pages []sync.Page
			out := map[string]bool{}
			who := func(o sync.Object) (user string) {
				_, _ = changed(&o, r, func(t *thing) bool { user = t.refers("user"); return true }) // whose it is
				return user
			}
			err := next.Read(ctx, r, func(p sync.Page) error {
				pages = append(pages, p)
				for _, o := range p.Objects {
					if o.Status == sync.ToBeDeleted {
						before[o.SourcedID] = before[o.SourcedID] || n < 2
						out[who(o)] = out[who(o)] || !before[o.SourcedID]
					}
				}
				return nil
			})
			for _, p := range pages {
				p.Objects = slices.DeleteFunc(slices.Clone(p.Objects), func(o sync.Object) bool { return out[who(o)] && o.Status == sync.Active })
				p.Total = -1
				if failed := yield(p); failed != nil {
					return failed
				}
			}
			return err
		}))
}

// caching takes what was answered once for what would be answered now.
func caching() behaviour {
	var mu stdsync.Mutex
	type answer struct {
		header http.Header
		body   []byte
	}
	had := map[string]answer{}
	return sending(func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
		if r.Method != http.MethodGet || forToken(r) {
			return next.RoundTrip(r)
		}
		address := r.URL.String()
		mu.Lock()
		was, there := had[address]
		mu.Unlock()
		if !there {
			response, err := next.RoundTrip(r)
			if err != nil || response.StatusCode != http.StatusOK {
				return response, err
			}
			text, err := io.ReadAll(response.Body)
			_ = response.Body.Close()
			if err != nil {
				return nil, err
			}
			replaced(response, text)
			mu.Lock()
			had[address] = answer{response.Header.Clone(), text}
			mu.Unlock()
			return response, nil
		}
		return &http.Response{Status: "200 OK", StatusCode: http.StatusOK, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: r,
			Header: was.header.Clone(), ContentLength: int64(len(was.body)), Body: io.NopCloser(bytes.NewReader(was.body))}, nil
	})
}

// unsteady loses a tenth of the enrollments with each sync but the first, another one each time.
func unsteady() behaviour {
	n := 0
	var mu stdsync.Mutex
	return together(options(func(*sync.Options) { mu.Lock(); n++; mu.Unlock() }), each(func(t *thing) bool {
		mu.Lock()
		defer mu.Unlock()
		h := fnv.New32a()
		_, _ = h.Write([]byte(t.SourcedID))
		return !t.in(sis.Enrollments) || n < 2 || (int(h.Sum32()%10)+n)%10 != 0
	}))
}

// spoilt can't sync any more once somebody of the roster was flagged.
func spoilt() behaviour {
	var mu stdsync.Mutex
	known, found := map[string]bool{}, false
	return source(func(ctx context.Context, next sync.Source, r sync.Reading, yield func(sync.Page) error) error {
		return next.Read(ctx, r, func(p sync.Page) error {
			mu.Lock()
			for _, o := range p.Objects {
				if r.Collection == sis.Users {
					found = found || known[o.SourcedID] && o.Status != sync.Active
					known[o.SourcedID] = o.Status == sync.Active
				}
			}
			ends := found
			mu.Unlock()
			if ends {
				return errSpoilt
			}
			return yield(p)
		})
	})
}

var errSpoilt = errors.New("the index of people is spoilt")
