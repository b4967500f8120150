package csv

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/rollcall-edu/rollcall/reports"
	"github.com/rollcall-edu/rollcall/suites/catalogue"
	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/oneroster"
	"github.com/rollcall-edu/rollcall/suites/oneroster/csv/rule"
	"github.com/rollcall-edu/rollcall/suites/oneroster/csv/scan"
	"github.com/rollcall-edu/rollcall/suites/oneroster/csv/source"
	"github.com/rollcall-edu/rollcall/suites/oneroster/csv/table"
)

// Profiles of makers of bundles, by version.
var profiles = map[string]string{"1.1": "or11-csv-export", "1.2": "or12-csv-export"}

// Profile gives the profile of a version.
func Profile(version string) string { return profiles[version] }

// Scan opens and scans a bundle: a zip, a folder, one file, or "-" for standard
// input.
func Scan(ctx context.Context, path string, o scan.Options) (*scan.Result, error) {
	b, err := Open(path, o.Limit)
	if err != nil {
		return nil, err
	}
	defer b.Close()
	result, err := scan.Scan(ctx, b, o)
	return result, refused(path, err)
}

// Open opens a bundle that unpacks to no more than limit bytes (0: the default). An
// error is a *harness.ConfigError.
func Open(path string, limit int64) (*source.Bundle, error) {
	var b *source.Bundle
	var err error
	if path == "-" {
		b, err = source.Spool(os.Stdin, scan.Known, limit)
	} else {
		b, err = source.Open(path, scan.Known)
	}
	if err != nil {
		return nil, refused(path, err)
	}
	if b.Kind == "file" && !scan.Known(b.Entries[0].Name) {
		b.Close()
		return nil, &harness.ConfigError{Key: path, Cause: b.Entries[0].Path + " is neither a zip nor a file of OneRoster CSV",
			Remedy: "name a zip, a folder, or one file by its name in the standard, such as users.csv"}
	}
	if err := b.Within(limit); err != nil {
		b.Close()
		return nil, refused(path, err)
	}
	return b, nil
}

// refused words why a bundle was not read at all.
func refused(path string, err error) error {
	var large *source.TooLarge
	var many *scan.TooMany
	switch {
	case err == nil, errors.Is(err, context.Canceled):
		return err
	case errors.As(err, &large):
		return &harness.ConfigError{Key: path, Cause: large.Error(), Remedy: "if so much is meant, raise the limit by --max-unpacked, in GiB"}
	case errors.As(err, &many):
		return &harness.ConfigError{Key: path, Cause: many.Error(), Remedy: "split the bundle"}
	}
	return &harness.ConfigError{Key: path, Cause: err.Error(), Remedy: "name a zip, a folder or a CSV file that can be read"}
}

// Refusals lists why a bundle can't be imported, each in one line with its remedy: what
// the report calls broken, and what an importer would lose or corrupt data by. A bundle
// without records, and one that is no whole, is a loss of all.
func Refusals(r *scan.Result, report *reports.Report) []string {
	broken := map[string]bool{}
	for _, q := range report.Requirements {
		broken[q.ID] = q.Verdict == reports.Fail
	}
	var out []string
	for _, f := range r.Findings {
		if !f.Rule.Loses && !broken[f.Rule.Requirement] {
			continue
		}
		var e scan.Example
		if len(f.Examples) > 0 {
			e = f.Examples[0]
		}
		times := ""
		if f.Count > 1 {
			times = fmt.Sprintf(", %d times", f.Count)
		}
		out = append(out, fmt.Sprintf("%s (%s): %s%s: %s", Where(f, e), f.Rule.Requirement, cmp.Or(Seen(e), "nothing stands there"), times,
			f.Remedy()))
	}
	for _, f := range r.Files {
		if f.Path != "" && f.Mode == "delta" && f.Rows > 0 {
			out = append(out, f.Path+": it is delta; only a bulk bundle is a whole district")
		}
	}
	if r.Rows == 0 && len(out) == 0 {
		out = append(out, "there is no row of data in it")
	}
	return out
}

// Suite judges bundles. result is a bundle that was scanned already; nil: the
// one that the target file names is scanned when the run begins.
func Suite(result *scan.Result) harness.Suite {
	return harness.Suite{
		ID: "oneroster.csv", Title: "OneRoster CSV bundles", Role: "csv",
		Checks:   checks(),
		Section:  oneroster.New,
		Profiles: []string{profiles["1.2"], profiles["1.1"]},
		Doctor:   doctor,
		Open: func(ctx context.Context, s *harness.Session) (any, error) {
			if result != nil {
				return result, nil
			}
			return Scan(ctx, oneroster.Of(s.Target).CSV.Bundle, scan.Options{Version: oneroster.Of(s.Target).CSV.Version,
				Progress: func(done, total int64) { s.Progress(int(done>>10), int(total>>10), "KiB") }})
		},
	}
}

