package scan

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/rollcall-edu/rollcall/suites/oneroster/csv/source"
	"github.com/rollcall-edu/rollcall/suites/oneroster/csv/split"
	"github.com/rollcall-edu/rollcall/suites/oneroster/csv/table"
)

// manifest is manifest.csv as it came (OneRoster 1.2 CSV Binding §5).
type manifest struct {
	there   bool
	err     error
	header  []string
	rows    []property
	problem split.Problem // of any record
	at      int           // line of that
	bom     bool
	text    string
}

type property struct {
	name, value string
	line        int64
	fields      int
}

// maxManifest bounds what is read of it: there are about thirty rows.
const maxManifest = 1 << 20

func readManifest(b *source.Bundle) manifest {
	e := b.Entry("manifest")
	if e == nil {
		return manifest{}
	}
	m := manifest{there: true}
	in, err := e.Open()
	if err != nil {
		m.err = err
		return m
	}
	defer in.Close()
	text, err := io.ReadAll(io.LimitReader(in, maxManifest))
	if err != nil {
		m.err = fmt.Errorf("reading %s: %w", e.Path, err)
	}
	m.parse(text)
	return m
}

func (m *manifest) parse(text []byte) {
	if rest, bom := strings.CutPrefix(string(text), "\xEF\xBB\xBF"); bom {
		m.bom, text = true, []byte(rest)
	}
	m.text = string(text)
	var s split.Splitter
	s.Reset(append(make([]byte, 0, len(text)+split.Pad), text...))
	for first := true; s.Next(); first = false {
		if s.Problem != 0 && m.problem == 0 {
			m.problem, m.at = s.Problem, s.Line()+1
		}
		var row []string
		for i := range s.Fields {
			row = append(row, string(s.Value(i)))
		}
		switch {
		case first:
			m.header = row
		case len(row) == 1 && row[0] == "":
		default:
			p := property{name: row[0], line: int64(s.Line() + 1), fields: len(row)}
			if len(row) > 1 {
				p.value = row[1]
			}
			m.rows = append(m.rows, p)
		}
	}
}

// get gives a property; ok is false when there is none. Names are taken without
// regard to case and the footnote star here, so that one slip costs one finding.
func (m *manifest) get(name string) (property, bool) {
	for _, p := range m.rows {
		if strings.EqualFold(strings.TrimSuffix(strings.TrimSpace(p.name), "*"), name) {
			return p, true
		}
	}
	return property{}, false
}

// mode gives the declared mode of a file: absent, bulk, delta, or empty.
func (m *manifest) mode(file string) string {
	p, _ := m.get("file." + file)
	switch v := strings.ToLower(strings.TrimSpace(p.value)); v {
	case "absent", "bulk", "delta":
		return v
	}
	return ""
}

// settle chooses the version whose tables are used.
func (s *scanner) settle() (version, reason string) {
	if s.o.Version != "" {
		return s.o.Version, "as asked for"
	}
	if p, ok := s.manifest.get("oneroster.version"); ok {
		switch v := strings.TrimSpace(p.value); {
		case v == "1.1" || v == "1.1.0" || v == "1.1.1":
			return "1.1", "oneroster.version in the manifest is " + v
		case strings.HasPrefix(v, "1.2"):
			return "1.2", "oneroster.version in the manifest is " + v
		}
	}
	new12, _ := table.Load("1.2")
	old, _ := table.Load("1.1")
	for _, e := range s.bundle.Entries {
		if e.Name != "manifest" && old.File(e.Name) == nil && new12.File(e.Name) != nil {
			return "1.2", "there is a " + e.Name + ".csv, which 1.1 doesn't have"
		}
	}
	if e := s.bundle.Entry("users"); e != nil && slices.Contains(firstLine(e), "orgSourcedIds") {
		return "1.1", "users.csv has the columns of 1.1"
	}
	return "1.2", "nothing in the bundle names another"
}

