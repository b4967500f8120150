package ecosystem

// object is one object of OneRoster, or of another standard, as JSON has it.
type object map[string]any

// text gives a member that is a text; "" where it is none.
func (o object) text(name string) string { s, _ := o[name].(string); return s }

// in gives a member that is an object; an empty one where it is none.
func (o object) in(name string) object { m, _ := o[name].(map[string]any); return m }

// list gives the objects of a member that is a list.
func (o object) list(name string) (out []object) {
	all, _ := o[name].([]any)
	for _, x := range all {
		if m, is := x.(map[string]any); is {
			out = append(out, m)
		}
	}
	return out
}

// texts gives the texts of a member that is a list, or the one text that it is.
func (o object) texts(name string) (out []string) {
	switch v := o[name].(type) {
	case string:
		out = append(out, v)
	case []any:
		for _, x := range v {
			if s, is := x.(string); is {
				out = append(out, s)
			}
		}
	}
	return out
}

// refers gives the sourcedId of a reference (GUIDRef).
func (o object) refers(name string) string { return o.in(name).text("sourcedId") }
