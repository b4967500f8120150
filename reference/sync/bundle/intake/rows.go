package intake

import (
	"fmt"
	"hash/maphash"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// set is sourcedIds by their hash, sorted once all are there.
type set struct{ hashes []uint64 }

func (s *set) sort() (twice int) {
	slices.Sort(s.hashes)
	n := len(s.hashes)
	s.hashes = slices.Compact(s.hashes)
	return n - len(s.hashes)
}

func (s *set) has(h uint64) bool { _, found := slices.BinarySearch(s.hashes, h); return found }

// waiting is a reference to the file in which it stands.
type waiting struct {
	hash uint64
	line int
	name string
}

// file looks at one data file.
func (k *intake) file(f file) {
	name := f.name + ".csv"
	ids := &set{}
	k.ids[f.name] = ids
	var self []waiting
	rows, fits := -1, true
	k.read(f.name, func(line int, row []string) bool {
		rows++
		if rows == 0 {
			if f.name == "users" && len(row) > retiredAt && row[retiredAt] == retired {
				f.columns = slices.Insert(slices.Clone(f.columns), retiredAt, column{name: retired, kind: "refs", to: "resources"})
			}
			fits = k.header(f, row)
			return fits || !slices.Contains(k.rules, Header)
		}
		if strings.Join(row, "") == "" || len(row) < len(f.columns) || !fits {
			return true // a row of a spreadsheet, or a header that was to be looked at by nobody
		}
		ids.hashes = append(ids.hashes, k.hash(row[0]))
		at := func() string { return fmt.Sprintf("%s, line %d", name, line) }
		flagged := k.modes[f.name] == delta && row[1] == "tobedeleted"
		for i := range f.columns {
			k.value(&f, &f.columns[i], row[i], flagged, at)
		}
		if !flagged {
			self = k.refers(f, row, line, self)
			k.sense(f, row, at)
		}
		return true
	})
	if rows < 1 && fits {
		k.breaks(Package, name, "it has no rows")
	}
	if twice := ids.sort(); twice > 0 {
		k.breaks(Unique, name, "%d rows have a sourcedId that another one has", twice)
	}
	for _, w := range self {
		if !ids.has(w.hash) {
			k.breaks(References, fmt.Sprintf("%s, line %d", name, w.line), "%s leads to no row of the file", w.name)
		}
	}
}

func (k *intake) hash(id string) uint64 { return maphash.String(k.seed, id) }

// retired is a column of users that 1.2 had at first, and its place.
const (
	retired   = "resourceSourcedIds"
	retiredAt = 17
)

// header tells whether the columns stand where they are looked for.
func (k *intake) header(f file, row []string) bool {
	at := f.name + ".csv, line 1"
	for i, c := range f.columns {
		if i >= len(row) || row[i] != c.name {
			k.breaks(Header, at, "column %d is not %s", i+1, c.name)
			return false
		}
	}
	seen := map[string]bool{}
	for i, name := range row {
		if i >= len(f.columns) && (!strings.HasPrefix(name, "metadata.") || seen[name]) {
			k.breaks(Header, at, "column %d is no column of the standard, and no metadata.* that is there once", i+1)
			return false
		}
		seen[name] = true
	}
	return true
}

var forms = map[string]*regexp.Regexp{
	"guid":     regexp.MustCompile(`^[0-9A-Za-z._/@-]{1,255}$`),
	"year":     regexp.MustCompile(`^\d{4}$`),
	"bool":     regexp.MustCompile(`^(true|false)$`),
	"int":      regexp.MustCompile(`^[+-]?\d+$`),
	"float":    regexp.MustCompile(`^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$`),
	"pairs":    regexp.MustCompile(`^\{[^:{}]+:[^{}]+\}(,\{[^:{}]+:[^{}]+\})*$`),
	"datetime": regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$`),
}

// value looks at one value.
func (k *intake) value(f *file, c *column, v string, flagged bool, at func() string) {
	if c.change {
		switch filled := v != ""; {
		case k.modes[f.name] == delta && !filled:
			k.breaks(Mode, at(), "%s is blank in a delta", c.name)
			return
		case k.modes[f.name] != delta && filled:
			k.breaks(Mode, at(), "%s is filled in a bulk file", c.name)
			return
		}
	}
	if v == "" {
		if c.required && !flagged {
			k.breaks(Required, at(), "%s is blank", c.name)
		}
		return
	}
	right := true
	switch c.kind {
	case "date":
		_, err := time.Parse(time.DateOnly, v)
		right = err == nil
	case "datetime":
		_, err := time.Parse(time.RFC3339Nano, v)
		right = err == nil && forms["datetime"].MatchString(v)
	case "ref":
		right = forms["guid"].MatchString(v)
	case "texts", "enums", "refs":
		for item := range strings.SplitSeq(v, ",") {
			item = strings.TrimSpace(item)
			right = right && item != "" && (c.kind != "refs" || forms["guid"].MatchString(item))
		}
	case "guid", "year", "bool", "int", "float", "pairs":
		right = forms[c.kind].MatchString(v)
	}
	if !right {
		k.breaks(Format, at(), "%s has not the form of a %s", c.name, c.kind)
		return
	}
	if c.terms == nil {
		return
	}
	for term := range strings.SplitSeq(v, ",") {
		if c.kind == "enum" {
			term = v
		} else {
			term = strings.TrimSpace(term)
		}
		if !slices.Contains(c.terms, term) && (!c.open || len(term) < 5 || !strings.HasPrefix(term, "ext:")) {
			k.breaks(Vocabulary, at(), "%s has a term that isn't one of the standard's", c.name)
		}
	}
}

// refers looks where the references of a row lead. Those to the row's own file wait until that is read.
func (k *intake) refers(f file, row []string, line int, self []waiting) []waiting {
	look := func(name, to, list string) {
		for id := range strings.SplitSeq(list, ",") {
			h := k.hash(strings.TrimSpace(id))
			switch ids := k.ids[to]; {
			case to == f.name:
				self = append(self, waiting{h, line, name})
			case ids == nil || !ids.has(h):
				k.breaks(References, fmt.Sprintf("%s.csv, line %d", f.name, line), "%s leads to no row of %s.csv", name, to)
			}
		}
	}
	if k.modes[f.name] == delta {
		return self // what it refers to may have come before
	}
	for i, c := range f.columns {
		if c.to != "" && row[i] != "" && k.modes[c.to] != delta {
			look(c.name, c.to, row[i])
		}
	}
	if f.name == "demographics" && k.modes["users"] != delta {
		look("sourcedId", "users", row[0])
	}
	return self
}

// number reads a number; 0 where it is none.
func number(text string) float64 {
	n, _ := strconv.ParseFloat(text, 64)
	return n
}
