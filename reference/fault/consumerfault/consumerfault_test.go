package consumerfault

import "testing"

// The tables and what can be done agree.
func TestTables(t *testing.T) {
	faults, err := Kind.Faults()
	if err != nil {
		t.Fatal(err)
	}
	variants, err := Kind.Variants()
	if err != nil {
		t.Fatal(err)
	}
	if len(faults) < 60 || len(variants) < 25 {
		t.Errorf("%d faults and %d variants", len(faults), len(variants))
	}
}
