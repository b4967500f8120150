package schemas

import (
	"strings"
	"testing"
)

// TestNearest finds what a misspelt member stands for, and leaves alone what a vendor
// made up.
func TestNearest(t *testing.T) {
	known := []string{"sourcedId", "birthDate", "sex", "blackOrAfricanAmerican", "hispanicOrLatinoEthnicity", "americanIndianOrAlaskaNative"}
	for name, want := range map[string]string{
		"blackOrAfricanAmericans":       "blackOrAfricanAmerican",
		"black_or_african_american":     "blackOrAfricanAmerican",
		"americanIndianOrAlaskanNative": "americanIndianOrAlaskaNative",
		"hispanicOrLatino":              "hispanicOrLatinoEthnicity",
		"Birthdate":                     "birthDate",
		"sourceId":                      "sourcedId",
		"x_vendorFlag":                  "",
		"six":                           "",
		strings.Repeat("birthDate", 99): "",
	} {
		if got := nearest(name, known); got != want {
			t.Errorf("%.40s is taken for %q, want %q", name, got, want)
		}
	}
}
