package main

import (
	"encoding/csv"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rollcall-edu/rollcall/reports"
)

func TestCSVCommands(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	ok := func(args ...string) string {
		t.Helper()
		code, out, errs := call(t, "", args...)
		if code != 0 {
			t.Fatalf("%q ended with %d: %s%s", args, code, out, errs)
		}
		return out
	}
	ok("fixtures", "generate", "--outcomes", "2", "--out", at("a.zip"))
	ok("fixtures", "generate", "--mode", "delta", "--out", at("delta.zip"))
	if out := ok("csv", "check", at("a.zip"), "--stance", "strict", "--out", at("report"), "--spill", at("all.csv")); !strings.Contains(out, "conforms, 0 broken, 0 warned") {
		t.Error(out)
	}
	if r, err := reports.Read(at("report/report.json")); err != nil || r.Outcome != reports.Conforms {
		t.Errorf("the report: %v", err)
	}
	ok("csv", "check", at("a.zip"), "--focus", "orcsv.users.*")

	// Into a store and out again.
	if out := ok("csv", "import", at("a.zip"), "--db", at("roster.db")); strings.Contains(out, "Not kept") {
		t.Error(out)
	}
	ok("csv", "export", "--db", at("roster.db"), "--out", at("b"))
	var d struct {
		Files []struct {
			Name                    string
			Added, Changed, Deleted int64
			After                   int64
		}
	}
	if err := json.Unmarshal([]byte(ok("csv", "diff", at("a.zip"), at("b"), "--format", "json")), &d); err != nil {
		t.Fatal(err)
	}
	if len(d.Files) != 21 {
		t.Errorf("%d files were compared", len(d.Files))
	}
	for _, f := range d.Files {
		if f.Added+f.Changed+f.Deleted > 0 || f.After == 0 {
			t.Errorf("after the round trip: %+v", f)
		}
	}
	if out := ok("csv", "diff", at("a.zip"), at("delta.zip")); !strings.Contains(out, "delta") {
		t.Error(out)
	}
}

// What pipelines read must be well-formed, and hold the findings.
func TestCSVFormats(t *testing.T) {
	dir := t.TempDir()
	users := filepath.Join(dir, "users.csv")
	if err := os.WriteFile(users, []byte("sourcedId,status\r\n1,\r\n1,\r\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	code, out, _ := call(t, "", "csv", "check", users, "--format", "sarif")
	var log struct {
		Version string
		Runs    []struct {
			Results []struct {
				RuleID, Level string
				Locations     []struct {
					PhysicalLocation struct {
						ArtifactLocation struct{ URI string }
						Region           struct{ StartLine int }
					}
				}
			}
		}
	}
	if err := json.Unmarshal([]byte(out), &log); err != nil || code != 1 || log.Version != "2.1.0" || len(log.Runs) != 1 {
		t.Fatalf("SARIF: %v, exit code %d:\n%s", err, code, out)
	}
	found := false
	for _, r := range log.Runs[0].Results {
		found = found || r.RuleID == "orcsv.users.unique" && r.Level == "error" && r.Locations[0].PhysicalLocation.ArtifactLocation.URI == "users.csv" && r.Locations[0].PhysicalLocation.Region.StartLine == 3
	}
	if !found {
		t.Errorf("the repeated sourcedId is not in\n%s", out)
	}
	_, out, _ = call(t, "", "csv", "check", users, "--format", "csv")
	if rows, err := csv.NewReader(strings.NewReader(out)).ReadAll(); err != nil || len(rows) < 3 || rows[0][0] != "level" {
		t.Errorf("CSV: %v\n%s", err, out)
	}
	for _, format := range []string{"json", "junit", "html"} {
		if _, out, _ := call(t, "", "csv", "check", users, "--format", format); !strings.Contains(out, "orcsv.users.unique") {
			t.Errorf("%s doesn't name the requirement", format)
		}
	}
}
