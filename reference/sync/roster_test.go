package sync_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-edu/rollcall/fixtures"
	"github.com/rollcall-edu/rollcall/reference/oneroster"
	"github.com/rollcall-edu/rollcall/reference/sis"
	"github.com/rollcall-edu/rollcall/reference/store"
	"github.com/rollcall-edu/rollcall/reference/sync"
)

// roster is a source in memory.
type roster struct {
	name  string
	of    map[store.Collection][]sync.Object
	limit int
	// before is asked before each page, and may change the roster or fail.
	before func(r sync.Reading) error
	// bend changes a page on its way out.
	bend func(r sync.Reading, p *sync.Page)
	only sync.Mode
	read []sync.Reading
}

func (r *roster) Name() string    { return r.name }
func (r *roster) Only() sync.Mode { return r.only }

func (r *roster) Collections() []store.Collection {
	return slices.DeleteFunc(sis.Collections(), func(c store.Collection) bool { _, has := r.of[c]; return !has })
}

func (r *roster) Read(ctx context.Context, reading sync.Reading, yield func(sync.Page) error) error {
	r.read = append(r.read, reading)
	at := 0
	if reading.From != "" {
		at, _ = strconv.Atoi(reading.From)
	}
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		if r.before != nil {
			if err := r.before(reading); err != nil {
				return err
			}
		}
		var all []sync.Object
		for _, o := range r.of[reading.Collection] {
			if !o.Modified.Before(reading.Since) {
				all = append(all, o)
			}
		}
		end := min(at+r.limit, len(all))
		p := sync.Page{Objects: slices.Clone(all[min(at, end):end]), Total: len(all)}
		if end < len(all) {
			p.Next = strconv.Itoa(end)
		}
		if r.bend != nil {
			r.bend(reading, &p)
		}
		if err := yield(p); err != nil || p.Next == "" {
			return err
		}
		at, _ = strconv.Atoi(p.Next)
	}
}

// at is when the roster was last changed before a test begins; later is after it.
var at = time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC)

func later(minutes int) time.Time { return at.Add(time.Duration(minutes) * time.Minute) }

