package harness

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/rollcall-edu/rollcall/suites/spelling"
)

// A target file is written by hand. These bounds are far above any real one, and keep
// a file that is none from costing memory or time: they hold before anything is made
// of the text.
const (
	maxTarget  = 1 << 20 // bytes
	maxNesting = 60      // levels of keys and lists
	maxNodes   = 200_000 // keys and values, those that anchors repeat counted each time
	maxEntries = 1000    // keys in one group
)

// keysPage says where every key is explained.
const keysPage = "docs/target.md explains every key"

// ReadTarget reads and validates a target file. lookup gives the values of
// ${NAME}; pass os.LookupEnv. sections make those that may stand in the file; Sections lists
// the ones that suites read.
func ReadTarget(path string, lookup func(string) (string, bool), sections ...func() Section) (*Target, error) {
	text, err := readBounded(path)
	if err != nil {
		return nil, &ConfigError{File: path, Cause: "the target file can't be read: " + err.Error(),
			Remedy: spelling.Remedy(filepath.Base(path), neighbours(path), "give its path with --target, or write one with `rollcall init`")}
	}
	return ParseTarget(path, text, lookup, sections...)
}

// readBounded reads no more than a target file may hold, and a byte.
func readBounded(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxTarget+1))
}

// neighbours lists the YAML files beside a path, which may have been meant.
func neighbours(path string) []string {
	var out []string
	for _, pattern := range []string{"*.yaml", "*.yml"} {
		found, _ := filepath.Glob(filepath.Join(filepath.Dir(path), pattern))
		for _, f := range found {
			out = append(out, filepath.Base(f))
		}
	}
	return out
}

// ParseTarget does the same from memory; path names the file in errors.
func ParseTarget(path string, text []byte, lookup func(string) (string, bool), sections ...func() Section) (*Target, error) {
	t := &Target{path: path, sections: made(sections), lookedUp: map[string]string{}, lines: map[string]int{}}
	table, err := keysWith(t.sections)
	if err != nil {
		return nil, err
	}
	if err := legible(path, text); err != nil {
		return nil, err
	}
	t.source = string(text)
	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err != nil {
		return nil, yamlProblem(path, text, err)
	}
	if len(document.Content) == 0 {
		return nil, &ConfigError{File: path, Cause: "the file is empty", Remedy: "write one with `rollcall init`"}
	}
	r := &reader{target: t, keys: table, lookup: lookup, filled: map[*yaml.Node]bool{}}
	if err := r.value("", document.Content[0], reflect.TypeFor[Target](), keyNote{}, 0); err != nil {
		return nil, err
	}
	if err := t.decode(document.Content[0]); err != nil {
		return nil, yamlProblem(path, text, err)
	}
	if err := t.validate(); err != nil {
		return nil, err
	}
	return t, nil
}

// decode takes in what was read: the kernel's own keys, and each section's.
func (t *Target) decode(n *yaml.Node) error {
	if err := n.Decode(t); err != nil {
		return err
	}
	var below map[string]yaml.Node
	if err := n.Decode(&below); err != nil {
		return err
	}
	for _, section := range t.sections {
		if own, given := below[section.Key()]; given {
			if err := own.Decode(section); err != nil {
				return err
			}
		}
	}
	return nil
}

// made makes sections.
func made(sections []func() Section) []Section {
	var out []Section
	for _, section := range sections {
		out = append(out, section())
	}
	return out
}

// legible refuses what can be no target file before a parser sees it.
func legible(path string, text []byte) error {
	problem := func(line int, cause, remedy string) error {
		return &ConfigError{File: path, Line: line, Cause: cause, Remedy: remedy}
	}
	if len(text) > maxTarget {
		return problem(0, fmt.Sprintf("the file is longer than %d KiB, which no target file is", maxTarget>>10),
			"name the YAML file that describes your product; `rollcall init` writes one")
	}
	if bytes.HasPrefix(text, []byte{0xFF, 0xFE}) || bytes.HasPrefix(text, []byte{0xFE, 0xFF}) {
		return problem(1, "the file is UTF-16", "save it as UTF-8")
	}
	line := 1
	for i := 0; i < len(text); {
		c, n := utf8.DecodeRune(text[i:])
		switch {
		case c == utf8.RuneError && n == 1:
			return problem(line, fmt.Sprintf("the byte %#x is not UTF-8", text[i]), "save the file as UTF-8")
		case c == '\n':
			line++
		case c < ' ' && c != '\t' && c != '\r' || c == 0x7F || c >= 0x80 && c < 0xA0 && c != 0x85:
			return problem(line, fmt.Sprintf("there is a control character (U+%04X)", c), "take it out: a target file is plain text")
		}
		i += n
	}
	return nil
}

var (
	yamlLine  = regexp.MustCompile(`line (\d+): ?`)
	tabIndent = regexp.MustCompile(`^ *\t[\t ]*[^\t #\r]`)
	variable  = regexp.MustCompile(`\$\{([A-Za-z_][A-Za-z0-9_]*)\}`)
)

