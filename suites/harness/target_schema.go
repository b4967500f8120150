package harness

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/rollcall-edu/rollcall/suites/catalogue"
)

// place is a struct of the target file and the paths at which it stands.
type place struct {
	typ   reflect.Type
	paths []string
}

// places lists the structs of the target file, each once, in the order in which a reader
// comes to them.
func places() ([]place, error) {
	var out []place
	var visit func(path string, t reflect.Type) error
	visit = func(path string, t reflect.Type) error {
		t = plainType(t)
		if t.Kind() == reflect.Slice {
			return visit(path+"[]", t.Elem())
		}
		if t.Kind() != reflect.Struct {
			return nil
		}
		for i := range out {
			if out[i].typ == t {
				out[i].paths = append(out[i].paths, path)
				return nil
			}
		}
		out = append(out, place{typ: t, paths: []string{path}})
		keys, err := keysOf(t)
		if err != nil {
			return err
		}
		for _, k := range keys {
			if err := visit(strings.TrimPrefix(path+"."+k.name, "."), k.typ); err != nil {
				return err
			}
		}
		return nil
	}
	return out, visit("", reflect.TypeFor[Target]())
}

type object = map[string]any

// fromEnvironment is what stands in a file for a value that comes from the environment.
const fromEnvironment = `^\$\{[A-Za-z_][A-Za-z0-9_]*\}$`

// TargetSchema gives the JSON Schema (draft-07) of the target file, for editors.
func TargetSchema() ([]byte, error) {
	c, err := catalogue.Load()
	if err != nil {
		return nil, err
	}
	all, err := places()
	if err != nil {
		return nil, err
	}
	var requirements []string
	for _, r := range c.Requirements() {
		requirements = append(requirements, r.ID)
	}
	lists := map[string][]string{"Target.profiles": profileIDs(c), "Target.disclaims": c.Features(), "Waiver.requirement": requirements}
	definitions := object{}
	var root object
	for _, p := range all {
		s, err := structSchema(p.typ, lists)
		if err != nil {
			return nil, err
		}
		if root == nil {
			root = s
			continue
		}
		definitions[p.typ.Name()] = s
	}
	root["$schema"] = "http://json-schema.org/draft-07/schema#"
	root["title"] = "target.yaml of Rollcall"
	root["definitions"] = definitions
	text, err := json.MarshalIndent(root, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("writing the schema of the target file: %w", err)
	}
	return append(text, '\n'), nil
}

func structSchema(t reflect.Type, lists map[string][]string) (object, error) {
	all, err := notes()
	if err != nil {
		return nil, err
	}
	keys, err := keysOf(t)
	if err != nil {
		return nil, err
	}
	properties, required := object{}, []string{}
	for _, k := range keys {
		s := valueSchema(k.typ, k.note, lists[t.Name()+"."+k.name])
		s["description"] = k.note.Text
		if k.note.Default != "" {
			s["description"] = k.note.Text + " Default: " + k.note.Default + "."
		}
		if k.note.Example != "" {
			var example any
			if err := yaml.Unmarshal([]byte(k.note.Example), &example); err != nil {
				return nil, fmt.Errorf("reading the example of %s.%s: %w", t.Name(), k.name, err)
			}
			s["examples"] = []any{example}
		}
		if _, isRef := s["$ref"]; isRef { // draft-07 heeds nothing beside a reference
			s = object{"anyOf": []any{object{"$ref": s["$ref"]}, object{"type": "null"}}, "description": s["description"]}
		}
		properties[k.name] = s
		if k.note.Required {
			required = append(required, k.name)
		}
	}
	out := object{"type": "object", "description": all[t.Name()].Text, "properties": properties, "additionalProperties": false}
	if len(required) > 0 {
		out["required"] = required
	}
	return out, nil
}

// valueSchema describes one value; list holds the names that it is chosen from, where
// they come from the catalogue.
func valueSchema(t reflect.Type, note keyNote, list []string) object {
	t = plainType(t)
	or := func(kind string) object {
		return object{"anyOf": []any{object{"type": kind}, object{"type": "string", "pattern": fromEnvironment}}}
	}
	switch {
	case t == durationType:
		return object{"type": "string", "pattern": `^([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h))+$|` + fromEnvironment}
	case t.Kind() == reflect.Struct:
		return object{"$ref": "#/definitions/" + t.Name()}
	case t.Kind() == reflect.Slice:
		return object{"type": []any{"array", "null"}, "items": valueSchema(t.Elem(), note, list)}
	case t.Kind() == reflect.Map:
		return object{"type": []any{"object", "null"}, "additionalProperties": valueSchema(t.Elem(), keyNote{}, nil)}
	case t.Kind() == reflect.Bool:
		return or("boolean")
	case t.Kind() == reflect.Int && len(note.OneOf) > 0:
		var values []any
		for _, v := range note.OneOf {
			values = append(values, json.Number(v))
		}
		return object{"enum": values}
	case t.Kind() == reflect.Int:
		return or("integer")
	case t.Kind() == reflect.Float64:
		return or("number")
	}
	if len(list) == 0 {
		list = note.OneOf
	}
	if len(list) == 0 {
		// A version or an id of digits needs no quotes in YAML.
		return object{"type": []any{"string", "number"}}
	}
	var values []any
	for _, v := range list {
		values = append(values, v)
		if json.Valid([]byte(v)) { // written without quotes it is a number
			values = append(values, json.Number(v))
		}
	}
	return object{"enum": values}
}

// TargetPage gives the reference of all keys of the target file, as Markdown.
func TargetPage() (string, error) {
	about, err := notes()
	if err != nil {
		return "", err
	}
	all, err := places()
	if err != nil {
		return "", err
	}
	cell := strings.NewReplacer("|", `\|`, "\n", " ")
	var b strings.Builder
	for _, p := range all {
		note := about[p.typ.Name()]
		fmt.Fprintf(&b, "\n## %s\n\n", note.Title)
		if p.paths[0] != "" {
			fmt.Fprintf(&b, "`%s`\n\n", strings.Join(p.paths, "`, `"))
		}
		fmt.Fprintf(&b, "%s\n\n| key | | default | example |\n|---|---|---|---|\n", note.Text)
		keys, err := keysOf(p.typ)
		if err != nil {
			return "", err
		}
		for _, k := range keys {
			text, example := k.note.Text, ""
			if k.note.Required {
				text += " Required."
			}
			if len(k.note.OneOf) > 0 {
				text += " One of " + strings.Join(k.note.OneOf, ", ") + "."
			}
			if k.note.Secret == "always" {
				text += " Secret."
			}
			if k.note.Example != "" {
				example = "`" + k.note.Example + "`"
			}
			fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", k.name, cell.Replace(text), cell.Replace(k.note.Default), cell.Replace(example))
		}
	}
	return b.String(), nil
}
