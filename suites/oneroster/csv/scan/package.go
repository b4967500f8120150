package scan

import (
	"github.com/rollcall-edu/rollcall/suites/oneroster/csv/source"
)

// readable tells whether the package could be opened at all.
func (s *scanner) readable() bool {
	for _, p := range s.bundle.Problems {
		if p.Fault == source.Unreadable {
			return false
		}
	}
	return s.closed == nil
}

// judgePackage turns what the source saw into findings (OneRoster 1.2 CSV Binding
// §2).
func (s *scanner) judgePackage() {
	if s.bundle.Kind == "file" {
		return
	}
	for _, p := range s.bundle.Problems {
		s.advise(ruleOf(p.Fault), p.Entry, "", p.Detail, packageRemedy(p))
	}
	s.examined("package.zip", 1)
	if s.closed != nil {
		return // there was nothing to look at
	}
	entries := int64(len(s.bundle.Entries) + len(s.bundle.Problems))
	for _, id := range []string{"root", "once", "safe-name", "known", "name-case", "litter"} {
		s.examined("package."+id, entries)
	}
	if s.bundle.Kind == "zip" {
		s.examined("package.extension", 1)
		for _, id := range []string{"plain", "deflate", "size"} {
			s.examined("package."+id, entries)
		}
	}
	// A file of another version is no file of this one.
	for _, e := range s.bundle.Entries {
		if e.Name != "manifest" && s.version.File(e.Name) == nil {
			s.say("package.known", e.Path, "", "OneRoster CSV "+s.version.Name+" has no such file")
		}
	}
	if !s.readable() {
		return
	}
	minimum := []string{"academicSessions", "classes", "courses", "enrollments", "orgs", "users"}
	if s.version.Name != "1.1" {
		minimum = append(minimum, "roles")
	}
	bulk := false
	for _, f := range s.version.Files {
		bulk = bulk || s.there(f.Name) && s.manifest.mode(f.Name) == "bulk"
	}
	if !bulk {
		return
	}
	for _, name := range minimum {
		s.examined("package.rostering", 1)
		if !s.there(name) {
			s.say("package.rostering", "", name+".csv", "it is not in the package")
		}
	}
}

// packageRemedy says what to do with files that are no CSV.
func packageRemedy(p source.Problem) string {
	switch p.Detail {
	case source.Workbook:
		return "Save each sheet by itself: in Excel choose Save As, CSV UTF-8 (Comma delimited), name it as the standard does, such as users.csv, and zip the CSV files."
	case source.Inner:
		return "Unpack the inner zip, and send the CSV files in one zip."
	case source.Renamed:
		return "Name the file .csv; if it isn't CSV yet, save it as CSV UTF-8 (Comma delimited) in Excel."
	}
	return ""
}

// foreign tells whether a package holds no file of the standard, and others instead.
func (s *scanner) foreign() bool {
	if len(s.bundle.Entries) > 0 || len(s.bundle.Shut) > 0 || s.closed != nil {
		return false
	}
	for _, p := range s.bundle.Problems {
		if p.Fault == source.Unknown {
			return true
		}
	}
	return false
}

// judgeData says that a package holds no row of data, where nothing else says it. A
// manifest alone that declares all files absent is right: nothing has changed.
func (s *scanner) judgeData() {
	if s.bundle.Kind == "file" || s.closed != nil || !s.readable() || s.result.Rows > 0 {
		return
	}
	declared := false
	for _, f := range s.version.Files {
		if s.there(f.Name) {
			return // the file itself is judged for that
		}
		mode := s.manifest.mode(f.Name)
		declared = declared || mode == "bulk" || mode == "delta"
	}
	others := ""
	for _, p := range s.bundle.Problems {
		if p.Fault == source.Unknown {
			others = ", but " + p.Entry + " is: " + p.Detail
			s.advise("package.not-empty", "", "", "no file with data is in the package"+others, packageRemedy(p))
			break
		}
	}
	if others == "" && declared {
		s.advise("package.not-empty", "", "", "no file with data is in the package, and the manifest declares some",
			"Put the files into the package, or declare them absent.")
	}
	if s.foreign() {
		s.block(&obstacle{"package.not-empty", "", "there is no file of the standard in the package"}, "package.manifest")
	}
}

// closedBy tells why nothing of a bundle can be read: the zip can't be opened, or
// its directory lists more than any bundle has.
func closedBy(b *source.Bundle) *obstacle {
	if len(b.Entries) > 0 || len(b.Shut) > 0 {
		return nil
	}
	for _, p := range b.Problems {
		if p.Fault == source.Unreadable || p.Fault == source.Bomb && b.Kind == "zip" {
			return &obstacle{ruleOf(p.Fault), p.Entry, p.Detail}
		}
	}
	return nil
}
