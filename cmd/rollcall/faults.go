package main

import (
	"cmp"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rollcall-edu/rollcall/reference/fault"
	"github.com/rollcall-edu/rollcall/reference/fault/casefault"
	"github.com/rollcall-edu/rollcall/reference/fault/catalogfault"
	"github.com/rollcall-edu/rollcall/reference/fault/consumerfault"
	"github.com/rollcall-edu/rollcall/reference/fault/districtfault"
	"github.com/rollcall-edu/rollcall/reference/fault/onerosterfault"
	"github.com/rollcall-edu/rollcall/reference/fault/platformfault"
	"github.com/rollcall-edu/rollcall/reference/fault/searcherfault"
	"github.com/rollcall-edu/rollcall/reference/fault/toolfault"
	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/spelling"
)

// matrices are what the last runs of the fault matrices saw: tests write them with
// -update.
//
//go:embed data/matrix*.json
var matrices embed.FS

// caught is what one fault or variant led to in the matrix.
type caught struct {
	ID           string   `json:"id"`
	Requirements []string `json:"requirements"` // that failed or warned
	Checks       []string `json:"checks"`       // that found it
}

func listFaults() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "faults",
		Short: "The fault matrix: every deliberate misbehaviour and what caught it, every legal oddity",
		Long: `The deliberate faults of the reference with the checks that caught each in the
project's own test matrix, and the legal variants, which no check may mind. Try one
with "rollcall demo --fault ID", or with "rollcall serve sis", "serve case", "serve tool",
"serve platform" or "serve catalog"; those of a consumer with "rollcall sync --fault ID", and those
between systems with "rollcall serve district".`,
		Args: cobra.NoArgs, Example: "  rollcall list faults\n  rollcall list faults --json",
		RunE: func(cmd *cobra.Command, _ []string) error {
			seen, err := readMatrix()
			if err != nil {
				return err
			}
			var faults []fault.Fault
			var variants []fault.Variant
			for _, k := range faultKinds() {
				tables, err := k.tables()
				if err != nil {
					return err
				}
				faults, variants = append(faults, tables.Faults...), append(variants, tables.Variants...)
			}
			var rows [][]string
			for _, f := range faults {
				rows = append(rows, []string{f.ID, "fault", f.Title, strings.Join(f.Breaks, " "), strings.Join(seen[f.ID].Checks, " ")})
			}
			for _, v := range variants {
				rows = append(rows, []string{v.ID, "variant", v.Title, "", orNone(seen[v.ID].Checks)})
			}
			if err := table(cmd.OutOrStdout(), asJSON, []string{"id", "kind", "title", "breaks", "caught by"}, rows); err != nil || asJSON {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "\n%d faults, %d variants\n", len(faults), len(variants))
			return nil
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "as JSON")
	return c
}

// faultKind is the faults and variants of one role, by the name that the role has in `rollcall serve`.
type faultKind struct {
	role, name string
	command    string // that brings it up; empty: rollcall serve and the role
	tables     func() (fault.Tables, error)
}

// faultKinds lists the kinds, in the order in which they are told of.
func faultKinds() []faultKind {
	return []faultKind{
		{"sis", "SIS", "", providerFaults},
		{"case", "CASE server", "", casefault.Kind.Tables},
		{"tool", "tool", "", toolfault.Kind.Tables},
		{"platform", "platform", "", platformfault.Kind.Tables},
		{"consumer", "consumer", "rollcall sync", consumerfault.Kind.Tables},
		{"catalog", "catalogue", "", catalogfault.Kind.Tables},
		{"searcher", "platform that searches", "rollcall demo", searcherfault.Kind.Tables},
		{"district", "district", "", districtfault.Kind.Tables},
	}
}

// providerFaults gives the tables of all services of a OneRoster provider.
func providerFaults() (all fault.Tables, err error) {
	for _, k := range onerosterfault.Services() {
		f, failed := k.Faults()
		v, failedToo := k.Variants()
		all.Faults, all.Variants, err = append(all.Faults, f...), append(all.Variants, v...), errors.Join(err, failed, failedToo)
	}
	return all, err
}

// roleFaults are faults and variants by the role that they make misbehave.
type roleFaults map[string][]string

// any tells whether there is one at all.
func (r roleFaults) any() bool { return len(r) > 0 }

// of tells whether there is one of some roles.
func (r roleFaults) of(roles ...string) bool {
	return slices.ContainsFunc(roles, func(role string) bool { return len(r[role]) > 0 })
}

// sortFaults tells by an id whose fault it is.
func sortFaults(ids []string) (roleFaults, error) {
	out := roleFaults{}
	for _, id := range ids {
		role := ""
		for _, k := range faultKinds() {
			tables, err := k.tables()
			if err != nil {
				return nil, err
			}
			if _, is := tables.Fault(id); is || slices.ContainsFunc(tables.Variants, func(v fault.Variant) bool { return v.ID == id }) {
				role = k.role
				break
			}
		}
		if role == "" {
			return nil, &harness.ConfigError{
				Key:    "--fault",
				Cause:  fmt.Sprintf("there is no fault or variant %q", id),
				Remedy: spelling.Remedy(id, faultIDs(), "choose one of `rollcall list faults`"),
			}
		}
		out[role] = append(out[role], id)
	}
	return out, nil
}

// faultsOf holds faults to one role, which serve brings up.
func faultsOf(role string, ids []string) error {
	sorted, err := sortFaults(ids)
	if err != nil {
		return err
	}
	kinds := faultKinds()
	own := kinds[slices.IndexFunc(kinds, func(k faultKind) bool { return k.role == role })]
	for _, k := range kinds {
		if foreign := sorted[k.role]; k.role != role && len(foreign) > 0 {
			return &harness.ConfigError{
				Key:    "--fault",
				Cause:  fmt.Sprintf("%s makes a %s misbehave, and not a %s", foreign[0], k.name, own.name),
				Remedy: "use `" + cmp.Or(k.command, "rollcall serve "+k.role) + "`, or choose another of `rollcall list faults`",
			}
		}
	}
	return nil
}

// faultIDs lists all faults and variants.
func faultIDs() (out []string) {
	for _, k := range faultKinds() {
		tables, _ := k.tables() // a broken table is told where it is used
		out = append(out, idsIn(tables)...)
	}
	return out
}

// idsIn lists the ids of faults and variants.
func idsIn(tables fault.Tables) (out []string) {
	for _, f := range tables.Faults {
		out = append(out, f.ID)
	}
	for _, v := range tables.Variants {
		out = append(out, v.ID)
	}
	return out
}

func orNone(checks []string) string {
	if len(checks) == 0 {
		return "nothing, as it must be"
	}
	return strings.Join(checks, " ")
}

func readMatrix() (map[string]caught, error) {
	files, err := fs.Glob(matrices, "data/*.json")
	if err != nil {
		return nil, fmt.Errorf("reading the recorded fault matrix: %w", err)
	}
	seen := map[string]caught{}
	for _, name := range files {
		text, err := matrices.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("reading the recorded fault matrix: %w", err)
		}
		var rows []caught
		if err := json.Unmarshal(text, &rows); err != nil {
			return nil, fmt.Errorf("reading the recorded fault matrix %s: %w", name, err)
		}
		for _, r := range rows {
			seen[r.ID] = r
		}
	}
	return seen, nil
}
