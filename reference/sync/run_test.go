package sync_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-edu/rollcall/fixtures"
	"github.com/rollcall-edu/rollcall/reference/oneroster"
	"github.com/rollcall-edu/rollcall/reference/sis"
	"github.com/rollcall-edu/rollcall/reference/store"
	"github.com/rollcall-edu/rollcall/reference/store/pgtest"
	"github.com/rollcall-edu/rollcall/reference/sync"
)

// The first sync brings everything, each byte as a SIS stores it; the next ones change nothing.
func TestFirst(t *testing.T) {
	for name, dsn := range map[string]func(*testing.T) string{
		"memory":     func(*testing.T) string { return "memory" },
		"SQLite":     func(t *testing.T) string { return filepath.Join(t.TempDir(), "mirror.db") },
		"PostgreSQL": func(t *testing.T) string { return pgtest.Start(t) },
	} {
		t.Run(name, func(t *testing.T) {
			m, r := open(t, dsn(t)), riverbend(t)
			first := run(t, m, r, sync.Auto)
			if first.Mode != sync.Full || first.Outcome != sync.Committed || first.Why == "" {
				t.Errorf("the first sync is %+v", first)
			}
			same(t, m, r)
			for _, mode := range []sync.Mode{sync.Full, sync.Auto, sync.Delta} {
				again := run(t, m, r, mode)
				if n := again.Changed(); n != 0 {
					t.Errorf("%s: %d changed", mode, n)
				}
			}
			r.put(user(t, "new", "New", later(60)))
			r.drop(sis.Enrollments, r.of[sis.Enrollments][3].SourcedID)
			if n := run(t, m, r, sync.Full).Changed(); n != 2 {
				t.Errorf("%d changed", n)
			}
			same(t, m, r)
		})
	}
}

