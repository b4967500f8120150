package district_test

import (
	"encoding/json"
	"testing"

	"github.com/rollcall-edu/rollcall/reference/district"
	"github.com/rollcall-edu/rollcall/reference/oneroster"
	"github.com/rollcall-edu/rollcall/reference/store"
	"github.com/rollcall-edu/rollcall/reference/sync"
)

// A mirror holds what the SIS does; and what changed is little, the second time.
func TestMirrorOfADistrict(t *testing.T) {
	s, plain := serve(t, district.Options{})
	for _, c := range []struct {
		name string
		v11  bool
	}{{"1.2", false}, {"1.1", true}} {
		t.Run(c.name, func(t *testing.T) {
			config := plain
			if c.v11 {
				config = v1p1(s, plain)
			}
			config.PageSize = 100
			m, err := sync.Open(t.Context(), "memory")
			if err != nil {
				t.Fatal(err)
			}
			defer m.Close()
			first, err := sync.Run(t.Context(), m, source(t, config), sync.Options{})
			if err != nil || first.Mode != sync.Full || first.Changed() == 0 {
				t.Fatalf("%+v: %v", first, err)
			}
			for _, x := range first.Collections {
				if x.Unfit > 0 || x.Twice > 0 || x.Left || x.Total >= 0 && x.Total != x.Read {
					t.Errorf("%+v", x)
				}
			}
			if !c.v11 {
				compare(t, loaded(t), held(t, m, source(t, config).Collections()), source(t, config).Collections()...)
			}
			second, err := sync.Run(t.Context(), m, source(t, config), sync.Options{Mode: sync.Delta})
			if err != nil || second.Mode != sync.Delta || second.Changed() != 0 {
				t.Errorf("%+v: %v", second, err)
			}
			for _, x := range second.Collections {
				if x.Read > 60 && x.Read == first.Collections[0].Read {
					t.Errorf("a delta read everything: %+v", x)
				}
			}
		})
	}
}

func held(t *testing.T, m *sync.Mirror, collections []store.Collection) roster {
	t.Helper()
	out := roster{}
	for _, c := range collections {
		out[c] = map[string]map[string]any{}
		err := m.Store().Scan(t.Context(), c, 0, 1<<30, func(_ int32, body []byte) error {
			var members map[string]any
			if err := json.Unmarshal(oneroster.AppendDocument(nil, body, oneroster.Addresses{}), &members); err != nil {
				return err
			}
			strip(members)
			id, _ := members["sourcedId"].(string)
			out[c][id] = members
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return out
}
