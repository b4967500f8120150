package rest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"testing"

	"github.com/rollcall-edu/rollcall/fixtures"
	"github.com/rollcall-edu/rollcall/reference/oneroster"
	"github.com/rollcall-edu/rollcall/reference/sis"
	"github.com/rollcall-edu/rollcall/reference/store"
	"github.com/rollcall-edu/rollcall/reference/sync"
)

// madeFit is an object that fit has looked at.
func madeFit(c store.Collection, raw json.RawMessage) (sync.Object, error) {
	kept := plans[c]
	plans[c] = nil
	defer func() { plans[c] = kept }()
	return (&Source{known: map[string]string{}}).object(context.Background(), c, raw)
}

// sameAsFit holds an object that was only looked over to the same one that was made fit.
func sameAsFit(t *testing.T, c store.Collection, raw json.RawMessage) (is bool) {
	t.Helper()
	o, is := exact(c, raw)
	if !is {
		return false
	}
	want, err := madeFit(c, raw)
	if err != nil || o.SourcedID != want.SourcedID || o.Status != want.Status || !o.Modified.Equal(want.Modified) {
		t.Fatalf("%s %s: %+v, %v", c, raw, o, err)
	}
	none := func(store.Collection, string) {}
	a, err := sis.Normalize(c, o.Body, o.SourcedID, o.Status, o.Modified, none)
	if err != nil {
		t.Fatalf("%s %s: %v", c, raw, err)
	}
	b, err := sis.Normalize(c, want.Body, want.SourcedID, want.Status, want.Modified, none)
	if err != nil || !bytes.Equal(a, b) {
		t.Fatalf("%s %s: %v\n%s\nis not\n%s", c, raw, err, a, b)
	}
	return true
}

func sent(t testing.TB) map[store.Collection][]json.RawMessage {
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
	out := map[store.Collection][]json.RawMessage{}
	for c := range plans {
		err := s.Scan(t.Context(), c, 0, math.MaxInt32, func(_ store.Key, body []byte) error {
			out[c] = append(out[c], oneroster.AppendDocument(nil, body, oneroster.Addresses{Service: "https://sis.example/v1p2"}))
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// All that the reference sends is as the standard has it, but for few numbers.
func TestExact(t *testing.T) {
	for c, objects := range sent(t) {
		is := 0
		for _, raw := range objects {
			if sameAsFit(t, c, raw) {
				is++
			}
		}
		if is*10 < len(objects)*9 {
			t.Errorf("%s: %d of %d", c, is, len(objects))
		}
	}
}

// What isn't to the letter is for fit.
func TestNotExact(t *testing.T) {
	const begin = `{"sourcedId":"a","status":"active","dateLastModified":"2026-09-01T00:00:00.000Z"`
	if _, is := exact(sis.Enrollments, json.RawMessage(begin+`,"role":"student","user":{"sourcedId":"u"},"beginDate":"2026-09-01"}`)); !is {
		t.Error("one that is to the letter")
	}
	for _, rest := range []string{
		`,"role":null}`, `,"role":1}`, `,"user":"u"}`, `,"user":{"sourcedId":""}}`, `,"user":{"href":"x"}}`, `,"user":{}}`,
		`,"user":{"sourcedId":"u","sourcedId":"v"}}`, `,"user":{"sourcedId":"u","more":"x"}}`, `,"unknown":1}`, `,"Role":"student"}`,
		`,"role":"a","role":"b"}`, `,"beginDate":"2026-9-1"}`, `,"beginDate":"2026-09-01T00:00:00Z"}`, `,"primary":true}`,
		`,"r\u006fle":"a"}`, `,"metadata":[]}`, `,"metadata":"x"}`,
	} {
		if _, is := exact(sis.Enrollments, json.RawMessage(begin+rest)); is {
			t.Errorf("%s is taken as it is", rest)
		}
	}
	for _, whole := range []string{
		`{}`, `[]`, `"x"`, `{"sourcedId":"a","status":"active"}`, `{"sourcedId":"","status":"active","dateLastModified":"2026-09-01T00:00:00.000Z"}`,
		`{"sourcedId":"a","status":"Active","dateLastModified":"2026-09-01T00:00:00.000Z"}`,
		`{"sourcedId":"a","status":"active","dateLastModified":"2026-09-01T00:00:00Z"}`,
		`{"sourcedId":"\u0061","status":"active","dateLastModified":"2026-09-01T00:00:00.000Z"}`,
	} {
		if _, is := exact(sis.Enrollments, json.RawMessage(whole)); is {
			t.Errorf("%s is taken as it is", whole)
		}
	}
	for number, want := range map[string]bool{"80": true, "80.5": true, "80.50": false, "8e1": false, "-1": false, "0.5": true, "1234567890123456": false} {
		raw := fmt.Sprintf(`%s,"score":%s}`, begin, number)
		if sameAsFit(t, "results", json.RawMessage(raw)) != want {
			t.Errorf("%s: %v", number, !want)
		}
	}
}

// Whatever is taken as it is comes to the same as what was made fit.
func FuzzExact(f *testing.F) {
	names := []store.Collection{}
	for c, objects := range sent(f) {
		names = append(names, c)
		for _, raw := range objects[:min(len(objects), 3)] {
			f.Add(string(c), []byte(raw))
		}
	}
	f.Fuzz(func(t *testing.T, c string, b []byte) {
		if !json.Valid(b) {
			return // the decoder of pages lets nothing else through
		}
		for _, known := range names {
			if string(known) == c {
				sameAsFit(t, known, b)
			}
		}
	})
}

func BenchmarkObject(b *testing.B) {
	all := sent(b)
	source := &Source{known: map[string]string{}}
	for _, c := range []store.Collection{sis.Users, sis.Enrollments} {
		b.Run(string(c), func(b *testing.B) {
			for b.Loop() {
				if _, err := source.object(b.Context(), c, all[c][1]); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
