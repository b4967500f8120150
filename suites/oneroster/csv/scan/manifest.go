package scan

import (
	"errors"
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
	wide    string        // as in stream
	lone    bool
	bare    int       // line of the first property where there is no header; 0: there is one
	blank   int       // blank columns behind the second
	slip    string    // how the whole of it is written in another way, and was read all the same
	shut    *obstacle // why it can't be read
}

type property struct {
	name, value string
	line        int64
	fields      int
	trailing    bool // all fields behind the second are blank
}

// maxManifest bounds what is read of it: there are about thirty rows.
const maxManifest = 1 << 20

func readManifest(b *source.Bundle) manifest {
	e := b.Entry("manifest")
	if e == nil {
		m := manifest{}
		if x := b.ShutFile("manifest"); x != nil {
			m.there, m.shut = true, &obstacle{ruleOf(x.Fault), x.Path, x.Detail}
		}
		return m
	}
	m := manifest{there: true}
	in, err := e.Open()
	if err != nil {
		m.err = err
		return m
	}
	defer in.Close()
	text, err := m.decode(in)
	if err != nil {
		m.err = fmt.Errorf("reading %s: %w", e.Path, err)
	}
	switch kind := kindOf(text); {
	case kind != "":
		m.shut = &obstacle{"header.split", e.Path, "this is " + kind + ", no CSV"}
	default:
		m.parse(text)
		m.unslip(text)
	}
	return m
}

// decode reads the text of a manifest, whatever its encoding.
func (m *manifest) decode(in io.Reader) ([]byte, error) {
	var s stream
	in, text, err := s.decode(in)
	m.wide, m.lone = s.wide, s.lone
	if err == nil {
		var rest []byte
		rest, err = io.ReadAll(io.LimitReader(in, maxManifest))
		text = append(text, rest...)
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return text, err
}

func (m *manifest) parse(text []byte) {
	m.header, m.rows = nil, nil
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
		m.add(first, row, int64(s.Line()+1))
	}
}

func (m *manifest) add(first bool, row []string, line int64) {
	switch {
	case first:
		m.header = row
	case strings.Join(row, "") == "":
	default:
		p := property{name: row[0], line: line, fields: len(row)}
		if len(row) > 1 {
			p.value, p.trailing = row[1], strings.Join(row[2:], "") == ""
		}
		m.rows = append(m.rows, p)
	}
}

// unslip reads a manifest that is wrong as a whole, and in one way, as it was
// meant: fields separated in another way, or rows and columns exchanged.
func (m *manifest) unslip(text []byte) {
	lines := strings.Split(strings.ReplaceAll(strings.TrimSpace(string(text)), "\r\n", "\n"), "\n")
	comma := ","
	for _, x := range separators {
		if len(m.header) != 1 || !strings.Contains(m.header[0], x.text) || x.text == ":" && len(m.rows) < 2 {
			continue
		}
		comma = x.text
		m.slip, m.header, m.rows = separatedBy(x.word), nil, nil
		for i, line := range lines {
			m.add(i == 0, strings.Split(strings.ReplaceAll(line, `"`, ""), x.text), int64(i+1))
		}
		break
	}
	if len(m.header) == 1 && strings.Contains(m.header[0], ",") && len(m.rows) > 0 && m.rows[0].fields == 1 {
		rows := m.rows
		m.slip, m.header, m.rows = oneCell, strings.Split(m.header[0], ","), nil
		for _, p := range rows {
			m.add(false, strings.SplitN(p.name, ",", 2), p.line)
		}
	}
	m.unpreface()
	names := 0
	for _, n := range m.header {
		if isProperty(n) {
			names++
		}
	}
	if names < 3 || len(m.rows) == 0 || len(lines) < 2 {
		m.straighten()
		return
	}
	header, values := m.header, strings.Split(lines[1], comma)
	m.slip, m.header, m.rows = exchanged, []string{"propertyName", "value"}, nil
	for i, name := range header {
		if name == "propertyName" {
			continue
		}
		row := []string{name, ""}
		if i < len(values) {
			row[1] = strings.Trim(values[i], `"`)
		}
		m.add(false, row, 1)
	}
}

const exchanged = "rows and columns are exchanged"

