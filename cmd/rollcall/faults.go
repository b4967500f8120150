package main

import (
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
			faults, variants, err := providerFaults()
			if err != nil {
				return err
			}
			seen, err := readMatrix()
			if err != nil {
				return err
			}
			tools, toolOddities, platforms, platformOddities, err := ltiFaults()
			if err != nil {
				return err
			}
			cases, caseOddities, err := caseFaults()
			if err != nil {
				return err
			}
			consumers, err := consumerfault.Kind.Tables()
			if err != nil {
				return err
			}
			catalogs, err := catalogfault.Kind.Tables()
			if err != nil {
				return err
			}
			districts, err := districtfault.Kind.Tables()
			if err != nil {
				return err
			}
			faults = slices.Concat(faults, cases, tools, platforms, consumers.Faults, catalogs.Faults, districts.Faults)
			variants = slices.Concat(variants, caseOddities, toolOddities, platformOddities, consumers.Variants, catalogs.Variants,
				districts.Variants)
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

// providerFaults gives the tables of all services of a OneRoster provider.
func providerFaults() (faults []fault.Fault, variants []fault.Variant, err error) {
	for _, k := range onerosterfault.Services() {
		f, failed := k.Faults()
		v, failedToo := k.Variants()
		faults, variants, err = append(faults, f...), append(variants, v...), errors.Join(err, failed, failedToo)
	}
	return faults, variants, err
}

// caseFaults gives the tables of the CASE server.
func caseFaults() (faults []fault.Fault, variants []fault.Variant, err error) {
	t, err := casefault.Kind.Tables()
	return t.Faults, t.Variants, err
}

// ltiFaults gives the tables of the LTI roles.
func ltiFaults() (tools []fault.Fault, toolOddities []fault.Variant, platforms []fault.Fault, platformOddities []fault.Variant, err error) {
	var errs [4]error
	tools, errs[0] = toolfault.Kind.Faults()
	toolOddities, errs[1] = toolfault.Kind.Variants()
	platforms, errs[2] = platformfault.Kind.Faults()
	platformOddities, errs[3] = platformfault.Kind.Variants()
	return tools, toolOddities, platforms, platformOddities, errors.Join(errs[:]...)
}

// roleFaults are faults and variants by the role that they make misbehave.
type roleFaults struct{ sis, competency, tool, platform, consumer, catalog, between []string }

// any tells whether there is one at all.
func (r roleFaults) any() bool {
	return len(r.sis)+len(r.competency)+len(r.tool)+len(r.platform)+len(r.consumer)+len(r.catalog)+len(r.between) > 0
}

// beside tells whether there is one of a role that is judged beside the SIS.
func (r roleFaults) beside() bool {
	return len(r.tool)+len(r.platform)+len(r.consumer)+len(r.catalog)+len(r.between) > 0
}

// sortFaults tells by an id whose fault it is.
func sortFaults(ids []string) (roleFaults, error) {
	var out roleFaults
	tools, toolOddities, platforms, platformOddities, err := ltiFaults()
	if err != nil {
		return out, err
	}
	cases, caseOddities, err := caseFaults()
	if err != nil {
		return out, err
	}
	consumers, err := consumerfault.Kind.Tables()
	if err != nil {
		return out, err
	}
	catalogs, err := catalogfault.Kind.Tables()
	if err != nil {
		return out, err
	}
	districts, err := districtfault.Kind.Tables()
	if err != nil {
		return out, err
	}
	within := func(id string, faults []fault.Fault, variants []fault.Variant) bool {
		return slices.ContainsFunc(faults, func(f fault.Fault) bool { return f.ID == id }) ||
			slices.ContainsFunc(variants, func(v fault.Variant) bool { return v.ID == id })
	}
	for _, id := range ids {
		_, unknown := onerosterfault.Lookup(id)
		switch {
		case unknown == nil:
			out.sis = append(out.sis, id)
		case within(id, cases, caseOddities):
			out.competency = append(out.competency, id)
		case within(id, tools, toolOddities):
			out.tool = append(out.tool, id)
		case within(id, platforms, platformOddities):
			out.platform = append(out.platform, id)
		case within(id, consumers.Faults, consumers.Variants):
			out.consumer = append(out.consumer, id)
		case within(id, catalogs.Faults, catalogs.Variants):
			out.catalog = append(out.catalog, id)
		case within(id, districts.Faults, districts.Variants):
			out.between = append(out.between, id)
		default:
			return out, &harness.ConfigError{
				Key:    "--fault",
				Cause:  fmt.Sprintf("there is no fault or variant %q", id),
				Remedy: spelling.Remedy(id, faultIDs(), "choose one of `rollcall list faults`"),
			}
		}
	}
	return out, nil
}

// serverNames are what the roles are called, by their subcommands of serve.
var serverNames = map[string]string{"sis": "SIS", "case": "CASE server", "tool": "tool", "platform": "platform",
	"consumer": "consumer", "catalog": "catalogue", "district": "district"}

// faultsOf holds faults to one role, which serve brings up.
func faultsOf(role string, ids []string) error {
	sorted, err := sortFaults(ids)
	if err != nil {
		return err
	}
	for of, foreign := range map[string][]string{
		"sis": sorted.sis, "case": sorted.competency, "tool": sorted.tool, "platform": sorted.platform, "consumer": sorted.consumer,
		"catalog": sorted.catalog, "district": sorted.between,
	} {
		if of != role && len(foreign) > 0 {
			command := "rollcall serve " + of
			if of == "consumer" {
				command = "rollcall sync"
			}
			return &harness.ConfigError{
				Key:    "--fault",
				Cause:  fmt.Sprintf("%s makes a %s misbehave, and not a %s", foreign[0], serverNames[of], serverNames[role]),
				Remedy: "use `" + command + "`, or choose another of `rollcall list faults`",
			}
		}
	}
	return nil
}

// faultIDs lists all faults and variants.
func faultIDs() []string {
	var out []string
	add := func(faults []fault.Fault, variants []fault.Variant) {
		for _, f := range faults {
			out = append(out, f.ID)
		}
		for _, v := range variants {
			out = append(out, v.ID)
		}
	}
	faults, variants, _ := providerFaults() // a broken table is told where it is used
	add(faults, variants)
	cases, caseOddities, _ := caseFaults()
	add(cases, caseOddities)
	tools, toolOddities, platforms, platformOddities, _ := ltiFaults()
	add(tools, toolOddities)
	add(platforms, platformOddities)
	consumers, _ := consumerfault.Kind.Tables()
	add(consumers.Faults, consumers.Variants)
	catalogs, _ := catalogfault.Kind.Tables()
	add(catalogs.Faults, catalogs.Variants)
	districts, _ := districtfault.Kind.Tables()
	add(districts.Faults, districts.Variants)
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
