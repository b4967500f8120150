// Package toolfault makes the reference tool wrong on purpose, and odd within the
// law: rules of the tool that are forgotten or added, signatures that are taken for
// good, and wrappers around its handler. What each breaks is data.
package toolfault

import (
	_ "embed"
	"fmt"
	"net/http"
	"slices"
	"sync"

	"github.com/rollcall-edu/rollcall/reference/fault"
	"github.com/rollcall-edu/rollcall/reference/fault/bend"
	"github.com/rollcall-edu/rollcall/reference/tool"
)

//go:embed faults.yaml
var faultTable []byte

//go:embed variants.yaml
var variantTable []byte

// behaviour is what a fault or variant does to a tool from outside.
type behaviour struct {
	bend func(*tool.Config)
	wrap bend.Wrapper
}

var tables = sync.OnceValues(func() (fault.Tables, error) {
	var rules []string
	for _, r := range tool.Rules() {
		rules = append(rules, r.ID)
	}
	return fault.ReadTables("tool", faultTable, variantTable, behaviours(), rules, nil)
})

// Faults lists the faults of a tool, in the order of the table.
func Faults() ([]fault.Fault, error) {
	t, err := tables()
	return slices.Clone(t.Faults), err
}

// Variants lists the legal oddities of a tool, in the order of the table.
func Variants() ([]fault.Variant, error) {
	t, err := tables()
	return slices.Clone(t.Variants), err
}

// Bent is what faults and variants do to one tool. What one of them remembers is
// shared by what it changes and what it wraps, so that each tool needs a Bent of
// its own.
type Bent struct {
	setups     []fault.Fault
	behaviours []behaviour
}

// Of gives what faults and variants do. It fails where there is none of that id.
func Of(ids ...string) (*Bent, error) {
	t, err := tables()
	if err != nil {
		return nil, err
	}
	b, all := &Bent{}, behaviours()
	for _, id := range ids {
		f, known := t.Fault(id)
		if !known {
			return nil, fmt.Errorf("there is no fault or variant %q of a tool; `rollcall list faults` shows all", id)
		}
		b.setups, b.behaviours = append(b.setups, f), append(b.behaviours, all[id])
	}
	return b, nil
}

// Bend changes what a tool is made of: rules that are forgotten, added or
// changed, and how signatures are verified.
func (b *Bent) Bend(c tool.Config) tool.Config {
	for i, one := range b.behaviours {
		if drop := b.setups[i].Drop; len(drop) > 0 {
			c.Rules = spare(c.Rules, drop...)
		}
		if one.bend != nil {
			one.bend(&c)
		}
	}
	return c
}

// spare leaves rules out; nil stands for all of them.
func spare(rules []tool.Rule, ids ...string) []tool.Rule {
	if rules == nil {
		rules = tool.Rules()
	}
	return slices.DeleteFunc(slices.Clone(rules), func(r tool.Rule) bool { return slices.Contains(ids, r.ID) })
}

// Wrap puts the rest around the handler of the tool, the first outermost.
func (b *Bent) Wrap(h http.Handler) http.Handler {
	for _, one := range slices.Backward(b.behaviours) {
		if one.wrap != nil {
			h = one.wrap(h)
		}
	}
	return h
}

func behaviours() map[string]behaviour {
	return fault.Gather(ruleFaults(), keyFaults(), loginFaults(), answerFaults(), cookieFaults(), patienceOf(), headerFaults(), nearFaults(), boundFaults(),
		shownFaults(), setFaults(), oddities())
}

// rule makes a behaviour that adds a rule of its own.
func rule(id string, broken func(*tool.Attempt) bool) behaviour {
	return behaviour{bend: func(c *tool.Config) {
		c.Rules = append(spare(c.Rules), tool.Rule{ID: id, Broken: func(a *tool.Attempt) string {
			if broken(a) {
				return "This launch is not supported."
			}
			return ""
		}})
	}}
}
