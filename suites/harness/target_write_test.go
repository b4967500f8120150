package harness

import (
	"strings"
	"testing"
	"time"
)

// TestWriteTarget reads what was written.
func TestWriteTarget(t *testing.T) {
	given := Target{
		Name:     `a "name": with signs #`,
		Profiles: []string{toyClaim},
		Limits:   Limits{RequestTimeout: Duration(2 * time.Second)},
	}
	text, err := WriteTarget(given, &toySection{First: "http://127.0.0.1:1/first", Auth: Credentials{Bearer: "${TOKEN}"}})
	if err != nil {
		t.Fatal(err)
	}
	if a, b := strings.Index(string(text), "\ntoy:"), strings.Index(string(text), "\nlimits:"); a < 0 || b < a {
		t.Errorf("the section doesn't stand between the profiles and the limits:\n%s", text)
	}
	read, err := ParseTarget("target.yaml", text, env("TOKEN", "hush-hush"), newToySection)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	if read.Name != given.Name || read.Profiles[0] != toyClaim || read.Limits.RequestTimeout != given.Limits.RequestTimeout {
		t.Errorf("read %+v\n%s", read, text)
	}
}
