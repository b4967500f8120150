// Package toolfault makes the reference tool wrong on purpose, and odd within the
// law: rules of the tool that are forgotten or added, signatures that are taken for
// good, and wrappers around its handler. What each breaks is data.
package toolfault

import (
	"embed"
	"fmt"
	"slices"

	"github.com/rollcall-edu/rollcall/reference/fault"
	"github.com/rollcall-edu/rollcall/reference/tool"
)

//go:embed *.yaml
var tables embed.FS

type behaviour = fault.Behaviour[tool.Config]

// Kind is the faults and variants of a tool: rules that are forgotten, added or
// changed, how signatures are verified, and what is around the handler.
var Kind = fault.NewKind("tool", func() (fault.Tables, error) {
	var rules []string
	for _, r := range tool.Rules() {
		rules = append(rules, r.ID)
	}
	faults, err := fault.Table(tables, "faults.yaml")
	if err != nil {
		return fault.Tables{}, fmt.Errorf("reading the faults of a tool: %w", err)
	}
	variants, err := fault.Table(tables, "variants.yaml")
	if err != nil {
		return fault.Tables{}, fmt.Errorf("reading the variants of a tool: %w", err)
	}
	return fault.ReadTables("tool", faults, variants, behaviours(), rules, nil)
}, behaviours, func(c *tool.Config, f fault.Fault) {
	if len(f.Drop) > 0 {
		c.Rules = spare(c.Rules, f.Drop...)
	}
})

// spare leaves rules out; nil stands for all of them.
func spare(rules []tool.Rule, ids ...string) []tool.Rule {
	if rules == nil {
		rules = tool.Rules()
	}
	return slices.DeleteFunc(slices.Clone(rules), func(r tool.Rule) bool { return slices.Contains(ids, r.ID) })
}

func behaviours() map[string]behaviour {
	return fault.Gather(ruleFaults(), keyFaults(), loginFaults(), answerFaults(), cookieFaults(), patienceOf(), headerFaults(), nearFaults(),
		boundFaults(),
		shownFaults(), setFaults(), alikeOf(), oddities(),
		tokenFaults(), tokenOddities(), rosterFaults(), rosterOddities(), scoreFaults(), scoreOddities(),
		replyFaults(), pickerFaults(), pickerOddities())
}

// rule makes a behaviour that adds a rule of its own.
func rule(id string, broken func(*tool.Attempt) bool) behaviour {
	return behaviour{Bend: func(c *tool.Config) {
		c.Rules = append(spare(c.Rules), tool.Rule{ID: id, Broken: func(a *tool.Attempt) string {
			if broken(a) {
				return "This launch is not supported."
			}
			return ""
		}})
	}}
}
