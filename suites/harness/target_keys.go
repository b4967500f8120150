package harness

import (
	"bytes"
	_ "embed"
	"fmt"
	"reflect"
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"
)

// keyTable says of each type of the target file, and of each key of it, what it is for.
//
//go:embed keys.yaml
var keyTable []byte

// typeNote is what keys.yaml says of one struct of the target file.
type typeNote struct {
	Title string             `yaml:"title"`
	Text  string             `yaml:"text"`
	Keys  map[string]keyNote `yaml:"keys"`
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

// notes reads the table once a process.
var notes = sync.OnceValues(func() (map[string]typeNote, error) {
	out := map[string]typeNote{}
	d := yaml.NewDecoder(bytes.NewReader(keyTable))
	d.KnownFields(true)
	if err := d.Decode(&out); err != nil {
		return nil, fmt.Errorf("reading what is said of the keys of the target file: %w", err)
	}
	return out, nil
})

// key is one key of a struct of the target file, in the order of its fields.
type key struct {
	name string
	typ  reflect.Type
	note keyNote
}

// keysOf lists the keys of a struct.
func keysOf(t reflect.Type) ([]key, error) {
	all, err := notes()
	if err != nil {
		return nil, err
	}
	about, ok := all[t.Name()]
	if !ok {
		return nil, fmt.Errorf("nothing is said of the keys of %s", t.Name())
	}
	var out []key
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		if !f.IsExported() || name == "" {
			continue
		}
		note, ok := about.Keys[name]
		if !ok || note.Text == "" {
			return nil, fmt.Errorf("nothing is said of the key %s of %s", name, t.Name())
		}
		out = append(out, key{name: name, typ: f.Type, note: note})
	}
	return out, nil
}

// plainType follows pointers, and tells what a value is written as.
func plainType(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t
}

var durationType = reflect.TypeFor[Duration]()
