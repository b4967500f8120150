package harness

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/rollcall-edu/rollcall/suites/catalogue"
)

type object = map[string]any

// fromEnvironment is what stands in a file for a value that comes from the environment.
const fromEnvironment = `^\$\{[A-Za-z_][A-Za-z0-9_]*\}$`

// TargetSchema gives the JSON Schema (draft-07) of the target file, for editors; sections
// are those that may stand there.
func TargetSchema(sections ...func() Section) ([]byte, error) {
	c, err := catalogue.Load()
	if err != nil {
		return nil, err
	}
	table, err := keysWith(made(sections))
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
	for _, p := range table.places {
		s, err := table.structSchema(p, lists)
		if err != nil {
			return nil, err
		}
		if root == nil {
			root = s
			continue
		}
		if definitions[p.definition()] != nil {
			return nil, fmt.Errorf("two structs of the target file are called %s", p.definition())
		}
		definitions[p.definition()] = s
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

func (table *keyTable) structSchema(p *place, lists map[string][]string) (object, error) {
	properties, required := object{}, []string{}
	for _, k := range p.keys {
		s := table.valueSchema(k.typ, k.note, lists[p.definition()+"."+k.name])
		s["description"] = k.note.Text
		if k.note.Default != "" {
			s["description"] = k.note.Text + " Default: " + k.note.Default + "."
		}
		if k.note.Example != "" {
			var example any
			if err := yaml.Unmarshal([]byte(k.note.Example), &example); err != nil {
				return nil, fmt.Errorf("reading the example of %s.%s: %w", p.definition(), k.name, err)
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
	out := object{"type": "object", "description": p.note.Text, "properties": properties, "additionalProperties": false}
	if len(required) > 0 {
		out["required"] = required
	}
	return out, nil
}

// valueSchema describes one value; list holds the names that it is chosen from, where
// they come from the catalogue.
func (table *keyTable) valueSchema(t reflect.Type, note keyNote, list []string) object {
	t = plainType(t)
	or := func(kind string) object {
		return object{"anyOf": []any{object{"type": kind}, object{"type": "string", "pattern": fromEnvironment}}}
	}
	switch {
	case t == durationType:
		return object{"type": "string", "pattern": `^([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h))+$|` + fromEnvironment}
	case t.Kind() == reflect.Struct:
		p, _ := table.at(t)
		return object{"$ref": "#/definitions/" + p.definition()}
	case t.Kind() == reflect.Slice:
		return object{"type": []any{"array", "null"}, "items": table.valueSchema(t.Elem(), note, list)}
	case t.Kind() == reflect.Map:
		return object{"type": []any{"object", "null"}, "additionalProperties": table.valueSchema(t.Elem(), keyNote{}, nil)}
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

// TargetPage gives the reference of all keys of the target file, as Markdown; sections are
// those that may stand there.
func TargetPage(sections ...func() Section) (string, error) {
	table, err := keysWith(made(sections))
	if err != nil {
		return "", err
	}
	cell := strings.NewReplacer("|", `\|`, "\n", " ")
	var b strings.Builder
	for _, p := range table.places {
		fmt.Fprintf(&b, "\n## %s\n\n", p.note.Title)
		if p.paths[0] != "" {
			fmt.Fprintf(&b, "`%s`\n\n", strings.Join(p.paths, "`, `"))
		}
		fmt.Fprintf(&b, "%s\n\n| key | | default | example |\n|---|---|---|---|\n", p.note.Text)
		for _, k := range p.keys {
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
