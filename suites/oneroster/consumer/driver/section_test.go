package driver

import (
	"testing"

	"github.com/rollcall-edu/rollcall/suites/harness"
)

// target reads a target file with a section of these lines.
func target(t *testing.T, section string) (*harness.Target, error) {
	t.Helper()
	text := "rollcall: 1\nname: LMS\nprofiles: [or12-rostering-core-provider]\n" + section
	return harness.ParseTarget("target.yaml", []byte(text), func(name string) (string, bool) { return "value of " + name, true }, NewSection)
}

func TestSectionReads(t *testing.T) {
	if _, err := target(t, "consumer:\n  sync: {command: ./sync.sh}\n  holds: {query: {command: ./held.sh}}\n"); err != nil {
		t.Fatal(err)
	}
}
