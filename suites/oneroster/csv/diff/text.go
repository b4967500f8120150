package diff

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/rollcall-edu/rollcall/reports"
)

// Errors tells how many notes are errors, and how many warnings.
func (r *Result) Errors() (errors, warnings int) {
	for _, n := range r.Notes {
		if n.Level == Error {
			errors++
		} else {
			warnings++
		}
	}
	return errors, warnings
}

// WriteText writes the comparison for a terminal: a line for each file, then what
// should be looked at.
func (r *Result) WriteText(w io.Writer) error {
	out := bufio.NewWriter(w)
	fmt.Fprintf(out, "%s, then %s (OneRoster CSV %s)\n\n", reports.OneLine(r.Old), reports.OneLine(r.New), r.Version)
	fmt.Fprintf(out, "  %-30s %-7s %10s %10s %10s %10s %10s\n", "file", "mode", "before", "added", "changed", "deleted", "unchanged")
	for _, f := range r.Files {
		fmt.Fprintf(out, "  %-30s %-7s %10d %10d %10d %10d %10d\n", f.Name+".csv", f.Mode, f.Before, f.Added, f.Changed, f.Deleted, f.Unchanged)
	}
	for _, f := range r.Files {
		for _, x := range []struct {
			what string
			ids  []string
			n    int64
		}{{"added", f.Examples.Added, f.Added}, {"changed", f.Examples.Changed, f.Changed}, {"deleted", f.Examples.Deleted, f.Deleted}} {
			if len(x.ids) > 0 {
				more := ""
				if x.n > int64(len(x.ids)) {
					more = ", …"
				}
				fmt.Fprintf(out, "\n  %s.csv %s: %s%s", f.Name, x.what, reports.OneLine(strings.Join(x.ids, ", ")), more)
			}
		}
	}
	for _, n := range r.Notes {
		times := ""
		if n.Count > 1 {
			times = fmt.Sprintf(", %d times", n.Count)
		}
		fmt.Fprintf(out, "\n\n%s: %s.csv %s%s\n  %s\n  remedy  %s", n.Level, n.File, n.Kind, times, n.Detail, n.Remedy)
		if len(n.Examples) > 0 {
			fmt.Fprintf(out, "\n  such as %s", reports.OneLine(strings.Join(n.Examples, ", ")))
		}
	}
	if len(r.Notes) == 0 {
		fmt.Fprint(out, "\n\nNothing looks like an accident.")
	}
	fmt.Fprintln(out)
	if err := out.Flush(); err != nil {
		return fmt.Errorf("writing the comparison: %w", err)
	}
	return nil
}
