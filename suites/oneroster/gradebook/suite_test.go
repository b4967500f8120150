package gradebook

import (
	"testing"

	"github.com/rollcall-edu/rollcall/suites/catalogue"
)

// TestWhole holds the suite to the catalogue: every requirement of its profiles is decided.
func TestWhole(t *testing.T) {
	cat, err := catalogue.Load()
	if err != nil {
		t.Fatal(err)
	}
	if err := Suite().Validate(cat); err != nil {
		t.Error(err)
	}
	if left := Suite().Uncovered(cat); len(left) > 0 {
		t.Errorf("no check decides %v", left)
	}
}
