package schemas

import "slices"

// Member is one place within the objects that a schema describes.
type Member struct {
	Pointer    string   // from the object on; * stands for any index
	Type       string   // the type as written, such as string or array
	Format     string   // such as date; empty where there is none
	Terms      []string // of its vocabulary; nil where it has none
	Extensible bool     // other terms may be added to the vocabulary
	Required   bool     // the object that holds it has to have it
	Refers     string   // the kind of object that it refers to, where it is a reference
}

// Members lists what a schema says of its objects, by pointer. It doesn't descend into
// references: what these hold is the same everywhere.
func (s *Schema) Members() []Member {
	var out []Member
	visit(s.root, "", false, &out)
	return out
}

func visit(n *node, at string, required bool, out *[]Member) {
	refers := n.refers()
	if at != "" {
		terms, extension := n.vocabulary()
		*out = append(*out, Member{Pointer: at, Type: n.typ, Format: n.format, Terms: slices.Clone(terms), Extensible: extension != nil,
			Required: required, Refers: refers})
	}
	if refers != "" {
		return
	}
	for _, name := range n.names {
		p := n.props[name]
		visit(p.node, at+"/"+name, n.required&p.bit != 0, out)
	}
	if n.items != nil {
		visit(n.items, at+"/*", false, out)
	}
}

// refers names the kind of object that a reference leads to (GUIDRef); empty where the
// schema describes something else.
func (n *node) refers() string {
	if n.props["href"] == nil || n.props["sourcedId"] == nil || n.props["type"] == nil {
		return ""
	}
	if terms := n.props["type"].node.enum; len(terms) == 1 {
		return terms[0]
	}
	return ""
}
