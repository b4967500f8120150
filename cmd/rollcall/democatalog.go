package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/rollcall-edu/rollcall/reference/district"
	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/resourcesearch"
)

// demoItems are as many resources as show what a search is, in little time.
const demoItems = 400

// openCatalog brings up the reference catalogue, which the demo judges beside the others.
func openCatalog(cmd *cobra.Command, f *runFlags, broken roleFaults) (*demoRoles, error) {
	s, err := district.StartCatalog(cmd.Context(), district.CatalogOptions{Items: demoItems, Faults: broken["catalog"],
		Case: &district.CaseOptions{}})
	if err != nil {
		return nil, fmt.Errorf("starting the reference catalogue: %w", err)
	}
	x := &demoRole{what: "catalogue", name: "the reference catalogue", profiles: resourcesearch.Suite().Profiles,
		section: catalogSection(s), faults: broken["catalog"]}
	if err := x.describe(f, "", cmd.OutOrStdout()); err != nil {
		_ = s.Close()
		return nil, err
	}
	fmt.Fprintf(cmd.OutOrStdout(), "%s: rollcall run %s\n\n", capital(x.name), quoteArg(x.path))
	return &demoRoles{roles: []*demoRole{x}, closes: []func(){func() { _ = s.Close() }}}, nil
}

// catalogSection is the part of a target file that describes the reference catalogue.
func catalogSection(s *district.Catalog) *resourcesearch.Section {
	return &resourcesearch.Section{URL: s.BaseURL, Auth: harness.Credentials{TokenURL: s.TokenURL, ClientID: s.Main.ID,
		ClientSecret: s.Main.Secret}}
}
