package district_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/rollcall-edu/rollcall/fixtures"
	"github.com/rollcall-edu/rollcall/reference/district"
	"github.com/rollcall-edu/rollcall/reference/fault/onerosterfault"
	"github.com/rollcall-edu/rollcall/reference/oneroster"
	"github.com/rollcall-edu/rollcall/reference/sis"
	"github.com/rollcall-edu/rollcall/reference/store"
	"github.com/rollcall-edu/rollcall/reference/sync"
	"github.com/rollcall-edu/rollcall/reference/sync/rest"
	"github.com/rollcall-edu/rollcall/tools/daily"
)

// roster is what was read: objects by collection and sourcedId, without the addresses in them.
type roster map[store.Collection]map[string]map[string]any

func read(t *testing.T, s *rest.Source, since time.Time) (roster, error) {
	t.Helper()
	out := roster{}
	for _, c := range s.Collections() {
		out[c] = map[string]map[string]any{}
		err := s.Read(t.Context(), sync.Reading{Collection: c, Since: since}, func(p sync.Page) error {
			for _, o := range p.Objects {
				var members map[string]any
				if err := json.Unmarshal(o.Body, &members); err != nil {
					return fmt.Errorf("%s: %w", o.Body, err)
				}
				if _, twice := out[c][o.SourcedID]; twice {
					t.Errorf("%s %q came twice", c, o.SourcedID)
				}
				strip(members)
				out[c][o.SourcedID] = members
			}
			return nil
		})
		if errors.Is(err, sync.ErrNotOffered) {
			delete(out, c)
			continue
		}
		if err != nil {
			return out, err
		}
	}
	return out, nil
}

// strip takes the addresses out of references, and what is empty.
func strip(v any) {
	switch v := v.(type) {
	case map[string]any:
		delete(v, "href")
		for name, x := range v {
			if list, is := x.([]any); is && len(list) == 0 {
				delete(v, name)
			}
			strip(x)
		}
	case []any:
		for _, x := range v {
			strip(x)
		}
	}
}

func serve(t *testing.T, o district.Options) (*district.SIS, rest.Config) {
	t.Helper()
	if len(o.Faults) > 0 {
		o.CAFile = filepath.Join(t.TempDir(), "ca.pem")
	}
	s, err := district.StartSIS(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	c := rest.Config{
		Rostering: s.BaseURL, Gradebook: s.GradebookURL, Resources: s.ResourcesURL,
		TokenURL: s.TokenURL, ClientID: s.Main.ID, ClientSecret: s.Main.Secret,
		Wait: func(ctx context.Context, d time.Duration) error {
			time.Sleep(min(d, 50*time.Millisecond))
			return ctx.Err()
		},
	}
	if _, err := os.Stat(o.CAFile); err == nil {
		c.CAFile = o.CAFile
	}
	return s, c
}

func source(t testing.TB, c rest.Config) *rest.Source {
	t.Helper()
	s, err := rest.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// loaded is the small district as a SIS with these variants has it.
func loaded(t *testing.T, variants ...string) roster {
	t.Helper()
	d, err := fixtures.New(fixtures.Small, fixtures.DefaultSeed)
	if err == nil {
		d, err = onerosterfault.Reshape(d, variants...)
	}
	if err != nil {
		t.Fatal(err)
	}
	out := roster{}
	for _, c := range sis.Collections() {
		out[c] = map[string]map[string]any{}
		for document, err := range sis.Documents(t.Context(), d, c) {
			var members map[string]any
			if err == nil {
				err = json.Unmarshal(oneroster.AppendDocument(nil, document.Body, oneroster.Addresses{}), &members)
			}
			if err != nil {
				t.Fatal(err)
			}
			strip(members)
			out[c][document.SourcedID] = members
		}
	}
	return out
}

func compare(t *testing.T, want, got roster, collections ...store.Collection) {
	t.Helper()
	for _, c := range collections {
		if len(got[c]) != len(want[c]) {
			t.Errorf("%s: read %d, want %d", c, len(got[c]), len(want[c]))
		}
		wrong := 0
		for id, w := range want[c] {
			a, _ := json.Marshal(w)
			b, _ := json.Marshal(got[c][id])
			if string(a) != string(b) {
				if wrong++; wrong < 3 {
					t.Errorf("%s %s:\n got %s\nwant %s", c, id, b, a)
				}
			}
		}
	}
}

func TestDistrictAtAnyPageSize(t *testing.T) {
	want := loaded(t)
	_, c := serve(t, district.Options{})
	for _, size := range []int{7, 100, 10_000} {
		c.PageSize = size
		if size == 7 && testing.Short() {
			continue
		}
		got, err := read(t, source(t, c), time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		compare(t, want, got, source(t, c).Collections()...)
	}
}

// otherwise says what of a district a variant's answers tell otherwise than it was loaded: the
// objects are counted, and not compared.
var otherwise = []string{"unknown-metadata", "no-optional-members", "ids-reserved"}

// A legal oddity of a provider is none of its roster.
func TestEveryVariantIsTheSameRoster(t *testing.T) {
	variants, err := onerosterfault.Rostering.Variants()
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range variants {
		id := v.ID
		t.Run(id, func(t *testing.T) {
			daily.Share(t, 4)
			_, c := serve(t, district.Options{Faults: []string{id}})
			c.PageSize = 100
			got, err := read(t, source(t, c), time.Time{})
			if err != nil {
				t.Fatal(err)
			}
			want := loaded(t, id)
			for _, collection := range source(t, c).Collections() {
				if slices.Contains(otherwise, id) {
					if len(got[collection]) != len(want[collection]) {
						t.Errorf("%s: read %d, want %d", collection, len(got[collection]), len(want[collection]))
					}
					continue
				}
				compare(t, want, got, collection)
			}
		})
	}
}
