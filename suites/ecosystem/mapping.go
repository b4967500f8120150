package ecosystem

import (
	"encoding/csv"
	"fmt"
	"os"
	"strings"

	"github.com/rollcall-edu/rollcall/suites/harness"
)

// readTable reads a CSV file of two columns: the id in the SIS, and the one there. A first row that reads sis is a head.
func readTable(path string) (map[string]string, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("the table can't be read: %w", err)
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.FieldsPerRecord = 2
	rows, err := r.ReadAll()
	if err != nil {
		return nil, fmt.Errorf("the table %s is no CSV of two columns: %w", path, err)
	}
	out, back := map[string]string{}, map[string]string{}
	for i, row := range rows {
		if i == 0 && strings.EqualFold(strings.TrimSpace(row[0]), "sis") {
			continue
		}
		if other, twice := back[row[1]]; twice && other != row[0] {
			return nil, fmt.Errorf("the table %s has %s for two ids of the SIS", path, row[1])
		}
		out[row[0]], back[row[1]] = row[1], row[0]
	}
	return out, nil
}

// mapped is the id that a system has for an object of the SIS, by a declared mapping; "" where that says none.
func (m Mapping) mapped(object object, table map[string]string) string {
	id := object.text(m.SIS)
	if id == "" {
		return ""
	}
	if m.Table != "" {
		if id = table[id]; id == "" {
			return ""
		}
	}
	return m.Prefix + id + m.Suffix
}

// mapping finds what is declared of a kind of ids at a system: what names the system goes before what is for all.
func (s *Section) mapping(kind, at string) (Mapping, bool) {
	found, declared := Mapping{}, false
	for _, m := range s.IDs {
		if m.Kind != kind || m.At != "" && m.At != at {
			continue
		}
		if m.At == at || !declared {
			found, declared = m, true
		}
	}
	return found, declared
}

// expected lists the ids by which a system may know an object of the SIS: the one that is declared, or those that it has
// itself.
func (s *Section) expected(t *harness.Target, kind, at string, o object) []string {
	m, declared := s.mapping(kind, at)
	if declared {
		var table map[string]string
		if m.Table != "" {
			table, _ = readTable(beside(t, m.Table)) // it could be read when the section was validated
		}
		if id := m.mapped(o, table); id != "" {
			return []string{id}
		}
		return nil
	}
	var out []string
	for _, name := range []string{"sourcedId", "userMasterIdentifier"} {
		if id := o.text(name); id != "" && (name == "sourcedId" || kind == PersonID) {
			out = append(out, id)
		}
	}
	return out
}
