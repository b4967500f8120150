package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/lti"
	ltiplatform "github.com/rollcall-edu/rollcall/suites/lti/platform"
	ltitool "github.com/rollcall-edu/rollcall/suites/lti/tool"
)

// asPlatform lists what a tool is told of Rollcall, the platform.
func asPlatform(l lti.Section) string {
	return fmt.Sprintf("  issuer           %s\n  client id        %s\n  deployment ids   %s\n  auth URL         %s/auth\n  JWKS URL         %s/jwks\n  token URL        %s/token\n",
		l.PublicURL, l.ClientID, strings.Join(l.Deployments, "\n                   "), l.PublicURL, l.PublicURL, l.PublicURL)
}

func registrationCommand() *cobra.Command {
	f := &runFlags{}
	c := &cobra.Command{
		Use:   "registration [TARGET]",
		Short: "Print what has to be registered at an LTI tool or platform before it can be judged",
		Long: `Print the values to paste into the product's registration form: for a tool,
Rollcall is the platform; for a platform, Rollcall is the tool. They follow from the
section lti of the target file (listen, public_url, client_id, deployments). With
other_client_id or other_platform there is another registration to be made.`,
		Example: "  rollcall registration target.yaml",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			f.name(args)
			target, err := readTarget(f)
			if err != nil {
				return err
			}
			announce(cmd.ErrOrStderr(), target, f)
			l, out := lti.Of(target), cmd.OutOrStdout()
			for _, id := range target.Profiles {
				switch {
				case slices.Contains(toolProfiles(), id):
					fmt.Fprint(out, "Register Rollcall as a platform at the tool:\n\n", asPlatform(*l))
					if l.OtherClientID != "" {
						fmt.Fprintf(out, "\nAnd once more, as another registration with the same platform: all as above, but\n\n  client id        %s\n",
							l.OtherClientID)
					}
					if l.OtherPlatform.Set() {
						fmt.Fprint(out, "\nAnd as another platform, with which the tool's use of services is judged:\n\n", asPlatform(l.Other()))
					}
					return nil
				case ofPlatform(id):
					fmt.Fprintf(out, "Register Rollcall as a tool at the platform:\n\n  login URL        %s/login\n  redirect URI     %s/callback\n  target link URI  %s/target\n  JWKS URL         %s/jwks\n\nThe platform gives a client id and deployment ids in return: write them into the target file (client_id, deployments).\n",
						l.PublicURL, l.PublicURL, l.PublicURL, l.PublicURL)
					if l.OtherClientID != "" {
						fmt.Fprintf(out, "\nAnd once more, with the same addresses, as a tool of its own: its client id is other_client_id in the target file, now\n\n  client id        %s\n", l.OtherClientID)
					}
					return nil
				}
			}
			return &harness.ConfigError{
				File:   f.target,
				Key:    "profiles",
				Cause:  "nothing has to be registered for these profiles",
				Remedy: "this is for " + ltitool.Profile + " and " + ltiplatform.Profile,
			}
		},
	}
	targetFlag(c, &f.target)
	return c
}
