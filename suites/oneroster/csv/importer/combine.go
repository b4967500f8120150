package importer

import (
	"fmt"
	"slices"
	"strings"

	"github.com/rollcall-edu/rollcall/fixtures/broken"
	"github.com/rollcall-edu/rollcall/suites/oneroster/csv/table"
)

// The areas that a product may claim: everybody has to take rosters, resources
// and outcomes are by choice. A set holds no files of an area that it isn't
// about.
const (
	Rostering = "rostering"
	Resources = "resources"
	Outcomes  = "outcomes"
)

// Areas lists the areas.
func Areas() []string { return []string{Rostering, Resources, Outcomes} }

// areaOf tells to which area a data file belongs.
func areaOf(file string) string {
	switch file {
	case "resources", "classResources", "courseResources", "userResources":
		return Resources
	case "categories", "lineItems", "results", "scoreScales", "lineItemScoreScales", "lineItemLearningObjectiveIds",
		"resultScoreScales", "resultLearningObjectiveIds":
		return Outcomes
	}
	return Rostering
}

// minimum are the files without which a bulk bundle is no roster (OneRoster 1.2
// CSV Binding §3); those of 1.1 are the same without roles.
var minimum = []string{"academicSessions", "orgs", "courses", "classes", "users", "roles", "enrollments"}

// combination is a bundle that is right and holds some of the files.
type combination struct {
	base, area, title string
	files             []string
}

// combinations lists the bundles that are right by which files they hold: in bulk
// each choice that leaves no reference open, in a delta each file alone, each
// pair, all but one, and all: a delta holds what has changed and no more.
func combinations(base string, v *table.Version) []combination {
	var out []combination
	add := func(area string, files []string, title string) {
		out = append(out, combination{base: base, area: area, files: files, title: title})
	}
	for _, area := range Areas() {
		var all, choice []string
		for _, f := range v.Files {
			if areaOf(f.Name) != area {
				continue
			}
			all = append(all, f.Name)
			if base == broken.Delta || !slices.Contains(minimum, f.Name) {
				choice = append(choice, f.Name)
			}
		}
		if base == broken.Delta {
			add(area, all, "a delta of every file of "+area)
			for i, name := range all {
				add(area, []string{name}, "a delta of "+name+".csv alone")
				if len(all) > 2 {
					add(area, without(all, name), "a delta of every file of "+area+" but "+name+".csv")
				}
				for _, other := range all[i+1:] {
					add(area, []string{name, other}, "a delta of "+name+".csv and "+other+".csv")
				}
			}
			continue
		}
		for choices := range 1 << len(choice) {
			files := slices.Clone(minimum)
			var names []string
			for i, name := range choice {
				if choices>>i&1 == 1 {
					files, names = append(files, name), append(names, name+".csv")
				}
			}
			if area != Rostering && len(names) == 0 || !closed(v, files) {
				continue
			}
			title := "a roster of the files that every roster has"
			if len(names) > 0 {
				title += ", and " + strings.Join(names, ", ")
			}
			add(area, files, title)
		}
	}
	return out
}

func without(list []string, name string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(n string) bool { return n == name })
}

// closed tells whether every required reference of the files leads to one of
// them.
func closed(v *table.Version, files []string) bool {
	for _, f := range v.Files {
		if !slices.Contains(files, f.Name) {
			continue
		}
		for _, c := range f.Columns {
			if c.Need == table.Required && c.Target != "" && !slices.Contains(files, c.Target) {
				return false
			}
		}
	}
	return true
}

// reduced makes a bundle of some files of another: the others are declared absent,
// and optional references into them are blank.
func reduced(b *broken.Bundle, v *table.Version, keep func(file string) bool) *broken.Bundle {
	out := b.Clone()
	out.Order = slices.DeleteFunc(out.Order, func(name string) bool { return name != "manifest" && !keep(name) })
	for _, row := range out.Files["manifest"].Rows {
		if file, is := strings.CutPrefix(row[0], "file."); is && !keep(file) {
			row[1] = "absent"
		}
	}
	for _, f := range v.Files {
		t := out.Files[f.Name]
		if t == nil {
			continue
		}
		if !keep(f.Name) {
			delete(out.Files, f.Name)
			continue
		}
		for i, c := range f.Columns {
			if at := slices.Index(t.Header, c.Name); c.Target != "" && !keep(c.Target) && c.Need != table.Required && at >= 0 && i > 0 {
				for _, row := range t.Rows {
					row[at] = ""
				}
			}
		}
	}
	return out
}

// Base gives a bulk bundle of 1.2 that is right in every way and has all files of some areas: what the sets are
// variations of. The caller may change it.
func Base(areas []string) (*broken.Bundle, error) {
	whole, err := broken.Base(broken.Bulk)
	if err != nil {
		return nil, err
	}
	v, err := table.Load("1.2")
	if err != nil {
		return nil, err
	}
	return reduced(whole, v, func(file string) bool { a := areaOf(file); return a == Rostering || slices.Contains(areas, a) }), nil
}

// areaOfCase tells by the files that a case changes which area it is about.
func areaOfCase(c broken.Case) (area string, mixed bool) {
	area = Rostering
	for _, s := range c.Steps {
		from, _, _ := strings.Cut(s.From, ".")
		for _, file := range []string{s.File, from, strings.TrimSuffix(s.Add, ".csv"),
			strings.TrimPrefix(strings.TrimPrefix(s.Where, "propertyName="), "file.")} {
			switch a := areaOf(file); {
			case a == Rostering || a == area:
			case area == Rostering:
				area = a
			default:
				mixed = true
			}
		}
	}
	return area, mixed
}

// fileName gives a set its place among the others: a folder by whether it is
// valid, one by its area, and a name by both, its base and a number.
func fileName(s Set, number int) string {
	folder := map[Expectation]string{Accept: "ValidFileSet", Either: "EitherFileSet", Refuse: "InvalidFileSet"}[s.Expect]
	return fmt.Sprintf("%s/%s/%s%03d.zip", folder, strings.ToUpper(s.Area[:1])+s.Area[1:], prefix(s), number)
}

func prefix(s Set) string {
	return map[Expectation]string{Accept: "V", Either: "E", Refuse: "I"}[s.Expect] +
		map[string]string{Rostering: "R", Resources: "S", Outcomes: "O"}[s.Area] +
		map[string]string{broken.Bulk: "b", broken.Delta: "d", broken.Old: "o"}[s.Base]
}
