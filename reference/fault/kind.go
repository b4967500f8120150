package fault

import (
	"fmt"
	"net/http"
	"slices"
	"sync"

	"github.com/rollcall-edu/rollcall/reference/fault/bend"
)

// Behaviour is what a fault or variant does to a server from outside: it changes what
// the server is made of, a C, or wraps its handler. Either may be nil.
type Behaviour[C any] struct {
	Bend func(*C)
	Wrap bend.Wrapper
}

// Kind is the faults and variants of one kind of server.
type Kind[C any] struct {
	name       string
	tables     func() (Tables, error)
	behaviours func() map[string]Behaviour[C]
	drop       func(*C, Fault)
}

// NewKind describes the faults and variants of a kind of server: read gives the
// tables, behaviours makes what they do anew at each call, and drop leaves out of a C
// what a fault drops by name.
func NewKind[C any](name string, read func() (Tables, error), behaviours func() map[string]Behaviour[C], drop func(*C, Fault)) *Kind[C] {
	return &Kind[C]{name: name, tables: sync.OnceValues(read), behaviours: behaviours, drop: drop}
}

// Name is what kind of server it is, such as a Rostering provider.
func (k *Kind[C]) Name() string { return k.name }

// Faults lists the faults, in the order of the table.
func (k *Kind[C]) Faults() ([]Fault, error) {
	t, err := k.tables()
	return slices.Clone(t.Faults), err
}

// Variants lists the legal oddities, in the order of the table.
func (k *Kind[C]) Variants() ([]Variant, error) {
	t, err := k.tables()
	return slices.Clone(t.Variants), err
}

// Tables gives both.
func (k *Kind[C]) Tables() (Tables, error) { return k.tables() }

// Setup gives what a fault or variant asks of the server's set-up; known tells whether
// there is one of that id.
func (k *Kind[C]) Setup(id string) (setup Setup, known bool, err error) {
	t, err := k.tables()
	for _, f := range t.Faults {
		if f.ID == id {
			return f.Setup, true, err
		}
	}
	for _, v := range t.Variants {
		if v.ID == id {
			return v.Setup, true, err
		}
	}
	return Setup{}, false, err
}

// Bent is what some faults and variants do to one server. What one of them remembers
// is shared by what it changes and what it wraps, so that each server needs a Bent of
// its own.
type Bent[C any] struct {
	kind       *Kind[C]
	setups     []Fault
	behaviours []Behaviour[C]
}

// Of gives what faults and variants do. It fails where there is none of that id.
func (k *Kind[C]) Of(ids ...string) (*Bent[C], error) {
	t, err := k.tables()
	if err != nil {
		return nil, err
	}
	b, all := &Bent[C]{kind: k}, k.behaviours()
	for _, id := range ids {
		f, known := t.Fault(id)
		if !known {
			return nil, fmt.Errorf("there is no fault or variant %q of a %s; `rollcall list faults` shows all", id, k.name)
		}
		b.setups, b.behaviours = append(b.setups, f), append(b.behaviours, all[id])
	}
	return b, nil
}

// Bend changes what the server is made of.
func (b *Bent[C]) Bend(c C) C {
	for i, one := range b.behaviours {
		b.kind.drop(&c, b.setups[i])
		if one.Bend != nil {
			one.Bend(&c)
		}
	}
	return c
}

// Wrap puts the rest around the server's handler, the first outermost.
func (b *Bent[C]) Wrap(h http.Handler) http.Handler {
	for _, one := range slices.Backward(b.behaviours) {
		if one.Wrap != nil {
			h = one.Wrap(h)
		}
	}
	return h
}
