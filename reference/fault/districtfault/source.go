package districtfault

import (
	"context"
	"encoding/json"

	"github.com/rollcall-edu/rollcall/reference/sis"
	"github.com/rollcall-edu/rollcall/reference/sync"
	"github.com/rollcall-edu/rollcall/reference/sync/service"
)

// read is an object that a consumer reads of the SIS, with its body taken apart. A change says what is made of it: the
// same, others, or nothing.
type read struct {
	sync.Object
	body map[string]any
	mode sync.Mode
}

// source changes what the consumers of some systems read; change makes one anew for each.
func source(of func(system string) bool, change func() func(read) []read) behaviour {
	return hooks(of, func(h *service.Hooks) {
		former, does := h.Source, change()
		h.Source = func(s sync.Source) sync.Source {
			if former != nil {
				s = former(s)
			}
			return bent{s, does}
		}
	})
}

type bent struct {
	sync.Source
	change func(read) []read
}

// Read reads as the source does, and changes what comes. How many there are is said no more.
func (b bent) Read(ctx context.Context, r sync.Reading, yield func(sync.Page) error) error {
	return b.Source.Read(ctx, r, func(p sync.Page) error {
		out := sync.Page{Next: p.Next, Total: -1}
		for _, o := range p.Objects {
			x := read{Object: o, mode: r.Mode}
			if err := json.Unmarshal(o.Body, &x.body); err != nil {
				return err
			}
			for _, x := range b.change(x) {
				body, err := json.Marshal(x.body)
				if err != nil {
					return err
				}
				x.Object.Body = body
				out.Objects = append(out.Objects, x.Object)
			}
		}
		return yield(out)
	})
}

// each changes objects one by one; keep tells whether there is something left of one.
func each(change func(x *read) (keep bool)) func(read) []read {
	return func(x read) []read {
		if !change(&x) {
			return nil
		}
		return []read{x}
	}
}

// text is a member as text.
func (r read) text(name string) string {
	s, _ := r.body[name].(string)
	return s
}

// refers gives the sourcedId of what a member refers to.
func refers(body map[string]any, name string) string {
	m, _ := body[name].(map[string]any)
	s, _ := m["sourcedId"].(string)
	return s
}

// renamed gives the objects of one collection other ids, and all that refer to them: id says which, by an object of
// the collection, which come before what refers to them. back has what is pushed refer to the former ones again.
type renamed struct {
	in   string // what references to them call their type
	id   func(x read) string
	to   map[string]string
	from map[string]string
}

func newRenamed(kind string, id func(x read) string) *renamed {
	return &renamed{kind, id, map[string]string{}, map[string]string{}}
}

// collection is whose objects a type of references means.
var collections = map[string]string{"user": string(sis.Users), "class": string(sis.Classes), "resource": "resources"}

func (n *renamed) change(x *read) bool {
	if string(x.Collection) == collections[n.in] {
		if id := n.id(*x); id != "" && n.to[x.SourcedID] == "" {
			n.to[x.SourcedID], n.from[id] = id, x.SourcedID
		}
		n.call(x)
	}
	if x.Collection == sis.Demographics && n.in == "user" { // of the user with the same id
		n.call(x)
	}
	n.rewrite(x.body, n.to)
	return true
}

func (n *renamed) call(x *read) {
	if id := n.to[x.SourcedID]; id != "" {
		x.SourcedID, x.body["sourcedId"] = id, id
	}
}

// rewrite has references below a value lead to other ids.
func (n *renamed) rewrite(v any, to map[string]string) {
	switch v := v.(type) {
	case map[string]any:
		if of, _ := v["type"].(string); of == n.in {
			if id, _ := v["sourcedId"].(string); to[id] != "" {
				v["sourcedId"] = to[id]
			}
		}
		for _, member := range v {
			n.rewrite(member, to)
		}
	case []any:
		for _, element := range v {
			n.rewrite(element, to)
		}
	}
}