// firstLine gives the names in a file's header.
func firstLine(e *source.Entry) []string {
	in, err := e.Open()
	if err != nil {
		return nil
	}
	defer in.Close()
	head, _ := io.ReadAll(io.LimitReader(in, 4096))
	line, _, _ := strings.Cut(strings.TrimPrefix(string(head), "\xEF\xBB\xBF"), "\n")
	return strings.Split(strings.TrimSpace(line), ",")
}

func (s *scanner) judgeManifest() {
	m := &s.manifest
	if s.bundle.Kind == "file" {
		return // one loose file is no package
	}
	e := s.bundle.Entry("manifest")
	if !m.there {
		if s.readable() {
			s.say("package.manifest", "", "", "there is no manifest.csv")
			s.examined("package.manifest", 1)
		}
		return
	}
	s.examined("package.manifest", 1)
	if m.err != nil {
		s.say("text.readable", e.Path, "", m.err.Error())
		return
	}
	if m.problem != 0 {
		id, detail := problemRule(m.problem)
		s.say(id, e.Path, "", fmt.Sprintf("line %d: %s", m.at, detail))
	}
	check := func(id string, ok bool, value, detail string) {
		s.examined(id, 1)
		if !ok {
			s.say(id, e.Path, value, detail)
		}
	}
	check("manifest.header", slices.Equal(m.header, []string{"propertyName", "value"}), strings.Join(m.header, ","), "")
	for _, p := range m.rows {
		check("manifest.rows", p.fields == 2, p.name, fmt.Sprintf("line %d has %d fields", p.line, p.fields))
	}
	if p, there := m.get("manifest.version"); there {
		check("manifest.version", p.value == "1.0", p.value, "manifest.version")
	}
	if p, there := m.get("oneroster.version"); there {
		check("manifest.oneroster-version", slices.Contains([]string{"1.1", "1.2", "1.2.1"}, p.value), p.value, "oneroster.version")
	}
	s.judgeProperties(e.Path, check)
	s.judgeDeclared(e.Path, check)
}

func (s *scanner) judgeProperties(path string, check func(id string, ok bool, value, detail string)) {
	m, v := &s.manifest, s.version
	seen := map[string]int{}
	for _, p := range m.rows {
		seen[p.name]++
		if seen[p.name] == 2 {
			check("manifest.once", false, p.name, fmt.Sprintf("again on line %d", p.line))
		}
		known := slices.Contains(v.Required, p.name) || slices.Contains(v.Optional, p.name)
		slip := slices.ContainsFunc(v.Required, func(n string) bool { return strings.EqualFold(n, strings.TrimSuffix(strings.TrimSpace(p.name), "*")) })
		if !slip || known {
			check("manifest.known", known, p.name, fmt.Sprintf("line %d", p.line))
		}
	}
	s.examined("manifest.once", 1)
	for _, name := range v.Required {
		i := slices.IndexFunc(m.rows, func(p property) bool { return p.name == name })
		detail := "no row " + name
		if p, there := m.get(name); there && i < 0 {
			detail = fmt.Sprintf("line %d has %q instead", p.line, p.name)
		}
		check("manifest.properties", i >= 0, name, detail)
		if i >= 0 && strings.HasPrefix(name, "file.") {
			check("manifest.modes", slices.Contains(v.Modes, m.rows[i].value), m.rows[i].value, name)
		}
	}
}

// judgeDeclared compares what is declared with what is there.
func (s *scanner) judgeDeclared(path string, check func(id string, ok bool, value, detail string)) {
	for _, f := range s.version.Files {
		there := s.bundle.Entry(f.Name) != nil
		switch mode := s.manifest.mode(f.Name); {
		case mode == "bulk" || mode == "delta":
			if !there && !s.readable() {
				break // it may be in what can't be read
			}
			check("manifest.present", there, "file."+f.Name, "declared "+mode+", but there is no "+f.Name+".csv")
		case there && (mode == "absent" || mode == ""):
			detail := "declared absent, but " + f.Name + ".csv is there"
			if mode == "" {
				detail = f.Name + ".csv is there and not declared"
			}
			check("manifest.declared", false, "file."+f.Name, detail)
		}
		if there {
			s.examined("manifest.declared", 1)
		}
	}
}
