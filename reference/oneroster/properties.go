package oneroster

import (
	"encoding/json"
	"reflect"
	"strings"
)

// property is what a filter, a sort or a selection needs to know of a member of
// an object. The tree is read off the structs that a service gives, so that there is one
// description of the objects and not two.
type property struct {
	kind    propertyKind
	many    bool                 // an array
	members map[string]*property // of an objectProperty
}

type propertyKind int

const (
	textProperty propertyKind = iota
	dateProperty
	dateTimeProperty
	numberProperty
	objectProperty
	openProperty // metadata: any members, of any kind
)

func describe(t reflect.Type) *property {
	switch {
	case t.Kind() == reflect.Pointer:
		return describe(t.Elem())
	case t.Kind() == reflect.Slice:
		element := describe(t.Elem())
		element.many = true
		return element
	case t == reflect.TypeFor[Date]():
		return &property{kind: dateProperty}
	case t == reflect.TypeFor[DateTime]():
		return &property{kind: dateTimeProperty}
	case t == reflect.TypeFor[json.Number]():
		return &property{kind: numberProperty}
	case t.Kind() == reflect.Map:
		return &property{kind: openProperty}
	case t.Kind() == reflect.Struct:
		p := &property{kind: objectProperty, members: map[string]*property{}}
		// VisibleFields brings in the members of the embedded base.
		for _, field := range reflect.VisibleFields(t) {
			if name, _, _ := strings.Cut(field.Tag.Get("json"), ","); name != "" {
				p.members[name] = describe(field.Type)
			}
		}
		return p
	default:
		return &property{kind: textProperty}
	}
}

// leaf is the scalar that a dotted path leads to.
type leaf struct {
	kind propertyKind
	many bool // whether an object can have several of it
}

// find follows a dotted path to a scalar. Below metadata any path is one.
func (p *property) find(path string) (leaf, bool) {
	name, rest, nested := strings.Cut(path, ".")
	member, ok := p.members[name]
	if !ok {
		return leaf{}, false
	}
	switch member.kind {
	case openProperty:
		return leaf{openProperty, true}, nested && rest != ""
	case objectProperty:
		if !nested {
			return leaf{}, false
		}
		found, ok := member.find(rest)
		found.many = found.many || member.many
		return found, ok
	default:
		return leaf{member.kind, member.many}, !nested
	}
}