// straighten takes a manifest whose two columns are exchanged, whose header is missing,
// or behind which a spreadsheet left blank columns, as it was meant.
func (m *manifest) straighten() {
	trim := func(row []string) []string {
		for len(row) > 2 && row[len(row)-1] == "" {
			row = row[:len(row)-1]
		}
		return row
	}
	if short := trim(m.header); len(short) < len(m.header) && !slices.ContainsFunc(m.rows,
		func(p property) bool { return p.fields > 2 && !p.trailing }) {
		m.blank, m.header = len(m.header)-len(short), short
		for i := range m.rows {
			m.rows[i].fields = min(m.rows[i].fields, 2)
		}
	}
	switch {
	case len(m.header) == 2 && bare(m.header[0]) == "value" && bare(m.header[1]) == "propertyName":
		m.slip, m.header = "the two columns are exchanged", []string{"propertyName", "value"}
		for i, p := range m.rows {
			m.rows[i].name, m.rows[i].value = p.value, p.name
		}
	case len(m.header) == 2 && isProperty(m.header[0]):
		m.bare = 1
		m.rows = append([]property{{name: m.header[0], value: m.header[1], line: 1, fields: 2}}, m.rows...)
	}
}

// unpreface passes over lines before the header.
func (m *manifest) unpreface() {
	if len(m.header) > 0 && bare(m.header[0]) == "propertyName" {
		return
	}
	for i, p := range m.rows {
		if bare(p.name) == "propertyName" {
			m.slip = fmt.Sprintf("the header stands in line %d, below what is no header", p.line)
			m.header, m.rows = []string{p.name, p.value}, m.rows[i+1:]
			return
		}
	}
}

// isProperty tells names of properties, in any version and case.
func isProperty(name string) bool {
	lower := strings.ToLower(bare(name))
	return strings.HasPrefix(lower, "file.") || strings.HasPrefix(lower, "source.") || lower == "manifest.version" ||
		lower == "oneroster.version"
}

// get gives a property; ok is false when there is none. Names are taken without
// regard to case and the footnote star here, so that one slip costs one finding.
func (m *manifest) get(name string) (property, bool) {
	for _, p := range m.rows {
		if strings.EqualFold(plain(p.name), name) {
			return p, true
		}
	}
	return property{}, false
}

// plain is the name of a property without what nobody sees and without the star of
// the document's footnote.
func plain(name string) string { return strings.TrimSuffix(bare(name), "*") }