// riverbend is the small district as a SIS sends it.
func riverbend(t testing.TB) *roster {
	t.Helper()
	d, err := fixtures.New(fixtures.Small, fixtures.DefaultSeed)
	if err != nil {
		t.Fatal(err)
	}
	s, err := sis.OpenStore(t.Context(), "memory")
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := sis.Load(t.Context(), s, d); err != nil {
		t.Fatal(err)
	}
	r := &roster{name: "riverbend", of: map[store.Collection][]sync.Object{}, limit: 40}
	for _, c := range sis.Collections() {
		if c != sis.CSVRows {
			r.of[c] = nil
		}
		err := s.Scan(t.Context(), c, 0, math.MaxInt32, func(_ store.Key, body []byte) error {
			sent := oneroster.AppendDocument(nil, body, oneroster.Addresses{Service: "https://sis.example/a", Provider: "https://sis.example"})
			r.of[c] = append(r.of[c], object(t, c, string(sent)))
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return r
}

func object(_ testing.TB, c store.Collection, body string) sync.Object {
	var base struct {
		SourcedID string    `json:"sourcedId"`
		Status    string    `json:"status"`
		Modified  time.Time `json:"dateLastModified"`
	}
	if err := json.Unmarshal([]byte(body), &base); err != nil {
		panic(fmt.Sprintf("%s: %v", body, err)) // a child has no t
	}
	return sync.Object{Collection: c, SourcedID: base.SourcedID, Status: base.Status, Modified: base.Modified, Body: []byte(body)}
}

func base(id, status string, when time.Time) string {
	return fmt.Sprintf(`"sourcedId":%q,"status":%q,"dateLastModified":%q`, id, status, when.Format(time.RFC3339Nano))
}

// org, user and enrollment are small objects.
func org(t testing.TB, id, name string, when time.Time) sync.Object {
	return object(t, sis.Orgs, fmt.Sprintf(`{%s,"name":%q,"type":"school","identifier":%q}`, base(id, "active", when), name, id))
}

func user(t testing.TB, id, name string, when time.Time) sync.Object {
	return object(t, sis.Users, fmt.Sprintf(`{%s,"enabledUser":"true","givenName":%q,"familyName":"F","roles":[{"roleType":"primary","role":"student",
		"org":{"href":"x","sourcedId":"school","type":"org"}}]}`, base(id, "active", when), name))
}

func enrollment(t testing.TB, id, user string, when time.Time) sync.Object {
	return object(t, sis.Enrollments, fmt.Sprintf(`{%s,"role":"student","user":{"href":"x","sourcedId":%q,"type":"user"},
		"class":{"href":"x","sourcedId":"class","type":"class"},"school":{"href":"x","sourcedId":"school","type":"org"}}`, base(id, "active", when), user))
}

// school is a roster with one class and so many students in it.
func school(t testing.TB, students int) *roster {
	r := &roster{name: "school", limit: 10, of: map[store.Collection][]sync.Object{
		sis.Orgs: {org(t, "school", "School", at)},
		sis.Classes: {object(t, sis.Classes, fmt.Sprintf(`{%s,"title":"Class","course":{"href":"x","sourcedId":"","type":"course"},
			"school":{"href":"x","sourcedId":"school","type":"org"},"terms":[]}`, base("class", "active", at)))},
		sis.Users: nil, sis.Enrollments: nil,
	}}
	for i := range students {
		id := fmt.Sprintf("u%03d", i)
		r.of[sis.Users] = append(r.of[sis.Users], user(t, id, "Name"+id, at))
		r.of[sis.Enrollments] = append(r.of[sis.Enrollments], enrollment(t, "e"+id, id, at))
	}
	return r
}

func (r *roster) put(o sync.Object) {
	list := r.of[o.Collection]
	i := slices.IndexFunc(list, func(x sync.Object) bool { return x.SourcedID == o.SourcedID })
	if i < 0 {
		r.of[o.Collection] = append(list, o)
		return
	}
	list[i] = o
}

func (r *roster) drop(c store.Collection, ids ...string) {
	r.of[c] = slices.DeleteFunc(r.of[c], func(o sync.Object) bool { return slices.Contains(ids, o.SourcedID) })
}

// flag has the source flag an object.
func (r *roster) flag(c store.Collection, id string, when time.Time) {
	for i := range r.of[c] {
		if o := &r.of[c][i]; o.SourcedID == id {
			o.Status, o.Modified = sync.ToBeDeleted, when
		}
	}
}

func mirror(t testing.TB) *sync.Mirror {
	t.Helper()
	return open(t, "memory")
}

func open(t testing.TB, dsn string) *sync.Mirror {
	t.Helper()
	m, err := sync.Open(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	return m
}

// options have a clock that stands at a time after the roster's.
func options(mode sync.Mode) sync.Options {
	return sync.Options{Mode: mode, Now: func() time.Time { return later(24 * 60) }}
}

func run(t testing.TB, m *sync.Mirror, r *roster, mode sync.Mode) *sync.Report {
	t.Helper()
	report, err := sync.Run(t.Context(), m, r, options(mode))
	if err != nil {
		t.Fatalf("%v; %+v", err, report)
	}
	return report
}

// holds reads a mirror: sourcedIds with status, and bodies.
func holds(t testing.TB, m *sync.Mirror, c store.Collection) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := m.Store().Scan(t.Context(), c, 0, math.MaxInt32, func(_ store.Key, body []byte) error {
		shown := oneroster.AppendDocument(nil, body, oneroster.Addresses{})
		var o struct {
			SourcedID string `json:"sourcedId"`
		}
		if err := json.Unmarshal(shown, &o); err != nil {
			return err
		}
		if _, twice := out[o.SourcedID]; twice {
			t.Errorf("%s %s is there twice", c, o.SourcedID)
		}
		out[o.SourcedID] = string(shown)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// wants is what a mirror of the roster holds.
func (r *roster) wants(t testing.TB, c store.Collection) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, o := range r.of[c] {
		body, err := sis.Normalize(c, o.Body, o.SourcedID, o.Status, o.Modified, func(store.Collection, string) {})
		if err != nil {
			t.Fatal(err)
		}
		out[o.SourcedID] = string(oneroster.AppendDocument(nil, body, oneroster.Addresses{}))
	}
	return out
}

// difference says in what a mirror isn't the roster; "" where it is.
func difference(t testing.TB, m *sync.Mirror, r *roster) string {
	t.Helper()
	for _, c := range sis.Collections() {
		got, want := holds(t, m, c), r.wants(t, c)
		for id, body := range want {
			if got[id] != body {
				return fmt.Sprintf("%s %s is %q and not %q", c, id, got[id], body)
			}
		}
		for id := range got {
			if _, there := want[id]; !there {
				return fmt.Sprintf("%s %s is there", c, id)
			}
		}
	}
	return ""
}

func same(t testing.TB, m *sync.Mirror, r *roster) {
	t.Helper()
	if d := difference(t, m, r); d != "" {
		t.Error(d)
	}
}

// of finds what a report says of a collection.
func of(t testing.TB, r *sync.Report, c store.Collection) sync.Staged {
	t.Helper()
	for _, s := range r.Collections {
		if s.Collection == c {
			return s
		}
	}
	t.Fatalf("the report says nothing of %s", c)
	return sync.Staged{}
}

func has(entries []sync.Entry, c store.Collection, id string, what sync.What) bool {
	return slices.ContainsFunc(entries, func(e sync.Entry) bool { return e.Collection == c && e.SourcedID == id && e.What == what })
}

func status(body string) string {
	_, rest, _ := strings.Cut(body, `"status":"`)
	s, _, _ := strings.Cut(rest, `"`)
	return s
}
