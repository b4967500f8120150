package gradebook

import (
	"testing"

	"github.com/rollcall-edu/rollcall/suites/catalogue"
	"github.com/rollcall-edu/rollcall/suites/harness"
)

// TestWhole holds the suite to the catalogue: every requirement of its profiles is decided.
func TestWhole(t *testing.T) {
	cat, err := catalogue.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []harness.Suite{Suite(), PushSuite(), Suite11(), PushSuite11()} {
		if err := s.Validate(cat); err != nil {
			t.Error(err)
		}
		if left := s.Uncovered(cat); len(left) > 0 {
			t.Errorf("%s: no check decides %v", s.ID, left)
		}
	}
}