// A mirror is a district like the one that it came from.
func TestDistrict(t *testing.T) {
	m, r := mirror(t), riverbend(t)
	run(t, m, r, sync.Full)
	d, err := m.District(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want, err := fixtures.New(fixtures.Small, fixtures.DefaultSeed)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for u := range d.Users() {
		got = append(got, fmt.Sprint(u))
	}
	i := 0
	for u := range want.Users() {
		if i >= len(got) || got[i] != fmt.Sprint(u) {
			t.Fatalf("the user %d is another", i)
		}
		i++
	}
	if d.Err() != nil || i != len(got) || d.Name() != "mirror of riverbend" {
		t.Errorf("%d users, %v, %q", i, d.Err(), d.Name())
	}
}

func TestChanges(t *testing.T) {
	for _, mode := range []sync.Mode{sync.Full, sync.Delta} {
		t.Run(string(mode), func(t *testing.T) {
			m, r := mirror(t), school(t, 60)
			run(t, m, r, sync.Full)
			before, err := m.Version(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			r.put(user(t, "u100", "New", later(1)))
			r.put(enrollment(t, "eu100", "u100", later(1)))
			r.put(user(t, "u005", "Renamed", later(2)))
			r.flag(sis.Users, "u006", later(3))
			report := run(t, m, r, mode)
			same(t, m, r)
			s := of(t, report, sis.Users)
			if s.Added != 1 || s.Changed != 1 || s.Flagged != 1 || s.Lost != 1 || s.Deleted != 0 || s.Before != 60 || s.After != 60 {
				t.Errorf("users: %+v", s)
			}
			entries, known, err := m.ChangedSince(t.Context(), before)
			if err != nil || !known || len(entries) != 4 || !has(entries, sis.Users, "u100", sync.Added) || !has(entries, sis.Users, "u005", sync.Changed) ||
				!has(entries, sis.Users, "u006", sync.Flagged) || !has(entries, sis.Enrollments, "eu100", sync.Added) {
				t.Errorf("%v, %v, %v", entries, known, err)
			}
			if entries, known, err := m.ChangedSince(t.Context(), report.Number); err != nil || !known || len(entries) != 0 {
				t.Errorf("after the last: %v, %v, %v", entries, known, err)
			}
			if _, known, err := m.ChangedSince(t.Context(), report.Number+1); err != nil || known {
				t.Errorf("of another mirror: %v, %v", known, err)
			}
			for _, e := range report.Entries {
				if e.Why == "" {
					t.Errorf("%+v has no reason", e)
				}
			}
		})
	}
}

// Who follows from too long ago is told so.
func TestChangesAreForgotten(t *testing.T) {
	m, r := mirror(t), school(t, 3)
	run(t, m, r, sync.Full)
	for i := range 70 {
		r.put(user(t, "u001", fmt.Sprint("Name", i), later(1+i)))
		run(t, m, r, sync.Delta)
	}
	if _, known, err := m.ChangedSince(t.Context(), 1); err != nil || known {
		t.Errorf("%v, %v", known, err)
	}
	if entries, known, err := m.ChangedSince(t.Context(), 60); err != nil || !known || len(entries) != 11 {
		t.Errorf("%d, %v, %v", len(entries), known, err)
	}
}

// What isn't there any more goes in a full sync and stays in a delta.
func TestDeletions(t *testing.T) {
	m, r := mirror(t), school(t, 60)
	run(t, m, r, sync.Full)
	r.drop(sis.Users, "u007")
	r.drop(sis.Enrollments, "eu007")
	if n := run(t, m, r, sync.Delta).Changed(); n != 0 {
		t.Errorf("the delta changed %d", n)
	}
	report := run(t, m, r, sync.Full)
	same(t, m, r)
	if !has(report.Entries, sis.Users, "u007", sync.Deleted) || !has(report.Entries, sis.Enrollments, "eu007", sync.Deleted) {
		t.Errorf("%+v", report.Entries)
	}
	// It reappears: it is new.
	r.put(user(t, "u007", "Back", later(9)))
	if report := run(t, m, r, sync.Delta); !has(report.Entries, sis.Users, "u007", sync.Added) {
		t.Errorf("%+v", report.Entries)
	}
	same(t, m, r)
}

// A flagged object stays as flagged as long as the source has it, comes back, and goes with it.
func TestFlagged(t *testing.T) {
	m, r := mirror(t), school(t, 60)
	run(t, m, r, sync.Full)
	r.flag(sis.Users, "u001", later(1))
	run(t, m, r, sync.Delta)
	if s := status(holds(t, m, sis.Users)["u001"]); s != sync.ToBeDeleted {
		t.Errorf("it is %s", s)
	}
	r.put(user(t, "u001", "Back", later(2)))
	if s := of(t, run(t, m, r, sync.Delta), sis.Users); s.Changed != 1 || s.Before != 59 || s.After != 60 {
		t.Errorf("%+v", s)
	}
	same(t, m, r)
	r.flag(sis.Users, "u001", later(3))
	run(t, m, r, sync.Delta)
	r.drop(sis.Users, "u001")
	r.drop(sis.Enrollments, "eu001")
	if s := of(t, run(t, m, r, sync.Full), sis.Users); s.Deleted != 1 || s.Lost != 0 {
		t.Errorf("%+v", s)
	}
	same(t, m, r)
}

// What the source has no more and refers to all the same stays, flagged, until nothing refers to it.
func TestKept(t *testing.T) {
	m, r := mirror(t), school(t, 60)
	run(t, m, r, sync.Full)
	r.drop(sis.Users, "u003", "u004")
	r.drop(sis.Enrollments, "eu004")
	report := run(t, m, r, sync.Full)
	users := holds(t, m, sis.Users)
	if s := status(users["u003"]); s != sync.ToBeDeleted {
		t.Errorf("the user that is enrolled is %q", s)
	}
	if _, there := users["u004"]; there {
		t.Error("the user that nothing refers to is there")
	}
	if s := of(t, report, sis.Users); s.Kept != 1 || s.Deleted != 1 || s.Lost != 2 || s.After != 58 || of(t, report, sis.Enrollments).Dangling != 0 {
		t.Errorf("%+v", s)
	}
	if n := run(t, m, r, sync.Full).Changed(); n != 0 {
		t.Errorf("%d changed the next time", n)
	}
	r.drop(sis.Enrollments, "eu003")
	run(t, m, r, sync.Full)
	same(t, m, r)
	// And it may come back while it is kept.
	r.drop(sis.Users, "u010")
	run(t, m, r, sync.Full)
	r.put(user(t, "u010", "Back", later(5)))
	run(t, m, r, sync.Delta)
	same(t, m, r)
}

// References that lead nowhere are counted, and told of, and no reason to refuse a roster.
func TestDangling(t *testing.T) {
	for _, mode := range []sync.Mode{sync.Full, sync.Delta} {
		m, r := mirror(t), school(t, 20)
		run(t, m, r, sync.Full)
		r.put(enrollment(t, "lost", "nobody", later(1)))
		r.put(enrollment(t, "good", "u001", later(1)))
		report := run(t, m, r, mode)
		if s := of(t, report, sis.Enrollments); s.Dangling != 1 || !has(report.Entries, sis.Enrollments, "lost", sync.Dangles) ||
			has(report.Entries, sis.Enrollments, "good", sync.Dangles) {
			t.Errorf("%s: %+v, %+v", mode, s, report.Entries)
		}
		same(t, m, r)
	}
}

// In a delta something may refer to what comes after it.
func TestForwardReference(t *testing.T) {
	m, r := mirror(t), school(t, 5)
	run(t, m, r, sync.Full)
	a := user(t, "agent-of", "A", later(1))
	a.Body = []byte(strings.Replace(string(a.Body), `"roles"`, `"agents":[{"href":"x","sourcedId":"zz","type":"user"}],"roles"`, 1))
	r.put(a)
	for i := range 30 {
		r.put(user(t, fmt.Sprint("more", i), "M", later(1)))
	}
	r.put(user(t, "zz", "Z", later(1)))
	if s := of(t, run(t, m, r, sync.Delta), sis.Users); s.Dangling != 0 || s.Added != 32 {
		t.Errorf("%+v", s)
	}
}

// An id that is another kind of object today: gone there, and new here.
func TestKindChanges(t *testing.T) {
	m, r := mirror(t), school(t, 60)
	run(t, m, r, sync.Full)
	r.drop(sis.Users, "u001")
	r.drop(sis.Enrollments, "eu001")
	r.put(org(t, "u001", "An org now", later(1)))
	report := run(t, m, r, sync.Full)
	if !has(report.Entries, sis.Users, "u001", sync.Deleted) || !has(report.Entries, sis.Orgs, "u001", sync.Added) {
		t.Errorf("%+v", report.Entries)
	}
	same(t, m, r)
}

// The source is right, even where its object is older than ours.
func TestOlder(t *testing.T) {
	m, r := mirror(t), school(t, 10)
	run(t, m, r, sync.Full)
	r.put(user(t, "u001", "From the backup", later(-600)))
	run(t, m, r, sync.Full)
	same(t, m, r)
}

// Nothing is read of a collection that isn't offered, and what is held stays.
func TestNotOffered(t *testing.T) {
	m, r := mirror(t), school(t, 30)
	run(t, m, r, sync.Full)
	held := holds(t, m, sis.Users)
	r.before = func(x sync.Reading) error {
		if x.Collection == sis.Users {
			return fmt.Errorf("403: %w", sync.ErrNotOffered)
		}
		return nil
	}
	report := run(t, m, r, sync.Full)
	if s := of(t, report, sis.Users); !s.Left || of(t, report, sis.Enrollments).Dangling != 0 {
		t.Errorf("%+v", s)
	}
	if len(holds(t, m, sis.Users)) != len(held) {
		t.Error("users are gone")
	}
	r.before = nil
	delete(r.of, sis.Users) // and a collection that a source hasn't
	run(t, m, r, sync.Full)
	if len(holds(t, m, sis.Users)) != len(held) {
		t.Error("users are gone")
	}
}

func refused(t *testing.T, m *sync.Mirror, r *roster, o sync.Options, rule string) {
	t.Helper()
	report, err := sync.Run(t.Context(), m, r, o)
	var e *sync.RefusedError
	if !errors.As(err, &e) || e.Breaches[0].Rule != rule || report.Outcome != sync.Failed || report.Error == "" {
		t.Errorf("%v; %+v", err, report)
	}
	log, err := m.Log(t.Context(), 1)
	if err != nil || len(log) != 1 || log[0].Outcome != sync.Failed || log[0].Number != report.Number {
		t.Errorf("the log has %+v, %v", log, err)
	}
}

// A page that is lost, though the total says so, is no deletion.
func TestLostPage(t *testing.T) {
	m, r := mirror(t), school(t, 60)
	run(t, m, r, sync.Full)
	before := *r
	r.bend = func(x sync.Reading, p *sync.Page) {
		if x.Collection == sis.Users && p.Next == "30" {
			p.Objects = nil
		}
	}
	refused(t, m, r, options(sync.Full), "complete")
	same(t, m, &before)
	r.bend = nil
	run(t, m, r, sync.Full)
	same(t, m, r)
}

// A source that lost a page once is read again.
func TestLostPageOnce(t *testing.T) {
	m, r := mirror(t), school(t, 60)
	lost := false
	r.bend = func(x sync.Reading, p *sync.Page) {
		if x.Collection == sis.Users && p.Next == "30" && !lost {
			p.Objects, lost = nil, true
		}
	}
	if s := of(t, run(t, m, r, sync.Full), sis.Users); s.Again != 1 || s.Read != 60 {
		t.Errorf("%+v", s)
	}
	same(t, m, r)
}

// What leaves while it is read moves others to pages that were read already.
func TestUnsteady(t *testing.T) {
	m, r := mirror(t), school(t, 60)
	pages := 0
	r.before = func(x sync.Reading) error {
		if pages++; x.Collection == sis.Users && x.Since.IsZero() && len(r.of[sis.Users]) == 60 && pages > 5 {
			r.drop(sis.Users, "u000")
			r.drop(sis.Enrollments, "eu000")
		}
		return nil
	}
	run(t, m, r, sync.Full)
	same(t, m, r)
}

func TestPageTwice(t *testing.T) {
	m, r := mirror(t), school(t, 60)
	var first []sync.Object
	r.bend = func(x sync.Reading, p *sync.Page) {
		if x.Collection != sis.Users {
			return
		}
		if first == nil {
			first = p.Objects
		} else if p.Next == "" {
			p.Objects = append(p.Objects, first...)
		}
	}
	if s := of(t, run(t, m, r, sync.Full), sis.Users); s.Twice != 10 || s.Read != 60 {
		t.Errorf("%+v", s)
	}
	same(t, m, r)
}

// Of two that have one sourcedId the newer one counts, whichever came first.
func TestTwiceOtherwise(t *testing.T) {
	for _, newer := range []int{0, 1} {
		m, r := mirror(t), school(t, 2)
		versions := []sync.Object{user(t, "u001", "One", later(1-newer)), user(t, "u001", "Two", later(newer))}
		r.of[sis.Users] = append(r.of[sis.Users][:1], versions...)
		r.bend = func(_ sync.Reading, p *sync.Page) { p.Total = -1 }
		run(t, m, r, sync.Full)
		if got, want := holds(t, m, sis.Users)["u001"], []string{"One", "Two"}[newer]; !strings.Contains(got, want) {
			t.Errorf("it is %s", got)
		}
		if len(holds(t, m, sis.Users)) != 2 {
			t.Error("it is there twice")
		}
	}
}

// Some that can't be used stay as they are; many are a reason to refuse.
func TestUnfit(t *testing.T) {
	m, r := mirror(t), school(t, 60)
	run(t, m, r, sync.Full)
	spoil := func(ids ...int) {
		for _, i := range ids {
			o := user(t, fmt.Sprintf("u%03d", i), "Spoilt", later(1))
			o.Body = []byte(`{"givenName":["Secret"]}`)
			r.put(o)
		}
	}
	held := holds(t, m, sis.Users)["u002"]
	spoil(1, 2)
	report := run(t, m, r, sync.Full)
	if s := of(t, report, sis.Users); s.Unfit != 2 || !has(report.Entries, sis.Users, "u002", sync.Unfit) || holds(t, m, sis.Users)["u002"] != held {
		t.Errorf("%+v", s)
	}
	if text, _ := json.Marshal(report); strings.Contains(string(text), "Secret") {
		t.Error("the report tells what was in it")
	}
	spoil(3, 4, 5, 6, 7, 8)
	refused(t, m, r, options(sync.Full), "usable")
}

func TestGuard(t *testing.T) {
	for _, c := range []struct {
		rule   string
		change func(*roster)
		mode   sync.Mode
	}{
		{"guard.empty", func(r *roster) { r.of[sis.Enrollments] = nil }, sync.Full},
		{"guard.share", func(r *roster) { r.of[sis.Enrollments] = r.of[sis.Enrollments][:40] }, sync.Full},
		{"guard.share", func(r *roster) {
			for i := range 30 {
				r.flag(sis.Enrollments, fmt.Sprintf("eu%03d", i), later(1))
			}
		}, sync.Delta},
	} {
		t.Run(c.rule+string(c.mode), func(t *testing.T) {
			m, r := mirror(t), school(t, 60)
			run(t, m, r, sync.Full)
			before := school(t, 60)
			c.change(r)
			wait := func() *sync.WaitingError {
				t.Helper()
				report, err := sync.Run(t.Context(), m, r, options(c.mode))
				var w *sync.WaitingError
				if !errors.As(err, &w) || w.Waiting.Breaches[0].Rule != c.rule || report.Outcome != sync.Held {
					t.Fatalf("%v; %+v", err, report)
				}
				same(t, m, before)
				state, err := m.State(t.Context())
				if err != nil || state.Waiting == nil || state.Waiting.ID != w.Waiting.ID {
					t.Fatalf("the state is %+v, %v", state, err)
				}
				return w
			}
			first := wait()
			second := wait()
			if _, err := m.Confirm(t.Context(), first.Waiting.ID, options("")); !errors.Is(err, sync.ErrNotWaiting) {
				t.Errorf("what another sync took the place of: %v", err)
			}
			report, err := m.Confirm(t.Context(), second.Waiting.ID, options(""))
			if err != nil || report.Outcome != sync.Committed || !report.Confirmed || len(report.Breaches) == 0 {
				t.Errorf("%v; %+v", err, report)
			}
			same(t, m, r)
			if state, err := m.State(t.Context()); err != nil || state.Waiting != nil {
				t.Errorf("%+v, %v", state, err)
			}
			if _, err := m.Confirm(t.Context(), second.Waiting.ID, options("")); !errors.Is(err, sync.ErrNotWaiting) {
				t.Errorf("the second time: %v", err)
			}
			if n := run(t, m, r, c.mode).Changed(); n != 0 {
				t.Errorf("%d changed", n)
			}
		})
	}
	t.Run("a roster that has come back needs nobody", func(t *testing.T) {
		m, r := mirror(t), school(t, 60)
		run(t, m, r, sync.Full)
		all := r.of[sis.Users]
		r.of[sis.Users] = nil
		if _, err := sync.Run(t.Context(), m, r, options(sync.Full)); err == nil {
			t.Fatal("it was taken")
		}
		r.of[sis.Users] = all
		run(t, m, r, sync.Full)
		same(t, m, r)
		if state, err := m.State(t.Context()); err != nil || state.Waiting != nil {
			t.Errorf("%+v, %v", state, err)
		}
	})
	t.Run("confirmed beforehand", func(t *testing.T) {
		m, r := mirror(t), school(t, 60)
		run(t, m, r, sync.Full)
		r.of[sis.Enrollments] = nil
		o := options(sync.Full)
		o.Confirmed = true
		if report, err := sync.Run(t.Context(), m, r, o); err != nil || !report.Confirmed {
			t.Errorf("%v; %+v", err, report)
		}
		same(t, m, r)
	})
	t.Run("few may go without anybody", func(t *testing.T) {
		m, r := mirror(t), school(t, 12)
		run(t, m, r, sync.Full)
		r.of[sis.Enrollments] = r.of[sis.Enrollments][:3]
		run(t, m, r, sync.Full)
		same(t, m, r)
	})
	t.Run("without the rules it is done", func(t *testing.T) {
		m, r := mirror(t), school(t, 60)
		run(t, m, r, sync.Full)
		r.of[sis.Users], r.of[sis.Enrollments] = nil, nil
		o := options(sync.Full)
		o.Rules = []sync.Rule{}
		if _, err := sync.Run(t.Context(), m, r, o); err != nil {
			t.Error(err)
		}
		same(t, m, r)
	})
}

// A sync that failed loses nothing of what changed: its marks are where they were.
func TestFailedDelta(t *testing.T) {
	m, r := mirror(t), school(t, 60)
	run(t, m, r, sync.Full)
	r.put(user(t, "new", "New", later(1)))
	r.put(enrollment(t, "enew", "new", later(1)))
	broken := errors.New("the line broke")
	r.before = func(x sync.Reading) error {
		if x.Collection == sis.Enrollments {
			return broken
		}
		return nil
	}
	if _, err := sync.Run(t.Context(), m, r, options(sync.Delta)); !errors.Is(err, broken) {
		t.Errorf("%v", err)
	}
	if _, there := holds(t, m, sis.Users)["new"]; there {
		t.Error("half of it is there")
	}
	r.before = nil
	report := run(t, m, r, sync.Delta)
	if report.Resumed != 1 {
		t.Errorf("%+v", report)
	}
	same(t, m, r)
}

// What was staged and never comes further is forgotten at last.
func TestBarren(t *testing.T) {
	m, r := mirror(t), school(t, 60)
	broken := errors.New("there is no such place")
	pages := 0
	r.before = func(x sync.Reading) error {
		if x.Collection != sis.Users {
			return nil
		}
		if pages++; pages > 2 && pages < 7 {
			return broken
		}
		return nil
	}
	var last *sync.Report
	var err error
	for range 4 {
		last, err = sync.Run(t.Context(), m, r, options(sync.Full))
		if !errors.Is(err, broken) {
			t.Fatal(err)
		}
	}
	if last.Resumed != 3 {
		t.Errorf("resumed %d times", last.Resumed)
	}
	if report := run(t, m, r, sync.Full); report.Resumed != 0 {
		t.Errorf("%+v", report)
	}
	same(t, m, r)
}

// Marks: the newest that was seen, never the future, and a delta begins before it.
func TestMarks(t *testing.T) {
	m, r := mirror(t), school(t, 10)
	r.put(user(t, "u001", "Newest", later(7)))
	r.put(user(t, "u002", "From the future", later(1_000_000)))
	run(t, m, r, sync.Full)
	state, err := m.State(t.Context())
	if err != nil || !state.Marks[sis.Enrollments].Equal(at) || !state.Marks[sis.Users].Equal(later(24*60)) || !state.Marks[sis.Courses].IsZero() {
		t.Errorf("%+v, %v", state.Marks, err)
	}
	r.read = nil
	run(t, m, r, sync.Delta)
	for _, x := range r.read {
		if x.Collection == sis.Enrollments && !x.Since.Equal(at.Add(-time.Minute)) {
			t.Errorf("%+v", x)
		}
	}
	r.drop(sis.Users, "u002")
	r.put(user(t, "u003", "Later", later(24*60+1)))
	run(t, m, r, sync.Delta)
	if got := holds(t, m, sis.Users)["u003"]; !strings.Contains(got, "Later") {
		t.Errorf("it is %s", got)
	}
}

func TestModes(t *testing.T) {
	m, r := mirror(t), school(t, 10)
	if report := run(t, m, r, sync.Delta); report.Mode != sync.Full {
		t.Errorf("a delta without a mark: %+v", report)
	}
	if report := run(t, m, r, sync.Auto); report.Mode != sync.Delta {
		t.Errorf("%+v", report)
	}
	o := options(sync.Auto)
	o.Now = func() time.Time { return later(3 * 24 * 60) }
	if report, err := sync.Run(t.Context(), m, r, o); err != nil || report.Mode != sync.Full {
		t.Errorf("%+v, %v", report, err)
	}
	other := school(t, 10)
	other.name = "another"
	if report := run(t, m, other, sync.Delta); report.Mode != sync.Full {
		t.Errorf("another source: %+v", report)
	}
	other.only = sync.Delta
	if _, err := sync.Run(t.Context(), mirror(t), other, options(sync.Auto)); err == nil {
		t.Error("changes alone into an empty mirror")
	}
	if report := run(t, m, other, sync.Auto); report.Mode != sync.Delta {
		t.Errorf("%+v", report)
	}
	if _, err := sync.Run(t.Context(), m, other, options(sync.Full)); err == nil {
		t.Error("a full sync of a source that has only changes")
	}
	if report, err := sync.Run(t.Context(), m, r, options("half")); err == nil || report == nil {
		t.Error("a mode that isn't one")
	}
	odd := school(t, 1)
	odd.name = "odd"
	if _, err := sync.Run(t.Context(), m, badSource{odd}, options(sync.Full)); err == nil {
		t.Error("a collection that no roster has")
	}
}

// What carries no date has that at which it was taken, and is no other for being read again.
func TestUndated(t *testing.T) {
	m, r := mirror(t), school(t, 10)
	for i := range r.of[sis.Users] {
		r.of[sis.Users][i].Modified = time.Time{}
	}
	o := options(sync.Full)
	report, err := sync.Run(t.Context(), m, r, o)
	if err != nil || report.Changed() != 22 {
		t.Fatalf("%v, %+v", err, report)
	}
	first := holds(t, m, sis.Users)["u001"]
	if !strings.Contains(first, later(24*60).Format(oneroster.TimestampLayout)) {
		t.Errorf("it is %s", first)
	}
	o.Now = func() time.Time { return later(48 * 60) }
	renamed := user(t, "u002", "Renamed", at)
	renamed.Modified = time.Time{}
	r.put(renamed)
	report, err = sync.Run(t.Context(), m, r, o)
	if err != nil || report.Changed() != 1 || holds(t, m, sis.Users)["u001"] != first {
		t.Errorf("%v, %+v", err, report)
	}
	if got := holds(t, m, sis.Users)["u002"]; !strings.Contains(got, "Renamed") || !strings.Contains(got, later(48*60).Format(oneroster.TimestampLayout)) {
		t.Errorf("it is %s", got)
	}
}

type badSource struct{ *roster }

func (badSource) Collections() []store.Collection { return []store.Collection{"pupils"} }

// A source that ends without an end, or goes on behind it, is no roster.
func TestEnds(t *testing.T) {
	m := mirror(t)
	for name, read := range map[string]func(yield func(sync.Page) error) error{
		"no end":     func(yield func(sync.Page) error) error { return yield(sync.Page{Next: "2", Total: -1}) },
		"no page":    func(yield func(sync.Page) error) error { return nil },
		"behind end": func(yield func(sync.Page) error) error { return errors.Join(yield(sync.Page{}), yield(sync.Page{})) },
	} {
		if _, err := sync.Run(t.Context(), m, endless{school(t, 1), read}, options(sync.Full)); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}

type endless struct {
	*roster
	read func(yield func(sync.Page) error) error
}

func (e endless) Read(_ context.Context, _ sync.Reading, yield func(sync.Page) error) error {
	return e.read(yield)
}

// Progress is told page by page.
func TestProgress(t *testing.T) {
	m, r := mirror(t), school(t, 25)
	var told []string
	o := options(sync.Full)
	o.Progress = func(p sync.Progress) { told = append(told, fmt.Sprintf("%s %d/%d", p.Collection, p.Read, p.Total)) }
	if _, err := sync.Run(t.Context(), m, r, o); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(told, ", "); !strings.Contains(got, "users 10/25, users 20/25, users 25/25") {
		t.Error(got)
	}
}

// The log is bounded.
func TestLog(t *testing.T) {
	m, r := mirror(t), school(t, 1)
	for range sync.LogMost + 5 {
		run(t, m, r, sync.Auto)
	}
	log, err := m.Log(t.Context(), 1000)
	if err != nil || len(log) != sync.LogMost || log[0].Number != sync.LogMost+5 || log[sync.LogMost-1].Number != 6 {
		t.Errorf("%d, %v", len(log), err)
	}
}