// yamlProblem turns the decoder's error into cause and line.
func yamlProblem(path string, text []byte, err error) error {
	e := &ConfigError{File: path, Cause: strings.TrimPrefix(err.Error(), "yaml: "), Remedy: keysPage}
	var several *yaml.TypeError
	if errors.As(err, &several) && len(several.Errors) > 0 {
		e.Cause = several.Errors[0]
	}
	if m := yamlLine.FindStringSubmatch(e.Cause); m != nil {
		e.Line, _ = strconv.Atoi(m[1])
		e.Cause = strings.Replace(e.Cause, m[0], "", 1)
	}
	if strings.Contains(e.Cause, "exceeded max depth") {
		e.Cause = fmt.Sprintf("the file is nested more than %d deep", maxNesting)
		return e
	}
	for i, l := range strings.Split(string(text), "\n") {
		if tabIndent.MatchString(l) {
			e.Line, e.Cause, e.Remedy = i+1, "the line is indented with a tab, which YAML doesn't allow", "indent with spaces"
			return e
		}
	}
	e.Cause = shortened(e.Cause)
	return e
}

// shortened keeps what is quoted of a file to what a message can bear.
func shortened(s string) string {
	if r := []rune(s); len(r) > 100 {
		return string(r[:100]) + "…"
	}
	return s
}

// reader holds what was parsed to the structs, fills in ${NAME}, and notes where
// each key stands.
type reader struct {
	target *Target
	keys   *keyTable
	lookup func(string) (string, bool)
	nodes  int
	filled map[*yaml.Node]bool // those that an anchor repeats are filled in once
}

func (r *reader) problem(n *yaml.Node, path, cause, remedy string) error {
	return &ConfigError{File: r.target.path, Line: n.Line, Key: path, Cause: cause, Remedy: remedy}
}

// value holds one node to the type that stands at its path.
func (r *reader) value(path string, n *yaml.Node, t reflect.Type, note keyNote, depth int) error {
	if r.nodes++; r.nodes > maxNodes {
		return r.problem(n, "", fmt.Sprintf("the file holds more than %d keys and values, which no target file does", maxNodes),
			"leave out what repeats itself")
	}
	if depth > maxNesting {
		return r.problem(n, "", fmt.Sprintf("the file is nested more than %d deep", maxNesting), keysPage)
	}
	if n.Kind == yaml.AliasNode {
		return r.value(path, n.Alias, t, note, depth+1)
	}
	if n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" {
		return nil
	}
	t = plainType(t)
	switch {
	case t == durationType || t.Kind() != reflect.Struct && t.Kind() != reflect.Slice && t.Kind() != reflect.Map:
		return r.scalar(path, n, t, note)
	case t.Kind() == reflect.Slice:
		if n.Kind != yaml.SequenceNode {
			return r.problem(n, path, "a list is wanted here", "write [one, two], or one a line after a dash")
		}
		for i, item := range n.Content {
			if err := r.value(fmt.Sprintf("%s[%d]", path, i), item, t.Elem(), note, depth+1); err != nil {
				return err
			}
		}
		return nil
	}
	if n.Kind != yaml.MappingNode {
		if path == "" {
			return r.problem(n, "", "this is no target file: it doesn't begin with keys such as `rollcall: 1`", "write one with `rollcall init`")
		}
		return r.problem(n, path, "keys are wanted here, and it is "+kindOf(n), keysPage)
	}
	if len(n.Content) > 2*maxEntries {
		return r.problem(n, path, fmt.Sprintf("there are more than %d keys in one group", maxEntries), "leave out what the product doesn't need")
	}
	if t.Kind() == reflect.Map {
		return r.entries(path, n, t, note, depth)
	}
	return r.fields(path, n, t, depth)
}

func kindOf(n *yaml.Node) string {
	switch n.Kind {
	case yaml.SequenceNode:
		return "a list"
	case yaml.MappingNode:
		return "a group of keys"
	}
	return "the value " + strconv.Quote(shortened(n.Value))
}