func doctor(_ context.Context, s *harness.Session) []harness.Diagnosis {
	path := oneroster.Of(s.Target).CSV.Bundle
	if path == "" {
		return []harness.Diagnosis{{
			Name:   "bundle",
			Fatal:  true,
			Detail: "no bundle is named",
			Remedy: "add `csv: {bundle: …}` below oneroster in the target file",
		}}
	}
	if _, err := os.Stat(path); err != nil {
		return []harness.Diagnosis{{Name: "bundle", Fatal: true, Detail: err.Error(), Remedy: "correct oneroster.csv.bundle in the target file"}}
	}
	return []harness.Diagnosis{{Name: "bundle", OK: true, Detail: path + " is there"}}
}

// group holds all checks together: they share one scan.
const group = "csv"

// checks makes one check of each topic of the catalogue: what concerns the
// package, the manifest, the text, the headers, the rules between records, and
// one for each data file.
func checks() []harness.Check {
	c, err := catalogue.Load()
	if err != nil {
		panic(err) // embedded data
	}
	var order []string
	byTopic := map[string][]string{}
	for _, r := range c.Requirements() {
		rest, ours := strings.CutPrefix(r.ID, rule.Prefix)
		if !ours {
			continue
		}
		topic, _, _ := strings.Cut(rest, ".")
		if byTopic[topic] == nil {
			order = append(order, topic)
		}
		byTopic[topic] = append(byTopic[topic], r.ID)
	}
	var out []harness.Check
	for _, topic := range order {
		out = append(out, harness.Check{
			ID:           "csv." + topic,
			Title:        titleOf(topic),
			Requirements: byTopic[topic],
			Labels:       []string{"csv", topic},
			Group:        group,
			Needs:        []harness.Need{harness.InBody("a bundle")},
			Body:         judge,
		})
	}
	return out
}

func titleOf(topic string) string {
	switch topic {
	case "package":
		return "The package holds what it must, and nothing that does harm"
	case "manifest":
		return "The manifest says what is there"
	case "text":
		return "The text is UTF-8 in the form of RFC 4180"
	case "header":
		return "Headers are those of the standard"
	case "rules":
		return "Rows agree with each other and with other files"
	}
	return "Values of " + fileOf(topic) + " are right by themselves"
}

// fileOf gives the file of a topic.
func fileOf(topic string) string {
	v, err := table.Load("1.2")
	if err != nil {
		panic(err) // embedded data
	}
	i := slices.IndexFunc(v.Files, func(f table.File) bool { return rule.Kebab(f.Name) == topic })
	if i < 0 {
		panic("no file has the topic " + topic)
	}
	return v.Files[i].Name + ".csv"
}

// judge gives the verdicts of one check from the scan.
func judge(_ context.Context, t *harness.T) {
	r := t.Session().Shared.(*scan.Result)
	blocked := map[string]scan.Blocked{}
	for _, b := range r.Blocked {
		if _, met := blocked[b.Requirement]; !met {
			blocked[b.Requirement] = b
		}
	}
	for _, id := range t.Check().Requirements {
		t.Examined(id, int(r.Examined[id]))
		for _, f := range r.Findings {
			if f.Rule.Requirement == id {
				t.Fail(id, finding(f))
			}
		}
		switch b, hangs := blocked[id]; {
		case hangs:
			t.NotTested(harness.BlockedBy(b.Owner, b.Reason), id)
		case r.Examined[id] == 0 && !r.Broken(id):
			t.NotApplicable(id, "the bundle holds nothing that it is about")
		}
	}
}

// finding words what was found for a report.
func finding(f scan.Finding) harness.Finding {
	out := harness.Finding{Expected: f.Rule.Expected, Cause: f.Remedy(), Count: int(f.Count)}
	var seen, where []string
	for _, e := range f.Examples {
		if s := Seen(e); !slices.Contains(seen, s) && s != "" {
			seen = append(seen, s)
		}
		if w := Where(f, e); !slices.Contains(where, w) {
			where = append(where, w)
		}
	}
	if len(seen) == 0 {
		seen = []string{"nothing"}
	}
	out.Seen, out.Where = strings.Join(seen, "; "), strings.Join(where, ", ")
	return out
}

// Seen words what stands at one place.
func Seen(e scan.Example) string {
	switch {
	case e.Value == "":
		return e.Detail
	case e.Detail == "":
		return fmt.Sprintf("%q", e.Value)
	}
	return fmt.Sprintf("%q (%s)", e.Value, e.Detail)
}

// Where names one place as file:line:field and the column.
func Where(f scan.Finding, e scan.Example) string {
	out := cmp.Or(e.File, f.File)
	if out == "" {
		out = "the bundle"
	}
	if e.Line > 0 {
		out += fmt.Sprintf(":%d", e.Line)
		if e.Field > 0 {
			out += fmt.Sprintf(":%d", e.Field)
		}
	}
	if f.Column != "" {
		out += " " + f.Column
	}
	return out
}
