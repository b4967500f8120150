package lti

import (
	"path/filepath"
	"slices"
	"testing"

	"github.com/rollcall-edu/rollcall/reference/security"
	"github.com/rollcall-edu/rollcall/reference/store"
	"github.com/rollcall-edu/rollcall/reference/store/pgtest"
)

// Keys go on after a restart, those that were rotated away among them, for as long as they
// stay published.
func TestSigningKeys(t *testing.T) {
	for name, dsn := range map[string]func(t *testing.T) string{
		"SQLite":     func(t *testing.T) string { return filepath.Join(t.TempDir(), "kept.db") },
		"PostgreSQL": func(t *testing.T) string { return pgtest.Start(t) },
	} {
		t.Run(name, func(t *testing.T) {
			address := dsn(t)
			start := func() (*security.Keys, store.Store) {
				t.Helper()
				s, err := store.Open(t.Context(), address, "roleKeys")
				if err != nil {
					t.Fatal(err)
				}
				k, err := SigningKeys(t.Context(), s, "roleKeys")
				if err != nil {
					t.Fatal(err)
				}
				return k, s
			}
			ids := func(k *security.Keys) (out []string) {
				for _, one := range k.Public().Keys {
					out = append(out, one.KeyID)
				}
				return out
			}
			k, s := start()
			if err := k.Rotate(); err != nil {
				t.Fatal(err)
			}
			before := ids(k)
			token, err := k.Sign(map[string]any{"sub": "u1"})
			if err != nil {
				t.Fatal(err)
			}
			s.Close()

			k, s = start()
			defer s.Close()
			if after := ids(k); len(before) != 2 || !slices.Equal(after, before) {
				t.Errorf("the keys were %v, and are %v", before, after)
			}
			again, err := k.Sign(map[string]any{"sub": "u1"})
			if err != nil || again != token { // RS256 is the same for the same
				t.Errorf("it signs otherwise: %v", err)
			}
		})
	}
}