// entries takes the free keys of a map, such as names of headers.
func (r *reader) entries(path string, n *yaml.Node, t reflect.Type, note keyNote, depth int) error {
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		name, value := n.Content[i], n.Content[i+1]
		if name.Kind != yaml.ScalarNode {
			return r.problem(name, path, "a key must be a plain word", "write KEY: value")
		}
		if seen[name.Value] {
			return r.problem(name, path, fmt.Sprintf("the key %q is given twice", shortened(name.Value)), "leave one out")
		}
		seen[name.Value] = true
		if name.ShortTag() == "!!merge" {
			if err := r.merged(path, value, t, note, depth); err != nil {
				return err
			}
			continue
		}
		if err := r.value(path+"."+name.Value, value, t.Elem(), note, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// merged takes what "<<" brings in: one group of keys, or a list of them.
func (r *reader) merged(path string, n *yaml.Node, t reflect.Type, note keyNote, depth int) error {
	groups := []*yaml.Node{n}
	if n.Kind == yaml.SequenceNode {
		groups = n.Content
	}
	for _, g := range groups {
		if err := r.value(path, g, t, note, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// fields takes the keys of a struct; one that it doesn't have is an error.
func (r *reader) fields(path string, n *yaml.Node, t reflect.Type, depth int) error {
	p, _ := r.keys.at(t)
	var known []string
	for _, k := range p.keys {
		known = append(known, k.name)
	}
	seen := map[string]bool{}
next:
	for i := 0; i+1 < len(n.Content); i += 2 {
		name, value := n.Content[i], n.Content[i+1]
		if name.ShortTag() == "!!merge" {
			if err := r.merged(path, value, t, keyNote{}, depth); err != nil {
				return err
			}
			continue
		}
		if seen[name.Value] {
			return r.problem(name, shortened(name.Value), "the key is given twice", "leave one out")
		}
		seen[name.Value] = true
		for _, k := range p.keys {
			if k.name != name.Value {
				continue
			}
			below := strings.TrimPrefix(path+"."+k.name, ".")
			if r.target.lines[below] == 0 {
				r.target.lines[below] = name.Line
			}
			if err := r.value(below, value, k.typ, k.note, depth+1); err != nil {
				return err
			}
			continue next
		}
		where := "at the top"
		if path != "" {
			where = "below " + path
		}
		return r.problem(name, shortened(name.Value), fmt.Sprintf("there is no such key %s", where),
			spelling.Remedy(name.Value, known, "the keys here are "+strings.Join(known, ", ")+"; "+keysPage))
	}
	return nil
}

// scalar holds a single value to its type and fills ${NAME} in.
func (r *reader) scalar(path string, n *yaml.Node, t reflect.Type, note keyNote) error {
	if n.Kind != yaml.ScalarNode {
		return r.problem(n, path, "a single value is wanted here, and it is "+kindOf(n), keysPage)
	}
	if !note.Literal {
		if err := r.fill(path, n, t, note); err != nil {
			return err
		}
	}
	quoted := strconv.Quote(shortened(n.Value))
	wrong := ""
	switch {
	case t == durationType:
		if err := new(Duration).UnmarshalYAML(n); err != nil {
			return r.problem(n, path, err.Error(), "write it so")
		}
	case t.Kind() == reflect.Bool && n.ShortTag() != "!!bool":
		wrong = "true or false is wanted here, not " + quoted
	case t.Kind() == reflect.Int && n.ShortTag() != "!!int":
		wrong = "a whole number is wanted here, not " + quoted
	case t.Kind() == reflect.Float64 && n.ShortTag() != "!!int" && n.ShortTag() != "!!float":
		wrong = "a number is wanted here, not " + quoted
	}
	if wrong != "" {
		return r.problem(n, path, wrong, keysPage)
	}
	if len(note.OneOf) > 0 && t.Kind() == reflect.String && n.Value != "" {
		for _, v := range note.OneOf {
			if v == n.Value {
				return nil
			}
		}
		return r.problem(n, path, quoted+" is not known here", spelling.Remedy(n.Value, note.OneOf,
			"choose from: "+strings.Join(note.OneOf, ", ")))
	}
	return nil
}

// fill replaces ${NAME}, and takes note of what is secret.
func (r *reader) fill(path string, n *yaml.Node, typ reflect.Type, note keyNote) error {
	t := r.target
	given := variable.MatchString(n.Value)
	if r.filled[n] {
		return nil
	}
	r.filled[n] = true
	if note.Secret == "always" && !given && n.Value != "" {
		t.literal = append(t.literal, path)
	}
	if !given {
		if note.Secret == "always" && n.Value != "" {
			t.secret = append(t.secret, n.Value)
		}
		return nil
	}
	missing := ""
	filled := variable.ReplaceAllStringFunc(n.Value, func(m string) string {
		name := m[2 : len(m)-1]
		v, ok := r.lookup(name)
		if !ok || v == "" {
			missing = name
			return m
		}
		t.lookedUp[name] = v
		if note.Secret != "" {
			t.secret = append(t.secret, v)
		}
		return v
	})
	if missing != "" {
		return r.problem(n, path, fmt.Sprintf("the environment variable %s is not set", missing),
			fmt.Sprintf("run `export %s=…` before rollcall, or put it into the pipeline's secrets", missing))
	}
	if note.Secret != "" {
		t.secret = append(t.secret, filled)
	}
	n.SetString(filled)
	if typ.Kind() != reflect.String {
		n.Tag, n.Style = "", 0 // a number, or true or false
	}
	return nil
}

// line finds the line of a key, by its path or the end of it; where it isn't there, that of what it
// is missing from; 0 when that isn't there either.
func (t *Target) line(key string) int {
	if n := t.lines[key]; n > 0 {
		return n
	}
	first := 0
	for path, n := range t.lines {
		if strings.HasSuffix(path, "."+key) && (first == 0 || n < first) {
			first = n
		}
	}
	if at := strings.LastIndex(key, "."); first == 0 && at > 0 {
		return t.line(key[:at])
	}
	return first
}
