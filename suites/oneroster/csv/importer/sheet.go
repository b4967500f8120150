package importer

import (
	"encoding/csv"
	"fmt"
	"os"
	"strings"

	"github.com/rollcall-edu/rollcall/reports"
)

// SheetFile is the name of the sheet beside the sets.
const SheetFile = "sheet.csv"

// Outcome is what a product did with a set.
type Outcome string

// The outcomes. Reported means: taken, and the error reported to the operator.
const (
	Accepted Outcome = "accepted"
	Refused  Outcome = "refused"
	Reported Outcome = "reported"
	Crashed  Outcome = "crashed"
	// Damaged means: whatever became of the set, something that it doesn't say is lost or spoilt.
	Damaged Outcome = "damaged"
	Unknown Outcome = "" // nobody has tried
)

// Answer is an outcome with what was remarked.
type Answer struct {
	Outcome Outcome
	Remark  string
}

var sheetHeader = []string{"file", "expected", "outcome", "remark", "topic", "case", "what is in it"}

// WriteSheet writes the sheet: one line a set, with what is known of it.
func WriteSheet(path string, sets []Set, answers map[string]Answer) error {
	f, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("writing the sheet: %w", err)
	}
	w := csv.NewWriter(f)
	_ = w.Write(sheetHeader) // Flush tells of any error
	for _, s := range sets {
		a := answers[s.File]
		_ = w.Write(reports.Cells(s.File, string(s.Expect), string(a.Outcome), a.Remark, s.Topic, s.Case, s.Title))
	}
	w.Flush()
	if err := w.Error(); err != nil {
		f.Close()
		return fmt.Errorf("writing the sheet: %w", err)
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("writing the sheet: %w", err)
	}
	return nil
}

// ReadSheet reads what a person filled in, by file.
func ReadSheet(path string) (map[string]Answer, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("reading the sheet: %w", err)
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.FieldsPerRecord = -1
	rows, err := r.ReadAll()
	if err != nil {
		return nil, fmt.Errorf("reading the sheet: %w", err)
	}
	out := map[string]Answer{}
	for i, row := range rows {
		if i == 0 || len(row) < 4 {
			continue
		}
		o := Outcome(strings.ToLower(strings.TrimSpace(row[2])))
		switch o {
		case Accepted, Refused, Reported, Crashed, Damaged, Unknown:
		default:
			return nil, fmt.Errorf("reading the sheet: line %d: the outcome %q is none of accepted, refused, reported, crashed, damaged", i+1, row[2])
		}
		out[row[0]] = Answer{o, row[3]}
	}
	return out, nil
}
