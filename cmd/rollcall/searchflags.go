package main

import (
	"os"

	"github.com/spf13/cobra"

	"github.com/rollcall-edu/rollcall/reference/catalog/client"
	"github.com/rollcall-edu/rollcall/suites/harness"
)

// searchFlags say which catalogue the reference platform or tool searches.
type searchFlags struct{ at client.Catalog }

func (f *searchFlags) add(c *cobra.Command) {
	x := c.Flags()
	x.StringVar(&f.at.BaseURL, "catalog", "", "base URL of the catalogue (LTI Resource Search 1.0) in which those who teach search for content")
	x.StringVar(&f.at.TokenURL, "catalog-token-url", "", "where it grants access tokens")
	x.StringVar(&f.at.ClientID, "catalog-client-id", "", "client id there")
	x.StringVar(&f.at.Secret, "catalog-client-secret", os.Getenv("ROLLCALL_CATALOG_SECRET"), "its secret (default: $ROLLCALL_CATALOG_SECRET)")
}

// catalog gives it, nil where none was named.
func (f *searchFlags) catalog() (*client.Catalog, error) {
	if f.at.BaseURL == "" {
		return nil, nil
	}
	if f.at.TokenURL == "" || f.at.ClientID == "" {
		return nil, &harness.ConfigError{Key: "--catalog", Cause: "it isn't told where tokens are granted, or to whom",
			Remedy: "give --catalog-token-url and --catalog-client-id, and its secret"}
	}
	return &f.at, nil
}