// mode gives the declared mode of a file: absent, bulk, delta, or empty.
func (m *manifest) mode(file string) string {
	p, _ := m.get("file." + file)
	switch v := strings.ToLower(bare(p.value)); v {
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
		switch v := bare(p.value); {
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
	var s stream
	_, head, _ := s.decode(in)
	line, _, _ := strings.Cut(string(head[:min(len(head), 4096)]), "\n")
	return strings.Split(strings.TrimSpace(line), ",")
}

func (s *scanner) judgeManifest() {
	m := &s.manifest
	if s.bundle.Kind == "file" {
		return // one loose file is no package
	}
	e := s.bundle.Entry("manifest")
	if !m.there {
		if s.readable() && !s.foreign() {
			s.say("package.manifest", "", "", "there is no manifest.csv")
			s.examined("package.manifest", 1)
		}
		return
	}
	s.examined("package.manifest", 1)
	if m.shut != nil {
		if e != nil {
			s.advise(m.shut.rule, e.Path, "", m.shut.detail, "Write the manifest as CSV.")
		}
		return
	}
	if m.err != nil {
		m.shut = &obstacle{"text.readable", e.Path, m.err.Error()}
		s.say("text.readable", e.Path, "", m.err.Error())
		return
	}
	s.judgeManifestText(e.Path)
	check := func(id string, ok bool, value, detail string) {
		s.examined(id, 1)
		if !ok {
			s.say(id, e.Path, value, detail)
		}
	}
	if m.slip == "" {
		s.judgeManifestHeader(e.Path, check)
		for _, p := range m.rows {
			check("manifest.rows", p.fields == 2, p.name, fmt.Sprintf("line %d has %d fields", p.line, p.fields))
		}
	}
	s.judgeValue(e.Path, "manifest.version", "manifest.version", []string{"1.0"})
	s.judgeValue(e.Path, "manifest.oneroster-version", "oneroster.version", []string{"1.1", "1.2", "1.2.1"})
	s.judgeProperties(e.Path, check)
	s.judgeDeclared(e.Path, check)
}

// judgeManifestHeader holds the first line to what it must be.
func (s *scanner) judgeManifestHeader(path string, check func(id string, ok bool, value, detail string)) {
	m := &s.manifest
	switch {
	case m.bare > 0:
		s.advise("manifest.header", path, "", "there is no header: the first line is a property",
			"Insert a line above it: propertyName in column A, value in column B.")
	case m.blank > 0:
		s.advise("manifest.header", path, "", fmt.Sprintf("blank columns stand behind value, %d of them", m.blank), blankRemedy)
	default:
		check("manifest.header", slices.Equal(m.header, []string{"propertyName", "value"}), strings.Join(m.header, ","),
			unseenIn(strings.Join(m.header, ",")))
	}
}

// judgeManifestText says what is wrong with the manifest as text.
func (s *scanner) judgeManifestText(path string) {
	m := &s.manifest
	s.examined("text.utf8", 1)
	if m.slip != "" {
		remedy := separatedRemedy(m.slip)
		switch {
		case m.slip == exchanged:
			remedy = "Write one row for each property, its name and its value, below the header propertyName,value: in Excel copy all, and choose Paste Special, Transpose."
		case strings.HasPrefix(m.slip, "the two"):
			remedy = "Put propertyName into column A and value into column B."
		case strings.HasPrefix(m.slip, "the header"):
			remedy = "Delete the lines above the header: in Excel mark the rows, and choose Delete."
		}
		m.slip += along(m.wide, m.lone)
		s.advise("header.split", path, "", m.slip, remedy)
		return
	}
	if m.wide != "" {
		s.advise("text.utf8", path, "", "the file is "+m.wide, wideRemedy)
	}
	if m.lone {
		s.advise("text.line-end", path, "", "all lines end in CR alone", loneRemedy)
	}
	s.examined("header.split", 1)
	if m.problem != 0 {
		id, detail := problemRule(m.problem)
		s.say(id, path, "", fmt.Sprintf("line %d: %s", m.at, detail))
	}
}

// judgeValue holds the value of a property to those that it may have. Where it
// would be right but for something that nobody sees, that is what is said.
func (s *scanner) judgeValue(path, id, property string, right []string) {
	p, there := s.manifest.get(property)
	if !there {
		return
	}
	s.examined(id, 1)
	if slices.Contains(right, p.value) {
		return
	}
	detail, remedy := property, ""
	if hidden := unseenIn(p.value); hidden != "" && slices.Contains(right, bare(p.value)) {
		detail, remedy = fmt.Sprintf("%s, line %d: %s", property, p.line,
			hidden), "Delete it: what stands beside the comma belongs to the value (RFC 4180 §2.4)."
	}
	s.advise(id, path, p.value, detail, remedy)
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
		slip := slices.ContainsFunc(v.Required, func(n string) bool { return strings.EqualFold(n, plain(p.name)) })
		if !slip || known {
			check("manifest.known", known, p.name, fmt.Sprintf("line %d", p.line))
		}
	}
	s.examined("manifest.once", 1)
	for _, name := range v.Required {
		i := slices.IndexFunc(m.rows, func(p property) bool { return p.name == name })
		detail, remedy := "no row "+name, ""
		if p, there := m.get(name); there && i < 0 {
			detail, remedy = fmt.Sprintf("line %d has %q instead", p.line, p.name), "Correct the name."
			if hidden := unseenIn(p.name); hidden != "" {
				detail, remedy = fmt.Sprintf("line %d holds %s", p.line, hidden), "Delete the character."
			}
		}
		s.examined("manifest.properties", 1)
		if i < 0 {
			s.advise("manifest.properties", path, name, detail, remedy)
		} else if strings.HasPrefix(name, "file.") {
			s.judgeValue(path, "manifest.modes", name, v.Modes)
		}
	}
}

// judgeDeclared compares what is declared with what is there.
func (s *scanner) judgeDeclared(path string, check func(id string, ok bool, value, detail string)) {
	for _, f := range s.version.Files {
		there := s.there(f.Name)
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
