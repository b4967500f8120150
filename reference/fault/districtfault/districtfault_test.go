package districtfault

import (
	"strings"
	"testing"
)

// There are enough of them, and each breaks something that is ours to break.
func TestTables(t *testing.T) {
	tables, err := Kind.Tables()
	if err != nil {
		t.Fatal(err)
	}
	if len(tables.Faults) < 30 || len(tables.Variants) < 8 {
		t.Errorf("there are %d faults and %d variants; at least 30 and 8 are wanted", len(tables.Faults), len(tables.Variants))
	}
	for _, f := range tables.Faults {
		for _, id := range f.Breaks {
			if !strings.HasPrefix(id, "eco.") {
				t.Errorf("%s breaks %s, which isn't between systems", f.ID, id)
			}
		}
		if len(f.Breaks) == 0 || f.Title == "" {
			t.Errorf("%s says nothing", f.ID)
		}
	}
}
