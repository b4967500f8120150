package sis_test

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-edu/rollcall/fixtures"
	"github.com/rollcall-edu/rollcall/reference/oneroster"
	"github.com/rollcall-edu/rollcall/reference/sis"
	"github.com/rollcall-edu/rollcall/reference/store"
)

// Whatever a SIS sends of what it has loaded is normalized to what it has stored, and each
// reference leads to an object that is there.
func TestNormalize(t *testing.T) {
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
	for _, c := range sis.Collections() {
		n := 0
		err := s.Scan(t.Context(), c, 0, math.MaxInt32, func(_ store.Key, stored []byte) error {
			n++
			sent := oneroster.AppendDocument(nil, stored, oneroster.Addresses{Service: "https://a.example/v1p2", Provider: "https://a.example"})
			var members map[string]any
			if err := json.Unmarshal(sent, &members); err != nil {
				return err
			}
			if c != sis.CSVRows {
				members["unknown"] = []int{1}
			}
			other, err := json.MarshalIndent(members, "", " ") // in the order of names
			if err != nil {
				return err
			}
			id, _ := members["sourcedId"].(string)
			status, _ := members["status"].(string)
			text, _ := members["dateLastModified"].(string)
			at, _ := time.Parse(time.RFC3339, text)
			for _, body := range [][]byte{sent, other} {
				got, err := sis.Normalize(c, body, id, status, at, func(to store.Collection, id string) {
					if !sis.Referred(to) {
						t.Errorf("%s refers to %s", c, to)
					}
					if _, err := s.Find(t.Context(), to, id); err != nil {
						t.Errorf("%s %s refers to %s %q: %v", c, id, to, id, err)
					}
				})
				if err != nil || !bytes.Equal(got, stored) {
					t.Errorf("%s %q: %v\n%q\nis not\n%q", c, id, err, got, stored)
				}
			}
			return nil
		})
		if err != nil || n == 0 && c != sis.CSVRows {
			t.Errorf("%s: %d, %v", c, n, err)
		}
	}
}

func TestNormalizeRefers(t *testing.T) {
	got := map[string]bool{}
	body := `{"user":{"sourcedId":"u"},"class":{"sourcedId":"c"},"school":{"href":"x","sourcedId":"s"}}`
	if _, err := sis.Normalize(sis.Enrollments, []byte(body), "e", "active", time.Time{}, func(c store.Collection, id string) {
		got[string(c)+" "+id] = true
	}); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(slices.Sorted(maps.Keys(got)), []string{"classes c", "orgs s", "users u"}) {
		t.Errorf("it refers to %v", got)
	}
}

// What can't be used is said without a value.
func TestNormalizeRefuses(t *testing.T) {
	for _, body := range []string{``, `[]`, `{"givenName":"Secret"`, `{"givenName":["Secret"]}`, `{"roles":"Secret"}`, `{"roles":[{"role":{"x":"Secret"}}]}`} {
		_, err := sis.Normalize(sis.Users, []byte(body), "u", "active", time.Time{}, func(store.Collection, string) {})
		if err == nil || strings.Contains(err.Error(), "Secret") {
			t.Errorf("%s: %v", body, err)
		}
	}
	if _, err := sis.Normalize("pupils", []byte(`{}`), "u", "active", time.Time{}, nil); err == nil {
		t.Error("an unknown collection was taken")
	}
}

func BenchmarkNormalize(b *testing.B) {
	d, err := fixtures.New(fixtures.Small, fixtures.DefaultSeed)
	if err != nil {
		b.Fatal(err)
	}
	s, err := sis.OpenStore(context.Background(), "memory")
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	if err := sis.Load(b.Context(), s, d); err != nil {
		b.Fatal(err)
	}
	for _, c := range []store.Collection{sis.Users, sis.Enrollments} {
		var sent []byte
		if err := s.Scan(b.Context(), c, 0, 1, func(_ store.Key, stored []byte) error {
			sent = oneroster.AppendDocument(nil, stored, oneroster.Addresses{Service: "https://a.example/v1p2"})
			return nil
		}); err != nil {
			b.Fatal(err)
		}
		b.Run(string(c), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := sis.Normalize(c, sent, "id", "active", time.Time{}, func(store.Collection, string) {}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
