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

	"github.com/goccy/go-yaml"

	"github.com/rollcall-edu/rollcall/reference/fault"
	"github.com/rollcall-edu/rollcall/reference/fault/bend"
	"github.com/rollcall-edu/rollcall/reference/tool"
)

//go:embed faults.yaml
var faultTable []byte

//go:embed variants.yaml
var variantTable []byte

// Fault is a misbehaviour of a tool: rules that it forgets, and what else it
// does.
type Fault struct {
	fault.Fault `yaml:",inline"`
	Drop        []string `yaml:"drop,omitempty"` // ids of tool.Rules
}

// behaviour is what a fault or variant does to a tool from outside.
type behaviour struct {
	bend func(*tool.Config)
	wrap bend.Wrapper
}

var tables = sync.OnceValues(func() (t struct {
	faults   []Fault
	variants []fault.Variant
}, err error) {
	if err = yaml.UnmarshalWithOptions(faultTable, &t.faults, yaml.Strict()); err != nil {
		return t, fmt.Errorf("reading the table of faults of a tool: %w", err)
	}
	if err = yaml.UnmarshalWithOptions(variantTable, &t.variants, yaml.Strict()); err != nil {
		return t, fmt.Errorf("reading the table of variants of a tool: %w", err)
	}
	can := behaviours()
	known := map[string]bool{}
	for _, f := range t.faults {
		if _, does := can[f.ID]; !does && len(f.Drop) == 0 {
			return t, fmt.Errorf("the fault %s of a tool is in the table, but nothing does it", f.ID)
		}
		for _, id := range f.Drop {
			if !slices.ContainsFunc(tool.Rules(), func(r tool.Rule) bool { return r.ID == id }) {
				return t, fmt.Errorf("the fault %s of a tool drops %s, which is no rule", f.ID, id)
			}
		}
		known[f.ID] = true
	}
	for _, v := range t.variants {
		if _, does := can[v.ID]; !does || known[v.ID] {
			return t, fmt.Errorf("the variant %s of a tool is in the table twice, or nothing does it", v.ID)
		}
		known[v.ID] = true
	}
	for id := range can {
		if !known[id] {
			return t, fmt.Errorf("%s can be done to a tool, but is in no table", id)
		}
	}
	return t, nil
})

// Faults lists the faults of a tool, in the order of the table.
func Faults() ([]Fault, error) {
	t, err := tables()
	return slices.Clone(t.faults), err
}

// Variants lists the legal oddities of a tool, in the order of the table.
func Variants() ([]fault.Variant, error) {
	t, err := tables()
	return slices.Clone(t.variants), err
}

// Bend changes what a tool is made of: rules that are forgotten, added or
// changed, and how signatures are verified.
func Bend(c tool.Config, ids ...string) (tool.Config, error) {
	t, err := tables()
	if err != nil {
		return c, err
	}
	for _, id := range ids {
		i := slices.IndexFunc(t.faults, func(f Fault) bool { return f.ID == id })
		known := i >= 0 || slices.ContainsFunc(t.variants, func(v fault.Variant) bool { return v.ID == id })
		if !known {
			return c, fmt.Errorf("there is no fault or variant %q of a tool; `rollcall list faults` shows all", id)
		}
		if i >= 0 {
			c.Rules = spare(c.Rules, t.faults[i].Drop...)
		}
		if b := behaviours()[id]; b.bend != nil {
			b.bend(&c)
		}
	}
	return c, nil
}

// spare leaves rules out; nil stands for all of them.
func spare(rules []tool.Rule, ids ...string) []tool.Rule {
	if rules == nil {
		rules = tool.Rules()
	}
	return slices.DeleteFunc(slices.Clone(rules), func(r tool.Rule) bool { return slices.Contains(ids, r.ID) })
}

// Wrap puts the rest around the handler of a tool, the first outermost.
func Wrap(h http.Handler, ids ...string) (http.Handler, error) {
	for _, id := range slices.Backward(ids) {
		if b := behaviours()[id]; b.wrap != nil {
			h = b.wrap(h)
		}
	}
	return h, nil
}

func behaviours() map[string]behaviour {
	all := map[string]behaviour{}
	for _, topic := range []map[string]behaviour{ruleFaults(), keyFaults(), loginFaults(), answerFaults(), cookieFaults(), oddities()} {
		for id, b := range topic {
			if _, twice := all[id]; twice {
				panic("two behaviours of a tool are called " + id)
			}
			all[id] = b
		}
	}
	return all
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
