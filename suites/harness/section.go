package harness

import (
	"reflect"
	"slices"
)

// Section is what a target file says of products of one standard, below one key at its
// top: a pointer to a struct whose fields have keys of their own. The standard's room makes
// it; the kernel knows none. Whoever reads target files names those that may stand there.
//
// Credentials in it, and the origins of all addresses in it, are found by what they are.
type Section interface {
	// Key is its key at the top of the file.
	Key() string
	// Keys says of each of its types and keys what it is for, as keys.yaml does of the
	// kernel's: see there.
	Keys() []byte
	// Hides says what of its standard's data never reaches a report in clear, as redact.yaml
	// does of any product's: see there. nil: nothing of its own.
	Hides() []byte
	// Validate puts defaults in, and holds the section to what can be used: what can't is
	// worded by Target.Problem. It is called as well where the file has no such section.
	Validate(t *Target) error
	// Identity lists what tells one target from another: above all where it lies.
	Identity() []string
	// Addresses are those that a container completes where they are paths, always in one
	// order.
	Addresses() []*string
}

// SectionOf gives the section that is an S. A target that was read without it has an
// empty one.
func SectionOf[S any](t *Target) *S {
	for _, section := range t.sections {
		if own, is := any(section).(*S); is {
			return own
		}
	}
	return new(S)
}

// Sections lists the sections that suites read, each once, for ReadTarget.
func Sections(suites ...Suite) []func() Section {
	var out []func() Section
	var keys []string
	for _, suite := range suites {
		if suite.Section == nil {
			continue
		}
		if key := suite.Section().Key(); !slices.Contains(keys, key) {
			keys = append(keys, key)
			out = append(out, suite.Section)
		}
	}
	return out
}

// knows tells whether a target was read with the section that a suite reads.
func (t *Target) knows(suite Suite) bool {
	return suite.Section == nil || slices.ContainsFunc(t.sections, func(s Section) bool { return s.Key() == suite.Section().Key() })
}

// addresses lists those of all sections, always in one order.
func (t *Target) addresses() []*string {
	var out []*string
	for _, section := range t.sections {
		out = append(out, section.Addresses()...)
	}
	return out
}

// credentials lists those of all sections.
func (t *Target) credentials() []Credentials {
	var out []Credentials
	t.walk(func(v reflect.Value) {
		if v.Type() == reflect.TypeFor[Credentials]() {
			out = append(out, v.Interface().(Credentials))
		}
	})
	return out
}

// walk visits every value of the sections, at any depth.
func (t *Target) walk(visit func(reflect.Value)) {
	var walk func(v reflect.Value)
	walk = func(v reflect.Value) {
		visit(v)
		switch v.Kind() {
		case reflect.Pointer:
			if !v.IsNil() {
				walk(v.Elem())
			}
		case reflect.Struct:
			for i := range v.NumField() {
				walk(v.Field(i))
			}
		case reflect.Slice:
			for i := range v.Len() {
				walk(v.Index(i))
			}
		}
	}
	for _, section := range t.sections {
		walk(reflect.ValueOf(section))
	}
}
