package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/rollcall-edu/rollcall/reference/catalog/client"
	"github.com/rollcall-edu/rollcall/reference/security"
	"github.com/rollcall-edu/rollcall/suites/harness"
)

// foundItem is what is printed of an item that was found.
type foundItem struct {
	Name        string            `json:"name"`
	Type        []string          `json:"type,omitempty"`
	Description string            `json:"description,omitempty"`
	Publisher   string            `json:"publisher,omitempty"`
	Ages        string            `json:"ages,omitempty"`
	Standards   []string          `json:"standards,omitempty"`
	URL         string            `json:"url,omitempty"`
	LaunchURL   string            `json:"launch_url,omitempty"`
	Custom      map[string]string `json:"custom,omitempty"`
}

func searchCommand() *cobra.Command {
	var at client.Catalog
	var q client.Query
	var most int
	var trust string
	c := &cobra.Command{
		Use:   "search",
		Short: "Search a catalogue by LTI Resource Search, as a platform or tool does",
		Long: `Search a learning object repository by LTI Resource Search 1.0, and print what is found as
one JSON object a line: its name, what it is, and where it leads. All of it is read, page
after page, unless --most says otherwise. Nothing found is no failure. The secret comes
from $ROLLCALL_CATALOG_SECRET. It judges nothing: ` + "`rollcall run`" + ` does.`,
		Example: "  rollcall search --catalog https://catalog.example.org/ims/rs/v1p0 --catalog-token-url https://catalog.example.org/token \\\n" +
			"    --catalog-client-id rollcall --words fractions --ages 9-10 --most 5",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if at.BaseURL == "" || at.TokenURL == "" || at.ClientID == "" {
				return &harness.ConfigError{Key: "--catalog", Cause: "it isn't said where is searched, or by whom",
					Remedy: "give --catalog, --catalog-token-url and --catalog-client-id, and the secret in ROLLCALL_CATALOG_SECRET"}
			}
			at.Secret = cmp.Or(at.Secret, os.Getenv("ROLLCALL_CATALOG_SECRET"))
			if trust != "" {
				pem, err := os.ReadFile(trust)
				if err != nil {
					return &harness.ConfigError{Key: "--trust", Cause: err.Error(), Remedy: "name a PEM file"}
				}
				at.Transport = security.LoopbackClient(pem).Transport
			}
			caller, err := client.New(at)
			if err != nil {
				return &harness.ConfigError{Key: "--catalog", Cause: err.Error(), Remedy: "write the addresses in full, as the catalogue gives them"}
			}
			if most > 0 {
				q.Limit = most
			}
			n := 0
			for i, err := range caller.All(cmd.Context(), q) {
				if err != nil {
					return &harness.ConfigError{Key: "search", Cause: err.Error(), Remedy: "look at the address, the credentials and the words"}
				}
				if err := printItem(cmd.OutOrStdout(), i); err != nil {
					return err
				}
				if n++; n == most {
					break
				}
			}
			return nil
		},
	}
	x := c.Flags()
	x.StringVar(&at.BaseURL, "catalog", "", "base URL of the catalogue")
	x.StringVar(&at.TokenURL, "catalog-token-url", "", "where it grants access tokens")
	x.StringVar(&at.ClientID, "catalog-client-id", "", "client id there")
	x.StringVar(&at.Secret, "catalog-client-secret", "", "its secret (default: $ROLLCALL_CATALOG_SECRET)")
	x.StringVar(&trust, "trust", "", "authorities of the catalogue (PEM)")
	x.StringVar(&q.Text, "words", "", "words to search for, anywhere in an item")
	x.StringVar(&q.Standard, "standard", "", "a learning standard: its name, its GUID, or the address of its CFItem")
	x.StringVar(&q.Name, "name", "", "name of the item, exactly")
	x.StringVar(&q.Type, "type", "", "type of the content, such as Media/Video")
	x.StringVar(&q.Ages, "ages", "", "ages that it is for, such as 11 or 11-12")
	x.StringVar(&q.Grade, "grade", "", "grade instead of ages: KG, or 1 to 13")
	x.StringVar(&q.Sort, "sort", "", "member of items to sort by")
	x.BoolVar(&q.Reversed, "reverse", false, "the last of them first")
	x.IntVar(&most, "most", 0, "items at most (default: all)")
	return c
}

func printItem(w io.Writer, i client.Item) error {
	out := foundItem{Name: i.Name, Type: i.Kinds, Description: i.Description, Publisher: i.Publisher, Ages: i.Ages, URL: i.URL}
	for _, o := range i.Objectives {
		out.Standards = append(out.Standards, o.Name)
	}
	if i.LTILink != nil {
		out.LaunchURL, out.Custom = i.LTILink.Address(), i.LTILink.Parameters()
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	if err := e.Encode(out); err != nil {
		return fmt.Errorf("printing what was found: %w", err)
	}
	return nil
}
