package schemas

import (
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// kinds is a set of JSON types; 0 stands for any.
type kinds uint8

const (
	kindObject kinds = 1 << iota
	kindArray
	kindString
	kindNumber
	kindInteger
	kindBoolean
)

var kindNames = map[string]kinds{"object": kindObject, "array": kindArray, "string": kindString,
	"number": kindNumber, "integer": kindInteger, "boolean": kindBoolean}

// node is a schema made ready to walk along. Nodes are immutable once compiled
// and may form cycles.
type node struct {
	name     string // of the definition, or "Definition.property"; keys the hints
	typ      string // the type as written
	kinds    kinds
	props    map[string]*prop
	required uint64 // by prop.bit
	names    []string
	closed   bool
	rest     *node // of members that props doesn't name; nil where anything goes
	items    *node
	minItems int

	minLength int
	enum      []string
	terms     map[string]bool // enum, for look-up
	anyOf     []*node
	pattern   *regexp.Regexp
	format    string
	judge     func(string) bool
	minimum   *float64
	above     *float64 // exclusiveMinimum

	severity map[string]Severity // by keyword, or "required/member"
	official *regexp.Regexp      // the pattern as the official document prints it
}

type prop struct {
	bit  uint64
	node *node
}

// maxProps is the width of the set of members seen; the largest object of the
// standard has 24.
const maxProps = 64

// raw is one schema object as written. The walker reads these keywords and no
// other; reading is strict so that none is ignored.
type raw struct {
	Schema      string          `json:"$schema"`
	ID          string          `json:"$id"`
	Comment     string          `json:"$comment"`
	Title       string          `json:"title"`
	Description string          `json:"description"`
	Definitions map[string]*raw `json:"definitions"`

	Ref        string          `json:"$ref"`
	Type       string          `json:"type"`
	Properties map[string]*raw `json:"properties"`
	Required   []string        `json:"required"`
	Additional *additional     `json:"additionalProperties"`
	Items      *raw            `json:"items"`
	MinItems   int             `json:"minItems"`
	MinLength  int             `json:"minLength"`
	Enum       []string        `json:"enum"`
	AnyOf      []*raw          `json:"anyOf"`
	Pattern    string          `json:"pattern"`
	Format     string          `json:"format"`
	Minimum    *float64        `json:"minimum"`
	Above      *float64        `json:"exclusiveMinimum"`

	// Ours, ignored by other validators; see README.md.
	Severity map[string]Severity `json:"severity"`
	Official string              `json:"official"`
}

// additional is what a schema says of members that it doesn't name: whether there
// may be any, or what each of them has to be.
type additional struct {
	none bool
	each *raw
}

// UnmarshalJSON reads a boolean or a schema.
func (a *additional) UnmarshalJSON(data []byte) error {
	var open bool
	if json.Unmarshal(data, &open) == nil {
		a.none = !open
		return nil
	}
	a.each = new(raw)
	return strictly(data, a.each) // strict within as without
}

// compiler turns schema files into nodes.
type compiler struct {
	files map[string]*raw // by $id
	nodes map[string]*node
}

// at gives the node of a reference, resolved against the file it stands in.
func (c *compiler) at(base, ref string) (*node, error) {
	from, err := url.Parse(base)
	if err != nil {
		return nil, fmt.Errorf("reading base %s: %w", base, err)
	}
	to, err := from.Parse(ref)
	if err != nil {
		return nil, fmt.Errorf("reading reference %s: %w", ref, err)
	}
	address := to.String()
	if n := c.nodes[address]; n != nil {
		return n, nil
	}
	fragment := to.Fragment
	to.Fragment = ""
	file := c.files[to.String()]
	if file == nil {
		return nil, fmt.Errorf("reference %s leads to no schema file", address)
	}
	target, name := file, ""
	if fragment != "" {
		var found bool
		if name, found = strings.CutPrefix(fragment, "/definitions/"); !found || file.Definitions[name] == nil {
			return nil, fmt.Errorf("reference %s leads to no definition", address)
		}
		target = file.Definitions[name]
	}
	n := &node{}
	c.nodes[address] = n // before compiling, since definitions may refer to each other
	if err := c.fill(n, target, to.String(), name); err != nil {
		return nil, fmt.Errorf("schema %s: %w", address, err)
	}
	return n, nil
}

// sub gives the node of a schema that stands inside another.
func (c *compiler) sub(r *raw, base, name string) (*node, error) {
	if r.Ref != "" {
		return c.at(base, r.Ref)
	}
	n := &node{}
	return n, c.fill(n, r, base, name)
}

func (c *compiler) fill(n *node, r *raw, base, name string) (err error) {
	n.name, n.typ = name, r.Type
	if r.Type != "" {
		if n.kinds = kindNames[r.Type]; n.kinds == 0 {
			return fmt.Errorf("%s: unknown type %q", name, r.Type)
		}
	}
	if r.Additional != nil {
		n.closed = r.Additional.none
		if r.Additional.each != nil {
			if n.rest, err = c.sub(r.Additional.each, base, name+"{}"); err != nil {
				return err
			}
		}
	}
	n.minItems, n.minLength, n.minimum, n.severity = r.MinItems, r.MinLength, r.Minimum, r.Severity
	n.above = r.Above
	for name := range r.Properties {
		n.names = append(n.names, name)
	}
	slices.Sort(n.names)
	if len(n.names) > maxProps {
		return fmt.Errorf("%s: more than %d properties", name, maxProps)
	}
	n.props = make(map[string]*prop, len(n.names))
	for i, member := range n.names {
		p := &prop{bit: 1 << i}
		if p.node, err = c.sub(r.Properties[member], base, name+"."+member); err != nil {
			return err
		}
		n.props[member] = p
	}
	for _, member := range r.Required {
		p := n.props[member]
		if p == nil {
			return fmt.Errorf("%s: required member %q has no schema", name, member)
		}
		n.required |= p.bit
	}
	if r.Items != nil {
		if n.items, err = c.sub(r.Items, base, name+"[]"); err != nil {
			return err
		}
	}
	for _, alternative := range r.AnyOf {
		a, err := c.sub(alternative, base, name)
		if err != nil {
			return err
		}
		n.anyOf = append(n.anyOf, a)
	}
	if len(r.Enum) > 0 {
		n.enum, n.terms = r.Enum, map[string]bool{}
		for _, term := range r.Enum {
			n.terms[term] = true
		}
	}
	if r.Format != "" {
		if n.format, n.judge = r.Format, formats[r.Format]; n.judge == nil {
			return fmt.Errorf("%s: unknown format %q", name, r.Format)
		}
	}
	if n.pattern, err = expression(r.Pattern); err == nil {
		n.official, err = expression(r.Official)
	}
	return err
}

func expression(pattern string) (*regexp.Regexp, error) {
	if pattern == "" {
		return nil, nil
	}
	return regexp.Compile(pattern)
}

// descend follows the tokens of a pointer through the schema; nil where it is silent.
func (n *node) descend(tokens []string) *node {
	for _, t := range tokens {
		switch {
		case n == nil:
			return nil
		case n.props[t] != nil:
			n = n.props[t].node
		case n.items != nil && isIndex(t):
			n = n.items
		case n.rest != nil:
			n = n.rest
		default:
			return nil
		}
	}
	return n
}

// vocabulary gives the terms a value may have, and whether others may be added
// in the way of a pattern.
func (n *node) vocabulary() (terms []string, extension *node) {
	terms = n.enum
	for _, a := range n.anyOf {
		terms = append(terms, a.enum...)
		if a.pattern != nil {
			extension = a
		}
	}
	return terms, extension
}
