package fault

import (
	"net/http"
	"testing"
)

func TestTablesAndBehavioursAgree(t *testing.T) {
	faults, err := Faults()
	if err != nil {
		t.Fatal(err)
	}
	variants, err := Variants()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range faults {
		if f.Title == "" || len(f.Breaks) == 0 {
			t.Errorf("fault %s has no title or breaks nothing", f.ID)
		}
	}
	for _, v := range variants {
		if v.Title == "" || v.Why == "" {
			t.Errorf("variant %s has no title or no reason", v.ID)
		}
	}
	if _, err := Wrap(http.NotFoundHandler(), "no-such-fault"); err == nil {
		t.Error("an unknown fault is accepted")
	}
}
