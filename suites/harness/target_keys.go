package harness

import (
	"cmp"
	_ "embed"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/rollcall-edu/rollcall/strictyaml"
)

// kernelKeys says of each type of the target file that is the kernel's, and of each key of
// it, what it is for. What the sections say of theirs comes from them.
//
//go:embed keys.yaml
var kernelKeys []byte

// typeNote is what keys.yaml says of one struct of the target file.
type typeNote struct {
	Title      string             `yaml:"title"`
	Text       string             `yaml:"text"`
	Key        string             `yaml:"key"`
	Definition string             `yaml:"definition"`
	Keys       map[string]keyNote `yaml:"keys"`
}

// keyNote is what it says of one key.
type keyNote struct {
	Text     string   `yaml:"text"`
	Default  string   `yaml:"default"`
	Example  string   `yaml:"example"`
	OneOf    []string `yaml:"one_of"`
	Required bool     `yaml:"required"`
	// Secret is always, or variable: then only what comes from ${NAME} is.
	Secret  string `yaml:"secret"`
	Literal bool   `yaml:"literal"` // ${NAME} is not filled in
}

// key is one key of a struct of the target file, in the order of its fields.
type key struct {
	name string
	typ  reflect.Type
	note keyNote
}

// place is a struct of the target file, with the paths at which it stands and its keys.
type place struct {
	typ   reflect.Type
	note  typeNote
	paths []string
	keys  []key
}

// keyTable holds all structs of a target file, each once, in the order in which a reader
// comes to them.
type keyTable struct {
	sections []Section
	places   []*place
	kernel   map[string]typeNote                  // what is said of the kernel's structs
	own      map[reflect.Type]map[string]typeNote // what each section says of its own
}

// kernelNotes reads the kernel's part once a process.
var kernelNotes = sync.OnceValues(func() (map[string]typeNote, error) { return readNotes(kernelKeys) })

func readNotes(text []byte) (map[string]typeNote, error) {
	out := map[string]typeNote{}
	if err := strictyaml.Unmarshal(text, &out); err != nil {
		return nil, fmt.Errorf("reading what is said of the keys of the target file: %w", err)
	}
	return out, nil
}

// keysWith lists the structs of a target file in which these sections may stand. It holds
// what is said of their keys to the structs: each key of each is there, and no other.
func keysWith(sections []Section) (*keyTable, error) {
	kernel, err := kernelNotes()
	if err != nil {
		return nil, err
	}
	table := &keyTable{sections: sections, kernel: kernel, own: map[reflect.Type]map[string]typeNote{}}
	for _, section := range sections {
		if table.own[plainType(reflect.TypeOf(section))], err = readNotes(section.Keys()); err != nil {
			return nil, err
		}
	}
	if err := table.visit("", reflect.TypeFor[Target](), kernel); err != nil {
		return nil, err
	}
	for section, notes := range table.own {
		for name := range notes {
			if !slices.ContainsFunc(table.places, func(p *place) bool { return p.typ.Name() == name && p.note.Title == notes[name].Title }) {
				return nil, fmt.Errorf("%s: there is no %s of whose keys something could be said", section.PkgPath(), name)
			}
		}
	}
	return table, nil
}

// visit takes in what stands at a path. Of the kernel's own structs its notes speak, of others
// those of the section in which they stand.
func (table *keyTable) visit(path string, t reflect.Type, notes map[string]typeNote) error {
	t = plainType(t)
	if t.Kind() == reflect.Slice {
		return table.visit(path+"[]", t.Elem(), notes)
	}
	if t.Kind() != reflect.Struct {
		return nil
	}
	if p, met := table.at(t); met {
		p.paths = append(p.paths, path)
		return nil
	}
	if of, is := table.own[t]; is {
		notes = of
	}
	p := &place{typ: t, note: notes[t.Name()], paths: []string{path}}
	if about, said := table.kernel[t.Name()]; said && t.PkgPath() == reflect.TypeFor[Target]().PkgPath() {
		p.note = about
	}
	table.places = append(table.places, p)
	if p.note.Title == "" || p.note.Text == "" {
		return fmt.Errorf("nothing is said of the keys of %s", t)
	}
	for i := range t.NumField() {
		if f := t.Field(i); f.Type == reflect.TypeFor[[]Section]() {
			for _, section := range table.sections {
				typ := plainType(reflect.TypeOf(section))
				p.keys = append(p.keys, key{name: section.Key(), typ: typ, note: keyNote{Text: table.own[typ][typ.Name()].Key}})
			}
		} else if name, _, _ := strings.Cut(f.Tag.Get("yaml"), ","); f.IsExported() {
			p.keys = append(p.keys, key{name: name, typ: f.Type, note: p.note.Keys[name]})
		}
	}
	for name := range p.note.Keys {
		if !slices.ContainsFunc(p.keys, func(k key) bool { return k.name == name }) {
			return fmt.Errorf("%s has no key %s of which something could be said", t, name)
		}
	}
	for _, below := range p.keys {
		if err := below.validate(); err != nil {
			return fmt.Errorf("%s: %w", t, err)
		}
		if err := table.visit(strings.TrimPrefix(path+"."+below.name, "."), below.typ, notes); err != nil {
			return err
		}
	}
	return nil
}

// validate holds what is said of a key to be of use.
func (k key) validate() error {
	kind := plainType(k.typ).Kind()
	switch {
	case k.name == "" || k.note.Text == "":
		return fmt.Errorf("nothing is said of the key %q", k.name)
	case k.note.Example == "" && kind != reflect.Struct && kind != reflect.Slice:
		return fmt.Errorf("the key %s has no example", k.name)
	case k.note.Secret != "" && k.note.Secret != "always" && k.note.Secret != "variable":
		return fmt.Errorf("the key %s is secret %q, which isn't known", k.name, k.note.Secret)
	}
	return nil
}

// at gives the place of a struct.
func (table *keyTable) at(t reflect.Type) (*place, bool) {
	i := slices.IndexFunc(table.places, func(p *place) bool { return p.typ == t })
	if i < 0 {
		return nil, false
	}
	return table.places[i], true
}

// definition names a struct in the schema.
func (p *place) definition() string { return cmp.Or(p.note.Definition, p.typ.Name()) }

// plainType follows pointers, and tells what a value is written as.
func plainType(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t
}

var durationType = reflect.TypeFor[Duration]()
