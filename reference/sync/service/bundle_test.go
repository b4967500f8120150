package service_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rollcall-edu/rollcall/fixtures"
	csv "github.com/rollcall-edu/rollcall/fixtures/bundle"
	"github.com/rollcall-edu/rollcall/reference/sync"
	"github.com/rollcall-edu/rollcall/reference/sync/service"
)

// A bundle is read as it lies there when it is synced: first everything, then a delta under the
// same name, which changes what is there and can't be the first.
func TestBundle(t *testing.T) {
	d, err := fixtures.New(fixtures.Small, fixtures.DefaultSeed)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "roster.zip")
	drop := func(o csv.Options) {
		t.Helper()
		f, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if _, err := csv.Write(f, d, o); err != nil {
			t.Fatal(err)
		}
	}
	mirror, err := sync.Open(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer mirror.Close()
	s, err := service.New(service.Config{Mirror: mirror})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	server := httptest.NewServer(s.Handler())
	defer server.Close()
	r := &running{t: t, s: s, at: server.URL}
	if err := s.Connect(service.Connection{Bundle: path}); err == nil {
		t.Error("a bundle that isn't there is taken")
	}
	drop(csv.Options{Delta: true})
	if err := s.Connect(service.Connection{Bundle: path}); err != nil {
		t.Fatal(err)
	}
	if status, answer := r.do(http.MethodPost, "/sync", ""); status != http.StatusBadGateway || !strings.Contains(answer, "bulk bundle first") {
		t.Errorf("a delta first: %d %s", status, answer)
	}
	drop(csv.Options{})
	if status, answer := r.do(http.MethodPost, "/sync", ""); status != http.StatusOK {
		t.Fatalf("a bulk bundle: %d %s", status, answer)
	}
	before := r.held()
	if before["users"] < 100 || before["enrollments"] < 100 {
		t.Errorf("held are %v", before)
	}
	drop(csv.Options{Delta: true})
	o := s.Sync(t.Context(), sync.Auto)
	if o.Err() != nil || o.Mode != sync.Delta {
		t.Fatalf("a delta: %v", o.Err())
	}
	if after := r.held(); after["users"] < before["users"] {
		t.Errorf("held were %v, and are %v", before, after)
	}
	if o := s.Sync(t.Context(), sync.Full); o.Err() == nil {
		t.Error("a delta was read as everything")
	}
	drop(csv.Options{})
	if o := s.Sync(t.Context(), sync.Auto); o.Err() != nil || o.Mode != sync.Full {
		t.Errorf("the next bulk bundle: %v", o.Err())
	}
}
